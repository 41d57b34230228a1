"""The checks of chapter 08 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest
from scipy.special import gammaln, xlog1py, xlogy

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def rate(mu, log_var, half=0.5, sign=1):
    return half * (mu**2 + np.exp(log_var) - 1 - sign * log_var).sum(axis=-1)


def log_binomial(k, p, n, choices=True):
    number = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) if choices else 0
    return (number + xlogy(k, p) + xlog1py(n - k, -p)).sum(1)


def missing(p):
    a = np.log(p / (1 - p))
    return 1 - np.where(np.abs(a) < 1e-6, 0.5, np.tanh(a / 2) / np.where(a == 0, 1, a))


def evidence(x, W, m, v, noise=True, log_det=0.5):
    values, vectors = np.linalg.eigh(W @ W.T + (v if noise else v**2) * np.eye(len(m)))
    square = (((x - m) @ vectors) ** 2 / values).sum(1)
    return -square / 2 - log_det * np.log(values).sum() - len(m) * np.log(2 * np.pi) / 2


def tighter(log_w):
    return np.logaddexp.reduce(log_w, axis=0) - np.log(len(log_w))


RIGHT = [
    ("vae.rate", rate),
    ("vae.notes", lambda mu, log_var, eps: eps * np.exp(log_var) ** 0.5 + mu),
    ("vae.log_binomial", log_binomial),
    ("vae.missing", missing),
    ("vae.tighter", tighter),
    ("vae.evidence", evidence),
]
WRONG = [
    ("vae.rate", "not halved", lambda mu, log_var: rate(mu, log_var, half=1)),
    ("vae.rate", "sign of the logarithm", lambda mu, log_var: rate(mu, log_var, sign=-1)),
    ("vae.rate", "a mean over dimensions", lambda mu, log_var: rate(mu, log_var) / mu.shape[1]),
    ("vae.notes", "variance for deviation", lambda mu, log_var, eps: mu + np.exp(log_var) * eps),
    ("vae.notes", "logarithm for deviation", lambda mu, log_var, eps: mu + log_var * eps),
    ("vae.log_binomial", "choices left out", lambda k, p, n: log_binomial(k, p, n, choices=False)),
    ("vae.log_binomial", "a mean over pixels", lambda k, p, n: log_binomial(k, p, n) / k.shape[1]),
    ("vae.missing", "undefined in the middle", lambda p: 1 - (2 * p - 1) / np.log(p / (1 - p))),
    ("vae.missing", "the integral itself", lambda p: 1 - missing(p)),
    ("vae.tighter", "mean of logarithms", lambda log_w: log_w.mean(axis=0)),
    ("vae.tighter", "sum for mean", lambda log_w: np.logaddexp.reduce(log_w, axis=0)),
    ("vae.tighter", "underflow", lambda log_w: np.log(np.exp(log_w).mean(axis=0))),
    ("vae.evidence", "deviation for variance", lambda x, W, m, v: evidence(x, W, m, v, noise=False)),
    ("vae.evidence", "determinant not halved", lambda x, W, m, v: evidence(x, W, m, v, log_det=1)),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
