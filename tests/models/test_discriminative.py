"""Logistic regression and Gaussian classifiers against closed forms, scikit-learn, SciPy and numerical integrals."""

import warnings

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from primer.models import discriminative as dg


@pytest.fixture
def blobs():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=240)
    x = rng.normal(size=(240, 4)) @ rng.normal(size=(4, 4)) + rng.normal(0, 1.5, size=(3, 4))[y]
    return x, y


@pytest.fixture
def two(blobs):
    x, y = blobs
    return x[y < 2], y[y < 2]


class TestSigmoid:
    def test_known_values(self):
        assert dg.sigmoid(np.array([0.0, np.log(3), -np.log(3)])) == pytest.approx([0.5, 0.75, 0.25])

    def test_never_overflows(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            out = dg.sigmoid(np.array([[-1e4, 1e4], [-745.0, 745.0]]))
        assert out.shape == (2, 2)
        assert out[0].tolist() == [0.0, 1.0]
        assert 0 < out[1, 0] < 1e-300


def test_logsumexp_is_safe():
    assert dg.logsumexp(np.array([[-1e4, -1e4], [1e4, 0.0]])) == pytest.approx([-1e4 + np.log(2), 1e4])


class TestLogistic:
    def test_two_thirds_on_one_side_give_log_two(self):
        x, y = np.array([[-1.0], [-1], [-1], [1], [1], [1]]), np.array([0, 0, 1, 1, 1, 0])
        model = dg.fit_logistic(x, y, C=1e8)
        assert model.w == pytest.approx([np.log(2)], rel=1e-6)
        assert model.b == pytest.approx(0, abs=1e-6)

    @pytest.mark.parametrize("C", [0.01, 1.0, 1e4])
    def test_same_as_scikit_learn(self, two, C):
        x, y = two
        model = dg.fit_logistic(x, y, C=C)
        theirs = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
        assert model.w == pytest.approx(theirs.coef_[0], rel=1e-5, abs=1e-7)
        assert model.b == pytest.approx(theirs.intercept_[0], rel=1e-5, abs=1e-7)
        assert model.posterior(x) == pytest.approx(theirs.predict_proba(x), abs=1e-6)
        assert np.array_equal(model.predict(x), theirs.predict(x))

    def test_separable_data_converge_too(self):
        x = np.random.default_rng(1).normal(size=(10, 30))
        y = np.arange(10) % 2
        model = dg.fit_logistic(x, y, C=1e4)
        slope = model.w + 1e4 * x.T @ (dg.sigmoid(model.logit(x)) - y)
        assert np.abs(slope).max() < 1e-3
        assert np.array_equal(model.predict(x), y)

    def test_a_batch_is_the_same_as_one_by_one(self, two):
        x, y = two
        xs, ys = np.stack([x[:40], x[40:80]]), np.stack([y[:40], y[40:80]])
        w, b = dg.fit_logistic_batch(xs, ys, C=2.0)
        for k in range(2):
            model = dg.fit_logistic(xs[k], ys[k], C=2.0)
            assert w[k] == pytest.approx(model.w, rel=1e-6)
            assert b[k] == pytest.approx(model.b, rel=1e-6, abs=1e-8)

    def test_says_so_when_it_does_not_converge(self, two):
        x, y = two
        with pytest.raises(RuntimeError, match="did not converge in 1 steps"):
            dg.fit_logistic_batch(x[None], y[None], steps=1)


class TestGaussians:
    def test_by_hand(self):
        x, y = np.array([[-2.0], [0], [0], [2]]), np.array([0, 0, 1, 1])
        model = dg.fit_gaussians(x, y, naive=True, shared=True, floor=0)
        assert model.prior.tolist() == [0.5, 0.5]
        assert model.mean.tolist() == [[-1], [1]]
        assert model.cov.tolist() == [[[1]], [[1]]]
        assert model.posterior(np.array([[1.0]]))[0, 1] == pytest.approx(1 / (1 + np.exp(-2)))

    def test_shared_naive_bayes_is_the_logistic_of_a_line(self, two):
        x, y = two
        model = dg.fit_gaussians(x, y, naive=True, shared=True, floor=0)
        m0, m1 = x[y == 0].mean(axis=0), x[y == 1].mean(axis=0)
        n0, n1 = (y == 0).sum(), (y == 1).sum()
        variance = (n0 * x[y == 0].var(axis=0) + n1 * x[y == 1].var(axis=0)) / len(y)
        w = (m1 - m0) / variance
        b = np.log(n1 / n0) - (m0 + m1) @ w / 2
        assert model.posterior(x)[:, 1] == pytest.approx(dg.sigmoid(x @ w + b), abs=1e-10)

    @pytest.mark.parametrize(
        ("how", "theirs"),
        [
            ({"naive": True}, GaussianNB()),
            ({"shared": True}, LinearDiscriminantAnalysis(solver="lsqr")),
            ({}, QuadraticDiscriminantAnalysis()),
        ],
        ids=["naive", "shared", "full"],
    )
    def test_same_as_scikit_learn(self, blobs, how, theirs):
        x, y = blobs
        expected = theirs.fit(x, y).predict_proba(x)
        # QDA divides by n - 1, and says so with a tolerance of that size
        tolerance = 0.02 if not how else 1e-6
        assert dg.fit_gaussians(x, y, **how).posterior(x) == pytest.approx(expected, abs=tolerance)

    def test_joint_density_against_scipy(self, blobs):
        x, y = blobs
        model = dg.fit_gaussians(x, y)
        parts = zip(model.prior, model.mean, model.cov, strict=True)
        expected = [multivariate_normal(mean, cov).logpdf(x) + np.log(p) for p, mean, cov in parts]
        assert model.log_joint(x) == pytest.approx(np.transpose(expected))
        assert model.log_prob(x) == pytest.approx(np.log(np.exp(expected).sum(axis=0)))

    def test_the_density_integrates_to_one(self, two):
        x, y = two
        model = dg.fit_gaussians(x[:, :2], y)
        a, b = np.meshgrid(np.linspace(-25, 25, 400), np.linspace(-25, 25, 400))
        density = np.exp(model.log_prob(np.stack([a.ravel(), b.ravel()], axis=1)))
        assert density.sum() * (50 / 399) ** 2 == pytest.approx(1, abs=1e-3)

    def test_leaving_out_is_integrating_out(self, two):
        x, y = two
        model = dg.fit_gaussians(x[:, :2], y)
        part = model.marginal(np.array([True, False]))
        grid = np.linspace(-40, 40, 4001)
        at = np.stack([np.full(4001, 0.7), grid], axis=1)
        expected = np.exp(model.log_joint(at)).sum(axis=0) * (grid[1] - grid[0])
        assert np.exp(part.log_joint(np.array([[0.7]])))[0] == pytest.approx(expected, rel=1e-6)

    def test_samples_have_the_mean_and_covariance_of_their_class(self, blobs):
        x, y = blobs
        model = dg.fit_gaussians(x, y)
        drawn = model.sample(np.full(40_000, 2), np.random.default_rng(0))
        scale = np.sqrt(np.diag(model.cov[2]))
        assert np.all(np.abs(drawn.mean(axis=0) - model.mean[2]) < 5 * scale / 200)
        unit = np.outer(scale, scale)
        assert np.cov(drawn.T) / unit == pytest.approx(model.cov[2] / unit, abs=0.04)

    def test_a_constant_feature_survives_by_the_floor(self):
        x = np.random.default_rng(0).normal(size=(20, 3))
        x[:, 1] = 4.0
        model = dg.fit_gaussians(x, np.arange(20) % 2, shared=True)
        assert np.isfinite(model.log_joint(x)).all()

    def test_a_class_without_examples_is_named(self):
        with pytest.raises(ValueError, match="Class 1 has no example"):
            dg.fit_gaussians(np.zeros((4, 2)), np.array([0, 2, 0, 2]))
