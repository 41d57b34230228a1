"""The checks of chapter 20 catch the mistakes that people make, and take every right way of writing an answer."""

from collections import Counter

import numpy as np
import pytest

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def once(text):
    return [k for k in Counter(text).values() if k == 1]


def bound(M, mis, n, ratio, delta, floor=0.0, surer=1.0):
    return max(floor, M - mis - 3 * ratio / delta**surer - (6 * np.log(6 / delta) / n) ** 0.5)


def good_turing(counts, least=2, twice=2, by_counts=True):
    n = counts.sum()
    many = counts >= least
    g = np.zeros(len(counts))
    g[counts == 0] = (counts == 1).sum() / n / (counts == 0).sum()
    if least > 1:
        g[counts == 1] = twice * (counts == 2).sum() / n / (counts == 1).sum()
    share = counts[many] if by_counts else np.ones(many.sum())
    g[many] = (1 - g.sum()) * share / share.sum()
    return g


def miscalibration(g, p, half=0.5, mean=True):
    bins = [g == level for level in set(g.tolist())]
    return half * sum(np.abs(g[here] - (p[here].mean() if mean else p[here])).sum() for here in bins)


RIGHT = [
    ("invention.monofacts", lambda text: len(once(text)) / len(text)),
    ("invention.parts", lambda g, p, counts: [g @ (p == 0), g @ (counts == 0), g @ ((counts == 0) * (p > 0))]),
    ("invention.bound", bound),
    ("invention.good_turing", good_turing),
    ("invention.miscalibration", miscalibration),
    ("invention.mark", lambda c, t: (np.clip(c - t, 0, None) / (1 - t)).mean()),
]
WRONG = [
    ("invention.monofacts", "over different facts", lambda text: len(once(text)) / len(set(text))),
    ("invention.monofacts", "all different facts", lambda text: len(set(text)) / len(text)),
    ("invention.parts", "false among the unseen only twice", lambda g, p, c: [g @ (c == 0), g @ (c == 0), 0.0]),
    ("invention.parts", "mentioned for unseen", lambda g, p, c: [g @ (p == 0), g @ (c > 0), g @ ((c > 0) * (p > 0))]),
    ("invention.bound", "below zero", lambda *values: bound(*values, floor=-np.inf)),
    ("invention.bound", "delta squared", lambda *values: bound(*values, surer=2.0)),
    ("invention.good_turing", "a memoriser", lambda counts: counts / counts.sum()),
    ("invention.good_turing", "once not discounted", lambda counts: good_turing(counts, least=1)),
    ("invention.good_turing", "mass of two forgotten", lambda counts: good_turing(counts, twice=1)),
    ("invention.good_turing", "rest shared evenly", lambda counts: good_turing(counts, by_counts=False)),
    ("invention.miscalibration", "not halved", lambda g, p: miscalibration(g, p, half=1)),
    ("invention.miscalibration", "no bins", lambda g, p: miscalibration(g, p, mean=False)),
    ("invention.mark", "always guesses", lambda c, t: (c - (1 - c) * t / (1 - t)).mean()),
    ("invention.mark", "mistakes cost t", lambda c, t: np.maximum(c - (1 - c) * t, 0).mean()),
    ("invention.mark", "decides for all at once", lambda c, t: max(0, (c - (1 - c) * t / (1 - t)).mean())),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
