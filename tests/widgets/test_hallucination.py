"""InventedCalls: what it hands to the page is what the model wrote, and the page counts as Python does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from primer.metrics import hallucination as hal
from primer.models.gpt import GPT, Characters, Config
from primer.widgets import hallucination as calls
from primer.widgets.hallucination import SAMPLES, START, TEMPERATURES, InventedCalls, share

SEEN = Counter({("os", "getcwd"): 5, ("os", "e"): 1, ("math", "pi"): 2})


@pytest.fixture(scope="module")
def model() -> GPT:
    """Untrained but for a taste: three letters and the dot that ends a name."""
    torch.manual_seed(0)
    encode = Characters()
    model = GPT(Config(V=len(encode), T=64, L=1, A=2, D=16))
    torch.nn.init.normal_(model.head, std=0.3)
    return model


@pytest.fixture(scope="module")
def widget(model) -> InventedCalls:
    contexts = [(("x = 1\n" + "y" * 60 + f" = {name}.")[-48:], name) for name in ("os", "math")]
    return InventedCalls(model, Characters(), contexts, SEEN)


def test_every_module_has_draws_at_every_temperature(widget):
    assert [entry["name"] for entry in widget.modules] == ["os", "math"]
    assert [entry["uses"] for entry in widget.modules] == [6, 2]
    for entry in widget.modules:
        assert entry["line"].endswith(f"{entry['name']}.") and "\n" not in entry["line"]
        assert [len(draws) for draws in entry["draws"]] == [SAMPLES] * len(TEMPERATURES)
        for name, kind, odds in (draw for draws in entry["draws"] for draw in draws):
            assert kind == hal.kind(entry["name"], name, SEEN)
            assert len(odds) == len(name) and all(0 <= p <= 1 for p in odds)


def test_odds_are_the_models_at_temperature_1(widget, model):
    encode = Characters()
    texts = [("x = 1\n" + "y" * 60 + f" = {name}.")[-48:] for name in ("os", "math")]
    made = hal.complete(model, encode, texts, SAMPLES, TEMPERATURES[0], seed=0)
    for (name, _, odds), want, row in zip(widget.modules[0]["draws"][0], made.names[0], made.each[0], strict=True):
        assert name == want
        assert odds == pytest.approx(np.exp(row[: len(name)]), abs=0.006)


def test_the_page_counts_as_python_does(widget, js):
    all_draws = [draws for entry in widget.modules for draws in entry["draws"]]
    found = js("hallucination", *[("share", draws) for draws in all_draws])
    assert found == pytest.approx([share(draws) for draws in all_draws])


def test_the_script_and_the_state_are_small(widget):
    assert Path(calls.__file__).with_suffix(".js").stat().st_size < 20_000
    assert len(str(widget.modules)) < 60_000


def test_a_widget_without_contexts_says_so(model):
    with pytest.raises(ValueError, match="at least one context"):
        InventedCalls(model, Characters(), [], SEEN)


def test_the_still_figure_shows_what_the_card_opens_with(widget):
    html = widget.fallback_html()
    assert html.startswith('<figure class="primer-fallback"') and "<svg" in html
    figure = widget.fallback()
    texts = [text.get_text() for text in figure.axes[0].texts]
    for text, (name, kind, _) in zip(texts, widget.modules[0]["draws"][START], strict=False):
        assert text.startswith(calls.MARKS[kind]) and text.endswith(name)
