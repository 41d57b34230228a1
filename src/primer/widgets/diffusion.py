"""A time slider from data to noise and back, for points and for digits (chapter 10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T = 1000  # steps of the schedule, as in diffusion.js
DOTS = 160  # points that are shown, as in diffusion.js


class DiffusionTime(PrimerWidget):
    """Noise comes and goes by hand: forwards at once, backwards by DDIM or DDPM, with the noise that is predicted.

    The weights travel in half precision, and the page computes with them: what it shows is the rounded models.

    Args:
        points_model: a `Diffusion` of points in the plane, without labels, on an MLP.
        digits_model: a `Diffusion` of 64 pixels and ten classes on an MLP, with the same schedule of 1,000 steps.
        points: (N, 2), N of at least 160.
        pictures: (10, 64) in [-1, 1], the digits 0 to 9.

    Raises:
        ValueError: a model or an array has other sizes, or the schedules differ.
    """

    topic = "diffusion"
    alt = (
        "Two rows of six pictures. Top: eight clusters of points dissolve into a round cloud as time goes from 0 to 1. "
        "Bottom: a digit disappears in noise in the same way."
    )

    alpha_bar = traitlets.Bytes(help="float32 (T + 1)").tag(sync=True)
    points = traitlets.Bytes(help="float32 (160, 2)").tag(sync=True)
    digits = traitlets.Bytes(help="float32 (10, 64)").tag(sync=True)
    points_weights = traitlets.Bytes(help="float16, in the order of the network's parameters").tag(sync=True)
    digits_weights = traitlets.Bytes(help="float16, in the order of the network's parameters").tag(sync=True)
    points_sizes: traitlets.List[int] = traitlets.List(help="D, M, L, K").tag(sync=True)
    digits_sizes: traitlets.List[int] = traitlets.List(help="D, M, L, K").tag(sync=True)

    def __init__(self, points_model: Any, digits_model: Any, points: Any, pictures: Any, **kwargs: Any) -> None:
        models = {"points": points_model, "digits": digits_model}
        sizes = {name: [getattr(model.net.config, key) for key in "DMLK"] for name, model in models.items()}
        if [sizes[name][::3] for name in models] != [[2, 0], [64, 10]]:
            raise ValueError("DiffusionTime needs a model of points without labels and one of 64 pixels, ten classes.")
        bars = [model.alpha_bar.cpu().numpy() for model in models.values()]
        if any(len(bar) != T + 1 for bar in bars) or not np.array_equal(*bars):
            raise ValueError("DiffusionTime needs two models with the same schedule of 1,000 steps.")
        flat = {
            f"{name}_weights": pack(_row(model), "f2", (None,), "weights") for name, model in models.items()
        }
        super().__init__(
            alpha_bar=pack(bars[0], "f4", (T + 1,), "alpha_bar"),
            points=pack(points[:DOTS], "f4", (DOTS, 2), "points"),
            digits=pack(pictures, "f4", (10, 64), "pictures"),
            points_sizes=sizes["points"],
            digits_sizes=sizes["digits"],
            **flat,
            **kwargs,
        )

    def fallback(self) -> Figure:
        """Points and a digit at six times, noised at once."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        fig, axes = plt.subplots(2, 6, figsize=(8.6, 3.2))
        bar = np.frombuffer(self.alpha_bar, "<f4")
        rng = np.random.default_rng(0)
        points = np.frombuffer(self.points, "<f4").reshape(-1, 2)[::2]  # half of them: each is an element of the page
        digit = np.frombuffer(self.digits, "<f4").reshape(10, 64)[3]
        noises = rng.standard_normal(points.shape), rng.standard_normal(64)
        for column, t in enumerate(range(0, T + 1, T // 5)):
            cloud, picture = (
                np.sqrt(bar[t]) * x + np.sqrt(1 - bar[t]) * noise
                for x, noise in zip((points, digit), noises, strict=True)
            )
            axes[0, column].plot(*cloud.T, **plots.MARKS["real"] | {"markersize": 2})
            axes[0, column].set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), aspect="equal", xticks=[], yticks=[])
            axes[0, column].set_title(f"t = {t / T:g}")
            plots.images(axes[1, column], np.clip(picture.reshape(1, 8, 8) / 2 + 0.5, 0, 1), columns=1, top=1)
        return fig


def _row(model: Any) -> np.ndarray:
    """All weights of a model's network in one row."""
    return np.concatenate([p.detach().cpu().numpy().ravel() for p in model.net.parameters()])
