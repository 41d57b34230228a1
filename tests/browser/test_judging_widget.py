"""SampleBreaker in a real browser: samples broken by mouse, touch and keyboard, and what the metrics say."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from primer.widgets.judging import REACH, SampleBreaker
from tests.widgets.harness import axe, page, serve, storm

LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
ROWS = """() => Object.fromEntries([...document.querySelectorAll('.judging-rows .row')]
    .map((row) => [row.children[0].textContent, [row.children[1].textContent, row.children[2].textContent]]))"""


@pytest.fixture
def open_page(browser):
    """``open_page(dark=…, **context)``: a page with the widget, its band known; console errors in ``view.errors``."""
    with ExitStack() as stack:

        def visit(dark: bool = False, **context) -> Page:
            address = stack.enter_context(serve(page([SampleBreaker()], dark=dark)))
            tab = stack.enter_context(browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **context}))
            view = tab.new_page()
            view.errors = []
            view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
            view.on("pageerror", lambda error: view.errors.append(str(error)))
            view.goto(address)
            view.wait_for_selector("[data-primer-widget=judging] canvas")
            expect(view.locator(".primer-numbers")).to_contain_text("of 5", timeout=30_000)
            return view

        yield visit


def look(view) -> str:
    """The picture as it is after the next frame."""
    view.evaluate(FRAMES)
    return view.evaluate(LOOK)


def spot(view, u: float, v: float) -> tuple[float, float]:
    """Where a place of the plane lies on the screen."""
    box = view.locator(".primer-widget canvas").bounding_box()
    return box["x"] + box["width"] * (u / REACH + 1) / 2, box["y"] + box["height"] * (1 - v / REACH) / 2


def noticing(view) -> set[str]:
    """The metrics that notice."""
    return {name for name, (_, word) in view.evaluate(ROWS).items() if word != "quiet"}


def break_by(view, kind: str, strength: float) -> None:
    """Choose a break and its strength."""
    view.get_by_role("combobox", name="Break by").select_option(kind)
    view.get_by_role("slider", name="Strength").fill(str(strength))


def test_samples_are_pulled_away_by_mouse(open_page):
    view = open_page()
    first, before = look(view), view.evaluate(ROWS)
    assert noticing(view) == set()
    view.mouse.move(*spot(view, 2, 0))
    view.mouse.down()
    view.mouse.move(*spot(view, 1, 1), steps=8)
    view.mouse.up()
    assert look(view) != first
    assert {"Precision", "Distance to training"} <= {
        name for name, row in view.evaluate(ROWS).items() if row != before[name]
    }
    view.get_by_role("button", name="Reset").click()
    assert look(view) == first and view.evaluate(ROWS) == before
    assert view.errors == []


def test_each_break_is_noticed_by_other_metrics(open_page):
    view = open_page()
    for kind, want in (
        ("copy", {"Distance to training"}),
        ("labels", {"Right mode"}),
        ("modes", {"Fréchet distance", "Recall"}),
        ("shaken", set()),
        ("none", set()),
    ):
        break_by(view, kind, 1)
        assert noticing(view) == want, kind
        expect(view.locator(".primer-numbers")).to_contain_text(f"{len(want)} of 5")
    break_by(view, "noise", 1)
    assert "Fréchet distance" not in noticing(view) and len(noticing(view)) >= 3
    break_by(view, "noise", 0)
    assert noticing(view) == set()
    before = look(view)
    view.get_by_role("button", name="New samples").click()
    assert look(view) != before
    assert view.errors == []


def test_nothing_moves_by_itself(open_page):
    for motion in ("no-preference", "reduce"):
        view = open_page(reduced_motion=motion)
        still = look(view), view.evaluate(ROWS)
        view.wait_for_timeout(300)
        assert (look(view), view.evaluate(ROWS)) == still


def test_by_touch(open_page):
    view = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 760})
    view.get_by_role("button", name="New samples").tap()
    before = look(view)
    canvas = view.locator("canvas")
    assert canvas.evaluate("(one) => getComputedStyle(one).touchAction") == "none"
    canvas.scroll_into_view_if_needed()
    finger = view.context.new_cdp_session(view)
    for k in range(6):
        x, y = spot(view, 2 - 0.2 * k, 0.2 * k)
        kind = "touchMove" if k else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert look(view) != before
    assert view.errors == []


def test_by_keyboard_alone(open_page):
    view = open_page()
    view.evaluate("() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }")
    before, rows = look(view), view.evaluate(ROWS)
    view.keyboard.press("Tab")
    expect(view.locator("canvas")).to_be_focused()
    view.keyboard.press("Shift+ArrowRight")
    assert look(view) != before and view.evaluate(ROWS) == rows  # the ring alone: there was nothing in it
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowUp", "ArrowUp", "ArrowLeft"):
        view.keyboard.press(key)
    assert view.evaluate(ROWS) != rows and view.evaluate("() => scrollY") == 0
    view.keyboard.press("Tab")
    expect(view.get_by_role("combobox")).to_be_focused()
    for _ in range(3):
        view.keyboard.press("Tab")
    expect(view.get_by_role("slider")).to_be_focused()
    break_by(view, "noise", 0.5)
    rows = view.evaluate(ROWS)
    view.get_by_role("slider").press("ArrowRight")
    assert view.evaluate(ROWS) != rows
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_many_moves_are_drawn_once_a_frame(open_page):
    view = open_page()
    break_by(view, "noise", 0.5)
    for element, kind in [(view.locator("canvas"), "move"), (view.get_by_role("slider"), "input")]:
        before = look(view), view.evaluate(ROWS)
        at_once, *later = storm(view, element, kind)
        assert at_once == 0 and max(later) == 1 == sum(later)
        assert look(view) != before[0] and view.evaluate(ROWS) != before[1]
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, dark):
    view = open_page(dark)
    assert axe(view) == []
    break_by(view, "noise", 1)
    view.mouse.move(0, 0)
    assert axe(view) == []
    assert view.errors == []


def test_a_phone_shows_it_all(open_page):
    view = open_page(viewport={"width": 360, "height": 760})
    small = """() => [...document.querySelectorAll(
        ".primer-widget button, .primer-widget select, .primer-widget input")]
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))"""
    for kind in ("none", "noise", "copy"):
        break_by(view, kind, 1)
        assert view.evaluate("() => document.documentElement.scrollWidth") == 360
        assert view.evaluate(small) == []
        assert view.evaluate("() => document.querySelector('.primer-slot').getBoundingClientRect().height") == 940
