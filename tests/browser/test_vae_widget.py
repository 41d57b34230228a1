"""LatentExplorer in a real browser: by mouse and by keyboard, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from playwright.sync_api import expect

from primer.models.vae import VAE, Config
from primer.widgets.vae import REACH, LatentExplorer
from tests.widgets.harness import axe

LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    torch.manual_seed(0)
    model = VAE(Config(M=16, Z=2))
    model.decoder[2].weight.data *= 5  # so that places differ to the eye
    return partial(
        open_widget,
        lambda: LatentExplorer(model, torch.rand(40, 64), torch.arange(40) % 10),
        "[data-primer-widget=vae] canvas",
    )


def look(view) -> str:
    view.evaluate(FRAMES)
    return view.evaluate(LOOK)


def test_a_drag_moves_the_note_and_its_digit(open_page):
    view = open_page()
    before = look(view)
    box = view.locator(".primer-widget canvas").bounding_box()
    side = 0.6 * box["width"]  # of the plane
    view.mouse.move(box["x"] + side / 2, box["y"] + side / 2)
    view.mouse.down()
    view.mouse.move(box["x"] + side * 0.75, box["y"] + side * 0.25, steps=5)
    view.mouse.up()
    half = f"{REACH / 2:.2f}"
    expect(view.locator(".primer-numbers")).to_contain_text(f"{half}, {half}", timeout=30_000)
    assert look(view) != before
    assert view.errors == []


def test_it_is_worked_by_keyboard(open_page):
    view = open_page(reduced_motion="reduce")
    view.get_by_role("slider", name="z₁").focus()
    view.keyboard.press("ArrowRight")
    expect(view.locator(".primer-numbers")).to_contain_text("0.05, 0.00", timeout=30_000)
    before = look(view)
    view.get_by_text("real digits", exact=True).click()
    assert look(view) != before
    view.get_by_role("button", name="Walk to a random digit").press("Enter")  # at once, for motion is unwanted
    expect(view.locator(".primer-numbers")).not_to_contain_text("0.05, 0.00", timeout=30_000)
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    assert view.errors == []
