"""Running a check on a reader's function."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import linecache
import os
import traceback
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from primer.checks._compare import difference, kind, show
from primer.checks._registry import Check, find, texts
from primer.checks._verdict import NOT_ATTEMPTED, NOT_YET, PASSED, Text, Verdict


class NotPassed(AssertionError):
    """Raised instead of a verdict under nbgrader, which takes an error for "no points"."""


def check(id: str, fn: Callable[..., Any] | None) -> Verdict:
    """Check a function on the visible cases and show the verdict.

    Never raises in a reader's run. Under nbgrader (NBGRADER_EXECUTION is set) it raises `NotPassed` unless passed.
    Under PRIMER_STRICT=1, where our own answers are tested, it raises for a wrong answer and for an unknown id, and
    not for one that is missing: the notebooks as they are handed out run through.
    """
    try:
        found = find(id)
    except LookupError as error:
        if _strict():
            raise
        verdict = Verdict(str(id), NOT_ATTEMPTED, str(error))
    else:
        rngs = [np.random.default_rng(seed) for seed in found.seeds]
        verdict = run_check(found, fn, rngs)
    return conclude(verdict)


def conclude(verdict: Verdict) -> Verdict:
    """Show the verdict, or raise it: see `check`."""
    if (os.environ.get("NBGRADER_EXECUTION") and not verdict) or (_strict() and verdict.status == NOT_YET):
        raise NotPassed(str(verdict))
    return verdict.show()


def _strict() -> bool:
    return os.environ.get("PRIMER_STRICT") == "1"


def hint(id: str, n: int = 1) -> Text:
    """Show hint number `n`, counted from 1."""
    try:
        hints = texts(id).get("hints", [])
    except LookupError as error:
        return Text(str(error)).show()
    if not hints:
        return Text(f"There is no hint for {id}.").show()
    if not isinstance(n, int) or not 1 <= n <= len(hints):
        return Text(f"Hints for {id} are numbered from 1 to {len(hints)}.").show()
    more = f' Next: `primer.hint("{id}", {n + 1})`.' if n < len(hints) else ""
    return Text(f"**Hint {n} of {len(hints)}.** {hints[n - 1]}{more}").show()


def solution(id: str) -> Text:
    """Show one solution."""
    try:
        source = texts(id)["solution"]
    except LookupError as error:
        return Text(str(error)).show()
    return Text(f"```python\n{source}\n```").show()


def run_check(check: Check, fn: Any, rngs: Iterable[np.random.Generator], quiet: bool = False) -> Verdict:
    """Try `fn` on the cases drawn from each generator, up to the first that fails. Shows nothing, raises nothing.

    quiet: swallow what the function prints. Warnings are always swallowed: text on standard error would cost a
    student all points under nbgrader.
    """
    if fn is None or fn is Ellipsis:
        return Verdict(check.id, NOT_ATTEMPTED, "Write the function, then run this again.")
    if not callable(fn):
        return Verdict(check.id, NOT_YET, f"Give the function itself, without calling it; this is {kind(fn)}.")
    count = 0
    for rng in rngs:
        for args in check.cases(rng):
            count += 1
            failed = _try(check, fn, args, quiet)
            if failed is not None:
                return failed
    return Verdict(check.id, PASSED, f"{count} cases agree." if count > 1 else "The case agrees.")


def _try(check: Check, fn: Callable[..., Any], args: tuple[Any, ...], quiet: bool) -> Verdict | None:
    """One case: None if right, else the verdict. Every call gets its own copy of the arguments."""
    expected = check.reference(*copy.deepcopy(args))
    case = check.describe(*copy.deepcopy(args)) if check.describe else _call(check, fn, args)
    try:
        with _silence(quiet):
            got = fn(*copy.deepcopy(args))
            if got is None and expected is not None:
                raise NotImplementedError
            wrong = (check.compare(got, expected, copy.deepcopy(args)) if check.compare
                     else difference(got, expected, check.rtol, check.atol))
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and not str(error):  # the stub; torch's own come with a text
            return Verdict(check.id, NOT_ATTEMPTED, "The function returns nothing yet.")
        return Verdict(check.id, NOT_YET, f"{case} raised {_say(error, fn)}")
    return Verdict(check.id, NOT_YET, f"{case}: {wrong}.") if wrong else None


def _call(check: Check, fn: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """The case as the call that a reader can type: posterior(prior=[0.5, 0.5], likelihood=[0.2, 0.8])."""
    name = getattr(fn, "__name__", check.reference.__name__)
    names = list(inspect.signature(check.reference).parameters)
    names += [""] * (len(args) - len(names))
    parts = [f"{key}={show(value)}" if key else show(value) for key, value in zip(names, args, strict=False)]
    return f"{name}({', '.join(parts)})"


def _say(error: BaseException, fn: Callable[..., Any]) -> str:
    """An exception in one line, with the reader's own line where it can be found."""
    text = " ".join(str(error).split())
    name = type(error).__name__
    file = getattr(getattr(fn, "__code__", None), "co_filename", None)
    lines = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    source = linecache.getline(lines[-1].filename, lines[-1].lineno or 0).strip() if lines else ""
    where = f', in your line "{source}"' if source else ""
    return (f"{name}: {text}" if text else name) + where + "."


@contextlib.contextmanager
def _silence(quiet: bool):
    """Swallow warnings and standard error, and standard output too if `quiet`."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        if quiet:
            stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        yield
