"""What all widgets share in Python: their JavaScript, their style and the static figure that stands in for them."""

from __future__ import annotations

import html
import os
import re
from functools import cache
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HERE = Path(__file__).parent

# The colours that carry a meaning (see primer.plots) and the CSS variables that hold them in light and dark.
CSS_VARIABLES = {
    "#2b6cb0": "--p-real",
    "#c2410c": "--p-model",
    "#6b7280": "--p-noise",
    "#7c3aed": "--p-latent",
    "#15803d": "--p-truth",
    "#b91c1c": "--p-error",
    "#1f2937": "--p-ink",
    "#d1d5db": "--p-grid",
}


@cache
def script(topic: str) -> str:
    """The one module of a widget: ``shared.js`` followed by ``<topic>.js``, as text."""
    return "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in ("shared", topic))


@cache
def style() -> str:
    """The style sheet of all widgets, as text."""
    return (_HERE / "widget.css").read_text(encoding="utf-8")


def pack(values: Any, dtype: str, shape: tuple[int | None, ...], name: str) -> bytes:
    """Turn an array into the little-endian bytes that the browser reads.

    Args:
        values: anything numpy can read, torch tensors on the CPU included.
        dtype: ``"f4"`` (read by ``f32`` in shared.js), ``"f2"`` (half precision, ``f16``) or ``"u1"`` (``u8``).
        shape: the expected shape; ``None`` stands for any length.
        name: what the reader calls the array, for the message.

    Raises:
        ValueError: the shape is another one, a value is not finite, or it is too large for half precision.
    """
    array = np.asarray(values)
    if array.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape, strict=True)):
        wanted = " × ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have the shape {wanted}, but it has {' × '.join(map(str, array.shape))}.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, but it holds NaN or infinity.")
    with np.errstate(over="ignore"):
        packed = array.astype(f"<{dtype}")
    if not np.isfinite(packed).all():
        raise ValueError(f"{name} holds numbers beyond 65504, the largest of half precision.")
    return packed.tobytes()


def themed_svg(svg: str, prefix: str) -> str:
    """Make matplotlib's SVG fit to stand inside a page.

    Colours that carry a meaning become CSS variables, so that the picture follows the page's light or dark mode; ids
    get a prefix, so that several pictures can share a page; size, metadata and the global style rule go.

    Args:
        svg: the text of a file written by matplotlib.
        prefix: letters, digits and hyphens, unique in the page.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    # matplotlib states line joins in a rule for "*", which inside a page would reach everything: inherit them instead
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.S)
    head, body = svg.split(">", 1)
    view = re.search(r'viewBox="([^"]+)"', head)
    if view is None:
        raise ValueError("This SVG has no viewBox: save it with matplotlib's own SVG backend.")
    body = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', body)
    body = re.sub(r'\b((?:xlink:)?href)="#([^"]+)"', rf'\1="#{prefix}-\2"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", body)
    body = re.sub(
        "|".join(CSS_VARIABLES),
        lambda match: f"var({CSS_VARIABLES[match[0].lower()]}, {match[0]})",
        body,
        flags=re.I,
    )
    body = re.sub(r"\s*\n\s*", "\n", body)
    root = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{view[1]}" style="stroke-linejoin: round; stroke-linecap: butt">'
    )
    return root + body.strip()


def to_svg(figure: Figure, prefix: str) -> str:
    """Draw a figure as themed inline SVG (see ``themed_svg``) and close it. The same figure gives the same text."""
    import matplotlib.pyplot as plt

    target = StringIO()
    with plt.rc_context({"svg.fonttype": "path", "svg.hashsalt": prefix}):
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return themed_svg(target.getvalue(), prefix)


class PrimerWidget(anywidget.AnyWidget):
    """A live figure with a static twin.

    A subclass names its JavaScript file and says in one sentence what its static twin shows::

        class PixelReveal(PrimerWidget):
            topic = "bayes"
            alt = "…"

    Arrays travel as ``traitlets.Bytes`` made by ``pack``; everything is computed in the browser.
    """

    topic: ClassVar[str]
    alt: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "topic" in vars(cls):  # not in the nameless subclasses that ipywidgets makes when traits are added
            cls._esm = script(cls.topic)
            cls._css = style()
        super().__init_subclass__(**kwargs)

    def __repr__(self) -> str:
        """What a place without widgets shows; the traits' bytes would tell nobody anything."""
        return f"{type(self).__name__}: a live figure, to be seen in JupyterLab, in Colab or in the book."

    def fallback(self) -> Figure:
        """The matplotlib figure that stands in for the widget in print and without JavaScript."""
        raise NotImplementedError

    def fallback_html(self) -> str:
        """The fallback as HTML: a ``<figure class="primer-fallback">`` with inline SVG."""
        svg = to_svg(self.fallback(), f"{self.topic}-{self.model_id[:6]}")
        svg = svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(self.alt)}"', 1)
        return f'<figure class="primer-fallback" data-primer-fallback="{self.topic}">{svg}</figure>'

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The widget's view; while the book is built also its fallback, which the book's extension puts beside it."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and os.environ.get("PRIMER_BOOK") == "1":
            bundle[0]["text/html"] = self.fallback_html()
        return bundle
