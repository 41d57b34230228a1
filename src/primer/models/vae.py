"""Variational autoencoders: encoder, decoder, the evidence lower bound and what is measured with it (chapter 08).

Kingma and Welling (2014). Axes: N examples, D pixels, M hidden units, Z latent dimensions, K classes, S samples a
picture. Pixels are counts 0 to `levels` - 1, given as a share in [0, 1]; all information is in nats.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """Sizes of a VAE: D pixels, M hidden units, Z latent dimensions, K classes (0: no label), levels of a pixel."""

    D: int = 64
    M: int = 128
    Z: int = 8
    K: int = 0
    levels: int = 17


class VAE(nn.Module):
    """q(z | x) a Gaussian with diagonal covariance, p(x | z) a binomial for each pixel, p(z) the standard normal.

    With classes (K > 0) encoder and decoder also read the label: q(z | x, y) and p(x | z, y), which is a conditional
    VAE (Sohn, Lee and Yan, 2015). x (N, D) in [0, 1], y (N,) int64 or None, z (N, Z).
    """

    def __init__(self, config: Config = Config(), mean: Tensor | None = None) -> None:
        super().__init__()
        c = self.config = config
        self.encoder = nn.Sequential(nn.Linear(c.D + c.K, c.M), nn.SiLU(), nn.Linear(c.M, 2 * c.Z))
        self.decoder = nn.Sequential(nn.Linear(c.Z + c.K, c.M), nn.SiLU(), nn.Linear(c.M, c.D))
        if mean is not None:  # (D,) of the training pictures: the decoder starts from it
            self.decoder[2].bias.data = torch.logit(mean.clamp(0.001, 0.999))

    def with_label(self, x: Tensor, y: Tensor | None) -> Tensor:
        """x (..., D) with the label y (...) one-hot behind it, (..., D + K)."""
        if not self.config.K:
            return x
        if y is None:
            raise ValueError("This VAE is conditional: give it the labels y.")
        return torch.cat([x, F.one_hot(y, self.config.K).to(x.dtype)], dim=-1)

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), (N, Z) each."""
        mu, log_var = self.encoder(self.with_label(x, y)).chunk(2, dim=-1)
        return mu, log_var

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Log-odds (..., D) that a unit of ink falls into a pixel; their sigmoid is the mean picture."""
        return self.decoder(self.with_label(z, y))

    @torch.no_grad()
    def sample(self, n: int, y: Tensor | None = None) -> Tensor:
        """Draws from p(x), or p(x | y) for y (n,): pictures (n, D) in [0, 1], on the grid of `levels`."""
        z = torch.randn(n, self.config.Z, device=next(self.parameters()).device)
        trials = self.config.levels - 1
        p = torch.sigmoid(self.decode(z, y))
        return torch.binomial(torch.full_like(p, trials), p) / trials


def reparameterise(mu: Tensor, log_var: Tensor) -> Tensor:
    """A draw from N(mu, exp(log_var)) through which gradients pass."""
    return mu + torch.exp(log_var / 2) * torch.randn_like(mu)


def kl(mu: Tensor, log_var: Tensor) -> Tensor:
    """KL(N(mu, exp(log_var)) || N(0, 1)) by latent dimension, the shape of mu.

    Kingma and Welling (2014), appendix B.
    """
    return (mu**2 + log_var.exp() - 1 - log_var) / 2


def log_binomial(x: Tensor, logits: Tensor, levels: int) -> Tensor:
    """log p(x | z) (...), summed over pixels: binomials of levels - 1 trials, x (..., D) in [0, 1], logits (..., D).

    A probability on the counts 0 to levels - 1, so that sums over x are exactly 1. Two levels make it Bernoulli.
    """
    n = levels - 1
    k = x * n
    choices = math.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    return (choices + k * logits - n * F.softplus(logits)).sum(-1)


def elbo(model: VAE, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The two terms of the bound with one draw of z: distortion -log p(x | z) and rate KL, (N,) each.

    minus their sum is at most log p(x) on average over z; Kingma and Welling (2014), equation 3.
    """
    mu, log_var = model.encode(x, y)
    z = reparameterise(mu, log_var)
    return -log_binomial(x, model.decode(z, y), model.config.levels), kl(mu, log_var).sum(-1)


