"""What the data sets share: parts, and the error for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Part:
    """One part of a split. x: (N, ...) inputs. y: (N,) labels, int64. Row i of both is one example."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Dataset:
    """A data set with its fixed split. Fit on train, choose on validation, report on test, once.

    levels: how many values a pixel can have, 0 to levels - 1.
    """

    name: str
    train: Part
    validation: Part
    test: Part
    levels: int = 256

    def images(self, part: str | Part) -> np.ndarray:
        """The pictures of "train", "validation" or "test" (or of a Part) as (N, H, W) float32 in [0, 1]."""
        if isinstance(part, str) and part not in PARTS:
            raise unknown("part", part, PARTS)
        chosen: Part = getattr(self, part) if isinstance(part, str) else part
        return chosen.x.astype(np.float32) / np.float32(self.levels - 1)


def unknown(what: str, name: object, names: Iterable[str]) -> ValueError:
    """The error for a name that is not among `names`, in one sentence that lists them."""
    return ValueError(f"There is no {what} {name!r}: choose one of {', '.join(names)}.")
