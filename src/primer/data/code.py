"""The standard library of the Python that runs, as text."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from primer.data.base import unknown

PARTS = ("train", "validation", "test")

SKIPPED_FOLDERS = {
    # not the library
    *("site-packages", "dist-packages", "test", "tests"),
    # made by a program, in near copies of one another that would stand on both sides of the split
    *("encodings", "pydoc_data"),
    # not everywhere: removed since Python 3.11, or installed apart from the rest by Linux distributions
    *("distutils", "lib2to3", "msilib", "idlelib", "tkinter", "turtledemo"),
}
SKIPPED_PREFIXES = ("_sysconfigdata", "sitecustomize", "usercustomize")


@dataclass(frozen=True)
class SourceFile:
    """One file of the library. module: "json.decoder". text: its source."""

    module: str
    text: str


@dataclass(frozen=True)
class Docstring:
    """module: "json.decoder". name: "JSONDecoder.decode", empty for the module's own docstring. text: unindented."""

    module: str
    name: str
    text: str


def code(part: str | None = None) -> tuple[SourceFile, ...]:
    """The files of the running Python's standard library, sorted by module; one part of a split, or all of them.

    part: "train" (about 80 % of the files), "validation" or "test" (10 % each). A file's part is a hash of its
    module's name, so it is the same for every Python version. ValueError for another part.

    Left out: installed packages, tests, generated tables, packages that not every installation has, and files that do
    not decode. About 7.8 million characters in 500 files; the text differs between Python versions, so what a chapter
    announces about it is an inequality.
    """
    files = _library()
    return files if part is None else tuple(file for file in files if _part(file.module) == _known(part))


def docstrings(part: str | None = None) -> tuple[Docstring, ...]:
    """Every docstring of `code(part)`: of modules, classes and functions, in the order of the text."""
    return tuple(entry for file in code(part) for entry in _docstrings(file))


@cache
def _library() -> tuple[SourceFile, ...]:
    root = Path(sysconfig.get_path("stdlib"))
    files = []
    for path in root.rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if SKIPPED_FOLDERS.intersection(parts) or parts[-1].startswith(SKIPPED_PREFIXES):
            continue
        if not all(part.isidentifier() for part in parts):  # such as config-3.11-x86_64-linux-gnu
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        if text.strip():
            files.append(SourceFile(".".join(parts).removesuffix(".__init__"), text))
    return tuple(sorted(files, key=lambda file: file.module))


@cache
def _docstrings(file: SourceFile) -> tuple[Docstring, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an old file's invalid escapes are no concern of the reader's
        try:
            tree = ast.parse(file.text)
        except (SyntaxError, ValueError):  # a template or a file for another Python
            return ()
    found = []

    def visit(node: ast.AST, names: tuple[str, ...]) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = (*names, node.name)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                found.append(Docstring(file.module, ".".join(names), text))
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr):  # an expression holds no definition with a docstring
                visit(child, names)

    visit(tree, ())
    return tuple(found)


def _part(module: str) -> str:
    tenth = int.from_bytes(sha256(module.encode()).digest()[:8], "big") % 10
    return "test" if tenth == 9 else "validation" if tenth == 8 else "train"


def _known(part: str) -> str:
    if part not in PARTS:
        raise unknown("part", part, PARTS)
    return part
