"""What every chapter starts with: set-up, budgets and expected numbers."""

from __future__ import annotations

import json
import math
import os
import random
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # importing this file must not load numpy or torch
    import numpy as np
    import torch

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """Where and with which randomness a chapter runs.

    device: the GPU if there is one, else the CPU. seed: an integer >= 0. rng: a NumPy generator started from it.
    """

    device: torch.device
    seed: int
    rng: np.random.Generator


@dataclass(frozen=True)
class Expectation:
    """One number that a chapter announced with `expect`: its value, its range and whether it lies within."""

    name: str
    value: float
    low: float | None
    high: float | None
    unit: str

    @property
    def met(self) -> bool:
        """True if low <= value <= high. NaN never is; an absent bound always holds."""
        if math.isnan(self.value):
            return False
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def number(self) -> str:
        """The value with its unit: three significant digits, more only where the range or the verdict needs them."""
        text = format_number(self.value, self._decimals())
        return f"{text} {self.unit}".rstrip()

    @property
    def range(self) -> str:
        """The range in words: "0.94 to 0.98", "≥ 0.9", "≤ 0.1", "exactly 3" or "not set"."""
        low, high = (None if b is None else format_number(b, _decimals(b)) for b in (self.low, self.high))
        if low is not None and high is not None:
            return f"exactly {low}" if self.low == self.high else f"{low} to {high}"
        if low is not None:
            return f"≥ {low}"
        return "not set" if high is None else f"≤ {high}"

    @property
    def verdict(self) -> str:
        """Mark and word: "✓ as expected" or "✗ outside"; "· no range" as long as neither bound is set."""
        if self.low is None and self.high is None:
            return "· no range"
        return "✓ as expected" if self.met else "✗ outside"

    def _decimals(self) -> int:
        """The decimals to show so that the shown value is on the same side of each bound as the value itself."""
        bounds = [bound for bound in (self.low, self.high) if bound is not None]
        decimals = max([2 - _exponent(self.value), 0, *map(_decimals, bounds)]) if math.isfinite(self.value) else 0
        if float(self.value).is_integer():
            decimals = max([0, *map(_decimals, bounds)])
        while decimals < 17 and any(
            (round(self.value, decimals) < bound) != (self.value < bound)
            or (round(self.value, decimals) > bound) != (self.value > bound)
            for bound in bounds
            if not math.isclose(self.value, bound, rel_tol=1e-12)
        ):
            decimals += 1
        return decimals


_run: Run | None = None
_expectations: dict[str, Expectation] = {}


def setup(seed: int = 0) -> Run:
    """Seed every generator, choose device and threads, set the plotting style, and say in one line where this runs.

    A CPU gets one torch thread, because the course's small steps are faster so; PRIMER_THREADS changes that and
    PRIMER_SEED replaces `seed`. All randomness of a chapter comes from the returned `run.rng` and `run.seed`.
    Calling it again forgets the numbers that `expect` has seen. ValueError if a seed or a thread count is no integer
    in its range.
    """
    global _run
    import numpy as np
    import torch

    import primer
    from primer import plots

    seed = _integer("PRIMER_SEED", seed, least=0)
    random.seed(seed)
    np.random.seed(seed)  # scikit-learn draws from it where no random_state is given
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        place = f"GPU {torch.cuda.get_device_name(device)}"
    else:
        threads = _set_threads(_integer("PRIMER_THREADS", 1, least=1))
        place = f"CPU, {threads} thread{'s' if threads > 1 else ''}"
    plots.style()
    _expectations.clear()
    _run = Run(device, seed, np.random.default_rng(seed))
    python = "{}.{}".format(*sys.version_info)
    print(f"primer {primer.__version__} · {place} · seed {seed} · Python {python}")
    return _run


def device() -> torch.device:
    """The device chosen by `setup`; before `setup`, the one it would choose."""
    import torch

    return _run.device if _run else torch.device("cuda" if torch.cuda.is_available() else "cpu")


def budget(*, cpu: T, gpu: T) -> T:
    """The value for this device, such as a number of training steps. Ranges in the text are measured with `cpu`."""
    return gpu if device().type == "cuda" else cpu


