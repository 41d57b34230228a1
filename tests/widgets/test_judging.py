"""SampleBreaker: its metrics against primer.metrics, its traits and its still figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from primer import metrics
from primer.widgets import judging as judging_widget
from primer.widgets.base import script
from primer.widgets.judging import REACH, SIZE, SampleBreaker

KINDS = ("none", "copy", "shaken", "modes", "mean", "noise", "labels")


@pytest.fixture(scope="module")
def given() -> dict:
    """What the browser reads: three sets {x, y}, centres and sigma, and the points as arrays (N, 2)."""
    widget = SampleBreaker()
    centres = np.frombuffer(widget.centres, "<f4").astype(float).reshape(8, 2)
    out = {"centres": centres.tolist(), "sigma": widget.sigma}
    for name in ("train", "test", "honest"):
        x = np.frombuffer(getattr(widget, name), "<f4").astype(float).reshape(SIZE, 2)
        out[name] = {"x": x.tolist(), "y": modes(x, centres).tolist()}
    return out


def modes(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The nearest centre of each point: (N,)."""
    return np.linalg.norm(x[:, None] - centres, axis=2).argmin(axis=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.35, 1.0])
def test_the_metrics_are_those_of_the_package(js, given, kind, share):
    samples = js("judging", ("spoil", kind, share, given, 3))[0]
    found = js("judging", ("measure", samples, given))[0]
    x, train, test = (np.array(part["x"]) for part in (samples, given["train"], given["test"]))
    shares = metrics.precision_recall(test, x)
    nearest = [np.median(cdist(part, train).min(axis=1)) for part in (x, test)]
    right = (modes(x, np.array(given["centres"])) == samples["y"]).mean()
    want = {
        "frechet": metrics.frechet(x, test),
        "precision": shares.precision,
        "recall": shares.recall,
        "accuracy": right,
        "copying": nearest[0] / nearest[1],
    }
    assert found == pytest.approx(want, abs=1e-4)
    # the package looks for neighbours with 32 bits, and rounding of points is not small beside their distances
    assert found["copying"] == pytest.approx(metrics.copying(x, train, test).ratio, rel=1e-2, abs=2e-2)


def test_frechet_of_sets_without_spread(js):
    rng = np.random.default_rng(0)
    a, line = rng.standard_normal((30, 2)), np.c_[np.linspace(-1, 1, 30), np.zeros(30)]
    for one, other in ((a, line), (line, line + np.array([0, 2])), (a, a), (a, 3 * a @ [[1, 0.5], [0, 1]] + 1)):
        assert js("judging", ("frechet", one, other))[0] == pytest.approx(metrics.frechet(one, other), abs=1e-6)


def test_every_break_is_noticed_by_another_metric_and_one_by_none(js, given):
    rng = np.random.default_rng(5)
    centres = np.array(given["centres"])
    draws = []
    for _ in range(24):
        x = centres[rng.integers(8, size=SIZE)] + given["sigma"] * rng.standard_normal((SIZE, 2))
        draws.append({"x": x.tolist(), "y": modes(x, centres).tolist()})
    real = js("judging", *[("measure", one, given) for one in draws])
    names = list(real[0])
    bands = {name: js("judging", ("band", [one[name] for one in real]))[0] for name in names}
    noticed = {}
    for kind in KINDS:
        samples = js("judging", ("spoil", kind, 1.0, given, 1))[0]
        found = js("judging", ("measure", samples, given))[0]
        noticed[kind] = {name for name in names if not bands[name][0] <= found[name] <= bands[name][1]}
    assert noticed["none"] == noticed["shaken"] == set()
    assert noticed["copy"] == {"copying"} and noticed["labels"] == {"accuracy"}
    assert noticed["modes"] == {"frechet", "recall"}
    assert "frechet" not in noticed["noise"] and "precision" in noticed["noise"]
    assert "frechet" not in noticed["mean"] and "recall" in noticed["mean"]


def test_the_three_sets_differ_and_lie_in_the_picture(given):
    sets = [np.array(given[name]["x"]) for name in ("train", "test", "honest")]
    assert all(
        (np.abs(one) < REACH).all() and set(modes(one, np.array(given["centres"]))) == set(range(8)) for one in sets
    )
    assert not np.isin(sets[0], sets[1]).any() and not np.isin(sets[0], sets[2]).any()
    assert SampleBreaker().train == SampleBreaker().train


def test_the_script_is_small():
    file = Path(judging_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20 * 1024
    assert file.read_text(encoding="utf-8") in script("judging")


def test_the_still_figure_shows_sets_with_their_numbers():
    widget = SampleBreaker()
    axes = widget.fallback().axes
    assert [ax.get_title() for ax in axes] == ["", "honest", "copies", "four modes left out", "half noise"]
    distance, precision, recall, ratio = map(float, axes[2].get_xlabel().split())
    assert ratio == 0 and precision > 0.8 and recall > 0.8 and distance < 0.1
    html = widget.fallback_html()
    assert html.count("<svg") == 1 and len(html.encode()) < 60_000


def test_the_widget_is_found_by_name():
    import primer

    assert primer.widgets.SampleBreaker is SampleBreaker
