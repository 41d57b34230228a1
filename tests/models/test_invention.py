"""The small world of chapter 20 against sums by hand, against a plain reference, and against its docstrings."""

import math

import numpy as np
import pytest
import torch

from primer.models import invention as inv


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def place(rng):
    return inv.world(0.5, rng, shape=(6, 5, 40), rare=300, common=10)


def text(place, rng, n=400):
    mentions = place.draw(n, rng)
    return mentions, inv.count(mentions, place.p.shape)


def by_loop(g, p, key):
    """Mis, factoid by factoid; key gives the bin of a model probability."""
    bins = {}
    for q, truth in zip(g.ravel(), p.ravel(), strict=True):
        bins.setdefault(key(q), []).append((q, truth))
    return sum(abs(q - np.mean([t for _, t in b])) for b in bins.values() for q, _ in b) / 2


def test_a_world_has_its_facts_and_shares(place):
    assert place.p.sum() == pytest.approx(1)
    assert place.facts.sum() == 310
    levels, sizes = np.unique(place.p, return_counts=True)
    assert dict(zip(levels.round(9), sizes, strict=True)) == {0: 890, round(0.5 / 300, 9): 300, 0.05: 10}
    assert inv.world(1, np.random.default_rng(1), (6, 5, 40), 300, 10).facts.sum() == 300


def test_impossible_worlds_are_refused(rng):
    with pytest.raises(ValueError, match=r"from 0 to 1, not 1\.2"):
        inv.world(1.2, rng)
    with pytest.raises(ValueError, match="50 facts do not fit into 24 factoids"):
        inv.world(0.5, rng, (2, 3, 4), 40, 10)


def test_mentions_are_facts_as_often_as_p_says(place, rng):
    mentions, counts = text(place, rng, 20_000)
    assert mentions.shape == (20_000, 3) and counts.sum() == 20_000
    assert not counts[place.p == 0].any()
    common = counts[place.p > 0.01].sum() / 20_000
    assert common == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / 20_000))


def test_counts_by_hand():
    counts = inv.count(np.array([[0, 1, 2], [0, 1, 2], [1, 0, 0]]), (2, 2, 3))
    assert counts[0, 1, 2] == 2 and counts[1, 0, 0] == 1 and counts.sum() == 3
    assert inv.monofacts(counts) == pytest.approx(1 / 3)


def test_m_estimates_the_unseen_mass():
    """Over many texts the mean of M is the mean of p(U) of a text with one mention less (Good 1953)."""
    gaps = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        place = inv.world(0.5, rng, (6, 5, 40), 300, 10)
        mentions, counts = text(place, rng, 200)
        gaps.append(inv.monofacts(counts) - inv.unseen(place.p, inv.count(mentions[1:], place.p.shape)))
    assert abs(np.mean(gaps)) < 4 * np.std(gaps) / math.sqrt(200)


@pytest.mark.parametrize("bins", [None, 1, 3, 10])
def test_miscalibration_against_a_loop(place, rng, bins):
    _, counts = text(place, rng)
    for g in (inv.memoriser(counts), inv.good_turing(counts), rng.dirichlet(np.ones(place.p.size)).reshape(6, 5, 40)):
        order = np.sort(g, axis=None)
        below = {q: order[: np.searchsorted(order, q, "right")].sum() for q in np.unique(g)}
        key = (lambda q: q) if bins is None else (lambda q, below=below: math.ceil(below[q] * bins - 1e-9))
        assert inv.miscalibration(g, place.p, bins) == pytest.approx(by_loop(g, place.p, key), abs=1e-9)


def test_miscalibration_by_hand():
    g, p = np.array([0.5, 0.25, 0.25, 0.0]), np.array([0.6, 0.4, 0.0, 0.0])
    assert inv.miscalibration(g, p) == pytest.approx(0.1)
    assert inv.miscalibration(p, p) == 0
    assert inv.miscalibration(np.full(4, 0.25), p) == 0  # says nothing, and so is calibrated


