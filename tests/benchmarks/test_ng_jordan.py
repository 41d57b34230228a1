"""The comparison behind chapter 03: its protocol, its summary and what is stored of it."""

import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from benchmarks import ng_jordan as bench


@pytest.fixture(scope="module")
def stored() -> dict:
    return json.loads(bench.RESULT.read_text())


@pytest.fixture(scope="module")
def iris() -> bench.Problem:
    return next(p for p in bench.problems() if p.name == "iris 1/2")


def test_a_split_keeps_test_and_training_apart_and_starts_with_two_of_each_class(iris):
    for problem in bench.problems():
        pool, test = bench.split(problem, 7)
        assert sorted([*pool, *test]) == list(range(len(problem.y)))
        k = problem.y.max() + 1
        assert np.bincount(problem.y[pool[: 2 * k]]).tolist() == [2] * k
    assert not np.array_equal(bench.split(iris, 0)[1], bench.split(iris, 1)[1])


def test_a_fixed_test_set_stays_fixed():
    problem = bench.problems()[-1]
    assert problem.held_out is not None
    for seed in (0, 1):
        assert set(bench.split(problem, seed)[1]) == set(np.flatnonzero(problem.held_out))


def test_standardise_uses_the_training_set_alone():
    rng = np.random.default_rng(0)
    train, test = rng.normal(3, 2, (50, 3)), rng.normal(0, 1, (9, 3))
    train[:, 1] = 5.0
    a, b = bench.standardise(train, test)
    assert np.allclose(a.mean(axis=0), 0)
    assert np.allclose(a.std(axis=0), [1, 0, 1])
    assert np.allclose(b[:, 0], (test[:, 0] - train[:, 0].mean()) / train[:, 0].std())
    assert np.allclose(b[:, 1], test[:, 1] - 5.0)


def test_one_unit_agrees_with_scikit_learn_split_by_split(iris):
    errors = bench.run_unit(iris, 3, 2)
    s, n = 3, bench.sizes(iris)[3]
    for b, seed in enumerate((3, 4)):
        pool, test = bench.split(iris, seed)
        x, x_test = bench.standardise(iris.x[pool[:n]], iris.x[test])
        y, y_test = iris.y[pool[:n]], iris.y[test]
        for row, model in ((1, GaussianNB()), (4, LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000))):
            assert errors[row, s, b] == pytest.approx((model.fit(x, y).predict(x_test) != y_test).mean())


def test_more_than_two_classes_go_to_scikit_learn():
    wine = next(p for p in bench.problems() if p.name == "wine, three growers")
    errors = bench.run_unit(wine, 0, 1)
    assert errors.shape == (len(bench.METHODS), len(bench.sizes(wine)), 1)
    assert errors[3:, -1].max() < 0.15


def test_the_crossing_is_the_last_change_from_minus_to_plus():
    n = [4, 8, 16, 32]
    assert bench.crossing(n, np.array([-1.0, -1.0, 1.0, 2.0])) == pytest.approx(8 * 2**0.5)
    assert bench.crossing(n, np.array([-1.0, 1.0, -3.0, 1.0])) == pytest.approx(16 * 2**0.75)
    assert np.isnan(bench.crossing(n, np.array([1.0, 1.0, 1.0, 1.0])))
    assert np.isnan(bench.crossing(n, np.array([1.0, 1.0, 1.0, -1.0])))


def test_a_contrast_reports_a_crossing_only_where_both_lead_beyond_doubt():
    rng = np.random.default_rng(0)
    n = [4, 8, 16, 32]
    clear = bench.contrast(n, np.array([[-1.0], [-0.5], [0.5], [1.0]]) + rng.normal(0, 0.5, (4, 200)))
    assert clear["found"]
    assert clear["interval"][0] < clear["at"] < clear["interval"][1]
    assert clear["interval"][0] < 8 * 2**0.5 < clear["interval"][1]
    assert not bench.contrast(n, rng.normal(0, 1, (4, 200)))["found"]
    ahead = bench.contrast(n, 1 + rng.normal(0, 1, (4, 200)))
    assert not ahead["found"]
    assert ahead["at"] is None


def test_what_is_stored_is_complete_and_small(stored):
    assert bench.RESULT.stat().st_size < 200_000
    assert set(stored) == {p.name for p in bench.problems()}
    for problem in bench.problems():
        entry = stored[problem.name]
        assert entry["splits"] >= 200
        assert entry["n"] == bench.sizes(problem)
        for method in bench.METHODS:
            assert len(entry["error"][method]) == len(entry["se"][method]) == len(entry["n"])
        for lead in entry["lead"].values():
            assert len(lead["mean"]) == len(entry["n"])
    for a, b in (("nb", "lr_1e4"), ("nb", "lr_1"), ("gnb", "lr_1")):
        cancer = stored["cancer"]
        difference = np.subtract(cancer["error"][a], cancer["error"][b])
        assert np.allclose(difference, cancer["lead"][f"{a}-{b}"]["mean"], atol=2e-5)


def test_what_is_stored_is_what_the_script_computes(stored, iris):
    errors = bench.run_unit(iris, 0, 50)
    for method, e in zip(bench.METHODS, errors, strict=True):
        se = e.std(axis=1, ddof=1) / np.sqrt(50)
        assert np.all(np.abs(e.mean(axis=1) - stored["iris 1/2"]["error"][method]) < 5 * se + 1e-4), method
