"""Gradient descent to watch: a ball on a surface, and a small network that trains in the page (chapter 05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from primer import plots
from primer.widgets.base import PrimerWidget

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVATURE = np.array([1.0, 10.0])  # of the long bowl, as in network.js
FIELD = (3.6, 2.4)  # the plane of the points spans ±3.6 by ±2.4, as in network.js


class NetworkTrains(PrimerWidget):
    """Two views of gradient descent: the path of a ball on a surface, and the boundary of a network that is learning.

    Points, weights and every step are made in the browser. The class takes no arguments.
    """

    topic = "network"
    alt = (
        "Left: the contours of a long bowl with the zigzag of gradient descent from a ring to the lowest place. Right: "
        "two half moons of points, shaded by a trained network's P(B | x), with the winding boundary between them."
    )

    def fallback(self) -> Figure:
        """A path on the long bowl, and beside it what a network with eight hidden units has learnt."""
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(1, 2, figsize=(8, 3.1), layout="constrained")
        axes[0].set_title("η = 0.18 < 2/L = 0.2", color=plots.INK, fontsize=11)
        axes[1].set_title("P(B | x), 1000 steps", color=plots.INK, fontsize=11)
        _descent(axes[0])
        _network(axes[1])
        return figure


def moons(n: int, noise: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points on two half circles: x (n, 2) with normal noise of that standard deviation, y (n,) of 0 and 1 in turn."""
    y = np.arange(n) % 2
    t = np.pi * rng.random(n)
    sign = 1 - 2 * y
    arc = 1.3 * np.stack([sign * (np.cos(t) - 0.5), sign * (np.sin(t) - 0.25)], axis=1)
    return arc + noise * rng.standard_normal((n, 2)), y


def _descent(ax: Axes) -> None:
    """Contours of the long bowl, and twelve steps with a rate just below the limit of 0.2."""
    angle = np.linspace(0, 2 * np.pi, 60)
    for height in (1, 5, 15, 30, 50, 75):
        far = np.sqrt(2 * height / CURVATURE)  # where the contour crosses the two axes
        ax.plot(far[0] * np.cos(angle), far[1] * np.sin(angle), color=plots.GRID, linewidth=1)
    path = [np.array([-5.0, 2.2])]
    for _ in range(12):
        path.append(path[-1] - 0.18 * CURVATURE * path[-1])
    ax.plot(*np.array(path).T, "o--", color=plots.MODEL, markerfacecolor="none", markersize=5, linewidth=1)
    ax.plot(*path[0], "o", color=plots.INK, markerfacecolor="none", markersize=10)
    ax.plot(0, 0, **plots.MARKS["truth"])
    ax.set(xticks=[], yticks=[], xlabel="θ₁", ylabel="θ₂", aspect="equal", xlim=(-6, 6), ylim=(-4, 4))
    ax.grid(False)


def _network(ax: Axes) -> None:
    """A network with eight hidden units, trained by Adam on 80 points: its probabilities and its boundary."""
    import torch

    from primer.models import network

    rng = np.random.default_rng(1)
    x, y = moons(80, 0.25, rng)
    shapes = ((2, 8), (8,), (8, 1), (1,))
    theta = [torch.from_numpy(rng.standard_normal(shape) / (8**0.5 if shape == (8, 1) else 1)) for shape in shapes]
    state = [(part, torch.zeros_like(part), torch.zeros_like(part)) for part in theta]
    target = torch.from_numpy(y).double()
    for t in range(1, 1001):
        _, slopes = network.backprop(torch.from_numpy(x), target, *(part for part, _, _ in state))
        state = [network.adam(a, g, m, v, t, lr=0.05) for (a, m, v), g in zip(state, slopes, strict=True)]
    u, v = np.meshgrid(np.linspace(-FIELD[0], FIELD[0], 49), np.linspace(-FIELD[1], FIELD[1], 33))
    places = torch.from_numpy(np.column_stack([u.ravel(), v.ravel()]))
    s = network.two_layer(places, *(part for part, _, _ in state))[1].reshape(u.shape).numpy()
    for log_odds in (-3, 0, 3):  # P(B | x) about 0.05, 0.5, 0.95
        ax.contourf(u, v, s, levels=[log_odds, 1e9], colors=[plots.MODEL], alpha=0.13, zorder=0)
    ax.contour(u, v, s, levels=[0], colors=[plots.MODEL], linestyles="--", linewidths=2)
    for k, (marker, name) in enumerate(zip("o^", "AB", strict=True)):
        ax.plot(*x[y == k].T, marker, color=plots.REAL, markersize=4, label=f"class {name}")
    ax.set(xlim=(-FIELD[0], FIELD[0]), ylim=(-FIELD[1], FIELD[1]), xticks=[], yticks=[], xlabel="x₁", ylabel="x₂")
    ax.set_aspect("equal")
    ax.grid(False)
    ax.legend(loc="upper left", fontsize="small", frameon=False)
