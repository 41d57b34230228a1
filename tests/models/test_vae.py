"""The VAE of chapter 08 against closed forms, against torch.distributions, and against its docstrings."""

import math

import pytest
import torch
from torch.distributions import Binomial, MultivariateNormal, Normal, kl_divergence

from primer.models import vae
from primer.models.vae import VAE, Config, LinearVAE


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def linear(orthogonal=False):
    W = torch.randn(5, 2, dtype=torch.float64)
    if orthogonal:
        W = torch.linalg.qr(W)[0] * torch.tensor([2.0, 0.7], dtype=torch.float64)
    return LinearVAE(W, torch.randn(5, dtype=torch.float64), 0.3)


X = torch.linspace(-2, 2, 35, dtype=torch.float64).reshape(7, 5).sin()


def test_kl_equals_torch_distributions():
    mu, log_var = torch.randn(4, 3), torch.randn(4, 3)
    theirs = kl_divergence(Normal(mu, (log_var / 2).exp()), Normal(0.0, 1.0))
    assert torch.allclose(vae.kl(mu, log_var), theirs, atol=1e-6)


@pytest.mark.parametrize("levels", [2, 17])
def test_the_likelihood_equals_torch_distributions_and_sums_to_one(levels):
    n = levels - 1
    counts, logits = torch.randint(levels, (6, 4)).double(), torch.randn(6, 4).double() * 3
    theirs = Binomial(n, logits=logits).log_prob(counts).sum(-1)
    assert torch.allclose(vae.log_binomial(counts / n, logits, levels), theirs)
    every = torch.arange(levels).double()[:, None] / n  # all values of one pixel
    total = vae.log_binomial(every, torch.full((levels, 1), 0.7).double(), levels).exp().sum()
    assert total.item() == pytest.approx(1)


def test_the_exact_posterior_closes_the_gap():
    model = linear()
    assert torch.allclose(model.elbo(X, *model.posterior(X)), model.evidence(X))


def test_the_bound_is_evidence_minus_kl_for_any_q():
    model = linear()
    m, S = torch.randn(7, 2).double(), torch.tensor([[0.5, 0.1], [0.1, 0.4]]).double()
    mean, covariance = model.posterior(X)
    gap = kl_divergence(MultivariateNormal(m, S), MultivariateNormal(mean, covariance))
    assert torch.allclose(model.elbo(X, m, S), model.evidence(X) - gap)


def test_a_diagonal_q_is_exact_only_for_orthogonal_columns():
    tilted, straight = linear(), linear(orthogonal=True)
    assert torch.allclose(straight.elbo(X, *straight.best_diagonal(X)), straight.evidence(X))
    gap = tilted.evidence(X) - tilted.elbo(X, *tilted.best_diagonal(X))
    assert (gap > 1e-3).all()
    m, S = tilted.best_diagonal(X)
    for scale in (0.95, 1.05):  # no other diagonal does better
        assert (tilted.elbo(X, m, S * scale) < tilted.elbo(X, m, S)).all()


def exact_evidence(model, x, places=401):
    """log p(x) of a VAE with one latent dimension, by the trapezium rule."""
    z = torch.linspace(-8, 8, places, dtype=torch.float64)
    with torch.no_grad():
        log_x = vae.log_binomial(x[:, None], model.decode(z[:, None]), model.config.levels)
    return torch.logsumexp(log_x + Normal(0.0, 1.0).log_prob(z), 1) + math.log(16 / (places - 1))


def small():
    return VAE(Config(D=3, M=8, Z=1, levels=5)).double(), torch.randint(5, (6, 3)).double() / 4


def test_the_evidence_of_a_network_sums_to_one():
    model, _ = small()
    every = torch.cartesian_prod(*[torch.arange(5).double() / 4] * 3)  # all 125 pictures
    assert exact_evidence(model, every).exp().sum().item() == pytest.approx(1, abs=1e-6)


def test_bounds_lie_below_the_evidence_and_rise_with_samples():
    model, x = small()
    model.encoder[2].bias.data[1] = 2.5  # a q that is far too wide
    evidence = exact_evidence(model, x).mean().item()
    bounds = [vae.importance_bound(model, x.repeat(2000, 1), S).mean().item() for S in (1, 4, 16, 64)]
    distortion, rate = vae.elbo(model, x.repeat(4000, 1))
    assert bounds[0] == pytest.approx(-(distortion + rate).mean().item(), abs=0.05)
    assert bounds == sorted(bounds) and bounds[1] - bounds[0] > 0.1
    assert evidence - 0.05 < bounds[-1] < evidence + 0.01


def test_reparameterised_and_score_gradients_agree_and_differ_in_variance():
    """Both estimate the slope of E[(z - 1)^2] in mu, which is 2 (mu - 1)."""
    mu, log_var = torch.full((200_000,), 0.4, dtype=torch.float64, requires_grad=True), torch.tensor(-1.0).double()
    z = vae.reparameterise(mu, log_var.expand_as(mu))
    path = torch.autograd.grad(((z - 1) ** 2).sum(), mu)[0]
    z = z.detach()
    score = (z - 1) ** 2 * (z - 0.4) / log_var.exp()
    for estimate in (path, score):
        error = (estimate.mean() + 1.2).abs() / (estimate.std() / len(mu) ** 0.5)
        assert error < 4
    assert score.var() > 2 * path.var()


def test_the_loss_is_distortion_plus_beta_rate_with_free_nats():
    model, x = small()
    torch.manual_seed(1)
    distortion, rate = vae.elbo(model, x)
    for beta, free in ((1.0, 0.0), (3.0, 0.0), (1.0, 9.0)):
        torch.manual_seed(1)
        want = distortion.mean() + beta * rate.mean().clamp(min=free)
        assert vae.loss(model, x, beta=beta, free=free).item() == pytest.approx(want.item())


def test_samples_lie_on_the_support_and_follow_the_decoder():
    model = VAE(Config(D=4, M=8, Z=2, levels=17), mean=torch.tensor([0.1, 0.5, 0.9, 0.3]))
    model.decoder[2].weight.data.zero_()  # every z gives the mean
    x = model.sample(4000)
    assert x.shape == (4000, 4) and torch.equal((x * 16).round() / 16, x)
    assert torch.allclose(x.mean(0), torch.tensor([0.1, 0.5, 0.9, 0.3]), atol=0.02)


def test_training_learns_the_label():
    y = torch.arange(2).repeat(100)
    x = torch.where(y[:, None] == 1, torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))
    model = vae.train(VAE(Config(D=2, M=8, Z=1, K=2, levels=3)), x, 150, y, batch=50, lr=0.02)
    for label in (0, 1):
        mean = model.sample(200, torch.full((200,), label)).mean(0)
        assert mean[label] < 0.15 and mean[1 - label] > 0.85
    with pytest.raises(ValueError, match="labels"):
        model.sample(3)
