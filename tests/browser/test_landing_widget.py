"""WordFromNoise in a real browser: it plays, rests, is stirred, and runs both ways, by mouse, touch and keyboard."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack

import pytest
from playwright.sync_api import Page, expect

from primer.widgets.landing import WordFromNoise
from tests.widgets.harness import axe, page, serve, storm, until

TYPED = "() => { window.leaked = 0; document.addEventListener('keydown', () => window.leaked++); }"


@pytest.fixture
def open_page(browser):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    with ExitStack() as stack:

        def visit(dark: bool = False, **context) -> Page:
            address = stack.enter_context(serve(page([WordFromNoise()], dark=dark)))
            tab = stack.enter_context(browser.new_context(**{"viewport": {"width": 900, "height": 800}, **context}))
            view = tab.new_page()
            view.errors = []
            view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
            view.on("pageerror", lambda error: view.errors.append(str(error)))
            view.goto(address)
            view.wait_for_selector("[data-primer-widget=landing] canvas")
            return view

        yield visit


def on_ink(view) -> int:
    """The percentage in the line of numbers, -1 before there is one."""
    text = view.locator(".primer-numbers b").last
    return int(text.text_content().split()[0]) if text.count() else -1


def picture(view) -> str:
    """A fingerprint of the canvas once nothing moves any more (two looks in a row are the same)."""
    look = "() => document.querySelector('[data-primer-widget=landing] canvas').toDataURL()"
    before = view.evaluate(look)
    for _ in range(60):
        view.wait_for_timeout(120)
        now = view.evaluate(look)
        if now == before:
            return hashlib.sha256(now.encode()).hexdigest()
        before = now
    raise AssertionError("the picture does not come to rest")


def formed(view) -> None:
    """Wait until the word stands there; from then on note the least share of particles on the ink."""
    expect(view.get_by_role("slider")).to_have_attribute("aria-valuetext", "1.00", timeout=60_000)
    view.wait_for_selector(".primer-numbers b")  # there are none before the word is finished if nothing may move
    picture(view)
    assert on_ink(view) > 90
    view.evaluate(
        """() => {
          const share = () => parseInt([...document.querySelectorAll(".primer-numbers b")].at(-1).textContent);
          window.leastOnInk = share();
          new MutationObserver(() => { window.leastOnInk = Math.min(window.leastOnInk, share()); })
            .observe(document.querySelector(".primer-numbers"), {childList: true, characterData: true, subtree: true});
        }"""
    )


def scattered(view) -> None:
    """Wait until a good many particles have been off the ink, if only for a moment since `formed`."""
    view.wait_for_function("() => window.leastOnInk < 90")


def shows(view, word) -> None:
    """The picture says that this word's particles are in it."""
    label = f"1500 particles between noise and the word {word}"
    expect(view.locator("[data-primer-widget=landing] canvas")).to_have_attribute("aria-label", label)


def wave(view, box, times: int = 3) -> None:
    """Move the pointer to and fro over the picture."""
    for k in range(times):
        view.mouse.move(box["x"] + box["width"] * (0.95 if k % 2 else 0.05), box["y"] + box["height"] * 0.5, steps=15)


def test_noise_becomes_the_word_by_itself_and_stops(open_page):
    view = open_page()
    view.wait_for_function("() => document.querySelector('.primer-numbers b')")
    assert on_ink(view) < 60
    expect(view.get_by_role("button", name="Pause")).to_be_visible()
    formed(view)
    expect(view.get_by_role("button", name="Play")).to_be_visible()
    assert view.errors == []


def test_with_reduced_motion_the_word_stands_still_until_play(open_page):
    view = open_page(reduced_motion="reduce")
    view.wait_for_function("() => document.querySelector('.primer-numbers b')?.textContent === '0.01'")
    still = picture(view)
    assert on_ink(view) > 90
    view.mouse.move(300, 200)
    view.mouse.move(500, 250, steps=10)
    assert picture(view) == still
    view.get_by_role("button", name="Play").click()
    view.wait_for_function("() => Number(document.querySelector('.primer-numbers b').textContent) > 0.5")
    view.get_by_role("button", name="Pause").click()
    assert picture(view) != still
    view.get_by_role("textbox").fill("am")  # another word is not animated either: it changes at the time that stands
    shows(view, "am")
    assert view.errors == []


def test_time_runs_both_ways_over_the_same_pictures(open_page):
    view = open_page(reduced_motion="reduce")
    formed(view)
    time = view.get_by_role("slider")
    seen = {}
    for value in ("0.6", "0.2", "1", "0", "0.6", "1", "0.2"):
        time.fill(value)
        assert seen.setdefault(value, picture(view)) == picture(view)
    assert len(set(seen.values())) == 4
    assert view.errors == []


def test_the_mouse_stirs_and_the_particles_find_the_ink_again(open_page):
    view = open_page(reduced_motion="reduce")
    formed(view)
    before = picture(view)
    box = view.locator("canvas").bounding_box()
    view.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    view.mouse.down()
    wave(view, box)
    scattered(view)
    view.mouse.up()
    formed(view)
    assert picture(view) != before
    view.get_by_role("button", name="Show the data").click()
    assert picture(view) != before
    expect(view.get_by_role("button", name="Show the data")).to_have_attribute("aria-pressed", "true")
    slider = view.get_by_role("slider").bounding_box()
    view.mouse.click(slider["x"] + slider["width"] / 2, slider["y"] + slider["height"] / 2)
    picture(view)
    expect(view.get_by_role("slider")).to_have_attribute("aria-valuetext", "0.50")
    assert view.errors == []


