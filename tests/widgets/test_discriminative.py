"""TwoClasses: what it sends, its still figure, and its models against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from primer.models import discriminative as dg
from primer.widgets.discriminative import FLOOR, REACH, C, TwoClasses, two_clouds

PRESETS = ("spread", "outlier", "clumps", "few", "clouds")


@pytest.fixture(scope="module")
def clouds(js) -> dict[str, np.ndarray]:
    """The points of every preset, (N, 3) with x1, x2, class."""
    found = js("discriminative", *[("preset", name) for name in PRESETS[:-1]])
    x, y = two_clouds()
    return dict(zip(PRESETS, [*map(np.array, found), np.column_stack([x, y])], strict=True))


@pytest.fixture(scope="module")
def spots() -> torch.Tensor:
    """Places all over the picture and outside, (60, 2)."""
    gen = torch.Generator().manual_seed(1)
    return 6 * (torch.rand(60, 2, generator=gen, dtype=torch.float64) - 0.5)


def relative(found: object, want: torch.Tensor) -> float:
    """The largest difference, relative to the value, or to 1 where that is larger than nothing."""
    found = torch.tensor(found, dtype=torch.float64).reshape(want.shape)
    return ((found - want).abs() / want.abs().clamp(min=1e-6)).max().item()


def design(points: np.ndarray, curved: bool) -> torch.Tensor:
    """The features of the boundary (N, 3 or 6), the constant first."""
    x = torch.from_numpy(points[:, :2])
    u, v = x.T
    columns = [torch.ones(len(x), dtype=torch.float64), u, v]
    return torch.stack(columns + ([u * u, u * v, v * v] if curved else []), dim=1)


def torch_logistic(points: np.ndarray, curved: bool) -> torch.Tensor:
    """Weights of |w|^2 / 2 + C * negative log-likelihood at its minimum, by L-BFGS and then Newton's steps."""
    rows, y = design(points, curved), torch.from_numpy(points[:, 2])
    w = torch.zeros(rows.shape[1], dtype=torch.float64, requires_grad=True)

    def objective(w: torch.Tensor) -> torch.Tensor:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(rows @ w, y, reduction="sum")
        return C * loss + (w[1:] ** 2).sum() / 2

    search = torch.optim.LBFGS([w], max_iter=500, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        search.zero_grad()
        value = objective(w)
        value.backward()
        return value

    search.step(closure)
    at = w.detach()
    for _ in range(4):
        gradient = torch.autograd.functional.jacobian(objective, at)
        at = at - torch.linalg.solve(torch.autograd.functional.hessian(objective, at), gradient)
    assert torch.autograd.functional.jacobian(objective, at).abs().max() < 1e-6
    return at


def torch_gaussians(points: np.ndarray, shared: bool) -> tuple[torch.Tensor, list[torch.distributions.Distribution]]:
    """Log priors (2,) and the two fitted Gaussians, from torch's own covariances."""
    x, y = torch.from_numpy(points[:, :2]), torch.from_numpy(points[:, 2])
    parts = [x[y == k] for k in (0, 1)]
    cov = [torch.cov(part.T, correction=0) for part in parts]
    if shared:
        cov = [sum(len(part) * one for part, one in zip(parts, cov, strict=True)) / len(x)] * 2
    floor = FLOOR * x.var(dim=0, correction=0).max() * torch.eye(2, dtype=torch.float64)
    models = [
        torch.distributions.MultivariateNormal(part.mean(dim=0), one + floor)
        for part, one in zip(parts, cov, strict=True)
    ]
    return torch.tensor([len(part) / len(x) for part in parts], dtype=torch.float64).log(), models


@pytest.mark.parametrize("curved", [False, True])
@pytest.mark.parametrize("name", PRESETS)
def test_logistic_regression_is_torch_s(js, clouds, spots, name, curved):
    points = clouds[name]
    fit = js("discriminative", ("fitLogistic", points, curved))[0]
    want = torch_logistic(points, curved)
    assert relative(fit["w"], want) < 1e-4
    logits = js("discriminative", *[("logitOf", fit, u, v) for u, v in spots.tolist()])
    padded = np.column_stack([spots.numpy(), np.zeros(len(spots))])
    assert relative(torch.tensor(logits).sigmoid().tolist(), (design(padded, curved) @ want).sigmoid()) < 1e-4


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("name", PRESETS)
def test_gaussians_and_their_posteriors_are_torch_s(js, clouds, spots, name, shared):
    points = clouds[name]
    fit = js("discriminative", ("fitGaussians", points, shared))[0]
    prior, models = torch_gaussians(points, shared)
    joint = torch.stack([p + model.log_prob(spots) for p, model in zip(prior, models, strict=True)], dim=1)
    found = js("discriminative", *[("logJoint", fit, u, v) for u, v in spots.tolist()])
    assert relative(found, joint) < 1e-4
    assert relative(torch.tensor(found, dtype=torch.float64).softmax(1).tolist(), joint.softmax(dim=1)) < 1e-4
    first = js("discriminative", *[("logJointOfFirst", fit, u) for u in spots[:, 0].tolist()])
    alone = [
        p + torch.distributions.Normal(model.mean[0], model.covariance_matrix[0, 0].sqrt()).log_prob(spots[:, 0])
        for p, model in zip(prior, models, strict=True)
    ]
    assert relative(first, torch.stack(alone, dim=1)) < 1e-4


def test_browser_and_package_fit_the_same_models(js):
    """What the chapter's code computes is what its widget shows."""
    x, y = two_clouds()
    points = np.column_stack([x, y])
    logistic, gaussians = dg.fit_logistic(x, y, C), dg.fit_gaussians(x, y, shared=True, floor=FLOOR)
    line, fit = js("discriminative", ("fitLogistic", points), ("fitGaussians", points))
    assert np.allclose(line["w"], [logistic.b, *logistic.w], rtol=1e-4)
    assert np.allclose(fit["mean"], gaussians.mean) and np.allclose(fit["prior"], gaussians.prior)
    a, b, c = np.array(fit["cov"]).T
    assert np.allclose(np.stack([a, b, b, c], axis=1).reshape(2, 2, 2), gaussians.cov, rtol=1e-4)


def test_the_first_points_travel_and_lie_in_the_picture():
    x, y = two_clouds()
    sent = np.frombuffer(TwoClasses().points, "<f4").reshape(-1, 3)
    assert np.allclose(sent, np.column_stack([x, y]), atol=1e-6)
    assert (np.abs(x) <= REACH).all() and set(y) == {0, 1}


def test_the_still_figure_shows_both_models():
    figure = TwoClasses().fallback()
    left, right = figure.axes
    assert "discriminative" in left.get_title() and "generative" in right.get_title()
    assert {text.get_text() for text in right.texts} == {"A", "B"}
    assert TwoClasses().fallback_html().count("<svg") == 1
