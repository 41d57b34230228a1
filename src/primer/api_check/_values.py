"""What an expression of the checked code may stand for, and what its attributes and calls then stand for.

A value is a tuple of alternatives; the empty tuple means "unknown". An unknown alternative makes the whole unknown.
"""

from __future__ import annotations

import ast
import functools
import inspect
import io
import pathlib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from primer.api_check import _library as library
from primer.api_check import _results as results


@dataclass(frozen=True)
class Live:
    """Something that a library has: a module, class, function or constant."""

    thing: Any
    path: str  # as people write it, "numpy.linspace"

    def __hash__(self) -> int:
        return hash(self.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live) and self.thing is other.thing


@dataclass(frozen=True)
class Instance:
    """Some instance of a library's class, `exact` if of no subclass of it."""

    cls: type
    exact: bool
    header: str = ""  # with these imports ...
    expression: str = ""  # ... jedi knows it by this expression; "" if it does not

    def known(self) -> tuple[str, str]:
        """Imports and expression for jedi."""
        if self.expression:
            return self.header, self.expression
        return f"import {self.cls.__module__}\n_x: {self.cls.__module__}.{self.cls.__qualname__}", "_x"


@dataclass(frozen=True)
class Bound:
    """A method of an instance."""

    owner: Instance
    name: str
    function: Any

    def __hash__(self) -> int:
        return hash((self.owner, self.name))


@dataclass(frozen=True)
class Result:
    """What a call returns, an attribute that is no method holds, or a loop gets: found out when it is needed."""

    source: Live | Bound | Instance
    header: str
    expression: str
    loop: bool = False


Alternative = Live | Instance | Bound | Result
Value = tuple[Alternative, ...]
UNKNOWN: Value = ()


def join(*values: Value | None) -> Value:
    """Either of the values; None is no value at all."""
    given = [value for value in values if value is not None]
    if UNKNOWN in given:
        return UNKNOWN
    found = tuple(dict.fromkeys(alternative for value in given for alternative in value))
    return found if len(found) <= 8 else UNKNOWN


def instance_of(*classes: type, exact: bool = True) -> Value:
    return tuple(Instance(cls, exact) for cls in classes)


def resolve(value: Value) -> Value:
    """The value with every result found out. None among other things is left out: code tests for it before use."""
    found = join(*(_resolve(one) if isinstance(one, Result) else (one,) for one in value)) if value else UNKNOWN
    return tuple(one for one in found if not (isinstance(one, Instance) and one.cls is type(None)))


@functools.cache
def _resolve(result: Result) -> Value:
    special = _special(result)
    if special is not None:
        return special
    source = result.source
    function = source.thing if isinstance(source, Live) else source.function if isinstance(source, Bound) else None
    if not result.loop and function is not None and not results.declared(function):
        return _returned(source, function)
    classes = results.infer(result.header, result.expression, result.loop)
    if result.loop and any(cls.__module__ == "collections.abc" for cls in classes):
        return UNKNOWN  # jedi takes a declared generator for its own element
    owner = source.owner if isinstance(source, Bound) else source if isinstance(source, Instance) else None
    if owner is not None and not result.loop:  # "itself" is of the owner's class, however the base class is declared
        classes = tuple(owner.cls if cls in owner.cls.__mro__ else cls for cls in classes)
    return tuple(Instance(cls, False, result.header, "" if result.loop else result.expression) for cls in classes)


def _special(result: Result) -> Value | None:
    """Results that declarations do not tell."""
    source = result.source
    path = source.path if isinstance(source, Live) else ""
    if path.startswith("numpy.") and path.removeprefix("numpy.") in results.ARRAYS and not result.loop:
        return instance_of(results.locate("numpy.ndarray"), exact=False)
    if isinstance(source, Bound) and source.name == "forward" and "return" not in source.function.__annotations__:
        return UNKNOWN
    return None


def _returned(source: Live | Bound | Instance, function: Any) -> Value:
    """What a Python function without declarations returns, where its source or its docstring leave no doubt."""
    node = results.returns(function)
    if isinstance(node, ast.Name) and node.id == "self" and isinstance(source, Bound):
        return (source.owner,)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        made = getattr(inspect.unwrap(function), "__globals__", {}).get(node.func.id)
        if isinstance(made, type):
            return call(Live(made, library.title(made)))
    name = source.name if isinstance(source, Bound) else ""
    if "transform" not in name and results.documented_array(function):
        return instance_of(results.locate("numpy.ndarray"), exact=False)
    return UNKNOWN


def module_of(path: str) -> str:
    """The import that makes a dotted name work."""
    parts = path.split(".")
    for n in range(len(parts), 0, -1):
        if isinstance(library.find_module(".".join(parts[:n])), types.ModuleType):
            return "import " + ".".join(parts[:n])
    return ""


