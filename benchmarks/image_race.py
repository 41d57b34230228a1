"""What the racing recipes of `benchmarks/images.py` have in common: a clock, a finished model and its data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from primer import data

T = TypeVar("T")
PROBE = 0.03  # share of the seconds that finds out how long a step takes


@dataclass(frozen=True)
class Task:
    """The pictures to learn from: x (N, side, side) in [0, 1], y (N,) in 0 .. classes - 1; levels of a pixel."""

    x: Tensor
    y: Tensor
    classes: int
    levels: int

    @property
    def side(self) -> int:
        """Pixels along one side."""
        return self.x.shape[-1]


@dataclass(frozen=True)
class Trained:
    """A model after its training.

    sample: labels (N,) -> pictures (N, side, side) in [0, 1]. likelihood: of pictures (N, side, side) with labels
    (N,), by name, in nats a picture; None for a model without one. size: the parameters that the public recipe gets,
    0 for as many as there are.
    """

    sample: Callable[[Tensor], Tensor]
    parameters: int
    steps: int
    likelihood: Callable[[Tensor, Tensor], dict[str, float]] | None = None
    size: int = 0


@dataclass
class Clock:
    """Seconds spent inside `with clock:`. cpu: of this process, all threads together. wall: by the clock on it."""

    cpu: float = 0.0
    wall: float = 0.0
    _began: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    def __enter__(self) -> Clock:
        self._began = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._began[0]
        self.wall += time.perf_counter() - self._began[1]


def load(name: str) -> data.Dataset:
    """The data set "digits", "glyphs" or "mnist"."""
    return data.download("mnist") if name == "mnist" else getattr(data, name)()


def task_of(dataset: data.Dataset) -> Task:
    """The training part of a data set as tensors."""
    y = torch.from_numpy(dataset.train.y)
    return Task(torch.from_numpy(dataset.images("train")), y, int(y.max()) + 1, dataset.levels)


def count(*models: nn.Module) -> int:
    """Parameters of all models together."""
    return sum(p.numel() for model in models for p in model.parameters())


def sized(make: Callable[[int], Any], parameters: int, widths: range) -> int:
    """The width at which what `make` builds has the number of `parameters` that is nearest, by ratio."""
    with torch.device("meta"):  # shapes without numbers: counting costs nothing
        sizes = {width: count(*make(width)) for width in widths}
    return min(widths, key=lambda width: abs(math.log(sizes[width] / parameters)))


def repeat(step: Callable[[], None], seconds: float) -> int:
    """Call `step` until `seconds` of CPU time are spent, at least once; how often it was called."""
    start, steps = time.process_time(), 0
    while not steps or time.process_time() - start < seconds:
        step()
        steps += 1
    return steps


def fill(train: Callable[[int], T], seconds: float) -> tuple[T, int]:
    """Train by a recipe that wants to know its steps beforehand: what it returns, and the steps.

    train(steps) starts from nothing each time. Short runs, whose time counts, say how long a step takes; the last run
    takes what is left of `seconds`.
    """
    start = time.process_time()
    train(2)  # warms up
    steps, each = 2, 0.0
    for _ in range(2):
        begun = time.process_time()
        train(steps)
        each = (time.process_time() - begun) / steps
        steps = max(2, int(PROBE * seconds / each))
    left = seconds - (time.process_time() - start)
    steps = max(1, int(0.97 * left / each))  # rather too short than too long
    return train(steps), steps
