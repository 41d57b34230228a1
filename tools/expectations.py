"""What a chapter's text announces: the name and the bounds of every `expect`, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext


@dataclass(frozen=True)
class Written:
    """An `expect` in a chapter's text: its name and its bounds as written there."""

    name: str
    low: float | None
    high: float | None


def written(path: Path) -> list[Written]:
    """Every `expect` in a chapter's code, once for each turn of a loop.

    Name, low and high are literals, or come from a literal in the same cell: ``for name, low, high in [...]``,
    ``expect(name, value, *ranges[name])``. ValueError for what cannot be known without running the chapter.
    """
    found: list[Written] = []
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code":
            plain = [line for line in cell.source.splitlines() if not line.startswith(("%", "!"))]
            known: dict[str, Any] = {}
            found += (_literals(call, names, path) for call, names in _calls(ast.parse("\n".join(plain)), known))
    return found


def _calls(node: ast.AST, known: dict[str, Any]) -> Iterator[tuple[ast.Call, dict[str, Any]]]:
    """The calls of `expect` in the order of execution, each with the names whose values follow from literals."""
    if isinstance(node, ast.For):
        for names in _turns(node.target, node.iter, known):
            for statement in node.body:
                yield from _calls(statement, names)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        turns = [known]
        for loop in node.generators:
            turns = [names for outer in turns for names in _turns(loop.target, loop.iter, outer)]
        for names in turns:
            yield from _calls(node.value if isinstance(node, ast.DictComp) else node.elt, names)
    else:
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "expect":
            yield node, dict(known)
        for child in ast.iter_child_nodes(node):
            yield from _calls(child, known)
        if isinstance(node, ast.Assign):
            _assign(node, known)


def _assign(node: ast.Assign, known: dict[str, Any]) -> None:
    """Learn a name's literal value, or forget what was known of a name that now holds something computed."""
    try:
        known.update(_unpack(node.targets[0], _evaluate(node.value, known)))
    except Exception:
        for name in ast.walk(node.targets[0]):
            if isinstance(name, ast.Name):
                known.pop(name.id, None)


def _turns(target: ast.expr, values: ast.expr, known: dict[str, Any]) -> list[dict[str, Any]]:
    """What is known in each turn of a loop; one turn that knows no more if the loop is over something computed."""
    try:
        return [known | _unpack(target, value) for value in _evaluate(values, known)]
    except Exception:
        return [dict(known)]


def _unpack(target: ast.expr, value: Any) -> dict[str, Any]:
    if isinstance(target, ast.Tuple | ast.List):
        pairs = zip(target.elts, value, strict=True)
        return {name: inner for part, item in pairs for name, inner in _unpack(part, item).items()}
    return {ast.unparse(target): value}


def _evaluate(node: ast.expr, known: dict[str, Any]) -> Any:
    """The value of an expression of literals and known names; an exception if it needs anything else."""
    return eval(compile(ast.Expression(node), "chapter", "eval"), {"__builtins__": {}}, known)


def _literals(call: ast.Call, known: dict[str, Any], path: Path) -> Written:
    try:
        arguments: list[Any] = []
        for i, node in enumerate(call.args):
            if isinstance(node, ast.Starred):
                arguments += _evaluate(node.value, known)
            else:
                arguments.append(None if i == 1 else _evaluate(node, known))  # the value itself is computed
        given = dict(zip(("name", "value", "low", "high", "unit"), arguments, strict=False))
        given |= {k.arg: _evaluate(k.value, known) for k in call.keywords if k.arg in ("name", "low", "high")}
        return Written(given["name"], given.get("low"), given.get("high"))
    except Exception:
        text = ast.unparse(call)
        raise ValueError(
            f"{path.name}: name, low and high must be literals, or come from one in the same cell, in {text}."
        ) from None
