"""Checks of the exercises of chapter 08."""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.integrate import quad
from scipy.special import logsumexp
from scipy.stats import binom, multivariate_normal
from torch.distributions import Normal, kl_divergence

from primer.checks import Check, register


def rate(mu: np.ndarray, log_var: np.ndarray) -> np.ndarray:
    """The divergence by torch.distributions, (N,)."""
    q = Normal(torch.tensor(mu), torch.tensor(np.exp(log_var / 2)))
    return kl_divergence(q, Normal(0.0, 1.0)).sum(1).numpy()


def rate_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The prior itself; a shifted mean; random ones."""
    yield np.zeros((1, 2)), np.zeros((1, 2))
    yield np.array([[2.0]]), np.array([[0.0]])
    yield rng.normal(size=(4, 3)), rng.normal(size=(4, 3))


def notes(mu: np.ndarray, log_var: np.ndarray, eps: np.ndarray) -> np.ndarray:
    """mu plus the standard deviation times eps, (S, N, Z)."""
    return mu[None] + np.sqrt(np.exp(log_var))[None] * eps


def notes_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """A variance of 4; random ones."""
    yield np.array([[1.0]]), np.array([[np.log(4.0)]]), np.array([[[1.0]], [[-1.0]]])
    yield rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), rng.normal(size=(5, 3, 2))


def log_binomial(k: np.ndarray, p: np.ndarray, n: int) -> np.ndarray:
    """scipy's binomial, summed over pixels, (N,)."""
    return binom.logpmf(k, n, p).sum(axis=1)


def log_binomial_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """One pixel of two units; a bright and a dark one; random ones."""
    yield np.array([[1]]), np.array([[0.5]]), 2
    yield np.array([[0, 16]]), np.array([[0.1, 0.9]]), 16
    for n in (1, 16):
        yield rng.integers(0, n + 1, size=(3, 5)), rng.uniform(0.05, 0.95, size=(3, 5)), n


def missing(p: np.ndarray) -> np.ndarray:
    """One minus the integral, by numerical integration, (N,)."""
    return np.array([1 - quad(lambda x, q=q: q**x * (1 - q) ** (1 - x), 0, 1, epsabs=1e-12)[0] for q in p])


def missing_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """The middle; on both sides of it; random ones."""
    yield (np.array([0.5]),)
    yield (np.array([0.4999, 0.5001, 0.01, 0.99]),)
    yield (rng.uniform(0.02, 0.98, size=4),)


def tighter(log_w: np.ndarray) -> np.ndarray:
    """Log of the mean weight, (N,)."""
    return logsumexp(log_w, axis=0) - np.log(len(log_w))


def tighter_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """Equal weights; one that outweighs all; values that underflow."""
    yield (np.array([[-3.0], [-3.0]]),)
    yield (np.array([[0.0, -5.0], [-50.0, -4.0]]),)
    yield (rng.normal(-1000, 5, size=(6, 4)),)


def evidence(x: np.ndarray, W: np.ndarray, m: np.ndarray, v: float) -> np.ndarray:
    """scipy's Gaussian with covariance W W' + v I, (N,)."""
    return np.atleast_1d(multivariate_normal(m, W @ W.T + v * np.eye(len(m))).logpdf(x))


def evidence_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, float]]:
    """The chapter's example by hand; random models."""
    yield np.array([[2.0]]), np.array([[1.0]]), np.array([0.0]), 1.0
    for D, Z in ((3, 2), (5, 1)):
        yield rng.normal(size=(4, D)), rng.normal(size=(D, Z)), rng.normal(size=D), float(rng.uniform(0.2, 2))


register(Check("vae.rate", rate, rate_cases))
register(Check("vae.notes", notes, notes_cases))
register(Check("vae.log_binomial", log_binomial, log_binomial_cases))
register(Check("vae.missing", missing, missing_cases, atol=1e-7))
register(Check("vae.tighter", tighter, tighter_cases))
register(Check("vae.evidence", evidence, evidence_cases))
