"""DiffusionTime: predictions and steps against torch, what it refuses, its size and its still figure."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from primer.models.diffusion import MLP, Diffusion, MLPConfig
from primer.widgets import diffusion as diffusion_widget
from primer.widgets.base import script
from primer.widgets.diffusion import DiffusionTime


@pytest.fixture(scope="module")
def models() -> dict[str, Diffusion]:
    torch.manual_seed(0)
    made = {
        "points": Diffusion(MLP(MLPConfig(D=2, M=16, L=2))),
        "digits": Diffusion(MLP(MLPConfig(D=64, M=24, L=2, K=10)), limit=1.0),
    }
    for model in made.values():
        torch.nn.init.normal_(model.net.leave.weight, std=0.3)
        for parameter in model.net.parameters():
            parameter.data = parameter.data.half().float()  # as the page has them
    return made


@pytest.fixture(scope="module")
def widget(models) -> DiffusionTime:
    return DiffusionTime(*models.values(), torch.randn(200, 2), torch.rand(10, 64) * 2 - 1)


@pytest.mark.parametrize("name", ["points", "digits"])
def test_the_browser_predicts_and_steps_as_torch_does(js, models, widget, name):
    model = models[name]
    sizes = getattr(widget, f"{name}_sizes")
    row = np.frombuffer(getattr(widget, f"{name}_weights"), "<f2").astype(float)
    n, D, K = 4, sizes[0], sizes[3]
    x, noise = torch.randn(2, n, D)
    labels = torch.tensor([0, 3, K, 9]) if K else torch.zeros(n, dtype=torch.long)
    bar = np.frombuffer(widget.alpha_bar, "<f4")
    exact = copy.deepcopy(model).double()  # near pure noise a step divides by a tiny share: float32 has too few digits
    for t, s in ((1000, 960), (520, 480), (40, 0)):
        with torch.no_grad():
            eps = model.eps(x, torch.full((n,), t), labels)
        flat = x.flatten().tolist()
        found = js("diffusion", ("predictRow", row, sizes, flat, labels.tolist(), t, float(bar[t])))[0]
        assert np.allclose(np.reshape(found, (n, D)), eps, atol=1e-4)
        limit = min(model.limit, 1e9)
        for eta in (0.0, 1.0):
            want = exact.step(x.double(), eps.double(), t, s, eta, noise if eta else None).flatten()
            shares = float(bar[t]), float(bar[s])
            call = "step", flat, eps.flatten().tolist(), *shares, eta, noise.flatten().tolist(), limit
            assert np.allclose(js("diffusion", call)[0], want, atol=1e-4)


def test_weights_and_data_travel(models, widget):
    assert len(widget.points) == 160 * 2 * 4 and len(widget.digits) == 640 * 4
    assert len(widget.digits_weights) == 2 * sum(p.numel() for p in models["digits"].parameters())


def test_wrong_models_and_data_are_refused(models):
    points, digits = models.values()
    with pytest.raises(ValueError, match="ten classes"):
        DiffusionTime(digits, points, torch.randn(200, 2), torch.zeros(10, 64))
    with pytest.raises(ValueError, match="same schedule"):
        DiffusionTime(points, Diffusion(digits.net, schedule="linear"), torch.randn(200, 2), torch.zeros(10, 64))
    with pytest.raises(ValueError, match="points must have the shape"):
        DiffusionTime(points, digits, torch.randn(20, 2), torch.zeros(10, 64))


def test_the_script_is_small_and_the_still_figure_too(widget):
    file = Path(diffusion_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20_480
    assert file.read_text(encoding="utf-8") in script("diffusion")
    assert len(widget.fallback_html()) < 250_000
