"""The checks of chapter 03 catch the mistakes that people make, and take every right way of writing an answer."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from primer import checks


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)


def passes(id, fn):
    check = checks.find(id)
    return bool(checks.run_check(check, fn, [np.random.default_rng(seed) for seed in check.seeds]))


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -700, 700)))


def loss_by_max(z, y):
    return np.mean([max(s, 0) + np.log1p(np.exp(-abs(s))) for s in np.where(y == 1, -z, z)])


def loss_by_probability(z, y):
    p = sigmoid(z)
    return -np.log(np.where(y == 1, p, 1 - p)).mean()


def loss_clipped(z, y):
    p = np.clip(sigmoid(z), 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def gradient_by_loop(w, b, x, y, C):
    gw, gb = w.copy(), 0.0
    for row, label in zip(x, y, strict=True):
        error = sigmoid(w @ row + b) - label
        gw, gb = gw + C * error * row, gb + C * error
    return [gw, gb]


def gradient(w, b, x, y, C, keep=1.0, mean=False, flip=1.0, weigh=False):
    error = flip * (sigmoid(x @ w + b) - y)
    scale = C / len(y) if mean else C
    return keep * w + scale * x.T @ error, scale * error.sum() + (b if weigh else 0.0)


def line_by_difference(prior, mean, variance):
    def log_joint(x, k):
        return np.log(prior[k]) + norm.logpdf(x, mean[k], np.sqrt(variance)).sum()

    def odds(x):
        return log_joint(x, 1) - log_joint(x, 0)

    b = odds(np.zeros(len(variance)))
    return np.array([odds(e) - b for e in np.eye(len(variance))]), b


def line(prior, mean, variance, use_prior=True, root=False, swap=1):
    w = swap * (mean[1] - mean[0]) / (np.sqrt(variance) if root else variance)
    return w, use_prior * np.log(prior[1] / prior[0]) - (mean[0] + mean[1]) @ w / 2


def missing_by_loop(prior, mean, variance, x):
    logs = [np.log(p) + sum(norm.logpdf(v, m, s) for v, m, s in zip(x, ms, np.sqrt(vs), strict=True) if v == v)
            for p, ms, vs in zip(prior, mean, variance, strict=True)]
    weights = np.exp(np.array(logs) - max(logs))
    return weights / weights.sum()


def missing_by_product(prior, mean, variance, x):
    known = ~np.isnan(x)
    joint = prior * norm.pdf(x[known], mean[:, known], np.sqrt(variance[:, known])).prod(axis=1)
    return joint / joint.sum()


def missing_by_mean(prior, mean, variance, x):
    return missing_by_loop(prior, mean, variance, np.where(np.isnan(x), mean.mean(axis=0), x))


def missing_without_variance(prior, mean, variance, x):
    log_joint = np.log(prior) - np.nansum((x - mean) ** 2 / (2 * variance), axis=1)
    weights = np.exp(log_joint - log_joint.max())
    return weights / weights.sum()


def missing_with_sd(prior, mean, variance, x):
    return missing_by_loop(prior, mean, variance**2, x)


def platt_by_search(score, y):
    scale = np.std(score)
    sign = 1 - 2 * y
    found = minimize(lambda v: np.logaddexp(0, sign * (v[0] * score / scale + v[1])).sum(), np.zeros(2), tol=1e-10)
    return found.x[0] / scale, found.x[1]


def platt_by_sklearn(score, y):
    scale = np.std(score)
    model = LogisticRegression(C=1e9, tol=1e-10, max_iter=10_000).fit(score[:, None] / scale, y)
    return model.coef_[0, 0] / scale, model.intercept_[0]


def platt_with_penalty(score, y):
    model = LogisticRegression(C=1.0).fit(score[:, None], y)
    return model.coef_[0, 0], model.intercept_[0]


def platt_without_offset(score, y):
    model = LogisticRegression(C=1e9, fit_intercept=False).fit(score[:, None], y)
    return model.coef_[0, 0], 0.0


def lines(delta, d, n, repeats, rng):
    for _ in range(repeats):
        y = rng.permutation(np.arange(n) % 2)
        x = rng.normal(size=(n, d)) + np.where(y[:, None] == 1, 0.5, -0.5) * delta * np.eye(d)[0]
        pair = LinearDiscriminantAnalysis().fit(x, y), LogisticRegression(C=1e4, max_iter=2000).fit(x, y)
        yield [(model.coef_[0], model.intercept_[0]) for model in pair]


def exact(w, b, delta):
    edges = np.array([-delta / 2 * w[0] - b, -delta / 2 * w[0] + b]) / np.linalg.norm(w)
    return norm.cdf(edges).mean()


def efficiency(delta, d, n, repeats, rng):
    errors = np.array([[exact(*line, delta) for line in pair] for pair in lines(delta, d, n, repeats, rng)])
    return np.divide(*(errors.mean(axis=0) - norm.cdf(-delta / 2)))


def efficiency_of_errors(delta, d, n, repeats, rng):
    errors = np.array([[exact(*line, delta) for line in pair] for pair in lines(delta, d, n, repeats, rng)])
    return np.divide(*errors.mean(axis=0))


RIGHT = [
    ("discriminative.log_loss", loss_by_max),
    ("discriminative.gradient", gradient_by_loop),
    ("discriminative.gradient", gradient),
    ("discriminative.line", line_by_difference),
    ("discriminative.line", line),
    ("discriminative.missing", missing_by_loop),
    ("discriminative.platt", platt_by_search),
    ("discriminative.platt", platt_by_sklearn),
    ("discriminative.efficiency", efficiency),
]

WRONG = [
    ("discriminative.log_loss", loss_by_probability),
    ("discriminative.log_loss", loss_clipped),
    ("discriminative.log_loss", lambda z, y: loss_by_max(z, y) * len(y)),
    ("discriminative.log_loss", lambda z, y: loss_by_max(-z, y)),
    ("discriminative.gradient", lambda *a: gradient(*a, keep=0.0)),
    ("discriminative.gradient", lambda *a: gradient(*a, mean=True)),
    ("discriminative.gradient", lambda *a: gradient(*a, flip=-1.0)),
    ("discriminative.gradient", lambda *a: gradient(*a, weigh=True)),
    ("discriminative.line", lambda *a: line(*a, use_prior=False)),
    ("discriminative.line", lambda *a: line(*a, root=True)),
    ("discriminative.line", lambda *a: line(*a, swap=-1)),
    ("discriminative.missing", missing_by_product),
    ("discriminative.missing", missing_by_mean),
    ("discriminative.missing", missing_without_variance),
    ("discriminative.missing", missing_with_sd),
    ("discriminative.platt", platt_with_penalty),
    ("discriminative.platt", platt_without_offset),
    ("discriminative.platt", lambda score, y: (1.0, 0.0)),
    ("discriminative.efficiency", efficiency_of_errors),
    ("discriminative.efficiency", lambda *a: 1 / efficiency(*a)),
    ("discriminative.efficiency", lambda *a: 1.0),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[f"{id}-{fn.__name__}" for id, fn in RIGHT])
def test_right_answers_pass(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "fn"), WRONG, ids=[f"{id}-{k}" for k, (id, _) in enumerate(WRONG)])
def test_common_mistakes_do_not_pass(id, fn):
    assert not passes(id, fn)


def test_the_message_about_an_estimate_says_how_far_off_it_is():
    check = checks.find("discriminative.efficiency")
    verdict = checks.run_check(check, lambda *a: 2.0, [np.random.default_rng(0)])
    assert "give or take 0.15, and is 2.00" in verdict.message
    assert verdict.message.startswith("efficiency(1.0, 5, 100, 100, rng)")
