"""The course's own recipes in the race of `benchmarks/images.py`: which model, of which size, for which data."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from benchmarks.image_race import Task, Trained, count, fill
from primer.models import vae as course_vae

# hidden units, latent dimensions, beta
VAE_SIZES = {8: (128, 8, 1.0), 28: (400, 20, 100.0)}


def vae(task: Task, seconds: float) -> Trained:
    """Chapter 08's VAE with labels: a binomial for every pixel. Its samples are drawn pixels, not mean pictures."""
    M, Z, beta = VAE_SIZES[task.side]
    pixels = task.x.flatten(1)
    config = course_vae.Config(D=task.side**2, M=M, Z=Z, K=task.classes, levels=task.levels)

    def train(steps: int) -> course_vae.VAE:
        return course_vae.train(course_vae.VAE(config, pixels.mean(0)), pixels, steps, task.y, beta=beta)

    model, steps = fill(train, seconds)

    def likelihood(x: Tensor, y: Tensor) -> dict[str, float]:
        """A bound on log p(x | y), as the mean over pictures, and in bits a pixel."""
        bound = course_vae.importance_bound(model, x.flatten(1), 50, y).mean().item()
        distortion, rate = (part.mean().item() for part in course_vae.elbo(model, x.flatten(1), y))
        bits = -bound / (config.D * math.log(2))
        return {"elbo": -distortion - rate, "rate": rate, "bound_50": bound, "bits_per_dimension_at_most": bits}

    def sample(y: Tensor) -> Tensor:
        return model.sample(len(y), y).reshape(-1, task.side, task.side)

    return Trained(sample, count(model), steps, lambda x, y: in_parts(likelihood, x, y))


def in_parts(function, x: Tensor, y: Tensor, size: int = 500) -> dict[str, float]:
    """Means over pictures of what `function` finds, a few hundred pictures at a time."""
    parts = [function(*both) for both in zip(x.split(size), y.split(size), strict=True)]
    weights = torch.tensor([float(len(part)) for part in y.split(size)])
    return {name: float((torch.tensor([p[name] for p in parts]) * weights).sum() / len(y)) for name in parts[0]}


def same_size(model: str, task: Task) -> dict[str, int]:
    """What the plain recipe needs to be as large as the course's model for this task."""
    if model == "vae":
        M, Z, _ = VAE_SIZES[task.side]
        return {"M": M, "Z": Z}
    raise ValueError(model)
