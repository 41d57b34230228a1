"""The base, PixelReveal and Quiz in a real browser, on a page that holds them as the book does."""

from __future__ import annotations

import html
from pathlib import Path

import pytest
import traitlets
from playwright.sync_api import expect

from primer.data import digits
from primer.models import bayes
from primer.widgets import base
from primer.widgets.bayes import PixelReveal
from primer.widgets.quiz import Quiz
from tests.widgets.harness import axe, browser, page, serve, storm

FAR = '<div style="height: 4000px"></div>'
QUIZ = [
    ("Which is larger?", [("2", False, "Count again."), ("3", True, "By one."), ("1", False, "It is the least.")]),
    ("Which is even?", [("2", True, "Twice one."), ("3", False, "One is left over.")]),
]

# A widget that uses every part of shared.js and keeps what it was given in window.parts.
PARTS = """
export default () => ({ render({ model, el }) {
  const box = root(el, "parts", "All parts");
  const { stage, controls, numbers } = card(box, "nothing at all.");
  const log = (window.parts = { frames: 0, drawn: [], model });
  const picture = canvas(stage, 2, (context, width, height, palette) => {
    context.fillStyle = palette.real;
    context.fillRect(0, 0, width, height);
    axes(context, { left: 40, top: 20, width: 200, height: 100 }, palette, { x: [0, 1], y: [0, 1], xLabel: "x" });
    log.drawn.push([width, height, palette.real]);
  }, "A blue field");
  drag(picture.element, { start: (x, y) => { log.start = [x, y]; }, move: (x, y) => { log.move = [x, y]; },
    end: () => { log.end = true; }, hover: () => { log.hover = true; } });
  log.slider = slider(controls, { label: "Speed", min: 0, max: 10, step: 1, value: 5,
    input: (v) => { log.speed = v; show(numbers, [["Speed", pretty(v)]]); } });
  log.choice = choice(controls, { label: "Side", options: [["l", "Left"], ["r", "Right"]], value: "l",
    change: (v) => { log.side = v; } });
  log.menu = menu(controls, { label: "Size", options: [["s", "Small"], ["b", "Big"]], value: "s",
    change: (v) => { log.size = v; } });
  button(controls, "Go", () => { log.pressed = true; });
  log.loop = loop(box, () => { log.frames++; });
  log.loop.play();
  log.bytes = [...f32(model.get("numbers"))];
  log.dispose = () => dispose(box);
  return log.dispose;
} });
"""


class Parts(base.PrimerWidget):
    """Every part of shared.js at work."""

    topic = "quiz"
    alt = "Parts"
    numbers = traitlets.Bytes(base.pack([0.5, -1], "f4", (2,), "numbers")).tag(sync=True)

    def fallback_html(self) -> str:
        return '<figure class="primer-fallback">Parts, still</figure>'


class Broken(Parts):
    """A widget whose render fails."""

    topic = "quiz"

    def fallback_html(self) -> str:
        return '<figure class="primer-fallback">Broken, still</figure>'


Parts._esm = (Path(base.__file__).with_name("shared.js")).read_text("utf-8") + PARTS
Broken._esm = "export default { render({ el }) { el.textContent = 'half'; throw new Error('on purpose'); } };"


@pytest.fixture(scope="module")
def chromium():
    with browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def digit():
    data = digits()
    model = bayes.fit_pixels(bayes.binarise(data.train.x), data.train.y)
    return PixelReveal(model.theta, model.prior, bayes.binarise(data.test.x), data.test.y)


@pytest.fixture
def open_page(chromium):
    """``open_page(html, **context)``: the page once it is loaded, with its console errors in ``page.errors``."""
    left = []

    def visit(text, **context):
        server = serve(text)
        address = server.__enter__()
        tab = chromium.new_context(**{"viewport": {"width": 900, "height": 900}, **context})
        left.extend([(server.__exit__, (None, None, None)), (tab.close, ())])
        view = tab.new_page()
        view.errors = []
        view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
        view.on("pageerror", lambda error: view.errors.append(str(error)))
        view.goto(address)
        return view

    yield visit
    for close, arguments in reversed(left):
        close(*arguments)


def sees(view, text):
    """The text is there now or soon: a tap takes a moment to become a click."""
    expect(view.locator("main > .primer-slot").get_by_text(text).locator("visible=true")).to_be_visible(timeout=20_000)


