"""LatentExplorer: its decoder against torch, what it refuses, its size and its still figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from primer.models.vae import VAE, Config
from primer.widgets import vae as vae_widget
from primer.widgets.base import script
from primer.widgets.vae import LatentExplorer, decode


@pytest.fixture(scope="module")
def model() -> VAE:
    torch.manual_seed(0)
    return VAE(Config(M=16, Z=2))


@pytest.fixture(scope="module")
def widget(model) -> LatentExplorer:
    return LatentExplorer(model, torch.rand(30, 64), torch.arange(30) % 10)


def test_the_browser_decodes_what_torch_decodes(js, model, widget):
    places = [(0.0, 0.0), (3.5, -3.5), (-1.2, 0.4)]
    row = np.frombuffer(widget.weights, "<f4")
    with torch.no_grad():
        want = torch.sigmoid(model.decode(torch.tensor(places))).numpy()
    assert np.allclose(decode(row, np.array(places)), want, atol=1e-5)
    call = "decodeRow", row
    found = js("vae", *[(*call, u, v) for u, v in places])
    assert np.allclose(found, want, atol=1e-4)


def test_places_and_labels_travel(model, widget):
    places = np.frombuffer(widget.places, "<f4").reshape(30, 2)
    assert np.isfinite(places).all() and places.std() > 0
    assert list(widget.labels) == [k % 10 for k in range(30)]


def test_a_wrong_model_is_refused():
    x, y = torch.rand(5, 64), torch.arange(5)
    for config in (Config(Z=3), Config(Z=2, K=10), Config(D=49, Z=2)):
        with pytest.raises(ValueError, match="two latent dimensions"):
            LatentExplorer(VAE(config), x, y)
    with pytest.raises(ValueError, match="labels must have the shape 5"):
        LatentExplorer(VAE(Config(Z=2)), x, y[:4])


def test_the_script_is_small_and_the_still_figure_too(widget):
    file = Path(vae_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20_480
    assert file.read_text(encoding="utf-8") in script("vae")
    assert len(widget.fallback_html()) < 60_000
