"""TwoPlayers: its arithmetic against torch, its size and its still figure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from primer.models import gan
from primer.widgets import gan as gan_widget
from primer.widgets.base import script
from primer.widgets.gan import TwoPlayers

M, N = 6, 5


def close(found: object, want: torch.Tensor) -> None:
    """Equal within 1e-4, relative."""
    found = torch.tensor(found, dtype=torch.float64)
    assert torch.allclose(found.flatten(), want.detach().double().flatten(), rtol=1e-4, atol=1e-9)


@pytest.fixture(params=gan.GAMES)
def model(request) -> gan.GAN:
    """A game with penalties, in float64."""
    torch.manual_seed(0)
    game = gan.GAN(replace(gan.POINTS, M=M, game=request.param, gamma=0.7)).double()
    vector_to_parameters(2 * parameters_to_vector(game.parameters()), game.parameters())  # so that units bend
    return game


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Data and latent numbers, (N, 2) each."""
    torch.manual_seed(1)
    return torch.randn(N, 2, dtype=torch.float64), torch.randn(N, 2, dtype=torch.float64)


def net(module: torch.nn.Module, outputs: int) -> dict:
    """The network as the browser holds it: its parameters in torch's own order."""
    return {"M": M, "O": outputs, "theta": parameters_to_vector(module.parameters()).tolist()}


def test_outputs_and_slopes_at_the_input_are_torch_s(js, model, batch):
    x = batch[0].requires_grad_()
    D, G = net(model.discriminator, 1), net(model.generator, 2)
    at = js("gan", *[("forward", D, *row) for row in x.tolist()])
    logits = model.discriminator(x)
    close([one["out"] for one in at], logits)
    (slope,) = torch.autograd.grad(logits.sum(), x)
    close(js("gan", *[("backward", D, one, [1]) for one in at]), slope)
    close(js("gan", ("generate", G, x.flatten()))[0], model.generator(x))


def test_the_discriminator_s_gradient_with_both_penalties_is_torch_s(js, model, batch):
    x, z = batch
    fake = model.generator(z).detach()
    gan.d_objective(model, x, fake).backward()
    want = parameters_to_vector([p.grad for p in model.discriminator.parameters()])
    rules = {"game": model.config.game, "gamma": model.config.gamma}
    found = js("gan", ("critic", net(model.discriminator, 1), x.flatten(), fake.flatten(), rules))[0]
    close(found, want)


def test_the_pull_on_the_points_and_the_generator_s_gradient_are_torch_s(js, model, batch):
    x, z = batch
    fake = model.generator(z)
    loss = gan.g_loss(model.config.game, model.discriminator(x), model.discriminator(fake))
    (slope,) = torch.autograd.grad(loss, fake, retain_graph=True)
    D, G = net(model.discriminator, 1), net(model.generator, 2)
    pulls = js("gan", ("pull", D, x.flatten(), fake.detach().flatten(), model.config.game))[0]
    close(pulls, -N * slope)
    want = torch.autograd.grad(loss, list(model.generator.parameters()))
    close(js("gan", ("forger", G, z.flatten(), pulls))[0], parameters_to_vector(want))


def test_first_weights_are_as_wide_as_torch_s(js):
    theta = torch.tensor(js("gan", ("begin", 16, 3))[0]["D"]["theta"])
    layers = gan.Discriminator(replace(gan.POINTS, M=16)).net
    vector_to_parameters(theta, layers.parameters())
    for layer in layers[::2]:
        bound = layer.in_features**-0.5
        assert 0.7 * bound < layer.weight.abs().max() <= bound and layer.bias.abs().max() <= bound


def test_modes_are_counted_as_in_the_package(js):
    rng = np.random.default_rng(0)
    centres = js("gan", ("ring",))[0]
    points = torch.tensor(centres)[rng.integers(5, size=300)] + 0.15 * torch.randn(300, 2)
    found = js("gan", ("modes", points.flatten(), centres))[0]
    count, share = gan.modes(points, torch.tensor(centres))
    assert sum(found["found"]) == count == 5 and found["good"] == pytest.approx(share)


def test_the_script_is_small():
    file = Path(gan_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20 * 1024
    assert file.read_text(encoding="utf-8") in script("gan")


def test_the_still_figure_shows_data_and_generated_points():
    figure = TwoPlayers().fallback()
    assert {text.get_text() for text in figure.axes[0].get_legend().get_texts()} == {"data", "generated"}
    html = TwoPlayers().fallback_html()
    assert html.count("<svg") == 1 and "--p-model" in html and "--p-real" in html and "<image" not in html
    assert len(html.encode()) < 120_000


def test_the_widget_is_found_by_name():
    import primer

    assert primer.widgets.TwoPlayers is TwoPlayers
