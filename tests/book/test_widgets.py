"""The extension of the widgets, in a small book of its own that MyST-NB executes."""

from __future__ import annotations

import json
import re

import pytest
from sphinx.application import Sphinx

from book.ext import widgets

CONF = """
extensions = ["myst_nb", "book.ext.widgets"]
html_theme = "basic"
nb_execution_mode = "force"
nb_execution_raise_on_error = True
"""

PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# Widgets

```{code-cell} ipython3
from ipywidgets import IntSlider
from primer.widgets import Quiz

Quiz([("</script> is text", [("yes", True, "It is."), ("no", False, "It is.")])])
```

```{code-cell} ipython3
IntSlider()
```
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The HTML of a page with a widget and of one without, and the output folder."""
    source = tmp_path_factory.mktemp("book")
    (source / "conf.py").write_text(CONF)
    (source / "index.md").write_text(PAGE)
    (source / "plain.md").write_text("---\norphan: true\n---\n# Plain\n")
    out = source / "_build" / "html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRIMER_BOOK", "1")
        folders = (str(source), str(source), str(out), str(source / "_build" / "doctrees"))
        app = Sphinx(*folders, "html", status=None, warningiserror=True)
        app.build()
    return (out / "index.html").read_text("utf-8"), (out / "plain.html").read_text("utf-8"), out


def test_view_and_fallback_stand_in_one_slot(built):
    html, _, _ = built
    slot = re.search(r'<div class="primer-slot"><script type="([^"]+)">(\{.*?\})</script><figure class="([^"]+)"', html)
    assert slot and slot[1] == widgets.WIDGET_VIEW_MIMETYPE and "primer-fallback" in slot[3]
    state = re.search(rf'<script type="{re.escape(widgets.WIDGET_STATE_MIMETYPE)}">(.*?)</script>', html, re.S)
    saved = json.loads(state[1])["state"]
    # the slider and its layout are left out: the host could not show them
    assert list(saved) == [json.loads(slot[2])["model_id"]]
    kept = saved[json.loads(slot[2])["model_id"]]["state"]
    assert set(kept) >= {"_esm", "questions"} and "_css" not in kept
    assert kept["questions"][0]["question"] == "</script> is text"


def test_the_page_loads_host_and_style_from_its_own_folder_and_nothing_else(built):
    html, _, out = built
    sources = re.findall(r'<script[^>]*\bsrc="([^"]+)"', html)
    ours = [source for source in sources if "widgets/" in source]
    assert ours == [f"_static/widgets/host.js?v={widgets.version(widgets.HOST)}"]
    assert not [source for source in sources if source.startswith(("http", "//"))]
    assert (out / "_static" / "widgets" / "host.js").read_bytes() == widgets.HOST.read_bytes()
    assert (out / "_static" / "widgets" / "widget.css").read_bytes() == widgets.STYLE.read_bytes()
    assert f'href="_static/widgets/widget.css?v={widgets.version(widgets.STYLE)}"' in html


def test_a_page_without_widgets_gets_nothing(built):
    _, plain, _ = built
    assert "host.js" not in plain and "widget.css" not in plain


def test_the_state_survives_markup_in_its_texts():
    script = widgets.script("x/y", {"a": "</script><!--"})
    assert script.count("<") == 2
    assert json.loads(script[script.index(">") + 1 : script.rindex("<")]) == {"a": "</script><!--"}
