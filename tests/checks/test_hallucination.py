"""The checks of chapter 19 catch the mistakes that people make, and take every right way of writing an answer."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import roc_auc_score

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def interval(wrong, draws, low=0.025, by_context=True):
    if not by_context:
        return np.quantile([wrong.ravel()[row].mean() for row in draws], [low, 1 - low])
    return np.quantile([wrong[row].mean() for row in draws], [low, 1 - low])


def answered(confidence, right, most, longest=True, start=0.0):
    best = start
    for k in range(1, len(right) + 1):
        good = (~right[np.argsort(-confidence)[:k]]).mean() <= most + 1e-9
        if not good and not longest:
            return best
        best = k / len(right) if good else best
    return best


def gap(confidence, right, bins=5, weighted=True):
    place = np.clip(np.floor(confidence * bins), 0, bins - 1)
    parts = [(np.mean(place == b), abs(confidence[place == b].mean() - right[place == b].mean())) for b in set(place)]
    return sum(w * d for w, d in parts) if weighted else np.mean([d for _, d in parts])


RIGHT = [
    ("hallucination.kind", lambda name, real, seen: ["invented", "copied", "real"][
        2 if name in real else int(name in seen)]),
    ("hallucination.interval", interval),
    ("hallucination.auc", lambda score, wrong: roc_auc_score(wrong, score)),
    ("hallucination.entropy", lambda meanings: scipy_entropy(list(Counter(meanings).values()))),
    ("hallucination.answered", answered),
    ("hallucination.gap", gap),
]
WRONG = [
    ("hallucination.kind", "seen counts first",
     lambda name, real, seen: "copied" if name in seen else "real" if name in real else "invented"),
    ("hallucination.kind", "no third kind", lambda name, real, seen: "real" if name in real else "invented"),
    ("hallucination.interval", "samples resampled", lambda wrong, draws: interval(wrong, draws, by_context=False)),
    ("hallucination.interval", "90 per cent", lambda wrong, draws: interval(wrong, draws, low=0.05)),
    ("hallucination.auc", "ties lose", lambda score, wrong: (score[wrong][:, None] > score[~wrong]).mean()),
    ("hallucination.auc", "the other way", lambda score, wrong: 1 - roc_auc_score(wrong, score)),
    ("hallucination.entropy", "in bits", lambda meanings: scipy_entropy(list(Counter(meanings).values()), base=2)),
    ("hallucination.entropy", "how many", lambda meanings: np.log(len(set(meanings)))),
    ("hallucination.answered", "stops at the first fault", lambda *args: answered(*args, longest=False)),
    ("hallucination.answered", "at least one", lambda c, r, most: max(1 / len(c), answered(c, r, most))),
    ("hallucination.gap", "ten bins", lambda c, r: gap(c, r, bins=10)),
    ("hallucination.gap", "bins count alike", lambda c, r: gap(c, r, weighted=False)),
    ("hallucination.gap", "in the large", lambda c, r: abs(c.mean() - r.mean())),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_right_answers_pass(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
def test_mistakes_are_caught(id, mistake, fn):
    assert not passes(id, fn)
