"""Handwritten digits that come with scikit-learn."""

from __future__ import annotations

import numpy as np

from primer.data.base import Dataset, Part

TRAIN, VALIDATION, TEST = 1097, 300, 400


def digits() -> Dataset:
    """1,797 real handwritten digits, split in contiguous blocks: 1,097 train, 300 validation, 400 test.

    x: (N, 8, 8) uint8, ink from 0 (paper) to 16. y: (N,) int64, 0 to 9.

    The blocks matter. Neighbours in the file were written by the same hand, and a random split puts one writer's
    digits on both sides: the nearest neighbour then errs half as often as it does on writers it has never seen.

    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI; its test file, as shipped
    with scikit-learn.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x, y = bunch.images.astype(np.uint8), bunch.target.astype(np.int64)  # (1797, 8, 8), (1797,)
    ends = TRAIN, TRAIN + VALIDATION, TRAIN + VALIDATION + TEST
    blocks = slice(0, ends[0]), slice(ends[0], ends[1]), slice(ends[1], ends[2])
    train, validation, test = (Part(x[block], y[block]) for block in blocks)
    return Dataset("digits", train, validation, test, levels=17)
