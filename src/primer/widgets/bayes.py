"""A hidden digit is uncovered pixel by pixel while Bayes' theorem turns each pixel into new odds (chapter 02)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.widgets.base import PrimerWidget, pack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIDE = 8  # pixels along an edge
SURE = 0.95  # the fallback's second picture stops when one digit has passed this


class PixelReveal(PrimerWidget):
    """Ten bars of P(digit | pixels seen), moved by every pixel that the reader uncovers.

    Args:
        theta: (10, 64), P(pixel is ink | digit), strictly between 0 and 1.
        prior: (10,), P(digit), positive, summing to 1.
        images: (K, 64), 0 paper and 1 ink. The reader meets them one after the other; over all of them the widget
            tells how sure the model is with the pixels seen, and how often right: a few hundred make that a fair count.
        labels: (K,), the digits 0 to 9.

    Raises:
        ValueError: a shape or a value is outside what is said above.
    """

    topic = "bayes"
    alt = (
        "A handwritten digit with no pixel uncovered, with the few most telling ones, and with all 64; "
        "under each the probability of every digit given the pixels seen."
    )

    theta = traitlets.Bytes().tag(sync=True)
    prior = traitlets.Bytes().tag(sync=True)
    images = traitlets.Bytes(help="eight pixels to a byte").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)

    def __init__(self, theta: Any, prior: Any, images: Any, labels: Any, **kwargs: Any) -> None:
        pixels = SIDE * SIDE
        packed_theta = pack(theta, "f4", (10, pixels), "theta")
        packed_prior = pack(prior, "f4", (10,), "prior")
        packed_labels = pack(labels, "u1", (len(images),), "labels")
        pack(images, "u1", (None, pixels), "images")  # for its check of the shape; bits are sent instead
        if not ((np.asarray(theta) > 0) & (np.asarray(theta) < 1)).all():
            raise ValueError("theta must lie strictly between 0 and 1: smooth the counts.")
        if not ((np.asarray(prior) > 0).all() and np.isclose(np.sum(prior), 1, atol=1e-4)):
            raise ValueError("prior must be positive and sum to 1.")
        if not np.isin(images, (0, 1)).all() or not np.isin(labels, np.arange(10)).all() or len(images) == 0:
            raise ValueError("images must hold 0 and 1 only, labels 0 to 9, and there must be at least one of each.")
        bits = np.packbits(np.asarray(images).astype(np.uint8), axis=1).tobytes()
        super().__init__(theta=packed_theta, prior=packed_prior, images=bits, labels=packed_labels, **kwargs)

    def fallback(self) -> Figure:
        """Three moments of the first digit: nothing seen, just sure, everything seen."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        theta = np.frombuffer(self.theta, "<f4").reshape(10, -1).astype(float)
        prior = np.frombuffer(self.prior, "<f4").astype(float)
        image = np.unpackbits(np.frombuffer(self.images[: SIDE], np.uint8))
        order = telling_order(theta, prior, image)
        beliefs = [posterior(theta, prior, image, order[:n]) for n in range(len(order) + 1)]
        sure = next((n for n, belief in enumerate(beliefs) if belief.max() > SURE), len(order))
        fig, axes = plt.subplots(2, 3, figsize=(7.2, 4.4), height_ratios=(2, 1.2))
        for (top, bottom), seen in zip(axes.T, (0, sure, len(order)), strict=True):
            draw_board(top, image, order[:seen])
            top.set_title(f"{seen} of {len(order)} pixels seen", color=plots.INK)
            bottom.bar(range(10), beliefs[seen], color=plots.MODEL)
            bottom.set(xticks=range(10), yticks=(0, 0.5, 1), ylim=(0, 1.02), xlabel="digit")
            bottom.grid(visible=False)
        axes[1, 0].set_ylabel("P(digit | seen)")
        return fig


def posterior(theta: np.ndarray, prior: np.ndarray, image: np.ndarray, seen: list[int]) -> np.ndarray:
    """P(digit | pixels seen): theta (10, 64), prior (10,), image (64,) of 0 and 1, seen a list of pixels -> (10,)."""
    from primer.models.bayes import normalise

    likelihood = np.where(image[seen], theta[:, seen], 1 - theta[:, seen])  # (10, n)
    return normalise(np.log(prior) + np.log(likelihood).sum(axis=1))


def telling_order(theta: np.ndarray, prior: np.ndarray, image: np.ndarray) -> list[int]:
    """All pixels of the image, each time the covered one whose colour is expected to tell most about the digit."""

    def entropy(p: np.ndarray) -> np.ndarray:
        return -p * np.log2(p) - (1 - p) * np.log2(1 - p)  # bits

    seen: list[int] = []
    while len(seen) < image.size:
        belief = posterior(theta, prior, image, seen)
        gain = entropy(belief @ theta) - belief @ entropy(theta)  # (64,) mutual information with the digit
        gain[seen] = -np.inf
        seen.append(int(gain.argmax()))
    return seen


def draw_board(ax: Any, image: np.ndarray, seen: list[int]) -> None:
    """The 8 x 8 board: covered pixels grey, uncovered ones white or black."""
    from matplotlib.patches import Rectangle

    from primer import plots

    for pixel in range(image.size):
        row, column = divmod(pixel, SIDE)
        ground = (plots.INK if image[pixel] else "none") if pixel in seen else plots.GRID
        ax.add_patch(Rectangle((column + 0.05, row + 0.05), 0.9, 0.9, facecolor=ground, edgecolor=plots.GRID))
    ax.set(xlim=(0, SIDE), ylim=(SIDE, 0), aspect="equal")
    ax.set_axis_off()