def test_a_finger_stirs_sideways_and_scrolls_upwards(open_page):
    view = open_page(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 500}, reduced_motion="reduce")
    formed(view)
    before = picture(view)
    box = view.locator("canvas").bounding_box()
    finger = view.context.new_cdp_session(view)

    def slide(points) -> None:
        for k, (x, y) in enumerate(points):
            kind = "touchMove" if k else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            view.wait_for_timeout(16)
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    middle = box["y"] + box["height"] / 2
    slide([(box["x"] + box["width"] * k / 20, middle) for k in range(3, 18)])
    assert picture(view) != before and view.evaluate("() => scrollY") == 0
    slide([(box["x"] + box["width"] / 2, box["y"] + box["height"] - 10 * k) for k in range(1, 12)])
    view.wait_for_function("() => scrollY > 30")
    picture(view)  # still: Chromium takes a tap while it scrolls for the fling's end
    places: list[int] = []
    until(view, lambda: places.append(view.evaluate("() => scrollY")) or places[-12:] == places[-1:] * 12)
    view.get_by_role("button", name="Stir").tap()
    scattered(view)
    formed(view)
    assert view.errors == []


def test_everything_is_done_by_keyboard_alone(open_page):
    view = open_page(reduced_motion="reduce")
    formed(view)
    view.evaluate(TYPED)
    before = picture(view)
    view.keyboard.press("Tab")
    expect(view.get_by_role("button", name="Play")).to_be_focused()
    view.keyboard.press("Tab")
    for key in ("ArrowLeft", "ArrowLeft", "PageDown", "PageDown"):
        view.keyboard.press(key)
    assert float(view.get_by_role("slider").input_value()) == pytest.approx(0.78)
    assert picture(view) != before
    view.keyboard.press("End")
    assert picture(view) == before
    view.keyboard.press("Tab")
    view.keyboard.type("s")
    view.keyboard.press("Backspace")  # the field's text was selected by Tab: now it is empty, and the old word stays
    view.keyboard.type("ok")
    shows(view, "ok")
    word = picture(view)
    assert word != before
    view.keyboard.press("Tab")
    view.keyboard.press("Enter")  # Stir
    assert picture(view) != word
    for _ in range(2):
        view.keyboard.press("Tab")
    view.keyboard.press("Space")  # Reset
    assert view.get_by_role("textbox").input_value() == "learn"
    shows(view, "learn")
    assert picture(view) == before
    # only the Tab that entered was pressed outside
    assert view.evaluate("() => window.leaked") == 1
    assert view.errors == []


def test_another_word_comes_through_noise(open_page):
    view = open_page()
    formed(view)
    learned = picture(view)
    view.get_by_role("textbox").fill("play")
    view.wait_for_function("() => Number(document.querySelector('.primer-numbers b').textContent) > 0.9")
    formed(view)
    assert picture(view) != learned
    view.get_by_role("textbox").fill("   ")
    formed(view)
    shows(view, "play")
    assert view.errors == []


def test_many_moves_are_drawn_once_a_frame(open_page):
    view = open_page(reduced_motion="reduce")
    formed(view)
    before = picture(view)
    for element, kind in [(view.locator("canvas"), "move"), (view.get_by_role("slider"), "input")]:
        at_once, *later = storm(view, element, kind)
        assert at_once == 0 and max(later) == 1  # the particles move on, so that later frames are drawn too
        assert picture(view) != before
    assert view.errors == []


def test_a_new_word_is_made_in_slices(open_page):
    """By a clock that only goes on when it is asked, so that a slow machine makes as many slices as a fast one."""
    view = open_page(reduced_motion="reduce")
    formed(view)
    slices = """async () => { let clock = 1e6, asked = 0; const most = [], real = performance.now;
        const picture = document.querySelector("[data-primer-widget=landing] canvas");
        performance.now = () => { asked++; return ++clock; };
        const field = document.querySelector("input[type=text]");
        field.value = "play";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        while (!picture.ariaLabel.endsWith(" play") && most.length < 5000) {
          asked = 0;
          await new Promise(requestAnimationFrame);
          most.push(asked);
        }
        performance.now = real;
        return [most.length, Math.max(...most)]; }"""
    frames, asked = view.evaluate(slices)
    assert 10 < frames < 5000 and asked < 30
    shows(view, "play")
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(open_page, dark):
    view = open_page(dark, reduced_motion="reduce")
    formed(view)
    assert axe(view) == []
    view.get_by_role("button", name="Show the data").click()
    view.get_by_role("textbox").focus()
    assert axe(view) == []
    assert view.errors == []


def test_a_phone_shows_it_all(open_page):
    view = open_page(viewport={"width": 360, "height": 760}, reduced_motion="reduce")
    formed(view)
    assert view.evaluate("() => document.documentElement.scrollWidth") == 360
    outside = """() => { const card = document.querySelector(".primer-widget").getBoundingClientRect();
        return [...document.querySelectorAll(".primer-widget *")].filter((one) => !one.closest(".primer-status"))
        .filter((one) => one.getBoundingClientRect().right > card.right - 8)
        .map((one) => one.outerHTML.slice(0, 80)); }"""
    assert view.evaluate(outside) == []
    small = """() => [...document.querySelectorAll(".primer-widget button, .primer-widget input")]
        .filter((one) => one.getBoundingClientRect().height < 40 || one.getBoundingClientRect().width < 40)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert view.evaluate(small) == []
    wide = picture(view)
    view.set_viewport_size({"width": 900, "height": 760})  # the word is fitted anew
    assert picture(view) != wide
    assert on_ink(view) > 90 and view.errors == []