def attribute(one: Alternative, name: str) -> tuple[bool | None, Value]:
    """Whether an alternative (no Result) has the attribute, and what it then is."""
    if isinstance(one, Live):
        return _live_attribute(one, name)
    if isinstance(one, Instance):
        there = library.instance_has(one.cls, name, one.exact)
        return there, _member(one, name) if there else UNKNOWN
    return None, UNKNOWN


def _live_attribute(one: Live, name: str) -> tuple[bool | None, Value]:
    path = f"{one.path}.{name}"
    if path in ("sys.stdin", "sys.stdout", "sys.stderr"):  # whatever stands there while we look
        return True, instance_of(io.TextIOWrapper, exact=False)
    if one.thing is None:  # a place that the library fills later
        return None, UNKNOWN
    if not isinstance(one.thing, types.ModuleType | type):
        if callable(one.thing) or (hasattr(one.thing, "__dict__") and name in vars(one.thing)):
            return (True if hasattr(type(one.thing), name) else None), UNKNOWN
        return attribute(Instance(type(one.thing), True), name)
    there = library.has(one.thing, name)
    if not there:
        return there, UNKNOWN
    try:
        return True, (Live(library.read(one.thing, name), path),)
    except AttributeError:  # a submodule that nobody has imported yet
        module = library.find_module(f"{one.thing.__name__}.{name}")
        return True, (Live(module, path),) if isinstance(module, types.ModuleType) else UNKNOWN


def _member(one: Instance, name: str) -> Value:
    """A method, or what a property gives."""
    try:
        static = inspect.getattr_static(one.cls, name)
    except AttributeError:
        return UNKNOWN
    if isinstance(static, staticmethod | classmethod):
        return (Bound(one, name, getattr(one.cls, name)),)
    if callable(static) and not isinstance(static, type):
        return (Bound(one, name, static),)
    if name in ("T", "real", "imag") and library.title(one.cls) == "numpy.ndarray":
        return (one,)
    header, expression = one.known()
    if isinstance(static, property) and not results.declared(static.fget):
        return UNKNOWN
    if isinstance(static, property) or inspect.isgetsetdescriptor(static):
        return (Result(one, header, f"{expression}.{name}"),)
    return UNKNOWN


def call(one: Alternative) -> Value:
    """What calling an alternative (no Result) gives."""
    if isinstance(one, Live) and isinstance(one.thing, type):
        return _made(one.thing, one.path)
    if isinstance(one, Live) and (inspect.isroutine(one.thing) or hasattr(one.thing, "__wrapped__")):
        return (Result(one, module_of(one.path), f"{one.path}()"),)
    if isinstance(one, Bound):
        header, expression = one.owner.known()
        return (Result(one, header, f"{expression}.{one.name}()"),)
    if isinstance(one, Instance) and any(library.title(k) == "torch.nn.Module" for k in one.cls.__mro__):
        forward = getattr(one.cls, "forward", None)
        return call(Bound(one, "forward", forward)) if inspect.isfunction(forward) else UNKNOWN
    return UNKNOWN


def _made(cls: type, path: str) -> Value:
    """An instance, unless the class or its metaclass may make something else."""
    if cls in (type, super) or library.custom_call(cls):
        return UNKNOWN
    new = next(vars(k)["__new__"] for k in cls.__mro__ if "__new__" in vars(k))
    exact = not isinstance(new, staticmethod)
    return (Instance(cls, exact, module_of(path), f"{path}()"),)


def element(one: Alternative) -> Value:
    """What a loop over an alternative (no Result, unless freshly made) gets."""
    if isinstance(one, Instance) and one.cls is str:
        return instance_of(str)
    if isinstance(one, Instance) and issubclass(one.cls, Iterator) and one.expression.startswith("pathlib."):
        return instance_of(pathlib.Path, exact=False)
    plain = isinstance(one, Instance) and one.cls.__module__ in ("builtins", "collections.abc", "os")
    if plain and isinstance(one, Instance) and one.expression:  # jedi misreads classes with an __iter__ of their own
        return (Result(one, one.header, one.expression, loop=True),)
    return UNKNOWN


def entered(one: Alternative) -> Value:
    """What `with ... as` binds."""
    if not isinstance(one, Instance):
        return UNKNOWN
    if issubclass(one.cls, io.IOBase):
        return (one,)
    there, value = attribute(one, "__enter__")
    if not there or not value or not isinstance(value[0], Bound):
        return UNKNOWN
    if isinstance(inspect.getattr_static(one.cls, "__enter__"), types.FunctionType):
        node = results.returns(value[0].function)
        if isinstance(node, ast.Name) and node.id == "self":
            return (one,)
    return call(value[0])


def name_of(one: Alternative) -> str:
    """As it is shown: "numpy.linspace", "numpy.ndarray", "list.append"."""
    if isinstance(one, Live):
        return one.path.removeprefix("builtins.")
    if isinstance(one, Instance):
        return library.title(one.cls)
    return f"{name_of(one.owner)}.{one.name}" if isinstance(one, Bound) else "?"
