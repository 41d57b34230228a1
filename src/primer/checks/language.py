"""Checks of the exercises of chapter 15."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar
from scipy.special import softmax

from primer.checks import Check, register


def bits(loss_per_token: float, tokens: int, characters: int) -> float:
    """The total in bits over the characters."""
    return float(loss_per_token * np.log2(np.e) * (tokens / characters))


def bits_cases(rng: np.random.Generator) -> Iterator[tuple[float, int, int]]:
    """A token a character; two characters a token; random ones."""
    yield float(np.log(2)), 100, 100
    yield 2.0, 50, 100
    yield float(rng.uniform(1, 5)), int(rng.integers(100, 200)), int(rng.integers(200, 900))


def sharpen(logits: np.ndarray, temperature: float) -> np.ndarray:
    """scipy's softmax, (V,)."""
    if temperature == 0:
        return (np.arange(len(logits)) == np.argmax(logits)).astype(float)
    return softmax(logits / temperature)


def sharpen_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """Three to one at one half; temperature 0; values in the thousands; random ones."""
    yield np.log([3.0, 1.0]), 0.5
    yield np.array([0.1, 2.0, -1.0]), 0
    yield np.array([2000.0, 1999.0, 0.0]), 1.0
    yield rng.normal(size=5), float(rng.uniform(0.2, 3))


def nucleus(p: np.ndarray, top_p: float) -> np.ndarray:
    """One token after the other, until they reach top_p, (V,)."""
    kept = np.zeros_like(p)
    for i in sorted(range(len(p)), key=lambda i: -p[i]):
        if kept.sum() >= top_p:
            break
        kept[i] = p[i]
    return kept / kept.sum()


def nucleus_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, float]]:
    """The chapter's example, out of order; one that is enough; all of them; random ones."""
    yield np.array([0.15, 0.5, 0.05, 0.3]), 0.75
    yield np.array([0.15, 0.5, 0.05, 0.3]), 0.4
    yield np.array([0.4, 0.6]), 1.0
    yield rng.dirichlet(np.ones(6)), float(rng.uniform(0.3, 0.9))


def rotate(x: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Pairs as complex numbers, multiplied by exp(i angle), (T, C)."""
    T, C = x.shape
    angle = np.outer(positions, 10_000.0 ** (-np.arange(0, C, 2) / C))
    z = (x[:, 0::2] + 1j * x[:, 1::2]) * np.exp(1j * angle)
    return np.stack([z.real, z.imag], axis=-1).reshape(T, C)


def rotate_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Position 0; a quarter turn; two frequencies, positions that do not start at 0."""
    yield np.array([[1.0, 2.0]]), np.array([0])
    yield np.array([[1.0, 0.0]]), np.array([np.pi / 2])
    yield rng.normal(size=(4, 6)), rng.integers(0, 50, size=4)


def step(q: np.ndarray, k: np.ndarray, v: np.ndarray, K: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, ...]:
    """torch's attention of one query over all keys."""
    K, V = np.concatenate([K, k[None]]), np.concatenate([V, v[None]])
    query, keys, values = (torch.tensor(z)[None] for z in (q[None], K, V))
    return F.scaled_dot_product_attention(query, keys, values)[0, 0].numpy(), K, V


def step_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, ...]]:
    """The first token; random ones; scores in the hundreds."""
    yield (*rng.normal(size=(3, 2)), np.zeros((0, 2)), np.zeros((0, 2)))
    for scale in (1.0, 30.0):
        yield (*(scale * rng.normal(size=(3, 4))), scale * rng.normal(size=(5, 4)), rng.normal(size=(5, 4)))


def best_size(C: Any, A: float, a: float, B: float, b: float) -> Any:
    """By numerical search over log N, the shape of C."""

    def one(c: float) -> float:
        loss = lambda n: A * np.exp(-a * n) + B * np.exp(-b * (np.log(c / 6) - n))  # noqa: E731
        return float(np.exp(minimize_scalar(loss, bracket=(0, np.log(c / 6)), tol=1e-12).x))

    return np.vectorize(one)(C) if np.ndim(C) else one(C)


def best_size_cases(rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Alike in size and text; a dearer size; random ones, several budgets."""
    yield 6e12, 100.0, 0.5, 100.0, 0.5
    yield 6e12, 400.0, 0.34, 410.0, 0.28
    yield 10.0 ** rng.uniform(10, 15, size=3), *rng.uniform([50, 0.2, 50, 0.2], [500, 0.6, 500, 0.6])


register(Check("language.bits", bits, bits_cases))
register(Check("language.sharpen", sharpen, sharpen_cases))
register(Check("language.nucleus", nucleus, nucleus_cases))
register(Check("language.rotate", rotate, rotate_cases))
register(Check("language.step", step, step_cases))
register(Check("language.best_size", best_size, best_size_cases, rtol=1e-4))
