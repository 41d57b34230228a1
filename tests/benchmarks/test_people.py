"""Asking a GPT about people, as the benchmark of chapter 19 does: its arithmetic, with a model that knows nothing."""

import numpy as np
import pytest
import torch

from benchmarks import people as benchmark
from primer.metrics import hallucination as hal
from primer.models import gpt


def test_calibration_by_hand():
    assert benchmark.ece(np.array([0.95, 0.95, 0.15]), np.array([True, False, False])) == pytest.approx(0.35)
    assert benchmark.ece(np.array([1.0]), np.array([True])) == 0


def test_a_model_that_knows_nothing_is_wrong_about_everybody():
    torch.manual_seed(0)
    encode = gpt.Characters()
    model = gpt.GPT(gpt.Config(V=len(encode), T=96, L=1, A=2, D=16)), encode
    place = hal.town(np.random.default_rng(0), each=3, passers_by=5)
    groups = benchmark.by_mentions(model, place)
    assert set(groups) == {str(group) for group in place.groups}
    assert all(value == high == 1 and low < 0.5 for row in groups.values() for value, low, high in row.values())
    doubts = benchmark.doubts(model, place)
    assert doubts["one sample"][0] == doubts["majority of 20"][0] == 1
    assert all(value == [None] * 3 for value in doubts["auc"].values())  # no answer is right
    assert doubts["answer"][1] == 0 and doubts["answer"][2] == pytest.approx(doubts["answer"][0], abs=1e-3)
    found = benchmark.retrieval(model, place)
    assert found["0"]["the fact"][0] == 1 and found["32"]["takes somebody else's"][0] == 0
