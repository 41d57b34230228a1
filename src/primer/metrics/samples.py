"""How good are a generator's samples? Every number comes with what real images get (chapter 06).

Images are float32 in [0, 1], (N, H, W); labels (N,) integers; features (N, F). A judge is a classifier with
`forward` and `features`, as in `primer.models.judging`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from primer.data import Dataset

if TYPE_CHECKING:
    from primer.models.judging import Judge

MOST = 2000  # images of each kind that precision, recall and copying look at


class Excess(NamedTuple):
    """A Fréchet distance beyond what real images have among themselves.

    mean: over the resamples; 0 for samples as good as new training images. low, high: where the middle 95 % of the
    resamples lie. floor: the mean distance of training to test images at the same sample size.
    """

    mean: float
    low: float
    high: float
    floor: float


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1]. precision: of samples that lie among real images; recall: of real images among samples."""

    precision: float
    recall: float


class Copying(NamedTuple):
    """Median distances to the nearest training image. samples, test: in pixel values. ratio: samples / test."""

    samples: float
    test: float
    ratio: float


@dataclass(frozen=True)
class Report:
    """What `judge_samples` found. judge_accuracy and nearest_test are what real test images get."""

    frechet: Excess
    precision: float
    recall: float
    accuracy: float
    judge_accuracy: float
    nearest: float
    nearest_test: float

    def table(self, name: str = "samples") -> str:
        """One line of numbers under one line of names."""
        return table({name: self})

    def as_dict(self) -> dict[str, float]:
        """All numbers by name, flat, for a JSON file."""
        excess = dict(zip(("excess", "excess_low", "excess_high", "floor"), map(float, self.frechet), strict=True))
        names = ("precision", "recall", "accuracy", "judge_accuracy", "nearest", "nearest_test")
        return excess | {name: float(getattr(self, name)) for name in names}


def table(reports: Mapping[str, Report]) -> str:
    """Reports side by side as text: a line for each, and a last one with what real test images get."""
    width = max(9, *map(len, reports))
    lines = [f"{'':{width}}  excess Fréchet [95 %]    precision  recall  accuracy  nearest"]
    for name, r in reports.items():
        mean, low, high, _ = r.frechet
        interval = f"{mean:.2f} [{low:.2f}, {high:.2f}]"
        scores = f"{r.precision:>9.2f}  {r.recall:>6.2f}  {r.accuracy:>8.3f}  {r.nearest:>7.2f}"
        lines.append(f"{name:{width}}  {interval:<23}  {scores}")
    last = list(reports.values())[-1]
    floor = f"(floor {last.frechet.floor:.2f})"
    lines.append(f"{'real test':{width}}  {floor:<42}  {last.judge_accuracy:>8.3f}  {last.nearest_test:>7.2f}")
    return "\n".join(lines)


def frechet(a: ArrayLike, b: ArrayLike) -> float:
    """The Fréchet distance of two feature sets (N, F) and (M, F), each taken for a Gaussian: 0 or more.

    |mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2)) for the covariances A, B with divisor N - 1. It is a squared
    distance and biased upwards for few examples. Sources: Dowson and Landau (1982); Heusel et al. (2017), eq. 6.
    """
    a, b = _matrix(a), _matrix(b)
    if a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(f"The Fréchet distance needs two sets with as many features, not {a.shape} and {b.shape}.")
    shift = a.mean(axis=0) - b.mean(axis=0)
    A, B = np.atleast_2d(np.cov(a, rowvar=False)), np.atleast_2d(np.cov(b, rowvar=False))
    values, vectors = np.linalg.eigh(A)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T  # A^(1/2)
    overlap = np.sqrt(np.clip(np.linalg.eigvalsh(root @ B @ root), 0, None)).sum()  # tr (A B)^(1/2)
    return float(max(0.0, shift @ shift + np.trace(A) + np.trace(B) - 2 * overlap))


