"""The checks of chapter 02 catch the mistakes that people make, and take every right way of writing an answer."""

import json
from importlib import resources

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


def loop_posterior(prior, likelihood):
    evidence = sum(p * l for p, l in zip(prior, likelihood, strict=True))
    return [p * l / evidence for p, l in zip(prior, likelihood, strict=True)]


def plain_false_alarm(base_rate, hit_rate, target):
    # target = hit * base / (hit * base + alarm * (1 - base)), solved for alarm
    return (hit_rate * base_rate / target - hit_rate * base_rate) / (1 - base_rate)


def stepwise_update(prior, ratios):
    out = [prior]
    for ratio in ratios:
        p = out[-1]
        out.append(p * ratio / (p * ratio + 1 - p))
    return out


def shifted_log_posterior(log_joint):
    shifted = log_joint - log_joint.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def one_hot_theta(x, y, classes, alpha):
    member = np.eye(classes)[y]
    return (member.T @ x + alpha) / (member.sum(axis=0)[:, None] + 2 * alpha)


def complete(prior, theta, x, seen):
    likelihood = np.where(x == 1, theta, 1 - theta)
    log_joint = np.log(prior) + np.log(likelihood[:, seen]).sum(axis=1)
    weight = np.exp(log_joint - log_joint.max())
    return np.where(seen, x, weight / weight.sum() @ theta)


def complete_by_products(prior, theta, x, seen):
    joint = prior * np.where(x == 1, theta, 1 - theta)[:, seen].prod(axis=1)
    return np.where(seen, x, joint / joint.sum() @ theta)


def complete_without_seeing(prior, theta, x, seen):
    return np.where(seen, x, prior @ theta)


def complete_by_peeping(prior, theta, x, seen):
    everything = np.append(np.ones(len(x), bool), np.zeros(len(x), bool))  # each pixel seen once, and asked for once
    twice = complete(prior, np.tile(theta, 2), np.tile(x, 2), everything)
    return np.where(seen, x, twice[len(x) :])


def complete_by_the_best_class(prior, theta, x, seen):
    log_joint = np.log(prior) + np.log(np.where(x == 1, theta, 1 - theta)[:, seen]).sum(axis=1)
    return np.where(seen, x, theta[log_joint.argmax()])


RIGHT = [
    ("bayes.posterior", loop_posterior),
    ("bayes.false_alarm", plain_false_alarm),
    ("bayes.update", stepwise_update),
    ("bayes.log_posterior", shifted_log_posterior),
    ("bayes.theta", one_hot_theta),
    ("bayes.complete", complete),
]

WRONG = [
    ("bayes.posterior", "no evidence", lambda p, l: p * l),
    ("bayes.posterior", "likelihood alone", lambda p, l: l / l.sum()),
    ("bayes.posterior", "evidence without the prior", lambda p, l: p * l / l.sum()),
    ("bayes.false_alarm", "base rate forgotten", lambda b, h, t: h * (1 - t) / t),
    ("bayes.false_alarm", "odds upside down", lambda b, h, t: h * (1 - b) / b * t / (1 - t)),
    ("bayes.false_alarm", "clipped at one", lambda b, h, t: min(1, plain_false_alarm(b, h, t))),
    ("bayes.update", "without the prior", lambda p, r: stepwise_update(p, r)[1:]),
    ("bayes.update", "ratios times probabilities", lambda p, r: p * np.cumprod(np.append(1, r))),
    ("bayes.update", "only the end", lambda p, r: stepwise_update(p, r)[-1]),
    ("bayes.log_posterior", "underflows", lambda a: np.log(np.exp(a) / np.exp(a).sum(axis=1, keepdims=True))),
    ("bayes.log_posterior", "one shift for all rows",
     lambda a: a - a.max() - np.log(np.exp(a - a.max()).sum(axis=1))[:, None]),
    ("bayes.log_posterior", "not a logarithm", lambda a: np.exp(shifted_log_posterior(a))),
    ("bayes.theta", "no smoothing below",
     lambda x, y, k, a: (np.eye(k)[y].T @ x + a) / np.maximum(1, np.bincount(y, minlength=k))[:, None]),
    ("bayes.theta", "alpha always one", lambda x, y, k, a: one_hot_theta(x, y, k, 1.0)),
    ("bayes.theta", "empty classes left out", lambda x, y, k, a: one_hot_theta(x, y, max(y) + 1, a)),
    ("bayes.complete", "underflows", complete_by_products),
    ("bayes.complete", "does not look", complete_without_seeing),
    ("bayes.complete", "peeps", complete_by_peeping),
    ("bayes.complete", "only the best class", complete_by_the_best_class),
    ("bayes.complete", "seen pixels predicted too", lambda p, t, x, s: p @ t),
]


@pytest.mark.parametrize(("id", "fn"), RIGHT, ids=[id for id, _ in RIGHT])
def test_another_right_way_passes(id, fn):
    assert passes(id, fn)


@pytest.mark.parametrize(("id", "mistake", "fn"), WRONG, ids=[f"{id}: {mistake}" for id, mistake, _ in WRONG])
def test_a_common_mistake_does_not_pass(id, mistake, fn):
    assert not passes(id, fn), mistake


def test_every_exercise_has_a_right_and_a_wrong_answer_here():
    exercises = json.loads(resources.files("primer.checks").joinpath("bayes.json").read_text(encoding="utf-8"))
    assert set(exercises) == {id for id, _ in RIGHT} == {id for id, *_ in WRONG}
