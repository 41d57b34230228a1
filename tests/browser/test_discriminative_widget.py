"""TwoClasses in a real browser: points, probe, models and questions, by mouse, touch and keyboard."""

from __future__ import annotations

import math
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from primer.widgets.discriminative import REACH, TwoClasses
from tests.widgets.harness import axe, page, serve, storm, until

LOOK = "() => [...document.querySelectorAll('.primer-widget canvas')].map((canvas) => canvas.toDataURL())"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def open_page(browser):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    with ExitStack() as stack:

        def visit(dark: bool = False, **context) -> Page:
            address = stack.enter_context(serve(page([TwoClasses()], dark=dark)))
            tab = stack.enter_context(browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **context}))
            view = tab.new_page()
            view.errors = []
            view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
            view.on("pageerror", lambda error: view.errors.append(str(error)))
            view.goto(address)
            view.wait_for_selector("[data-primer-widget=discriminative] canvas")
            return view

        yield visit


def pictures(view) -> tuple[str, str]:
    """Both canvases as they are after the next frame."""
    view.evaluate(FRAMES)
    left, right = view.evaluate(LOOK)
    return left, right


def spot(view, u: float, v: float, side: int = 0) -> tuple[float, float]:
    """Where (x1, x2) lies on the screen in the left (0) or right (1) picture."""
    box = view.locator(".primer-widget canvas").nth(side).bounding_box()
    return box["x"] + box["width"] * (u / REACH[0] + 1) / 2, box["y"] + box["height"] * (1 - v / REACH[1]) / 2


def numbers(view) -> tuple[dict[str, str], ...]:
    """The three lines of numbers: left, right, below."""
    pair = "(line) => [...line.children].map((one) => [one.firstChild.textContent, one.lastChild.textContent])"
    return tuple(dict(view.evaluate(pair, line)) for line in view.locator(".primer-numbers").element_handles())


def pick(view, *texts: str) -> None:
    """Press these buttons or options, by their exact text."""
    for text in texts:
        view.locator(".primer-widget").get_by_text(text, exact=True).click()


def test_points_are_added_moved_and_erased_by_mouse(open_page):
    view = open_page()
    first, before = pictures(view), numbers(view)
    assert before[2]["A ●"] == before[2]["B ▲"] == "40"
    pick(view, "add A ●")
    view.mouse.click(*spot(view, 3, -2))
    assert numbers(view)[2]["A ●"] == "41"
    assert all(now != old for now, old in zip(pictures(view), first, strict=True))
    pick(view, "add B ▲")
    view.mouse.move(*spot(view, -3, -2, side=1))
    view.mouse.down()
    view.mouse.move(*spot(view, -1, -2, side=1), steps=20)  # the brush leaves a point every 0.3
    view.mouse.up()
    added = int(numbers(view)[2]["B ▲"]) - 40
    assert 5 <= added <= 8
    pick(view, "move")
    then = numbers(view)
    view.mouse.move(*spot(view, 3, -2))
    view.mouse.down()
    view.mouse.move(*spot(view, -3.5, 2.5), steps=8)
    view.mouse.up()
    assert numbers(view)[2] == then[2] and numbers(view)[1] != then[1]
    pick(view, "erase")
    view.mouse.click(*spot(view, -3.5, 2.5))
    assert numbers(view)[2]["A ●"] == "40"
    view.mouse.click(*spot(view, 3.8, -2.9))  # nothing is there
    assert numbers(view)[2]["A ●"] == "40"
    pick(view, "Reset")
    view.mouse.move(0, 0)
    assert numbers(view) == before
    assert view.errors == []


def test_the_probe_answers_and_finds_what_is_sure_yet_improbable(open_page):
    view = open_page()
    view.mouse.move(*spot(view, 0.6, -1.6))
    view.mouse.down()
    view.mouse.move(*spot(view, 3.9, -2.9), steps=6)
    view.mouse.up()
    left, right, _ = numbers(view)
    assert left["P(B | probe)"] == right["P(B | probe)"] == "> 0.999"
    assert left["log p(probe)"] == "cannot say"
    assert right["log p(probe)"].endswith("below 80 of 80")
    view.mouse.click(*spot(view, -3.9, 2.9, side=1))  # an empty place: the probe comes
    assert numbers(view)[0]["P(B | probe)"] == "< 0.001"


def test_what_only_the_generative_side_answers(open_page):
    view = open_page()
    note = view.locator(".primer-stage p").first
    expect(note).to_be_hidden()
    seen = {pictures(view)}
    expect(view.get_by_role("button", name="Draw again")).to_be_disabled()
    for question, answer in [
        ("how likely is x?", "never p(x)"),
        ("new points", "never learnt where points lie"),
        ("x₂ is hidden", "needs x₂"),
    ]:
        pick(view, question)
        expect(note).to_contain_text(answer)
        expect(view.locator(".primer-stage p").last).to_be_hidden()
        seen.add(pictures(view))
    assert len({right for _, right in seen}) == 4
    low, high = numbers(view)[0]["P(B | x₁)"].split(" to ")
    assert float(low.strip("<> ")) < 0.2 and float(high.strip("<> ")) > 0.8
    assert 0.2 < float(numbers(view)[1]["P(B | x₁)"]) < 0.999
    pick(view, "new points")
    before = pictures(view)
    pick(view, "Draw again")
    after = pictures(view)
    assert after[0] == before[0] and after[1] != before[1]
    assert view.errors == []


