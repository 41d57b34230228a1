"""Networks that look at a noisy example and say what is in it: an MLP for points and small pictures, a small U-Net.

Both are called as net(x, t, y): x (N, *shape), t (N,) in [0, 1], y (N,) int64 labels 0 to K - 1, K for "no label", or
None. They return what they were trained to give, in the shape of x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WAVES = 8  # sines and cosines of the time, each


@dataclass(frozen=True)
class MLPConfig:
    """Sizes of an MLP denoiser: D numbers of an example, M hidden units, L hidden layers, K classes (0: no label)."""

    D: int = 2
    M: int = 128
    L: int = 3
    K: int = 0


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of a U-Net denoiser: pictures of one channel and `side` pixels (a multiple of 4), K classes.

    wide, deep: channels at half and at a quarter of the resolution.
    """

    side: int = 28
    K: int = 10
    wide: int = 32
    deep: int = 64


def waves(t: Tensor) -> Tensor:
    """Time (N,) in [0, 1] as 2 * WAVES sines and cosines of half to WAVES / 2 turns, (N, 2 * WAVES)."""
    angle = math.pi * t[:, None] * torch.arange(1, WAVES + 1, device=t.device)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=1)


class MLP(nn.Module):
    """Time and label are added to the first layer; each hidden layer adds to the one before it."""

    def __init__(self, config: MLPConfig = MLPConfig()) -> None:
        super().__init__()
        c = self.config = config
        self.shape, self.K = (c.D,), c.K
        self.enter = nn.Linear(c.D, c.M)
        self.time = nn.Linear(2 * WAVES, c.M, bias=False)
        self.label = nn.Embedding(c.K + 1, c.M)
        self.hidden = nn.ModuleList(nn.Linear(c.M, c.M) for _ in range(c.L))
        self.leave = nn.Linear(c.M, c.D)
        nn.init.normal_(self.label.weight, std=0.3)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        h = F.silu(self.enter(x) + self.time(waves(t)) + _label(self.label, t, y))  # (N, M)
        for layer in self.hidden:
            h = h + F.silu(layer(h))
        return self.leave(h)


class Conv(nn.Module):
    """A convolution with kernels of `size` (odd) that are kept as a matrix (out, in * size^2): what Muon takes."""

    def __init__(self, channels: int, filters: int, size: int = 3) -> None:
        super().__init__()
        self.size, inputs = size, channels * size**2
        self.weight = nn.Parameter(torch.randn(filters, inputs) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(filters))

    def forward(self, x: Tensor) -> Tensor:
        """(N, in, H, W) -> (N, out, H, W)."""
        kernels = self.weight.reshape(len(self.weight), -1, self.size, self.size)
        return F.conv2d(x, kernels, self.bias, padding=self.size // 2)


class Block(nn.Module):
    """x + convolutions of x; between them the condition scales and moves each channel."""

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.first, self.second = Conv(channels, channels), Conv(channels, channels)
        self.norm = nn.GroupNorm(1, channels)
        self.condition = nn.Linear(condition, 2 * channels)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x (N, C, H, W), condition (N, E)."""
        scale, move = self.condition(condition)[:, :, None, None].chunk(2, dim=1)
        return x + self.second(F.silu(self.first(self.norm(x)) * (1 + scale) + move))


class UNet(nn.Module):
    """A picture's 2 x 2 patches as channels; down once, up once, and a way across (Ronneberger et al., 2015)."""

    E = 128  # numbers of the condition

    def __init__(self, config: UNetConfig = UNetConfig()) -> None:
        super().__init__()
        c = self.config = config
        self.shape, self.K = (1, c.side, c.side), c.K
        self.time, self.label = nn.Linear(2 * WAVES, self.E), nn.Embedding(c.K + 1, self.E)
        self.enter, self.leave = Conv(4, c.wide), Conv(c.wide, 4)
        self.hidden = nn.ModuleDict(
            {
                "down": Block(c.wide, self.E),
                "narrow": Conv(4 * c.wide, c.deep, 1),
                "middle": Block(c.deep, self.E),
                "again": Block(c.deep, self.E),
                "widen": Conv(c.deep, 4 * c.wide, 1),
                "up": Block(c.wide, self.E),
            }
        )
        nn.init.zeros_(self.leave.weight)

    def kernels(self) -> list[nn.Parameter]:
        """The matrices of all layers between the first and the last."""
        return [p for p in self.hidden.parameters() if p.dim() == 2]

    def forward(self, x: Tensor, t: Tensor, y: Tensor | None = None) -> Tensor:
        condition = F.silu(self.time(waves(t)) + _label(self.label, t, y))  # (N, E)
        part = self.hidden
        wide = part["down"](self.enter(F.pixel_unshuffle(x, 2)), condition)  # (N, 32, H / 2, W / 2)
        deep = part["narrow"](F.pixel_unshuffle(wide, 2))  # (N, 64, H / 4, W / 4)
        deep = part["again"](part["middle"](deep, condition), condition)
        wide = part["up"](wide + F.pixel_shuffle(part["widen"](deep), 2), condition)
        return F.pixel_shuffle(self.leave(wide), 2)


def _label(table: nn.Embedding, t: Tensor, y: Tensor | None) -> Tensor:
    """The label's numbers (N, E); None means "no label", which is the last row."""
    return table(torch.full_like(t, table.num_embeddings - 1, dtype=torch.long) if y is None else y)
