"""Checks of the exercises of chapter 14."""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F

from primer.checks import Check, register


def weights(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """torch's attention with the identity for values, (T, R)."""
    queries, keys = torch.tensor(q), torch.tensor(k)
    return F.scaled_dot_product_attention(queries, keys, torch.eye(len(k), dtype=keys.dtype)).numpy()


def weights_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The chapter's example by hand; random ones; large scores."""
    yield np.array([[2.0]]), np.array([[0.0], [np.log(3) / 2]])
    yield rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    yield 100 * rng.normal(size=(2, 6)), 100 * rng.normal(size=(3, 6))


def places(T: int, D: int) -> np.ndarray:
    """Imaginary and real part of turning hands, (T, D)."""
    hands = np.exp(1j * np.outer(np.arange(T), 10_000.0 ** (-np.arange(0, D, 2) / D)))
    return np.stack([hands.imag, hands.real], axis=2).reshape(T, D)


def places_cases(rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """The chapter's four numbers; other sizes."""
    yield 2, 4
    yield int(rng.integers(3, 9)), 2 * int(rng.integers(1, 6))
    yield 200, 16


def may_look(lengths: np.ndarray, T: int) -> np.ndarray:
    """By a loop over every pair of positions, (B, T, T)."""
    return np.array([[[r <= t and r < length for r in range(T)] for t in range(T)] for length in lengths])


def may_look_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """One text without padding; two of different lengths; random ones."""
    yield np.array([3]), 3
    yield np.array([1, 4]), 4
    yield rng.integers(1, 7, size=3), 6


def heads(x: np.ndarray, W: np.ndarray, W_out: np.ndarray, A: int) -> np.ndarray:
    """torch's own multi-head attention, (T, D)."""
    theirs = torch.nn.MultiheadAttention(x.shape[1], A, bias=False, dtype=torch.float64)
    theirs.in_proj_weight.data, theirs.out_proj.weight.data = torch.tensor(W), torch.tensor(W_out)
    read = torch.tensor(x)
    with torch.no_grad():
        return theirs(read, read, read)[0].numpy()


def heads_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, int]]:
    """One head; two; as many heads as numbers."""
    for T, D, A in ((2, 2, 1), (4, 6, 2), (3, 4, 4)):
        yield rng.normal(size=(T, D)), rng.normal(size=(3 * D, D)), rng.normal(size=(D, D)), A


def work(T: int, D: int, M: int) -> int:
    """The products one by one, each (rows, inner) times (inner, columns)."""
    products = [(T, D, 3 * D), (T, D, T), (T, T, D), (T, D, D), (T, D, M), (T, M, D)]
    return sum(rows * inner * columns for rows, inner, columns in products)


def work_cases(rng: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """One position; the chapter's layer at 1,024 positions; random sizes."""
    yield 1, 1, 1
    yield 1024, 64, 128
    yield int(rng.integers(2, 50)), int(rng.integers(2, 50)), int(rng.integers(2, 50))


def induction(tokens: np.ndarray) -> np.ndarray:
    """By a loop over rows, (T, T)."""
    out = np.zeros((len(tokens), len(tokens)))
    for t, token in enumerate(tokens):
        places = [r for r in range(1, t + 1) if tokens[r - 1] == token]
        out[t, places] = 1 / max(1, len(places))
    return out


def induction_cases(rng: np.random.Generator) -> Iterator[tuple[np.ndarray]]:
    """The sentence of the statement; one token again and again; random ones."""
    yield (np.array([0, 1, 2, 3, 4, 0]),)
    yield (np.zeros(4, dtype=int),)
    yield (rng.integers(3, size=9),)


register(Check("attention.weights", weights, weights_cases))
register(Check("attention.places", places, places_cases))
register(Check("attention.may_look", may_look, may_look_cases))
register(Check("attention.heads", heads, heads_cases))
register(Check("attention.work", work, work_cases))
register(Check("attention.induction", induction, induction_cases))
