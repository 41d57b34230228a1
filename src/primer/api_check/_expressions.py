"""What the expressions of the checked code stand for; each is visited exactly once, with everything inside."""

from __future__ import annotations

import ast
import io

from primer.api_check import _results as results
from primer.api_check._names import Names, Scope, mentioned
from primer.api_check._values import UNKNOWN, Instance, Live, Value, call, element, instance_of, join, resolve


class Expressions(Names):
    """Adds `value`, and the tests that change what is known."""

    def value(self, node: ast.AST | None) -> Value:
        if node is None:
            return UNKNOWN
        method = getattr(self, f"value_{type(node).__name__}", None)
        if method is not None:
            return method(node)
        self.generic_visit(node)
        return UNKNOWN

    def visit(self, node: ast.AST) -> None:
        method = getattr(self, f"visit_{type(node).__name__}", None)
        if method is not None:
            method(node)
        else:
            self.value(node)

    def value_Name(self, node: ast.Name) -> Value:
        return self.lookup(node.id) if isinstance(node.ctx, ast.Load) else UNKNOWN

    def value_Attribute(self, node: ast.Attribute) -> Value:
        value = self.value(node.value)
        if not isinstance(node.ctx, ast.Load):
            return UNKNOWN
        return self.look(value, node.attr, node.end_lineno or node.lineno)

    def value_Call(self, node: ast.Call) -> Value:
        callee = resolve(self.value(node.func))
        for argument in node.args:
            self.value(argument)
        for keyword in node.keywords:
            self.value(keyword.value)
        if len(node.args) == 2 and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            name = node.args[1]
            if isinstance(name, ast.Constant) and isinstance(name.value, str) and isinstance(node.args[0], ast.Name):
                return self.look(self.lookup(node.args[0].id), name.value, node.lineno)
        if not callee:
            return UNKNOWN
        self.check_keywords(callee, node)
        path = callee[0].path if isinstance(callee[0], Live) else ""
        if path == "builtins.open" and len(callee) == 1:
            return opened(node)
        return join(*(call(one) for one in callee))

    def value_Constant(self, node: ast.Constant) -> Value:
        return instance_of(type(node.value))

    def value_JoinedStr(self, node: ast.JoinedStr) -> Value:
        self.generic_visit(node)
        return instance_of(str)

    def made(self, node: ast.AST, cls: type) -> Value:
        self.generic_visit(node)
        return instance_of(cls)

    def value_List(self, node: ast.List) -> Value:
        return self.made(node, list) if isinstance(node.ctx, ast.Load) else UNKNOWN

    def value_Tuple(self, node: ast.Tuple) -> Value:
        return self.made(node, tuple) if isinstance(node.ctx, ast.Load) else UNKNOWN

    def value_Dict(self, node: ast.Dict) -> Value:
        return self.made(node, dict)

    def value_Set(self, node: ast.Set) -> Value:
        return self.made(node, set)

    def value_IfExp(self, node: ast.IfExp) -> Value:
        with_state = self.guard(node.test)
        self.value(node.test)
        found = join(self.value(node.body), self.value(node.orelse))
        self.unguard(with_state)
        return found

    def value_BoolOp(self, node: ast.BoolOp) -> Value:
        state = self.guard(node)
        found = join(*(self.value(part) for part in node.values))
        self.unguard(state)
        return found if isinstance(node.op, ast.Or) else UNKNOWN

    def value_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Div) and left:
            resolved = resolve(left)
            if resolved and all(isinstance(one, Instance) and one.cls.__module__.startswith("pathlib")
                                for one in resolved):
                return resolved
        if isinstance(node.op, ast.Mod | ast.Add) and left == instance_of(str):
            return left if isinstance(node.op, ast.Mod) or right == left else UNKNOWN
        return UNKNOWN

    def value_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        scope = self.scope
        while self.scope.kind == "comprehension" and self.scope.parent:
            self.scope = self.scope.parent
        self.bind(node.target.id, value)
        self.scope = scope
        return value

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        outer = self.scope
        first = self.elements(self.value(node.generators[0].iter))
        self.scope = Scope("comprehension", outer)
        for number, part in enumerate(node.generators):
            self.assign(part.target, self.elements(self.value(part.iter)) if number else first)
            for test in part.ifs:
                self.narrow(test)
                self.value(test)
        for inner in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.value(inner)
        self.scope = outer

    def value_ListComp(self, node: ast.ListComp) -> Value:
        self.comprehension(node)
        return instance_of(list)

    def value_SetComp(self, node: ast.SetComp) -> Value:
        self.comprehension(node)
        return instance_of(set)

    def value_DictComp(self, node: ast.DictComp) -> Value:
        self.comprehension(node)
        return instance_of(dict)

    def value_GeneratorExp(self, node: ast.GeneratorExp) -> Value:
        self.comprehension(node)
        return UNKNOWN

    def arguments(self, args: ast.arguments) -> None:
        """Defaults and annotations belong to the surrounding scope."""
        for default in (*args.defaults, *args.kw_defaults):
            self.value(default)

    def value_Lambda(self, node: ast.Lambda) -> Value:
        self.arguments(node.args)
        self.later.append((node, self.scope))
        return UNKNOWN

    # tests that change what is known

    def narrow(self, test: ast.AST) -> None:
        """After a test of its type a name is no longer what it was thought to be."""
        for node in ast.walk(test):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and node.func.id in (
                    "isinstance", "issubclass", "type", "callable", "hasattr"):
                for name in ast.walk(node.args[0]):
                    if isinstance(name, ast.Name):
                        self.bind(name.id, UNKNOWN)

    def guard(self, test: ast.AST) -> set[str]:
        """Be quiet where the code asks for a version or a platform first. Returns what to restore."""
        before = set(self.quiet)
        words = mentioned(test)
        if words & {"platform", "TYPE_CHECKING", "system"} or any("version" in word.lower() for word in words) or (
                isinstance(test, ast.Compare) and ast.unparse(test.left) == "os.name"):
            self.quiet |= {"attribute", "keyword", "import"}
        if any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "isinstance"
               for n in ast.walk(test)):
            self.narrow(test)
        return before

    def unguard(self, before: set[str]) -> None:
        self.quiet = before

    def elements(self, value: Value) -> Value:
        resolved = resolve(value)
        return join(*(element(one) for one in resolved)) if resolved else UNKNOWN


def opened(node: ast.Call) -> Value:
    """The file that open() gives, by its mode."""
    mode = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "mode"), None)
    if mode is not None and not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return UNKNOWN
    text = mode.value if isinstance(mode, ast.Constant) else "r"
    if "b" not in str(text):
        return instance_of(io.TextIOWrapper, exact=False)
    return instance_of(io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO, exact=False)


def axes_of(node: ast.Call) -> Value:
    """The second of plt.subplots(): one Axes without numbers of rows and columns, else an array of them."""
    counted = len(node.args) + sum(k.arg in ("nrows", "ncols", "squeeze", None) for k in node.keywords)
    if any(isinstance(a, ast.Starred) for a in node.args):
        return UNKNOWN
    if not counted:
        return instance_of(results.locate("matplotlib.axes.Axes"), exact=False)
    numbers = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
    if any(isinstance(n, int) and n > 1 for n in numbers) and all(k.arg for k in node.keywords):
        return instance_of(results.locate("numpy.ndarray"), exact=False)
    return UNKNOWN

