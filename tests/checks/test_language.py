"""The checks of chapter 15 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def sharpen(logits, temperature, shift=True):
    if temperature == 0:
        return np.where(np.arange(len(logits)) == logits.argmax(), 1.0, 0.0)
    scaled = logits / temperature
    e = np.exp(scaled - scaled.max() if shift else scaled)
    return e / e.sum()


def nucleus(p, top_p, late=False):
    least = np.sort(p)[::-1]
    count = np.searchsorted(np.cumsum(least), top_p) + 1 - late
    kept = np.where(p >= least[min(max(count, 1), len(p)) - 1], p, 0)
    return kept / kept.sum()


def rotate(x, positions, base=10_000.0, sign=1, halves=False):
    C = x.shape[1]
    angle = sign * positions[:, None] * base ** (-np.arange(0, C, 2) / C)
    a, b = (x[:, : C // 2], x[:, C // 2 :]) if halves else (x[:, ::2], x[:, 1::2])
    return np.stack([a * np.cos(angle) - b * np.sin(angle), a * np.sin(angle) + b * np.cos(angle)], 2).reshape(x.shape)


def step(q, k, v, K, V, scale=True, itself=True):
    new_K, new_V = np.append(K, k[None], 0), np.append(V, v[None], 0)
    seen_K, seen_V = (new_K, new_V) if itself or not len(K) else (K, V)
    s = seen_K @ q / (len(q) ** 0.5 if scale else 1)
    w = np.exp(s - s.max())
    return (w[:, None] * seen_V).sum(0) / w.sum(), new_K, new_V


def best_size(C, A, a, B, b, six=6):
    G = (a * A / (b * B)) ** (1 / (a + b))
    return G * (C / six) ** (b / (a + b))


RIGHT = [
    ("language.bits", lambda loss, tokens, characters: loss * tokens / (characters * np.log(2))),
    ("language.sharpen", sharpen),
    ("language.nucleus", nucleus),
    ("language.rotate", rotate),
    ("language.step", step),
    ("language.best_size", best_size),
]
WRONG = [
    ("language.bits", "nats", lambda loss, tokens, characters: loss * tokens / characters),
    ("language.bits", "ratio turned round", lambda loss, tokens, characters: loss / np.log(2) * characters / tokens),
    ("language.sharpen", "multiplied", lambda logits, t: sharpen(logits, 1 / t if t else 0)),
    ("language.sharpen", "overflow", lambda logits, t: sharpen(logits, t, shift=False)),
    ("language.sharpen", "divides by zero", lambda logits, t: np.exp(logits / t) / np.exp(logits / t).sum()),
    ("language.nucleus", "stops one too early", lambda p, top_p: nucleus(p, top_p, late=True)),
    ("language.nucleus", "not made to sum to one", lambda p, top_p: nucleus(p, top_p) * top_p),
    ("language.rotate", "the other way round", lambda x, positions: rotate(x, positions, sign=-1)),
    ("language.rotate", "another base", lambda x, positions: rotate(x, positions, base=1000.0)),
    ("language.rotate", "halves for pairs", lambda x, positions: rotate(x, positions, halves=True)),
    ("language.rotate", "positions from 0", lambda x, positions: rotate(x, np.arange(len(x)))),
    ("language.step", "does not see itself", lambda *args: step(*args, itself=False)),
    ("language.step", "not scaled", lambda *args: step(*args, scale=False)),
    ("language.best_size", "the six forgotten", lambda *args: best_size(*args, six=1)),
    ("language.best_size", "exponents exchanged", lambda C, A, a, B, b: best_size(C, A, b, B, a)),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
