"""What a check is, and where the checks of a topic are found."""

from __future__ import annotations

import difflib
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

_checks: dict[str, Check] = {}


@dataclass(frozen=True)
class Check:
    """One exercise's check.

    id: topic, a dot and a name: "bayes.posterior".
    reference: the right function; it gets its own copy of the arguments.
    cases: numpy Generator -> iterable of argument tuples.
    seeds: seeds of the visible cases.
    rtol, atol: a number passes if |got - expected| <= atol + rtol * |expected|.
    compare: (got, expected, args) -> None if right, else what is wrong, as the end of a sentence.
    describe: (*args) -> the case in words; by default the call itself is shown.
    """

    id: str
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Iterable[tuple[Any, ...]]]
    seeds: tuple[int, ...] = (0, 1, 2)
    rtol: float = 1e-6
    atol: float = 1e-9
    compare: Callable[[Any, Any, tuple[Any, ...]], str | None] | None = None
    describe: Callable[..., str] | None = None


def register(check: Check) -> Check:
    """Make the check known by its id. A second registration replaces the first, so that a reload works."""
    if "." not in check.id:
        raise ValueError(f'A check has an id of topic, dot and name, such as "bayes.posterior"; got "{check.id}".')
    _checks[check.id] = check
    return check


def topics() -> list[str]:
    """Every topic that has a file of checks."""
    import primer.checks

    return sorted(m.name for m in pkgutil.iter_modules(primer.checks.__path__) if not m.name.startswith("_"))


def find(id: str) -> Check:
    """The check of this id. LookupError, one sentence with near matches, if there is none."""
    topic = str(id).partition(".")[0]
    if topic in topics():
        importlib.import_module(f"primer.checks.{topic}")
    if id not in _checks:
        for other in topics():
            importlib.import_module(f"primer.checks.{other}")
        raise LookupError(unknown(id, sorted(_checks)))
    return _checks[id]


def unknown(id: str, known: list[str]) -> str:
    """One sentence for an id that nobody knows."""
    near = difflib.get_close_matches(str(id), known, n=3, cutoff=0.4)
    if near:
        return f'There is no exercise "{id}"; did you mean {" or ".join(near)}?'
    return f'There is no exercise "{id}"; there are {", ".join(known) or "none yet"}.'


def texts(id: str) -> dict[str, Any]:
    """Title, hints and solution of an exercise, as the notebook generator wrote them. LookupError if unknown."""
    known: dict[str, dict[str, Any]] = {}
    for file in resources.files("primer.checks").iterdir():
        if file.name.endswith(".json"):
            known.update(json.loads(file.read_text(encoding="utf-8")))
    if id not in known:
        raise LookupError(unknown(id, sorted(known)))
    return known[id]
