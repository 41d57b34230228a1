"""What the data sets share: parts, and the error for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """One part of a split. x: (N, ...) inputs. y: (N,) labels, int64. Row i of both is one example."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Dataset:
    """A data set with its fixed split. Fit on train, choose on validation, report on test, once."""

    name: str
    train: Part
    validation: Part
    test: Part


def unknown(what: str, name: object, names: Iterable[str]) -> ValueError:
    """The error for a name that is not among `names`, in one sentence that lists them."""
    return ValueError(f"There is no {what} {name!r}: choose one of {', '.join(names)}.")
