"""A small world of facts: what a text shows of it, and how much a model then invents (chapter 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import traitlets

from primer.data import facts
from primer.widgets.base import PrimerWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAIRS, SIDE, RARE, COMMON = 3600, 60, 3000, 30  # as in invention.js
TOWNS = 400
START = (1000, 0.5, 400, 1)  # mentions, rare facts' share, values and seed when the widget opens, as in invention.js


class SmallWorld(PrimerWidget):
    """Sliders for a model between memoriser and inventor; the sentences it states, true and invented ones marked.

    Everything is computed in the browser. The class takes no arguments.
    """

    topic = "invention"
    alt = (
        "Three curves over the share of a model's sentences that were never mentioned in its training text. The rate "
        "of invention rises along the diagonal. Miscalibration falls to nearly zero where that share is M, and rises "
        "again. M minus miscalibration keeps close to the rate of invention up to there, and falls off beyond."
    )

    first = traitlets.List(traitlets.Unicode()).tag(sync=True)
    last = traitlets.List(traitlets.Unicode()).tag(sync=True)
    towns = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self) -> None:
        names = np.array([name.split() for name in facts.names()]).reshape(SIDE, -1, 2)
        last = names[0, :: names.shape[1] // SIDE, 1][:SIDE]
        homes = facts.values("home")
        super().__init__(
            first=names[:, 0, 0].tolist(), last=last.tolist(), towns=list(homes[:: len(homes) // TOWNS][:TOWNS])
        )

    def fallback(self) -> Figure:
        """The three curves of the world that the widget opens with."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        n, share, values, seed = START
        counts = mention(n, share, seed)
        u = np.linspace(0, 1, 101)
        points = [measure(counts, share, values, v) for v in u]
        figure, ax = plt.subplots(figsize=(6.4, 3.4))
        for key, line, label in (("rate", "error", "invented"), ("mis", "noise", "miscalibration, Mis"),
                                 ("bound", "truth", "M − Mis")):
            ax.plot(u, [point[key] for point in points], **plots.LINES[line], label=label)
        M = points[0]["M"]
        ax.axvline(M, color=plots.INK, linewidth=0.8, linestyle=":")
        ax.text(M + 0.01, 0.96, f"M = {M:.2f}", va="top")
        ax.set(xlabel="share never mentioned", ylabel="share of sentences", ylim=(-0.02, 1))
        ax.legend()
        return figure


def uniform(seed: int, count: int) -> np.ndarray:
    """The first `count` numbers of mulberry32, the generator in shared.js, in [0, 1)."""
    word = 0xFFFFFFFF
    state, out = seed & word, np.empty(count)
    for i in range(count):
        state = (state + 0x6D2B79F5) & word
        mixed = ((state ^ (state >> 15)) * (state | 1)) & word
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & word)) & word
        out[i] = (mixed ^ (mixed >> 14)) / 2**32
    return out


def mention(n: int, share: float, seed: int) -> np.ndarray:
    """How often each fact is mentioned in n sentences, (RARE + COMMON,) integers, the rare facts first."""
    rare, place = uniform(seed, 2 * n).reshape(n, 2).T
    fact = np.where(rare < share, np.floor(place * RARE), RARE + np.floor(place * COMMON)).astype(int)
    return np.bincount(fact, minlength=RARE + COMMON)


def measure(counts: np.ndarray, share: float, values: int, u: float) -> dict[str, float]:
    """M, mis, bound (M - mis) and rate as the page computes them; u: the model's share of never mentioned sentences."""
    probability = np.repeat([share / RARE, (1 - share) / COMMON], [RARE, COMMON])
    size = np.bincount(counts).astype(float)  # factoids by number of mentions
    truth = np.bincount(counts, probability)
    lucky = size[0]
    size[0] += PAIRS * values - RARE - COMMON
    k = np.arange(len(size))
    seen = np.append(k * size, [0.0, 0, 0])
    heavy = seen[3:].sum()
    weight = np.where(k < 3, np.where(size > 0, seen[k + 1], 0), seen[k] * (heavy - seen[3]) / max(heavy, 1))
    weight[0] = 0
    mass = (1 - u) * weight / weight.sum() if weight.sum() else np.where(k == 1, 1 - u, 0.0)
    mass[0] = u
    there = size > 0
    _, bin_of = np.unique(mass[there] / size[there], return_inverse=True)
    mis = np.abs(np.bincount(bin_of, mass[there] - truth[there])).sum() / 2
    once = float(size[1] / seen.sum()) if len(size) > 1 else 0.0
    return {"M": once, "mis": float(mis), "bound": once - float(mis), "rate": u * (1 - lucky / size[0])}
