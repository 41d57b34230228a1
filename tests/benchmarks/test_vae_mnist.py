"""The race of chapter 08 on MNIST: its losses, its clock and what is stored of it."""

import json

import numpy as np
import pytest
import torch

from benchmarks import vae_mnist as bench
from primer.models.vae import VAE, Config


def test_both_losses_are_one_number():
    torch.manual_seed(0)
    model, x = VAE(Config(D=784, M=16, Z=3)), torch.rand(5, 784)
    torch.manual_seed(1)
    by_logits = bench.logit_loss(model, x)
    torch.manual_seed(1)
    mu, log_var = model.encode(x)
    p = torch.sigmoid(model.decode(mu + torch.exp(log_var / 2) * torch.randn_like(mu)))
    assert by_logits.item() == pytest.approx(bench.example_loss(x, p, mu, log_var).item(), rel=1e-5)


def test_the_time_is_that_of_the_first_epoch_at_the_target():
    curve = [(1.0, 120.0), (2.0, 105.0), (3.0, 106.0)]
    assert bench.time_to(curve, 105.5) == 2.0
    assert bench.time_to(curve, 100) is None
    runs = [{"public": [(5.0, 130.0), (10.0, 110.0)], "course": curve}, {"public": [(8.0, 90.0)], "course": curve}]
    assert bench.summary(runs)["ratios"] == [5.0, 0.0]  # a target never reached counts as no gain


def test_both_recipes_train():
    torch.manual_seed(0)
    x = np.zeros((500, 28, 28), np.uint8)
    x[:, 8:20, 12:16] = 255
    test = torch.from_numpy(x[:20]).float().div(255).view(-1, 784)
    for recipe in (bench.public, bench.course):
        curve = recipe(x, test, 2)
        assert len(curve) == 2 and curve[1][1] < curve[0][1] < 784 and curve[1][0] >= curve[0][0]


def test_what_is_stored_is_the_summary_of_its_runs():
    stored = json.loads(bench.RESULT.read_text())
    runs = [{name: [tuple(point) for point in curve] for name, curve in run.items()} for run in stored["runs"]]
    assert bench.summary(runs) == stored["summary"]
    assert stored["threads"] == 1 and stored["epochs"] == 10
