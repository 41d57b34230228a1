"""What calls return, by jedi, who reads stubs, annotations and sources and runs nothing.

jedi never sees the checked code. It is asked about one expression that is made of library names alone, such as
`pathlib.Path().read_text()`, so that neither names nor files of the reader can mislead it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import logging
import re
import sys
import tempfile
import textwrap
import typing
from pathlib import Path
from typing import Any

from primer.api_check._library import find_module, source

# numpy declares these through protocols that jedi does not follow.
ARRAYS = {"array", "asarray", "zeros", "ones", "empty", "arange", "concatenate", "zeros_like", "ones_like",
          "empty_like", "full_like"}


@functools.cache
def _engine() -> tuple[Any, Any, Any]:
    import jedi

    logging.getLogger("parso").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as nowhere:  # a project without files: jedi looks beside nobody's code
        project = jedi.Project(path=nowhere, load_unsafe_extensions=False)
    return jedi, jedi.InterpreterEnvironment(), project


@functools.cache
def infer(header: str, expression: str, loop: bool = False) -> tuple[type, ...]:
    """Classes of which the expression may be an instance, () if they are not known.

    header: imports and annotated names that the expression uses; loop: of an element of the expression instead.
    """
    jedi, environment, project = _engine()
    last = f"for _r in {expression}:\n    _r" if loop else f"_r = {expression}\n_r"
    code = f"{header}\n{last}"
    try:
        script = jedi.Script(code, environment=environment, project=project)
        names = script.infer(len(code.splitlines()), 5 if loop else 1)
    except Exception:  # jedi stumbles over unusual sources: then nothing is known
        return ()
    found = []
    for name in names:
        cls = _class(name.full_name) if name.type == "instance" else None
        if cls is None or cls is object:
            return ()
        found.append(cls)
    return tuple(cls for cls in dict.fromkeys(found) if cls is not type(None))


def _class(full_name: str | None) -> type | None:
    """The class behind a name that jedi gives, typing's aliases made plain."""
    if not full_name:
        return None
    if full_name == "builtins.NoneType":
        return type(None)
    if full_name.endswith("._ArrayOrScalarCommon"):  # "itself", in numpy's stubs
        full_name = "numpy.ndarray"
    thing: Any = locate(full_name)
    thing = typing.get_origin(thing) or thing
    if not isinstance(thing, type) or thing.__module__ == "typing":
        return None
    return thing


def locate(dotted: str) -> Any:
    """The library's object of a dotted name, None if there is none."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        name = ".".join(parts[:n])
        module = sys.modules.get(name) or find_module(name)
        if inspect.ismodule(module):
            try:
                return functools.reduce(getattr, parts[n:], module)
            except AttributeError:
                return None
    return None


def declared(function: Any) -> bool:
    """Whether what the function returns is written down: in a stub, by an annotation, or it is built in."""
    function = inspect.unwrap(function) if callable(function) else function
    if not hasattr(function, "__code__"):
        return True
    module = sys.modules.get(function.__module__)
    package = function.__module__.partition(".")[0]
    if package in sys.stdlib_module_names:
        return True
    if "return" in function.__annotations__:
        return function.__annotations__["return"] not in (Any, "Any", object, "object")
    file = Path(getattr(module, "__file__", None) or "")
    stub = file.with_name(f"{file.name.partition('.')[0]}.pyi") if file.name else file
    return stub.is_file() and re.search(rf"\b{function.__name__}\b", stub.read_text(encoding="utf-8")) is not None


@functools.cache
def returns(function: Any) -> ast.expr | None:
    """The one expression that a Python function returns wherever it returns, else None."""
    function = inspect.unwrap(function)
    try:
        tree = ast.parse(textwrap.dedent(source(function)))
    except SyntaxError:
        return None
    if not tree.body or not isinstance(tree.body[0], ast.FunctionDef):
        return None
    found = {}
    pending: list[ast.AST] = list(tree.body[0].body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return):
            found[ast.dump(node.value) if node.value else ""] = node.value
        elif isinstance(node, ast.Yield | ast.YieldFrom):
            return None
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending += ast.iter_child_nodes(node)
    return next(iter(found.values())) if len(found) == 1 else None


def documented_array(function: Any) -> bool:
    """Whether a docstring in numpy's style promises one plain array: "Returns ... y : ndarray of shape"."""
    text = inspect.getdoc(function) or ""
    _, _, after = text.partition("Returns\n-------\n")
    first = after.split("\n")[0].partition(" : ")[2]
    lines = [line for line in after.split("\n\n")[0].split("\n") if line and not line.startswith(" ")]
    return first.startswith("ndarray of shape") and " or " not in first and len(lines) == 1
