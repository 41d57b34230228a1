"""Generative adversarial networks against closed forms: optimal discriminators, penalties, the shape of the game."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

from primer import data
from primer.models import gan
from primer.models.gan import GAN, LETTERS, POINTS, Config, d_loss, g_loss, penalty

GRID = torch.linspace(-8, 8, 801, dtype=torch.float64)  # (V,)
STEP = (GRID[1] - GRID[0]).item()


def density(mean: float, sigma: float) -> torch.Tensor:
    """A Gaussian on the grid, (V,)."""
    return torch.distributions.Normal(torch.tensor(mean, dtype=torch.float64), sigma).log_prob(GRID).exp()


P, Q = density(-1.0, 1.0), 0.5 * density(0.5, 0.7) + 0.5 * density(3.0, 1.2)


def best(loss) -> tuple[torch.Tensor, float]:
    """The logits (V,) that minimise a convex loss of them, and its least value."""
    logits = torch.zeros_like(GRID, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], lr=1, max_iter=300, tolerance_change=1e-15, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss(logits)
        value.backward()
        return value

    optimizer.step(closure)
    return logits.detach(), loss(logits).item()


def test_the_best_discriminator_is_p_over_p_plus_q_and_its_value_the_jensen_shannon_divergence():
    softplus = nn.functional.softplus
    logits, value = best(lambda s: ((P * softplus(-s) + Q * softplus(s)) * STEP).sum())
    weight = P + Q > 1e-3
    assert torch.allclose(torch.sigmoid(logits)[weight], (P / (P + Q))[weight], atol=1e-3)
    mixture = (P + Q) / 2
    divergence = ((P * (P / mixture).log() + Q * (Q / mixture).log()) * STEP).sum() / 2
    assert value == pytest.approx(2 * np.log(2) - 2 * divergence.item(), abs=1e-5)


def test_d_loss_is_the_integral_above_on_samples_weighted_alike():
    rng = np.random.default_rng(0)
    real = torch.tensor(rng.choice(GRID, 200_000, p=(P / P.sum()).numpy()))
    fake = torch.tensor(rng.choice(GRID, 200_000, p=(Q / Q.sum()).numpy()))
    s = torch.tanh(GRID)  # any discriminator
    integral = ((P * nn.functional.softplus(-s) + Q * nn.functional.softplus(s)) * STEP).sum()
    for game in ("minimax", "non-saturating"):
        assert d_loss(game, torch.tanh(real), torch.tanh(fake)).item() == pytest.approx(integral.item(), abs=0.01)


def test_the_best_relativistic_discriminator_is_the_log_ratio_up_to_a_constant():
    few = slice(250, 600, 7)
    p, q = (d[few] / d[few].sum() for d in (P, Q))

    def loss(logits: torch.Tensor) -> torch.Tensor:
        s = logits[few]
        return (p[:, None] * q[None] * nn.functional.softplus(s[None] - s[:, None])).sum()

    logits, _ = best(loss)
    difference = logits[few] - (p / q).log()
    inside = (p * q) > 1e-6  # elsewhere the loss is flat
    assert inside.sum() > 20
    assert difference[inside].std() < 1e-2
    assert abs(loss(logits + 5.0) - loss(logits)) < 1e-9, "a constant changes nothing"


def test_what_the_players_minimise_adds_up_to_nothing_only_in_the_minimax_game():
    real, fake = torch.randn(50), torch.randn(50)
    zero_sum = d_loss("minimax", real, fake) + g_loss("minimax", real, fake)
    # the part of real examples does not depend on the generator
    assert torch.allclose(zero_sum, nn.functional.softplus(-real).mean())
    moved = fake + 1
    for game, constant in (("minimax", True), ("non-saturating", False)):
        total = [d_loss(game, real, f) + g_loss(game, real, f) for f in (fake, moved)]
        assert (abs(total[0] - total[1]) < 1e-6) == constant


def test_the_games_pull_the_same_way_but_minimax_lets_go_of_what_is_seen_through():
    fake = torch.tensor([-6.0, 0.0, 6.0], requires_grad=True)
    slopes = [torch.autograd.grad(g_loss(game, fake.detach(), fake), fake)[0] for game in ("minimax", "non-saturating")]
    assert (slopes[0] < 0).all() and (slopes[1] < 0).all()
    assert abs(slopes[0][0]) < 0.01 * abs(slopes[1][0]), "a fake that is seen through feels hardly anything"


@pytest.mark.parametrize("config", [POINTS, Config(K=10, M=16), replace(LETTERS, C=2)])
def test_penalty_is_the_squared_slope_by_finite_differences(config):
    torch.manual_seed(0)
    D = gan.Discriminator(config).double()
    x = torch.rand(3, config.D, dtype=torch.float64)
    y = torch.tensor([0, 3, 1]) if config.K else None
    logits, steep = penalty(D, x, y)
    assert torch.equal(logits, D(x, y))
    h = 1e-6
    with torch.no_grad():
        some = torch.randperm(config.D)[: min(config.D, 40)]
        slope = torch.stack([(D(x + h * e, y) - D(x - h * e, y)) / (2 * h) for e in torch.eye(config.D).double()[some]])
    full = torch.autograd.grad(D(leaf := x.clone().requires_grad_(), y).sum(), leaf)[0]
    assert torch.allclose(slope.T, full[:, some], rtol=1e-4, atol=1e-7)
    assert torch.allclose(steep, full.square().sum(1))


def test_gradients_of_the_penalty_pass_to_the_weights():
    torch.manual_seed(0)
    D = gan.Discriminator(replace(POINTS, M=5)).double()
    x = torch.randn(4, 2, dtype=torch.float64)
    penalty(D, x)[1].mean().backward()
    weight = D.net[2].weight
    h = 1e-6
    for i, j in ((0, 0), (2, 3), (4, 1)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[i, j] += sign * h
            values.append(penalty(D, x)[1].mean().item())
            with torch.no_grad():
                weight[i, j] -= sign * h
        assert weight.grad[i, j].item() == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-4)


def test_the_objective_is_loss_plus_half_gamma_times_both_penalties():
    model = GAN(replace(POINTS, gamma=0.7))
    x, fake = torch.randn(6, 2), torch.randn(6, 2)
    (real, R1), (made, R2) = (penalty(model.discriminator, part) for part in (x, fake))
    want = d_loss("relativistic", real, made) + 0.35 * (R1.mean() + R2.mean())
    assert torch.allclose(gan.d_objective(model, x, fake), want)
    plain = GAN(replace(POINTS, gamma=0.0))
    want = d_loss("relativistic", plain.discriminator(x), plain.discriminator(fake))
    assert torch.allclose(gan.d_objective(plain, x, fake), want)


@pytest.mark.parametrize("config", [Config(K=10), replace(LETTERS, C=2)])
def test_pictures_lie_on_their_grid(config):
    model = GAN(config)
    y = torch.arange(12) % config.K
    x = model.sample(12, y)
    assert x.shape == (12, config.D)
    top = config.levels - 1
    assert x.min() >= 0 and x.max() <= 1 and torch.allclose(x * top, (x * top).round(), atol=1e-4)
    z = model.latent(12)
    assert not torch.equal(model.generator(z, y), model.generator(z, (y + 1) % config.K)), "the label is read"
    assert model.discriminator(x, y).shape == (12,)
    with pytest.raises(ValueError, match="conditional"):
        model.sample(12)
    with pytest.raises(ValueError, match="conditional"):
        next(gan.play(model, x))


def test_play_can_be_left_at_any_step_and_the_average_follows_slowly():
    torch.manual_seed(0)
    model = GAN(replace(POINTS, M=8))
    x = torch.randn(100, 2)
    start = {name: value.clone() for name, value in model.state_dict().items()}
    assert list(islice(gan.play(model, x), 3)) == [1, 2, 3]
    assert list(gan.play(model, x, steps=2)) == [1, 2]

    def far(part: str) -> torch.Tensor:
        return (model.state_dict()[f"{part}.net.0.weight"] - start[f"{part}.net.0.weight"]).norm()

    assert 0 < far("average") < far("generator")
    assert far("discriminator") > 0
    assert all(p.requires_grad for p in model.discriminator.parameters()), "given back as it was"


def test_the_discriminator_does_not_move_in_the_generator_s_turn():
    torch.manual_seed(0)
    a, b = GAN(replace(POINTS, M=8)), GAN(replace(POINTS, M=8))
    b.load_state_dict(a.state_dict())
    x = torch.randn(64, 2)
    torch.manual_seed(1)
    next(gan.play(a, x))
    torch.manual_seed(1)
    rows = torch.randint(64, (64,))
    fake = b.generator(b.latent(64))
    optimizer = torch.optim.Adam(b.discriminator.parameters(), lr=1e-3, betas=(0.0, 0.99))
    gan.d_objective(b, x[rows], fake).backward()
    optimizer.step()
    for mine, theirs in zip(a.discriminator.parameters(), b.discriminator.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-6)


def test_a_short_game_moves_the_points_towards_the_data():
    torch.manual_seed(0)
    x = torch.tensor([1.0, -1.0]) + 0.3 * torch.randn(1000, 2)
    model = gan.train(GAN(replace(POINTS, M=32)), x, 400, lr=5e-3)
    made = model.sample(1000)
    assert (made.mean(0) - x.mean(0)).norm() < 0.2 and (made.std(0) - 0.3).abs().max() < 0.2


def test_modes_by_hand():
    eight = torch.tensor(data.points("eight-gaussians").centres, dtype=torch.float32)
    points = torch.cat([eight[:3].repeat(33, 1), torch.zeros(1, 2)])  # three bumps, and one point on none
    assert gan.modes(points, eight) == (3, 0.99)
    rare = torch.cat([eight[:1].repeat(199, 1), eight[1:2]])  # one point of 200 is too few
    assert gan.modes(rare, eight) == (1, 1.0)


def test_unknown_games_are_refused():
    with pytest.raises(ValueError, match="There is no game 'chess'"):
        GAN(replace(POINTS, game="chess"))
