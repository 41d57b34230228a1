"""Bayes' theorem and naive Bayes, for pixels and for words (chapter 02).

Everything is numpy, and works in natural logarithms: a product of hundreds of probabilities underflows, a sum of their
logarithms does not. Axes: N examples, K classes, D pixels, V words of the vocabulary.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

INK_LEVEL = 8  # of 0..16: a pixel at least this dark counts as ink

_WORD = re.compile(r"[a-z]{2,}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|\n\s*\n")


def posterior(prior: np.ndarray, likelihood: np.ndarray) -> np.ndarray:
    """Bayes' theorem on a finite set of hypotheses.

    prior (..., K) and likelihood (..., K), both non-negative; returns P(hypothesis | observation) (..., K), whose rows
    sum to 1. Raises ValueError if the observation is impossible under every hypothesis that the prior allows: then the
    evidence is zero and there is no posterior.
    """
    joint = np.asarray(prior, dtype=float) * np.asarray(likelihood, dtype=float)  # (..., K)
    evidence = joint.sum(axis=-1, keepdims=True)  # (..., 1)
    if np.any(evidence <= 0):
        raise ValueError("The evidence is zero: no hypothesis with a positive prior allows what was observed.")
    return joint / evidence


def normalise(log_joint: np.ndarray) -> np.ndarray:
    """log P(x, y) (..., K) -> P(y | x) (..., K): Bayes' theorem in log space.

    A row that is minus infinity throughout has no posterior and gives nan.
    """
    with np.errstate(invalid="ignore"):
        return np.exp(log_joint - np.logaddexp.reduce(log_joint, axis=-1)[..., None])


def binarise(x: np.ndarray, level: int = INK_LEVEL) -> np.ndarray:
    """Grey levels (N, ...) in 0..16 -> ink or no ink (N, D), uint8 in {0, 1}."""
    return (np.asarray(x) >= level).reshape(len(x), -1).astype(np.uint8)


@dataclass(frozen=True)
class PixelBayes:
    """Naive Bayes for binary features: P(x, y) = P(y) prod_d P(x_d | y). Make it with `fit_pixels`.

    prior (K,) is P(y); theta (K, D) is P(x_d = 1 | y), strictly between 0 and 1.
    """

    prior: np.ndarray
    theta: np.ndarray

    def log_joint(self, x: np.ndarray) -> np.ndarray:
        """log P(x, y) for every y: x (N, D) in {0, 1} -> (N, K), in nats."""
        x = np.asarray(x, dtype=float)
        return np.log(self.prior) + x @ np.log(self.theta).T + (1 - x) @ np.log1p(-self.theta).T

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log P(x) = log sum_y P(x, y): (N, D) -> (N,), in nats."""
        return np.logaddexp.reduce(self.log_joint(x), axis=1)

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """P(y | x): (N, D) -> (N, K), rows sum to 1."""
        return normalise(self.log_joint(x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The most probable class: (N, D) -> (N,), integers in 0..K-1."""
        return self.log_joint(x).argmax(axis=1)

    def sample(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw x from P(x | y): classes y (N,) -> (N, D), uint8 in {0, 1}."""
        theta = self.theta[np.asarray(y)]  # (N, D)
        return (rng.random(theta.shape) < theta).astype(np.uint8)

    def sample_joint(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw n pairs from P(x, y), y from the prior and then x given y: x (n, D), y (n,). Drop y for P(x) alone."""
        y = rng.choice(len(self.prior), size=n, p=self.prior)
        return self.sample(y, rng), y


def fit_pixels(x: np.ndarray, y: np.ndarray, classes: int = 10, alpha: float = 1.0) -> PixelBayes:
    """Count: x (N, D) in {0, 1}, y (N,) in 0..classes-1 -> PixelBayes.

    theta = (times pixel d was ink in class k + alpha) / (examples of class k + 2 alpha); alpha = 1 is Laplace's rule.
    The prior is the share of each class. Raises ValueError if alpha is not positive, because a theta of 0 or 1 forbids
    what it has not seen, or if a class has no example, because it would have prior zero.
    """
    if not alpha > 0:
        raise ValueError(f"alpha must be positive, not {alpha}: a pixel never seen with ink is not impossible.")
    one_hot = np.eye(classes)[np.asarray(y)]  # (N, K)
    size = one_hot.sum(axis=0)  # (K,)
    if np.any(size == 0):
        raise ValueError(f"Class {int(np.argmin(size))} has no example: leave it out or add one.")
    theta = (one_hot.T @ np.asarray(x, dtype=float) + alpha) / (size[:, None] + 2 * alpha)  # (K, D)
    return PixelBayes(prior=size / size.sum(), theta=theta)


def words(text: str) -> list[str]:
    """The runs of at least two letters a to z, lower-cased, in their order; everything else separates them."""
    return _WORD.findall(text.lower())


def first_sentence(text: str) -> str:
    """The text up to the first full stop (or ! or ?) before a space, or up to the first empty line; on one line."""
    return " ".join(_SENTENCE_END.split(text.strip(), maxsplit=1)[0].split())


def vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Every word of the texts, sorted -> its column in `count_words`, 0..V-1."""
    return {word: v for v, word in enumerate(sorted({word for text in texts for word in words(text)}))}


def count_words(texts: Sequence[str], columns: dict[str, int]) -> np.ndarray:
    """How often each word of the vocabulary stands in each text: (N, V), float. Other words are skipped."""
    counts = np.zeros((len(texts), len(columns)))
    for n, text in enumerate(texts):
        for word in words(text):
            if word in columns:
                counts[n, columns[word]] += 1
    return counts


@dataclass(frozen=True)
class WordBayes:
    """Multinomial naive Bayes for word counts: every word of a text is drawn independently from its class's phi.

    prior (K,) is P(y); phi (K, V) is P(next word = v | y), rows sum to 1. Make it with `fit_words`.
    """

    prior: np.ndarray
    phi: np.ndarray

    def log_joint(self, counts: np.ndarray) -> np.ndarray:
        """log P(words in their order, y): counts (N, V) -> (N, K), in nats; minus infinity where phi forbids a word."""
        possible = self.phi > 0
        log_phi = np.log(np.where(possible, self.phi, 1.0))  # 0 * log 0 must be 0, and would be nan
        forbidden = counts @ (~possible).T > 0  # (N, K)
        return np.where(forbidden, -np.inf, np.log(self.prior) + counts @ log_phi.T)

    def posterior(self, counts: np.ndarray) -> np.ndarray:
        """P(y | words): (N, V) -> (N, K). A row is nan where every class forbids the text."""
        return normalise(self.log_joint(counts))

    def predict(self, counts: np.ndarray) -> np.ndarray:
        """The most probable class: (N, V) -> (N,), integers in 0..K-1."""
        return self.log_joint(counts).argmax(axis=1)


def fit_words(counts: np.ndarray, y: np.ndarray, classes: int, alpha: float = 1.0) -> WordBayes:
    """counts (N, V), y (N,) in 0..classes-1 -> WordBayes.

    phi = (times word v stood in class k + alpha) / (words in class k + V alpha); alpha = 0 gives the raw frequencies,
    zeros and all. The prior is the share of each class. Raises ValueError if a class has no example, or no word at all
    while alpha is 0.
    """
    one_hot = np.eye(classes)[np.asarray(y)]  # (N, K)
    size = one_hot.sum(axis=0)  # (K,)
    if np.any(size == 0):
        raise ValueError(f"Class {int(np.argmin(size))} has no example: leave it out or add one.")
    times = one_hot.T @ counts + alpha  # (K, V)
    total = times.sum(axis=1, keepdims=True)  # (K, 1)
    if np.any(total == 0):
        raise ValueError(f"Class {int(np.argmin(total))} has no word: add texts or set alpha above 0.")
    return WordBayes(prior=size / size.sum(), phi=times / total)
