"""The pages' own layout: templates instead of the theme's, and the navigation they show.

The templates in `book/ext/templates` replace the theme's `layout.html` whole. With it go its scripts, styles and icon
fonts (0.5 MB gzipped), its console errors and its accessibility faults; what stays of the theme is what its
directives and Sphinx's writer make of the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

from book.ext.course import chapter_of, is_exercise, parts

TEMPLATES = Path(__file__).parent / "templates"


@dataclass
class Entry:
    """A page in the navigation. number: "02" or "". children: pages under it, such as exercises."""

    address: str
    title: str
    number: str
    current: bool
    children: list[Entry] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether this page or one under it is being read."""
        return self.current or any(child.open for child in self.children)


def setup(app: Sphinx) -> None:
    """Register templates and what they need to know."""
    app.config.templates_path.insert(0, str(TEMPLATES))
    app.config.html_permalinks_icon = "#"
    app.connect("html-page-context", add_navigation, priority=700)


def add_navigation(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the template the parts and their pages, the sections of this page, and what kind of page it is."""
    builder = app.builder
    assert isinstance(builder, StandaloneHTMLBuilder)
    context["navigation"] = [
        (tree.caption, [entry(builder, pagename, str(item)) for item in tree.items])
        for tree in app.config.external_site_map.root.subtrees
    ]
    context["assets_version"] = app.config.primer_assets
    context["sections"] = sections(app, pagename)
    context["is_landing"] = pagename == app.config.root_doc
    context["has_math"] = 'class="math' in context.get("body", "")
    context["part"] = next((p for p in parts() if any(c.docname == pagename for c in p.chapters)), None)
    context["chapter"] = chapter_of(pagename)
    context["is_exercise"] = is_exercise(pagename)


def entry(builder: StandaloneHTMLBuilder, pagename: str, docname: str) -> Entry:
    """The navigation's entry for a page and those under it in `_toc.yml`."""
    site_map = builder.config.external_site_map
    chapter = chapter_of(docname)
    title = builder.env.titles[docname].astext() if docname in builder.env.titles else docname
    if is_exercise(docname):
        title = "Exercises"
    below = [str(item) for tree in site_map[docname].subtrees for item in tree.items]
    return Entry(
        address=builder.get_relative_uri(pagename, docname),
        title=title,
        number=chapter.label if chapter and not is_exercise(docname) else "",
        current=docname == pagename,
        children=[entry(builder, pagename, child) for child in below],
    )


def sections(app: Sphinx, pagename: str) -> list[tuple[str, str]]:
    """Id and title (as HTML) of each section of the second level."""
    if pagename not in app.env.tocs:
        return []
    links = app.env.tocs[pagename].findall(nodes.reference)
    return [(link["anchorname"][1:], escape(link.astext())) for link in links if depth(link) == 2]


def depth(node: nodes.Node) -> int:
    """How many bullet lists a reference of a page's contents lies in; the page itself lies in one."""
    level = 0
    while node := node.parent:
        level += isinstance(node, nodes.bullet_list)
    return level
