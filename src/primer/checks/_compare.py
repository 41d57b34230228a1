"""Comparing an answer with the reference, and saying in plain words where it differs."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

LONGEST = 300  # characters of a value that are shown


def difference(got: Any, expected: Any, rtol: float = 1e-6, atol: float = 1e-9) -> str | None:
    """None if `got` equals `expected` within the tolerance, else what is wrong, as the end of a sentence.

    A number may be a Python number, a NumPy scalar or a tensor of one element; an array may be a NumPy array, a
    tensor or a list of numbers. The shape always counts, the data type does not.
    """
    if isinstance(expected, str | bytes | bool | np.bool_) or expected is None:
        return _exact(got, expected)
    if isinstance(expected, Mapping):
        return _mapping(got, expected, rtol, atol)
    if isinstance(expected, list | tuple) and not _all_numbers(expected):
        return _sequence(got, expected, rtol, atol)
    if isinstance(expected, set | frozenset):
        return None if got == expected else f"expected {show(expected)}, got {show(got)}"
    want = as_array(expected)
    if want is None:
        return None if got == expected else f"expected {show(expected)}, got {show(got)}"
    have = as_array(got)
    if have is None:
        return f"expected {kind(expected)}, got {kind(got)}"
    return _arrays(have, want, got, expected, rtol, atol)


def _exact(got: Any, expected: Any) -> str | None:
    if isinstance(expected, bool | np.bool_):
        value = as_array(got)
        if value is None or value.dtype != bool or value.shape != ():
            return f"expected {bool(expected)}, got {show(got)} ({kind(got)})"
        got = bool(value)
    elif type(got) is not type(expected) and not isinstance(got, type(expected)):
        return f"expected {show(expected)} ({kind(expected)}), got {show(got)} ({kind(got)})"
    return None if got == expected else f"expected {show(expected)}, got {show(got)}"


def _mapping(got: Any, expected: Mapping[Any, Any], rtol: float, atol: float) -> str | None:
    if not isinstance(got, Mapping):
        return f"expected a dictionary, got {kind(got)}"
    if missing := [key for key in expected if key not in got]:
        return f"the key {show(missing[0])} is missing"
    if extra := [key for key in got if key not in expected]:
        return f"the key {show(extra[0])} should not be there"
    for key in expected:
        if wrong := difference(got[key], expected[key], rtol, atol):
            return f"at the key {show(key)}: {wrong}"
    return None


def _sequence(got: Any, expected: list[Any] | tuple[Any, ...], rtol: float, atol: float) -> str | None:
    if not isinstance(got, list | tuple):
        return f"expected {kind(expected)}, got {kind(got)}"
    if len(got) != len(expected):
        return f"expected {kind(expected)}, got {kind(got)}"
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        if wrong := difference(one, other, rtol, atol):
            return f"at position {index}: {wrong}"
    return None


def _arrays(have: np.ndarray, want: np.ndarray, got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if have.shape != want.shape:
        return f"expected {kind(expected)}, got {kind(got)}"
    if want.dtype == bool or have.dtype == bool:
        if have.dtype != want.dtype:
            return f"expected values that are {want.dtype}, got {have.dtype}"
        wrong = have != want
    else:
        wrong = ~np.isclose(have, want, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    if want.shape == ():
        return f"expected {show(expected)}, got {show(got)}"
    if want.size <= 12:
        return f"expected {show(want)}, got {show(have)}"
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = ", ".join(map(str, first))
    return (f"{int(wrong.sum())} of {want.size} values differ; at [{place}] expected {show(want[first])}, "
            f"got {show(have[first])}")


def as_array(value: Any) -> np.ndarray | None:
    """A NumPy array of numbers or truth values, or None if `value` is not made of them."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    elif not isinstance(value, numbers.Number | np.ndarray | np.generic | list | tuple | range):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return array if array.dtype.kind in "biufc" else None


def _all_numbers(values: list[Any] | tuple[Any, ...]) -> bool:
    return bool(values) and all(isinstance(value, numbers.Number | np.generic) for value in values)


def kind(value: Any) -> str:
    """What a value is, with its shape or length, in words."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, numbers.Number | np.generic):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list | tuple | dict | set):
        word = {"dict": "dictionary"}.get(type(value).__name__, type(value).__name__)
        return f"a {word} of length {len(value)}"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def show(value: Any, longest: int = LONGEST) -> str:
    """A value as short text on one line: numbers with six digits, long arrays by their kind and first values."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray):
        if value.shape == ():
            return show(value.item())
        start = value.reshape(-1)[:6]
        body = np.array2string(value if value.size <= 40 else start, precision=6, separator=", ", threshold=50,
                               max_line_width=10**6, floatmode="maxprec", suppress_small=False).replace("\n", "")
        text = " ".join(body.split())
        return text if value.size <= 40 else f"{kind(value)} that starts {text[:-1]}, …]"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, np.generic):
        return str(value)
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        parts = ", ".join(show(item) for item in value[:20]) + (", …" if len(value) > 20 else "")
        text = f"[{parts}]" if isinstance(value, list) else f"({parts}{',' if len(value) == 1 else ''})"
    else:
        text = " ".join(repr(value).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"
