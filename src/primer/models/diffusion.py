"""Diffusion: noise schedules, learning to predict the noise, DDPM, DDIM, guidance, and flow matching (chapter 10).

Sohl-Dickstein et al. (2015); Ho, Jain and Abbeel (2020). Axes: N examples, D numbers of an example (or C, H, W of a
picture), K classes, T steps. Pictures lie in [-1, 1]. Time runs from 0, data, to 1 (or step T), pure noise, in every
function here; papers on flow matching count the other way.
"""

from __future__ import annotations

import copy
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from primer.models._denoisers import MLP, MLPConfig, UNet, UNetConfig

__all__ = ["MLP", "Diffusion", "Flow", "MLPConfig", "Progress", "UNet", "UNetConfig", "noise_schedule", "training"]


def noise_schedule(T: int, kind: str = "cosine") -> Tensor:
    """alpha_bar (T + 1,), float64: the share of the data's variance that is left after t steps, from 1 down to near 0.

    "cosine": Nichol and Dhariwal (2021), equation 17, no step removing more than 0.999 of what is left. "linear": Ho
    et al. (2020), section 4; its steps grow as 1,000 / T, so that the end is as noisy for every T. ValueError for
    another kind.
    """
    if kind == "cosine":
        u = torch.linspace(0, 1, T + 1, dtype=torch.float64)
        bar = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
        beta = (1 - bar[1:] / bar[:-1]).clamp(max=0.999)
    elif kind == "linear":
        beta = torch.linspace(1e-4, 0.02, T, dtype=torch.float64) * (1000 / T)
        beta = beta.clamp(max=0.999)
    else:
        raise ValueError(f"There is no noise schedule {kind!r}: choose 'cosine' or 'linear'.")
    return torch.cat([torch.ones(1, dtype=torch.float64), torch.cumprod(1 - beta, 0)])


