"""What all widgets share: packing, themed SVG, sizes, laziness and the fallback in the output."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from primer import widgets
from primer.widgets import base

FOLDER = Path(base.__file__).parent
TOPICS = ("bayes", "quiz", "discriminative", "landing")


class Still(base.PrimerWidget):
    """A widget with nothing but a figure."""

    topic = "quiz"
    alt = 'Two "lines"'

    def fallback(self):
        import matplotlib.pyplot as plt

        from primer import plots

        fig, ax = plt.subplots(figsize=(3, 2))
        ax.plot([0, 1], [0, 1], color=plots.REAL, clip_on=True)
        ax.scatter([0, 1], [1, 0], color=plots.MODEL)
        ax.set_xlabel("time (s)")
        return fig


def test_packing_is_little_endian_and_takes_torch():
    values = torch.tensor([[1.5, -2.0]])
    assert base.pack(values, "f4", (1, 2), "x") == np.array([1.5, -2.0], "<f4").tobytes()
    assert base.pack([1, 255], "u1", (None,), "x") == b"\x01\xff"
    assert base.pack([1.5, -2], "f2", (2,), "x") == np.array([1.5, -2], "<f2").tobytes()


@pytest.mark.parametrize(
    ("values", "shape", "message"),
    [
        ([1.0, 2.0], (3,), r"x must have the shape 3, but it has 2\."),
        ([[1.0]], (None,), r"x must have the shape any, but it has 1 × 1\."),
        ([np.nan], (1,), r"x must be finite"),
    ],
)
def test_packing_refuses_in_one_sentence(values, shape, message):
    with pytest.raises(ValueError, match=message):
        base.pack(values, "f4", shape, "x")
    with pytest.raises(ValueError, match=r"x holds numbers beyond 65504"):
        base.pack([1e6], "f2", (1,), "x")


def test_svg_follows_the_mode_and_can_share_a_page():
    svg = base.to_svg(Still().fallback(), "a1")
    assert "var(--p-real, #2b6cb0)" in svg and "var(--p-model, #c2410c)" in svg
    assert not re.search(r"(?<!, )#(2b6cb0|c2410c)", svg)
    assert "<style" not in svg and "<metadata" not in svg and "<?xml" not in svg
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert ids and all(name.startswith("a1-") for name in ids) and len(set(ids)) == len(ids)
    used = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
    assert used and all((a or b) in ids for a, b in used)


def test_the_same_figure_gives_the_same_svg():
    assert base.to_svg(Still().fallback(), "a") == base.to_svg(Still().fallback(), "a")


def test_svg_without_viewbox_is_refused():
    with pytest.raises(ValueError, match="viewBox"):
        base.themed_svg("<svg></svg>", "a")


def test_fallback_joins_the_output_only_while_the_book_is_built(monkeypatch):
    monkeypatch.delenv("PRIMER_BOOK", raising=False)
    widget = Still()
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data and "text/html" not in data
    monkeypatch.setenv("PRIMER_BOOK", "1")
    data, _ = widget._repr_mimebundle_()
    assert 'class="primer-fallback"' in data["text/html"]
    assert 'aria-label="Two &quot;lines&quot;"' in data["text/html"]
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id


def test_script_and_style_are_read_once_for_all():
    assert Still()._esm == base.script("quiz") == widgets.Quiz([("?", [("a", True, "b"), ("c", False, "d")])])._esm
    assert base.script("bayes") is base.script("bayes")


def test_an_unknown_widget_is_named():
    with pytest.raises(AttributeError, match="PixelReveal, Quiz"):
        widgets.Slot  # noqa: B018


def test_importing_widgets_loads_neither_torch_nor_matplotlib():
    code = "import sys, primer.widgets as w; w.PixelReveal, w.Quiz; print({'torch', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["shared", *TOPICS])
def test_each_script_stays_small_and_imports_nothing(name):
    text = (FOLDER / f"{name}.js").read_text("utf-8")
    assert len(text.encode()) < 20 * 1024
    assert not re.search(r"^\s*import\b|\bimport\(|https?://", text, re.M)
    assert "</script" not in text


def test_the_host_stays_small():
    host = Path(__file__).parents[2] / "book" / "ext" / "host.js"
    assert len(host.read_bytes()) < 3 * 1024


def test_the_shared_arithmetic_equals_torch(js):
    gen = torch.Generator().manual_seed(0)
    a, b = torch.randn(5, 7, generator=gen), torch.randn(7, 3, generator=gen)
    logits = torch.randn(10, generator=gen) * 20
    product, chances, total = js(
        "shared", ("matmul", a.flatten(), b.flatten(), 5, 7, 3), ("softmax", logits), ("logSumExp", logits)
    )
    torch.testing.assert_close(torch.tensor(product).view(5, 3), a @ b, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(torch.tensor(chances), logits.softmax(0), rtol=1e-4, atol=0)
    assert total == pytest.approx(logits.logsumexp(0).item(), rel=1e-5)
