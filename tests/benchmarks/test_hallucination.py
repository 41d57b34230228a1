"""The benchmark of chapter 19: its arithmetic, its contexts, and that what is stored is whole."""

import json

import numpy as np
import pytest

from benchmarks import hallucination as benchmark
from primer.metrics import hallucination as hal


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


def test_calibration_by_hand():
    assert benchmark.ece(np.array([0.95, 0.95, 0.15]), np.array([True, False, False])) == pytest.approx((0.9 + 0.15) / 3)
    assert benchmark.ece(np.array([1.0]), np.array([True])) == 0


def test_what_is_stored_is_whole():
    stored = json.loads(benchmark.RESULT.read_text())
    assert set(benchmark.RUNS) <= set(stored)
    assert benchmark.RESULT.stat().st_size < 200_000
    for name in benchmark.RUNS:
        for kind in ("real", "swapped"):
            rates = stored[name][kind]
            assert sum(rates[k][0] for k in ("real", "copied", "invented")) == pytest.approx(1, abs=1e-3)
            for value, low, high in rates.values():
                assert low <= value <= high
