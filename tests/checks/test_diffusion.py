"""The checks of chapter 10 catch the mistakes that people make, and take every right way of writing an answer."""

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


def alpha_bar(beta):
    return np.exp(np.append(0, np.log1p(-beta).cumsum()))


def noised(x0, t, eps, bar, power=0.5):
    left = np.take(bar, t).reshape(-1, 1)
    return left**power * x0 + (1 - left) ** power * eps


def mean_noise(x, bar, half=1.0):
    r, s = np.sqrt(bar), np.sqrt(1 - bar)
    return x / s - r / s * np.tanh(half * r * x / s**2)


def back(x, eps, left, to, eta, z, keep=True, swap=False):
    sigma = eta * ((1 - to) / (1 - left)) ** 0.5 * (1 - left / to) ** 0.5
    if swap:
        sigma = eta * (1 - left / to) ** 0.5
    x0 = x / left**0.5 - (1 / left - 1) ** 0.5 * eps
    return to**0.5 * x0 + (1 - to - (sigma**2 if keep else 0)) ** 0.5 * eps + sigma * z


def price(left, to, m, D, half=0.5):
    ratio = to * (1 - left) / (left * (1 - to))
    return half * D * np.log(1 + m * (ratio - 1))


RIGHT = [
    ("diffusion.alpha_bar", alpha_bar),
    ("diffusion.noised", noised),
    ("diffusion.mean_noise", mean_noise),
    ("diffusion.back", back),
    ("diffusion.guided", lambda conditional, plain, w: conditional + w * (conditional - plain)),
    ("diffusion.price", price),
]
WRONG = [
    ("diffusion.alpha_bar", "without zero steps", lambda beta: np.cumprod(1 - beta)),
    ("diffusion.alpha_bar", "product of beta", lambda beta: np.append(1, np.cumprod(beta))),
    ("diffusion.noised", "shares for their roots", lambda *args: noised(*args, power=1)),
    ("diffusion.noised", "one step for all", lambda x0, t, eps, bar: noised(x0, np.full_like(t, t[0]), eps, bar)),
    ("diffusion.mean_noise", "half of the log-odds", lambda x, bar: mean_noise(x, bar, half=0.5)),
    ("diffusion.mean_noise", "the nearer datum", lambda x, bar: mean_noise(x, bar, half=1e6)),
    ("diffusion.back", "old noise kept", lambda *args: back(*args, keep=False)),
    ("diffusion.back", "beta for the posterior's variance", lambda *args: back(*args, swap=True)),
    ("diffusion.back", "a jump to the data", lambda x, eps, left, *_: (x - (1 - left) ** 0.5 * eps) / left**0.5),
    ("diffusion.guided", "w for s", lambda conditional, plain, w: plain + w * (conditional - plain)),
    ("diffusion.price", "not halved", lambda *args: price(*args, half=1)),
    ("diffusion.price", "first order", lambda a, b, m, D: D / 2 * (b * (1 - a) / (a * (1 - b)) - 1) * m),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_answer_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake
