"""Calls that a small GPT writes, true and invented ones marked, at six temperatures (chapter 19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from primer.metrics import hallucination as hal
from primer.widgets.base import PrimerWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.2, 1.5)
SAMPLES, SHOWN, START = 24, 8, 3  # draws at each temperature, lines on the card, the temperature it opens with
MARKS = {"real": "✓", "copied": "○", "invented": "✗"}


class InventedCalls(PrimerWidget):
    """Completions of one line for each of several modules; every letter shaded by the odds that the model gave it.

    Args:
        model, encode: a GPT and its characters.
        contexts: (the text before the name, module) for each module, all of one length.
        seen: how often the training text has each (module, attribute).

    The draws are made here, once; choosing, counting and showing them is done in the browser.
    """

    topic = "hallucination"
    alt = (
        "Calls that a small model wrote, some of them marked as invented, and the share of invented ones at six "
        "temperatures."
    )

    temperatures = traitlets.List(traitlets.Float()).tag(sync=True)
    modules: Any = traitlets.List().tag(sync=True)  # {name, uses, line, draws: for each temperature [name, kind, odds]}

    def __init__(
        self, model: Any, encode: Any, contexts: Sequence[tuple[str, str]], seen: Counter[tuple[str, str]]
    ) -> None:
        if not contexts:
            raise ValueError("InventedCalls needs at least one context to go on from.")
        uses: Counter[str] = Counter()
        for (module, _), n in seen.items():
            uses[module] += n
        modules: list[dict[str, Any]] = [
            {"name": module, "uses": uses[module], "line": text.rpartition("\n")[2], "draws": []}
            for text, module in contexts
        ]
        for at, temperature in enumerate(TEMPERATURES):
            made = hal.complete(model, encode, [text for text, _ in contexts], SAMPLES, temperature, seed=at)
            for i, entry in enumerate(modules):
                entry["draws"].append([
                    [name, hal.kind(entry["name"], name, seen), np.exp(row[: len(name)]).round(2).tolist()]
                    for name, row in zip(made.names[i], made.each[i], strict=True)
                ])
        super().__init__(temperatures=list(TEMPERATURES), modules=modules)

    def fallback(self) -> Figure:
        """The lines that the widget opens with, beside the share invented at each temperature."""
        import matplotlib.pyplot as plt

        from primer import plots

        plots.style()
        entry = self.modules[0]
        figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.2), width_ratios=(1.5, 1))
        for i, (name, kind, _) in enumerate(entry["draws"][START][:SHOWN]):
            color = plots.ERROR if kind == "invented" else plots.TRUTH
            left.text(0, -i, f"{MARKS[kind]} {entry['line'][-34:]}{name}", color=color, family="monospace", fontsize=9)
        left.set(xlim=(0, 1), ylim=(-SHOWN + 0.4, 0.8))
        left.axis("off")
        right.plot(self.temperatures, [share(draws) for draws in entry["draws"]], marker="x", **plots.LINES["error"])
        right.set(xlabel="temperature", ylabel=f"share of {entry['name']}. invented", ylim=(-0.03, 1.03))
        return figure


def share(draws: Sequence[Sequence[Any]]) -> float:
    """The share of draws that are invented, as the page counts it."""
    return sum(kind == "invented" for _, kind, _ in draws) / len(draws)
