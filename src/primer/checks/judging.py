"""Checks of the exercises of chapter 06."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import ndtr

from primer.checks import Check, register


def bits(nats: float, dims: int, levels: int) -> float:
    """Bits per dimension."""
    return (nats / dims + math.log(levels)) / math.log(2)


def bits_cases(rng: np.random.Generator) -> Iterator[tuple[float, int, int]]:
    """A fair coin; a density; others."""
    yield math.log(2), 1, 1
    yield 0.0, 64, 17
    for levels in (1, 256):
        yield float(rng.uniform(10, 900)), int(rng.integers(2, 800)), levels


def cells(mu: float, sigma: float, L: int) -> np.ndarray:
    """The mass below each upper edge, less what is below the edge before."""
    below = ndtr((np.arange(L - 1) + 0.5 - mu) / sigma)
    return np.concatenate([below, [1.0]]) - np.concatenate([[0.0], below])


def cells_cases(rng: np.random.Generator) -> Iterator[tuple[float, float, int]]:
    """A needle; one that lies beyond the end; others."""
    yield 0.0, 0.01, 3
    yield 6.0, 1.0, 4
    for L in (2, 17):
        yield float(rng.uniform(0, L)), float(rng.uniform(0.3, 4)), L


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """With variances, and twice the root of their product."""
    A, B = a.var(axis=0, ddof=1), b.var(axis=0, ddof=1)
    return float(((a.mean(axis=0) - b.mean(axis=0)) ** 2 + A + B - 2 * np.sqrt(A * B)).sum())


def frechet_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The example of the chapter; a set and its double; features that go together."""
    yield np.array([[0.0], [2.0]]), np.array([[1.0], [5.0]])
    a = rng.normal(size=(5, 2))
    yield a, 2 * a
    yield rng.normal(size=(9, 3)), rng.normal(size=(6, 3)) @ rng.normal(size=(3, 3)) + 1


def coverage(points: np.ndarray, support: np.ndarray, k: int) -> float:
    """Ball by ball."""
    inside = np.zeros(len(points), dtype=bool)
    for i, centre in enumerate(support):
        others = np.delete(cdist(support[i : i + 1], support)[0], i)
        inside |= cdist(points, centre[None])[:, 0] <= np.partition(others, k - 1)[k - 1]
    return float(inside.mean())


def coverage_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """The example of the chapter, both ways; crowds of other sizes and places."""
    samples, real = np.array([[2.0], [6.0]]), np.array([[0.0], [1.0], [3.0]])
    yield samples, real, 1
    yield real, samples, 1
    for k in (1, 3):
        yield rng.normal(size=(30, 2)), rng.normal(size=(20, 2)) + rng.uniform(0.5, 1.5), k


def ratio(samples: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """With the distances of scipy."""
    near = [np.median(cdist(x.reshape(len(x), -1), train.reshape(len(train), -1)).min(axis=1)) for x in (samples, test)]
    return float(near[0] / near[1])


def ratio_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Copies; a few strange samples among near ones; new pictures."""
    train, test = rng.random((12, 2, 3)), rng.random((7, 2, 3))
    yield train[:4], train, test
    yield np.concatenate([train[:3] + 0.01, 9 + train[:2]]), train, test
    yield rng.random((6, 2, 3)), train, test


def excess(fake: np.ndarray, real: np.ndarray) -> tuple[float, float, float, float]:
    """Mean, low, high, floor."""
    low, high = np.percentile(fake - real, [2.5, 97.5])
    return float(np.mean(fake) - np.mean(real)), float(low), float(high), float(np.mean(real))


def excess_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Distances that rise and fall together, with an excess and without."""
    for shift in (0.0, 1.5):
        real = rng.gamma(20, 0.1, size=40)
        yield real + shift + rng.normal(0, 0.1, size=40), real


for name, reference, cases in (
    ("bits", bits, bits_cases),
    ("cells", cells, cells_cases),
    ("frechet", frechet, frechet_cases),
    ("coverage", coverage, coverage_cases),
    ("ratio", ratio, ratio_cases),
    ("excess", excess, excess_cases),
):
    register(Check(f"judging.{name}", reference, cases))
