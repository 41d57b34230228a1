"""The competition of chapter 14: equal parameters, what is measured, and what is stored of it."""

import json

import numpy as np
import pytest

from benchmarks import attention as bench
from primer.models import attention as tasks


@pytest.mark.parametrize("name", bench.TASKS)
def test_both_models_have_equally_many_parameters(name):
    made = bench.sizes(bench.TASKS[name]["characters"])
    first, second = (tasks.parameters(make()) for make in made.values())
    assert abs(first - second) < 0.05 * first


@pytest.mark.parametrize("name", bench.TASKS)
def test_tests_are_beyond_what_is_trained_on(name):
    task = bench.TASKS[name]
    rng = np.random.default_rng(0)
    trained = [source for source, _ in task["draw"](rng, 500)]
    asked = {key: [source for source, _ in draw(rng, 50)] for key, draw in task["tests"].items()}
    if name == "sorting":
        assert max(map(len, trained)) == 10
        assert all(len(source) == int(key) for key, sources in asked.items() for source in sources)
    else:
        assert all(source.startswith(" " * int(key)) for key, sources in asked.items() for source in sources)
        assert not set(trained) & set(asked["0"])


def test_a_short_competition_trains_both_as_long():
    task = bench.TASKS["sorting"] | {"tests": {"2": lambda rng, n: tasks.sorting(rng, n, 2, 2)}}
    found = bench.compete(task, runs=1, test_size=10, scale=0.01)
    assert found["transformer"]["steps"] == 6 and found["lstm"]["steps"] >= 1
    for row in found.values():
        assert row["rate"] in bench.RATES and 0 <= row["runs"][0]["match"]["2"] <= 1


def test_the_clock_has_a_number_for_each_length():
    found = bench.clock(lengths=(4, 8), B=2, D=8, repeats=1)
    assert {name: len(row) for name, row in found.items()} == {"lstm": 2, "transformer": 2, "fused": 2}


def test_what_is_stored_belongs_to_this_script():
    stored = json.loads(bench.RESULT.read_text())
    for name, task in bench.TASKS.items():
        assert stored[name]["transformer"]["steps"] == task["steps"]
        for model, make in bench.sizes(task["characters"]).items():
            assert stored[name][model]["parameters"] == tasks.parameters(make())
            assert all(set(row["match"]) == set(task["tests"]) for row in stored[name][model]["runs"])
    assert stored["clock"]["lengths"] == list(bench.LENGTHS)
