"""A small world of facts, four kinds of model of it, and how much each invents; everything summed exactly.

A factoid is a sentence of three words: first name, last name, value. Some factoids are facts, the rest is false. The
models are probabilities g (A, B, V) over all factoids, so the rate at which a model invents is a plain sum.
Source: Kalai and Vempala (2024), Calibrated Language Models Must Hallucinate, STOC.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax


@dataclass(frozen=True)
class World:
    """p: (A, B, V) float64, how often each factoid is stated; it sums to one, and p > 0 marks the facts."""

    p: np.ndarray

    @property
    def facts(self) -> np.ndarray:
        """(A, B, V), True for a fact."""
        return self.p > 0

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n mentions drawn independently from p, as (n, 3) integers: first name, last name, value."""
        places = np.flatnonzero(self.p)
        weights = self.p.ravel()[places]
        chosen = rng.choice(places, size=n, p=weights / weights.sum())
        return np.stack(np.unravel_index(chosen, self.p.shape), axis=1)


def world(
    share: float,
    rng: np.random.Generator,
    shape: tuple[int, int, int] = (60, 60, 1000),
    rare: int = 30_000,
    common: int = 200,
) -> World:
    """A world in which `rare` facts share the mentions' part `share`, and `common` facts the rest, evenly.

    Which factoids are facts is drawn uniformly from all of shape (A, B, V): nothing but a mention can tell.
    ValueError if share is not in [0, 1] or the facts do not fit.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"The rare facts' share is a number from 0 to 1, not {share}.")
    if rare + common > math.prod(shape):
        raise ValueError(f"{rare + common} facts do not fit into {math.prod(shape)} factoids.")
    p = np.zeros(math.prod(shape))
    places = rng.choice(len(p), size=rare + common, replace=False)
    p[places[:rare]] = share / rare
    p[places[rare:]] = (1 - share) / common
    return World(p.reshape(shape))


def count(mentions: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """How often each factoid is mentioned: mentions (n, 3) -> (A, B, V) integers."""
    flat = np.ravel_multi_index(tuple(mentions.T), shape)
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape)


# ---- What is measured ------------------------------------------------------------------------------------------------


def monofacts(counts: np.ndarray) -> float:
    """M: facts mentioned exactly once, over the number of mentions (Good 1953: it estimates the unseen mass)."""
    return float((counts == 1).sum() / counts.sum())


def hallucination(g: np.ndarray, p: np.ndarray) -> float:
    """g(H): the share of false factoids among the model's unprompted samples at temperature 1."""
    return float(g[p == 0].sum())


def unseen(q: np.ndarray, counts: np.ndarray) -> float:
    """q(U): the probability of the factoids that were never mentioned."""
    return float(q[counts == 0].sum())


def miscalibration(g: np.ndarray, p: np.ndarray, bins: int | None = None) -> float:
    """Mis: total variation between g and the truth averaged within bins of (nearly) equal model probability.

    bins: None puts together only what the model gives exactly the same probability; b cuts the factoids, sorted by
    the model's probability, into b bins of equal model mass. What the model gives zero is a bin of its own.
    """
    level, size = np.unique(g, return_counts=True)  # ascending
    mass = level * size
    bin_of = np.arange(len(level)) if bins is None else np.ceil(np.cumsum(mass) * bins - 1e-9).astype(int)
    told = np.flatnonzero(p)  # only the facts carry truth
    bin_of_fact = bin_of[np.searchsorted(level, g.ravel()[told])]
    truth = np.bincount(bin_of_fact, p.ravel()[told], minlength=bin_of[-1] + 1)  # the truth's mass in each bin
    average = truth / np.maximum(np.bincount(bin_of, size), 1)
    return float(np.abs(mass - average[bin_of] * size).sum() / 2)


def slack(n: int, facts: int, falsehoods: int, delta: float) -> float:
    """What Corollary 1 of Kalai and Vempala (2024) gives away to hold with probability 1 - delta.

    3 e^-s / delta + sqrt(6 ln(6 / delta) / n), with e^-s = facts / falsehoods.
    """
    return 3 * facts / falsehoods / delta + math.sqrt(6 * math.log(6 / delta) / n)


# ---- Models ----------------------------------------------------------------------------------------------------------


def memoriser(counts: np.ndarray) -> np.ndarray:
    """Repeats its training text: g = counts / n, (A, B, V)."""
    return counts / counts.sum()


