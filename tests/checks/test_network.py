"""The checks of chapter 05 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def closed_momentum(theta, gradients, lr, beta):
    powers = [[beta ** (t - s) if s <= t else 0 for s in range(len(gradients))] for t in range(len(gradients))]
    return theta - lr * np.cumsum(np.array(powers) @ gradients, axis=0)


def counting_stop(losses, patience):
    best, lowest, waited = 0, np.inf, 0
    for step, loss in enumerate(losses):
        if loss < lowest:
            best, lowest, waited = step, loss, 0
        else:
            waited += 1
        if waited == patience:
            return best
    return best


def stop_at_ties(losses, patience):
    best = 0
    for step, loss in enumerate(losses):
        if loss <= losses[best]:
            best = step
        if step - best >= patience:
            break
    return best


def backward(x, y, W1, W2, gate=True, mean=True):
    h = np.maximum(0, x @ W1)
    error = (h @ W2 - y) / (len(x) if mean else 1)
    back = error @ W2.T
    return x.T @ (back * (h > 0) if gate else back), h.T @ error


def lstm(x, W, U, b, order=(0, 1, 2, 3), out="c", forget=True):
    def s(z):
        return 1 / (1 + np.exp(-z))

    h, c, rows = np.zeros(U.shape[1]), np.zeros(U.shape[1]), []
    for x_t in x:
        parts = np.split(W @ x_t + U @ h + b, 4)
        i, f, g, o = (parts[k] for k in order)
        c = (s(f) if forget else 1) * c + s(i) * np.tanh(g)
        h = s(o) * np.tanh(c)
        rows.append({"c": c, "h": h}[out])
    return np.array(rows)


RIGHT = [
    ("network.safe_rate", lambda A: 2 / np.linalg.eigvals(A).real.max()),
    ("network.momentum", closed_momentum),
    ("network.stop", counting_stop),
    ("network.gradients", backward),
    ("network.convolve", lambda image, kernel: correlate2d(image, kernel, mode="valid")),
    ("network.lstm", lstm),
]

WRONG = [
    ("network.safe_rate", "the diagonal", lambda A: 2 / np.diag(A).max()),
    ("network.safe_rate", "1 / L", lambda A: 1 / np.linalg.eigvalsh(A).max()),
    ("network.safe_rate", "the smallest curvature", lambda A: 2 / np.linalg.eigvalsh(A).min()),
    ("network.momentum", "none", lambda t, g, lr, b: closed_momentum(t, g, lr, 0)),
    ("network.momentum", "a mean of gradients", lambda t, g, lr, b: closed_momentum(t, (1 - b) * g, lr, b)),
    ("network.momentum", "uphill", lambda t, g, lr, b: closed_momentum(t, -g, lr, b)),
    ("network.momentum", "only the end", lambda t, g, lr, b: closed_momentum(t, g, lr, b)[-1]),
    ("network.stop", "knows the future", lambda losses, p: int(np.argmin(losses))),
    ("network.stop", "a tie counts as better", stop_at_ties),
    ("network.stop", "one step too patient", lambda losses, p: counting_stop(losses, p + 1)),
    ("network.gradients", "without the bend", lambda *a: backward(*a, gate=False)),
    ("network.gradients", "not divided by N", lambda *a: backward(*a, mean=False)),
    ("network.gradients", "other way round", lambda *a: backward(*a)[::-1]),
    ("network.convolve", "kernel turned round", lambda image, kernel: convolve2d(image, kernel, mode="valid")),
    ("network.convolve", "padded", lambda image, kernel: correlate2d(image, kernel, mode="same")),
    ("network.convolve", "transposed kernel", lambda image, kernel: correlate2d(image, kernel.T, mode="valid")),
    ("network.lstm", "other order of the gates", lambda *a: lstm(*a, order=(1, 0, 2, 3))),
    ("network.lstm", "h for c", lambda *a: lstm(*a, out="h")),
    ("network.lstm", "never forgets", lambda *a: lstm(*a, forget=False)),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_way_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
