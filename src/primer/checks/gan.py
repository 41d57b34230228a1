"""Checks of the exercises of chapter 09."""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.spatial.distance import cdist
from scipy.stats import entropy

from primer.checks import Check, register


def best(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The share of real examples at each value, (V,)."""
    return np.array([a / (a + b) if a + b else 0.5 for a, b in zip(p, q, strict=True)])


def best_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The chapter's three values; a place that neither visits; random densities."""
    yield np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    yield np.array([0.3, 0.0, 2.0]), np.array([0.1, 0.0, 0.5])
    yield rng.gamma(1.0, size=6), rng.gamma(1.0, size=6)


def value(p: np.ndarray, q: np.ndarray) -> float:
    """Two divergences from the middle, minus log 4."""
    middle = (p + q) / 2
    return float(entropy(p, middle) + entropy(q, middle) - np.log(4))


def value_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Equal ones; ones that share nothing; the chapter's; random ones, one with a 0."""
    yield np.array([0.5, 0.5]), np.array([0.5, 0.5])
    yield np.array([1.0, 0.0]), np.array([0.0, 1.0])
    yield np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.5, 0.5])
    yield rng.dirichlet(np.ones(5)), np.append(0.0, rng.dirichlet(np.ones(4)))


def pull(s: np.ndarray, game: str) -> np.ndarray:
    """Minus the slope by torch, (N,)."""
    leaf = torch.tensor(s, requires_grad=True)
    loss = torch.nn.functional.logsigmoid(-leaf) if game == "minimax" else -torch.nn.functional.logsigmoid(leaf)
    return -torch.autograd.grad(loss.sum(), leaf)[0].numpy()


def pull_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, str]]:
    """A forgery seen through, an even one and one taken for real; far out; random ones; in both games."""
    for game in ("minimax", "non-saturating"):
        yield np.array([-4.6, 0.0, 2.2]), game
        yield np.array([-800.0, 800.0]), game
        yield rng.normal(0, 3, size=5), game


def modes(points: np.ndarray, centres: np.ndarray, near: float, share: float) -> int:
    """Bumps with enough points, by counting for each centre."""
    distance = cdist(points, centres)
    mine = (distance == distance.min(axis=1, keepdims=True)) & (distance < near)
    return int((mine.mean(axis=0) >= share).sum())


def modes_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, float, float]]:
    """Two of three, one by exactly its share; many points on none; centres closer than two radii; random ones."""
    three = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    yield np.array([[0.1, 0.0], [0.0, 0.1], [2.0, 0.1], [5.0, 5.0]]), three, 0.3, 0.25
    yield np.concatenate([three[:1].repeat(3, 0), np.full((97, 2), 9.0)]), three, 0.3, 0.05
    yield np.array([[0.1, 0.0]] * 4), np.array([[0.0, 0.0], [0.4, 0.0]]), 0.5, 0.1
    centres = rng.normal(0, 2, size=(6, 2))
    points = centres[rng.integers(4, size=60)] + rng.normal(0, 0.3, size=(60, 2))
    yield points, centres, 0.4, float(rng.uniform(0.05, 0.3))


def steep(x: np.ndarray, W1: np.ndarray, b1: np.ndarray, w2: np.ndarray) -> np.ndarray:
    """The squared slope by torch, (N,)."""
    leaf = torch.tensor(x, requires_grad=True)
    s = torch.tanh(leaf @ torch.tensor(W1).T + torch.tensor(b1)) @ torch.tensor(w2)
    return torch.autograd.grad(s.sum(), leaf)[0].square().sum(1).numpy()


def steep_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, ...]]:
    """One unit by hand; random critics."""
    yield np.array([[0.0, 0.0], [1.0, -1.0]]), np.array([[3.0, 4.0]]), np.array([0.0]), np.array([2.0])
    for N, D, M in ((4, 3, 5), (2, 5, 3)):
        yield rng.normal(size=(N, D)), rng.normal(size=(M, D)), rng.normal(size=M), rng.normal(size=M)


def orbit(theta: float, psi: float, eta: float, gamma: float, steps: int) -> np.ndarray:
    """Both players by autograd on their losses, (steps + 1, 2)."""
    softplus = torch.nn.functional.softplus
    t, p = (torch.tensor(float(value), dtype=torch.float64, requires_grad=True) for value in (theta, psi))
    path = [(t.item(), p.item())]
    for _ in range(steps):
        (slope,) = torch.autograd.grad(softplus(p * t - p * 0) + gamma / 2 * (p**2 + p**2), p)
        p = (p - eta * slope).detach().requires_grad_()
        (slope,) = torch.autograd.grad(softplus(p * 0 - p * t), t)
        t = (t - eta * slope).detach().requires_grad_()
        path.append((t.item(), p.item()))
    return np.array(path)


def orbit_cases(rng: np.random.Generator) -> Iterator[tuple[float, float, float, float, int]]:
    """One turn by hand; no penalty; no turn at all; random ones."""
    yield 1.0, 0.0, 0.1, 0.0, 1
    yield 1.0, 0.5, 0.2, 0.0, 20
    yield -0.5, 0.3, 0.1, 0.2, 0
    theta, psi = rng.normal(size=2)
    yield float(theta), float(psi), float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.1, 0.5)), 12


register(Check("gan.best", best, best_cases))
register(Check("gan.value", value, value_cases))
register(Check("gan.pull", pull, pull_cases))
register(Check("gan.modes", modes, modes_cases))
register(Check("gan.steep", steep, steep_cases))
register(Check("gan.orbit", orbit, orbit_cases))