def cell(view, row, column):
    return view.get_by_role("gridcell", name=f"Row {row}, column {column}:")


def shares(view):
    """The ten probabilities as written on the bars, once the next frame is drawn."""
    view.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return view.locator(".bayes-bars .percent").all_text_contents()


def test_digit_by_mouse(open_page, digit):
    view = open_page(page([digit]))
    before = shares(view)
    assert before == ["10 %"] * 10
    cell(view, 5, 5).click()
    assert shares(view) != before
    box = view.get_by_role("grid").bounding_box()
    at = lambda row, column: (box["x"] + box["width"] * (column + 0.5) / 8, box["y"] + box["height"] * (row + 0.5) / 8)  # noqa: E731
    view.mouse.move(*at(0, 0))
    view.mouse.down()
    for column in range(8):
        view.mouse.move(*at(0, column), steps=3)
    view.mouse.up()
    sees(view, "9 of 64")
    for _ in range(3):
        view.get_by_role("button", name="Most telling pixel").click()
    view.get_by_role("button", name="Random pixel").click()
    sees(view, "13 of 64")
    view.locator(".bayes-bars button").nth(3).click()
    sees(view, "You said 3 after 13 of 64 pixels. It is 4.")
    expect(view.locator(".bayes-bars .right .tag")).to_have_text("✓ the digit")
    view.get_by_role("button", name="New digit").click()
    sees(view, "Which digit is it?")
    assert shares(view) == ["10 %"] * 10
    view.get_by_role("button", name="Uncover all").click()
    expect(view.get_by_role("button", name="Random pixel")).to_be_disabled()
    sees(view, "93 % sure, 85 % right")
    assert view.errors == []


def test_digit_by_touch(open_page, digit):
    view = open_page(page([digit]), has_touch=True, is_mobile=True, viewport={"width": 360, "height": 760})
    cell(view, 5, 5).tap()
    sees(view, "1 of 64")
    box = view.get_by_role("grid").bounding_box()
    finger = view.context.new_cdp_session(view)
    # the row's first four pixels, under a finger that slides
    points = [(box["x"] + box["width"] * (c + 0.5) / 8, box["y"] + box["height"] * 0.06) for c in range(4)]
    for kind, (x, y) in zip(["touchStart", "touchMove", "touchMove", "touchMove"], points, strict=True):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    view.wait_for_timeout(400)  # let the finger rest: Chromium takes a tap after a fling for the fling's end
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    sees(view, "5 of 64")
    view.get_by_role("button", name="Most telling pixel").tap()
    sees(view, "6 of 64")
    view.get_by_text("expected ink").tap()
    expect(view.locator('[data-under="ink"]')).to_be_visible()
    view.locator(".bayes-bars button").nth(7).tap()
    sees(view, "You said 7")
    assert view.errors == []


def test_digit_by_keyboard_alone(open_page, digit):
    view = open_page(page([digit]))
    view.evaluate("() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }")
    view.wait_for_selector("[data-primer-widget]")
    view.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft", "End", "Home", "ArrowLeft"):
        view.keyboard.press(key)
    here = view.locator("[role=gridcell]:focus")
    expect(here).to_have_accessible_name("Row 3, column 1: covered")
    view.keyboard.press("Space")
    expect(here).to_have_accessible_name("Row 3, column 1: paper")
    assert view.evaluate("() => scrollY") == 0
    for _ in range(4):
        view.keyboard.press("Tab")
    view.keyboard.press("Enter")
    sees(view, "You said 3 after 1 of 64")
    view.get_by_role("slider").focus()
    before = shares(view)
    view.keyboard.press("ArrowRight")
    view.keyboard.press("PageUp")
    assert shares(view) != before
    assert view.get_by_role("slider").get_attribute("aria-valuetext") == "21 %"
    # only the Tab that entered was pressed outside
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_what_changed_is_said_once_the_hand_rests(open_page, digit):
    view = open_page(page([digit]))
    status = view.get_by_role("status")
    for _ in range(2):
        view.get_by_role("button", name="Most telling pixel").click()
    expect(status).to_contain_text("2 of 64", timeout=20_000)
    assert "Doubt" in status.text_content()


