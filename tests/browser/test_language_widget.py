"""GPTWriter in a real browser: it writes fast enough, by mouse and keyboard, in light and dark, wide and narrow."""

from __future__ import annotations

import re
from functools import partial

import pytest
from playwright.sync_api import expect

from primer.widgets.language import GPTWriter, stored
from tests.widgets.harness import axe, until

PATIENCE = 30_000


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the stored model; its console errors are in ``view.errors``."""
    model, about = stored()
    return partial(
        open_widget,
        lambda: GPTWriter(model, about["alphabet"]),
        "[data-primer-widget=language] canvas", height=1100,
    )


def look(view) -> str:
    view.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return view.evaluate("() => document.querySelector('.primer-widget canvas').toDataURL()")


def test_typing_changes_the_odds(open_page):
    view = open_page()
    before, numbers = look(view), view.locator(".primer-numbers")
    text = view.get_by_role("textbox")
    text.fill("import o")
    assert look(view) != before
    sure = numbers.inner_text()
    text.fill("")
    expect(numbers).to_contain_text("–", timeout=PATIENCE)  # no text, no cost
    text.fill("import os")
    expect(numbers).not_to_have_text(sure, timeout=PATIENCE)
    assert view.errors == []


def test_it_writes_and_pauses(open_page):
    view = open_page(reduced_motion="reduce")
    text = view.get_by_role("textbox")
    begun = len(text.input_value())
    view.wait_for_timeout(300)
    assert len(text.input_value()) == begun  # nothing starts by itself
    view.get_by_role("button", name="Let it write").press("Enter")
    until(view, lambda: len(text.input_value()) > begun + 150)  # more than two windows
    expect(view.locator(".primer-numbers")).to_contain_text("characters a second", timeout=PATIENCE)
    view.get_by_role("button", name="Pause").click()
    paused = text.input_value()
    view.wait_for_timeout(200)
    assert text.input_value() == paused
    view.get_by_role("button", name="One character").click()
    assert len(text.input_value()) == len(paused) + 1
    view.get_by_role("button", name="Reset").click()
    assert len(text.input_value()) == begun
    assert view.errors == []


def test_the_same_letters_each_time(open_page):
    view = open_page()
    text, written = view.get_by_role("textbox"), []
    for _ in range(2):
        view.get_by_role("button", name="Reset").click()
        for _ in range(5):
            view.get_by_role("button", name="One character").click()
        written.append(text.input_value())
    assert written[0] == written[1]


def test_temperature_heads_and_places_by_keyboard(open_page):
    view = open_page()
    numbers = view.locator(".primer-numbers")

    def doubt() -> float:
        return float(re.search(r"Doubt ([\d.]+) bits", numbers.inner_text().replace("\n", " "))[1])

    before, warm = look(view), doubt()
    slider = view.get_by_role("slider", name="Temperature")
    slider.focus()
    view.keyboard.press("Home")
    until(view, lambda: doubt() == 0)
    view.keyboard.press("End")
    until(view, lambda: doubt() > warm)
    assert look(view) != before
    before = look(view)
    view.get_by_role("combobox", name="Head").select_option(index=3)
    after = look(view)
    assert after != before
    view.get_by_role("slider", name="Looks from").focus()
    view.keyboard.press("Home")
    assert look(view) != after
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 1100})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    assert view.errors == []
