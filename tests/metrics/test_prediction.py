import math

import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import calibration_curve

from primer import metrics


def calibrated(n, classes=2, seed=0):
    """Labels drawn from the probabilities themselves."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.ones(classes), n)
    return (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1), p


def test_accuracy():
    assert metrics.accuracy([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75
    with pytest.raises(ValueError, match="at least one"):
        metrics.accuracy([], [])
    with pytest.raises(ValueError, match="inconsistent"):
        metrics.accuracy([1, 2], [1])


def test_log_loss_by_hand():
    assert metrics.log_loss([0, 1], [[0.5, 0.5], [0.2, 0.8]]) == pytest.approx(-(math.log(0.5) + math.log(0.8)) / 2)
    uniform = np.full((6, 3), 1 / 3)
    assert metrics.log_loss([0, 1, 2, 0, 1, 2], uniform) == pytest.approx(math.log(3))
    assert metrics.log_loss([0, 0], [[1.0, 0.0], [1.0, 0.0]]) == pytest.approx(0, abs=1e-12)  # one class only
    assert 30 < metrics.log_loss([1], [[1.0, 0.0]]) < 40


def test_reliability_against_scikit_learn():
    y, p = calibrated(2000)
    binary = np.stack([1 - p[:, 1], p[:, 1]], axis=1)
    ours = metrics.reliability(y, binary, bins=10)
    confidence, right = binary.max(axis=1), binary.argmax(axis=1) == y
    share, mean = calibration_curve(right, confidence, n_bins=10)
    np.testing.assert_allclose(ours.accuracy, share)
    np.testing.assert_allclose(ours.confidence, mean)
    assert ours.size.sum() == 2000 and len(ours.size) == 5  # two classes: confidence is at least one half


def test_calibration_error_by_hand():
    p = [[0.95, 0.05]] * 4 + [[0.35, 0.65]] * 2
    y = [0, 0, 0, 1, 1, 1]
    assert metrics.expected_calibration_error(y, p) == pytest.approx((4 * abs(0.95 - 0.75) + 2 * abs(0.65 - 1)) / 6)


def test_a_bin_holds_its_upper_edge():
    assert len(metrics.reliability([0, 1], [[0.5, 0.5], [0.45, 0.55]], bins=2).size) == 2
    certain = metrics.reliability([0], [[1.0, 0.0]])
    assert (certain.confidence, certain.accuracy, certain.size) == (1, 1, 1)


def test_calibrated_model_has_little_error_and_an_overconfident_one_much():
    y, p = calibrated(20_000, classes=4)
    assert metrics.expected_calibration_error(y, p) < 0.02
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    assert metrics.expected_calibration_error(y, sharp) > 0.1


@pytest.mark.parametrize(("k", "n"), [(0, 10), (10, 10), (3, 10), (87, 100)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_against_its_formula(k, n, level):
    z = stats.norm.ppf((1 + level) / 2)
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    interval = metrics.wilson(k, n, level)
    assert interval.low == pytest.approx(centre - half, abs=1e-12)
    assert interval.high == pytest.approx(centre + half, abs=1e-12)
    assert 0 <= interval.low <= p <= interval.high <= 1


def test_wilson_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = [metrics.wilson(k, 50) for k in rng.binomial(50, 0.2, 1000)]
    assert 0.92 < np.mean([low <= 0.2 <= high for low, high in intervals]) < 0.98


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_wilson_of_impossible_counts(k, n):
    with pytest.raises(ValueError):
        metrics.wilson(k, n)


def test_paired_difference_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    hard = rng.normal(size=30)
    a, b = hard + rng.normal(0.1, 0.05, 30), hard
    paired = metrics.paired_difference(a, b)
    assert paired.mean / paired.standard_error == pytest.approx(stats.ttest_rel(a, b).statistic)
    unpaired = math.sqrt(a.var(ddof=1) / 30 + b.var(ddof=1) / 30)
    assert paired.standard_error < unpaired / 5


@pytest.mark.parametrize(("a", "b"), [([1, 2], [1]), ([1], [1]), ([[1, 2]], [[1, 2]])])
def test_pairs_that_are_none(a, b):
    with pytest.raises(ValueError, match="two equally long rows"):
        metrics.paired_difference(a, b)


@pytest.mark.parametrize(
    ("y", "p", "message"),
    [
        ([0, 1], [[0.5, 0.5]], "do not fit"),
        ([0], [0.5], "do not fit"),
        ([], np.zeros((0, 2)), "do not fit"),
        ([2], [[0.5, 0.5]], "Labels must be integers from 0 to 1"),
        ([0], [[0.5, 0.6]], "sum to 1"),
        ([0], [[1.5, -0.5]], "0 or more"),
        ([0], [[math.nan, 1.0]], "sum to 1"),
    ],
)
@pytest.mark.parametrize("metric", [metrics.log_loss, metrics.reliability, metrics.expected_calibration_error])
def test_wrong_input(metric, y, p, message):
    with pytest.raises(ValueError, match=message):
        metric(y, p)
