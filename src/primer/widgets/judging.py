"""Samples to break on purpose, and the metrics that notice (chapter 06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import traitlets

from primer import plots
from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = 200  # points in each set
REACH = 2.7  # the plane spans ±2.7, as in judging.js


class SampleBreaker(PrimerWidget):
    """Real samples of eight Gaussians that the reader breaks, and five metrics beside what real points get.

    Features are the coordinates, classes the eight modes, so that Fréchet distance, precision and recall, accuracy
    and copying are what `primer.metrics` computes. Three sets of 200 points are drawn from a fixed seed: training,
    test, and the honest samples that are broken. The class takes no arguments.
    """

    topic = "judging"
    alt = (
        "Four sets of points in eight round modes: honest samples; copies of training points; samples that leave out "
        "four modes; samples of which half are noise. Under each its five metrics beside those of honest samples."
    )

    sigma = traitlets.Float().tag(sync=True)
    centres = traitlets.Bytes().tag(sync=True)
    train = traitlets.Bytes().tag(sync=True)
    test = traitlets.Bytes().tag(sync=True)
    honest = traitlets.Bytes().tag(sync=True)

    def __init__(self) -> None:
        from primer.data import points

        density = points("eight-gaussians")
        rng = np.random.default_rng(6)
        sets = {name: pack(density.sample(SIZE, rng), "f4", (SIZE, 2), name) for name in ("train", "test", "honest")}
        super().__init__(sigma=density.sigma, centres=pack(density.centres, "f4", (8, 2), "centres"), **sets)

    def fallback(self) -> Figure:
        """Honest samples and three broken sets, each with its metrics."""
        import matplotlib.pyplot as plt

        parts = (self.train, self.test, self.honest, self.centres)
        train, test, honest, centres = (np.frombuffer(part, "<f4").reshape(-1, 2).astype(float) for part in parts)
        mode = np.linalg.norm(honest[:, None] - centres, axis=2).argmin(axis=1)
        rng = np.random.default_rng(1)
        noise = np.where(rng.random((SIZE, 1)) < 0.5, rng.uniform(-REACH, REACH, (SIZE, 2)), honest)
        sets = {
            "honest": honest,
            "copies": train,
            "four modes left out": centres[mode % 4] + rng.normal(0, self.sigma, (SIZE, 2)),
            "half noise": noise,
        }
        figure, axes = plt.subplots(1, 5, figsize=(8, 2.4), width_ratios=[0.9, 1, 1, 1, 1], layout="constrained")
        axes[0].set_xlabel("Fréchet distance\nprecision\nrecall\nto training", ha="right", x=1, color=plots.INK)
        for ax, (name, x) in zip(axes[1:], sets.items(), strict=True):
            ax.scatter(*x[:120].T, s=9, facecolors="none", edgecolors=plots.MODEL, linewidths=0.8, rasterized=True)
            ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
            ax.set_title(name, color=plots.INK, fontsize=11)
            ax.set_xlabel("\n".join(f"{number:.2f}" for number in _numbers(x, train, test)), color=plots.INK)
        for ax in axes:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_color("none" if ax is axes[0] else plots.GRID)
            ax.grid(False)
        return figure


def _numbers(x: np.ndarray, train: np.ndarray, test: np.ndarray) -> tuple[float, float, float, float]:
    """Fréchet distance to test, precision, recall and copying ratio of points (N, 2)."""
    from primer import metrics

    return metrics.frechet(x, test), *metrics.precision_recall(test, x), metrics.copying(x, train, test).ratio
