"""Naive Bayes against scikit-learn, against counting by brute force, and against what its docstrings promise."""

import itertools

import numpy as np
import pytest
from sklearn.naive_bayes import BernoulliNB, MultinomialNB

from primer import data
from primer.models import bayes


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def binary(rng, n=60, d=7, classes=3):
    x = (rng.random((n, d)) < 0.4).astype(np.uint8)
    return x, np.concatenate([np.arange(classes), rng.integers(classes, size=n - classes)])


def test_the_posterior_of_a_hand_computed_case():
    assert bayes.posterior([0.99, 0.01], [0.05, 0.9]) == pytest.approx([0.0495 / 0.0585, 0.009 / 0.0585])


def test_the_posterior_works_row_by_row(rng):
    prior, likelihood = rng.dirichlet(np.ones(4), size=5), rng.random((5, 4))
    rows = [bayes.posterior(p, l) for p, l in zip(prior, likelihood, strict=True)]
    assert bayes.posterior(prior, likelihood) == pytest.approx(np.array(rows))


def test_an_impossible_observation_has_no_posterior():
    with pytest.raises(ValueError, match="evidence is zero"):
        bayes.posterior([0.0, 1.0], [1.0, 0.0])


def test_normalise_survives_logarithms_whose_exponentials_underflow():
    assert np.exp(-2000.0) == 0
    assert bayes.normalise(np.array([-2000.0, -2000.0 + np.log(3)])) == pytest.approx([0.25, 0.75])


def test_normalise_gives_a_forbidden_class_zero_and_a_forbidden_row_nan():
    out = bayes.normalise(np.array([[-1.0, -np.inf], [-np.inf, -np.inf]]))
    assert out[0] == pytest.approx([1, 0])
    assert np.isnan(out[1]).all()


def test_binarise_counts_level_eight_as_ink():
    picture = np.array([[[0, 7], [8, 16]]], dtype=np.uint8)  # (1, 2, 2)
    out = bayes.binarise(picture)
    assert out.tolist() == [[0, 0, 1, 1]]
    assert out.dtype == np.uint8


@pytest.mark.parametrize("alpha", [0.1, 1.0, 5.0])
def test_pixels_equal_scikit_learn(rng, alpha):
    x, y = binary(rng)
    ours, theirs = bayes.fit_pixels(x, y, 3, alpha), BernoulliNB(alpha=alpha).fit(x, y)
    assert np.log(ours.theta) == pytest.approx(theirs.feature_log_prob_)
    assert ours.posterior(x) == pytest.approx(theirs.predict_proba(x))
    assert ours.log_joint(x) == pytest.approx(theirs.predict_joint_log_proba(x))


def test_pixels_equal_scikit_learn_on_the_digits():
    digits = data.digits()
    x, x_test = bayes.binarise(digits.train.x), bayes.binarise(digits.test.x)
    ours, theirs = bayes.fit_pixels(x, digits.train.y), BernoulliNB().fit(x, digits.train.y)
    assert ours.theta.shape == (10, 64)
    assert (ours.predict(x_test) == theirs.predict(x_test)).all()


def test_the_joint_of_pixels_sums_to_one(rng):
    model = bayes.fit_pixels(*binary(rng), 3)
    every = np.array(list(itertools.product([0, 1], repeat=7)))  # (128, 7)
    assert np.exp(model.log_joint(every)).sum() == pytest.approx(1)
    assert np.exp(model.log_prob(every)).sum() == pytest.approx(1)


def test_samples_have_the_distribution_of_the_model(rng):
    model = bayes.fit_pixels(*binary(rng), 3)
    n = 40_000
    x, y = model.sample_joint(n, rng)
    assert x.dtype == np.uint8
    assert np.bincount(y) / n == pytest.approx(model.prior, abs=5 * np.sqrt(0.25 / n))
    for k in range(3):
        share = x[y == k].mean(axis=0)
        assert share == pytest.approx(model.theta[k], abs=5 * np.sqrt(0.25 / (y == k).sum()))


def test_samples_of_a_class_have_independent_pixels(rng):
    model = bayes.fit_pixels(*binary(rng), 3)
    correlation = np.corrcoef(model.sample(np.ones(40_000, int), rng).T) - np.eye(7)
    assert np.abs(correlation).max() < 0.03


@pytest.mark.parametrize("alpha", [0, -1, float("nan")])
def test_pixels_need_smoothing(rng, alpha):
    with pytest.raises(ValueError, match="alpha"):
        bayes.fit_pixels(*binary(rng), 3, alpha)


def test_a_class_without_examples_is_named(rng):
    x, y = binary(rng)
    with pytest.raises(ValueError, match="Class 3 has no example"):
        bayes.fit_pixels(x, y, 4)
    with pytest.raises(ValueError, match="Class 3 has no example"):
        bayes.fit_words(x, y, 4)


def test_words_are_runs_of_letters():
    assert bayes.words("Don't parse e-mail: MIME_type2, a B.") == ["don", "parse", "mail", "mime", "type"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Return it. Then stop.", "Return it."),
        ("  Broken over\n  two lines. More", "Broken over two lines."),
        ("A title\n\nand a body.", "A title"),
        ("Version 3.11 is fine", "Version 3.11 is fine"),
        ("", ""),
    ],
)
def test_the_first_sentence(text, sentence):
    assert bayes.first_sentence(text) == sentence


def test_counting_words():
    columns = bayes.vocabulary(["to be or not", "to be"])
    assert list(columns) == ["be", "not", "or", "to"]
    assert bayes.count_words(["to be, to see", "xx"], columns).tolist() == [[1, 0, 0, 2], [0, 0, 0, 0]]


@pytest.mark.parametrize("alpha", [0.1, 1.0])
def test_words_equal_scikit_learn(rng, alpha):
    counts, y = rng.poisson(0.7, size=(60, 9)).astype(float), binary(rng)[1]
    ours, theirs = bayes.fit_words(counts, y, 3, alpha), MultinomialNB(alpha=alpha).fit(counts, y)
    assert np.log(ours.phi) == pytest.approx(theirs.feature_log_prob_)
    assert ours.posterior(counts) == pytest.approx(theirs.predict_proba(counts))


def test_without_smoothing_a_word_rules_a_class_out():
    model = bayes.fit_words(np.array([[2.0, 1, 0], [0, 1, 2]]), np.array([0, 1]), 2, alpha=0)
    assert model.posterior(np.array([[0.0, 1, 0], [1, 0, 0]])) == pytest.approx(np.array([[0.5, 0.5], [1, 0]]))
    assert np.isneginf(model.log_joint(np.array([[1.0, 0, 1]]))).all()


def test_a_class_without_words_needs_smoothing():
    counts, y = np.array([[1.0, 2], [0, 0]]), np.array([0, 1])
    assert bayes.fit_words(counts, y, 2, alpha=1).phi[1] == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match="Class 1 has no word"):
        bayes.fit_words(counts, y, 2, alpha=0)
