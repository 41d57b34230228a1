"""Widgets on the static page: their state, the host that brings them to life, and the still figure beside each.

MyST-NB would load require.js and ipywidgets' own manager from third parties. Here a page with widgets gets its state
without what the host does not read, one module (`host.js`) and one style sheet. The fallback travels as `text/html` in
the bundle of a widget's output (see `PrimerWidget`): it is put beside the view, where MyST-NB would drop it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from docutils import nodes
from myst_nb.core.render import WIDGET_STATE_MIMETYPE, WIDGET_VIEW_MIMETYPE
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from primer.widgets import base

HOST = Path(__file__).with_name("host.js")
STYLE = Path(base.__file__).with_name("widget.css")


def setup(app: Sphinx) -> None:
    """Connect the files, the transform and the state."""
    app.primer_static = [*getattr(app, "primer_static", ()), "widgets"]  # type: ignore[attr-defined]
    app.connect("config-inited", gather)
    app.add_post_transform(FallbackBesideView)
    app.connect("html-page-context", embed, priority=900)  # after MyST-NB


def gather(app: Sphinx, config: Any) -> None:
    """Write host and style to a folder that Sphinx copies into `_static`, and keep MyST-NB's own scripts away."""
    config.nb_ipywidgets_js = {}
    folder = Path(app.outdir).parent / "widget-files"
    (folder / "widgets").mkdir(parents=True, exist_ok=True)
    for source in (HOST, STYLE):
        target = folder / "widgets" / source.name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.write_bytes(source.read_bytes())
    config.html_static_path.append(str(folder))


def version(path: Path) -> str:
    """A short name of a file's content, so that browsers ask for it again when it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def script(mime: str, content: Any) -> str:
    """JSON in a script element; `<` is escaped because a text in it may hold the end of a script."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", r"\u003c")
    return f'<script type="{mime}">{text}</script>'


def slot(view: str, fallback: str) -> str:
    """A widget's place in the page: the script element of its view, and its fallback."""
    return f'<div class="primer-slot">{view}{fallback}</div>'


def slim(state: dict[str, Any]) -> dict[str, Any]:
    """The saved state with the anywidgets alone (no layouts, no progress bars), less the style that the page links."""
    widgets = {}
    for model, entry in state["state"].items():
        if "_esm" in entry["state"]:
            kept = {name: value for name, value in entry["state"].items() if name == "_esm" or name[0] != "_"}
            widgets[model] = {**entry, "state": kept}
    return {**state, "state": widgets}


class FallbackBesideView(SphinxPostTransform):
    """Joins a widget's view and its fallback before MyST-NB chooses one of them."""

    default_priority = 3  # SelectMimeType has 4
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            parts = {part.get("mime_type"): part for part in bundle.children if isinstance(part, nodes.container)}
            view, fallback = parts.get(WIDGET_VIEW_MIMETYPE), parts.get("text/html")
            if view is None or fallback is None or 'class="primer-fallback' not in fallback.astext():
                continue
            view.children = [nodes.raw("", slot(view.astext(), fallback.astext()), format="html")]


def embed(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Put style, host and state into the body of a page that has widgets, and take MyST-NB's whole state away."""
    if doctree is None or app.builder.format != "html":
        return
    files = NbMetadataCollector.get_js_files(app.env, pagename)  # type: ignore[arg-type]
    if "ipywidgets_state" not in files:
        return
    scripts = context["script_files"]
    context["script_files"] = [one for one in scripts if one.attributes.get("type") != WIDGET_STATE_MIMETYPE]
    state = slim(json.loads(files["ipywidgets_state"][1]["body"]))
    if not state["state"]:
        return

    def address(path: Path) -> str:
        return f"{context['pathto'](f'_static/widgets/{path.name}', 1)}?v={version(path)}"

    context["body"] = (
        f'<link rel="stylesheet" href="{address(STYLE)}">'
        f'<script type="module" src="{address(HOST)}"></script>'
        f"{context['body']}{script(WIDGET_STATE_MIMETYPE, state)}"
    )