def excess_frechet(
    fake: ArrayLike,
    train: ArrayLike,
    test: ArrayLike,
    rng: np.random.Generator,
    *,
    size: int | None = None,
    resamples: int = 40,
) -> Excess:
    """How much further samples are from test images than training images are, at one sample size.

    fake, train, test: features (N, F). Each of `resamples` >= 20 times draws `size` rows of all three without
    replacement, and takes distance(fake, test) - distance(train, test) with the same test rows. size: half the
    smallest set, at most 1,000, unless given. Below 0 the samples are closer to the test set than training images.
    """
    sets = [_matrix(features) for features in (fake, train, test)]
    smallest = min(map(len, sets))
    size = min(1000, smallest // 2) if size is None else size
    if resamples < 20 or not 2 <= size <= smallest:
        raise ValueError(f"At least 20 resamples of 2 to {smallest} rows are needed, not {resamples} of {size}.")
    excess, floor = np.empty(resamples), np.empty(resamples)
    for i in range(resamples):
        f, r, t = (rows[rng.choice(len(rows), size, replace=False)] for rows in sets)
        floor[i] = frechet(r, t)
        excess[i] = frechet(f, t) - floor[i]
    low, high = np.quantile(excess, [0.025, 0.975])
    return Excess(float(excess.mean()), float(low), float(high), float(floor.mean()))


def precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 3) -> PrecisionRecall:
    """Which share of samples lies within the real set, and which share of the real set within the samples.

    real (N, F), fake (M, F), both of more than k rows; take N = M, since balls shrink as a set grows. A point lies
    within a set if it is no further from one of its points than that point's k-th neighbour in the set. Source:
    Kynkäänniemi et al. (2019), eq. 1 and 2.
    """
    real, fake = _matrix(real), _matrix(fake)
    if not 1 <= k < min(len(real), len(fake)):
        raise ValueError(f"Precision and recall need more than k = {k} examples of each kind.")
    return PrecisionRecall(_covered(fake, real, k), _covered(real, fake, k))


def _covered(points: np.ndarray, support: np.ndarray, k: int) -> float:
    """The share of points (N, F) within the balls of support (M, F)."""
    radius = np.sort(_distances(support, support), axis=1)[:, k]  # the nearest of all is the point itself
    return float((_distances(points, support) <= radius).any(axis=1).mean())


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from scipy.spatial.distance import cdist

    return cdist(a, b)  # (N, M), from differences: exactly 0 for equal rows


def nearest(images: ArrayLike, train: ArrayLike) -> np.ndarray:
    """The Euclidean distance of each image (N, ...) to its nearest training image (M, ...): (N,), in pixel values."""
    import torch

    a, b = (torch.from_numpy(_matrix(x).astype(np.float32)) for x in (images, train))
    found = []
    for part in a.split(256):
        near = torch.cdist(part, b).topk(min(8, len(b)), largest=False).indices  # by products: fast, but rounded
        found.append((part[:, None] - b[near]).norm(dim=2).amin(dim=1))  # of those the distance from differences
    return torch.cat(found).numpy().astype(float)


def copying(images: ArrayLike, train: ArrayLike, test: ArrayLike) -> Copying:
    """How near samples come to training images, beside how near test images come. All (N, H, W) in [0, 1].

    A ratio near 1 is what new images have; near 0 the samples are training images. Above 1 they may be blurred or
    wrong. Medians, so that a few strange samples do not matter.
    """
    ours, theirs = (float(np.median(nearest(part, train))) for part in (images, test))
    if theirs == 0:
        raise ValueError("Half of the test images are training images, so nothing can be said about copying.")
    return Copying(ours, theirs, ours / theirs)


def features(judge: Judge, images: ArrayLike) -> np.ndarray:
    """What the judge sees in images (N, H, W): (N, F) float64."""
    return _judged(judge.features, images).astype(float)


def conditional_accuracy(judge: Judge, images: ArrayLike, labels: ArrayLike) -> float:
    """The share of images (N, H, W) in which the judge sees the class (N,) that was asked for, in [0, 1].

    Hold it beside the judge's own on real test images. Above that, samples are more typical than real ones.
    """
    return float((_judged(judge, images).argmax(axis=1) == np.asarray(labels)).mean())


def _judged(function: Callable[[Any], Any], images: ArrayLike) -> np.ndarray:
    import torch

    x = torch.from_numpy(np.array(images, dtype=np.float32))[:, None]  # (N, 1, H, W)
    with torch.no_grad():
        return torch.cat([function(part) for part in x.split(500)]).numpy()


