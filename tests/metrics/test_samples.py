import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.neighbors import NearestNeighbors

from primer import data, metrics
from primer.models.judging import judge


def rng(seed=0):
    return np.random.default_rng(seed)


def test_frechet_against_the_matrix_root():
    a, b = rng().normal(size=(60, 5)), 2 * rng(1).normal(size=(80, 5)) @ rng(2).normal(size=(5, 5)) + 1
    A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shift = a.mean(0) - b.mean(0)
    expected = shift @ shift + np.trace(A + B - 2 * sqrtm(A @ B).real)
    assert metrics.frechet(a, b) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet(b, a) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_frechet_in_one_dimension_is_closed_form():
    a, b = rng().normal(size=50), 3 * rng(1).normal(size=70) + 2
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert metrics.frechet(a, b) == pytest.approx(expected)


def test_frechet_of_fewer_examples_than_features_and_of_a_point():
    assert metrics.frechet(rng().normal(size=(4, 9)), rng(1).normal(size=(5, 9))) > 0
    assert metrics.frechet(np.ones((5, 2)), np.zeros((5, 2))) == pytest.approx(2)


def test_frechet_is_biased_upwards_for_small_samples():
    draw = rng()
    small, large = ([metrics.frechet(draw.normal(size=(n, 8)), draw.normal(size=(n, 8))) for _ in range(20)]
                    for n in (20, 500))
    assert np.mean(small) > 10 * np.mean(large)


