"""The landing page's picture: type a word, and watch noise become it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import traitlets

from primer import plots
from primer.widgets.base import PrimerWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST = 14  # letters; more make strokes of less than a pixel on a phone
SPAN = (2.3, 2.2)  # the picture reaches this far on either side, in standard deviations of the noise
RATIO = 2.3  # width / height of the picture


class WordFromNoise(PrimerWidget):
    """A word's ink pixels are the data; 1,500 particles flow between Gaussian noise and the word.

    The particles follow the probability-flow ODE with the exact score of the noised empirical distribution, so the
    time slider runs both ways over the same lines. Everything is computed in the browser.

    Args:
        word: what is written at first, 1 to 14 characters, not all of them spaces. The reader can type another.

    Raises:
        traitlets.TraitError: the word is empty or too long.
    """

    topic = "landing"
    alt = "Particles in four moments: a cloud of noise, two moments in between, and the finished word."

    word = traitlets.Unicode("learn").tag(sync=True)

    def __init__(self, word: str = "learn") -> None:
        super().__init__(word=word)

    @traitlets.validate("word")
    def _printable(self, proposal: traitlets.Bunch) -> str:
        if not 0 < len(proposal["value"].strip()) <= LONGEST:
            raise traitlets.TraitError(f"Give WordFromNoise a word of 1 to {LONGEST} characters.")
        return proposal["value"].strip()

    def fallback(self) -> Figure:
        """Four moments of the same flow side by side, from noise to the word."""
        import matplotlib.pyplot as plt

        levels = (40, 18, 9, 0)
        noise = np.random.default_rng(7).standard_normal((1000, 2))
        moments = flow(ink(self.word), noise, steps=levels[0], keep=levels)
        figure, axes = plt.subplots(2, 2, figsize=(7.4, 3.9), layout="constrained")
        titles = ("all noise", "less noise", "little noise", "the word")
        for ax, x, title, level in zip(axes.flat, moments, titles, levels, strict=True):
            color = plots.MODEL if level == 0 else plots.NOISE
            ax.scatter(x[:, 0], x[:, 1], s=4, facecolors="none", edgecolors=color, linewidths=0.7, rasterized=True)
            ax.set_xlim(-SPAN[0], SPAN[0])
            ax.set_ylim(-SPAN[1], SPAN[1])
            ax.set_axis_off()
            ax.set_title(title, color=plots.INK, fontsize=10)
        figure.set_dpi(160)
        return figure


def ink(word: str, columns: int = 160) -> np.ndarray:
    """The ink pixels of a word (M, 2) in standard deviations of the noise, on a lattice with `columns` columns."""
    from matplotlib.font_manager import FontProperties, findfont
    from PIL import Image, ImageDraw, ImageFont

    bold = findfont(FontProperties(family="DejaVu Sans", weight="bold"))
    rows = round(columns / RATIO)
    left, top, right, bottom = ImageFont.truetype(bold, 100).getbbox(word, anchor="mm")
    size = 100 * min(0.86 * columns / (right - left), 0.66 * rows / (bottom - top))
    picture = Image.new("L", (columns, rows))
    ImageDraw.Draw(picture).text(
        ((columns - size / 100 * (left + right)) / 2, (rows - size / 100 * (top + bottom)) / 2),
        word,
        fill=255,
        font=ImageFont.truetype(bold, size),
        anchor="mm",
    )
    row, column = np.nonzero(np.asarray(picture) >= 128)
    cells = np.stack([(column + 0.5) / columns - 0.5, 0.5 - (row + 0.5) / rows], axis=1)  # within ±0.5, y upwards
    return 2 * np.array(SPAN) * cells


def flow(data: np.ndarray, noise: np.ndarray, steps: int, keep: tuple[int, ...]) -> list[np.ndarray]:
    """Follow the probability-flow ODE of the noised data, x = cos θ x0 + sin θ ε, from pure noise to the data.

    Args:
        data: the points x0 (M, 2).
        noise: the start (N, 2), standard Gaussian.
        steps: number of first-order exponential steps (Song, Meng and Ermon 2021, DDIM).
        keep: the levels whose positions are wanted, from `steps` (noise) to 0 (data), falling.

    Returns:
        the positions (N, 2) at each level of `keep`.
    """
    theta = 0.01 + (np.pi / 2 - 0.01) * (np.arange(steps + 1) / steps) ** 2
    alpha, sigma = np.cos(theta), np.sin(theta)
    x, out = noise, []
    for k in range(steps, -1, -1):
        if k in keep:
            out.append(x)
        if k == 0:
            break
        square = (x**2).sum(1)[:, None] - 2 * alpha[k] * x @ data.T + alpha[k] ** 2 * (data**2).sum(1)  # (N, M)
        weight = np.exp((square.min(1, keepdims=True) - square) / (2 * sigma[k] ** 2))
        mean = weight @ data / weight.sum(1, keepdims=True)  # E[x0 | x] (N, 2)
        x = alpha[k - 1] * mean + sigma[k - 1] / sigma[k] * (x - alpha[k] * mean)
    return out
