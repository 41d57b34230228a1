"""Three public recipes, written anew from their papers and documentation, with labels: VAE, DCGAN, DDPM.

They are what `benchmarks/images.py` sets the course's recipes beside: the settings are those of the source, only the
width follows the number of parameters of the course's model, so that both have the same size.

- VAE: PyTorch's example of Kingma and Welling (2014): one hidden layer each way, ReLU, sigmoid, binary cross-entropy
  plus KL, batches of 128, Adam with rate 1e-3.
- DCGAN: Radford, Metz and Chintala (2016), with the label's one-hot beside noise and picture.
- DDPM: Ho, Jain and Abbeel (2020), with the label's embedding added to that of the time.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.image_race import Task, Trained, count, repeat, sized

BATCH = 128


def batch_of(task: Task) -> tuple[Tensor, Tensor]:
    """A random batch: pictures (B, 1, side, side) in [0, 1] and labels (B,)."""
    rows = torch.randint(len(task.x), (BATCH,))
    return task.x[rows][:, None], task.y[rows]


class ExampleVAE(nn.Module):
    """x (N, D) and one-hot labels (N, K) -> probabilities (N, D), mean and log-variance (N, Z)."""

    def __init__(self, D: int, M: int, Z: int, K: int) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(D + K, M), nn.Linear(M, Z), nn.Linear(M, Z)
        self.fc3, self.fc4 = nn.Linear(Z + K, M), nn.Linear(M, D)

    def decode(self, z: Tensor, label: Tensor) -> Tensor:
        """Probabilities (N, D)."""
        return torch.sigmoid(self.fc4(F.relu(self.fc3(torch.cat([z, label], 1)))))

    def forward(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(torch.cat([x, label], 1)))
        mu, log_var = self.fc21(h), self.fc22(h)
        return self.decode(mu + torch.randn_like(mu) * torch.exp(0.5 * log_var), label), mu, log_var


def vae(task: Task, seconds: float, parameters: int) -> Trained:
    """The example; its samples are, as there, the decoder's probabilities. Its loss is no likelihood on greys."""
    Z = 20 if task.side == 28 else 8

    def make(width: int) -> tuple[ExampleVAE]:
        return (ExampleVAE(task.side**2, width, Z, task.classes),)

    (model,) = make(sized(make, parameters, range(16, 1025, 16)))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        x, y = batch_of(task)
        x = x.flatten(1)
        p, mu, log_var = model(x, F.one_hot(y, task.classes).float())
        loss = F.binary_cross_entropy(p, x, reduction="sum")
        loss = loss - 0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def sample(y: Tensor) -> Tensor:
        p = model.decode(torch.randn(len(y), Z), F.one_hot(y, task.classes).float())
        return p.reshape(-1, task.side, task.side)

    return Trained(sample, count(model), repeat(step, seconds))


