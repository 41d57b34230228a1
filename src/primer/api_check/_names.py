"""Names of the checked code: in which scope, standing for what, and what is said when a library has no such thing."""

from __future__ import annotations

import ast
import types
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from primer.api_check import _library as library
from primer.api_check._values import (
    UNKNOWN,
    Bound,
    Instance,
    Live,
    Value,
    attribute,
    instance_of,
    join,
    name_of,
    resolve,
)

Found = tuple[int, str, str, list[str]]  # line, name, reason, suggestions
NOTHING = instance_of(type(None))


@dataclass
class Scope:
    kind: str  # module, class, function
    parent: Scope | None = None
    own: set[str] = field(default_factory=set)  # a function's local names, whether bound yet or not
    now: dict[str, Value] = field(default_factory=dict)
    ever: dict[str, Value] = field(default_factory=dict)


def stored(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that code binds in its own scope."""
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            pending += ast.iter_child_nodes(node)
    return found


def mentioned(node: ast.AST) -> set[str]:
    """Every name and attribute in an expression."""
    return {n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node)
            if isinstance(n, ast.Name | ast.Attribute)}


class Names(ast.NodeVisitor):
    """Fills `found`. A value is asked for only where it is used."""

    def __init__(self, tree: ast.Module, local: Collection[str]) -> None:
        self.found: list[Found] = []
        self.local = local
        self.scope = Scope("module")
        self.later: list[tuple[ast.AST, Scope]] = []  # bodies of functions, with what surrounds them
        self.quiet: set[str] = set()  # kinds of findings that the code itself is ready for
        self.unfounded = False  # a star import of something unknown: any name may be anything
        # declared global or nonlocal somewhere, or set as an attribute, or asked for: not followed
        self.shared = {n for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}
        self.given = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
                      and not isinstance(node.ctx, ast.Load)}
        self.given |= {arg.value for node in ast.walk(tree) if isinstance(node, ast.Call)
                       and isinstance(node.func, ast.Name) and node.func.id in ("hasattr", "setattr", "delattr")
                       for arg in node.args[1:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}

    # names

    def bind(self, name: str, value: Value) -> None:
        self.scope.now[name] = value
        cleared = value == NOTHING and name in self.scope.ever  # what a function sees later is not what was there
        self.scope.ever[name] = UNKNOWN if cleared else join(self.scope.ever.get(name), value)

    def lookup(self, name: str) -> Value:
        if name in self.shared or self.unfounded:
            return UNKNOWN
        scope: Scope | None = self.scope
        if scope and name in scope.now:
            return scope.now[name]
        if scope and name in scope.own:
            return UNKNOWN
        outer = scope.parent if scope else None
        while outer is not None:
            if outer.kind != "class" or (scope and scope.kind == "comprehension" and outer is scope.parent):
                if name in outer.ever:
                    return outer.now.get(name, outer.ever[name]) if scope and scope.kind in (
                        "class", "comprehension") else outer.ever[name]
                if name in outer.own:
                    return UNKNOWN
            outer = outer.parent
        thing = library.builtin(name)
        return (Live(thing, f"builtins.{name}"),) if thing is not None else UNKNOWN

    def assign(self, target: ast.AST, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, UNKNOWN)
        elif isinstance(target, ast.Tuple | ast.List):
            for inner in target.elts:  # no declaration tells what the parts are
                self.assign(inner, UNKNOWN)
        else:
            self.generic_visit(target)

    # findings

    def report(self, kind: str, line: int, name: str, reason: str, suggestions: list[str]) -> None:
        if kind not in self.quiet:
            self.found.append((line, name, reason, suggestions))

    def look(self, value: Value, name: str, line: int) -> Value:
        """The attribute of a value, a finding if none of its alternatives has it."""
        resolved = resolve(value)
        if not resolved or name in self.given:
            return UNKNOWN
        answers = [attribute(one, name) for one in resolved]
        if any(there for there, _ in answers):  # of several declared kinds, only one that has it can be meant
            answers = [answer for answer in answers if answer[0] is not False]
        if all(there is False for there, _ in answers):
            shown = name_of(resolved[0])
            offered = [c for one in resolved if isinstance(one, Live | Instance)
                       for c in dir(one.thing if isinstance(one, Live) else one.cls)]
            what = "module" if isinstance(getattr(resolved[0], "thing", None), types.ModuleType) else (
                "class" if isinstance(getattr(resolved[0], "thing", None), type) else "object")
            self.report("attribute", line, f"{shown}.{name}", f"the {what} {shown} has no attribute {name!r}",
                        library.close(name, offered))
            return UNKNOWN
        if any(there is not True for there, _ in answers):
            return UNKNOWN
        return join(*(found for _, found in answers))

    def check_keywords(self, callee: Value, node: ast.Call) -> None:
        functions = []
        for one in callee:
            if isinstance(one, Live):
                functions.append(one.thing)
            elif isinstance(one, Bound):
                functions.append(one.function)
            else:
                return
        for keyword in node.keywords:
            if keyword.arg and functions and all(library.accepts(f, keyword.arg) is False for f in functions):
                shown = name_of(callee[0])
                self.report("keyword", keyword.lineno, f"{shown}({keyword.arg}=)",
                            f"{shown}() takes no keyword {keyword.arg!r}",
                            library.close(keyword.arg, library.keywords(functions[0])))

    # imports

    def module(self, name: str, line: int) -> Value:
        """The module of that name, a finding if there is none."""
        if name.partition(".")[0] in self.local:
            return UNKNOWN
        found = library.find_module(name)
        if isinstance(found, library.Missing):
            package, _, rest = name.partition(".")
            if found.package:
                self.report("import", line, package, f"{package} is not installed: what it offers was not checked",
                            library.close(package, library.packages()))
            else:
                parent = name.rpartition(".")[0]
                inside = library.find_module(parent)
                if isinstance(inside, library.Missing):
                    return self.module(parent, line)
                self.report("import", line, name, f"{package} has no module {rest!r}",
                            library.close(name.rpartition(".")[2], library.inside(inside)))
            return UNKNOWN
        return (Live(found, name),) if found is not None else UNKNOWN

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            value = self.module(alias.name, alias.lineno)
            package = alias.name.partition(".")[0]
            if alias.asname:
                self.bind(alias.asname, value)
            else:
                top = library.find_module(package) if package not in self.local else None
                self.bind(package, (Live(top, package),) if isinstance(top, types.ModuleType) else UNKNOWN)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        value = self.module(node.module, node.lineno) if node.module and not node.level else UNKNOWN
        module = value[0].thing if value and isinstance(value[0], Live) else None
        for alias in node.names:
            if alias.name == "*":
                names = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
                self.unfounded |= module is None
                for name in names if module is not None else ():
                    self.bind(name, UNKNOWN)
                continue
            bound = UNKNOWN
            if module is not None:
                there, bound = attribute(value[0], alias.name)
                if there is False and alias.name not in self.given:
                    self.report("import", alias.lineno, f"{node.module}.{alias.name}",
                                f"cannot import {alias.name!r} from {node.module}: it has no such name",
                                library.close(alias.name, library.inside(module)))
            self.bind(alias.asname or alias.name, bound)
