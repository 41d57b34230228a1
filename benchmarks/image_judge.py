"""The second judge of `benchmarks/images.py`: a classifier that no recipe was tuned with and no training saw.

It differs from the package's judges in everything that could make them alike: network (5x5 convolutions, maxima,
ReLU, dropout), seed, optimizer and augmentation (every picture is moved by itself).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load, save
from torch import Tensor, nn

from primer.data import Dataset

FOLDER = Path(__file__).parents[1] / "_build" / "image_judges"
STEPS = {"digits": 1500, "glyphs": 2500, "mnist": 2500}
SEED = 20_000  # far from the seeds of the runs
BATCH = 128


class SecondJudge(nn.Module):
    """Pictures (N, 1, side, side) in [0, 1] -> logits (N, classes), through 32 standardised features."""

    def __init__(self, side: int, classes: int) -> None:
        super().__init__()
        left = side // 4 if side > 8 else side // 2
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2) if side > 8 else nn.Identity(),
            nn.Conv2d(16, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(32 * left**2, 32),
            nn.BatchNorm1d(32, affine=False),
        )
        self.out = nn.Linear(32, classes)

    def features(self, x: Tensor) -> Tensor:
        """(N, 1, side, side) -> (N, 32)."""
        return self.body(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.features(x)))


def moved(x: Tensor, shift: int) -> Tensor:
    """Every picture of x (N, 1, side, side) moved by up to `shift` pixels along each axis, paper coming in."""
    side = x.shape[-1]
    padded = F.pad(x[:, 0], (shift,) * 4)
    down, right = torch.randint(2 * shift + 1, (2, len(x), 1)) + torch.arange(side)  # (N, side) each
    return padded[torch.arange(len(x))[:, None, None], down[:, :, None], right[:, None, :]][:, None]


def train(dataset: Dataset, steps: int) -> SecondJudge:
    """Train on the training part; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        x, y = torch.from_numpy(dataset.images("train"))[:, None], torch.from_numpy(dataset.train.y)
        model = SecondJudge(x.shape[-1], int(y.max()) + 1)
        optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for _ in range(steps):
            rows = torch.randint(len(x), (BATCH,))
            loss = F.cross_entropy(model(moved(x[rows], 1 if x.shape[-1] == 8 else 2)), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval().requires_grad_(False)
    *layers, norm = model.body
    raw = torch.cat([nn.Sequential(*layers)(part) for part in x.split(1000)])  # over pictures that were not moved
    norm.running_mean.copy_(raw.mean(0))
    norm.running_var.copy_(raw.var(0))
    return model


def second_judge(dataset: Dataset) -> tuple[SecondJudge, str]:
    """The judge of a data set and the first digits of its weights' SHA-256; trained on first use, then kept."""
    steps = STEPS[dataset.name]
    path = FOLDER / f"{dataset.name}-{steps}-{SEED}.safetensors"
    if not path.exists():
        part = path.with_suffix(".part")
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(save(train(dataset, steps).state_dict()))
        part.replace(path)
    content = path.read_bytes()
    with torch.random.fork_rng(devices=[]):
        model = SecondJudge(dataset.test.x.shape[-1], len(np.unique(dataset.train.y)))
    model.load_state_dict(load(content))
    return model.eval().requires_grad_(False), hashlib.sha256(content).hexdigest()[:12]