def test_models_and_presets_change_the_answers(open_page):
    view = open_page()
    data = view.get_by_role("combobox")
    right = lambda side: int(numbers(view)[side]["Right on the data"].split()[0])  # noqa: E731
    data.select_option("clumps")
    assert right(0) < 70 and right(1) < 70
    pick(view, "curved", "one each")
    assert right(0) == 100 and right(1) == 100
    for name in ("spread", "outlier", "few", "clouds"):
        before = pictures(view)
        data.select_option(name)
        assert pictures(view) != before
    pick(view, "Clear")
    left, generative, _ = numbers(view)
    assert left == {"Needs points": "of both classes"} and generative == {"Needs points": "of a class"}
    pick(view, "add B ▲")
    view.mouse.click(*spot(view, 1, 1))
    assert numbers(view)[0] == {"Needs points": "of both classes"}
    assert numbers(view)[1]["P(B | probe)"] == "> 0.999"
    for question in ("how likely is x?", "new points", "x₂ is hidden", "which class?"):
        pick(view, question)
        pictures(view)
    assert view.errors == []


def test_by_touch(open_page):
    view = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 760})
    view.get_by_text("add A ●").tap()
    view.locator("canvas").first.scroll_into_view_if_needed()
    view.touchscreen.tap(*spot(view, 3, 2))
    view.wait_for_function(
        "() => [...document.querySelectorAll('.primer-numbers b')].some((b) => b.textContent === '41')"
    )
    before = pictures(view)
    finger = view.context.new_cdp_session(view)
    for k in range(8):
        x, y = spot(view, 3, 2 - 0.5 * k)
        kind = "touchMove" if k else "touchStart"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(view, lambda: int(numbers(view)[2]["A ●"]) > 44 and pictures(view) != before)
    assert view.errors == []


def test_by_keyboard_alone(open_page):
    view = open_page()
    view.evaluate("() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }")
    before = numbers(view)
    view.keyboard.press("Tab")
    expect(view.locator("canvas").first).to_be_focused()
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
        view.keyboard.press(key)
    assert numbers(view)[1]["log p(probe)"] != before[1]["log p(probe)"]
    assert numbers(view)[2] == before[2] and view.evaluate("() => scrollY") == 0
    view.keyboard.press("Tab")  # straight or curved
    view.keyboard.press("ArrowRight")
    expect(view.get_by_role("radio", name="curved")).to_be_checked()
    for _ in range(4):  # right picture, its spreads, the question, the tool
        view.keyboard.press("Tab")
    view.keyboard.press("ArrowRight")
    expect(view.get_by_role("radio", name="add A ●")).to_be_checked()
    canvas = view.locator("canvas").last
    canvas.focus()
    view.keyboard.press("Enter")
    assert numbers(view)[2]["A ●"] == "41"
    view.get_by_role("radio", name="move").focus()
    view.keyboard.press("Space")
    canvas.focus()
    view.keyboard.press("Enter")  # takes the new point, which lies under the probe
    taken = numbers(view)
    for _ in range(4):
        view.keyboard.press("Shift+ArrowUp")
    assert numbers(view)[0] != taken[0] and numbers(view)[2] == taken[2]
    view.keyboard.press("Enter")  # and lets it go
    put = pictures(view)
    view.get_by_role("radio", name="erase").focus()
    view.keyboard.press("Space")
    canvas.focus()
    view.keyboard.press("Enter")
    assert numbers(view)[2]["A ●"] == "40" and pictures(view) != put
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_300_points_are_the_most_and_many_moves_are_drawn_once_a_frame(open_page):
    view = open_page()
    pick(view, "add A ●")
    view.mouse.move(*spot(view, 0, 2.5))
    view.mouse.down()
    for k in range(400):
        view.mouse.move(*spot(view, 3.8 * math.sin(0.13 * k), 2.8 * math.cos(0.171 * k)))
    view.mouse.up()
    below = numbers(view)[2]
    assert int(below["A ●"]) + int(below["B ▲"]) == 300
    pick(view, "curved", "one each", "move")
    for question in ("which class?", "how likely is x?"):
        pick(view, question)
        before = numbers(view)
        for side in (0, 1):
            at_once, *later = storm(view, view.locator("canvas").nth(side))
            assert at_once == 0 and max(later) == 1 == sum(later)
        assert numbers(view) != before
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, dark):
    view = open_page(dark)
    assert axe(view) == []
    for question in ("new points", "x₂ is hidden"):
        pick(view, question)
        view.mouse.move(0, 0)
        assert axe(view) == []
    assert view.errors == []


def test_a_phone_shows_it_all(open_page):
    view = open_page(viewport={"width": 360, "height": 760})
    assert view.evaluate("() => document.documentElement.scrollWidth") == 360
    left, right = (view.locator("canvas").nth(side).bounding_box() for side in (0, 1))
    assert left["x"] == right["x"] and left["width"] > 290 and right["y"] > left["y"] + left["height"]
    small = """() => [...document.querySelectorAll(
        ".primer-widget button, .primer-widget select, .primer-widget .primer-choice label")]
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert view.evaluate(small) == []
    height = view.locator(".primer-widget").bounding_box()["height"]
    for question in ("new points", "x₂ is hidden"):
        pick(view, question)
        assert view.locator(".primer-widget").bounding_box()["height"] == pytest.approx(height, abs=25)
