"""Does every name that a piece of Python takes from a library exist there? Found out without running it.

The code is parsed, never run. The libraries that it imports are imported, to look at them, but only from the folders of
the standard library and of installed packages: a file that lies beside the checked one is never imported. Imports,
aliases, attributes, methods of results and keyword arguments are looked up in what is installed on this machine. What
cannot be known without running the code (dynamic attributes, built-in code without a signature, what passes
through **kwargs) gives no finding.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

from primer.api_check._files import neighbours, pieces
from primer.api_check._walk import Walker

__all__ = ["Finding", "check_api", "check_file"]


@dataclass(frozen=True)
class Finding:
    """One thing that is not there: `name` as people write it, why, and what may have been meant.

    line: counted from 1, in the code or, if `cell` is not None, in that cell of a notebook (cells from 1, all kinds).
    """

    line: int
    name: str
    reason: str
    suggestions: list[str] = field(default_factory=list)
    cell: int | None = None

    def __str__(self) -> str:
        meant = f" (did you mean {' or '.join(self.suggestions)}?)" if self.suggestions else ""
        cell = f"cell {self.cell}, " if self.cell else ""
        return f"{cell}line {self.line}: {self.reason}{meant}"


TOO_DEEP = Finding(1, "syntax", "this is nested too deeply to be read")


def check_api(code: str, local: Collection[str] = ()) -> list[Finding]:
    """Findings in the order of their lines, [] if everything that can be looked up exists.

    local: names of modules of the reader's own; nothing is said of them, and they are never imported.
    A line with the comment `# check-api: ignore` is passed over. A syntax error is one finding.
    """
    tree = _parsed(code)
    if isinstance(tree, Finding):
        return [tree]
    ignored = _ignored(code)
    try:
        rows = Walker(tree, local).found
    except RecursionError:
        return [TOO_DEEP]
    found = {(line, name): Finding(line, name, reason, suggestions)
             for line, name, reason, suggestions in reversed(rows) if line not in ignored}
    return [found[key] for key in sorted(found)]


def check_file(path: str | Path) -> list[Finding]:
    """The findings in a Python file or a notebook. ValueError with one sentence if it cannot be read.

    The cells of a notebook are one program. Magics and shell lines are passed over, and so is a cell that is no Python,
    after one finding.
    """
    path = Path(path)
    parts = pieces(path)
    broken = {cell: tree for cell, _, code in parts if isinstance(tree := _parsed(code), Finding)}
    code = "\n".join("\n" * text.count("\n") if cell in broken else text for cell, _, text in parts)
    found = [replace(finding, cell=cell) for cell, finding in broken.items()]
    for finding in check_api(code, neighbours(path)):
        cell, first, _ = max((part for part in parts if part[1] <= finding.line), key=lambda part: part[1])
        found.append(replace(finding, cell=cell, line=finding.line - first + 1))
    return sorted(found, key=lambda finding: (finding.cell or 0, finding.line))


def _parsed(code: str) -> ast.Module | Finding:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in the checked code is not our business
            return ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return Finding(line, "syntax", f"this is not Python: {getattr(error, 'msg', error)}")
    except (RecursionError, MemoryError):
        return TOO_DEEP


def _ignored(code: str) -> set[int]:
    """Lines with the comment that says so."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0] for token in tokens
            if token.type == tokenize.COMMENT and "check-api: ignore" in token.string}
