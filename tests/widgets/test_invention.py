"""SmallWorld: its arithmetic against numpy and against the package's models, its names, its size."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from primer.models import invention as inv
from primer.widgets import invention as small
from primer.widgets.base import script
from primer.widgets.invention import COMMON, PAIRS, RARE, SmallWorld, measure, mention, uniform


@pytest.fixture(scope="module")
def widget() -> SmallWorld:
    return SmallWorld()


def test_the_generator_is_the_pages(js):
    draws = 4
    counts = js("invention", *[("mention", n, 0.3, 5) for n in (1, draws)])
    r = uniform(5, 2 * draws).reshape(draws, 2)
    want = [int(p * RARE) if q < 0.3 else RARE + int(p * COMMON) for q, p in r]
    assert counts[0].index(1) == want[0]
    assert np.array_equal(np.array(counts[1]), mention(draws, 0.3, 5))


def test_the_page_measures_what_numpy_measures(js):
    cases = [*product((200, 1000, 6000), (0.05, 0.5, 0.95), (2, 400), (0.0, 0.3, 1.0), (1,)), (1, 0.5, 20, 0.4, 2)]
    for case, found in zip(cases, js("invention", *[("measureAt", *case) for case in cases]), strict=True):
        n, share, values, u, seed = case
        want = measure(mention(n, share, seed), share, values, u)
        assert found == pytest.approx(want, abs=1e-9), case


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_levels_are_the_sums_over_all_sentences(share):
    """The package's models, which hold every sentence, give the numbers that the widget takes from counts alone."""
    values, n = 20, 2000
    counts = mention(n, share, seed=3)
    where = np.random.default_rng(0).choice(PAIRS * values, RARE + COMMON, replace=False)
    p, full = np.zeros(PAIRS * values), np.zeros(PAIRS * values, dtype=int)
    p[where] = np.repeat([share / RARE, (1 - share) / COMMON], [RARE, COMMON])
    full[where] = counts
    g = inv.good_turing(full)
    M = inv.monofacts(full)
    found = measure(counts, share, values, M)
    assert found["M"] == pytest.approx(M)
    assert found["rate"] == pytest.approx(inv.hallucination(g, p))
    assert found["mis"] == pytest.approx(inv.miscalibration(g, p), abs=1e-9)


def test_least_miscalibrated_near_m():
    counts = mention(1000, 0.5, seed=1)
    u = np.linspace(0, 1, 101)
    mis = [measure(counts, 0.5, 400, v)["mis"] for v in u]
    M = measure(counts, 0.5, 400, 0)["M"]
    assert abs(u[np.argmin(mis)] - M) < 0.05 and min(mis) < 0.06 and mis[0] > M - 0.05


def test_names_are_enough_and_different(widget):
    assert len(set(widget.first)) == len(set(widget.last)) == 60
    assert len(set(widget.towns)) == small.TOWNS


def test_the_script_is_small_and_the_still_figure_too(widget):
    file = Path(small.__file__).with_suffix(".js")
    assert file.stat().st_size < 20_480
    assert file.read_text(encoding="utf-8") in script("invention")
    assert len(widget.fallback_html()) < 60_000
