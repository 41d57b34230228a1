"""Checks of the exercises of chapter 19."""

import math
from collections.abc import Iterator

import numpy as np

from primer.checks import Check, register


def kind(name: str, real: set[str], seen: set[str]) -> str:
    """What exists is real, wherever else it stands."""
    if name in real:
        return "real"
    return "copied" if name in seen else "invented"


def kind_cases(rng: np.random.Generator) -> Iterator[tuple[str, set[str], set[str]]]:
    """One of each, real and seen, the empty name; random ones."""
    real, seen = {"getcwd", "path"}, {"getcwd", "startfile"}
    for name in ("getcwd", "path", "startfile", "getcwdir", ""):
        yield name, real, seen
    letters = [chr(97 + k) for k in range(8)]
    yield letters[rng.integers(8)], set(rng.choice(letters, 3).tolist()), set(rng.choice(letters, 4).tolist())


def interval(wrong: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Means of resampled contexts, one by one."""
    means = sorted(float(np.mean([wrong[i].mean() for i in row])) for row in draws)
    return np.quantile(means, [0.025, 0.975])


def interval_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Samples of a context that are all alike; mixed ones; one sample each."""
    yield np.array([[1, 1, 1], [0, 0, 0]]), rng.integers(0, 2, size=(40, 2))
    yield rng.integers(0, 2, size=(6, 4)), rng.integers(0, 6, size=(50, 6))
    yield rng.integers(0, 2, size=(9, 1)), rng.integers(0, 9, size=(30, 9))


def auc(score: np.ndarray, wrong: np.ndarray) -> float:
    """Pair by pair, a tie for a half."""
    points = [1.0 if a > b else 0.5 if a == b else 0.0 for a in score[wrong] for b in score[~wrong]]
    return sum(points) / len(points)


def auc_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Apart, all tied, the other way round, random with ties."""
    wrong = np.array([True, True, False, False, False])
    yield np.array([5.0, 4, 3, 2, 1]), wrong
    yield np.ones(5), wrong
    yield np.array([1.0, 2, 3, 4, 5]), wrong
    score = rng.integers(0, 5, size=12).astype(float)
    yield score, rng.permutation(np.arange(12) < 5)


def entropy(meanings: list[tuple[str, str, str]]) -> float:
    """Meaning by meaning, in nats."""
    n = len(meanings)
    return -sum(meanings.count(one) / n * math.log(meanings.count(one) / n) for one in set(meanings))


def entropy_cases(rng: np.random.Generator) -> Iterator[tuple[list[tuple[str, str, str]]]]:
    """All the same, all different, half and half, random."""
    said = [("Ada", "home", town) for town in ("Balby", "Corton", "Fenham", "Galwick")]
    yield ([said[0]] * 5,)
    yield (said,)
    yield ([said[0], said[1]] * 3,)
    yield ([said[k] for k in rng.integers(0, 4, size=10)],)


def answered(confidence: np.ndarray, right: np.ndarray, most: float) -> float:
    """Thresholds, one by one."""
    best = 0.0
    for t in confidence:
        given = confidence >= t
        if 1 - right[given].mean() <= most + 1e-12:
            best = max(best, float(given.mean()))
    return best


def answered_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """A wrong answer in between that later right ones make good; nothing to be answered; random ones."""
    yield np.array([0.9, 0.8, 0.7, 0.6, 0.1]), np.array([True, False, True, True, False]), 0.25
    yield np.array([0.9, 0.5]), np.array([False, True]), 0.1
    for _ in range(2):
        yield rng.permutation(20) / 20, rng.random(20) < 0.6, float(rng.uniform(0.2, 0.5))


def gap(confidence: np.ndarray, right: np.ndarray) -> float:
    """Bin by bin, weighted by how many answers it holds."""
    total = 0.0
    for b in range(5):
        inside = [i for i, c in enumerate(confidence) if min(int(c * 5), 4) == b]
        if inside:
            total += len(inside) * abs(confidence[inside].mean() - right[inside].mean())
    return total / len(confidence)


def gap_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Sure and right; sure and wrong; certain, at the upper end; random ones."""
    yield np.array([0.9, 0.9]), np.array([True, True])
    yield np.array([0.9, 0.1]), np.array([False, False])
    yield np.array([1.0, 0.0, 0.5]), np.array([True, False, True])
    yield rng.uniform(0.001, 0.999, size=20), rng.random(20) < 0.5


register(Check("hallucination.kind", kind, kind_cases))
register(Check("hallucination.interval", interval, interval_cases))
register(Check("hallucination.auc", auc, auc_cases))
register(Check("hallucination.entropy", entropy, entropy_cases))
register(Check("hallucination.answered", answered, answered_cases))
register(Check("hallucination.gap", gap, gap_cases))
