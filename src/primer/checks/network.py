"""Checks of the exercises of chapter 05."""

from collections.abc import Iterator

import numpy as np
import torch

from primer.checks import Check, register
from primer.models import network


def safe_rate(A: np.ndarray) -> float:
    """2 over the largest eigenvalue of A (d, d)."""
    return float(2 / np.linalg.norm(A, 2))


def safe_rate_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """A valley along the axes, one across them, random ones."""
    yield (np.diag([1.0, 10.0]),)
    yield (np.array([[2.0, 1.0], [1.0, 2.0]]),)
    for d in (2, 5):
        root = rng.normal(size=(d, d))
        yield (root @ root.T + 0.1 * np.eye(d),)


def momentum(theta: np.ndarray, gradients: np.ndarray, lr: float, beta: float) -> np.ndarray:
    """Parameters after each step, (steps, d)."""
    velocity = np.zeros_like(theta)
    path = []
    for gradient in gradients:
        velocity = beta * velocity - lr * gradient
        theta = theta + velocity
        path.append(theta)
    return np.array(path)


def momentum_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, float, float]]:
    """A slope that stays the same; no momentum; random ones."""
    yield np.array([0.0]), np.ones((3, 1)), 1.0, 0.5
    yield rng.normal(size=2), rng.normal(size=(4, 2)), 0.1, 0.0
    for steps, d in ((5, 3), (20, 2)):
        lr, beta = rng.uniform(0.01, 1), rng.uniform(0.5, 0.99)
        yield rng.normal(size=d), rng.normal(size=(steps, d)), float(lr), float(beta)


def stop(losses: np.ndarray, patience: int) -> int:
    """The step to keep, by looking back from each step in turn."""
    for step in range(len(losses)):
        best = int(np.argmin(losses[: step + 1]))
        if step - best >= patience:
            return best
    return int(np.argmin(losses))


def stop_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """Better later, but too late; a list that ends first; equal losses; random walks."""
    yield np.array([3.0, 2.0, 2.5, 2.6, 1.0]), 2
    yield np.array([3.0, 2.0, 1.0]), 5
    yield np.array([2.0, 1.0, 1.0, 1.0, 1.5, 0.5]), 3
    for patience in (1, 3, 6):
        yield np.abs(np.linspace(2, 0.5, 25) + rng.normal(0, 0.3, size=25)), patience


def gradients(x: np.ndarray, y: np.ndarray, W1: np.ndarray, W2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients by autograd, (D, M) and (M, m)."""
    one, two = (torch.tensor(W, dtype=torch.float64, requires_grad=True) for W in (W1, W2))
    error = torch.relu(torch.tensor(x) @ one) @ two - torch.tensor(y)
    both = torch.autograd.grad((error**2).sum() / (2 * len(x)), (one, two))
    return both[0].numpy(), both[1].numpy()


def gradients_cases(
    rng: np.random.Generator,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """One example with a unit that is on and one that is off; random networks."""
    yield np.array([[1.0]]), np.array([[0.0]]), np.array([[2.0, -1.0]]), np.array([[1.0], [1.0]])
    for N, D, M, m in ((4, 3, 5, 1), (10, 2, 3, 4)):
        yield rng.normal(size=(N, D)), rng.normal(size=(N, m)), rng.normal(size=(D, M)), rng.normal(size=(M, m))


def convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """F.conv2d without padding."""
    picture, weight = (torch.tensor(part, dtype=torch.float64)[None, None] for part in (image, kernel))
    return torch.nn.functional.conv2d(picture, weight)[0, 0].numpy()


def convolve_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """A difference of neighbours; neither square; a kernel as large as the image."""
    yield np.arange(6.0).reshape(2, 3) ** 2, np.array([[-1.0, 1.0]])
    yield rng.normal(size=(6, 9)), rng.normal(size=(3, 2))
    yield rng.normal(size=(8, 8)), rng.normal(size=(3, 3))
    yield rng.normal(size=(4, 4)), rng.normal(size=(4, 4))


def lstm(x: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The memory after each step, (T, M)."""
    steps, W_, U_, b_ = (torch.tensor(part, dtype=torch.float64) for part in (x, W, U, b))
    h = c = torch.zeros(1, U.shape[1], dtype=torch.float64)
    memory = []
    for step in steps:
        h, c = network.lstm_cell(step[None], h, c, W_, U_, b_)
        memory.append(c[0].numpy())
    return np.array(memory)


def lstm_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """One step of one unit; random sequences and weights."""
    yield np.array([[1.0]]), np.array([[0.0], [0.0], [1.0], [0.0]]), np.zeros((4, 1)), np.zeros(4)
    for T, D, M in ((3, 2, 4), (12, 3, 2)):
        yield rng.normal(size=(T, D)), rng.normal(size=(4 * M, D)), rng.normal(size=(4 * M, M)), rng.normal(size=4 * M)


register(Check("network.safe_rate", safe_rate, safe_rate_cases))
register(Check("network.momentum", momentum, momentum_cases))
register(Check("network.stop", stop, stop_cases))
register(Check("network.gradients", gradients, gradients_cases))
register(Check("network.convolve", convolve, convolve_cases))
register(Check("network.lstm", lstm, lstm_cases))