def test_the_prior_moves_the_bars_before_any_pixel(open_page, digit):
    view = open_page(page([digit]))
    view.get_by_label("Before any pixel, digit").select_option("3")
    view.get_by_role("slider").fill("0.91")
    assert shares(view)[3] == "91 %" and shares(view)[0] == "1 %"


def test_quiz_by_mouse_touch_and_keyboard(open_page):
    view = open_page(page([Quiz(QUIZ)]), has_touch=True)
    wrong = view.get_by_role("button", name="2", exact=False).first
    wrong.click()
    sees(view, "✗ Not this one. Count again.")
    view.get_by_role("button", name="3", exact=False).first.tap()
    sees(view, "✓ Yes. By one.")
    expect(view.get_by_text("✗ Not this one. Count again.")).not_to_be_visible()
    assert view.locator(".quiz-answers .wrong .mark").first.text_content() == "✗"
    height = view.locator(".primer-widget").bounding_box()["height"]
    view.get_by_role("button", name="Next question").focus()
    view.keyboard.press("Enter")
    sees(view, "Which is even?")
    expect(view.locator(".quiz").get_by_text("Which is larger?")).not_to_be_visible()
    assert view.locator(".primer-widget").bounding_box()["height"] == height
    view.keyboard.press("Shift+Tab")
    view.keyboard.press("Shift+Tab")
    view.keyboard.press("Space")
    assert view.locator(".shown .quiz-why .shown").text_content()[0] in "✓✗"
    view.get_by_role("button", name="Start again").click()
    sees(view, "Which is larger?")
    assert view.locator(".quiz-answers .wrong, .quiz-answers .right").count() == 0
    assert view.errors == []


def test_many_moves_are_drawn_once_a_frame(open_page, digit):
    view = open_page(page([digit]))
    view.get_by_text("what would tell").click()
    at_once, *later = storm(view, view.get_by_role("grid"))
    assert at_once == 0 and max(later) == 1 == sum(later)
    assert shares(view) != ["10 %"] * 10
    before = shares(view)
    at_once, *later = storm(view, view.get_by_role("slider"), "input")
    assert at_once == 0 and max(later) == 1 == sum(later)
    assert shares(view) != before


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, digit, dark):
    view = open_page(page([digit, Quiz(QUIZ)], dark=dark))
    view.wait_for_selector('[data-primer-widget="quiz"]')
    assert axe(view) == []
    view.get_by_role("button", name="Most telling pixel").click()
    view.locator(".bayes-bars button").nth(2).click()
    for answer in view.locator(".shown .quiz-answers button").all():
        answer.click()
    view.mouse.move(0, 0)
    assert axe(view) == []
    assert view.errors == []


def test_a_phone_scrolls_one_way_and_thumbs_find_their_targets(open_page, digit):
    view = open_page(page([digit, Quiz(QUIZ)]), viewport={"width": 360, "height": 760})
    view.wait_for_selector('[data-primer-widget="quiz"]')
    assert view.evaluate("() => document.documentElement.scrollWidth") == 360
    small = view.evaluate("""() => [...document.querySelectorAll(
        ".primer-widget button, .primer-widget select, .primer-widget input[type=range], .primer-choice label")]
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))""")
    assert small == []


def test_only_the_first_widget_is_made_at_once(open_page, digit):
    view = open_page(page([digit, Quiz(QUIZ)], between=FAR))
    view.wait_for_selector('[data-primer-widget="bayes"]')
    view.wait_for_timeout(300)
    assert view.locator('[data-primer-widget="quiz"]').count() == 0
    view.evaluate("() => scrollTo(0, 3600)")
    view.wait_for_selector('[data-primer-widget="quiz"]')


def test_nothing_moves_when_the_widget_comes_alive(open_page, digit):
    shift = """() => new Promise((done) => { let sum = 0; new PerformanceObserver((list) => {
        for (const one of list.getEntries()) sum += one.value; }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 500); })"""
    for width in (900, 360):
        view = open_page(page([digit], between="<p>Text below</p>"), viewport={"width": width, "height": 1400})
        view.wait_for_selector("[data-primer-widget]")
        assert view.evaluate(shift) < 0.02


