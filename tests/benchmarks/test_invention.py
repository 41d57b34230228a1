"""The worlds of chapter 20: what is measured in one, and what is stored of all."""

import json

import numpy as np
import pytest

from benchmarks import invention as bench
from primer.models import invention as inv


def test_measure_holds_the_sums():
    p, counts = np.array([0.5, 0.3, 0.2, 0.0]), np.array([2, 1, 0, 0])
    g = np.array([0.5, 0.2, 0.1, 0.2])
    found = bench.measure(g, p, counts)
    assert (found["rate"], found["unseen"]) == pytest.approx((0.2, 0.3))
    assert found["levels"] == pytest.approx(inv.miscalibration(g, p))


def test_what_is_stored_is_the_protocol():
    stored = json.loads(bench.RESULT.read_text())
    assert bench.RESULT.stat().st_size < 200_000
    assert [(w["share"], w["seed"]) for w in stored["worlds"]] == [(s, k) for s in bench.SHARES for k in bench.SEEDS]
    for world in stored["worlds"]:
        assert set(world["models"]) == {"memoriser", "Good-Turing", "mixture", "early", "late"}
        assert world["models"]["memoriser"]["rate"] == 0
        assert abs(world["models"]["Good-Turing"]["unseen"] - world["monofacts"]) < 1e-3
        assert world["models"]["early"]["epoch"] <= world["models"]["late"]["epoch"] == stored["protocol"]["epochs"]
        for model in world["models"].values():  # the relation that the chapter shows, for every way of cutting bins
            least = min(model["levels"], model["bins10"], model["bins100"])
            assert model["rate"] >= world["monofacts"] - least - 0.02


def test_a_simple_model_of_one_world_is_what_is_stored():
    world = json.loads(bench.RESULT.read_text())["worlds"][0]
    rng = np.random.default_rng(world["seed"])
    place = inv.world(world["share"], rng)
    counts = inv.count(place.draw(bench.MENTIONS, rng), place.p.shape)
    assert inv.monofacts(counts) == world["monofacts"]
    assert bench.measure(inv.good_turing(counts), place.p, counts) == pytest.approx(world["models"]["Good-Turing"])
