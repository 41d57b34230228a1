"""Generative adversarial networks: generator, discriminator, the games they play, penalties and training (chapter 09).

Goodfellow et al. (2014). Axes: N examples, D numbers of an example, Z latent dimensions, M hidden units, K classes,
C channels. A discriminator's value is a logit: large for real.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GAMES = ("minimax", "non-saturating", "relativistic")


@dataclass(frozen=True)
class Config:
    """Sizes and rules of a game.

    D numbers an example, Z latent dimensions, M hidden units, K classes (0: no label), levels of a pixel (0: examples
    are any numbers, not pictures), C channels (0: networks without convolutions; else examples are 28x28 pictures).
    game: one of GAMES. gamma: weight of the penalties R1 and R2 (0: none).
    """

    D: int = 64
    Z: int = 16
    M: int = 128
    K: int = 0
    C: int = 0
    levels: int = 17
    game: str = "relativistic"
    gamma: float = 1.0


POINTS = Config(D=2, Z=2, M=128, levels=0, gamma=0.05)
PACE: Any = {"lr": 7e-3, "betas": (0.0, 0.9)}  # for points: so quick that a game without damping does not settle
LETTERS = Config(D=784, Z=64, K=26, C=16, levels=256)


class Generator(nn.Module):
    """Latent z (N, Z) and label y (N,) or None -> examples (N, D), pictures in [0, 1]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = self.config = config
        self.net = _upwards(c) if c.C else _mlp(c, c.Z + c.K, c.D)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        K = self.config.K
        if K:
            z = torch.cat([z, F.one_hot(_labels(y), K).to(z.dtype)], dim=1)
        x = self.net(z)
        return torch.sigmoid(x) if self.config.levels else x  # without it pictures take ten times as long to learn


class Discriminator(nn.Module):
    """Examples x (N, D) and label y (N,) or None -> a logit for each (N,).

    With classes it has one output a class, and the label says which one counts.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = self.config = config
        self.net = _downwards(c) if c.C else _mlp(c, c.D, max(1, c.K))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        logits = self.net(x)  # (N, 1) or (N, K)
        return logits.gather(1, _labels(y)[:, None])[:, 0] if self.config.K else logits[:, 0]


class GAN(nn.Module):
    """Both players, and a slowly moving average of the generator, which does the sampling."""

    def __init__(self, config: Config = Config()) -> None:
        super().__init__()
        if config.game not in GAMES:
            raise ValueError(f"There is no game {config.game!r}: choose one of {', '.join(GAMES)}.")
        self.config = config
        self.generator, self.discriminator = Generator(config), Discriminator(config)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)

    def latent(self, n: int) -> Tensor:
        """n draws of z, (n, Z), standard normal."""
        return torch.randn(n, self.config.Z, device=next(self.parameters()).device)

    @torch.no_grad()
    def sample(self, n: int, y: Tensor | None = None) -> Tensor:
        """n examples (n, D) of the averaged generator, of the classes y (n,); pictures lie on the grid of `levels`."""
        return self.show(self.latent(n), y)

    @torch.no_grad()
    def show(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """What the averaged generator makes of z (N, Z): (N, D), pictures on the grid of `levels`."""
        x = self.average(z, y)
        top = self.config.levels - 1
        return (x * top).round() / top if top > 0 else x


def d_loss(game: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the discriminator minimises, from its logits (N,) for real and generated examples."""
    if game == "relativistic":  # each real example against a generated one
        return F.softplus(fake - real).mean()
    return F.softplus(-real).mean() + F.softplus(fake).mean()  # -log D(x) - log(1 - D(G(z)))


def g_loss(game: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises. Only the logits `fake` (N,) depend on it.

    minimax: Goodfellow et al. (2014), equation 1, the one zero-sum game of the three. non-saturating: their section 3.
    relativistic: Jolicoeur-Martineau (2019), in pairs as Sun, Fang and Schwing (2020).
    """
    if game == "minimax":
        return -F.softplus(fake).mean()  # log(1 - D(G(z)))
    if game == "non-saturating":
        return F.softplus(-fake).mean()  # -log D(G(z))
    return F.softplus(real - fake).mean()


def penalty(discriminator: nn.Module, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The discriminator's logits at x (N, D) and its slope's squared length |ds/dx|^2 there, (N,) each.

    The mean over real examples is R1, over generated ones R2 (Mescheder, Geiger and Nowozin, 2018). Gradients with
    respect to the weights pass through.
    """
    x = x.detach().requires_grad_()
    logits = discriminator(x, y)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)  # (N, D)
    return logits, slope.square().sum(1)


