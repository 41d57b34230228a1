"""A plane of notes: every place is decoded live into a digit (chapter 08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIXELS = 64
REACH = 3.5  # the plane spans ±3.5 in both directions, as in vae.js


class LatentExplorer(PrimerWidget):
    """The 2-D latent plane of a VAE: drag a note, see its digit at once.

    Args:
        model: a VAE with two latent dimensions, no label, and 64 pixels; its decoder is a layer, SiLU, a layer.
        x: (N, 64) pictures in [0, 1], shown as a cloud where the encoder puts them.
        y: (N,) their digits.

    Raises:
        ValueError: the model has other sizes, or x and y do not fit together.
    """

    topic = "vae"
    alt = (
        "Left, numerals scattered over a plane, equal ones together: where an encoder puts digits. Right, pictures "
        "decoded from a grid of places in the same plane, changing gradually from one digit to another."
    )

    weights = traitlets.Bytes(help="float32: W1 (M, 2), b1 (M), W2 (64, M), b2 (64)").tag(sync=True)
    places = traitlets.Bytes(help="float32 (N, 2)").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)

    def __init__(self, model: Any, x: Any, y: Any, **kwargs: Any) -> None:
        import torch

        config = model.config
        if (config.D, config.Z, config.K) != (PIXELS, 2, 0):
            raise ValueError("LatentExplorer needs a VAE with 64 pixels, two latent dimensions and no label.")
        first, _, second = model.decoder
        parts = [p.detach().cpu().numpy() for p in (first.weight, first.bias, second.weight, second.bias)]
        with torch.no_grad():
            places = model.encode(x)[0].cpu().numpy()
        flat = np.concatenate([part.ravel() for part in parts])
        super().__init__(
            weights=pack(flat, "f4", (None,), "weights"),
            places=pack(places, "f4", (None, 2), "places"),
            labels=pack(np.asarray(y), "u1", (len(places),), "labels"),
            **kwargs,
        )

    def fallback(self) -> Figure:
        """The cloud of digits, and beside it the plane decoded at 11 by 11 places."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        fig, axes = plt.subplots(1, 2, figsize=(7.6, 3.8))
        places = np.frombuffer(self.places, "<f4").reshape(-1, 2)
        labels = np.frombuffer(self.labels, np.uint8)
        for label in range(10):
            axes[0].plot(*places[labels == label][:12].T, marker=f"${label}$", linestyle="none", color=plots.LATENT)
        axes[0].set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="$z_1$", ylabel="$z_2$", aspect="equal")
        u, v = np.meshgrid(np.linspace(-2, 2, 11), np.linspace(2, -2, 11))
        pictures = decode(np.frombuffer(self.weights, "<f4"), np.stack([u.ravel(), v.ravel()], axis=1))
        plots.images(axes[1], pictures.reshape(-1, 8, 8), columns=11, top=1)
        return fig


def decode(weights: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Mean pictures (N, 64) of the notes z (N, 2), as the page computes them."""
    M = (len(weights) - PIXELS) // (3 + PIXELS)
    W1, b1, W2, b2 = np.split(weights.astype(float), np.cumsum([2 * M, M, PIXELS * M]))
    a = z @ W1.reshape(M, 2).T + b1
    h = a / (1 + np.exp(-a))
    return 1 / (1 + np.exp(-(h @ W2.reshape(PIXELS, M).T + b2)))
