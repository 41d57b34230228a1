import numpy as np
import pytest
from scipy import integrate, stats

import primer
from primer.data.points import NAMES, GaussianMixture, SoftSquares


@pytest.fixture(params=NAMES)
def density(request):
    return primer.data.points(request.param)


def grid(half_width: float, step: float) -> np.ndarray:
    axis = np.arange(-half_width + step / 2, half_width, step)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def chunks(density, x, size=20_000):
    return np.concatenate([density.log_prob(part) for part in np.array_split(x, -(-len(x) // size))])


def test_integrates_to_one(density):
    # the midpoint rule converges exponentially for smooth functions: a fifth of the noise's sigma is ample
    step = density.sigma / 2
    total = np.exp(chunks(density, grid(4.0, step))).sum() * step**2
    assert total == pytest.approx(1, abs=1e-4)


def test_score_is_the_gradient_of_log_prob(density):
    rng = np.random.default_rng(0)
    x = np.concatenate([density.sample(200, rng), rng.uniform(-4, 4, (200, 2))])
    h = 1e-5
    finite = np.stack(
        [(density.log_prob(x + h * e) - density.log_prob(x - h * e)) / (2 * h) for e in np.eye(2)], axis=1
    )
    np.testing.assert_allclose(density.score(x), finite, rtol=1e-5, atol=1e-5)


def test_samples_follow_the_density(density):
    """A chi-squared test: counts in cells against the integral of the density over each cell."""
    n, side, per_side = 20_000, 0.5, 10
    x = density.sample(n, np.random.default_rng(1))
    cells = np.floor(x / side).astype(int)
    fine = grid(5.0, side / per_side)
    mass = np.exp(chunks(density, fine)) * (side / per_side) ** 2
    expected: dict[tuple, float] = {}
    for cell, m in zip(map(tuple, np.floor(fine / side).astype(int)), mass, strict=True):
        expected[cell] = expected.get(cell, 0.0) + n * m
    counted = {cell: 0 for cell in expected}
    for cell in map(tuple, cells):
        counted[cell] += 1
    large = [cell for cell, e in expected.items() if e >= 20]
    observed = np.array([counted[cell] for cell in large])
    e = np.array([expected[cell] for cell in large])
    chi2 = ((observed - e) ** 2 / e).sum()
    assert stats.chi2.sf(chi2, len(large)) > 1e-3
    assert observed.sum() > 0.97 * n


def test_shapes_types_and_finiteness(density):
    x = density.sample(7, np.random.default_rng(0))
    assert x.shape == (7, 2) and x.dtype == np.float64
    assert density.log_prob(x).shape == (7,) and density.score(x).shape == (7, 2)
    far = np.array([[100.0, -100.0], [0.0, 50.0], [0.0, 0.0]])
    assert np.isfinite(density.log_prob(far)).all() and np.isfinite(density.score(far)).all()
    assert density.sample(0, np.random.default_rng(0)).shape == (0, 2)


def test_far_away_the_score_points_home(density):
    assert density.score(np.array([[50.0, 0.0]]))[0, 0] < 0


def test_same_generator_same_points(density):
    draw = [density.sample(5, np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*draw)


def test_mass_is_within_four_of_the_origin(density):
    assert np.abs(density.sample(5000, np.random.default_rng(0))).max() < 4


def test_mixture_against_scipy():
    centres = np.array([[0.0, 1.0], [2.0, -1.0], [0.5, 0.5]])
    mixture = GaussianMixture("three", centres, sigma=0.3)
    x = np.random.default_rng(0).normal(size=(50, 2))
    p = np.mean([stats.multivariate_normal(c, 0.09).pdf(x) for c in centres], axis=0)
    np.testing.assert_allclose(mixture.log_prob(x), np.log(p), rtol=1e-10)


def test_soft_squares_against_the_convolution():
    square = SoftSquares("one", np.zeros((1, 2)), sigma=0.2, side=1.0)

    def axis(t):
        return integrate.quad(lambda u: stats.norm(u, 0.2).pdf(t), -0.5, 0.5)[0]

    for x in ([0.0, 0.0], [0.5, 0.1], [-0.6, 0.49], [0.9, -0.8]):
        assert square.log_prob(np.array([x]))[0] == pytest.approx(np.log(axis(x[0]) * axis(x[1])), rel=1e-8)


def test_checkerboard_is_flat_on_its_squares():
    board = primer.data.points("checkerboard")
    middles = board.centres
    assert len(middles) == 8
    np.testing.assert_allclose(np.exp(board.log_prob(middles)), 1 / 8, rtol=1e-9)
    assert np.abs(board.score(middles)).max() < 1e-9
    light = middles + np.array([1.0, 0.0])
    assert board.log_prob(light).max() < -40


def test_unknown_name_lists_the_names():
    message = "There is no density 'moon': choose one of moons, rings, spiral, eight-gaussians, checkerboard."
    with pytest.raises(ValueError, match=message):
        primer.data.points("moon")


@pytest.mark.parametrize("x", [np.zeros(2), np.zeros((3, 3))])
def test_wrong_shape(x):
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        primer.data.points("moons").log_prob(x)
