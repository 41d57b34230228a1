"""The benchmark of chapter 19: its contexts, and that what is stored is whole."""

import json

import numpy as np
import pytest

from benchmarks import hallucination as benchmark
from primer.metrics import hallucination as hal


def rates(found):
    """Every [value, low, high] of a stored result."""
    if isinstance(found, dict):
        for part in found.values():
            yield from rates(part)
    elif isinstance(found, list) and len(found) == 3 and all(isinstance(one, float) for one in found):
        yield found


def test_swapped_contexts_differ_in_the_module_alone():
    swap = benchmark.swapped(np.random.default_rng(0), each=3)
    assert len(swap) == 3 * len(hal.MODULES)
    for text, module in swap:
        assert len(text) == hal.CONTEXT and text.endswith(f"{module}.")
    first = [text for text, _ in swap[:3]]
    for i, (text, module) in enumerate(swap):
        other = first[i % 3].removesuffix(swap[0][1] + ".").lstrip("\n")
        mine = text.removesuffix(f"{module}.").lstrip("\n")
        assert mine.endswith(other) or other.endswith(mine)


def test_held_out_contexts_are_of_files_that_the_training_text_has_not():
    train = hal.calls("train").text
    contexts = benchmark.held_out()
    assert len(contexts) == 600
    assert np.mean([text in train for text, _ in contexts]) < 0.05


def test_every_piece_of_work_is_named_once_and_every_run_is_measured():
    jobs = benchmark.jobs()
    assert {name for name, piece in jobs if piece == "basic"} >= set(benchmark.RUNS)
    assert len(jobs) == len(benchmark.RUNS) + 4 + benchmark.SEEDS_OF_PEOPLE


def test_what_is_stored_is_whole():
    stored = json.loads(benchmark.RESULT.read_text())
    assert {name for name, _ in benchmark.jobs()} <= set(stored)
    assert benchmark.RESULT.stat().st_size < 200_000
    for name in benchmark.RUNS:
        for asked in ("real", "swapped"):
            three = stored[name][asked]
            assert sum(three[kind][0] for kind in ("real", "copied", "invented")) == pytest.approx(1, abs=1e-3)
            for value, low, high in rates(three):
                assert low <= value <= high
        assert sum(row[2] for row in stored[name]["bins"]) == len(hal.MODULES) == len(stored[name]["modules"])
    for seed in range(benchmark.SEEDS_OF_PEOPLE):
        for value, low, high in rates(stored[f"people {seed}"]["retrieval"]):
            assert 0 <= low <= value <= high <= 1
