"""What stands under a chapter's title: its promise, the minutes to read, the seconds to run, and three buttons."""

from __future__ import annotations

import json
import shutil
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from book.ext.course import chapter_of, is_exercise
from tools import repository

logger = logging.getLogger(__name__)

WORDS_A_MINUTE = 200
SECONDS_A_CODE_LINE = 4  # a line of code is read slower than a line of text
SECONDS_A_FORMULA = 10
FRONT_MATTER = ("promise", "needs", "gpu", "description")


def setup(app: Sphinx) -> None:
    """Count when a page is read, write the header when it is written, copy the notebooks at the end."""
    app.connect("doctree-read", count_minutes)
    app.connect("html-page-context", add_header, priority=550)
    app.connect("build-finished", copy_notebooks)


def front_matter(app: Sphinx, docname: str) -> dict[str, str]:
    """The `primer` entry of a page's front matter; empty if it has none."""
    entry = app.env.metadata.get(docname, {}).get("primer", {})
    return json.loads(entry) if isinstance(entry, str) else entry


def count_minutes(app: Sphinx, doctree: nodes.document) -> None:
    """Store the minutes to read: words of the text, lines of code that is not folded, displayed formulas."""
    words = lines = formulas = 0
    for node in doctree.findall():
        if isinstance(node, nodes.Text) and not inside(node, nodes.literal_block, nodes.raw, nodes.math_block):
            words += len(node.split())
        elif isinstance(node, nodes.literal_block) and not folded(node):
            lines += sum(bool(line.strip()) for line in node.astext().splitlines())
        elif isinstance(node, nodes.math_block):
            formulas += 1
    seconds = words / WORDS_A_MINUTE * 60 + lines * SECONDS_A_CODE_LINE + formulas * SECONDS_A_FORMULA
    app.env.metadata[app.env.docname]["minutes"] = max(1, round(seconds / 60))


def inside(node: nodes.Node, *kinds: type[nodes.Node]) -> bool:
    """Whether a node has an ancestor of one of these kinds."""
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def folded(node: nodes.Node) -> bool:
    """Whether a literal block belongs to a cell whose input is hidden, or is an output."""
    while node := node.parent:
        if isinstance(node, nodes.Element) and (node.get("hide_mode") or node.get("nb_element") == "cell_code_output"):
            return True
    return False


def add_header(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put the header after the first <h1> of a chapter or of a page of exercises."""
    chapter = chapter_of(pagename)
    if not chapter or "body" not in context:
        return
    entry = front_matter(app, pagename)
    missing = [key for key in FRONT_MATTER if not entry.get(key)]
    if missing:
        logger.warning("The front matter `primer` of %s lacks %s.", pagename, ", ".join(missing), location=pagename)
    context["chapter"] = chapter
    context["is_exercise"] = is_exercise(pagename)
    promise = f'<p class="promise">{escape(entry.get("promise", ""))}</p>'
    links = buttons(notebook_path(pagename), context["title"])
    html = f'<header class="opening">{promise}{facts(app, pagename, entry)}{links}</header>'
    context["body"] = context["body"].replace("</h1>", "</h1>\n" + html, 1)


def facts(app: Sphinx, docname: str, entry: dict[str, str]) -> str:
    """The list of what it takes: minutes to read, time to run, GPU, what to know before."""
    run = (getattr(app.env, "nb_metadata", {}).get(docname, {}).get("exec_data") or {}).get("runtime")
    rows = [("Read", f"{app.env.metadata[docname].get('minutes', 1)} min")]
    if run is not None:
        rows.append(("Run on a CPU", duration(run)))
    rows.append(("GPU", entry.get("gpu", "")))
    rows.append(("You need", entry.get("needs", "")))
    return '<dl class="facts">' + "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows if value
    ) + "</dl>"


def duration(seconds: float) -> str:
    """Seconds as a reader would say them: "8 s", "2 min"."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def notebook_path(docname: str) -> str:
    """Path of the generated notebook of a page, in the repository and on the site."""
    name = docname.rsplit("/", 1)[1]
    return f"notebooks/exercises/{name}.ipynb" if is_exercise(docname) else f"notebooks/{name}.ipynb"


def buttons(path: str, title: str) -> str:
    """Open in Colab, download the notebook, report an error."""
    page = title.replace('"', "")
    download = "../../" + path
    return (
        '<p class="buttons">'
        f'<a class="button primary" href="{escape(repository.colab_link(path))}">Open in Colab</a>'
        f'<a class="button" href="{download}" download>Download notebook</a>'
        f'<a class="button" href="{escape(repository.issue_link(path, page))}">Report an error</a></p>'
    )


def copy_notebooks(app: Sphinx, exception: Exception | None) -> None:
    """Copy the generated notebooks into the site, for the download buttons."""
    source = Path(app.srcdir) / "notebooks"
    if not exception and app.builder.name == "html" and source.is_dir():
        shutil.copytree(source, Path(app.outdir) / "notebooks", dirs_exist_ok=True)
