"""Reading the checked code in the order in which it runs, without running it: which name stands for what, and where.

The body of a function is read after what surrounds it, with all values that an outer name ever had.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Collection

from primer.api_check import _library as library
from primer.api_check import _results as results
from primer.api_check._expressions import Expressions, axes_of
from primer.api_check._names import Scope, mentioned, stored
from primer.api_check._values import UNKNOWN, Live, Value, entered, instance_of, join, resolve

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
ARGUMENT_TYPES = {"str", "bytes", "list", "dict", "set", "tuple", "numpy.ndarray", "torch.Tensor", "pathlib.Path"}
IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}



class Walker(Expressions):
    """Reads the whole tree at once; what it found is in `found`."""

    def __init__(self, tree: ast.Module, local: Collection[str] = ()) -> None:
        super().__init__(tree, local)
        self.block(tree.body)
        while self.later:
            node, scope = self.later.pop(0)
            self.body_of(node, scope)

    # statements

    def block(self, body: list[ast.stmt]) -> bool:
        """Read statements; whether the end of the block is reached."""
        for node in body:
            self.visit(node)
        return not any(isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break) for node in body)

    def branches(self, *bodies: list[ast.stmt]) -> None:
        """One of these blocks runs: afterwards a name is what any of them made it."""
        before = self.scope.now
        ends = []
        for body in bodies:
            self.scope.now = dict(before)
            if self.block(body):
                ends.append(self.scope.now)
        self.merge(ends or [before])

    def merge(self, ends: list[dict[str, Value]]) -> None:
        names = dict.fromkeys(itertools.chain(*ends))
        self.scope.now = {name: join(*(end.get(name) for end in ends)) for name in names}

    def visit_If(self, node: ast.If) -> None:
        before = self.guard(node.test)
        self.narrow(node.test)
        self.value(node.test)
        self.branches(node.body, node.orelse)
        self.unguard(before)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.narrow(node.test)
        self.generic_visit(node)

    def loop(self, body: list[ast.stmt], orelse: list[ast.stmt], target: ast.AST | None, item: Value) -> None:
        before = dict(self.scope.now)
        for name in stored(body) & set(before):
            self.bind(name, UNKNOWN)
        if target is not None:
            self.assign(target, item)
        self.block(body)
        self.merge([before, self.scope.now])
        self.block(orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        value = self.elements(self.value(node.iter))
        self.loop(node.body, node.orelse, node.target, value if isinstance(node, ast.For) else UNKNOWN)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        for name in stored(node.body) & set(self.scope.now):
            self.bind(name, UNKNOWN)
        self.narrow(node.test)
        self.value(node.test)
        self.loop(node.body, node.orelse, None, UNKNOWN)

    def visit_Try(self, node: ast.Try) -> None:
        quiet, before = set(self.quiet), dict(self.scope.now)
        for handler in node.handlers:
            self.quiet |= kinds_caught(handler.type)
        self.block(node.body)
        self.quiet = quiet
        broken = dict(self.scope.now)
        self.merge([before, broken])
        start, ends = self.scope.now, []
        self.scope.now = broken
        if self.block(node.orelse):
            ends.append(self.scope.now)
        for handler in node.handlers:
            self.scope.now = dict(start)
            self.value(handler.type)
            if handler.name:
                self.bind(handler.name, UNKNOWN)
            self.quiet = quiet | kinds_caught(handler.type) & {"import"}  # the second choice need not be there either
            if self.block(handler.body):
                ends.append(self.scope.now)
        self.quiet = quiet
        self.merge(ends or [start])
        self.block(node.finalbody)

    visit_TryStar = visit_Try  # type: ignore[assignment]

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        quiet = set(self.quiet)
        for item in node.items:
            value = resolve(self.value(item.context_expr))
            if isinstance(item.context_expr, ast.Call):  # contextlib.suppress(ImportError), pytest.raises(TypeError)
                for argument in item.context_expr.args:
                    if isinstance(argument, ast.Name | ast.Tuple) and mentioned(argument) & (
                            IMPORT_ERRORS | {"AttributeError", "TypeError"}):
                        self.quiet |= kinds_caught(argument)
            if item.optional_vars is not None:
                known = join(*(entered(one) for one in value)) if value else UNKNOWN
                self.assign(item.optional_vars, known if isinstance(node, ast.With) else UNKNOWN)
        self.block(node.body)
        self.quiet = quiet

    visit_AsyncWith = visit_With

    def visit_Match(self, node: ast.Match) -> None:
        self.value(node.subject)
        before, ends = self.scope.now, [dict(self.scope.now)]
        for case in node.cases:
            self.scope.now = dict(before)
            for name in stored([case.pattern]) | (mentioned(node.subject) & set(before)):
                self.bind(name, UNKNOWN)
            self.value(case.guard)
            if self.block(case.body):
                ends.append(self.scope.now)
        self.merge(ends)

    def visit_Assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)
        call, target = node.value, node.targets[0]
        shown = getattr(value[0], "expression", "") if value else ""
        if shown == "matplotlib.pyplot.subplots()" and isinstance(call, ast.Call) and isinstance(
                target, ast.Tuple | ast.List) and len(target.elts) == 2:  # the one pair that everybody takes apart
            self.assign(target.elts[0], instance_of(results.locate("matplotlib.figure.Figure"), exact=False))
            self.assign(target.elts[1], axes_of(call))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.value(node.annotation)
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.value(node.value)
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, UNKNOWN)
        else:
            self.generic_visit(node.target)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.bind(target.id, UNKNOWN)
            else:
                self.generic_visit(target)

    # definitions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.value(decorator)
        self.arguments(node.args)
        for argument in every(node.args):
            self.value(argument.annotation)
        self.value(node.returns)
        self.bind(node.name, UNKNOWN)
        self.later.append((node, self.scope))

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for inner in (*node.decorator_list, *node.bases, *(k.value for k in node.keywords)):
            self.value(inner)
        outer = self.scope
        self.scope = Scope("class", outer)
        self.block(node.body)
        self.scope = outer
        self.bind(node.name, UNKNOWN)

    def body_of(self, node: ast.AST, outer: Scope) -> None:
        """The body of a function or lambda, its parameters unknown unless they are declared to be something plain."""
        assert isinstance(node, FUNCTIONS)
        body: list[ast.stmt] = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
        self.scope = outer
        known = {a.arg: self.declared(a.annotation) for a in every(node.args)}
        for special in (node.args.vararg, node.args.kwarg):
            if special:
                known[special.arg] = UNKNOWN
        self.scope = Scope("function", outer, stored(body))
        for name, value in known.items():
            self.bind(name, value)
        self.block(body)

    def declared(self, annotation: ast.expr | None) -> Value:
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return UNKNOWN
        quiet, self.quiet = self.quiet, {"attribute", "keyword", "import"}
        value = self.value(annotation)
        self.quiet = quiet
        thing = value[0].thing if len(value) == 1 and isinstance(value[0], Live) else None
        if isinstance(thing, type) and library.title(thing) in ARGUMENT_TYPES:
            return instance_of(thing, exact=False)
        return UNKNOWN


def every(args: ast.arguments) -> list[ast.arg]:
    return [*args.posonlyargs, *args.args, *args.kwonlyargs]


def kinds_caught(error: ast.expr | None) -> set[str]:
    """The kinds of findings that a handler for this error prepares for."""
    names = mentioned(error) if error is not None else {"Exception"}
    found = {"import"} if names & IMPORT_ERRORS else set()
    found |= {"attribute"} if "AttributeError" in names else set()
    found |= {"keyword"} if "TypeError" in names else set()
    return found | ({"import"} if "AttributeError" in names else set())
