"""Checks of the exercises of chapter 20."""

import math
from collections.abc import Iterator

import numpy as np

from primer.checks import Check, register


def monofacts(text: list[str]) -> float:
    """Sentences that occur nowhere else in the text, over all."""
    return sum(text.count(sentence) == 1 for sentence in text) / len(text)


def monofacts_cases(rng: np.random.Generator) -> Iterator[tuple[list[str]]]:
    """The chapter's example by hand; all the same; random letters."""
    yield (list("aaabbcde"),)
    yield (["a", "a"],)
    yield ([chr(97 + k) for k in rng.integers(0, 12, size=15)],)


def parts(g: np.ndarray, p: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sentence by sentence, (3,)."""
    total = [0.0, 0.0, 0.0]
    for q, truth, k in zip(g, p, counts, strict=True):
        total[0] += q if truth == 0 else 0
        total[1] += q if k == 0 else 0
        total[2] += q if k == 0 and truth > 0 else 0
    return np.array(total)


def parts_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Three sentences by hand: mentioned, lucky, false; a random world."""
    yield np.array([0.5, 0.2, 0.3]), np.array([0.6, 0.4, 0.0]), np.array([2, 0, 0])
    p = rng.dirichlet(np.ones(12)) * (rng.random(12) < 0.6)
    p[0] += 1 - p.sum()
    yield rng.dirichlet(np.ones(12)), p, rng.multinomial(8, p)


def bound(M: float, mis: float, n: int, ratio: float, delta: float) -> float:
    """What is left of M, at least 0."""
    left = M - mis - 3 * ratio / delta - math.sqrt(6 * (math.log(6) - math.log(delta)) / n)
    return left if left > 0 else 0.0


def bound_cases(rng: np.random.Generator) -> Iterator[tuple[float, float, int, float, float]]:
    """A sparse world with a long text; the chapter's; random ones."""
    yield 0.4, 0.05, 1_000_000, 1e-5, 0.01
    yield 0.42, 0.05, 10_000, 0.0085, 0.01
    for _ in range(2):
        yield rng.uniform(0.3, 0.9), rng.uniform(0, 0.2), int(rng.integers(10_000, 10**6)), 1e-4, 0.05


def good_turing(counts: np.ndarray) -> np.ndarray:
    """The same, from shares of each kind of sentence, (Y,)."""
    n = int(counts.sum())
    kinds = [counts == 0, counts == 1, counts >= 2]
    once, twice = int((counts == 1).sum()), 2 * int((counts == 2).sum())
    g = np.zeros(len(counts))
    for kind, mass in zip(kinds, (once, twice, n - once - twice), strict=True):
        weight = np.where(kind, np.maximum(counts, 1), 0)
        g += mass / n * weight / weight.sum()
    return g


def good_turing_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """Seven mentions by hand; random texts that have every kind of sentence."""
    yield (np.array([0, 0, 1, 1, 2, 3]),)
    for size in (6, 30):
        yield (rng.permutation(np.concatenate([[0, 1, 2, 3], rng.integers(0, 6, size=size)])),)


def miscalibration(g: np.ndarray, p: np.ndarray) -> float:
    """Sentence by sentence, each against the mean of its like."""
    return float(sum(abs(q - p[g == q].mean()) for q in g) / 2)


def miscalibration_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The chapter's example by hand; one bin; random levels."""
    yield np.array([0.5, 0.25, 0.25, 0.0]), np.array([0.6, 0.4, 0.0, 0.0])
    yield np.full(4, 0.25), np.array([0.7, 0.3, 0.0, 0.0])
    g = rng.integers(0, 4, size=20).astype(float)
    yield g / g.sum(), rng.dirichlet(np.ones(20))


def mark(c: np.ndarray, t: float) -> float:
    """Guess only above t."""
    return float(np.where(c > t, 1 - (1 - c) / (1 - t), 0).mean())


def mark_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """A usual test; one that costs a mark; random ones."""
    yield np.array([0.1, 0.9]), 0.0
    yield np.array([0.1, 0.9]), 0.5
    yield rng.random(6), float(rng.uniform(0.1, 0.9))


register(Check("invention.monofacts", monofacts, monofacts_cases))
register(Check("invention.parts", parts, parts_cases))
register(Check("invention.bound", bound, bound_cases))
register(Check("invention.good_turing", good_turing, good_turing_cases))
register(Check("invention.miscalibration", miscalibration, miscalibration_cases))
register(Check("invention.mark", mark, mark_cases))
