"""InventedCalls in a real browser: by mouse, by keyboard, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
import torch
from playwright.sync_api import expect

from primer.models.gpt import GPT, Characters, Config
from primer.widgets.hallucination import MARKS, SHOWN, START, InventedCalls, share
from tests.widgets.harness import axe

SEEN = Counter({("os", "getcwd"): 1500, ("math", "pi"): 2, ("math", "e"): 1})
LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"


@pytest.fixture(scope="module")
def widget() -> InventedCalls:
    """Untrained: single letters and noise, of which `e` exists in math."""
    torch.manual_seed(0)
    model = GPT(Config(V=len(Characters()), T=64, L=1, A=2, D=16))
    torch.nn.init.normal_(model.head, std=0.3)
    contexts = [(("x = 1\n" + "y" * 60 + f" = {name}.")[-48:], name) for name in ("os", "math")]
    return InventedCalls(model, Characters(), contexts, SEEN)


@pytest.fixture
def open_page(open_widget, widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    return partial(open_widget, lambda: widget, "[data-primer-widget=hallucination] canvas", height=1000)


def numbers(view):
    return view.locator(".primer-numbers")


def test_it_opens_with_what_python_counted(open_page, widget):
    view = open_page()
    draws = widget.modules[0]["draws"][START]
    rows = view.locator(".calls-list li")
    expect(rows).to_have_count(SHOWN)
    for i, (name, kind, _) in enumerate(draws[:SHOWN]):
        assert rows.nth(i).locator("b").inner_text() == MARKS[kind]
        assert rows.nth(i).locator("code").inner_text().endswith(f"os.{name or '(nothing)'}")
    expect(numbers(view)).to_contain_text(f"{round(100 * share(draws))} % of {len(draws)}")
    expect(numbers(view)).to_contain_text("1,500")
    assert view.errors == []


def test_guesses_are_counted_when_the_marks_come_back(open_page, widget):
    view = open_page()
    view.get_by_role("button", name="Hide the marks").click()
    expect(view.locator(".calls-list b")).to_have_count(0)
    guesses = view.get_by_role("button", name="invented?")
    expect(guesses).to_have_count(SHOWN)
    for i in range(SHOWN):
        guesses.nth(i).click()
        expect(guesses.nth(i)).to_have_attribute("aria-pressed", "true")
    view.get_by_role("button", name="Show the marks").click()
    wrong = sum(kind == "invented" for _, kind, _ in widget.modules[0]["draws"][START][:SHOWN])
    expect(numbers(view)).to_contain_text(f"{wrong} of {SHOWN} right")
    assert view.errors == []


def test_it_is_worked_by_keyboard(open_page, widget):
    view = open_page()
    before = view.evaluate(LOOK)
    slider = view.get_by_role("slider", name="Temperature")
    slider.focus()
    view.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0.2")
    expect(numbers(view)).to_contain_text(f"{round(100 * share(widget.modules[0]['draws'][0]))} %")
    assert view.evaluate(LOOK) != before
    view.get_by_label("Module", exact=True).select_option("1")
    expect(view.locator(".calls-list code").first).to_contain_text("math.")
    for page_shown in (0, 1):
        want = [name or "(nothing)" for name, *_ in widget.modules[1]["draws"][0][page_shown * SHOWN :][:SHOWN]]
        texts = view.locator(".calls-list code").all_inner_texts()
        assert [text.rpartition("math.")[2] for text in texts] == want
        view.get_by_role("button", name="Draw again").press("Enter")
    view.get_by_role("button", name="Hide the marks").press("Enter")
    guess = view.get_by_role("button", name="invented?").first
    guess.press("Space")
    expect(guess).to_be_focused()
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    view.get_by_role("button", name="Hide the marks").click()
    assert axe(view) == []
    assert view.errors == []
