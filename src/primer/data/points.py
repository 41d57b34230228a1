"""Two-dimensional densities whose logarithm and score are known exactly: an oracle to hold models against."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, logsumexp

from primer.data.base import unknown

NAMES = ("moons", "rings", "spiral", "eight-gaussians", "checkerboard")


@dataclass(frozen=True)
class Density(ABC):
    """An equally weighted mixture of K components in the plane, spread by Gaussian noise.

    centres: (K, 2). sigma: standard deviation of the noise, in the unit of the coordinates.
    """

    name: str
    centres: np.ndarray
    sigma: float

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n points (n, 2), float64, drawn with `rng`."""
        centres = self.centres[rng.integers(len(self.centres), size=n)]
        return centres + self._around(n, rng) + self.sigma * rng.standard_normal((n, 2))

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """The natural logarithm of the density at the points x (n, 2), as (n,): finite everywhere."""
        log_p = self._axes(_points(x))[0].sum(axis=-1)  # (n, K)
        return logsumexp(log_p, axis=1) - np.log(len(self.centres))

    def score(self, x: np.ndarray) -> np.ndarray:
        """The gradient of `log_prob` with respect to x, (n, 2)."""
        log_p, slope = self._axes(_points(x))  # (n, K, 2) each
        log_p = log_p.sum(axis=-1)
        weights = np.exp(log_p - logsumexp(log_p, axis=1, keepdims=True))  # (n, K), p(component | x)
        return np.einsum("nk,nkd->nd", weights, slope)

    @abstractmethod
    def _around(self, n: int, rng: np.random.Generator) -> np.ndarray | float:
        """Where in its component each point lies before the noise, relative to the centre: (n, 2)."""

    @abstractmethod
    def _axes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-density of each component along each axis at x (n, 2), and its derivative: (n, K, 2) each."""


@dataclass(frozen=True)
class GaussianMixture(Density):
    """Round Gaussians; with centres close together along a curve, a noisy curve."""

    def _around(self, n: int, rng: np.random.Generator) -> float:
        return 0.0

    def _axes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = (x[:, None] - self.centres) / self.sigma  # (n, K, 2)
        return -0.5 * z**2 - np.log(self.sigma * np.sqrt(2 * np.pi)), -z / self.sigma


@dataclass(frozen=True)
class SoftSquares(Density):
    """Uniform squares of width `side` whose edges the noise has softened.

    Without noise the logarithm would be minus infinity outside and the score would not exist at the edges. With it,
    both are exact and finite: along each axis a component is a difference of two normal distribution functions.
    """

    side: float

    def _around(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.uniform(-self.side / 2, self.side / 2, (n, 2))

    def _axes(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # By symmetry the far edge is `outer` and the near edge `inner` standard deviations beyond the point: this
        # keeps both in the lower tail, where the difference of the two logarithms loses no digits.
        offset = x[:, None] - self.centres  # (n, K, 2)
        distance = np.abs(offset)
        inner, outer = ((edge - distance) / self.sigma for edge in (self.side / 2, -self.side / 2))
        log_inner, log_outer = log_ndtr(inner), log_ndtr(outer)
        log_mass = log_inner + np.log1p(-np.exp(log_outer - log_inner))  # log(Phi(inner) - Phi(outer))
        log_normal = [-0.5 * z**2 - 0.5 * np.log(2 * np.pi) for z in (inner, outer)]
        slope = np.exp(log_normal[1] - log_mass) - np.exp(log_normal[0] - log_mass)  # d log_mass / d distance * sigma
        return log_mass - np.log(self.side), np.sign(offset) * slope / self.sigma


def points(name: str) -> Density:
    """A density in the plane by its name; nearly all of its mass lies within 4 of the origin. ValueError otherwise.

    - "moons": two half circles that reach into each other
    - "rings": three circles with one centre
    - "spiral": two arms
    - "eight-gaussians": eight round bumps on a circle of radius 2
    - "checkerboard": the eight dark squares of a 4 x 4 board, edges softened by noise of 0.05

    The first three are mixtures of many round Gaussians along a curve, so close that the curve looks smooth, and so
    their density is exact too.
    """
    if name not in NAMES:
        raise unknown("density", name, NAMES)
    if name == "checkerboard":
        board = [(i - 1.5, j - 1.5) for i in range(4) for j in range(4) if (i + j) % 2 == 0]
        return SoftSquares(name, np.array(board), sigma=0.05, side=1.0)
    curve = {"moons": _moons, "rings": _rings, "spiral": _spiral, "eight-gaussians": _eight}[name]
    return GaussianMixture(name, curve(), sigma=0.1)


def _moons() -> np.ndarray:
    angle = np.linspace(0, np.pi, 60)
    upper = np.stack([1.5 * np.cos(angle) - 0.75, 1.5 * np.sin(angle) - 0.375], axis=1)
    return np.concatenate([upper, -upper])


def _rings() -> np.ndarray:
    return np.concatenate([_circle(radius, count) for radius, count in ((0.75, 40), (1.5, 80), (2.25, 120))])


def _spiral() -> np.ndarray:
    # equal steps along the arm, not in angle: a radius that grows with the angle a has length ~ a^2 / 2
    angle = np.sqrt(np.linspace((0.5 * np.pi) ** 2, (3 * np.pi) ** 2, 120))
    arm = 0.25 * angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([arm, -arm])


def _eight() -> np.ndarray:
    return _circle(2.0, 8)


def _circle(radius: float, count: int) -> np.ndarray:
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _points(x: np.ndarray) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"Points are an array of shape (n, 2), not {x.shape}.")
    return x
