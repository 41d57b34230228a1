"""Hidden checks, for a class: cases that only the instructor can foresee, different for each student.

The code of every check is public, and so are the solutions: self-learners need them. What an instructor keeps is one
secret, PRIMER_COURSE_SECRET. From it and the student's id comes the student's key, and from that key and the
exercise's id come the cases::

    student's key = HMAC-SHA256(secret, student id)
    seed of the cases = HMAC-SHA256(student's key, check id)

So the cases of two students differ, those of one student are the same at every grading, and nobody without the secret
can know them.

How it runs. ``primer assignment`` writes a course folder whose ``nbgrader_config.py`` puts `primer.grading.autograde`
in place of nbgrader's own step that executes a notebook. That step takes the secret out of the environment and gives
the kernel, in PRIMER_STUDENT_KEY, the key of that one student. The secret never reaches code that a student wrote.

What this prevents: handing in values that were copied from a neighbour or learnt from the visible cases, and reading
the secret. What it does not prevent:

- copying the code. The solutions are public; what must not be copied is assigned as a written investigation.
- sabotage. nbgrader runs a student's code in the same process as the check, with the rights of whoever grades, so
  code written for the purpose can replace the check, or read the student's own key and with it that student's own
  cases. The check is taken afresh from the installed files each time, which undoes accidents and simple tricks, and
  a cheat of this kind stands in the notebook for everyone to see. Autograde on a machine, a container or an account
  that holds nothing else, as nbgrader itself advises.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

SECRET, KEY = "PRIMER_COURSE_SECRET", "PRIMER_STUDENT_KEY"
ROUNDS = 5  # how often the cases of a check are drawn anew
INSTRUCTOR = "instructor"  # the student id of an instructor who tries a notebook out


class NoSecret(RuntimeError):
    """Autograding without the course's secret: the instructor's to mend, not the student's."""


def hidden(id: str, fn: Callable[..., Any] | None) -> None:
    """Check a function on hidden cases.

    Under nbgrader's autograding: passes in silence or raises `primer.checks.NotPassed`; `NoSecret` without a key.
    Elsewhere: shows a verdict where PRIMER_COURSE_SECRET is set (an instructor tries the notebook out), and else
    says in one line that there is nothing to do. LookupError for an id that no check has.
    """
    key = os.environ.get(KEY)
    if key is None and os.environ.get("NBGRADER_EXECUTION") == "autograde":
        raise NoSecret(f"The hidden checks have no key: set {SECRET} and autograde in a folder made by "
                       "`primer assignment`, whose nbgrader_config.py hands each student's key on.")
    if key is None and os.environ.get(SECRET):
        key = student_key(os.environ[SECRET], INSTRUCTOR)
    if key is None:
        if not os.environ.get("PRIMER_BOOK"):
            print(f"{id}: the hidden checks need {SECRET} and run in grading only.")
        return
    checks = fresh_checks(id.partition(".")[0])
    check = checks.find(id)
    rngs = [np.random.default_rng(seed) for seed in seeds(key, id)]
    verdict = checks.run_check(check, fn, rngs, quiet=True)
    checks.conclude(checks.Verdict(verdict.id, verdict.status, f"Hidden cases: {verdict.message}"))


def student_key(secret: str, student: str) -> str:
    """The key of a student, 64 hexadecimal digits."""
    return hmac.new(secret.encode(), student.encode(), hashlib.sha256).hexdigest()


def seeds(key: str, id: str, rounds: int = ROUNDS) -> list[tuple[int, int]]:
    """Seeds for NumPy's generator: a student's cases of one check."""
    drawn = hmac.new(key.encode(), id.encode(), hashlib.sha256).digest()
    return [(int.from_bytes(drawn, "big"), round) for round in range(rounds)]


def fresh_checks(topic: str) -> ModuleType:
    """`primer.checks` with those of one topic, as the installed files have them, whatever a notebook did to its own."""
    name = "primer.checks"
    loaded = {key: sys.modules.pop(key) for key in list(sys.modules) if key == name or key.startswith(name + ".")}
    import primer

    before = vars(primer).get("checks")
    try:
        module = importlib.import_module(name)
        if topic in module._registry.topics():
            importlib.import_module(f"{name}.{topic}")
    finally:
        for key in [key for key in sys.modules if key == name or key.startswith(name + ".")]:
            del sys.modules[key]
        sys.modules.update(loaded)
        if before is not None:
            primer.checks = before  # type: ignore[attr-defined]
    return module