def d_objective(gan: GAN, x: Tensor, fake: Tensor, y: Tensor | None = None) -> Tensor:
    """The discriminator's loss with gamma / 2 (R1 + R2), for as many real x (N, D) as generated fake (N, D)."""
    c, both = gan.config, torch.cat([x, fake.detach()])  # (2N, D)
    labels = None if y is None else torch.cat([y, y])
    if not c.gamma:
        return d_loss(c.game, *gan.discriminator(both, labels).chunk(2))
    logits, steep = penalty(gan.discriminator, both, labels)
    return d_loss(c.game, *logits.chunk(2)) + c.gamma * steep.mean()  # R1 + R2 is twice the mean over both


def play(
    gan: GAN,
    x: Tensor,
    y: Tensor | None = None,
    *,
    steps: int | None = None,
    batch: int = 64,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.0, 0.99),
    memory: float = 0.999,
) -> Iterator[int]:
    """Train in place on x (N, D): yields the number of each step, 1 to `steps`, without end if None.

    Look at the model, or leave the loop, whenever you like. In each step the discriminator moves, then the generator,
    on the same batch. lr: 1e-3 suits pictures, 4e-3 with convolutions; for points there is PACE. memory: of the
    average, which forgets faster in the first steps.
    """
    if gan.config.K and (y is None or len(y) != len(x)):
        raise ValueError("This GAN is conditional: give it a label y for each example of x.")
    G, D, game = gan.generator, gan.discriminator, gan.config.game
    g_step, d_step = (torch.optim.Adam(net.parameters(), lr=lr, betas=betas, fused=True) for net in (G, D))
    for step in itertools.count(1) if steps is None else range(1, steps + 1):
        rows = torch.randint(len(x), (batch,), device=x.device)
        real, label = x[rows], None if y is None else y[rows]  # (B, D), (B,)
        fake = G(gan.latent(batch), label)  # (B, D)
        d_step.zero_grad()
        d_objective(gan, real, fake, label).backward()
        d_step.step()
        D.requires_grad_(False)
        g_step.zero_grad()
        g_loss(game, D(real, label), D(fake, label)).backward()
        g_step.step()
        D.requires_grad_(True)
        follow(gan, min(memory, step / (step + 10)))
        yield step


def modes(points: Tensor, centres: Tensor, near: float = 0.3, share: float = 0.01) -> tuple[int, float]:
    """How many centres (K, 2) have at least that share of the points (N, 2) within `near`; what share is near one."""
    distance, which = torch.cdist(points, centres).min(dim=1)
    counts = torch.bincount(which[distance < near], minlength=len(centres))
    return int((counts >= share * len(points)).sum()), counts.sum().item() / len(points)


def train(gan: GAN, x: Tensor, steps: int, y: Tensor | None = None, **options: Any) -> GAN:
    """Play `steps` steps and return the model; options as in `play`."""
    for _ in play(gan, x, y, steps=steps, **options):
        pass
    return gan


@torch.no_grad()
def follow(gan: GAN, memory: float) -> None:
    """Move the average towards the generator: memory * average + (1 - memory) * generator."""
    torch._foreach_lerp_(list(gan.average.parameters()), list(gan.generator.parameters()), 1 - memory)


def _mlp(c: Config, inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers: smooth ones for points, cheap ones for pictures."""
    bend = nn.LeakyReLU(0.2) if c.levels else nn.Tanh()
    return nn.Sequential(nn.Linear(inputs, c.M), bend, nn.Linear(c.M, c.M), bend, nn.Linear(c.M, outputs))


def _upwards(c: Config) -> nn.Sequential:
    """z with label (N, Z + K) -> (N, 784), by way of 7x7 and 14x14."""
    return nn.Sequential(
        nn.Linear(c.Z + c.K, 2 * c.C * 49),
        nn.Unflatten(1, (2 * c.C, 7, 7)),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * c.C, 2 * c.C, 4, 2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * c.C, 4, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Flatten(),
    )


def _downwards(c: Config) -> nn.Sequential:
    """Pictures (N, 784) -> logits (N, K or 1), by way of 14x14 and 7x7."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.PixelUnshuffle(2),
        nn.Conv2d(4, c.C, 3, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(c.C, 2 * c.C, 4, 2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * c.C * 49, max(1, c.K)),
    )


def _labels(y: Tensor | None) -> Tensor:
    if y is None:
        raise ValueError("This GAN is conditional: give it the labels y.")
    return y