class Generator(nn.Module):
    """noise (N, 100) and one-hot labels (N, K) -> pictures (N, 1, side, side) in [-1, 1]."""

    def __init__(self, side: int, K: int, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.ConvTranspose2d(100 + K, 2 * width, side // 4, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.ConvTranspose2d(width, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return self.net(torch.cat([z, label], 1)[:, :, None, None])


class Discriminator(nn.Module):
    """Pictures (N, 1, side, side) in [-1, 1] and one-hot labels (N, K) -> log-odds of being real (N,)."""

    def __init__(self, side: int, K: int, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1 + K, width, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, side // 4, bias=False),
        )

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        planes = label[:, :, None, None].expand(-1, -1, *x.shape[2:])
        return self.net(torch.cat([x, planes], 1)).flatten()


def normal_weights(module: nn.Module) -> None:
    """The start that the paper gives: N(0, 0.02^2), and N(1, 0.02^2) for the scale of batch normalisation."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


def gan(task: Task, seconds: float, parameters: int) -> Trained:
    """DCGAN: two optimizers in turn, Adam 2e-4 (0.5, 0.999), non-saturating loss."""

    def make(width: int) -> tuple[Generator, Discriminator]:
        return Generator(task.side, task.classes, width), Discriminator(task.side, task.classes, width)

    G, D = make(sized(make, parameters, range(4, 129)))
    optimizers = [torch.optim.Adam(m.apply(normal_weights).parameters(), 2e-4, (0.5, 0.999)) for m in (G, D)]
    real, fake = torch.ones(BATCH), torch.zeros(BATCH)

    def step() -> None:
        x, y = batch_of(task)
        label = F.one_hot(y, task.classes).float()
        made = G(torch.randn(BATCH, 100), label)
        loss = F.binary_cross_entropy_with_logits(D(2 * x - 1, label), real)
        loss = loss + F.binary_cross_entropy_with_logits(D(made.detach(), label), fake)
        optimizers[1].zero_grad()
        loss.backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        F.binary_cross_entropy_with_logits(D(made, label), real).backward()
        optimizers[0].step()

    def sample(y: Tensor) -> Tensor:
        return (G.eval()(torch.randn(len(y), 100), F.one_hot(y, task.classes).float())[:, 0] + 1) / 2

    return Trained(sample, count(G, D), repeat(step, seconds))


def sinusoids(t: Tensor, width: int) -> Tensor:
    """Times t (N,) as (N, width): sines and cosines of wavelengths from 2 pi to 10,000 times that."""
    angles = t[:, None] * torch.exp(-math.log(10_000) * torch.arange(width // 2) / (width // 2))
    return torch.cat([angles.sin(), angles.cos()], 1)


class Block(nn.Module):
    """Residual block: group norm, SiLU, convolution, twice, the embedding added between. (N, C, h, w)."""

    def __init__(self, before: int, after: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, before), nn.GroupNorm(4, after)
        self.conv1, self.conv2 = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        self.embed = nn.Linear(embedding, after)
        self.skip = nn.Conv2d(before, after, 1) if before != after else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x))) + self.embed(F.silu(e))[:, :, None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class Attention(nn.Module):
    """Self-attention with one head over the h w places of (N, C, h, w), residual."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, channels)
        self.qkv, self.out = nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, dim=2)  # (N, h w, C) each
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        return x + self.out(h)


class UNet(nn.Module):
    """Noisy pictures (N, 1, side, side), times (N,), labels (N,) -> the noise in them. Three scales, or two for 8."""

    def __init__(self, side: int, K: int, width: int) -> None:
        super().__init__()
        levels = [width, 2 * width, 2 * width][: 3 if side > 8 else 2]
        self.width, e = width, 4 * width
        self.time = nn.Sequential(nn.Linear(width, e), nn.SiLU(), nn.Linear(e, e))
        self.label = nn.Embedding(K, e)
        self.first = nn.Conv2d(1, width, 3, padding=1)
        befores = [width, *levels[:-1]]
        self.down = nn.ModuleList(Block(b, a, e) for b, a in zip(befores, levels, strict=True))
        self.smaller = nn.ModuleList(nn.Conv2d(c, c, 3, 2, 1) for c in levels[:-1])
        deep = levels[-1]
        self.middle = nn.ModuleList([Block(deep, deep, e), Attention(deep), Block(deep, deep, e)])
        self.up = nn.ModuleList(Block(2 * a, b, e) for b, a in zip(befores[::-1], levels[::-1], strict=True))
        self.larger = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in levels[-2::-1])
        self.last = nn.Sequential(nn.GroupNorm(4, width), nn.SiLU(), nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
        e = self.time(sinusoids(t, self.width)) + self.label(y)
        h, kept = self.first(x), []
        for i, block in enumerate(self.down):
            h = block(h, e)
            kept.append(h)
            if i < len(self.smaller):
                h = self.smaller[i](h)
        h = self.middle[2](self.middle[1](self.middle[0](h, e)), e)
        for i, block in enumerate(self.up):
            h = block(torch.cat([h, kept.pop()], 1), e)
            if i < len(self.larger):
                h = self.larger[i](F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.last(h)


def diffusion(task: Task, seconds: float, parameters: int, steps: int = 20) -> Trained:
    """DDPM: 1,000 noise levels, betas from 1e-4 to 0.02 in a line, the noise predicted, Adam 2e-4, average of weights.

    The average's decay of 0.9999 is warmed up, or a short run would average its start. Drawn by DDIM (Song, Meng and
    Ermon, 2021) in `steps` steps: 1,000 ancestral ones would take fifty times as long.
    """

    def make(width: int) -> tuple[UNet]:
        return (UNet(task.side, task.classes, width),)

    (model,) = make(sized(make, parameters, range(4, 129, 4)))
    average = torch.optim.swa_utils.AveragedModel(model, avg_fn=warmed_up)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-4)
    kept = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)  # share of the picture's variance at each level

    def step() -> None:
        x, y = batch_of(task)
        t, noise = torch.randint(1000, (BATCH,)), torch.randn_like(x)
        a = kept[t][:, None, None, None]
        loss = F.mse_loss(model(a.sqrt() * (2 * x - 1) + (1 - a).sqrt() * noise, t, y), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average.update_parameters(model)

    def sample(y: Tensor) -> Tensor:
        return torch.cat([ddim(average, kept, task.side, part, steps) for part in y.split(250)])

    return Trained(sample, count(model), repeat(step, seconds))


def warmed_up(average: Tensor, now: Tensor, n: Tensor | int) -> Tensor:
    """Exponential average whose decay rises with the number n of updates to 0.9999."""
    return average + (now - average) * (1 - min(0.9999, (1 + int(n)) / (10 + int(n))))


def ddim(model: nn.Module, kept: Tensor, side: int, y: Tensor, steps: int) -> Tensor:
    """Pictures (N, side, side) in [0, 1] for labels y (N,), without noise on the way; x_0 is clipped as in DDPM."""
    x = torch.randn(len(y), 1, side, side)
    times = torch.linspace(len(kept) - 1, 0, steps).round().long()
    shares = torch.cat([kept[times], torch.ones(1)])
    for t, a, after in zip(times, shares[:-1], shares[1:], strict=True):
        eps = model(x, t.expand(len(y)), y)
        clean = ((x - (1 - a).sqrt() * eps) / a.sqrt()).clamp(-1, 1)
        eps = (x - a.sqrt() * clean) / (1 - a).sqrt()
        x = after.sqrt() * clean + (1 - after).sqrt() * eps
    return (x[:, 0] + 1) / 2