def test_the_identity_and_the_bound_behind_the_theorem(place, rng):
    """g(H) = g(U) - g(U and F); and g(U) falls below p(U) by no more than Mis and what bins mix, for any bins."""
    _, counts = text(place, rng)
    p, seen = place.p, counts > 0
    models = [inv.memoriser(counts), inv.good_turing(counts), inv.mixture(counts, 0.5), np.full_like(p, 1 / p.size)]
    for g in models:
        assert g.sum() == pytest.approx(1)
        lucky = g[(p > 0) & ~seen].sum()
        assert inv.hallucination(g, p) == pytest.approx(inv.unseen(g, counts) - lucky)
        mixed = 0.0
        for q in np.unique(g):
            here = g == q
            mixed += p[here & ~seen].sum() * (here & seen).sum() / here.sum()
        assert inv.unseen(p - g, counts) <= inv.miscalibration(g, p) + mixed + 1e-12


def test_slack_by_hand():
    assert inv.slack(600, 10, 1000, 0.6) == pytest.approx(3 * 0.01 / 0.6 + math.sqrt(math.log(10) / 100))


def test_a_memoriser_repeats(place, rng):
    _, counts = text(place, rng)
    g = inv.memoriser(counts)
    assert inv.hallucination(g, place.p) == 0 and g.sum() == pytest.approx(1)


def test_good_turing_moves_masses_down():
    counts = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 6])  # n = 16; N1 = 3, N2 = 2, N3 = 1
    g = inv.good_turing(counts)
    total = [g[counts == k].sum() * 16 for k in (0, 1, 2, 3, 6)]
    assert total == pytest.approx([3, 4, 3, 6 * 3 / 9, 6 * 6 / 9])
    assert inv.unseen(g, counts) == pytest.approx(inv.monofacts(counts))


@pytest.mark.parametrize("counts", [[1, 1, 0], [2, 0, 0], [0, 0, 7, 3]])
def test_good_turing_of_odd_texts_sums_to_one(counts):
    assert inv.good_turing(np.array(counts)).sum() == pytest.approx(1)


def test_the_mixture_is_a_distribution_and_linear_in_memory(place, rng):
    mentions, counts = text(place, rng)
    low, high = inv.mixture(counts, 0.0), inv.mixture(counts, 1.0)
    assert low.sum() == pytest.approx(1) and (low > 0).all()
    assert np.allclose(inv.mixture(counts, 0.3), 0.7 * low + 0.3 * high)
    pair = mentions[0, 0], mentions[0, 1]
    assert np.allclose(high[pair] / high[pair].sum(), counts[pair] / counts[pair].sum())


def test_the_best_mixture_is_the_likeliest(place, rng):
    _, counts = text(place, rng)
    held_out = place.draw(500, rng)
    memory, g = inv.best_mixture(counts, held_out)
    loss = {m: -np.log(inv.mixture(counts, m)[tuple(held_out.T)]).mean() for m in np.arange(20) / 20}
    assert memory == pytest.approx(min(loss, key=loss.get)) and 0 < memory < 0.95
    assert np.allclose(g, inv.mixture(counts, memory))


def test_the_network_sums_to_one_and_its_loss_is_its_joint(place, rng):
    torch.manual_seed(0)
    net = inv.TinyModel((6, 5, 40), E=4, M=8)
    mentions, _ = text(place, rng)
    g = net.joint()
    assert g.shape == (6, 5, 40) and g.sum() == pytest.approx(1)
    assert net.loss(torch.tensor(mentions)).item() == pytest.approx(-np.log(g[tuple(mentions.T)]).mean(), rel=1e-5)


def test_cold_samples_are_surer_word_by_word():
    torch.manual_seed(0)
    net = inv.TinyModel((6, 5, 40), E=4, M=8)
    warm, cold = net.joint(), net.joint(0.5)
    assert cold.sum() == pytest.approx(1)
    last = warm.sum((2,)) / warm.sum((1, 2))[:, None]
    assert np.allclose(cold.sum(2) / cold.sum((1, 2))[:, None], last**2 / (last**2).sum(1, keepdims=True))


def test_training_learns_by_heart_and_forgets_the_rest(rng):
    """Trained on and on, a network gives its text nearly all and what it never saw nearly nothing."""
    torch.manual_seed(0)
    place = inv.world(0.5, rng, (6, 5, 40), 100, 5)
    mentions, counts = text(place, rng, 60)
    net = inv.TinyModel((6, 5, 40), E=8, M=64)
    before = inv.hallucination(net.joint(), place.p)
    epochs = list(inv.train(net, mentions, 150, batch=20))
    assert epochs == list(range(1, 151))
    assert inv.hallucination(net.joint(), place.p) < 0.15 < before
    assert inv.unseen(place.p, counts) - inv.unseen(net.joint(), counts) > 0.2
