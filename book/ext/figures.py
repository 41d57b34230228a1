"""Figures inside the page: matplotlib's SVG with the course's colours as CSS variables, so that dark mode follows.

An <img> cannot see the page's variables, so each SVG output of a cell is put into the page itself, named by its alt
text, with ids that occur once.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from primer.widgets.base import CSS_VARIABLES, themed_svg

logger = logging.getLogger(__name__)

WIDE = 600  # CSS pixels

def setup(app: Sphinx) -> None:
    """Register the transform, which runs after MyST-NB has chosen the SVG among a cell's outputs, and the slimming."""
    app.add_post_transform(InlineFigures)
    app.connect("html-page-context", slim_page, priority=640)


def themed(markup: str) -> str:
    """The same HTML with the course's colours replaced by its variables."""
    return re.sub(
        "|".join(CSS_VARIABLES), lambda match: f"var({CSS_VARIABLES[match[0].lower()]})", markup, flags=re.IGNORECASE
    )


def plot(svg: str, label: str, prefix: str) -> str:
    """A matplotlib SVG as an element for the page, named by `label`; it shrinks with its column and never grows.

    One that is wider than WIDE pixels does not shrink to a phone's width, where its letters would be too small to
    read, but scrolls within itself.
    """
    match = re.search(r'<svg[^>]*\bwidth="([\d.]+)pt"', svg)
    width = float(match[1]) * 4 / 3 if match else 0
    look = "primer-plot wide" if width > WIDE else "primer-plot"
    name = f'class="{look}" role="img" aria-label="{escape(label)}"' if label else f'class="{look}" aria-hidden="true"'
    limit = f"max-width: {width:.0f}px; " if width else ""
    element = themed_svg(svg, prefix).replace("<svg", f"<svg {name}", 1).replace('style="', f'style="{limit}', 1)
    return f'<div class="plot">{element}</div>'


class InlineFigures(SphinxPostTransform):
    """Replaces every SVG image that a cell has made by the SVG itself."""

    default_priority = 210  # after SelectMimeType and HideInputCells
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        made = Path(self.app.outdir).parent / "jupyter_execute"
        images = [image for image in self.document.findall(nodes.image) if image["uri"].endswith(".svg")]
        for number, image in enumerate(images, start=1):
            path = (Path(self.app.srcdir) / image["uri"]).resolve()
            if made.resolve() not in path.parents:
                continue
            label = image.get("alt", "")
            if not label:
                logger.warning("A figure has no alt text: give the cell `image: {alt: ...}`.", location=image)
            html = plot(path.read_text("utf-8"), label, f"plot{number}")
            image.replace_self(nodes.raw("", html, format="html"))


def slim_page(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Write matplotlib's figures of a page in half the bytes; they look the same."""
    if "body" in context:
        body = re.sub(r"<svg [^>]*viewBox.*?</svg>", lambda match: slim(match[0]), context["body"], flags=re.DOTALL)
        context["body"] = share_glyphs(body)


def slim(svg: str) -> str:
    """An SVG without ids that nobody names, white space, and digits below a hundredth of a point."""
    named = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda match: match[0] if match[1] in named else "", svg)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href=", "href=")
    svg = re.sub(r'\b(?:d|x|y|points)="[^"]*"|translate\([^)]*\)', lambda match: rounded(match[0]), svg)
    svg = re.sub(r' style="[^"]*"', lambda match: re.sub(r"([:;,]) ", r"\1", match[0]), svg)
    return re.sub(r">\s+<", "><", svg)


def rounded(text: str) -> str:
    """Coordinates to two decimals, with no more white space than a parser needs."""
    text = re.sub(r"-?\d+\.\d+", lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), text)
    return re.sub(r" ?([A-Zz]) ?", r"\1", re.sub(r"\s+", " ", text)).replace(' "', '"')


def share_glyphs(body: str) -> str:
    """Let the figures of a page share the outlines of letters: each is defined where it first occurs."""
    first: dict[str, str] = {}
    same: dict[str, str] = {}

    def define(match: re.Match[str]) -> str:
        known = first.setdefault(match["outline"], match["id"])
        if known == match["id"]:
            return match[0]
        same[match["id"]] = known
        return ""

    outline = r'<path id="(?P<id>plot\d+-[^"]+)" (?P<outline>d="[^"]*" transform="scale\([^)]*\)")/>'
    body = re.sub(outline, define, body)
    return re.sub(r'href="#(plot\d+-[^"]+)"', lambda match: f'href="#{same.get(match[1], match[1])}"', body)
