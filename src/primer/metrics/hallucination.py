"""What a language model makes up, counted: calls of the standard library that do not exist, and answers about people.

A call is a module and an attribute, "os" and "getcwd". The attribute is looked up in the module itself. Axes: N
contexts, R samples of each, T characters.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from primer import data
from primer.metrics import Interval, wilson
from primer.metrics._answers import COUNTS, Answers, Town, ask, majority, opening, town
from primer.metrics._writing import CONTEXT, NAME, Completions, complete, score

__all__ = [
    "CONTEXT",
    "COUNTS",
    "MODULES",
    "NAME",
    "Answers",
    "Calls",
    "Completions",
    "Town",
    "Use",
    "agreement",
    "ask",
    "auc",
    "bootstrap",
    "calls",
    "complete",
    "coverage",
    "entropy",
    "exists",
    "kind",
    "majority",
    "opening",
    "rate",
    "score",
    "town",
]

# Modules that every Python from 3.11 has on every machine, and whose names are seldom those of variables.
_MODULES = """
    argparse base64 binascii codecs collections contextlib copy csv ctypes datetime decimal enum errno fractions
    functools glob hashlib heapq hmac inspect io itertools json linecache locale logging math operator os pickle
    platform pprint queue random re secrets selectors shlex shutil signal socket statistics struct subprocess sys
    tempfile textwrap threading time tokenize traceback types unittest urllib uuid warnings weakref zipfile zlib"""
MODULES = tuple(_MODULES.split())


class Use(NamedTuple):
    """One call in a text: `start` is where the attribute's name begins."""

    module: str
    attribute: str
    start: int


@dataclass(frozen=True)
class Calls:
    """Lines of source that use MODULES, joined by line ends, and every use in them."""

    text: str
    uses: tuple[Use, ...]

    def seen(self) -> Counter[tuple[str, str]]:
        """How often each (module, attribute) is used."""
        return Counter((use.module, use.attribute) for use in self.uses)

    def contexts(self) -> list[tuple[str, Use]]:
        """The CONTEXT characters before each attribute that has so many before it."""
        return [(self.text[use.start - CONTEXT : use.start], use) for use in self.uses if use.start >= CONTEXT]


@cache
def calls(part: str) -> Calls:
    """The lines of `data.code(part)` that use one of MODULES that their file imports, with a name of its own."""
    lines: list[str] = []
    uses: list[Use] = []
    place = 0
    for file in data.code(part):
        modules = _plain_imports(file.text) & set(MODULES)
        if not modules:
            continue
        pattern = re.compile(rf"(?<![\w.])({'|'.join(sorted(modules))})\.([A-Za-z_]\w*)")
        for line in map(str.strip, file.text.splitlines()):
            found = [] if line.startswith(("#", "import ", "from ")) or len(line) > 100 else pattern.finditer(line)
            here = [Use(match[1], match[2], place + match.start(2)) for match in found]
            if here:
                uses += here
                lines.append(line)
                place += len(line) + 1
    return Calls("\n".join(lines), tuple(uses))


def _plain_imports(text: str) -> set[str]:
    """Names of modules that a file imports under their own names and binds to nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            nodes = list(ast.walk(ast.parse(text)))
        except (SyntaxError, ValueError):  # a template or a file for another Python
            return set()
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names if not alias.asname}
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {alias.asname for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
              if alias.asname}
    bound |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return modules - bound


@cache
def exists(module: str, name: str) -> bool:
    """Whether the module of this Python, on this machine, has the attribute or a submodule of that name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = importlib.import_module(module)
        if hasattr(found, name):
            return True
        return hasattr(found, "__path__") and importlib.util.find_spec(f"{module}.{name}") is not None


def kind(module: str, name: str, seen: Counter[tuple[str, str]]) -> str:
    """"real" if it exists; else "copied" if the training text uses it (it exists elsewhere), else "invented"."""
    if name and exists(module, name):
        return "real"
    return "copied" if seen[module, name] else "invented"


def bootstrap(
    statistic: Callable[[np.ndarray], float], n: int, draws: int = 1000, seed: int = 0
) -> tuple[float, Interval]:
    """A statistic of the units 0 to n - 1, given their indices, and its 95 % interval over resampled units."""
    rng = np.random.default_rng(seed)
    values = [statistic(rng.integers(0, n, n)) for _ in range(draws)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    return statistic(np.arange(n)), Interval(float(low), float(high))


def rate(wrong: np.ndarray, draws: int = 1000) -> tuple[float, Interval]:
    """The mean of wrong (N, R), and its 95 % interval over resampled contexts.

    Where all contexts agree, resamples do not vary and say nothing; the interval is then Wilson's for N contexts.
    """
    by_context = wrong.mean(1)
    if by_context.min() == by_context.max() in (0, 1):
        return float(by_context[0]), wilson(int(by_context.sum()), len(by_context))
    return bootstrap(lambda rows: float(by_context[rows].mean()), len(by_context), draws)


def auc(score: np.ndarray, wrong: np.ndarray) -> float:
    """The chance that a wrong one has the larger score than a right one, ties halved; (N,) each. nan without both."""
    from scipy.stats import rankdata

    wrong = np.asarray(wrong, dtype=bool)
    n = int(wrong.sum())
    if n in (0, len(wrong)):
        return math.nan
    return float((rankdata(score)[wrong].sum() - n * (n + 1) / 2) / (n * (len(wrong) - n)))


def agreement(names: Sequence[Sequence[str]]) -> np.ndarray:
    """For each sample the share of the other samples of its context that say the same, (N, R)."""
    return np.array([[(row.count(name) - 1) / (len(row) - 1) for name in row] for row in map(list, names)])


def entropy(meanings: Iterable[object]) -> float:
    """The entropy in nats of how often each meaning occurs among samples.

    With strings it is that of the wordings, with parsed facts semantic entropy (Farquhar et al., 2024, its discrete
    form): two sentences with the same subject, relation and object are one meaning.
    """
    counts = np.array(list(Counter(meanings).values()))
    p = counts / counts.sum()
    return float(-(p * np.log(p)).sum())


def coverage(confidence: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The curve of selective answering: for k = 1..N, if only the k most confident answers are given, (N, 2).

    Columns: the share answered, and the share of wrong ones among them (El-Yaniv and Wiener, 2010).
    """
    order = np.argsort(-np.asarray(confidence), kind="stable")
    k = np.arange(1, len(order) + 1)
    return np.stack([k / len(order), np.cumsum(~np.asarray(right, dtype=bool)[order]) / k], axis=1)