def test_print_and_no_script_get_the_still_figure(open_page, digit):
    view = open_page(page([digit, Quiz(QUIZ)]))
    view.wait_for_selector('[data-primer-widget="quiz"]')
    assert not view.locator(".primer-fallback").first.is_visible()
    view.emulate_media(media="print")
    assert view.locator(".primer-fallback").first.is_visible() and view.locator(".primer-fallback").last.is_visible()
    sees(view, "✗ 3 One is left over.")
    assert not view.locator(".primer-widget").first.is_visible()
    view = open_page(page([digit, Quiz(QUIZ)]), java_script_enabled=False)
    sees(view, "Which is larger?")
    assert view.locator(".primer-fallback svg").is_visible()


def test_a_broken_widget_leaves_its_figure_and_the_others_alone(open_page):
    view = open_page(page([Broken(), Quiz(QUIZ)]))
    view.wait_for_selector('[data-primer-widget="quiz"]')
    view.wait_for_timeout(1600)
    sees(view, "Broken, still")
    assert view.locator(".primer-host").count() == 1
    assert len(view.errors) == 1 and "on purpose" in view.errors[0]


def test_a_page_with_text_like_markup_is_read(open_page):
    nasty = "</script><b id=nasty>"
    view = open_page(page([Quiz([(nasty, QUIZ[0][1])])]))
    assert view.locator(".quiz-question").text_content() == nasty
    assert view.locator("#nasty").count() == 0
    assert html.escape(nasty) in view.content()


def test_all_parts_work_and_end(open_page):
    count = """() => { for (const name of ["ResizeObserver", "MutationObserver", "IntersectionObserver"]) {
        const Real = window[name]; window.watching ??= 0;
        window[name] = class extends Real {
          observe(...a) { if (!this.on) window.watching++; this.on = true; super.observe(...a); }
          disconnect() { if (this.on) window.watching--; this.on = false; super.disconnect(); } }; } }"""
    text = page([Parts()]).replace("<head>", f"<head><script>({count})()</script>", 1)
    view = open_page(text)
    view.wait_for_function("() => window.parts?.drawn.length")
    parts = lambda expression: view.evaluate(f"() => window.parts.{expression}")  # noqa: E731
    assert parts("bytes") == [0.5, -1]
    assert parts("drawn")[-1][2] == "#2b6cb0"
    view.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    view.wait_for_function("() => window.parts.drawn.at(-1)[2] === '#7ab8ff'")
    view.set_viewport_size({"width": 500, "height": 900})
    view.wait_for_function("() => window.parts.drawn.at(-1)[0] < 480")
    box = view.locator("canvas").bounding_box()
    view.mouse.move(box["x"] + 10, box["y"] + 10)
    view.mouse.down()
    view.mouse.move(box["x"] + box["width"] + 50, box["y"] + 20)  # the canvas keeps the pointer outside of it
    view.mouse.up()
    assert parts("start") == pytest.approx([10, 10], abs=1)
    assert parts("move")[0] > box["width"] and parts("hover") is True
    view.get_by_role("slider").press("ArrowRight")
    view.get_by_text("Right").click()
    view.get_by_label("Size").select_option("b")
    view.get_by_role("button", name="Go").click()
    assert [parts(name) for name in ("speed", "side", "size", "pressed")] == [6, "r", "b", True]
    assert parts("choice.value") == "r" and parts("frames") > 0
    assert view.evaluate("() => window.watching") >= 3
    view.evaluate("""() => { const { parts } = window;
        const old = document.querySelector(".primer-widget button");
        parts.pressed = false;
        parts.dispose();
        old.click();
        window.stopped = parts.frames; }""")
    view.wait_for_timeout(100)
    assert parts("pressed") is False and parts("frames") == view.evaluate("() => window.stopped")
    assert view.locator(".primer-widget").count() == 0
    # the host's own observer waits for views that are far down
    assert view.evaluate("() => window.watching") <= 1
    assert view.errors == []


def test_the_host_gives_the_model_events_and_initialises_once(open_page):
    one = Parts()
    view = open_page(page([one]))
    view.wait_for_function("() => window.parts?.model")
    seen = view.evaluate("""() => { const { model } = window.parts; const log = [];
        const call = () => log.push(model.get("speed"));
        model.on("change:speed", call); model.on("change", () => log.push("any"));
        model.set("speed", 1); model.save_changes(); model.set("speed", 1);
        model.off("change:speed", call); model.set("speed", 2); model.send({}); return log; }""")
    assert seen == [1, "any", "any"]