def loss(model: VAE, x: Tensor, y: Tensor | None = None, beta: float = 1.0, free: float = 0.0) -> Tensor:
    """What is minimised: distortion + beta * rate, a mean over the batch.

    beta: Higgins et al. (2017). free: nats a latent dimension that cost nothing (Kingma et al., 2016), in the mean
    over the batch.
    """
    mu, log_var = model.encode(x, y)
    logits = model.decode(reparameterise(mu, log_var), y)
    rate = kl(mu, log_var).mean(0).clamp(min=free).sum()
    return -log_binomial(x, logits, model.config.levels).mean() + beta * rate


@torch.no_grad()
def importance_bound(model: VAE, x: Tensor, S: int, y: Tensor | None = None) -> Tensor:
    """log of the mean of p(x, z) / q(z | x) over S draws, (N,): below log p(x) on average, nearer with larger S.

    Burda, Grosse and Salakhutdinov (2016), equation 8; S = 1 is the ELBO with the KL sampled too.
    """
    mu, log_var = model.encode(x, y)
    eps = torch.randn(S, *mu.shape, device=mu.device, dtype=mu.dtype)  # (S, N, Z)
    z = mu + torch.exp(log_var / 2) * eps
    log_ratio = ((eps**2 + log_var - z**2) / 2).sum(-1)  # log p(z) - log q(z | x), (S, N)
    labels = None if y is None else y.expand(S, -1)
    log_w = log_binomial(x, model.decode(z, labels), model.config.levels) + log_ratio
    return torch.logsumexp(log_w, 0) - math.log(S)


def recipe(
    model: nn.Module, steps: int, lr: float = 4e-3
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimizer and schedule of the chapter: fused Adam whose rate falls in a straight line to zero."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.99), fused=True)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / steps))


def train(
    model: VAE,
    x: Tensor,
    steps: int,
    y: Tensor | None = None,
    *,
    beta: float = 1.0,
    free: float = 0.0,
    warm_up: int = 0,
    batch: int = 250,
    lr: float = 4e-3,
) -> VAE:
    """Train in place on x (N, D) and return the model; beta grows from 0 over the first `warm_up` steps."""
    optimizer, schedule = recipe(model, steps, lr)
    order = torch.randperm(len(x))
    for step in range(steps):
        if len(order) < batch:
            order = torch.cat([order, torch.randperm(len(x))])
        rows, order = order[:batch], order[batch:]
        now = beta * min(1.0, step / warm_up) if warm_up else beta
        optimizer.zero_grad()
        loss(model, x[rows], None if y is None else y[rows], now, free).backward()
        optimizer.step()
        schedule.step()
    return model


@dataclass(frozen=True)
class LinearVAE:
    """p(z) = N(0, I), p(x | z) = N(W z + mean, variance I): W (D, Z), mean (D,). Everything about it is known.

    Probabilistic PCA (Tipping and Bishop, 1999).
    """

    W: Tensor
    mean: Tensor
    variance: float

    def evidence(self, x: Tensor) -> Tensor:
        """The exact log p(x) (N,): x is Gaussian with covariance W W' + variance I."""
        covariance = self.W @ self.W.T + self.variance * torch.eye(len(self.W), dtype=self.W.dtype)
        return torch.distributions.MultivariateNormal(self.mean, covariance).log_prob(x)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (N, Z) and covariance (Z, Z) of p(z | x)."""
        Z = self.W.shape[1]
        covariance = torch.linalg.inv(torch.eye(Z, dtype=self.W.dtype) + self.W.T @ self.W / self.variance)
        return (x - self.mean) @ self.W @ covariance / self.variance, covariance

    def elbo(self, x: Tensor, m: Tensor, S: Tensor) -> Tensor:
        """The exact bound (N,) for q(z | x) = N(m, S), m (N, Z), S (Z, Z)."""
        D, Z = self.W.shape
        error = ((x - self.mean - m @ self.W.T) ** 2).sum(-1) + torch.trace(self.W @ S @ self.W.T)
        likelihood = -(D * math.log(2 * math.pi * self.variance) + error / self.variance) / 2
        rate = (torch.trace(S) + (m**2).sum(-1) - Z - torch.logdet(S)) / 2
        return likelihood - rate

    def best_diagonal(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The best q with a diagonal covariance: the posterior's mean, and one over its precision's diagonal."""
        m, covariance = self.posterior(x)
        return m, torch.diag(1 / torch.diagonal(torch.linalg.inv(covariance)))
