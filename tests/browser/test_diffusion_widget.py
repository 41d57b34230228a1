"""DiffusionTime in a real browser: by mouse and by keyboard, in light and dark, on a desktop and on a phone."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from playwright.sync_api import expect

from primer.models.diffusion import MLP, Diffusion, MLPConfig
from primer.widgets.diffusion import DiffusionTime
from tests.widgets.harness import axe

LOOK = "() => document.querySelector('.primer-widget canvas').toDataURL()"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture
def open_page(open_widget):
    """``open_page(dark=…, **context)``: a page with the widget; its console errors are in ``view.errors``."""
    torch.manual_seed(0)
    points = Diffusion(MLP(MLPConfig(D=2, M=16, L=2)))
    digits = Diffusion(MLP(MLPConfig(D=64, M=16, L=2, K=10)), limit=1.0)
    return partial(
        open_widget,
        lambda: DiffusionTime(points, digits, torch.randn(160, 2), torch.rand(10, 64) * 2 - 1),
        "[data-primer-widget=diffusion] canvas",
    )


def look(view) -> str:
    view.evaluate(FRAMES)
    return view.evaluate(LOOK)


def back(view) -> None:
    """All the way to the data, by keyboard."""
    view.get_by_role("slider", name="Time t").focus()
    view.keyboard.press("Home")
    expect(view.locator(".primer-numbers")).to_contain_text("Share of the data left 100 %", timeout=30_000)


def test_ddim_repeats_itself_and_ddpm_does_not(open_page):
    view = open_page(reduced_motion="reduce")
    numbers = view.locator(".primer-numbers")
    for way, same in (("back, DDIM", True), ("back, DDPM", False)):
        view.get_by_text(way, exact=True).click()
        back(view)
        expect(numbers).to_contain_text("run before –")
        view.get_by_role("button", name="Again").press("Enter")
        back(view)
        if same:
            expect(numbers).to_contain_text("run before 0.000", timeout=30_000)
        else:
            expect(numbers).to_contain_text("run before", timeout=30_000)
            expect(numbers).not_to_contain_text("run before 0.000")
            expect(numbers).not_to_contain_text("run before –")
    assert view.errors == []


def test_the_slider_adds_noise_by_mouse(open_page):
    view = open_page()
    view.get_by_text("noise in", exact=True).click()
    view.get_by_text("digits", exact=True).click()
    before = look(view)
    bar = view.get_by_role("slider", name="Time t").bounding_box()
    view.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    expect(view.locator(".primer-numbers")).to_contain_text("Its squared error", timeout=30_000)
    assert look(view) != before
    assert view.errors == []


def test_play_goes_to_the_data_at_once_where_motion_is_unwanted(open_page):
    view = open_page(reduced_motion="reduce")
    view.get_by_role("button", name="Play").press("Enter")
    expect(view.locator(".primer-numbers")).to_contain_text("Share of the data left 100 %", timeout=30_000)
    assert view.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_accessible_and_as_wide_as_the_page(open_page, dark, width):
    view = open_page(dark=dark, viewport={"width": width, "height": 800})
    view.get_by_text("digits", exact=True).click()
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(view) == []
    assert view.errors == []
