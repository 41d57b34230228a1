"""Judges: small convolutional classifiers whose features and answers rate other models' samples (chapter 06)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

# What benchmarks/judge.py wrote. A file with another checksum is not used.
SHA256 = {
    "digits": "042882a4655abb39dd32bacefc110c8778cdf2bc65fa2746b60a0c9bf7dc24cd",
    "glyphs": "fef6afe82f415b60bb94b29d7f750348181c40abc987c624273f2bc5172e72aa",
    "mnist": "0a15e1f6ae7ed2281ad1d614477258831759e987fec73453143e4419b9560477",
}
SHAPES = {"digits": (8, 10), "glyphs": (28, 26), "mnist": (28, 10)}  # side in pixels, classes


class Pictures(Protocol):
    """What `train_judge` needs of a `primer.data.Dataset`."""

    train: Any

    def images(self, part: str) -> np.ndarray:
        """(N, H, W) float32 in [0, 1]."""


class Judge(nn.Module):
    """A classifier of pictures (N, 1, side, side) in [0, 1] into `classes`, with F = 32 features before its answer.

    Features are standardised: over the training images each has mean 0 and standard deviation 1, and so a distance
    between features means the same for every data set.
    """

    def __init__(self, side: int, classes: int, channels: int = 32, width: int = 32) -> None:
        super().__init__()
        strides = (1, 2, 1) if side < 16 else (2, 2, 2)
        left = side
        for stride in strides:
            left = -(-left // stride)
        self.body = nn.Sequential(
            nn.Conv2d(1, channels // 2, 3, strides[0], padding=1),
            nn.SiLU(),
            nn.Conv2d(channels // 2, channels, 3, strides[1], padding=1),
            nn.SiLU(),
            nn.Conv2d(channels, channels, 3, strides[2], padding=1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(channels * left**2, width),
            nn.BatchNorm1d(width, affine=False),
        )
        self.out = nn.Linear(width, classes)

    def features(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> (N, F)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) -> logits (N, classes)."""
        return self.out(F.silu(self.features(x)))


@cache
def judge(name: str) -> Judge:
    """The stored judge of "digits", "glyphs" or "mnist", ready to use on the CPU. ValueError for another name.

    RuntimeError if the file that holds its weights is not the one that `benchmarks/judge.py` wrote.
    """
    if name not in SHAPES:
        raise ValueError(f"There is no judge {name!r}: choose one of {', '.join(SHAPES)}, or use train_judge.")
    from safetensors.torch import load

    content = files("primer").joinpath("results", f"judge-{name}.safetensors").read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise RuntimeError(f"The weights of the judge {name!r} have a wrong checksum: install the package again.")
    model = Judge(*SHAPES[name])
    state = {key: value.float() if value.is_floating_point() else value for key, value in load(content).items()}
    model.load_state_dict(state)
    return model.eval().requires_grad_(False)


def train_judge(dataset: Pictures, seed: int = 0, steps: int = 1500, *, shift: int = 1, lr: float = 3e-3) -> Judge:
    """A judge of one's own, trained on the CPU on the training part alone: `steps` of 128 images, moved at random.

    shift: by up to so many pixels. Another seed gives other weights, other batches and so an independent judge. The
    global random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        rng = np.random.default_rng([seed, 6])
        x = torch.from_numpy(dataset.images("train"))[:, None]  # (N, 1, H, W)
        y = torch.from_numpy(dataset.train.y)
        model = Judge(x.shape[-1], int(y.max()) + 1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
        for _ in range(steps):
            rows = torch.from_numpy(rng.integers(len(x), size=128))
            loss = F.cross_entropy(model(_moved(x[rows], shift, rng)), y[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        _standardise(model, x)
    return model.eval().requires_grad_(False)


def _moved(x: Tensor, shift: int, rng: np.random.Generator) -> Tensor:
    """The batch, moved as a whole by up to `shift` pixels up or down and left or right, paper coming in."""
    down, right = (int(move) for move in rng.integers(-shift, shift + 1, size=2))
    height, width = x.shape[-2:]
    padded = F.pad(x, (shift,) * 4)
    return padded[..., shift + down : shift + down + height, shift + right : shift + right + width]


@torch.no_grad()
def _standardise(model: Judge, x: Tensor) -> None:
    """Give the features mean 0 and standard deviation 1 over x, instead of over the last moved batches."""
    *layers, norm = model.body
    raw = torch.cat([nn.Sequential(*layers)(part) for part in x.split(1000)])
    norm.load_state_dict(norm.state_dict() | {"running_mean": raw.mean(dim=0), "running_var": raw.var(dim=0)})
