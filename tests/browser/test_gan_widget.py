"""TwoPlayers in a real browser: a game that trains in the page, by mouse, touch and keyboard."""

from __future__ import annotations

from functools import partial

import pytest
from playwright.sync_api import expect

from primer.widgets.gan import REACH, TwoPlayers
from tests.widgets.harness import axe, storm, until

FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
PAIRS = "(line) => [...line.children].map((one) => [one.firstChild.textContent, one.lastChild.textContent])"


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    return partial(open_widget, TwoPlayers, "[data-primer-widget=gan] canvas")


def picture(view) -> str:
    """The canvas as it is after the next frame."""
    view.evaluate(FRAMES)
    return view.locator(".primer-widget canvas").evaluate("(canvas) => canvas.toDataURL()")


def numbers(view) -> dict[str, str]:
    """The line of numbers."""
    return dict(view.evaluate(PAIRS, view.locator(".primer-numbers").element_handle()))


def pick(view, *texts: str) -> None:
    """Press these buttons or options, by their exact text."""
    for text in texts:
        view.locator(".primer-widget").get_by_text(text, exact=True).click()


def spot(view, x: float, y: float) -> tuple[float, float]:
    """Where a place of the plane lies on the screen."""
    box = view.locator(".primer-widget canvas").bounding_box()
    return box["x"] + box["width"] * (x / REACH + 1) / 2, box["y"] + box["height"] * (1 - y / REACH) / 2


def cure(view) -> None:
    """Pairs, and a penalty of 0.05."""
    pick(view, "pairs")
    view.get_by_role("slider", name="Penalty γ").fill("3")


def test_the_cure_finds_all_eight_bumps(open_page):
    view = open_page()
    cure(view)
    before = picture(view)
    pick(view, "Play")
    view.wait_for_function(
        "() => { const [, now, , good] = [...document.querySelectorAll('.primer-numbers b')].map((b) => b.textContent);"
        "return now === '8 of 8' && parseInt(good) > 50; }",
        timeout=120_000,
    )
    pick(view, "Pause")
    found = numbers(view)
    assert int(found["Steps"]) < 1500
    assert picture(view) != before
    still = numbers(view)
    view.wait_for_timeout(200)
    assert numbers(view) == still
    pick(view, "New start")
    assert numbers(view)["Steps"] == "0" and numbers(view)["most so far"] != "8"
    assert view.errors == []


def test_nothing_moves_before_play_and_a_step_is_one_step(open_page):
    for motion in ("no-preference", "reduce"):
        view = open_page(reduced_motion=motion)
        still = picture(view)
        view.wait_for_timeout(300)
        assert picture(view) == still and numbers(view)["Steps"] == "0"
    pick(view, "Step", "Step")
    assert numbers(view)["Steps"] == "2" and picture(view) != still
    assert view.errors == []


def test_a_bump_is_dragged_by_mouse(open_page):
    view = open_page()
    before = picture(view)
    view.mouse.move(*spot(view, 2, 0))
    view.mouse.down()
    view.mouse.move(*spot(view, 1, 0.5), steps=4)
    view.mouse.up()
    moved = picture(view)
    assert moved != before
    view.mouse.move(*spot(view, 0, 0))  # no bump is near
    view.mouse.down()
    view.mouse.move(*spot(view, 0.5, -0.5), steps=4)
    view.mouse.up()
    assert picture(view) == moved
    pick(view, "New start")
    view.mouse.move(0, 0)
    assert picture(view) != moved
    assert view.errors == []


def test_a_bump_is_dragged_by_touch(open_page):
    view = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 760})
    view.locator("canvas").scroll_into_view_if_needed()
    before = picture(view)
    finger = view.context.new_cdp_session(view)
    for k in range(6):
        x, y = spot(view, 2 - 0.2 * k, 0)
        kind = "touchMove" if k else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(view, lambda: picture(view) != before)
    assert view.errors == []


def test_by_keyboard_alone(open_page):
    view = open_page()
    view.evaluate("() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }")
    view.keyboard.press("Tab")
    expect(view.locator("canvas")).to_be_focused()
    before = picture(view)
    view.keyboard.press("3")
    third = picture(view)
    assert third != before
    view.keyboard.press("ArrowUp")
    assert picture(view) != third and view.evaluate("() => scrollY") == 0
    view.keyboard.press("Tab")
    view.keyboard.press("Tab")
    view.keyboard.press("Enter")
    assert numbers(view)["Steps"] == "1"
    view.get_by_role("radio", name="minimax").focus()
    view.keyboard.press("ArrowRight")
    expect(view.get_by_role("radio", name="non-saturating")).to_be_checked()
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_many_moves_are_drawn_once_a_frame(open_page):
    view = open_page()
    at_once, *later = storm(view, view.locator("canvas"), "move")
    assert at_once == 0 and max(later, default=0) <= 1
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, dark):
    view = open_page(dark)
    assert axe(view) == []
    cure(view)
    pick(view, "Step")
    view.mouse.move(0, 0)
    assert axe(view) == []
    assert view.errors == []


def test_a_phone_shows_it_all(open_page):
    view = open_page(viewport={"width": 360, "height": 760})
    assert view.evaluate("() => document.documentElement.scrollWidth") == 360
    small = """() => [...document.querySelectorAll(
        ".primer-widget button, .primer-widget input[type=range], .primer-choice label")]
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert view.evaluate(small) == []
    assert view.locator("canvas").bounding_box()["width"] > 290
