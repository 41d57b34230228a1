"""SmallWorld in a real browser: by mouse, by keyboard, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import expect

from primer.widgets.invention import START, SmallWorld, measure, mention
from tests.widgets.harness import axe

LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    return partial(open_widget, SmallWorld, "[data-primer-widget=invention] canvas", height=1000)


def numbers(view):
    return view.locator(".primer-numbers")


def look(view) -> str:
    view.evaluate(FRAMES)
    return view.evaluate(LOOK)


def test_it_opens_with_the_numbers_of_numpy(open_page):
    view = open_page()
    n, share, values, seed = START
    want = measure(mention(n, share, seed), share, values, 0.25)
    for key in ("M", "mis", "rate"):
        expect(numbers(view)).to_contain_text(f"{want[key]:.3f}", timeout=30_000)
    assert view.locator(".invention-said li").count() == 6
    assert view.errors == []


def test_a_drag_makes_a_memoriser_of_it(open_page):
    view = open_page()
    before = look(view)
    box = view.locator(".primer-widget canvas").bounding_box()
    view.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    view.mouse.down()
    view.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2, steps=5)
    view.mouse.up()
    expect(numbers(view)).to_contain_text("invented 0.000", timeout=30_000)
    expect(view.locator(".invention-said .false")).to_have_count(0)
    expect(view.locator(".invention-said .fact")).to_have_count(6)
    assert look(view) != before
    assert view.errors == []


def test_it_is_worked_by_keyboard(open_page):
    view = open_page()
    slider = view.get_by_role("slider", name="Never mentioned")
    slider.focus()
    view.keyboard.press("End")
    expect(numbers(view)).to_contain_text("invented 0.998", timeout=30_000)
    expect(view.locator(".invention-said .false")).to_have_count(6)
    before = view.locator(".invention-said").inner_text()
    view.get_by_role("button", name="Speak again").press("Enter")
    assert view.locator(".invention-said").inner_text() != before
    view.get_by_role("button", name="Good-Turing").press("Enter")
    expect(slider).to_have_attribute("aria-valuetext", "0.43")
    view.get_by_text("2", exact=True).click()
    expect(numbers(view)).to_contain_text("invented 0.2", timeout=30_000)
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    assert view.errors == []
