"""NetworkTrains in a real browser: descent on a surface and a network that trains, by mouse, touch and keyboard."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from primer.widgets.network import NetworkTrains
from tests.widgets.harness import axe, page, serve, storm, until

REACH = (6, 4)
LOOK = "() => [...document.querySelectorAll('.primer-widget canvas')].map((canvas) => canvas.toDataURL())"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
PAIRS = "(line) => [...line.children].map((one) => [one.firstChild.textContent, one.lastChild.textContent])"


@pytest.fixture
def open_page(browser):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    with ExitStack() as stack:

        def visit(dark: bool = False, **context) -> Page:
            address = stack.enter_context(serve(page([NetworkTrains()], dark=dark)))
            tab = stack.enter_context(browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **context}))
            view = tab.new_page()
            view.errors = []
            view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
            view.on("pageerror", lambda error: view.errors.append(str(error)))
            view.goto(address)
            view.wait_for_selector("[data-primer-widget=network] canvas")
            return view

        yield visit


def pictures(view) -> tuple[str, str]:
    """The map and the chart as they are after the next frame."""
    view.evaluate(FRAMES)
    left, right = view.evaluate(LOOK)
    return left, right


def spot(view, x: float, y: float) -> tuple[float, float]:
    """Where a place of the surface lies on the screen."""
    box = view.locator(".primer-widget canvas").first.bounding_box()
    return box["x"] + box["width"] * (x / REACH[0] + 1) / 2, box["y"] + box["height"] * (1 - y / REACH[1]) / 2


def numbers(view) -> dict[str, str]:
    """The line of numbers."""
    return dict(view.evaluate(PAIRS, view.locator(".primer-numbers").element_handle()))


def pick(view, *texts: str) -> None:
    """Press these buttons or options, by their exact text."""
    for text in texts:
        view.locator(".primer-widget").get_by_text(text, exact=True).click()


def pull(view, label: str, value: float) -> None:
    """Set a slider that can be seen, by its exact label."""
    view.get_by_role("slider", name=label, exact=True).fill(str(value))


def wait_for_steps(view, more: int) -> None:
    """Wait until the line of numbers counts more steps than that."""
    view.wait_for_function(f"() => Number(document.querySelector('.primer-numbers b').textContent) > {more}")


def test_the_start_is_dragged_by_mouse(open_page):
    view = open_page()
    first, before = pictures(view), numbers(view)
    assert before["Steps"] == "30" and before["Limit 2 (1 + β) / L"] == "0.2"
    view.mouse.move(*spot(view, -5, 2.2))
    view.mouse.down()
    view.mouse.move(*spot(view, 5.5, -3), steps=6)
    view.mouse.up()
    assert numbers(view)["Loss"] != before["Loss"]
    assert all(now != old for now, old in zip(pictures(view), first, strict=True))
    pick(view, "Reset")
    assert numbers(view)["Steps"] == "0" and float(numbers(view)["Loss"]) == pytest.approx(36.7)
    pick(view, "Step", "Step")
    assert numbers(view)["Steps"] == "2"
    assert view.errors == []


def test_above_the_limit_the_path_flies_off_and_momentum_moves_the_limit(open_page):
    view = open_page()
    pull(view, "Learning rate η", 0.195)
    assert float(numbers(view)["Loss"]) < 5
    pull(view, "Learning rate η", 0.205)
    at_30 = float(numbers(view)["Loss"])
    assert at_30 > 37  # more than at the start
    pull(view, "Learning rate η", 0.36)
    assert numbers(view)["Loss"] == "flown off"
    pull(view, "Momentum β", 0.9)
    assert numbers(view)["Limit 2 (1 + β) / L"] == "0.38"
    assert numbers(view)["Loss"] != "flown off"
    before = pictures(view)
    pick(view, "two dips")
    assert pictures(view)[0] != before[0]
    assert view.errors == []


def test_nothing_moves_before_play_and_play_walks_the_path(open_page):
    for motion in ("no-preference", "reduce"):
        view = open_page(reduced_motion=motion)
        still = pictures(view)
        view.wait_for_timeout(300)
        assert pictures(view) == still
        pick(view, "a small network")
        still = pictures(view)
        view.wait_for_timeout(300)
        assert pictures(view) == still and numbers(view)["Steps"] == "0"
    pick(view, "a surface", "Play")
    assert int(numbers(view)["Steps"]) < 20  # from the start, not from the look ahead
    wait_for_steps(view, 4)
    pick(view, "Pause")
    stopped = numbers(view)
    view.wait_for_timeout(300)
    assert numbers(view) == stopped
    assert view.errors == []


def test_the_network_trains_and_starts_again(open_page):
    view = open_page()
    pick(view, "a small network")
    before, first = numbers(view), pictures(view)
    pick(view, "Step")
    assert numbers(view)["Steps"] == "1"
    pick(view, "Play")
    wait_for_steps(view, 200)
    pick(view, "Pause")
    after = numbers(view)
    assert float(after["Training loss"]) < 0.5 * float(before["Training loss"])
    assert int(after["Held out and right"].split()[0]) > 85
    assert all(now != old for now, old in zip(pictures(view), first, strict=True))
    pick(view, "Adam", "Step")
    assert float(numbers(view)["Training loss"]) < 2 * float(after["Training loss"])  # no jump from stale memories
    pick(view, "Reset")
    assert numbers(view) == before
    pick(view, "New weights")
    assert numbers(view) != before and numbers(view)["Steps"] == "0"
    for label, value in (("Hidden units", 20), ("Training points", 30), ("Noise", 0.5)):
        now = pictures(view)
        pull(view, label, value)
        assert pictures(view) != now
    for name in ("rings", "spiral", "moons"):
        now = pictures(view)
        view.get_by_role("combobox").select_option(name)
        assert pictures(view) != now
    assert view.errors == []


def test_by_touch(open_page):
    view = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 760})
    touch = "(one) => getComputedStyle(one).touchAction"
    view.get_by_text("a small network").tap()
    expect(view.get_by_role("radio", name="a small network")).to_be_checked()
    view.get_by_role("button", name="Play").tap()
    wait_for_steps(view, 8)
    view.get_by_role("button", name="Pause").tap()
    # a finger on the network's picture scrolls the page, for there is nothing to drag
    assert view.locator("canvas").first.evaluate(touch) == "auto"
    view.get_by_text("a surface").tap()
    expect(view.get_by_role("radio", name="a surface")).to_be_checked()
    assert view.locator("canvas").first.evaluate(touch) == "none"
    before = numbers(view)
    view.locator("canvas").first.scroll_into_view_if_needed()
    finger = view.context.new_cdp_session(view)
    for k in range(8):
        x, y = spot(view, -5 + k, 2.2 - 0.5 * k)
        kind = "touchMove" if k else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(view, lambda: numbers(view)["Loss"] != before["Loss"])
    assert view.errors == []


def test_by_keyboard_alone(open_page):
    view = open_page()
    view.evaluate("() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }")
    before = numbers(view)
    view.keyboard.press("Tab")
    expect(view.locator("canvas").first).to_be_focused()
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        view.keyboard.press(key)
    assert numbers(view)["Loss"] != before["Loss"] and view.evaluate("() => scrollY") == 0
    for _ in range(6):  # view, Play, Step, Reset, surface, learning rate
        view.keyboard.press("Tab")
    expect(view.get_by_role("slider", name="Learning rate η")).to_be_focused()
    now = numbers(view)
    view.keyboard.press("ArrowRight")
    assert numbers(view)["Loss"] != now["Loss"]
    view.get_by_role("radio", name="a surface").focus()
    view.keyboard.press("ArrowRight")
    expect(view.get_by_role("radio", name="a small network")).to_be_checked()
    view.keyboard.press("Tab")
    view.keyboard.press("Enter")
    wait_for_steps(view, 8)
    expect(view.get_by_role("button", name="Pause")).to_be_focused()
    view.keyboard.press("Space")
    expect(view.get_by_role("button", name="Play")).to_be_focused()
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_many_moves_are_drawn_once_a_frame(open_page):
    view = open_page()
    for element, kind in [
        (view.locator("canvas").first, "move"),
        (view.get_by_role("slider", name="Learning rate η"), "input"),
    ]:
        before = numbers(view)
        at_once, *later = storm(view, element, kind)
        assert at_once == 0 and max(later) == 1 == sum(later)
        assert numbers(view) != before
    pick(view, "a small network")
    at_once, *later = storm(view, view.get_by_role("slider", name="Hidden units"), "input")
    assert at_once == 0 and max(later) == 1 == sum(later)
    assert view.errors == []


def test_a_frame_takes_four_steps_however_long_it_was(open_page):
    view = open_page()
    pick(view, "a small network")
    pull(view, "Hidden units", 32)
    steps = """async () => { const seen = [];
        const now = () => Number(document.querySelector(".primer-numbers b").textContent);
        const frame = () => new Promise(requestAnimationFrame);
        [...document.querySelectorAll(".primer-button")].find((one) => one.textContent === "Play").click();
        for (let k = 0; k < 12; k++) {
          await frame();
          seen.push(now());
          if (k === 5) { const until = performance.now() + 300; while (performance.now() < until); }
        }
        return seen; }"""
    seen = view.evaluate(steps)
    assert {after - before for before, after in pairwise(seen)} == {4}
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, dark):
    view = open_page(dark)
    assert axe(view) == []
    pick(view, "a small network", "Step")
    view.mouse.move(0, 0)
    assert axe(view) == []
    assert view.errors == []


def test_a_phone_shows_it_all(open_page):
    view = open_page(viewport={"width": 360, "height": 760})
    small = """() => [...document.querySelectorAll(
        ".primer-widget button, .primer-widget select, .primer-widget input[type=range], .primer-choice label")]
        .filter((one) => one.getClientRects().length)
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))"""
    for name in ("a surface", "a small network"):
        pick(view, name)
        assert view.evaluate("() => document.documentElement.scrollWidth") == 360
        left, right = (view.locator("canvas").nth(side).bounding_box() for side in (0, 1))
        assert left["x"] == right["x"] and left["width"] > 290 and right["y"] > left["y"] + left["height"]
        assert view.evaluate(small) == []