def good_turing(counts: np.ndarray, top: int = 2) -> np.ndarray:
    """Good and Turing: what was seen k times gets, together, the mass of what was seen k + 1 times, (A, B, V).

    For k up to `top`; what was seen more often shares the rest in proportion to its counts. So the unseen gets M. A
    text in which every fact is mentioned twice has nothing to move, and is repeated.
    """
    n = counts.sum()
    having = np.bincount(counts.ravel(), minlength=top + 2)  # N_k, how many factoids have k mentions
    k = np.arange(len(having))
    level = np.zeros(len(having))  # a factoid's probability by its count
    low = k <= top
    level[low] = np.where(having[low] > 0, (k[low] + 1) * having[1 : top + 2] / np.maximum(having[low], 1) / n, 0)
    rest = 1 - (level * having)[low].sum()
    heavy = (k * having)[~low].sum()
    level[~low] = rest * k[~low] / max(heavy, 1)
    g = level[counts]
    return g / g.sum() if g.any() else memoriser(counts)


def mixture(counts: np.ndarray, memory: float) -> np.ndarray:
    """Interpolated n-grams: p(first) p(last | first) times memory of the pair's values, else of values at large.

    memory: the weight of p(value | first, last), 0 to 1. Names and values at large get a hundredth of a mention each,
    so that nothing is impossible.
    """
    pairs = counts.sum(2)  # (A, B)
    names = _shares(pairs.sum(1))[:, None] * _shares(pairs)  # (A, B), p(first) p(last | first)
    at_large = _shares(counts.sum((0, 1)))  # (V,)
    exact = counts / np.maximum(pairs, 1)[..., None]  # (A, B, V)
    weight = np.where(pairs > 0, memory, 0.0)[..., None]
    return names[..., None] * (weight * exact + (1 - weight) * at_large)


def _shares(n: np.ndarray) -> np.ndarray:
    return (n + 0.01) / (n + 0.01).sum(-1, keepdims=True)


def best_mixture(counts: np.ndarray, held_out: np.ndarray) -> tuple[float, np.ndarray]:
    """The weight of memory, of 0, 0.05, ..., 0.95, that makes held-out mentions (n, 3) likeliest, and its mixture."""
    places = tuple(held_out.T)
    known, at_large = mixture(counts, 1.0)[places], mixture(counts, 0.0)[places]  # the mixture is linear in the weight
    weights = np.linspace(0, 1, 21)[:-1]  # at 1 an unseen sentence is impossible
    memory = max(weights, key=lambda m: np.log(m * known + (1 - m) * at_large).sum())
    return float(memory), mixture(counts, memory)


class TinyModel(nn.Module):
    """An autoregressive network over three words: p(first) p(last | first) p(value | first, last)."""

    def __init__(self, shape: tuple[int, int, int] = (60, 60, 1000), E: int = 32, M: int = 96) -> None:
        super().__init__()
        A, B, V = shape
        self.shape = shape
        self.first = nn.Parameter(torch.zeros(A))
        self.names = nn.ModuleList([nn.Embedding(A, E), nn.Embedding(B, E)])
        self.last = nn.Sequential(nn.Linear(E, M), nn.SiLU(), nn.Linear(M, B))
        self.value = nn.Sequential(nn.Linear(2 * E, M), nn.SiLU(), nn.Linear(M, V))

    def logits(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scores of the three words given those before: first (A,), last (N, B), value (N, V)."""
        one, two = self.names[0](a), self.names[1](b)
        return self.first, self.last(one), self.value(torch.cat([one, two], dim=1))

    def loss(self, mentions: torch.Tensor) -> torch.Tensor:
        """Mean -log g of the mentions (N, 3), in nats a sentence."""
        a, b, v = mentions.T
        first, last, value = self.logits(a, b)
        return cross_entropy(first.expand(len(a), -1), a) + cross_entropy(last, b) + cross_entropy(value, v)

    @torch.no_grad()
    def joint(self, temperature: float = 1.0) -> np.ndarray:
        """g of every factoid, (A, B, V) float64; each word's scores are divided by the temperature."""
        a, b = torch.cartesian_prod(*map(torch.arange, self.shape[:2])).T
        first, last, value = (log_softmax(part.double() / temperature, -1) for part in self.logits(a, b))
        return (first[a] + last[torch.arange(len(a)), b])[:, None].add(value).exp().reshape(self.shape).numpy()


def train(
    model: TinyModel, mentions: np.ndarray, epochs: int, lr: float = 4e-3, batch: int = 200
) -> Iterator[int]:
    """Adam on the mentions (n, 3), in new random order each epoch; yields the epoch's number, from 1, after each."""
    data = torch.as_tensor(mentions)
    optimizer = torch.optim.Adam(model.parameters(), lr)
    for epoch in range(1, epochs + 1):
        for part in data[torch.randperm(len(data))].split(batch):
            optimizer.zero_grad()
            model.loss(part).backward()
            optimizer.step()
        yield epoch
