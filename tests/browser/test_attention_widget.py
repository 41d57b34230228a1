"""AttentionHeads in a real browser: typing, stepping, hiding, by mouse and by keyboard, in light and dark."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from playwright.sync_api import expect

from primer.models.attention import DATE_CHARACTERS
from primer.models.transformer import Config, Transformer
from primer.widgets.attention import AttentionHeads
from tests.widgets.harness import axe

LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    torch.manual_seed(2)
    model = Transformer(Config(DATE_CHARACTERS.V, D=16, A=4, M=24))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data *= 2  # so that heads look somewhere
    return partial(
        open_widget,
        lambda: AttentionHeads(model, DATE_CHARACTERS),
        "[data-primer-widget=attention] .attention-out button",
    )


def look(view) -> str:
    view.evaluate(FRAMES)
    return view.evaluate(LOOK)


def test_typing_reads_another_date(open_page):
    view = open_page()
    before = look(view)
    view.get_by_label("Date", exact=True).fill("21 May 2044")
    expect(view.locator(".primer-numbers")).to_contain_text("0 of 11", timeout=30_000)
    assert look(view) != before
    view.get_by_label("Date", exact=True).fill("!€")  # what the model has never seen is left out
    expect(view.locator(".primer-numbers")).to_contain_text("Type a date", timeout=30_000)
    view.get_by_role("combobox", name="Example").select_option("7.8.1915")
    expect(view.locator(".primer-numbers")).to_contain_text("0 of 8", timeout=30_000)
    assert view.errors == []


def test_hiding_and_showing(open_page):
    view = open_page()
    before = look(view)
    for count in (1, 2):
        view.get_by_role("button", name="Hide what is looked at most").click()
        expect(view.locator(".primer-numbers")).to_contain_text(f"{count} of 13", timeout=30_000)
    assert look(view) != before
    box = view.locator(".primer-widget canvas").bounding_box()
    view.get_by_role("button", name="Show all").click()
    view.mouse.click(box["x"] + 62 + 20, box["y"] + 20)  # the first character
    expect(view.locator(".primer-numbers")).to_contain_text("1 of 13", timeout=30_000)
    view.get_by_role("button", name="Show all").click()
    expect(view.locator(".primer-numbers")).to_contain_text("0 of 13", timeout=30_000)
    assert look(view) == before
    assert view.errors == []


def test_it_is_worked_by_keyboard(open_page):
    view = open_page(reduced_motion="reduce")
    view.locator(".attention-out button").first.focus()
    view.keyboard.press("ArrowRight")
    expect(view.locator(".attention-out button").nth(1)).to_be_focused(timeout=30_000)
    expect(view.locator(".primer-numbers")).to_contain_text("Character 2", timeout=30_000)
    view.locator(".primer-widget canvas").focus()
    view.keyboard.press("ArrowRight")
    view.keyboard.press("Space")
    expect(view.locator(".primer-numbers")).to_contain_text("1 of 13", timeout=30_000)
    expect(view.locator(".primer-status")).to_contain_text("hidden", ignore_case=True, timeout=30_000)
    assert view.errors == []


def test_play_writes_to_the_end_and_rests(open_page):
    view = open_page()
    last = view.locator(".attention-out button").count()
    view.get_by_role("button", name="Play").click()
    expect(view.locator(".primer-numbers")).to_contain_text(f"Character {last}", timeout=60_000)
    expect(view.get_by_role("button", name="Play")).to_be_visible(timeout=30_000)
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    assert view.errors == []
