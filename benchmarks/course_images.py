"""The course's own recipes in the race of `benchmarks/images.py`: which model, of which size, for which data."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.image_race import Task, Trained, count, fill
from primer.models import diffusion as course_diffusion
from primer.models import gan as course_gan
from primer.models import vae as course_vae

VAE = {8: (128, 8, 1.0), 28: (400, 20, 100.0)}  # by side: hidden units, latent dimensions, beta
LATENT = (400, 24, 25.0)  # the same for the VAE in whose latent space diffusion runs
AUTOENCODING = 1 / 3  # its share of the seconds


def trained_vae(task: Task, seconds: float, M: int, Z: int, beta: float) -> tuple[course_vae.VAE, int]:
    """Chapter 08's VAE with labels, a binomial for every pixel, and the steps it took."""
    pixels = task.x.flatten(1)
    config = course_vae.Config(D=task.side**2, M=M, Z=Z, K=task.classes, levels=task.levels)

    def train(steps: int) -> course_vae.VAE:
        return course_vae.train(course_vae.VAE(config, pixels.mean(0)), pixels, steps, task.y, beta=beta)

    return fill(train, seconds)


def vae(task: Task, seconds: float) -> Trained:
    """The VAE. Its samples are drawn pixels, what the model says pictures are, not the decoder's mean pictures."""
    model, steps = trained_vae(task, seconds, *VAE[task.side])

    def likelihood(x: Tensor, y: Tensor) -> dict[str, float]:
        bound = course_vae.importance_bound(model, x.flatten(1), 50, y).mean().item()
        distortion, rate = (part.mean().item() for part in course_vae.elbo(model, x.flatten(1), y))
        bits = -bound / (task.side**2 * math.log(2))
        return {"elbo": -distortion - rate, "rate": rate, "bound_50": bound, "bits_per_dimension_at_most": bits}

    def sample(y: Tensor) -> Tensor:
        return model.sample(len(y), y).reshape(-1, task.side, task.side)

    return Trained(sample, count(model), steps, likelihood=lambda x, y: in_parts(likelihood, x, y))


def gan(task: Task, seconds: float) -> Trained:
    """Chapter 09's GAN with labels: an MLP for 8x8 pictures, small convolutions for 28x28."""
    small = course_gan.Config(K=task.classes)
    config, lr = (small, 1e-3) if task.side == 8 else (replace(course_gan.LETTERS, K=task.classes), 4e-3)
    model, start = course_gan.GAN(config), time.process_time()
    pictures, labels = varied(task)
    for steps in course_gan.play(model, pictures.flatten(1), labels, lr=lr):  # noqa: B007
        if time.process_time() - start > seconds:
            break
    size = count(model.generator, model.discriminator)
    return Trained(lambda y: model.sample(len(y), y).reshape(-1, task.side, task.side), size, steps)


def diffusion(task: Task, seconds: float) -> Trained:
    """Chapter 10's flow matching with labels and an MLP: on 8x8 pixels, and for 28x28 on the latents of a VAE.

    The VAE is chapter 08's, trained first, for a share of the seconds; its pictures are the decoder's means.
    """
    if task.side == 8:
        pictures, labels = varied(task)
        model, steps = flow(2 * pictures.flatten(1) - 1, labels, task.classes, seconds)
        return Trained(lambda y: (model.sample(len(y), y).reshape(-1, 8, 8) + 1) / 2, count(model), steps)
    start = time.process_time()
    coder, _ = trained_vae(task, AUTOENCODING * seconds, *LATENT)
    with torch.no_grad():
        z, _ = coder.encode(task.x.flatten(1), task.y)  # (N, Z)
    mean, spread = z.mean(0), z.std(0)
    model, steps = flow((z - mean) / spread, task.y, task.classes, seconds - (time.process_time() - start))

    def sample(y: Tensor) -> Tensor:
        latent = model.sample(len(y), y) * spread + mean
        return torch.sigmoid(coder.decode(latent, y)).reshape(-1, task.side, task.side)

    return Trained(sample, count(coder, model), steps, size=count(model))


def flow(x: Tensor, y: Tensor, classes: int, seconds: float) -> tuple[course_diffusion.Flow, int]:
    """The running average of a flow trained on x (N, D) with labels y (N,), and its steps."""
    net = course_diffusion.MLP(course_diffusion.MLPConfig(D=x.shape[1], M=256, L=3, K=classes))
    training = course_diffusion.training(course_diffusion.Flow(net), x, y, seconds=seconds, batch=512)
    last = deque(training, maxlen=1).pop()
    return last.model, last.step


def varied(task: Task, copies: int = 8) -> tuple[Tensor, Tensor]:
    """Of 8x8 pictures, `copies` of each, turned, stretched and moved a little, with labels; larger ones as they are.

    There are few 8x8 digits: after a minute a network would draw too near to those it knows.
    """
    if task.side > 8:
        return task.x, task.y
    x, n = task.x.repeat(copies, 1, 1)[:, None], copies * len(task.x)
    turn, stretch, move = torch.rand(n) - 0.5, torch.rand(n, 2) - 0.5, torch.rand(n, 2) - 0.5
    turn, stretch, move = 0.28 * turn, 1 + 0.12 * stretch, 0.2 * move  # 8 degrees, 6 %, 0.4 pixels at most
    along = torch.stack([turn.cos() * stretch[:, 0], -turn.sin(), move[:, 0]], 1)
    down = torch.stack([turn.sin(), turn.cos() * stretch[:, 1], move[:, 1]], 1)
    grid = F.affine_grid(torch.stack([along, down], 1), list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bicubic", align_corners=False)[:, 0].clamp(0, 1)
    top = task.levels - 1
    return (x * top).round() / top, task.y.repeat(copies)


def in_parts(function: Callable[[Tensor, Tensor], dict[str, float]], x: Tensor, y: Tensor) -> dict[str, float]:
    """Means over pictures of what `function` finds, 500 pictures at a time."""
    parts = [(len(b), function(a, b)) for a, b in zip(x.split(500), y.split(500), strict=True)]
    return {name: sum(n * found[name] for n, found in parts) / len(y) for name in parts[0][1]}
