"""Checks of the exercises of chapter 10."""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from primer.checks import Check, register


def alpha_bar(beta: np.ndarray) -> np.ndarray:
    """Step by step, (T + 1,)."""
    shares = [1.0]
    for b in beta:
        shares.append(shares[-1] * (1 - b))
    return np.array(shares)


def alpha_bar_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """The chapter's two steps; no noise at all; random steps."""
    yield (np.array([0.19, 0.19]),)
    yield (np.zeros(3),)
    yield (rng.uniform(0.01, 0.5, size=8),)


def noised(x0: np.ndarray, t: np.ndarray, eps: np.ndarray, bar: np.ndarray) -> np.ndarray:
    """Example by example, (N, D)."""
    return np.array([bar[s] ** 0.5 * a + (1 - bar[s]) ** 0.5 * e for a, s, e in zip(x0, t, eps, strict=True)])


def noised_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Each example at another step; as many examples as numbers; random ones."""
    yield np.ones((2, 1)), np.array([0, 1]), np.array([[5.0], [2.0]]), np.array([1.0, 0.36])
    for N, D in ((3, 3), (5, 2)):
        bar = np.concatenate([[1.0], np.cumprod(rng.uniform(0.5, 0.95, size=6))])
        yield rng.normal(size=(N, D)), rng.integers(0, 7, size=N), rng.normal(size=(N, D)), bar


def mean_noise(x: np.ndarray, bar: float) -> np.ndarray:
    """Both noises, weighted by how probable each is, (N,)."""
    noises = np.array([(x - bar**0.5 * x0) / (1 - bar) ** 0.5 for x0 in (-1.0, 1.0)])
    right = expit((noises[0] ** 2 - noises[1] ** 2) / 2)
    return (1 - right) * noises[0] + right * noises[1]


def mean_noise_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """The middle and far away; little noise and much."""
    yield np.array([0.0, 1.0, -30.0]), 0.5
    for bar in (0.02, 0.97):
        yield rng.normal(size=5), bar


def back(x: np.ndarray, eps: np.ndarray, left: float, to: float, eta: float, z: np.ndarray) -> np.ndarray:
    """By the posterior's mean where eta is 1, and by the general form otherwise, (N, D)."""
    x0 = (x - (1 - left) ** 0.5 * eps) / left**0.5
    alpha = left / to
    variance = eta**2 * (1 - to) * (1 - alpha) / (1 - left)
    if eta == 1:
        mean = (to**0.5 * (1 - alpha) * x0 + alpha**0.5 * (1 - to) * x) / (1 - left)
    else:
        mean = to**0.5 * x0 + (1 - to - variance) ** 0.5 * (x - left**0.5 * x0) / (1 - left) ** 0.5
    return mean + variance**0.5 * z


def back_cases(
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, float, float, float, np.ndarray]]:
    """DDIM, DDPM, and half way between."""
    for eta in (0.0, 1.0, 0.5):
        left = float(rng.uniform(0.05, 0.5))
        to = float(rng.uniform(left + 0.1, 0.95))
        x, eps, z = rng.normal(size=(3, 4, 2))
        yield x, eps, left, to, eta, z


def guided(conditional: np.ndarray, plain: np.ndarray, w: float) -> np.ndarray:
    """As Ho and Salimans write it."""
    return (1 + w) * conditional - w * plain


def guided_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
    """The neutral weight; the unconditional one; a strong one."""
    for w in (0.0, -1.0, 3.0):
        yield rng.normal(size=(3, 2)), rng.normal(size=(3, 2)), w


def price(left: float, to: float, m: float, D: int) -> float:
    """The divergence of two Gaussians with the posterior's variance and the best one."""
    alpha = left / to
    posterior = (1 - to) * (1 - alpha) / (1 - left)
    pull = to**0.5 * (1 - alpha) / (1 - left)  # of the guess of x_0 in the mean
    best = posterior + pull**2 * (1 - left) / left * m
    return float(D / 2 * np.log(best / posterior))


def price_cases(rng: np.random.Generator) -> Iterator[tuple[float, float, float, int]]:
    """Nothing predicted; all predicted; random ones."""
    yield 0.2, 0.5, 1.0, 2
    yield 0.2, 0.5, 0.0, 2
    for D in (1, 64):
        left = float(rng.uniform(0.05, 0.5))
        yield left, float(rng.uniform(left + 0.05, 0.95)), float(rng.uniform(0.1, 0.9)), D


register(Check("diffusion.alpha_bar", alpha_bar, alpha_bar_cases))
register(Check("diffusion.noised", noised, noised_cases))
register(Check("diffusion.mean_noise", mean_noise, mean_noise_cases))
register(Check("diffusion.back", back, back_cases))
register(Check("diffusion.guided", guided, guided_cases))
register(Check("diffusion.price", price, price_cases))
