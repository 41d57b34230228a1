"""The training loop of the later chapters, written out once here and by hand in the first chapter of each kind."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from primer.core import device, on_page

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Step:
    """What is known after one step. number: 1 to `steps`. loss: on its batch, before the update. seconds: since the
    first step began."""

    number: int
    loss: float
    seconds: float


def fit(
    model: nn.Module,
    loss_fn: Callable[[nn.Module, Any], Tensor],
    batches: Iterable[Any],
    steps: int,
    *,
    lr: float = 1e-3,
    optimizer: torch.optim.Optimizer | None = None,
) -> Iterator[Step]:
    """Train `model` in place, one step for each turn of your loop: ``for step in fit(...)``.

    loss_fn(model, batch) returns the loss, a tensor with one element. batches is gone through again and again until
    `steps` (>= 1) are done; tensors in a batch are moved to the device. The optimizer is AdamW with learning rate
    `lr` > 0 unless one is given, which then must hold the model's parameters. A GPU computes in mixed precision.

    Interrupting the kernel ends the loop and keeps the model. A loss or parameter that is not finite raises
    FloatingPointError with the step, after the parameters of the last finite loss have been put back. Wrong arguments
    raise ValueError or TypeError at once, not at the first step.
    """
    if not isinstance(model, nn.Module) or not any(p.requires_grad for p in model.parameters()):
        raise TypeError("fit needs a torch module with parameters that can be trained as its first argument.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"fit needs a number of steps of at least 1, not {steps!r}.")
    if not lr > 0:
        raise ValueError(f"fit needs a learning rate above 0, not {lr!r}.")
    if not isinstance(batches, Iterable):
        raise TypeError("fit needs batches that can be looped over, such as a list or a DataLoader.")
    return _fit(model, loss_fn, batches, steps, optimizer, lr)


def _fit(
    model: nn.Module,
    loss_fn: Callable[[nn.Module, Any], Tensor],
    batches: Iterable[Any],
    steps: int,
    optimizer: torch.optim.Optimizer | None,
    lr: float,
) -> Iterator[Step]:
    from tqdm.auto import tqdm

    accelerator = _accelerator()
    prepared = accelerator.prepare_model(model)
    optimizer = accelerator.prepare_optimizer(optimizer or torch.optim.AdamW(model.parameters(), lr=lr))
    was_training = model.training
    good = _Snapshot(model)
    start = time.perf_counter()
    bar = tqdm(total=steps, disable=on_page(), unit="step")
    number, value = 0, math.nan
    try:
        for number, batch in enumerate(_cycle(batches, steps), start=1):
            prepared.train()
            loss = _one_number(loss_fn(prepared, _to_device(batch, accelerator)))
            value = loss.item()
            if not math.isfinite(value):
                good.restore()
                raise FloatingPointError(_not_finite("loss", number))
            good.take()
            accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            if number == steps and not good.is_finite():  # no further loss would show it
                good.restore()
                raise FloatingPointError(_not_finite("parameters", number))
            bar.update()
            bar.set_postfix(loss=f"{value:.4g}", refresh=False)
            yield Step(number, value, time.perf_counter() - start)
        if on_page():
            print(f"{steps:,} steps · last loss {value:.3g}")
    except KeyboardInterrupt:
        print(f"Interrupted at step {number} of {steps}: the model keeps what it has learned until then.")
    finally:
        bar.close()
        accelerator.unwrap_model(prepared, keep_fp32_wrapper=False)  # gives the model its own forward back
        model.train(was_training)


class _Snapshot:
    """A copy of a model's parameters and buffers."""

    def __init__(self, model: nn.Module) -> None:
        self.live = [tensor for tensor in model.state_dict().values() if isinstance(tensor, Tensor)]
        self.copy = [tensor.clone() for tensor in self.live]

    @torch.no_grad()
    def take(self) -> None:
        for copy, live in zip(self.copy, self.live, strict=True):
            copy.copy_(live)

    @torch.no_grad()
    def restore(self) -> None:
        for live, copy in zip(self.live, self.copy, strict=True):
            live.copy_(copy)

    def is_finite(self) -> bool:
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.live)


def _accelerator() -> Accelerator:
    from accelerate import Accelerator

    if device().type == "cpu":
        return Accelerator(cpu=True)
    # bfloat16 has float32's range and needs no scaling, but only GPUs since Ampere compute in it; Colab's T4 does not
    return Accelerator(mixed_precision="bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16")


def _cycle(batches: Iterable[Any], steps: int) -> Iterator[Any]:
    """`steps` batches, from the start again each time they end."""
    given = 0
    while given < steps:
        before = given
        for batch in batches:
            yield batch
            given += 1
            if given == steps:
                return
        if given == before:
            raise ValueError(f"The batches ended after {given} of {steps} steps: pass a list or a DataLoader.")


def _to_device(batch: Any, accelerator: Accelerator) -> Any:
    from accelerate.utils import send_to_device

    return send_to_device(batch, accelerator.device)


def _one_number(loss: Any) -> Tensor:
    if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.requires_grad:
        what = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise TypeError(f"loss_fn must return one number that depends on the model, such as loss.mean(), not {what}.")
    return loss.reshape(())


def _not_finite(what: str, number: int) -> str:
    verb = "is" if what == "loss" else "are"
    return (
        f"The {what} {verb} not finite at step {number}; the model has the parameters of the last finite loss: "
        "lower the learning rate, or look for NaN and infinity in the data."
    )
