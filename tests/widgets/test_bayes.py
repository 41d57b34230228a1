"""PixelReveal: what it sends, what it refuses, its still figure, and its arithmetic against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from primer.widgets.bayes import PixelReveal, telling_order


def torch_posterior(theta: torch.Tensor, prior: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """P(class | pixels seen) in double precision: theta (K, D), prior (K,), seen (D,) of -1, 0, 1 -> (K,)."""
    looked = seen >= 0
    log_likelihood = torch.distributions.Bernoulli(theta[:, looked]).log_prob(seen[looked].double()).sum(dim=1)
    return (prior.log() + log_likelihood).softmax(dim=0)


def torch_gain(theta: torch.Tensor, belief: torch.Tensor) -> torch.Tensor:
    """Mutual information of class and pixel in bits: (D,)."""
    entropy = torch.distributions.Bernoulli(belief @ theta).entropy() - belief @ torch.distributions.Bernoulli(
        theta
    ).entropy()
    return entropy / np.log(2)


def test_arrays_travel_as_bytes(naive):
    widget = PixelReveal(**naive)
    assert np.allclose(np.frombuffer(widget.theta, "<f4").reshape(10, 64), naive["theta"], atol=1e-7)
    bits = np.unpackbits(np.frombuffer(widget.images, np.uint8)).reshape(-1, 64)
    assert (bits == naive["images"]).all()
    assert list(widget.labels) == naive["labels"].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"theta": np.full((10, 63), 0.5)}, "theta must have the shape 10 × 64"),
        ({"theta": np.zeros((10, 64))}, "strictly between 0 and 1"),
        ({"prior": np.full(10, 0.2)}, "sum to 1"),
        ({"prior": np.eye(10)[0]}, "positive"),
        ({"images": np.full((40, 64), 16)}, "0 and 1 only"),
        ({"images": np.zeros((0, 64)), "labels": []}, "at least one"),
        ({"labels": np.full(40, 10)}, "0 to 9"),
        ({"labels": [1, 2]}, "labels must have the shape 40"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(naive, change, message):
    with pytest.raises(ValueError, match=message):
        PixelReveal(**{**naive, **change})


def test_the_browser_computes_what_torch_computes(naive, js):
    rng = np.random.default_rng(0)
    theta = torch.from_numpy(naive["theta"].astype("<f4")).double()
    prior = torch.from_numpy(naive["prior"])
    for count in (0, 1, 7, 40, 64):
        seen = np.full(64, -1)
        looked = rng.permutation(64)[:count]
        seen[looked] = naive["images"][3][looked]
        belief, ink = js("bayes", ("posterior", prior, theta.flatten(), seen), ("expectedInk", prior, theta.flatten()))
        want = torch_posterior(theta, prior, torch.from_numpy(seen))
        torch.testing.assert_close(torch.tensor(belief, dtype=torch.double), want, rtol=1e-4, atol=0)
        torch.testing.assert_close(torch.tensor(ink, dtype=torch.double), prior @ theta, rtol=1e-4, atol=0)
        (gain,) = js("bayes", ("informationGain", want, theta.flatten()))
        torch.testing.assert_close(
            torch.tensor(gain, dtype=torch.double), torch_gain(theta, want).clamp(min=0), rtol=1e-4, atol=1e-9
        )


def test_certainty_and_hits_over_all_digits_equal_torch(naive, js):
    theta, prior = torch.from_numpy(naive["theta"]), torch.from_numpy(naive["prior"])
    images = torch.from_numpy(naive["images"]).double()
    looked = torch.zeros(64, dtype=torch.bool)
    looked[20:44] = True
    likelihoods = torch.distributions.Bernoulli(theta[:, looked]).log_prob(images[:, None, looked]).sum(dim=2)  # (N, K)
    sure, best = (likelihoods + prior.log()).softmax(dim=1).max(dim=1)
    right = (best == torch.from_numpy(naive["labels"])).double().mean().item()
    (got,) = js("bayes", ("honesty", prior, likelihoods.flatten(), naive["labels"]))
    assert got["sure"] == pytest.approx(sure.mean().item(), rel=1e-4)
    assert got["right"] == pytest.approx(right)


def test_python_and_the_browser_uncover_the_same_pixels_first(naive, js):
    image = naive["images"][0]
    want = telling_order(naive["theta"], naive["prior"], image)[:5]
    seen = np.full(64, -1)
    for pixel in want:
        (belief,) = js("bayes", ("posterior", naive["prior"], naive["theta"].flatten(), seen))
        (gain,) = js("bayes", ("informationGain", belief, naive["theta"].flatten()))
        (best,) = js("bayes", ("mostTelling", gain, seen))
        assert best == pixel
        seen[pixel] = image[pixel]


def test_the_fallback_shows_three_moments(naive):
    html = PixelReveal(**naive).fallback_html()
    assert html.startswith('<figure class="primer-fallback"') and "var(--p-model" in html
    figure = PixelReveal(**naive).fallback()
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[0] == "0 of 64 pixels seen" and titles[2] == "64 of 64 pixels seen"
    heights = [bar.get_height() for bar in figure.axes[4].patches]
    assert max(heights) > 0.95