def strict() -> bool:
    """True where an unexpected number has to stop the run: in tests and in the book's build (PRIMER_STRICT=1)."""
    return os.environ.get("PRIMER_STRICT") == "1"


def on_page() -> bool:
    """True where nobody watches a bar move, and a page keeps what is printed: in tests and in the book's build."""
    return strict() or os.environ.get("PRIMER_BOOK") == "1"


def expect(name: str, value: Any, low: float | None = None, high: float | None = None, unit: str = "") -> float:
    """Print a number with the range it was announced with and a verdict; return it as a float.

    A range is the mean ± 5 standard deviations over ten seeds or more (`tools/ranges.py`), an inequality that decides
    a claim has one bound, and a number that depends on no seed may have low = high. `name` is unique in a chapter;
    it and the bounds are literals, or come from a literal in the same cell, so that a test can read them.
    Under PRIMER_STRICT=1 and with the CPU's budget a number outside raises AssertionError; elsewhere a reader may
    have changed the experiment on purpose, and the run goes on. ValueError if low > high; under PRIMER_STRICT=1 also
    for a name used twice or without a bound. TypeError if `value` is not one number.
    """
    if low is not None and high is not None and low > high:
        raise ValueError(f"expect({name!r}) has low = {low} above high = {high}: exchange them.")
    try:
        entry = Expectation(name, float(value), low, high, unit)
    except (TypeError, ValueError, RuntimeError):  # what lists, strings, arrays and tensors answer
        raise TypeError(f"expect({name!r}) needs one number, not {value!r}.") from None
    if strict() and name in _expectations:
        raise ValueError(f"expect({name!r}) is used twice in this chapter: give each number a name of its own.")
    if strict() and low is None and high is None:
        raise ValueError(f"expect({name!r}) has no range: measure one with tools/ranges.py and write low or high.")
    _expectations[name] = entry
    _log(entry)
    on_gpu = device().type == "cuda"
    note = " (measured with the CPU's budget)" if on_gpu and not entry.met else ""
    print(f"{name}: {entry.number} · expected {entry.range}{note} · {entry.verdict}")
    if strict() and not on_gpu and not entry.met:
        raise AssertionError(f"{name} is {entry.number}, expected {entry.range}.")
    return entry.value


def expectation(name: str) -> Expectation:
    """The number announced under `name` since `setup`. ValueError with the known names if there is none."""
    if name not in _expectations:
        known = ", ".join(map(repr, _expectations)) or "none yet"
        raise ValueError(f"No expect({name!r}, ...) has run in this notebook; it has: {known}.")
    return _expectations[name]


def format_number(value: float, decimals: int) -> str:
    """`value` with so many decimals and thousands separated; powers of ten below 0.0001 and from 10 million on."""
    if not math.isfinite(value):
        return str(value)
    if value and not -4 <= _exponent(value) < 7:
        return f"{value:.{max(2, decimals + _exponent(value))}e}" if _exponent(value) < 0 else f"{value:.2e}"
    return f"{value:,.{decimals}f}"


def _exponent(value: float) -> int:
    """The power of ten of the first digit: 0 for 1 to 9.99, -1 for 0.1; 0 for zero."""
    return math.floor(math.log10(abs(value))) if value else 0


def _decimals(bound: float) -> int:
    """The decimals with which a bound was written: 2 for 0.94, 0 for 3 and 3.0."""
    exponent = Decimal(repr(float(bound))).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _integer(variable: str, default: int, least: int) -> int:
    """The integer that an environment variable holds, or `default`."""
    text = os.environ.get(variable, str(default))
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise ValueError(f"{variable} must be an integer of at least {least}, not {text!r}.")
    return number


def _set_threads(threads: int) -> int:
    """One setting for torch, for the libraries that NumPy has loaded, and for those that are loaded later."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(threads)
    threadpool_limits(threads)
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    return threads


def _log(entry: Expectation) -> None:
    """Append the number as a JSON line to the file that PRIMER_EXPECT_LOG names, for tools/ranges.py."""
    path = os.environ.get("PRIMER_EXPECT_LOG")
    if path:
        with open(path, "a", encoding="utf-8") as log:
            log.write(json.dumps(entry.__dict__) + "\n")
