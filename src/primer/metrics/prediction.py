"""How good are predictions, and how sure can we be of that? What scikit-learn and SciPy have is theirs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """A confidence interval, in the unit of what was measured."""

    low: float
    high: float


class Paired(NamedTuple):
    """A mean difference and its standard error, in the unit of what was compared."""

    mean: float
    standard_error: float


class Reliability(NamedTuple):
    """The bins of a reliability diagram, empty ones left out.

    All (B,): mean confidence and share of right answers, each in [0, 1], and the number of predictions.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    size: np.ndarray


def accuracy(y: ArrayLike, predicted: ArrayLike) -> float:
    """The share of right answers in [0, 1]. y, predicted: (N,) labels, N > 0. ValueError if the lengths differ."""
    from sklearn.metrics import accuracy_score

    y, predicted = np.asarray(y), np.asarray(predicted)
    if len(y) == 0:
        raise ValueError("accuracy needs at least one prediction.")
    return float(accuracy_score(y, predicted))


def log_loss(y: ArrayLike, probabilities: ArrayLike) -> float:
    """The mean of -log p(right class), in nats per example, 0 or more.

    y: (N,) integers from 0 to K-1. probabilities: (N, K), rows sum to 1. A right class of probability 0 costs about
    36 nats, as scikit-learn has it, not infinitely many. ValueError if shapes or labels do not fit.
    """
    from sklearn.metrics import log_loss as sklearn_log_loss

    y, probabilities = _labelled(y, probabilities)
    return float(sklearn_log_loss(y, probabilities, labels=np.arange(probabilities.shape[1])))


def reliability(y: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> Reliability:
    """How often predictions of each confidence are right: B <= `bins` bins of equal width over [0, 1].

    y: (N,) integers from 0 to K-1. probabilities: (N, K). The confidence is the largest probability of a row. A bin
    holds its upper edge. Source: Guo, Pleiss, Sun and Weinberger (2017), On Calibration of Modern Neural Networks.
    """
    y, probabilities = _labelled(y, probabilities)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    inner_edges = np.linspace(0, 1, bins + 1)[1:-1]
    place = np.digitize(confidence, inner_edges, right=True)  # (N,), 0 to bins - 1
    size = np.bincount(place)
    used = size > 0
    confidence, share = (np.bincount(place, weights)[used] / size[used] for weights in (confidence, right))
    return Reliability(confidence, share, size[used])


def expected_calibration_error(y: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """The mean gap between confidence and accuracy over the bins of `reliability`, weighted by count, in [0, 1].

    It is a biased estimate: with few examples a bin even a calibrated model gets more than 0. Source: as there.
    """
    confidence, share, size = reliability(y, probabilities, bins)
    return float(np.average(np.abs(confidence - share), weights=size))


def wilson(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Wilson's interval for a share: `successes` of `trials` >= 1 at confidence `level` in (0, 1).

    It stays within [0, 1] and is usable at 0 and at all successes. Source: Wilson (1927), JASA 22:209-212.
    """
    from scipy.stats import binomtest

    interval = binomtest(successes, trials).proportion_ci(level, method="wilson")
    return Interval(float(interval.low), float(interval.high))


def paired_difference(a: ArrayLike, b: ArrayLike) -> Paired:
    """The mean of a - b and its standard error, where a[i] and b[i] were measured on the same split. a, b: (N,), N > 1.

    Pairing takes out what makes a split hard for both. Splits of one data set overlap, so the standard error is that
    of the mean over such splits, and too small for a claim about new data sets. ValueError if the lengths differ.
    """
    from scipy.stats import sem

    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise ValueError(f"Pairs need two equally long rows of at least two numbers, not {a.shape} and {b.shape}.")
    return Paired(float(np.mean(a - b)), float(sem(a - b)))


def _labelled(y: ArrayLike, probabilities: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    y, probabilities = np.asarray(y), np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or y.shape != probabilities.shape[:1] or len(y) == 0:
        raise ValueError(f"Labels (N,) and probabilities (N, K) do not fit: {y.shape} and {probabilities.shape}.")
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-4) or probabilities.min() < 0:
        raise ValueError("Each row of probabilities must be 0 or more and sum to 1.")
    if not np.isin(y, np.arange(probabilities.shape[1])).all():
        raise ValueError(f"Labels must be integers from 0 to {probabilities.shape[1] - 1}.")
    return y, probabilities
