"""Checks of the exercises of chapter 03."""

from collections.abc import Iterator

import numpy as np

from primer.checks import Check, register
from primer.checks._compare import as_array
from primer.models import discriminative as dg

Case = Iterator[tuple]


def log_loss(z: np.ndarray, y: np.ndarray) -> float:
    """Mean of -log P(y | x), in nats."""
    return float(np.logaddexp(0, (1 - 2 * np.asarray(y)) * z).mean())


def log_loss_cases(rng: np.random.Generator) -> Case:
    """By hand; random; so sure and so wrong that the sigmoid rounds to 0 or 1."""
    yield np.array([0.0, np.log(3)]), np.array([1, 0])
    for n in (3, 20):
        yield rng.normal(0, 3, size=n), rng.integers(2, size=n)
    yield rng.uniform(800, 2000) * np.array([1.0, -1.0, 1.0]), np.array([0, 1, 1])


def gradient(w: np.ndarray, b: float, x: np.ndarray, y: np.ndarray, C: float) -> tuple[np.ndarray, float]:
    """Derivatives of |w|^2 / 2 + C * (sum of -log P(y | x)) in w (d,) and b."""
    error = dg.sigmoid(x @ w + b) - y
    return w + C * x.T @ error, float(C * error.sum())


def gradient_cases(rng: np.random.Generator) -> Case:
    """One example by hand; random ones with various C, d and a weight that shows a forgotten penalty."""
    yield np.array([2.0]), 0.0, np.array([[0.0]]), np.array([1]), 1.0
    for n, d, C in ((5, 2, 1.0), (30, 4, 0.1), (12, 3, 100.0)):
        yield rng.normal(0, 2, size=d), float(rng.normal()), rng.normal(size=(n, d)), rng.integers(2, size=n), C


def line(prior: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights (d,) and intercept of naive Bayes with shared variances."""
    w = (mean[1] - mean[0]) / variance
    return w, float(np.log(prior[1]) - np.log(prior[0]) + ((mean[0] ** 2 - mean[1] ** 2) / variance).sum() / 2)


def line_cases(rng: np.random.Generator) -> Case:
    """Means at -1 and 1; then random, with unequal priors and variances."""
    yield np.array([0.5, 0.5]), np.array([[-1.0], [1.0]]), np.array([1.0])
    for d in (1, 3, 10):
        p = rng.uniform(0.05, 0.95)
        yield np.array([1 - p, p]), rng.normal(1, 2, size=(2, d)), rng.uniform(0.2, 4, size=d)


def missing(prior: np.ndarray, mean: np.ndarray, variance: np.ndarray, x: np.ndarray) -> np.ndarray:
    """P(y | the features that are not nan) (k,)."""
    z = -0.5 * ((x - mean) ** 2 / variance + np.log(2 * np.pi * variance))  # (k, d), nan where x is
    log_joint = np.log(prior) + np.nansum(z, axis=1)
    return np.exp(log_joint - dg.logsumexp(log_joint))


def missing_cases(rng: np.random.Generator) -> Case:
    """Nothing missing; some; everything; and so many features that products of densities underflow."""
    for k, d, share in ((2, 3, 0.0), (3, 5, 0.4), (2, 4, 1.0), (3, 900, 0.3)):
        mean, variance = rng.normal(size=(k, d)), rng.uniform(0.3, 3, size=(k, d))
        if d > 100:
            mean = mean[:1] + 0.05 * rng.normal(size=(k, d))  # close classes, or one of them would be certain
            variance = variance[:1] * np.exp(0.02 * rng.normal(size=(k, d)))
        x = mean[0] + rng.normal(size=d)
        x[: round(share * d)] = np.nan
        yield rng.dirichlet(np.full(k, 3.0)), mean, variance, rng.permutation(x)


def platt(score: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the most likely sigmoid(a * score + c)."""
    width = np.std(score)
    fit = dg.fit_logistic((score / width)[:, None], y, C=1e9)
    return float(fit.w[0] / width), fit.b


def platt_cases(rng: np.random.Generator) -> Case:
    """Scores of various size and offset; labels drawn from the model, so that the classes overlap."""
    for n, slope, offset, width in ((60, 1.0, 0.0, 1.0), (200, 2.5, -0.7, 1.0), (150, 0.02, 0.5, 60.0)):
        score = width * rng.normal(size=n)
        y = (rng.random(n) < dg.sigmoid(slope * score + offset)).astype(int)
        y[np.argsort(score)[[0, -1]]] = 1, 0  # never separable
        yield score, y


def efficiency(delta: float, d: int, n: int, repeats: int, rng: np.random.Generator) -> float:
    """Mean excess error of discriminant analysis over that of logistic regression, for Gaussians delta apart."""
    y = np.tile(np.arange(n) % 2, (repeats, 1))
    x = rng.standard_normal((repeats, n, d))
    x[:, :, 0] += delta * (y - 0.5)
    best = 0.5 * _two_sided(np.array([delta / 2]), np.zeros(1))[0]
    w, b = dg.fit_logistic_batch(x, y, C=1e4)
    logistic = _errors(w, b, delta) - best
    fits = [dg.fit_gaussians(one, label, shared=True) for one, label in zip(x, y, strict=True)]
    w = np.array([np.linalg.solve(fit.cov[0], fit.mean[1] - fit.mean[0]) for fit in fits])
    b = np.array([-fit.mean.sum(axis=0) @ one / 2 for fit, one in zip(fits, w, strict=True)])
    return float((_errors(w, b, delta) - best).mean() / logistic.mean())


def _errors(w: np.ndarray, b: np.ndarray, delta: float) -> np.ndarray:
    """Exact errors (B,) of lines w (B, d), b (B,) between the two Gaussians."""
    length = np.linalg.norm(w, axis=1)
    return 0.5 * _two_sided(delta / 2 * w[:, 0] / length, b / length)


def _two_sided(distance: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Phi(-distance - shift) + Phi(-distance + shift)."""
    from scipy.special import ndtr

    return ndtr(-distance - shift) + ndtr(-distance + shift)


def efficiency_cases(rng: np.random.Generator) -> Case:
    """Close classes, where nothing is wasted, and distant ones, where much is."""
    for delta, d, n in ((1.0, 5, 100), (2.5, 5, 100), (3.0, 4, 200)):
        yield delta, d, n, 100, np.random.default_rng(int(rng.integers(2**31)))


def near(got: object, expected: float, args: tuple) -> str | None:
    """Both are estimates: their standard deviations are at most 0.05 in these cases."""
    value = as_array(got)
    if value is None or value.shape != () or not np.isfinite(value):
        return "the answer should be one finite number"
    if abs(float(value) - expected) > 0.15:
        return f"the answer should be near {expected:.2f}, give or take 0.15, and is {float(value):.2f}"
    return None


register(Check("discriminative.log_loss", log_loss, log_loss_cases))
register(Check("discriminative.gradient", gradient, gradient_cases))
register(Check("discriminative.line", line, line_cases))
register(Check("discriminative.missing", missing, missing_cases))
register(Check("discriminative.platt", platt, platt_cases, rtol=1e-4, atol=1e-4))
register(Check("discriminative.efficiency", efficiency, efficiency_cases, seeds=(0,), compare=near,
               describe=lambda delta, d, n, repeats, rng: f"efficiency({delta}, {d}, {n}, {repeats}, rng)"))
