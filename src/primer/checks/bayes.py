"""Checks of the exercises of chapter 02."""

from collections.abc import Iterator

import numpy as np

from primer.checks import Check, register
from primer.models import bayes


def posterior_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """By hand, then of random length; the last likelihood is tiny, and sums to nothing like one."""
    yield np.array([0.5, 0.5]), np.array([0.9, 0.3])
    for k in (2, 5, 10):
        yield rng.dirichlet(np.ones(k)), rng.random(k)
    yield rng.dirichlet(np.ones(4)), 1e-6 * rng.random(4)


def false_alarm(base_rate: float, hit_rate: float, target: float) -> float:
    """P(flagged | honest) that makes P(fraud | flagged) equal to `target`."""
    return hit_rate * base_rate / (1 - base_rate) * (1 - target) / target


def false_alarm_cases(rng: np.random.Generator) -> Iterator[tuple[float, float, float]]:
    """The chapter's filter; random ones; and a target so low that the answer is above 1."""
    yield 0.01, 0.9, 0.5
    for _ in range(3):
        base_rate, hit_rate, target = rng.uniform(0.02, 0.98, size=3)
        yield float(base_rate), float(hit_rate), float(target)
    yield float(rng.uniform(0.5, 0.9)), 0.9, 0.1


def update(prior: float, ratios: np.ndarray) -> np.ndarray:
    """Probabilities after 0, 1, ..., len(ratios) pieces."""
    log_odds = np.log(prior) - np.log1p(-prior) + np.append(0.0, np.cumsum(np.log(ratios)))
    return 1 / (1 + np.exp(-log_odds))


def update_cases(rng: np.random.Generator) -> Iterator[tuple[float, np.ndarray]]:
    """Two pieces that cancel; no piece at all; random ones."""
    yield 0.5, np.array([2.0, 0.5])
    yield float(rng.uniform(0.1, 0.9)), np.array([])
    for n in (1, 4, 8):
        yield float(rng.uniform(0.01, 0.99)), np.exp(rng.normal(0, 1.5, size=n))


def log_posterior(log_joint: np.ndarray) -> np.ndarray:
    """log P(y | x) (n, k)."""
    return log_joint - np.logaddexp.reduce(log_joint, axis=1, keepdims=True)


def log_posterior_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """Harmless rows; rows that underflow; rows that overflow; a forbidden class."""
    yield (np.log([[0.2, 0.6]]),)
    yield (rng.normal(-3000, 5, size=(3, 4)),)
    yield (rng.normal(0, 2, size=(4, 3)) + np.array([[0.0], [-900], [-1e5], [900]]),)
    forbidden = rng.normal(-1000, 3, size=(2, 3))
    forbidden[np.arange(2), rng.integers(3, size=2)] = -np.inf
    yield (forbidden,)


def theta(x: np.ndarray, y: np.ndarray, classes: int, alpha: float) -> np.ndarray:
    """Smoothed P(ink | class) (classes, d)."""
    return np.array([(x[y == k].sum(axis=0) + alpha) / ((y == k).sum() + 2 * alpha) for k in range(classes)])


def theta_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, int, float]]:
    """Three pictures by hand; random ones; a class without a picture."""
    yield np.array([[1, 0], [1, 1], [0, 0]]), np.array([0, 0, 1]), 2, 1.0
    for n, d, classes in ((20, 4, 3), (50, 6, 10)):
        x, y = rng.integers(2, size=(n, d)), rng.integers(classes, size=n)
        yield x, y, classes, float(rng.uniform(0.1, 3))
    yield rng.integers(2, size=(6, 3)), rng.integers(2, size=6), 4, 1.0


def complete(prior: np.ndarray, theta: np.ndarray, x: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """P(ink | seen pixels) (d,)."""
    part = bayes.PixelBayes(prior, theta[:, seen])
    return np.where(seen, x, part.posterior(x[None, seen])[0] @ theta)


def complete_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """One pixel of two seen; nothing seen; all seen; a random half; so many that a product underflows."""
    yield np.array([0.5, 0.5]), np.array([[0.9, 0.8], [0.1, 0.3]]), np.array([1, 0]), np.array([True, False])
    for d, share in ((5, 0.0), (5, 1.0), (12, 0.5), (3000, 0.9)):
        k = int(rng.integers(2, 5))
        theta, x = rng.uniform(0.05, 0.95, size=(k, d)), rng.integers(2, size=d)
        yield rng.dirichlet(np.ones(k)), theta, x, rng.random(d) < share


register(Check("bayes.posterior", bayes.posterior, posterior_cases))
register(Check("bayes.false_alarm", false_alarm, false_alarm_cases))
register(Check("bayes.update", update, update_cases))
register(Check("bayes.log_posterior", log_posterior, log_posterior_cases, atol=1e-7))
register(Check("bayes.theta", theta, theta_cases))
register(Check("bayes.complete", complete, complete_cases))