def bits_per_dimension(nats: float, dims: int, levels: int = 1) -> float:
    """Bits for each of `dims` values from -log p of a whole example in nats.

    levels: 1 if p is a probability of the discrete values themselves. If p is a density of values that `dequantise`
    has put into [0, 1], then their number: the density is that much denser, and the result bounds the discrete code
    length from above. Source: Theis, van den Oord and Bethge (2016), section 3.1.
    """
    return nats / (dims * math.log(2)) + math.log2(levels)


def dequantise(x: ArrayLike, levels: int, rng: np.random.Generator) -> np.ndarray:
    """Integers 0 to levels - 1 of any shape, each spread uniformly over its own cell of [0, 1]: float64."""
    x = np.asarray(x)
    if x.min() < 0 or x.max() >= levels:
        raise ValueError(f"With {levels} levels values go from 0 to {levels - 1}, not {x.min()} to {x.max()}.")
    return (x + rng.random(x.shape)) / levels


def time_per_sample(sampler: Callable[[int], object], n: int) -> float:
    """Seconds for one sample, from one call ``sampler(n)``, after a first call with 1 to warm up. n >= 1."""
    sampler(1)
    start = time.perf_counter()
    sampler(n)
    return (time.perf_counter() - start) / n


def memoriser(dataset: Dataset, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A control that has learnt nothing: n training images (n, H, W), without replacement if there are enough.

    Returns images and labels (n,), as `class_dropper` does.
    """
    return _pick(dataset.images("train"), dataset.train.y, n, rng)


def class_dropper(
    dataset: Dataset, n: int, rng: np.random.Generator, share: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """A control that leaves out `share` of the classes: n validation images of the others, so real and no copies."""
    classes = np.unique(dataset.validation.y)
    kept = rng.permutation(classes)[round(share * len(classes)) :]
    rows = np.isin(dataset.validation.y, kept)
    return _pick(dataset.images("validation")[rows], dataset.validation.y[rows], n, rng)


def _pick(images: np.ndarray, labels: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = rng.choice(len(labels), n, replace=n > len(labels))
    return images[rows], labels[rows]


def judge_samples(
    images: ArrayLike,
    labels: ArrayLike,
    dataset: Dataset,
    judge: Judge,
    rng: np.random.Generator,
    *,
    size: int | None = None,
    resamples: int = 40,
) -> Report:
    """All metrics of one sample set: images (N, H, W) float in [0, 1], labels (N,) the classes asked for.

    Training and test images are the data set's. Precision and recall use equally many samples and test images, drawn
    with `rng`; they and copying use at most 2,000 of each. size, resamples: as in `excess_frechet`.
    """
    images, labels = np.asarray(images, dtype=np.float32), np.asarray(labels)
    train, test = dataset.images("train"), dataset.images("test")
    if images.shape[1:] != test.shape[1:] or labels.shape != images.shape[:1]:
        raise ValueError(f"Images {images.shape} and labels {labels.shape} do not fit images {test.shape[1:]}.")
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise ValueError("Images must lie in [0, 1]: clip them first.")
    some = train[rng.permutation(len(train))[:10_000]]
    fake_features, train_features, test_features = (features(judge, x) for x in (images, some, test))
    excess = excess_frechet(fake_features, train_features, test_features, rng, size=size, resamples=resamples)
    both = min(len(images), len(test), MOST)
    fake_rows, test_rows = rng.permutation(len(images))[:both], rng.permutation(len(test))[:both]
    shares = precision_recall(test_features[test_rows], fake_features[fake_rows])
    near = copying(images[fake_rows], train, test[test_rows])
    accuracies = conditional_accuracy(judge, images, labels), conditional_accuracy(judge, test, dataset.test.y)
    return Report(excess, *shares, *accuracies, near.samples, near.test)


def controls(
    dataset: Dataset, judge: Judge, rng: np.random.Generator, n: int = 1000, *, size: int | None = None
) -> dict[str, Report]:
    """The two controls that belong in every table, by name: "memoriser" and "class-dropper"."""
    makers = {"memoriser": memoriser, "class-dropper": class_dropper}
    samples = {name: make(dataset, n, rng) for name, make in makers.items()}
    return {name: judge_samples(*both, dataset, judge, rng, size=size) for name, both in samples.items()}


def _matrix(x: ArrayLike) -> np.ndarray:
    """Rows of float64: (N, ...) -> (N, F)."""
    x = np.asarray(x, dtype=float)
    return x.reshape(len(x), -1)
