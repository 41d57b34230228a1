"""Every exercise of the book: its check, its hints and its solution belong together, and the check can fail."""

import json
from importlib import resources

import numpy as np
import pytest

import primer
from primer import checks

TEXTS = {id: entry for file in sorted(resources.files("primer.checks").iterdir(), key=str)
         if file.name.endswith(".json") for id, entry in json.loads(file.read_text(encoding="utf-8")).items()}


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def visible(id, fn):
    check = checks.find(id)
    return checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds])


def test_there_are_exercises():
    assert TEXTS


@pytest.mark.parametrize("id", TEXTS)
def test_hints_and_solution_are_there(id, capsys):
    for number, text in enumerate(TEXTS[id]["hints"], start=1):
        primer.hint(id, number)
        assert text in capsys.readouterr().out
    assert TEXTS[id]["hints"], "an exercise has at least one hint"
    primer.hint(id, 99)
    assert "from 1 to" in capsys.readouterr().out
    primer.solution(id)
    assert TEXTS[id]["solution"] in capsys.readouterr().out


AUTOGRADED = [id for id in TEXTS if "def " in TEXTS[id]["solution"]]


@pytest.mark.parametrize("id", AUTOGRADED)
def test_the_reference_passes_its_own_check(id):
    verdict = visible(id, checks.find(id).reference)
    assert verdict, str(verdict)


@pytest.mark.parametrize("id", AUTOGRADED)
@pytest.mark.parametrize("wrong", [lambda *a: 0.0, lambda *a: a[0] if a else "x", lambda *a: "a word", lambda: 1],
                         ids=["zero", "first argument", "a word", "no arguments"])
def test_a_wrong_answer_does_not_pass(id, wrong):
    assert not visible(id, wrong)


@pytest.mark.parametrize("id", AUTOGRADED)
def test_other_seeds_give_other_cases(id):
    """The hidden check draws its cases: two students must not get the same ones."""
    check = checks.find(id)

    def shown(a):  # the repr of a generator is its address, which may be used twice
        return a.bit_generator.state if isinstance(a, np.random.Generator) else a

    one, other = (repr([[shown(a) for a in args] for args in check.cases(np.random.default_rng(seed))])
                  for seed in (11, 12))
    assert one != other