def test_frechet_of_what_does_not_fit():
    with pytest.raises(ValueError, match="as many features"):
        metrics.frechet(np.zeros((5, 2)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="as many features"):
        metrics.frechet(np.zeros((1, 2)), np.zeros((5, 2)))


def test_excess_is_zero_for_more_of_the_same_and_the_shift_otherwise():
    train, test, more = (rng(seed).normal(size=(4000, 4)) for seed in range(3))
    same = metrics.excess_frechet(more, train, test, rng())
    assert same.low < 0 < same.high and abs(same.mean) < 0.02
    moved = metrics.excess_frechet(more + np.eye(4)[0], train, test, rng())
    assert moved.low < moved.mean < moved.high and moved.mean == pytest.approx(1, abs=0.1)
    assert moved.floor == pytest.approx(same.floor)


def test_excess_does_not_depend_on_how_many_samples_there_are():
    """The raw distance does: it is what made 'use the same sample size' a rule."""
    train, test, fake = (rng(seed).normal(size=(2000, 16)) for seed in range(3))
    few, many = (metrics.excess_frechet(fake, train, test, rng(), size=size) for size in (60, 900))
    assert few.floor > 5 * many.floor
    assert abs(few.mean) < few.floor / 4 and abs(many.mean) < many.floor / 4


def test_excess_uses_equally_many_rows_of_each(monkeypatch):
    seen = []
    monkeypatch.setattr("primer.metrics.samples.frechet", lambda a, b: seen.append((len(a), len(b))) or 0.0)
    metrics.excess_frechet(np.zeros((50, 2)), np.zeros((900, 2)), np.zeros((70, 2)), rng(), resamples=20)
    assert seen == [(25, 25)] * 40


def test_excess_of_too_little():
    x = np.zeros((30, 2))
    with pytest.raises(ValueError, match="At least 20 resamples"):
        metrics.excess_frechet(x, x, x, rng(), resamples=19)
    with pytest.raises(ValueError, match="2 to 30 rows"):
        metrics.excess_frechet(x, x, x, rng(), size=31)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_against_scikit_learn(k):
    real, fake = rng().normal(size=(80, 3)), rng(1).normal(size=(60, 3)) + 0.8

    def covered(points, support):
        radii = NearestNeighbors(n_neighbors=k).fit(support).kneighbors()[0][:, -1]  # without the point itself
        return np.mean([(np.linalg.norm(support - point, axis=1) <= radii).any() for point in points])

    found = metrics.precision_recall(real, fake, k)
    assert found.precision == pytest.approx(covered(fake, real))
    assert found.recall == pytest.approx(covered(real, fake))
    assert 0 < found.recall < 1 and 0 < found.precision < 1


def test_precision_and_recall_tell_what_is_wrong():
    centres = 10 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    real = centres[rng().integers(4, size=300)] + rng(1).normal(size=(300, 2))
    one_mode = rng(2).normal(size=(300, 2))
    dropped = metrics.precision_recall(real, one_mode)
    assert dropped.precision > 0.85 and dropped.recall < 0.35
    wide = metrics.precision_recall(real, rng(3).uniform(-20, 30, size=(300, 2)))
    assert wide.precision < 0.4 and wide.recall > 0.85
    same = metrics.precision_recall(real, real)
    assert same == (1, 1)


def test_precision_and_recall_of_too_few():
    with pytest.raises(ValueError, match="more than k = 3"):
        metrics.precision_recall(np.zeros((3, 2)), np.zeros((9, 2)))


def test_nearest_against_scikit_learn():
    images, train = rng().random((300, 4, 4)), rng(1).random((500, 4, 4))
    expected = NearestNeighbors(n_neighbors=1).fit(train.reshape(500, 16)).kneighbors(images.reshape(300, 16))[0][:, 0]
    np.testing.assert_allclose(metrics.nearest(images, train), expected, rtol=1e-6)


def test_nearest_keeps_small_distances():
    train = rng().random((400, 8, 8)).astype(np.float32)
    assert metrics.nearest(train[:100], train).max() == 0
    moved = train[:300].copy()
    moved[:, 0, 0] += np.float32(2**-12)
    np.testing.assert_allclose(metrics.nearest(moved, train), 2**-12, rtol=1e-3)
    assert metrics.nearest(train[:3], train[:2])[:2].max() == 0  # fewer training images than are looked at again


def test_copying():
    train, test = rng().random((500, 8, 8)), rng(1).random((200, 8, 8))
    copied = metrics.copying(train[:100], train, test)
    assert copied.samples == copied.ratio == 0
    new = metrics.copying(rng(2).random((100, 8, 8)), train, test)
    assert new.ratio == pytest.approx(1, abs=0.05) and new.test == copied.test
    with pytest.raises(ValueError, match="nothing can be said"):
        metrics.copying(test, train, train[:50])


def test_bits_per_dimension():
    assert metrics.bits_per_dimension(64 * math.log(17), 64) == pytest.approx(math.log2(17))  # guessing among 17
    assert metrics.bits_per_dimension(0.0, 64, levels=17) == pytest.approx(math.log2(17))  # the uniform density


def test_dequantised_bits_bound_the_discrete_ones():
    """One pixel with three levels and a density that is a histogram: the bound is tight; a smooth one is above."""
    p = np.array([0.5, 0.3, 0.2])
    x = rng().choice(3, size=20_000, p=p)
    spread = metrics.dequantise(x, 3, rng(1))
    assert spread.min() >= 0 and spread.max() < 1
    np.testing.assert_array_equal((spread * 3).astype(int), x)
    entropy = metrics.bits_per_dimension(-np.log(p[x]).mean(), 1)
    histogram = -np.log(3 * p[(spread * 3).astype(int)]).mean()
    assert metrics.bits_per_dimension(histogram, 1, levels=3) == pytest.approx(entropy)
    mean, sd = spread.mean(), spread.std()
    normal = (0.5 * ((spread - mean) / sd) ** 2 + math.log(sd * math.sqrt(2 * math.pi))).mean()
    assert metrics.bits_per_dimension(normal, 1, levels=3) > entropy


@pytest.mark.parametrize("x", [[-1, 0], [0, 3]])
def test_values_that_are_no_level(x):
    with pytest.raises(ValueError, match="values go from 0 to 2"):
        metrics.dequantise(x, 3, rng())


def test_time_per_sample_calls_once_to_warm_up():
    calls = []
    assert metrics.time_per_sample(calls.append, 7) >= 0
    assert calls == [1, 7]


def test_controls_are_what_they_say():
    digits = data.digits()
    images, labels = metrics.memoriser(digits, 300, rng())
    assert images.shape == (300, 8, 8) and images.dtype == np.float32
    assert metrics.nearest(images, digits.images("train")).max() == 0
    assert len(np.unique(images.reshape(300, -1), axis=0)) > 290  # without replacement
    rows = [int(np.flatnonzero((digits.images("train") == image).all(axis=(1, 2)))[0]) for image in images[:20]]
    np.testing.assert_array_equal(digits.train.y[rows], labels[:20])
    images, labels = metrics.class_dropper(digits, 500, rng())
    assert len(np.unique(labels)) == 7 and len(images) == 500
    assert np.median(metrics.nearest(images, digits.images("train"))) > 0.5
    assert len(np.unique(metrics.class_dropper(digits, 500, rng(), share=0.5)[1])) == 5


@pytest.fixture(scope="module")
def reports():
    return metrics.controls(data.digits(), judge("digits"), rng(), n=600)


def test_the_controls_are_found_out(reports):
    memoriser, dropper = reports["memoriser"], reports["class-dropper"]
    assert abs(memoriser.frechet.mean) < 0.2 * memoriser.frechet.floor  # the distance is blind to copies
    assert memoriser.nearest == 0 < 0.9 * memoriser.nearest_test  # copying is not
    assert dropper.nearest > 0.9 * dropper.nearest_test
    assert dropper.frechet.low > 0 and dropper.recall < memoriser.recall - 0.1  # diversity is lost
    assert dropper.precision > memoriser.precision - 0.1  # and quality is not
    assert memoriser.judge_accuracy == dropper.judge_accuracy > 0.95


def test_noise_is_found_out():
    noise = rng().random((300, 8, 8))
    report = metrics.judge_samples(noise, np.arange(300) % 10, data.digits(), judge("digits"), rng())
    assert report.precision < 0.1 and report.accuracy < 0.3 and report.frechet.low > 10
    assert report.nearest > 1.2 * report.nearest_test


def test_a_report_is_made_again_from_the_same_generator(reports):
    again = metrics.controls(data.digits(), judge("digits"), rng(), n=600)
    assert again == reports


def test_tables(reports):
    lines = metrics.table(reports).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1
    assert lines[1].startswith("memoriser") and lines[3].startswith("real test")
    one = reports["memoriser"].table("mine").splitlines()
    assert len(one) == 3 and f"{reports['memoriser'].accuracy:.3f}" in one[1]
    flat = reports["memoriser"].as_dict()
    assert flat["floor"] == reports["memoriser"].frechet.floor and len(flat) == 10
    assert all(type(value) is float for value in flat.values())


def test_samples_that_do_not_fit():
    digits, seen = data.digits(), judge("digits")
    with pytest.raises(ValueError, match="do not fit"):
        metrics.judge_samples(np.zeros((5, 28, 28)), np.zeros(5), digits, seen, rng())
    with pytest.raises(ValueError, match="do not fit"):
        metrics.judge_samples(np.zeros((5, 8, 8)), np.zeros(4), digits, seen, rng())
    for value in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="clip them"):
            metrics.judge_samples(np.full((50, 8, 8), value), np.zeros(50), digits, seen, rng())


def test_features_and_accuracy_are_the_judges_own():
    digits, seen = data.digits(), judge("digits")
    x = torch.from_numpy(digits.images("test"))[:, None]
    np.testing.assert_allclose(metrics.features(seen, digits.images("test")), seen.features(x).numpy(), atol=1e-4)
    right = (seen(x).argmax(1).numpy() == digits.test.y).mean()
    assert metrics.conditional_accuracy(seen, digits.images("test"), digits.test.y) == pytest.approx(right)
