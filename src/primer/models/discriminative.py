"""Logistic regression and Gaussian classifiers: one boundary, two ways to it (chapter 03).

Everything is numpy. Axes: N examples, D features, K classes, B fits done side by side.
"""

from dataclasses import dataclass

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), any shape, values in [0, 1]; does not overflow however large |z| is."""
    z = np.asarray(z, dtype=float)
    small = np.exp(-np.abs(z))  # in (0, 1]
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def logsumexp(a: np.ndarray) -> np.ndarray:
    """log of the sum of exp(a) over the last axis, (..., K) -> (...), without overflow or underflow."""
    top = np.max(a, axis=-1, keepdims=True)  # (..., 1)
    return np.log(np.sum(np.exp(a - top), axis=-1)) + top[..., 0]


@dataclass(frozen=True)
class Logistic:
    """P(y = 1 | x) = sigmoid(x @ w + b): weights w (D,), intercept b. Make it with `fit_logistic`."""

    w: np.ndarray
    b: float

    def logit(self, x: np.ndarray) -> np.ndarray:
        """log P(y=1 | x) - log P(y=0 | x), in nats: x (N, D) -> (N,)."""
        return x @ self.w + self.b

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """P(y | x): x (N, D) -> (N, 2), rows sum to 1."""
        p = sigmoid(self.logit(x))
        return np.stack([1 - p, p], axis=1)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The more probable class: x (N, D) -> (N,), 0 or 1."""
        return (self.logit(x) > 0).astype(int)


def fit_logistic_batch(
    x: np.ndarray, y: np.ndarray, C: float = 1.0, steps: int = 200, tolerance: float = 1e-8
) -> tuple[np.ndarray, np.ndarray]:
    """B logistic regressions at once by Newton's method: x (B, N, D), y (B, N) in {0, 1} -> w (B, D), b (B,).

    Each minimises |w|^2 / 2 + C * (sum of the negative log-likelihoods), scikit-learn's objective: the intercept is not
    penalised. A step is halved until the objective falls, so that it converges on separable data and a large C too;
    it stops when the largest gradient entry, divided by max(1, C), is below `tolerance`.
    Raises RuntimeError after `steps` steps.
    """
    B, N, D = x.shape
    x = np.concatenate([x, np.ones((B, N, 1))], axis=2)  # (B, N, D+1)
    sign = 2.0 * np.asarray(y) - 1.0  # (B, N)
    penalty = np.append(np.ones(D), 0.0)
    w = np.zeros((B, D + 1))

    def objective(w: np.ndarray) -> np.ndarray:
        margin = sign * np.einsum("bnd,bd->bn", x, w)
        return 0.5 * (penalty * w**2).sum(axis=1) + C * np.logaddexp(0, -margin).sum(axis=1)

    value = objective(w)
    for _ in range(steps):
        p = sigmoid(np.einsum("bnd,bd->bn", x, w))
        gradient = penalty * w + C * np.einsum("bnd,bn->bd", x, p - (sign > 0))
        if np.abs(gradient).max() / max(1.0, C) < tolerance:
            return w[:, :-1], w[:, -1]
        curvature = C * p * (1 - p)  # (B, N)
        hessian = np.swapaxes(x * curvature[:, :, None], 1, 2) @ x + np.diag(penalty + 1e-10)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        scale = np.ones(B)
        for _ in range(40):
            trial = objective(w - scale[:, None] * step)
            worse = trial > value + 1e-12 * np.abs(value)
            if not worse.any():
                break
            scale[worse] /= 2
        w, value = w - scale[:, None] * step, trial
    raise RuntimeError(f"Newton's method did not converge in {steps} steps: standardise the features or lower C.")


def fit_logistic(x: np.ndarray, y: np.ndarray, C: float = 1.0) -> Logistic:
    """Logistic regression: x (N, D), y (N,) in {0, 1} -> Logistic. See `fit_logistic_batch` for the objective."""
    w, b = fit_logistic_batch(x[None], np.asarray(y)[None], C)
    return Logistic(w[0], float(b[0]))


@dataclass(frozen=True)
class Gaussians:
    """One Gaussian per class: P(x, y) = prior[y] N(x; mean[y], cov[y]). Make it with `fit_gaussians`.

    prior (K,), mean (K, D), cov (K, D, D).
    """

    prior: np.ndarray
    mean: np.ndarray
    cov: np.ndarray

    def log_joint(self, x: np.ndarray) -> np.ndarray:
        """log p(x, y) for every y: x (N, D) -> (N, K), in nats."""
        x = np.asarray(x, dtype=float)
        out = np.empty((len(x), len(self.prior)))
        for k, (mean, cov) in enumerate(zip(self.mean, self.cov, strict=True)):
            root = np.linalg.cholesky(cov)  # (D, D)
            z = np.linalg.solve(root, (x - mean).T)  # (D, N): white if the model is right
            out[:, k] = -0.5 * (z**2).sum(axis=0) - np.log(np.diag(root)).sum() - 0.5 * len(mean) * np.log(2 * np.pi)
        return out + np.log(self.prior)

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """log p(x) = log sum_y p(x, y): (N, D) -> (N,), in nats."""
        return logsumexp(self.log_joint(x))

    def posterior(self, x: np.ndarray) -> np.ndarray:
        """P(y | x): (N, D) -> (N, K), rows sum to 1."""
        joint = self.log_joint(x)
        return np.exp(joint - logsumexp(joint)[:, None])

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The most probable class: (N, D) -> (N,), integers in 0..K-1."""
        return self.log_joint(x).argmax(axis=1)

    def sample(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw x from p(x | y): classes y (N,) -> (N, D)."""
        y = np.asarray(y)
        root = np.linalg.cholesky(self.cov)  # (K, D, D)
        noise = rng.standard_normal((len(y), self.mean.shape[1]))  # (N, D)
        return self.mean[y] + np.einsum("nij,nj->ni", root[y], noise)

    def marginal(self, known: np.ndarray) -> "Gaussians":
        """The same model of only some features: known (D,) boolean. For a Gaussian, integrating out is leaving out."""
        return Gaussians(self.prior, self.mean[:, known], self.cov[:, known][:, :, known])


def fit_gaussians(
    x: np.ndarray, y: np.ndarray, naive: bool = False, shared: bool = False, floor: float = 1e-9
) -> Gaussians:
    """Maximum likelihood: x (N, D), y (N,) in 0..K-1 -> Gaussians.

    naive: covariances are diagonal (naive Bayes). shared: all classes have the same covariance. So shared alone is
    linear discriminant analysis, neither is quadratic, both are Ng and Jordan's naive Bayes, naive alone is GaussianNB.
    `floor` times the largest variance of a feature is added to each variance, as scikit-learn's GaussianNB does.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y)
    K, D = int(y.max()) + 1, x.shape[1]
    size = np.bincount(y, minlength=K)
    if np.any(size == 0):
        raise ValueError(f"Class {int(np.argmin(size))} has no example: leave it out or add one.")
    mean = np.stack([x[y == k].mean(axis=0) for k in range(K)])  # (K, D)
    scatter = np.stack([(x[y == k] - mean[k]).T @ (x[y == k] - mean[k]) for k in range(K)])  # (K, D, D)
    cov = np.tile(scatter.sum(axis=0) / len(x), (K, 1, 1)) if shared else scatter / size[:, None, None]
    if naive:
        cov = cov * np.eye(D)
    return Gaussians(size / len(x), mean, cov + floor * x.var(axis=0).max() * np.eye(D))
