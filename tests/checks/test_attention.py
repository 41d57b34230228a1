"""The checks of chapter 14 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest
from scipy.special import softmax

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def weights(q, k, power=0.5, axis=1):
    return softmax(q @ k.T / q.shape[1] ** power, axis=axis)


def plain_softmax(q, k):
    e = np.exp(q @ k.T / np.sqrt(q.shape[1]))
    return e / e.sum(axis=1, keepdims=True)


def places(T, D, base=10_000, swap=False):
    out = np.zeros((T, D))
    for t in range(T):
        for d in range(D):
            angle = t / base ** ((d - d % 2) / D)
            out[t, d] = np.cos(angle) if (d % 2 == 1) != swap else np.sin(angle)
    return out


def halves(T, D):
    angle = np.arange(T)[:, None] / 10_000 ** (np.arange(0, D, 2) / D)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def may_look(lengths, T, offset=0, padding=True):
    causal = np.tril(np.ones((T, T), dtype=bool), offset)
    real = np.arange(T) < np.asarray(lengths)[:, None]
    return causal & real[:, None] if padding else np.broadcast_to(causal, (len(lengths), T, T))


def heads(x, W, W_out, A, scale=None, transpose=False, interleaved=False):
    T, D = x.shape
    q, k, v = ((x @ W.T).reshape(T, 3, D)).transpose(1, 0, 2)
    shape = (T, D // A, A) if interleaved else (T, A, D // A)
    axes = (2, 0, 1) if interleaved else (1, 0, 2)
    q, k, v = (part.reshape(shape).transpose(axes) for part in (q, k, v))  # (A, T, C)
    mixed = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(scale or D // A), axis=2) @ v
    return mixed.transpose(1, 0, 2).reshape(T, D) @ (W_out if transpose else W_out.T)


def induction(tokens, itself=False, strict=False):
    t = np.arange(len(tokens))
    before = np.concatenate([[-1], tokens[:-1]]) if not itself else tokens
    found = (before[None] == np.asarray(tokens)[:, None]) & (t[None] < t[:, None] if strict else t[None] <= t[:, None])
    return found / np.maximum(1, found.sum(1, keepdims=True))


RIGHT = [
    ("attention.weights", weights),
    ("attention.places", places),
    ("attention.may_look", may_look),
    ("attention.heads", heads),
    ("attention.work", lambda T, D, M: 2 * T * D * (2 * D + T + M)),
    ("attention.induction", induction),
]
WRONG = [
    ("attention.weights", "not scaled", lambda q, k: weights(q, k, power=0)),
    ("attention.weights", "scaled by the length", lambda q, k: weights(q, k, power=1)),
    ("attention.weights", "columns sum to one", lambda q, k: weights(q, k, axis=0)),
    ("attention.weights", "overflow", plain_softmax),
    ("attention.places", "cosines first", lambda T, D: places(T, D, swap=True)),
    ("attention.places", "sines, then cosines", halves),
    ("attention.places", "another base", lambda T, D: places(T, D, base=1000)),
    ("attention.may_look", "not at itself", lambda lengths, T: may_look(lengths, T, offset=-1)),
    ("attention.may_look", "padding seen", lambda lengths, T: may_look(lengths, T, padding=False)),
    ("attention.may_look", "backwards", lambda lengths, T: may_look(lengths, T).transpose(0, 2, 1)),
    ("attention.heads", "scaled by the whole width", lambda x, W, U, A: heads(x, W, U, A, scale=x.shape[1])),
    ("attention.heads", "output not transposed", lambda x, W, U, A: heads(x, W, U, A, transpose=True)),
    ("attention.heads", "heads interleaved", lambda x, W, U, A: heads(x, W, U, A, interleaved=True)),
    ("attention.work", "mixing forgotten", lambda T, D, M: 4 * T * D * D + T * T * D + 2 * T * D * M),
    ("attention.work", "output forgotten", lambda T, D, M: 3 * T * D * D + 2 * T * T * D + 2 * T * D * M),
    ("attention.induction", "looks at the same token", lambda tokens: induction(tokens, itself=True)),
    ("attention.induction", "never at itself", lambda tokens: induction(tokens, strict=True)),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
