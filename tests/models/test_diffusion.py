"""Diffusion of chapter 10 against closed forms: noising, the posterior, exact scores and densities, guidance, paths."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Normal

from primer import data
from primer.models import diffusion
from primer.models._denoisers import Conv
from primer.models.diffusion import MLP, Diffusion, Flow, MLPConfig, UNet, UNetConfig, noise_schedule, training


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


class Exact(nn.Module):
    """Gives E[eps | x_t] for data N(mean, variance) in D dimensions, the same in each."""

    def __init__(self, bar, mean=0.0, variance=1.0, D=1):
        super().__init__()
        self.bar, self.mean, self.variance, self.shape, self.K = bar, mean, variance, (D,), 0

    def forward(self, x, t, y=None):
        bar = self.bar[(t * (len(self.bar) - 1)).round().long()][:, None].to(x)
        eps = (1 - bar).sqrt() * (x - bar.sqrt() * self.mean) / (bar * self.variance + 1 - bar)
        return (eps - (1 - bar).sqrt() * x) / bar.sqrt()  # what Diffusion.eps asks its network for


def gaussian(T, variance, mean=0.0, D=1, schedule="cosine"):
    return Diffusion(Exact(noise_schedule(T, schedule).float(), mean, variance, D), T, schedule)


@pytest.mark.parametrize("kind", ["cosine", "linear"])
@pytest.mark.parametrize("T", [20, 1000])
def test_schedules_fall_from_the_data_to_noise(kind, T):
    bar = noise_schedule(T, kind)
    assert bar.shape == (T + 1,) and bar[0] == 1 and (bar.diff() < 0).all() and 0 < bar[-1] < 1e-3


def test_schedules_are_the_papers():
    beta = 1 - noise_schedule(1000, "linear")[1:] / noise_schedule(1000, "linear")[:-1]
    assert torch.allclose(beta[[0, -1]], torch.tensor([1e-4, 0.02], dtype=torch.float64))
    f = [math.cos((t / 10 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(11)]
    assert noise_schedule(10)[4].item() == pytest.approx(f[4] / f[0])
    with pytest.raises(ValueError, match="cosine"):
        noise_schedule(10, "square")


def test_noising_at_once_equals_noising_step_by_step():
    T, t, n = 40, 25, 400_000
    model = Diffusion(MLP(), T)
    bar = noise_schedule(T)
    x = x0 = torch.tensor([[1.5, -0.5]]).expand(n, 2)
    for s in range(1, t + 1):
        beta = (1 - bar[s] / bar[s - 1]).float()
        x = (1 - beta).sqrt() * x + beta.sqrt() * torch.randn_like(x)
    at_once = model.q_sample(x0, torch.full((n,), t), torch.randn_like(x0))
    for y in (x, at_once):
        assert torch.allclose(y.mean(0), bar[t].sqrt().float() * x0[0], atol=0.01)
        assert torch.allclose(torch.cov(y.T), (1 - bar[t]).float() * torch.eye(2), atol=0.01)


@pytest.mark.parametrize(("t", "s"), [(40, 39), (30, 29), (1, 0), (40, 20)])
def test_ddim_with_eta_one_is_ddpm_with_the_posterior_variance(t, s):
    """Held against Ho et al. (2020), equations 6 and 7, written with x_0; a step may jump."""
    model = Diffusion(MLP(), 40).double()
    bar = noise_schedule(40)
    model.alpha_bar = bar
    x, eps, noise = torch.randn(3, 5, 2, dtype=torch.float64)
    alpha = bar[t] / bar[s]
    x0 = (x - (1 - bar[t]).sqrt() * eps) / bar[t].sqrt()
    mean = (bar[s].sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - bar[s]) * x) / (1 - bar[t])
    variance = (1 - bar[s]) / (1 - bar[t]) * (1 - alpha)
    assert torch.allclose(model.step(x, eps, t, s, 1.0, noise), mean + variance.sqrt() * noise)


def test_ddim_draws_nothing_and_inverts_noising_of_a_known_noise():
    model = Diffusion(MLP(), 100)
    x0, eps = torch.randn(2, 6, 2)
    x = model.q_sample(x0, torch.full((6,), 70), eps)
    back = model.step(x, eps, 70, 30)
    assert torch.allclose(back, model.q_sample(x0, torch.full((6,), 30), eps), atol=1e-5)
    assert torch.allclose(model.step(x, eps, 70, 0), x0, atol=1e-5)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_the_exact_denoiser_of_a_gaussian_samples_it(eta):
    model = gaussian(500, variance=0.25, mean=2.0)
    x = model.sample(20_000, steps=500, eta=eta)
    assert x.mean().item() == pytest.approx(2, abs=0.02) and x.std().item() == pytest.approx(0.5, abs=0.01)


def test_guesses_are_clipped_and_the_noise_follows():
    model = Diffusion(MLP(), 100, limit=1.0)
    x, eps = torch.tensor([[3.0, 0.1]]), torch.zeros(1, 2)
    bar = model.alpha_bar
    assert torch.allclose(model.step(x, eps, 10, 0), torch.tensor([[1.0, 0.1 / bar[10].sqrt()]]))
    noise = (3.0 - bar[10].sqrt()) / (1 - bar[10]).sqrt()
    want = bar[5].sqrt() + (1 - bar[5]).sqrt() * noise
    assert model.step(x, eps, 10, 5)[0, 0].item() == pytest.approx(want.item(), rel=1e-5)


def test_a_trajectory_starts_at_the_noise_and_ends_at_the_data():
    model = Diffusion(MLP(), 100)
    x = torch.randn(4, 2)
    found = list(model.trajectory(x, steps=7))
    assert len(found) == 8 and found[0][0] == 100 and torch.equal(found[0][1], x) and found[-1][0] == 0
    torch.manual_seed(3)
    sample = model.sample(4, steps=7)
    torch.manual_seed(3)
    assert torch.equal(sample, list(model.trajectory(torch.randn(4, 2), steps=7))[-1][1])


@pytest.mark.parametrize("steps", [3, 30])
def test_the_bound_is_the_evidence_where_all_steps_are_gaussian(steps):
    x = torch.randn(40_000, 2) * 0.5
    evidence = Normal(0.0, 0.5).log_prob(x).sum(1).mean().item()
    assert gaussian(1000, 0.25, D=2).bound(x, steps=steps) == pytest.approx(evidence, abs=0.03)


def test_the_bound_lies_below_the_evidence_of_a_mixture_and_rises_with_steps():
    """Data at ±1 with noise of variance 0.01: the exact E[eps | x_t] is a tanh."""

    class Two(Exact):
        def forward(self, x, t, y=None):
            bar = self.bar[(t * (len(self.bar) - 1)).round().long()][:, None]
            v = bar * self.variance + 1 - bar
            eps = (1 - bar).sqrt() / v * (x - bar.sqrt() * torch.tanh(bar.sqrt() * x / v))
            return (eps - (1 - bar).sqrt() * x) / bar.sqrt()

    model = Diffusion(Two(noise_schedule(1000).float(), variance=0.01), 1000)
    x = torch.randn(20_000, 1) * 0.1 + torch.randint(2, (20_000, 1)) * 2 - 1
    evidence = torch.logaddexp(*(Normal(c, 0.1).log_prob(x) for c in (-1.0, 1.0))).mean().item() - math.log(2)
    gaps = [evidence - model.bound(x, steps=steps) for steps in (3, 10, 250)]
    assert gaps[0] > gaps[1] > gaps[2] > -0.03 and gaps[0] > 0.1 and gaps[2] < 0.05


def test_the_bound_is_the_sum_of_its_divergences():
    """With torch.distributions, for a denoiser that is wrong, three steps, data N(0.7, 0)."""
    T, n = 3, 200_000
    model = gaussian(T, variance=0.6)
    bar = noise_schedule(T).float()
    x0 = torch.full((n, 1), 0.7)
    noised = {t: model.q_sample(x0, torch.full((n,), t), torch.randn_like(x0)) for t in (1, 2, 3)}
    noise = {t: model.eps(x, torch.full((n,), t)) for t, x in noised.items()}
    guess = {t: (noised[t] - (1 - bar[t]).sqrt() * noise[t]) / bar[t].sqrt() for t in noised}

    def posterior(x, x0, t):
        alpha = bar[t] / bar[t - 1]
        mean = (bar[t - 1].sqrt() * (1 - alpha) * x0 + alpha.sqrt() * (1 - bar[t - 1]) * x) / (1 - bar[t])
        return Normal(mean, ((1 - bar[t - 1]) / (1 - bar[t]) * (1 - alpha)).sqrt())

    kl = torch.distributions.kl_divergence
    total = kl(Normal(bar[3].sqrt() * x0, (1 - bar[3]).sqrt()), Normal(0.0, 1.0)).mean()
    for t in (2, 3):
        q, p = posterior(noised[t], x0, t), posterior(noised[t], guess[t], t)
        best = (q.variance + (q.mean - p.mean) ** 2).mean().sqrt()
        total += kl(q, Normal(p.mean, best)).mean()
    total -= Normal(guess[1], ((guess[1] - x0) ** 2).mean().sqrt()).log_prob(x0).mean()
    assert model.bound(x0, steps=3) == pytest.approx(-total.item(), abs=0.02)


def test_guidance_at_its_neutral_weights():
    net = MLP(MLPConfig(K=3))
    nn.init.normal_(net.leave.weight)
    x, t, y, none = torch.randn(6, 2), torch.rand(6), torch.arange(6) % 3, torch.full((6,), 3)
    assert torch.equal(diffusion.guided(net, x, t, y, 0.0), net(x, t, y))
    assert torch.allclose(diffusion.guided(net, x, t, y, -1.0), net(x, t), atol=1e-6)
    assert torch.equal(net(x, t, none), net(x, t))
    other = net(x, t) + 3.0 * (net(x, t, y) - net(x, t))  # the other convention, s = 1 + w
    assert torch.allclose(diffusion.guided(net, x, t, y, 2.0), other, atol=1e-5)


def test_labels_are_hidden_at_the_rate_asked_for():
    y = diffusion.hide(torch.zeros(20_000, dtype=torch.long), 5, 0.3)
    assert set(y.tolist()) == {0, 5} and (y == 5).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert diffusion.hide(None, 5, 0.3) is None


def test_the_path_of_a_flow_has_the_right_ends_and_slope():
    flow = Flow(MLP())
    x0, eps = torch.randn(2, 5, 2)

    def at(t):
        return flow.path(x0, torch.full((5,), t), eps)

    assert torch.equal(at(0.0), x0) and torch.equal(at(1.0), eps)
    assert torch.allclose((at(0.7) - at(0.3)) / 0.4, eps - x0, atol=1e-5)


class ExactFlow(nn.Module):
    """E[x_0 | x_t] on the straight path, for data N(mean, variance)."""

    K, shape = 0, (1,)

    def __init__(self, mean, variance):
        super().__init__()
        self.mean, self.variance = mean, variance
        self.nothing = nn.Parameter(torch.zeros(()))

    def forward(self, x, t, y=None):
        t = t[:, None]
        gain = (1 - t) * self.variance / ((1 - t) ** 2 * self.variance + t**2)
        return self.mean + gain * (x - (1 - t) * self.mean)


def test_the_exact_flow_of_a_gaussian_samples_it():
    x = Flow(ExactFlow(2.0, 0.25)).sample(20_000, steps=100)
    assert x.mean().item() == pytest.approx(2, abs=0.02) and x.std().item() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("predict", ["x", "v"])
def test_a_flow_learns_a_gaussian_either_way(predict):
    x = torch.randn(2000, 1) * 0.5 + 1
    for step in training(Flow(MLP(MLPConfig(D=1, M=32, L=1)), predict), x, steps=300, batch=256, lr=6e-3):
        last = step
    drawn = last.model.sample(5000)
    assert drawn.mean().item() == pytest.approx(1, abs=0.1) and drawn.std().item() == pytest.approx(0.5, abs=0.1)


def test_heun_is_of_second_order():
    """For a Gaussian with mean 0 the flow scales each point: x_0 = sqrt(variance) eps, exactly."""
    flow, eps = Flow(ExactFlow(0.0, 1.0)), torch.ones(1, 1)
    half = {}
    for steps in (10, 20):  # to t = 1/2, where x is eps / sqrt(2)
        for t, x in flow.trajectory(eps, steps=steps):
            if math.isclose(t, 0.5):
                half[steps] = abs(x.item() - math.sqrt(0.5))
    assert half[20] < half[10] / 3


def test_the_learned_score_comes_near_the_exact_one():
    density = data.points("eight-gaussians")
    rng = np.random.default_rng(0)
    x = torch.tensor(density.sample(4000, rng), dtype=torch.float32)
    model = Diffusion(MLP(MLPConfig(M=64, L=2)))
    for step in training(model, x, steps=800, batch=256, lr=6e-3):
        model = step.model
    for t, most in ((300, 0.4), (700, 0.1)):
        bar = noise_schedule(1000)[t].item()
        noisy = dataclasses.replace(
            density, centres=density.centres * bar**0.5, sigma=math.sqrt(bar * density.sigma**2 + 1 - bar)
        )
        points = noisy.sample(1000, rng)
        exact = noisy.score(points)
        steps = torch.full((1000,), t)
        learned = -model.eps(torch.tensor(points, dtype=torch.float32), steps) / (1 - bar) ** 0.5
        error = np.sqrt(((learned.numpy() - exact) ** 2).sum() / (exact**2).sum())
        assert error < most


def test_training_learns_the_label_and_averages():
    y = torch.arange(2).repeat(200)
    x = torch.where(y[:, None] == 1, 1.0, -1.0) + 0.1 * torch.randn(400, 2)
    model = Flow(MLP(MLPConfig(D=2, M=32, L=1, K=2)))
    for step in training(model, x, y, steps=200, batch=64):
        last = step
    assert last.step == 200 and not last.model.training
    for label, mean in ((0, -1.0), (1, 1.0)):
        drawn = last.model.sample(200, torch.full((200,), label))
        assert drawn.mean().item() == pytest.approx(mean, abs=0.15)


def test_training_stops_after_seconds_and_asks_for_one_budget():
    x = torch.randn(300, 2)
    steps = [p.step for p in training(Diffusion(MLP(MLPConfig(M=8, L=1))), x, seconds=0.2, batch=32)]
    assert steps == list(range(1, len(steps) + 1)) and steps
    for budget in ({}, {"steps": 3, "seconds": 1.0}):
        with pytest.raises(ValueError, match="budget"):
            next(training(Diffusion(MLP()), x, **budget))


@pytest.mark.parametrize("kind", [Diffusion, Flow])
def test_a_unet_keeps_shapes_learns_and_reads_its_label(kind):
    net = UNet(UNetConfig(side=8, K=2, wide=8, deep=16))
    y = torch.arange(64) % 2
    x = (2.0 * y - 1).reshape(64, 1, 1, 1) * torch.ones(1, 1, 8, 8)  # paper or ink all over
    model = kind(net)
    losses = [p.loss for p in training(model, x, y, steps=60, batch=64)]
    assert sum(losses[-10:]) < 0.75 * sum(losses[:10])
    assert model.sample(3, torch.tensor([0, 1, 1]), steps=2, w=1.0).shape == (3, 1, 8, 8)
    t, zeros = torch.full((4,), 0.5), torch.zeros(4, dtype=torch.long)
    assert not torch.allclose(net(x[:4], t, zeros), net(x[:4], t, zeros + 1))


def test_a_convolution_equals_torchs():
    ours, theirs = Conv(3, 5), nn.Conv2d(3, 5, 3, padding=1)
    theirs.weight.data = ours.weight.data.reshape(5, 3, 3, 3)
    theirs.bias.data = ours.bias.data = torch.randn(5)
    x = torch.randn(2, 3, 6, 4)
    assert torch.allclose(ours(x), theirs(x), atol=1e-6)
