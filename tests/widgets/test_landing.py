"""WordFromNoise: its trait, its still figure, and its score and flow against torch."""

from __future__ import annotations

import json
import math
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from traitlets import TraitError

from primer.widgets.landing import RATIO, SPAN, WordFromNoise, flow, ink

COLUMNS, ROWS = 60, 26

# Follows the flow lines of some particles down to a level and back up to another, as the widget does.
FOLLOW = """
import { load } from "./load.mjs";
const landing = await load("landing");
const { coverage, columns, rows, noise, steps, finest, down } = JSON.parse(process.argv[1]);
const ink = landing.inkOf(coverage, columns, rows);
const flow = landing.newFlow(ink, Float32Array.from(noise), landing.schedule(steps, finest));
landing.extend(flow, down, () => false);
console.log(JSON.stringify([...flow.path[down]]));
"""


def coverage() -> np.ndarray:
    """A word as bytes (ROWS, COLUMNS): the letters T and O, by hand."""
    picture = np.zeros((ROWS, COLUMNS), dtype=int)
    picture[4:8, 8:28] = picture[8:22, 16:20] = 255
    y, x = np.mgrid[:ROWS, :COLUMNS]
    far = np.hypot(x - 43, y - 13)
    picture[(far > 5) & (far < 9)] = 200
    return picture


def atoms() -> torch.Tensor:
    """The places of its ink pixels (M, 2), in standard deviations of the noise."""
    row, column = np.nonzero(coverage() >= 128)
    place = np.stack([(column + 0.5) / COLUMNS, (row + 0.5) / ROWS], axis=1) * 2 - 1
    return torch.from_numpy(place * SPAN)


def log_density(x: torch.Tensor, alpha: float, sigma: float) -> torch.Tensor:
    """Log density (N,) of the ink noised as alpha x0 + sigma noise, at x (N, 2), by torch's own mixture."""
    data = atoms()
    which = torch.distributions.Categorical(logits=torch.zeros(len(data), dtype=torch.float64))
    noised = torch.distributions.Independent(torch.distributions.Normal(alpha * data, sigma), 1)
    return torch.distributions.MixtureSameFamily(which, noised).log_prob(x)


def torch_score(x: torch.Tensor, alpha: float, sigma: float) -> torch.Tensor:
    """The gradient of the log density at x (N, 2), by autograd."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(log_density(x, alpha, sigma).sum(), x)[0]


@pytest.mark.parametrize("theta", [0.02, 0.1, 0.4, 1.0, 1.5, math.pi / 2])
def test_the_score_is_the_gradient_of_the_noised_data_s_log_density(js, theta):
    alpha, sigma = (0.0, 1.0) if theta == math.pi / 2 else (math.cos(theta), math.sin(theta))
    gen = torch.Generator().manual_seed(3)
    near = atoms()[torch.randint(len(atoms()), (40,), generator=gen)]
    x = alpha * near + sigma * torch.randn(40, 2, generator=gen, dtype=torch.float64)
    x[:5] *= 3  # some far from all ink, where the sums would underflow
    picture = js("landing", ("inkOf", coverage().ravel(), COLUMNS, ROWS))[0]
    found = js("landing", *[("score", picture, *point.tolist(), alpha, sigma) for point in x])
    want = torch_score(x, alpha, sigma)
    scale = want.norm(dim=1, keepdim=True)
    assert ((torch.tensor(found, dtype=torch.float64) - want).abs() / scale).max() < 1e-4
    heights = js("landing", *[("posteriorMean", picture, *point.tolist(), alpha, sigma, [0, 0, 0]) for point in x])
    shift = -math.log(len(atoms())) - math.log(2 * math.pi * sigma**2)
    heights = torch.tensor(heights, dtype=torch.float64)[:, 2] + shift
    assert torch.allclose(heights, log_density(x, alpha, sigma), rtol=1e-6, atol=1e-6)


def test_the_flow_lines_solve_the_probability_flow_ode():
    """Against Runge and Kutta's steps on dx/dθ = x' of x = cos θ x0 + sin θ ε, with torch's score in it."""
    steps, finest, down = 256, 0.02, 110
    noise = torch.randn(30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    text = {
        "coverage": coverage().ravel().tolist(),
        "columns": COLUMNS,
        "rows": ROWS,
        "noise": noise.ravel().tolist(),
        "steps": steps,
        "finest": finest,
        "down": down,
    }
    command = ["node", "--input-type=module", "-e", FOLLOW, json.dumps(text)]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = torch.tensor(json.loads(done.stdout), dtype=torch.float64).reshape(-1, 2)

    def velocity(x: torch.Tensor, theta: float) -> torch.Tensor:
        alpha, sigma = math.cos(theta), math.sin(theta)
        eps = -sigma * torch_score(x, alpha, sigma)
        return (eps - sigma * x) / alpha  # -sin θ E[x0 | x] + cos θ E[ε | x]

    first = math.atan(finest)
    theta = [first + (math.pi / 2 - first) * (k / steps) ** 2 for k in range(steps + 1)]
    x = noise
    grid = np.linspace(theta[-1] - 1e-6, theta[down], 400)
    for a, b in pairwise(grid):
        h = b - a
        k1 = velocity(x, a)
        k2 = velocity(x + h / 2 * k1, a + h / 2)
        k3 = velocity(x + h / 2 * k2, a + h / 2)
        x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + velocity(x + h * k3, b))
    # first-order steps against a fourth-order solution: they agree to a part of a pixel
    pixel = 2 * SPAN[0] / COLUMNS
    assert (found - x).norm(dim=1).max() < 0.5 * pixel


def test_the_word_travels_and_bad_words_are_refused():
    assert WordFromNoise("hello").word == "hello"
    assert WordFromNoise("  spaces ").word == "spaces"
    for bad in ("", "   ", "a" * 15):
        with pytest.raises(TraitError, match="1 to 14 characters"):
            WordFromNoise(bad)


def test_the_still_figure_goes_from_noise_to_the_word():
    data = ink("learn")
    assert (np.abs(data) <= SPAN).all() and len(data) > 500
    wide, tall = np.ptp(data, axis=0) / (2 * np.array(SPAN))
    assert 0.8 < wide < 0.9 and tall < 0.7
    noise = np.random.default_rng(0).standard_normal((200, 2))
    start, end = flow(data, noise, steps=40, keep=(40, 0))
    assert (start == noise).all()
    nearest = np.linalg.norm(end[:, None] - data, axis=2).min(axis=1)
    assert np.quantile(nearest, 0.95) < 2 * 2 * SPAN[1] / (160 / RATIO)
    html = WordFromNoise("so").fallback_html()
    assert 'role="img"' in html and len(html) < 300_000
