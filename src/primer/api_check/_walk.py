"""Reading the checked code in the order in which it runs, without running it: which name stands for what, and where.

The body of a function is read after what surrounds it, with all values that an outer name ever had.
"""

from __future__ import annotations

import ast
import itertools
import types
from collections.abc import Iterable
from dataclasses import dataclass, field

from primer.api_check import _library as library
from primer.api_check._values import (
    UNKNOWN,
    Bound,
    Instance,
    Live,
    Value,
    attribute,
    call,
    element,
    entered,
    instance_of,
    join,
    name_of,
    resolve,
)

Found = tuple[int, str, str, list[str]]  # line, name, reason, suggestions
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
ARGUMENT_TYPES = {"str", "bytes", "list", "dict", "set", "tuple", "numpy.ndarray", "torch.Tensor", "pathlib.Path"}
NOTHING = instance_of(type(None))
IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


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


class Walker(ast.NodeVisitor):
    """Fills `found`."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[Found] = []
        self.scope = Scope("module")
        self.later: list[tuple[ast.AST, Scope]] = []
        self.quiet: set[str] = set()  # kinds of findings that the code itself is ready for
        self.unfounded = False  # a star import of something unknown: any name may be anything
        # declared global or nonlocal somewhere, or set as an attribute, or asked for: not followed
        self.shared = {n for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}
        self.given = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
                      and not isinstance(node.ctx, ast.Load)}
        self.given |= {arg.value for node in ast.walk(tree) if isinstance(node, ast.Call)
                       and isinstance(node.func, ast.Name) and node.func.id in ("hasattr", "setattr", "delattr")
                       for arg in node.args[1:2] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
        self.block(tree.body)
        while self.later:
            node, scope = self.later.pop(0)
            self.body_of(node, scope)

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
            parts = self.unpack(value, len(target.elts))
            for inner, part in zip(target.elts, parts, strict=True):
                self.assign(inner, part)
        else:
            self.generic_visit(target)

    def unpack(self, value: Value, n: int) -> list[Value]:
        """plt.subplots() is the one pair that everybody unpacks and no declaration tells."""
        if len(value) == 1 and getattr(value[0], "expression", "") == "matplotlib.pyplot.subplots()" and n == 2:
            from primer.api_check._results import locate

            # what the second is depends on the numbers of rows and columns: see visit_Assign
            return [instance_of(locate("matplotlib.figure.Figure"), exact=False), UNKNOWN]
        return [UNKNOWN] * n

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
                top = library.find_module(package)
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

    # expressions: `value` visits everything inside exactly once

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

    def value_Lambda(self, node: ast.Lambda) -> Value:
        self.arguments(node.args)
        self.later.append((node, self.scope))
        return UNKNOWN

    def elements(self, value: Value) -> Value:
        resolved = resolve(value)
        return join(*(element(one) for one in resolved)) if resolved else UNKNOWN

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
        if mentioned(test) & {"version_info", "platform", "__version__", "TYPE_CHECKING", "system", "hexversion"} or (
                isinstance(test, ast.Compare) and ast.unparse(test.left) == "os.name"):
            self.quiet |= {"attribute", "keyword", "import"}
        if any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "isinstance"
               for n in ast.walk(test)):
            self.narrow(test)
        return before

    def unguard(self, before: set[str]) -> None:
        self.quiet = before

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

    visit_TryStar = visit_Try

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
        call_node, target = node.value, node.targets[0]
        if getattr(value[0] if value else None, "expression", "") == "matplotlib.pyplot.subplots()" and isinstance(
                call_node, ast.Call) and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            self.assign(target.elts[1], axes_of(call_node))

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

    def arguments(self, args: ast.arguments) -> None:
        """Defaults and annotations belong to the surrounding scope."""
        for default in (*args.defaults, *args.kw_defaults):
            self.value(default)

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
        body = [ast.Expr(node.body)] if isinstance(node, ast.Lambda) else node.body
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


def opened(node: ast.Call) -> Value:
    """The file that open() gives, by its mode."""
    import io

    mode = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "mode"), None)
    if mode is not None and not (isinstance(mode, ast.Constant) and isinstance(mode.value, str)):
        return UNKNOWN
    text = mode.value if isinstance(mode, ast.Constant) else "r"
    if "b" not in str(text):
        return instance_of(io.TextIOWrapper, exact=False)
    return instance_of(io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO, exact=False)


def axes_of(node: ast.Call) -> Value:
    """The second of plt.subplots(): one Axes without numbers of rows and columns, else an array of them."""
    from primer.api_check._results import locate

    counted = len(node.args) + sum(k.arg in ("nrows", "ncols", "squeeze", None) for k in node.keywords)
    if any(isinstance(a, ast.Starred) for a in node.args):
        return UNKNOWN
    if not counted:
        return instance_of(locate("matplotlib.axes.Axes"), exact=False)
    numbers = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
    if any(isinstance(n, int) and n > 1 for n in numbers) and all(k.arg for k in node.keywords):
        return instance_of(locate("numpy.ndarray"), exact=False)
    return UNKNOWN

