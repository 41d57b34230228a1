"""The training loop of the later chapters, written out once here and by hand in the first chapter of each kind."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from primer import checkpoint as disk
from primer.core import device, on_page

if TYPE_CHECKING:
    from accelerate import Accelerator

SAVE_EVERY = 30.0  # seconds between two checkpoints


@dataclass(frozen=True)
class Step:
    """What is known after one step. number: 1 to `steps`. loss: on its batch, before the update. seconds: since the
    first step began, without the time between an interruption and its resumption."""

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
    schedule: LRScheduler | None = None,
    clip: float | None = None,
    ema: AveragedModel | None = None,
    compile: bool = False,
    checkpoint: str | Path | None = None,
) -> Iterator[Step]:
    """Train `model` in place, one step for each turn of your loop: ``for step in fit(...)``.

    loss_fn(model, batch) returns the loss, a tensor with one element. batches is gone through again and again until
    `steps` (>= 1) are done; tensors in a batch are moved to the device. The optimizer is AdamW with learning rate
    `lr` > 0 unless one is given, which then must hold the model's parameters. A GPU computes in mixed precision.

    schedule: a torch scheduler of the given optimizer, stepped after every step. clip: the largest norm, > 0, that
    the gradients of all parameters together may have. ema: ``AveragedModel(model, multi_avg_fn=...)``, updated after
    every step. compile: let torch compile the model, which takes a minute at the start and a C++ compiler on the CPU,
    and pays on a GPU or in long runs.

    checkpoint: a file that holds the whole run. It is written every 30 seconds, at the end, and when the loop is left
    or interrupted; where it exists, training goes on from it, and ends with bitwise the same parameters as a run in
    one go, if the batches come in the same order again and the body of your loop draws no random numbers before it
    leaves the loop. Batches that were used already are drawn once more and thrown away.

    Interrupting the kernel ends the loop after the running step and turn, and keeps the model; interrupting again ends
    it at once. A loss or parameter that is not finite raises FloatingPointError with the step, after the parameters of
    the last finite loss have been put back. Wrong arguments raise ValueError or TypeError at once, not at the first
    step; so does a checkpoint that is damaged or of another model. One that cannot be written raises OSError.
    """
    if not isinstance(model, nn.Module) or not any(p.requires_grad for p in model.parameters()):
        raise TypeError("fit needs a torch module with parameters that can be trained as its first argument.")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"fit needs a number of steps of at least 1, not {steps!r}.")
    if not lr > 0:
        raise ValueError(f"fit needs a learning rate above 0, not {lr!r}.")
    if not isinstance(batches, Iterable):
        raise TypeError("fit needs batches that can be looped over, such as a list or a DataLoader.")
    if clip is not None and not clip > 0:
        raise ValueError(f"fit needs clip, the largest norm of the gradients, above 0, not {clip!r}.")
    if schedule is not None and (optimizer is None or getattr(schedule, "optimizer", None) is not optimizer):
        raise ValueError("fit needs the optimizer of the schedule: pass both, optimizer=... and schedule=...")
    if ema is not None and not isinstance(ema, AveragedModel):
        raise TypeError("fit needs as ema a torch.optim.swa_utils.AveragedModel of the model.")
    run = _Run(model, optimizer or torch.optim.AdamW(model.parameters(), lr=lr), schedule, ema, _Batches(batches))
    if checkpoint is not None:
        run.open(Path(checkpoint))
    return _fit(run, loss_fn, steps, clip, compile)


def _fit(
    run: _Run, loss_fn: Callable[[nn.Module, Any], Tensor], steps: int, clip: float | None, compile: bool
) -> Iterator[Step]:
    from tqdm.auto import tqdm

    model, ema, accelerator = run.model, run.ema, _accelerator()
    prepared = accelerator.prepare_model(model)
    optimizer = accelerator.prepare_optimizer(run.optimizer)
    if ema is not None:
        ema.to(accelerator.device)
    forward: Any = torch.compile(prepared) if compile else prepared
    was_training = model.training
    run.resume(accelerator.scaler)
    good = _Snapshot(model, ema)
    start = saved = time.perf_counter()
    earlier = run.seconds
    bar = tqdm(total=steps, initial=run.number, disable=on_page(), unit="step")
    value = math.nan
    interrupt = _Interrupt()
    try:
        while run.number < steps and not interrupt.came:
            number = run.number + 1
            batch = _to_device(run.batches.next(run.number, steps), accelerator)
            run.whole = False
            prepared.train()
            loss = _one_number(loss_fn(forward, batch))
            value = loss.item()
            if not math.isfinite(value):
                good.restore()
                raise FloatingPointError(_not_finite("loss", number))
            good.take()
            accelerator.backward(loss)
            if clip is not None:
                accelerator.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            optimizer.zero_grad()
            if run.schedule is not None:
                run.schedule.step()
            if ema is not None:
                ema.update_parameters(model)
            if number == steps and not good.is_finite():  # no further loss would show it
                good.restore()
                raise FloatingPointError(_not_finite("parameters", number))
            now = time.perf_counter()
            run.number, run.seconds, run.whole = number, earlier + now - start, True
            bar.update()
            if number % 10 == 0 or number == steps:
                bar.set_postfix(loss=f"{value:.4g}", refresh=False)
            yield Step(number, value, run.seconds)
            if now - saved > SAVE_EVERY:
                run.save()
                saved = now
        if on_page() and not interrupt.came:
            print(f"{steps:,} steps · last loss {value:.3g}" if value == value else f"{steps:,} steps, all done before")
    except KeyboardInterrupt:
        interrupt.came = True
    finally:
        interrupt.close()
        bar.close()
        accelerator.unwrap_model(prepared, keep_fp32_wrapper=False)  # gives the model its own forward back
        model.train(was_training)
        if interrupt.came:
            print(f"Interrupted after step {run.number} of {steps}: the model keeps what it has learned until then.")
        run.save()


class _Run:
    """All that a training run is made of between two steps, and its file."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: LRScheduler | None,
        ema: AveragedModel | None,
        batches: _Batches,
    ) -> None:
        self.model, self.optimizer, self.schedule, self.ema, self.batches = model, optimizer, schedule, ema, batches
        self.scaler: Any = None
        self.path: Path | None = None
        self.read: dict[str, Any] | None = None
        self.number, self.seconds = 0, 0.0
        self.saved = 0  # the step of the file
        self.whole = True  # no step is half done

    def parts(self) -> dict[str, Any]:
        parts = {
            "model": self.model,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "ema": self.ema,
            "scaler": self.scaler,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def open(self, path: Path) -> None:
        """Note the file, and read it if it is there; ValueError if it is of another run."""
        if not path.absolute().parent.is_dir():
            raise ValueError(f"The folder of the checkpoint {path} is not there: make it first.")
        self.path = path
        if not path.exists():
            return
        self.read = disk.read(path)
        named = {"optimizer": type(self.optimizer).__name__, "schedule": type(self.schedule).__name__}
        shapes = {name: tuple(t.shape) for name, t in self.model.state_dict().items() if isinstance(t, Tensor)}
        there = {name: tuple(t.shape) for name, t in self.read["model"].items() if isinstance(t, Tensor)}
        other = "model" if shapes != there else ""
        other = other or next((kind for kind, name in named.items() if self.read["kinds"][kind] != name), "")
        other = other or ("ema" if ("ema" in self.read) != (self.ema is not None) else "")
        if other:
            raise ValueError(f"The checkpoint {path} is of a run with another {other}: give another file name.")

    def resume(self, scaler: Any) -> None:
        """Go on where the file ends. Without a file, begin."""
        self.scaler = scaler
        self.batches.remember = self.path is not None
        if self.read is None:
            return
        for name, part in self.parts().items():
            if name in self.read:
                part.load_state_dict(self.read[name])
        self.number = self.saved = self.read["number"]
        self.seconds = self.read["seconds"]
        self.batches.resume(self.read["batches"])
        disk.set_random_states(self.read["random"])
        self.read = None

    def save(self) -> None:
        """Write the file, if there is to be one and it would be new and true."""
        if self.path is None or not self.whole or self.number == self.saved:
            return
        kinds = {"optimizer": type(self.optimizer).__name__, "schedule": type(self.schedule).__name__}
        tree = {name: part.state_dict() for name, part in self.parts().items()}
        tree |= {"kinds": kinds, "number": self.number, "seconds": self.seconds}
        disk.write(self.path, tree | {"batches": self.batches.state(), "random": disk.random_states()})
        self.saved = self.number


class _Batches:
    """Batches from the start again each time they end, and how to come back to the same place."""

    def __init__(self, batches: Iterable[Any]) -> None:
        self.batches = batches
        self.generator = getattr(batches, "generator", None)  # a DataLoader may have its own random numbers
        self.position = 0  # batches taken since the start
        self.start: dict[str, Any] | None = None  # random states at the start
        self.remember = False
        self.running: Iterator[Any] | None = None

    def next(self, given: int, steps: int) -> Any:
        if self.running is not None:
            for batch in self.running:
                self.position += 1
                return batch
        self._begin()
        for batch in self.running or ():
            self.position = 1
            return batch
        raise ValueError(f"The batches ended after {given} of {steps} steps: pass a list or a DataLoader.")

    def _begin(self) -> None:
        self.position = 0
        if self.remember:
            self.start = disk.random_states()
            if self.generator is not None:
                self.start["loader"] = self.generator.get_state()
        self.running = iter(self.batches)

    def state(self) -> dict[str, Any]:
        now = {} if self.generator is None else {"loader": self.generator.get_state()}
        return {"position": self.position, "start": self.start, "now": now}

    def resume(self, state: dict[str, Any]) -> None:
        disk.set_random_states(state["start"])
        if self.generator is not None and "loader" in state["start"]:
            self.generator.set_state(state["start"]["loader"])
        self._begin()
        assert self.running is not None
        if isinstance(self.batches, list | tuple):
            self.running = iter(self.batches[state["position"] :])
        else:
            for _ in range(state["position"]):
                next(self.running, None)
        self.position = state["position"]
        if self.generator is not None and "loader" in state["now"]:
            self.generator.set_state(state["now"]["loader"])


class _Snapshot:
    """A copy of the parameters and buffers of a model and its average. One call copies all: 1 to 3 % of a step."""

    def __init__(self, *models: nn.Module | None) -> None:
        states = [model.state_dict().values() for model in models if model is not None]
        self.live = [tensor for state in states for tensor in state if isinstance(tensor, Tensor)]
        self.copy = [tensor.clone() for tensor in self.live]

    @torch.no_grad()
    def take(self) -> None:
        torch._foreach_copy_(self.copy, self.live)

    @torch.no_grad()
    def restore(self) -> None:
        torch._foreach_copy_(self.live, self.copy)

    def is_finite(self) -> bool:
        return all(bool(torch.isfinite(tensor).all()) for tensor in self.live)


class _Interrupt:
    """Notes the first interrupt, so that a step and a turn of the loop end whole, and lets the second one through."""

    def __init__(self) -> None:
        self.came = self.closed = False
        self.former: Any = None
        if threading.current_thread() is threading.main_thread():
            self.former = signal.getsignal(signal.SIGINT)
        if callable(self.former):
            signal.signal(signal.SIGINT, self.note)

    def note(self, number: int, frame: Any) -> None:
        if self.came or self.closed:
            self.former(number, frame)
        self.came = True

    def close(self) -> None:
        self.closed = True
        if callable(self.former) and signal.getsignal(signal.SIGINT) == self.note:
            signal.signal(signal.SIGINT, self.former)


def _accelerator() -> Accelerator:
    from accelerate import Accelerator

    if device().type == "cpu":
        return Accelerator(cpu=True)
    # bfloat16 has float32's range and needs no scaling, but only GPUs since Ampere compute in it; Colab's T4 does not
    return Accelerator(mixed_precision="bf16" if torch.cuda.get_device_capability() >= (8, 0) else "fp16")


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
