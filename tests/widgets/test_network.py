"""NetworkTrains: its arithmetic against torch, its size and its still figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from primer.models import network
from primer.widgets import network as network_widget
from primer.widgets.base import script
from primer.widgets.network import CURVATURE, FIELD, NetworkTrains, moons


def close(found: object, want: torch.Tensor) -> None:
    """Equal within 1e-4, relative."""
    assert torch.allclose(torch.tensor(found, dtype=torch.float64), want.detach().double(), rtol=1e-4, atol=1e-9)


def split(theta: torch.Tensor, units: int) -> tuple[torch.Tensor, ...]:
    """W1 (2, M), b1 (M,), W2 (M, 1), b2 (1,) from the row (4 M + 1,) of the browser."""
    W1, b1, W2, b2 = theta.split([2 * units, units, units, 1])
    return W1.reshape(2, units), b1, W2.reshape(units, 1), b2


@pytest.fixture(scope="module", params=[("moons", 2), ("rings", 9), ("spiral", 32)], ids=lambda case: case[0])
def case(request, js) -> tuple[int, torch.Tensor, torch.Tensor]:
    """Hidden units, the browser's first weights (4 M + 1,), and its points (N, 3)."""
    name, units = request.param
    theta, points = js("network", ("weights", units, 5), ("points", name, 60, 0.3, 1))
    return units, torch.tensor(theta, dtype=torch.float64), torch.tensor(points, dtype=torch.float64).reshape(60, 3)


def test_loss_and_gradient_are_torch_s(js, case):
    units, theta, points = case
    theta = theta.clone().requires_grad_()
    x, y = points[:, :2], points[:, 2]
    s = network.two_layer(x, *split(theta, units))[1]
    loss = torch.nn.functional.binary_cross_entropy_with_logits(s, y)
    loss.backward()
    row, flat = theta.detach(), points.flatten()
    found = js("network", ("loss", row, units, flat), ("gradient", row, units, flat))
    close(found[0], loss)
    close(found[1], theta.grad)
    close(js("network", *[("forward", row, units, u, v) for u, v in x.tolist()]), s)
    by_hand = network.backprop(x, y, *split(row, units))[1]  # what the chapter builds
    close(found[1], torch.cat([part.flatten() for part in by_hand]))


@pytest.mark.parametrize("adam", [False, True])
def test_steps_are_those_of_torch_s_optimisers(js, case, adam):
    units, theta, points = case
    want = theta.clone().requires_grad_()
    kind = torch.optim.Adam([want], lr=0.05) if adam else torch.optim.SGD([want], lr=0.05, momentum=0.9)
    state = js("network", ("begin", theta))[0]
    for _ in range(5):
        slope = js("network", ("gradient", state["theta"], units, points.flatten()))[0]
        state = js("network", ("step", state, slope, {"rate": 0.05, "adam": adam}))[0]
        kind.zero_grad()
        s = network.two_layer(points[:, :2], *split(want, units))[1]
        torch.nn.functional.binary_cross_entropy_with_logits(s, points[:, 2]).backward()
        kind.step()
    close(state["theta"], want)
    assert not np.allclose(want.detach(), theta, atol=1e-2)


def test_descent_on_the_bowl_is_torch_s(js):
    place = torch.tensor([-5.0, 2.2], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([place], lr=0.11, momentum=0.6)
    path = js("network", ("descend", "bowl", [-5, 2.2], 20, {"rate": 0.11, "momentum": 0.6}))[0]
    assert len(path) == 21
    for spot in path:
        close(spot, place)
        optimiser.zero_grad()
        (torch.from_numpy(CURVATURE) * place**2).sum().div(2).backward()
        optimiser.step()


def test_the_script_is_small():
    file = Path(network_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20 * 1024
    assert file.read_text(encoding="utf-8") in script("network")


def test_the_still_figure_shows_both_views():
    figure = NetworkTrains().fallback()
    surface, plane = figure.axes
    assert "2/L" in surface.get_title() and "P(B | x)" in plane.get_title()
    assert {text.get_text() for text in plane.get_legend().get_texts()} == {"class A", "class B"}
    html = NetworkTrains().fallback_html()
    assert html.count("<svg") == 1 and len(html.encode()) < 60_000
    assert "--p-model" in html and "<image" not in html


def test_the_still_figure_s_points_lie_in_it():
    x, y = moons(200, 0.25, np.random.default_rng(0))
    assert x.shape == (200, 2) and set(y) == {0, 1}
    assert (np.abs(x) < FIELD).all()


def test_the_widget_is_found_by_name():
    import primer

    assert primer.widgets.NetworkTrains is NetworkTrains
