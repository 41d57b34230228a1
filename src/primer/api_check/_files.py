"""Reading what is to be checked: Python files, and notebooks without what only IPython understands."""

from __future__ import annotations

import ast
import json
import re
import warnings
from pathlib import Path

PYTHON_CELLS = {"time", "timeit", "capture", "prun", "debug"}  # cell magics whose cell is still Python
Piece = tuple[int | None, int, str]  # number of the cell, first line in the joined code, code


def plain(cell: str) -> str:
    """A cell with as many lines, without magics, shell lines and questions; "" lines if it is in another language."""
    if _parses(cell):  # a line of a text may begin with a % too
        return cell
    lines = cell.splitlines()
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].lstrip().startswith("%%"):
        if lines[first].lstrip(" %").split(" ")[0] not in PYTHON_CELLS:
            return "\n" * (len(lines) - 1)
        lines[first] = ""
    goes_on = False
    for n, line in enumerate(lines):
        indent = line[: len(line) - len(line.lstrip())]
        skip = re.match(r"\s*([%!?]|[\w.]+\?+\s*$)", line) is not None
        if skip or goes_on:
            lines[n] = "" if goes_on else f"{indent}pass"
            goes_on = line.rstrip().endswith("\\")
        elif captured := re.match(r"(\s*[\w, ]+=)\s*[!%]", line):
            lines[n] = f"{captured[1]} _"  # what a command printed: a name that nothing is known of
    return "\n".join(lines)


def _parses(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
        return True
    except (SyntaxError, ValueError):
        return False


def pieces(path: Path) -> list[Piece]:
    """The code of a file, or of each code cell of a notebook, cells numbered from 1.

    ValueError with one sentence if it cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix != ".ipynb":
            return [(None, 1, text)]
        cells = json.loads(text)["cells"]
        sources = [(n, "".join(cell["source"])) for n, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} is neither Python text in UTF-8 nor a notebook.") from None
    found: list[Piece] = []
    line = 1
    for number, code in sources:
        code = plain(code)
        found.append((number, line, code))
        line += code.count("\n") + 1
    return found


def neighbours(path: Path) -> set[str]:
    """Modules that lie beside a file or around its package: they are the reader's own, and are never imported."""
    folders = [path.resolve().parent]
    while (folders[-1] / "__init__.py").exists():
        folders.append(folders[-1].parent)
    return {entry.stem for folder in folders for entry in folder.iterdir()
            if entry.suffix == ".py" or (entry.is_dir() and next(entry.glob("*.py"), None))}
