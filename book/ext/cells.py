"""Parts of a page in plain HTML: folded code, dropdowns, announced numbers, and links that survive on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, ClassVar

import myst_nb.sphinx_
from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import create_figure_context
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

# One line of `primer.expect`: name, number, range, verdict.
EXPECTED = re.compile(r"(?P<text>[^<>\n]*· )(?P<mark>✓ as expected|✗ outside)(?P<rest>[^<>\n]*)")


class dropdown(nodes.General, nodes.Element):
    """A block that opens and closes; its first child is the title."""


class Dropdown(SphinxDirective):
    """The directive `dropdown`: a title and what is folded under it. Option `open` shows it at once."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"open": directives.flag, "class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        """Parse the title and the content."""
        node = dropdown(open="open" in self.options, classes=self.options.get("class", []))
        title, messages = self.state.inline_text(self.arguments[0], self.lineno)
        node += nodes.inline("", "", *title)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node, *messages]


def setup(app: Sphinx) -> None:
    """Register nodes, directive and transforms."""
    app.add_directive("dropdown", Dropdown)
    app.add_node(dropdown, html=(visit_dropdown, depart_details))
    app.add_node(HideCodeCellNode, override=True, html=(visit_hidden_code, depart_details))
    myst_nb.sphinx_.create_figure_context = figure_of_pictures
    app.add_post_transform(FoldAdmonitions)
    app.add_post_transform(NumberLinks)
    app.connect("html-page-context", mark_expected, priority=600)
    app.connect("html-page-context", drop_plain_tokens, priority=610)


def visit_dropdown(self: Any, node: dropdown) -> None:
    """Open <details>; the title's text is its <summary>."""
    self.body.append(self.starttag(node, "details", CLASS="dropdown", **({"open": "open"} if node["open"] else {})))
    title = node.pop(0)
    self.body.append("<summary>")
    title.walkabout(self)
    self.body.append("</summary>\n")


def visit_hidden_code(self: Any, node: HideCodeCellNode) -> None:
    """A folded cell. The summary says itself what it does: MyST-NB's aria-label contradicts what is to be read."""
    self.body.append(
        f'<details class="folded {" ".join(node["classes"])}"><summary>'
        f'<span class="when-closed">{escape(node["prompt_show"])}</span>'
        f'<span class="when-open">{escape(node["prompt_hide"])}</span></summary>\n'
    )


def depart_details(self: Any, node: nodes.Element) -> None:
    """Close <details>."""
    self.body.append("</details>\n")


@contextmanager
def figure_of_pictures(renderer: Any, options: dict[str, Any] | None, line: int) -> Iterator[None]:
    """Keep a cell's caption and name for its picture: MyST-NB gives them to each output of the cell, a verdict too."""
    if not options:
        yield
        return
    with create_figure_context(renderer, {**options, "name": None}, line):
        yield
    figure = renderer.current_node[-1] if len(renderer.current_node) else None
    if not isinstance(figure, nodes.figure):
        return
    if not any(figure.findall(nodes.image)):
        figure.replace_self([child for child in figure if not isinstance(child, nodes.caption)])
    elif options.get("name"):
        figure["names"].append(nodes.fully_normalize_name(str(options["name"])))
        renderer.document.note_explicit_target(figure, figure)


class FoldAdmonitions(SphinxPostTransform):
    """Turns an admonition of class `dropdown` into a dropdown, which needs no script."""

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        for admonition in list(self.document.findall(nodes.Admonition)):
            if "dropdown" not in admonition.get("classes", []) or not isinstance(admonition[0], nodes.title):
                continue
            node = dropdown(open=False, ids=admonition["ids"])
            node += nodes.inline("", "", *admonition[0].children)
            node += admonition.children[1:]
            admonition.replace_self(node)


class NumberLinks(SphinxPostTransform):
    """Numbers a page's links to elsewhere and lists their addresses at its end, for print alone."""

    default_priority = 990  # when every reference is resolved
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        numbers: dict[str, int] = {}
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri", "")
            if not address.startswith(("http://", "https://")) or address == link.astext():
                continue
            number = numbers.setdefault(address, len(numbers) + 1)
            mark = f'<sup class="print-only" aria-hidden="true">{number}</sup>'
            link.parent.insert(link.parent.index(link) + 1, nodes.raw("", mark, format="html"))
        if numbers:
            items = "".join(f"<li>{escape(address)}</li>" for address in numbers)
            html = f'<aside class="print-only link-notes" aria-hidden="true"><ol>{items}</ol></aside>'
            self.document += nodes.raw("", html, format="html")


def mark_expected(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give each line of `primer.expect` in the outputs an element of its own, so that the style sheet can show it."""
    if "body" not in context:
        return

    def line(match: re.Match[str]) -> str:
        met = "met" if match["mark"].startswith("✓") else "missed"
        return f'<span class="expected {met}">{match["text"]}<b>{match["mark"]}</b>{match["rest"]}</span>'

    def output(match: re.Match[str]) -> str:
        return EXPECTED.sub(line, match[0])

    context["body"] = re.sub(r'<div class="output stream.*?</div>', output, context["body"], flags=re.DOTALL)


def drop_plain_tokens(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Unwrap the names, operators and brackets of code: they look like plain text, and are half of all elements."""
    if "body" in context:
        context["body"] = re.sub(r'<span class="(?:n|nn|nf|nc|nb|nd|o|p|w)">([^<]*)</span>', r"\1", context["body"])
