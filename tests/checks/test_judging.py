"""The checks of chapter 06 catch the mistakes that people make, and take every right way of writing an answer."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import NearestNeighbors

from primer import checks, metrics


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def cells(mu, sigma, L, ends=True):
    edges = np.arange(L + 1) - 0.5
    if ends:
        edges = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    return np.diff(norm.cdf(edges, mu, sigma))


def frechet(a, b, ddof=1, root=True):
    spread = (lambda x: x.std(0, ddof=ddof)) if root else (lambda x: x.var(0, ddof=ddof))
    return ((a.mean(0) - b.mean(0)) ** 2 + (spread(a) - spread(b)) ** 2).sum()


def coverage(points, support, k, itself=0, axis=1, strict=False):
    radius = NearestNeighbors(n_neighbors=k + 1 - itself).fit(support).kneighbors(support)[0][:, -1]
    apart = np.linalg.norm(points[:, None] - support, axis=2)
    return (apart < radius if strict else apart <= radius).any(axis=axis).mean()


def ratio(samples, train, test, middle=np.median):
    finder = NearestNeighbors(n_neighbors=1, algorithm="brute", metric="minkowski").fit(train.reshape(len(train), -1))
    near = [middle(finder.kneighbors(x.reshape(len(x), -1))[0]) for x in (samples, test)]
    return near[0] / near[1]


def excess(fake, real, paired=True):
    gap = fake - real if paired else np.sort(fake) - np.sort(real)[::-1]
    return gap.mean(), np.quantile(gap, 0.025), np.quantile(gap, 0.975), real.mean()


@pytest.mark.parametrize(
    ("id", "fn"),
    [
        ("judging.bits", metrics.bits_per_dimension),
        ("judging.bits", lambda nats, dims, levels: (nats + dims * math.log(levels)) * math.log2(math.e) / dims),
        ("judging.cells", cells),
        ("judging.frechet", frechet),
        ("judging.coverage", coverage),
        ("judging.coverage", lambda points, support, k: metrics.precision_recall(support, points, k).precision
         if k < len(points) else coverage(points, support, k)),
        ("judging.ratio", ratio),
        ("judging.excess", excess),
    ],
)
def test_right_answers(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(
    ("id", "fn"),
    [
        ("judging.bits", lambda nats, dims, levels: nats / dims + math.log2(levels)),
        ("judging.bits", lambda nats, dims, levels: nats / dims / math.log(2)),
        ("judging.bits", lambda nats, dims, levels: nats / dims / math.log(2) - math.log2(levels)),
        ("judging.cells", lambda mu, sigma, L: cells(mu, sigma, L, ends=False)),
        ("judging.cells", lambda mu, sigma, L: norm.pdf(np.arange(L), mu, sigma)),
        ("judging.frechet", lambda a, b: frechet(a, b, ddof=0)),
        ("judging.frechet", lambda a, b: frechet(a, b, root=False)),
        ("judging.frechet", metrics.frechet),
        ("judging.coverage", lambda *args: coverage(*args, itself=1)),
        ("judging.coverage", lambda *args: coverage(*args, axis=0)),
        ("judging.ratio", lambda *args: ratio(*args, middle=np.mean)),
        ("judging.ratio", lambda samples, train, test: np.median(metrics.nearest(samples, train))),
        ("judging.excess", lambda fake, real: excess(fake, real, paired=False)),
        ("judging.excess", lambda fake, real: (*excess(fake, real)[:3], fake.mean())),
    ],
)
def test_wrong_answers(id, fn):
    assert not passes(id, fn)
