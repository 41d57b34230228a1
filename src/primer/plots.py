"""One quiet plotting style, and the colours and marks that mean the same in every figure of the course.

The book's build draws figures as SVG and replaces exactly these colours by CSS variables, so that a figure follows
the page's light or dark mode. Use only these, greys and viridis; never tell things apart by colour alone.
"""

from __future__ import annotations

import os
from typing import Any

REAL = "#2b6cb0"  # real data
MODEL = "#c2410c"  # made by a model
NOISE = "#6b7280"  # noise, a prior, what is not known
LATENT = "#7c3aed"  # latent, hidden state
TRUTH = "#15803d"  # true density, oracle, right answer
ERROR = "#b91c1c"  # error, loss, invented
INK = "#1f2937"  # text and axes
GRID = "#d1d5db"  # grid lines

# How points of each kind are drawn: ax.plot(x, y, **MARKS["real"])
MARKS: dict[str, dict[str, Any]] = {
    "real": {"color": REAL, "marker": "o", "linestyle": "none"},
    "model": {"color": MODEL, "marker": "o", "linestyle": "none", "markerfacecolor": "none"},
    "noise": {"color": NOISE, "marker": ".", "linestyle": "none"},
    "latent": {"color": LATENT, "marker": "s", "linestyle": "none"},
    "truth": {"color": TRUTH, "marker": "D", "linestyle": "none", "markerfacecolor": "none"},
    "error": {"color": ERROR, "marker": "x", "linestyle": "none"},
}

# How lines of each kind are drawn: ax.plot(x, y, **LINES["truth"])
LINES: dict[str, dict[str, Any]] = {
    "real": {"color": REAL, "linestyle": "-"},
    "model": {"color": MODEL, "linestyle": "--"},
    "noise": {"color": NOISE, "linestyle": ":"},
    "latent": {"color": LATENT, "linestyle": "-."},
    "truth": {"color": TRUTH, "linestyle": (0, (2, 1)), "linewidth": 3},
    "error": {"color": ERROR, "linestyle": "-", "linewidth": 1},
}


def style() -> None:
    """Set matplotlib's defaults: no frame above and right, a faint grid, the colours above.

    In the book's build (PRIMER_BOOK=1) the ground is transparent and notebooks emit SVG. Elsewhere the ground stays
    white, because dark text on a transparent picture cannot be read in a dark notebook.
    """
    import matplotlib as mpl
    from cycler import cycler

    in_book = os.environ.get("PRIMER_BOOK") == "1"
    ground = "none" if in_book else "white"
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.constrained_layout.use": True,
            "figure.facecolor": ground,
            "savefig.facecolor": ground,
            "axes.facecolor": "none",
            "axes.prop_cycle": cycler(color=[REAL, MODEL, TRUTH, LATENT, NOISE, ERROR]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlesize": "medium",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "grid.color": GRID,
            "grid.linewidth": 0.6,
            "legend.frameon": False,
            "image.cmap": "gray_r",
            "image.interpolation": "nearest",  # a pixel of an 8 x 8 digit is a square
            "lines.markersize": 5,
            "svg.fonttype": "path",
            "svg.hashsalt": "primer",  # the same figure gives the same ids, and the page's diff stays empty
        }
    )
    if in_book:
        from matplotlib_inline.config import InlineBackend

        # the setting itself, which also holds where pyplot is imported later
        InlineBackend.instance().figure_formats = {"svg"}


def images(ax: Any, pictures: Any, columns: int = 10, top: float = 16.0) -> None:
    """Draw pictures (N, H, W), ink from 0 (paper) to `top`, as one sheet with `columns` to a row on the given axes."""
    import numpy as np

    pictures = np.asarray(pictures)
    count, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1))  # one empty pixel between pictures
    for i, picture in enumerate(pictures):
        row, column = divmod(i, columns)
        y, x = row * (height + 1), column * (width + 1)
        sheet[y : y + height, x : x + width] = picture
    ax.imshow(sheet, vmin=0, vmax=top, cmap="gray_r")
    ax.set_axis_off()
