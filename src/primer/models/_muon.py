"""Muon, the optimizer of the matrices of a transformer (Jordan et al., 2024)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor


def orthogonalise(G: Tensor, steps: int = 5) -> Tensor:
    """G (..., m, n) with all its singular values brought near 1 (0.7 to 1.2), by Newton-Schulz iteration.

    Jordan et al. (2024), Muon, whose coefficients trade exactness for speed.
    """
    X = G.mT if G.shape[-2] > G.shape[-1] else G  # the shorter side first
    X = X / (X.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    A, Q = X @ X.mT, torch.eye(X.shape[-2], device=X.device)
    for _ in range(steps):  # X <- P X with P = 3.4445 I - 4.7750 A + 2.0315 A A, all on the short side's square
        P = 2.0315 * A @ A - 4.7750 * A
        P.diagonal(dim1=-2, dim2=-1).add_(3.4445)
        A, Q = P @ A @ P, P @ Q
    return (Q @ X).mT if G.shape[-2] > G.shape[-1] else Q @ X


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonalised, so that it moves all directions of a matrix alike.

    torch.optim.Muon with two differences: a parameter may be a stack of matrices (..., m, n), and equal shapes are
    orthogonalised together, which is faster for small ones.
    """

    def __init__(self, params: Any, lr: float = 0.03, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            for shape in sorted({p.shape[-2:] for p in params}):
                same = [p for p in params if p.shape[-2:] == shape]
                updates = [self._momentum(p, group["momentum"]).reshape(-1, *shape) for p in same]
                O = orthogonalise(torch.cat(updates))
                scale = math.sqrt(max(1, shape[0] / shape[1]))
                for p, o in zip(same, O.split([len(u) for u in updates]), strict=True):
                    p.add_(o.view_as(p), alpha=-group["lr"] * scale)

    def _momentum(self, p: Tensor, beta: float) -> Tensor:
        """Nesterov's: the running mean of gradients, looked at one step ahead."""
        assert p.grad is not None
        buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
        buffer.lerp_(p.grad, 1 - beta)
        return p.grad.lerp(buffer, beta)
