"""The checks of chapter 09 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest
from scipy.special import rel_entr

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def best(p, q):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num(p / (p + q), nan=0.5)


def value(p, q):
    return rel_entr(p, p + q).sum() + rel_entr(q, p + q).sum()


def pull(s, game):
    return 0.5 * (1 + np.tanh(s / 2 if game == "minimax" else -s / 2))


def modes(points, centres, near, share, strict=False, of_hits=False, own=True):
    far = np.sqrt(((points[:, None] - centres) ** 2).sum(2))
    hit = far < near
    if own:
        hit &= np.arange(len(centres)) == far.argmin(1)[:, None]
    total = hit.sum() if of_hits else len(points)
    counts = hit.sum(0)
    return int(((counts > share * total) if strict else (counts >= share * total)).sum())


def steep(x, W1, b1, w2, bend=lambda h: 1 - h**2):
    slope = np.einsum("nm,m,md->nd", bend(np.tanh(x @ W1.T + b1)), w2, W1)
    return np.linalg.norm(slope, axis=1) ** 2


def sigmoid(s):
    return 0.5 * (1 + np.tanh(s / 2))


def orbit(theta, psi, eta, gamma, steps, weight=2, at_once=False, minimax=False):
    path = np.empty((steps + 1, 2))
    path[0] = theta, psi
    for step in range(steps):
        old = psi
        psi = psi - eta * (theta * sigmoid(psi * theta) + weight * gamma * psi)
        slope = old if at_once else psi
        theta = theta + eta * slope * sigmoid(slope * theta if minimax else -slope * theta)
        path[step + 1] = theta, psi
    return path


RIGHT = [
    ("gan.best", best),
    ("gan.value", value),
    ("gan.pull", pull),
    ("gan.modes", modes),
    ("gan.steep", steep),
    ("gan.orbit", orbit),
]
WRONG = [
    ("gan.best", "the other way round", lambda p, q: best(q, p)),
    ("gan.best", "nothing where both are 0", lambda p, q: np.nan_to_num(best(p, q)) * (p + q > 0)),
    ("gan.best", "a ratio", lambda p, q: p / np.maximum(q, 1e-9)),
    ("gan.value", "the divergence alone", lambda p, q: (value(p, q) + np.log(4)) / 2),
    ("gan.value", "one divergence", lambda p, q: value(p, q) / 2 - np.log(2)),
    ("gan.pull", "games exchanged", lambda s, game: 1 - pull(s, game)),
    ("gan.pull", "the slope itself", lambda s, game: -pull(s, game)),
    ("gan.pull", "overflow", lambda s, game: np.exp(s) / (1 + np.exp(s)) if game == "minimax" else 1 / (1 + np.exp(s))),
    ("gan.modes", "share of the hits", lambda *a: modes(*a, of_hits=True)),
    ("gan.modes", "more than the share", lambda *a: modes(*a, strict=True)),
    ("gan.modes", "a point on two bumps", lambda *a: modes(*a, own=False)),
    ("gan.modes", "any point will do", lambda points, centres, near, share: modes(points, centres, near, 1e-9)),
    ("gan.steep", "the length, not squared", lambda *a: np.sqrt(steep(*a))),
    ("gan.steep", "no bend", lambda *a: steep(*a, bend=np.ones_like)),
    ("gan.steep", "a wrong bend", lambda *a: steep(*a, bend=lambda h: 1 - h)),
    ("gan.orbit", "both at once", lambda *a: orbit(*a, at_once=True)),
    ("gan.orbit", "one penalty only", lambda *a: orbit(*a, weight=1)),
    ("gan.orbit", "the minimax loss", lambda *a: orbit(*a, minimax=True)),
    ("gan.orbit", "no start", lambda *a: orbit(*a)[1:]),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake


def test_the_smallest_game_circles_without_penalty_and_ends_with_one():
    assert np.linalg.norm(orbit(1.0, 0.0, 0.1, 0.0, 5000)[-1]) == pytest.approx(0.13, abs=0.01)
    ending = np.linalg.norm(orbit(1.0, 0.0, 0.1, 0.1, 1200), axis=1)
    assert ending[1200] / ending[500] == pytest.approx(0.5**10, rel=0.3)  # 700 turns, halved ten times
    at_once = np.linalg.norm(orbit(1.0, 0.0, 0.1, 0.0, 20_000, at_once=True)[-500:], axis=1)
    assert np.allclose(at_once, 0.45, atol=0.02)
