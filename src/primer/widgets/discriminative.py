"""Two classes drawn by the reader: the boundary of one model beside the densities of another (chapter 03)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import traitlets

from primer import plots
from primer.models import discriminative as dg
from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = (4.0, 3.0)  # the picture spans ±4 by ±3, as in discriminative.js
C = 10.0  # weight of the likelihood against |w|^2 / 2, as in discriminative.js
FLOOR = 0.005  # part of the larger variance that is added to every variance, as in discriminative.js


def two_clouds() -> tuple[np.ndarray, np.ndarray]:
    """The points the widget starts with: x (80, 2) within the picture, y (80,) with 0 for class A and 1 for class B."""
    rng = np.random.default_rng(3)
    spread = np.array([[0.75, 0.35], [0.0, 0.75]])  # noise @ spread: both clouds lean the same way
    x = rng.standard_normal((80, 2)) @ spread + np.repeat([[-1.2, 0.3], [1.2, -0.3]], 40, axis=0)
    return x, np.repeat([0, 1], 40)


class TwoClasses(PrimerWidget):
    """Draw two classes of points and ask two models about them: which class, how likely, a new point, a hidden feature.

    Left stands logistic regression (Newton's method, C = 10), right one Gaussian per class (maximum likelihood).
    Everything is fitted in the browser. The class takes no arguments: the reader draws the data.
    """

    topic = "discriminative"
    alt = (
        "The same two classes of points twice. Left: shaded by logistic regression's P(B | x), with its straight "
        "boundary. Right: the ellipses of one Gaussian per class, the boundary that follows from them, and new points."
    )

    points = traitlets.Bytes(help="(N, 3) float32: x1, x2, class").tag(sync=True)

    def __init__(self) -> None:
        x, y = two_clouds()
        super().__init__(points=pack(np.column_stack([x, y]), "f4", (None, 3), "points"))

    def fallback(self) -> Figure:
        """Both models of the first points, side by side; right also points that the generative model drew."""
        import matplotlib.pyplot as plt

        x, y = two_clouds()
        logistic, gaussians = dg.fit_logistic(x, y, C), dg.fit_gaussians(x, y, shared=True, floor=FLOOR)
        figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
        axes[0].set_title("discriminative: P(B | x)", color=plots.INK, fontsize=11)
        axes[1].set_title("generative: p(x, A) and p(x, B), new points", color=plots.INK, fontsize=11)
        for ax in axes:
            _panel(ax, x, y)
        _shade(axes[0], logistic)
        _shade(axes[1], gaussians)
        _ellipses(axes[1], gaussians)
        rng = np.random.default_rng(1)
        label = rng.permutation(y)[:30]
        fresh = gaussians.sample(label, rng)
        for k, marker in enumerate("o^"):
            axes[1].plot(*fresh[label == k].T, marker, color=plots.MODEL, markerfacecolor="none", markersize=5)
        return figure


def _panel(ax: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """The points x (N, 2) with their classes y (N,), and bare axes."""
    for k, (marker, name) in enumerate(zip("o^", "AB", strict=True)):
        ax.plot(*x[y == k].T, marker, color=plots.REAL, markersize=4.5, label=f"class {name}")
    ax.set(xlim=(-REACH[0], REACH[0]), ylim=(-REACH[1], REACH[1]), xticks=[], yticks=[], xlabel="x₁", ylabel="x₂")
    ax.grid(False)
    ax.legend(loc="upper right", fontsize="small", frameon=False)


def _shade(ax: Axes, model: dg.Logistic | dg.Gaussians) -> None:
    """P(B | x) as three strengths of the model's colour, and the boundary where it is one half."""
    u, v = np.meshgrid(np.linspace(-REACH[0], REACH[0], 97), np.linspace(-REACH[1], REACH[1], 73))
    p = model.posterior(np.column_stack([u.ravel(), v.ravel()]))[:, 1].reshape(u.shape)
    for above in (0.05, 0.5, 0.95):
        ax.contourf(u, v, p, levels=[above, 1.01], colors=[plots.MODEL], alpha=0.13, zorder=0)
    ax.contour(u, v, p, levels=[0.5], colors=[plots.MODEL], linestyles="--", linewidths=2)


def _ellipses(ax: Axes, model: dg.Gaussians) -> None:
    """One and two standard deviations around each class's mean, with the class's letter at the mean."""
    angle = np.linspace(0, 2 * np.pi, 100)
    ring = np.stack([np.cos(angle), np.sin(angle)])  # (2, 100)
    for mean, cov, name in zip(model.mean, model.cov, "AB", strict=True):
        for far in (1, 2):
            ellipse = mean[:, None] + far * np.linalg.cholesky(cov) @ ring  # (2, 100)
            ax.plot(*ellipse, color=plots.MODEL, linestyle="--", linewidth=1)
        ax.annotate(name, mean, color=plots.MODEL, weight="bold", size=13, ha="center", va="center")