class Diffusion(nn.Module):
    """A denoiser that predicts the noise eps in x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps.

    net(x, t, y) gets times t in [0, 1] (N,) and labels y (N,) or None; net.shape is the shape of one example, net.K
    the number of classes, which is also the label that means "no label".
    """

    alpha_bar: Tensor  # (T + 1,) float32; alpha_bar[0] = 1 is the data

    def __init__(
        self, net: MLP | UNet, T: int = 1000, schedule: str = "cosine", limit: float = math.inf, drop: float = 0.1
    ) -> None:
        """limit: the largest size of a number in the data, to which guesses of x_0 are clipped in sampling.

        drop: the share of examples whose label is hidden in training, which guidance needs.
        """
        super().__init__()
        self.net, self.T, self.limit, self.drop = net, T, limit, drop
        self.register_buffer("alpha_bar", noise_schedule(T, schedule).float())

    def q_sample(self, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        """x_t after t (N,) steps of noising at once; Ho et al. (2020), equation 4."""
        bar = _like(self.alpha_bar[t], x0)
        return bar.sqrt() * x0 + (1 - bar).sqrt() * eps

    def eps(self, x: Tensor, t: Tensor, y: Tensor | None = None, w: float = 0.0) -> Tensor:
        """The noise predicted in x after t (N,) steps, guided by w; the score is minus it over sqrt(1 - alpha_bar)."""
        # The answer for data N(0, I) is given; what the network adds is v of Salimans and Ho (2022).
        bar = _like(self.alpha_bar[t], x)
        return (1 - bar).sqrt() * x + bar.sqrt() * guided(self.net, x, t / self.T, y, w)

    def loss(self, x0: Tensor, y: Tensor | None = None) -> Tensor:
        """The simple loss: the mean squared error of the noise at random steps; Ho et al. (2020), equation 14."""
        t = torch.randint(1, self.T + 1, (len(x0),), device=x0.device)
        eps = torch.randn_like(x0)
        return ((self.eps(self.q_sample(x0, t, eps), t, hide(y, self.net.K, self.drop)) - eps) ** 2).mean()

    def step(self, x: Tensor, eps: Tensor, t: int, s: int, eta: float = 0.0, noise: Tensor | None = None) -> Tensor:
        """From step t back to s < t, given the predicted noise; Song, Meng and Ermon (2021), equations 12 and 16.

        eta 0 is DDIM, which draws nothing. eta 1 is DDPM with the posterior's variance, not with beta.
        """
        bar_t, bar_s = self.alpha_bar[t], self.alpha_bar[s]
        x0 = ((x - (1 - bar_t).sqrt() * eps) / bar_t.sqrt()).clamp(-self.limit, self.limit)
        eps = (x - bar_t.sqrt() * x0) / (1 - bar_t).sqrt()  # what the clipped guess makes of it
        sigma = eta * ((1 - bar_s) / (1 - bar_t) * (1 - bar_t / bar_s)).sqrt()
        x = bar_s.sqrt() * x0 + (1 - bar_s - sigma**2).clamp(min=0).sqrt() * eps
        return x if noise is None else x + sigma * noise

    @torch.no_grad()
    def trajectory(
        self, x: Tensor, y: Tensor | None = None, *, steps: int = 50, eta: float = 0.0, w: float = 0.0
    ) -> Iterator[tuple[int, Tensor]]:
        """From noise x (N, ...) to data in `steps` steps: yields (t, x_t), first (T, x), last (0, x_0)."""
        times = torch.linspace(self.T, 0, steps + 1).round().long().tolist()
        yield self.T, x
        for t, s in pairwise(times):
            eps = self.eps(x, torch.full((len(x),), t, device=x.device), y, w)
            x = self.step(x, eps, t, s, eta, torch.randn_like(x) if eta else None)
            yield s, x

    def sample(self, n: int, y: Tensor | None = None, *, steps: int = 50, eta: float = 0.0, w: float = 0.0) -> Tensor:
        """n examples (n, *net.shape), of the classes y (n,) if given."""
        x = torch.randn(n, *self.net.shape, device=self.alpha_bar.device)
        return _last(self.trajectory(x, y, steps=steps, eta=eta, w=w))

    @torch.no_grad()
    def bound(self, x0: Tensor, y: Tensor | None = None, steps: int = 100) -> float:
        """A lower bound on the mean log-density of x0 (N, ...), in nats an example, of DDPM in `steps` steps.

        Each step back is a Gaussian of the best variance for its mean squared error m of the noise, taken over x0. A
        step from SNR(t) to SNR(s) then costs D / 2 log(1 + (SNR(s) / SNR(t) - 1) m): Kingma et al. (2021), equation
        13, has the cost with the posterior's variance, and Nichol and Dhariwal (2021) say why that is worse.
        """
        bar, D = self.alpha_bar.double(), x0[0].numel()
        snr = bar / (1 - bar)  # infinite at 0
        times = torch.linspace(0, self.T, steps + 1).round().long().tolist()
        cost = (bar[-1] * (x0**2).flatten(1).sum(1).mean() - D * (bar[-1] + torch.log(1 - bar[-1]))) / 2  # at T
        for s, t in pairwise(times):
            eps, now = torch.randn_like(x0), torch.full((len(x0),), t, device=x0.device)
            m = ((self.eps(self.q_sample(x0, now, eps), now, y) - eps).double() ** 2).mean()
            if s == 0:
                cost += D / 2 * (1 + torch.log(2 * math.pi * m / snr[t]))
            else:
                cost += D / 2 * torch.log1p((snr[s] / snr[t] - 1) * m)
        return -cost.item()


class Flow(nn.Module):
    """Flow matching on straight paths x_t = (1 - t) x_0 + t eps, whose velocity is eps - x_0.

    Lipman et al. (2023); Liu, Gong and Liu (2023). The network gives the velocity itself, or, which is easier for
    pictures, x_0, from which the velocity follows.
    """

    NEAR = 0.05  # nearer to the data than this, errors weigh no more: 1 / t^2 has no bound

    def __init__(self, net: MLP | UNet, predict: Literal["x", "v"] = "x", drop: float = 0.1) -> None:
        """predict: "x", the network gives x_0, or "v", the velocity. drop: as in `Diffusion`."""
        super().__init__()
        self.net, self.predict, self.drop = net, predict, drop

    def path(self, x0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        """x_t at t (N,) in [0, 1]: data at 0, noise at 1."""
        t = _like(t, x0)
        return (1 - t) * x0 + t * eps

    def velocity(self, x: Tensor, t: Tensor, y: Tensor | None = None, w: float = 0.0) -> Tensor:
        """dx/dt at x and t > 0 (N,), guided by w."""
        found = guided(self.net, x, t, y, w)
        return found if self.predict == "v" else (x - found) / _like(t, x)

    def loss(self, x0: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean squared error of the velocity at random times; that of x_0 over t^2, mostly noisy ones, for "x"."""
        eps, y = torch.randn_like(x0), hide(y, self.net.K, self.drop)
        if self.predict == "v":
            t = torch.rand(len(x0), device=x0.device)
            return ((self.net(self.path(x0, t, eps), t, y) - (eps - x0)) ** 2).mean()
        t = torch.sigmoid(0.8 + torch.randn(len(x0), device=x0.device))
        guess = self.net(self.path(x0, t, eps), t, y)
        return (((guess - x0) / _like(t.clamp(min=self.NEAR), x0)) ** 2).mean()

    @torch.no_grad()
    def trajectory(
        self, x: Tensor, y: Tensor | None = None, *, steps: int = 10, w: float = 0.0
    ) -> Iterator[tuple[float, Tensor]]:
        """From noise x (N, ...) at 1 to data at 0 by Heun's method, two looks a step: yields (t, x_t)."""
        yield 1.0, x
        for k in range(steps):
            t, s = 1 - k / steps, 1 - (k + 1) / steps
            v = self.velocity(x, torch.full((len(x),), t, device=x.device), y, w)
            ahead = x + (s - t) * v
            if s > 0:  # at the data the velocity is no longer defined
                v = (v + self.velocity(ahead, torch.full((len(x),), s, device=x.device), y, w)) / 2
            x = x + (s - t) * v
            yield s, x

    def sample(self, n: int, y: Tensor | None = None, *, steps: int = 10, w: float = 0.0) -> Tensor:
        """n examples (n, *net.shape), of the classes y (n,) if given."""
        x = torch.randn(n, *self.net.shape, device=next(self.parameters()).device)
        return _last(self.trajectory(x, y, steps=steps, w=w))


def guided(net: MLP | UNet, x: Tensor, t: Tensor, y: Tensor | None, w: float) -> Tensor:
    """(1 + w) e(x | y) - w e(x): classifier-free guidance as Ho and Salimans (2022) count it; w = 0 is conditional.

    In the other convention, e(x) + s (e(x | y) - e(x)), s = 1 + w.
    """
    if y is None or w == 0:
        return net(x, t, y)
    both = net(torch.cat([x, x]), torch.cat([t, t]), torch.cat([y, torch.full_like(y, net.K)]))
    conditional, plain = both.chunk(2)
    return (1 + w) * conditional - w * plain


def hide(y: Tensor | None, K: int, share: float) -> Tensor | None:
    """The labels (N,) with a random share of them replaced by K, "no label"."""
    return None if y is None else torch.where(torch.rand(len(y), device=y.device) < share, K, y)


def optimizers_for(net: MLP | UNet, lr: float = 2e-3) -> list[torch.optim.Optimizer]:
    """Adam at the rate lr; for a U-Net's kernels Muon (Jordan et al., 2024) at 0.01, and Adam at lr / 2 for the rest.

    Muon gives each kernel's step equal strength in every direction. For an MLP on points or 8 x 8 digits its
    arithmetic costs more than the step itself.
    """
    if isinstance(net, MLP):
        return [torch.optim.Adam(net.parameters(), lr=lr, betas=(0.9, 0.99), fused=True)]
    kernels = net.kernels()
    rest = [p for p in net.parameters() if all(p is not kernel for kernel in kernels)]
    muon = torch.optim.Muon(kernels, lr=0.01, weight_decay=0.0)
    return [muon, torch.optim.Adam(rest, lr=lr / 2, betas=(0.9, 0.99), fused=True)]


class Progress(NamedTuple):
    """What is known after a step of training. step: from 1. loss: on its batch. model: the running average."""

    step: int
    loss: float
    model: nn.Module


def training(
    model: Diffusion | Flow,
    x: Tensor,
    y: Tensor | None = None,
    *,
    steps: int | None = None,
    seconds: float | None = None,
    batch: int = 256,
    lr: float = 2e-3,
    decay: float = 0.998,
    augment: Callable[[Tensor], Tensor] | None = None,
) -> Iterator[Progress]:
    """Train in place on x (N, ...) for `steps`, or for so many CPU `seconds` of this process: ``for p in training(…)``.

    The optimizers are those of `optimizers_for`; their rates fall to 0 in the second half. p.model is the running
    average of the weights: sample from that.
    augment: applied to each batch. ValueError unless exactly one of steps and seconds is given.
    """
    if (steps is None) == (seconds is None):
        raise ValueError("training needs a budget: either steps=... or seconds=...")
    average = copy.deepcopy(model).requires_grad_(False).eval()
    optimizers = optimizers_for(model.net, lr)
    rates = [optimizer.param_groups[0]["lr"] for optimizer in optimizers]
    start, step, order = time.process_time(), 0, torch.randperm(len(x), device=x.device)
    while (done := step / steps if steps else (time.process_time() - start) / (seconds or 1)) < 1:
        while len(order) < batch:
            order = torch.cat([order, torch.randperm(len(x), device=x.device)])
        rows, order = order[:batch], order[batch:]
        loss = model.loss(x[rows] if augment is None else augment(x[rows]), None if y is None else y[rows])
        loss.backward()
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - done))
            optimizer.step()
            optimizer.zero_grad()
        step += 1
        now = min(decay, (1 + step) / (10 + step))  # a short memory while the weights still travel far
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - now)
        yield Progress(step, loss.item(), average)


def _last(trajectory: Iterator[tuple[float, Tensor]]) -> Tensor:
    """Where a trajectory ends."""
    return deque(trajectory, maxlen=1).pop()[1]


def _like(values: Tensor, x: Tensor) -> Tensor:
    """(N,) -> (N, 1, ...), to be multiplied with x (N, ...)."""
    return values.reshape(-1, *[1] * (x.dim() - 1))
