"""What the installed libraries have: modules found and imported without the checked file's folder, members, keywords.

Every answer is True, False or None, and None means that it cannot be known without running the checked code.
"""

from __future__ import annotations

import builtins
import contextlib
import difflib
import functools
import importlib
import importlib.machinery
import importlib.util
import inspect
import io
import pkgutil
import re
import site
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Importing these does something that a reader would notice.
DO_NOT_IMPORT = {"antigravity", "this", "__main__", "idlelib", "test", "conftest", "setup"}


class Missing:
    """Stands for a module that is not there; `package` if not even its package is."""

    def __init__(self, package: bool) -> None:
        self.package = package


def library_folders() -> list[str]:
    """The folders of the standard library and of installed packages: never the working folder, never PYTHONPATH."""
    paths = sysconfig.get_paths()
    stdlib = Path(paths["stdlib"])
    shared = sysconfig.get_config_var("DESTSHARED")
    found = [paths["stdlib"], paths["platstdlib"], str(stdlib / "lib-dynload"), shared, paths["purelib"],
             paths["platlib"], *site.getsitepackages(), site.getusersitepackages()]
    return list(dict.fromkeys(folder for folder in found if folder))


@contextlib.contextmanager
def only_libraries() -> Iterator[None]:
    """Inside, imports look in the libraries' folders alone, print nothing and warn of nothing."""
    before = sys.path[:]
    quiet = io.StringIO()
    sys.path[:] = library_folders()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.path[:] = before


def installed(package: str) -> bool:
    """Whether the standard library or an installed distribution has this top-level package."""
    if package in sys.builtin_module_names or package in sys.stdlib_module_names:
        return True
    spec = importlib.machinery.PathFinder.find_spec(package, library_folders())
    return spec is not None and (spec.origin is not None or bool(spec.submodule_search_locations))


def from_a_library(module: types.ModuleType) -> bool:
    """Whether a loaded module came from a library and not from a file of the reader's that bears its name."""
    origin = getattr(module, "__file__", None)
    if origin is None:
        return True
    return any(Path(origin).is_relative_to(folder) for folder in library_folders())


def _elsewhere(package: str) -> bool:
    """Whether it could be imported from some other folder, as a package under development: that is not looked at."""
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


@functools.cache
def find_module(name: str) -> types.ModuleType | Missing | None:
    """The module of a library, imported if need be; Missing; or None where looking is not possible or not wise."""
    package = name.partition(".")[0]
    if package in DO_NOT_IMPORT or name.endswith(".__main__"):
        return None
    if not installed(package):
        return None if _elsewhere(package) else Missing(package=True)
    loaded = sys.modules.get(package)
    if loaded is not None and not from_a_library(loaded):
        return None
    with only_libraries():
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            parents = {name.rsplit(".", n)[0] for n in range(name.count(".") + 1)}
            return Missing(package=False) if error.name in parents and error.name != package else None
        except KeyboardInterrupt:
            raise
        except BaseException:  # whatever a library raises when it is imported: nothing is known of it then
            return None


def has_submodule(module: types.ModuleType, name: str) -> bool:
    if not hasattr(module, "__path__"):
        return False
    try:
        with only_libraries():
            return importlib.util.find_spec(f"{module.__name__}.{name}") is not None
    except (ImportError, ValueError, AttributeError):
        return False


def read(thing: Any, name: str) -> Any:
    """The attribute of a module or class; AttributeError if it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(thing, name)


def has(thing: Any, name: str) -> bool | None:
    """Whether a module or a class has the attribute."""
    if isinstance(thing, types.ModuleType) and type(thing).__getattribute__ is not types.ModuleType.__getattribute__:
        return None
    if not isinstance(thing, types.ModuleType | type) or hasattr(type(thing), "__getattr__"):
        return None
    try:
        read(thing, name)
        return True
    except AttributeError:
        if isinstance(thing, type):
            return None if any(name in getattr(k, "__annotations__", {}) for k in thing.__mro__) else False
        if has_submodule(thing, name):
            return True
        # curses has some names only once it is set up
        return None if re.search(rf"setattr\(\s*{thing.__name__}\s*,", source(thing)) else False
    except (Exception, SystemExit):
        return None


@functools.cache
def source(thing: Any) -> str:
    """The Python source of a module, class or function, "" if there is none."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError, IndentationError, SyntaxError):
        return ""


# Subclasses of these add members, but what says "a list" or "an array" means just that.
PLAIN = {"str", "bytes", "list", "dict", "set", "tuple", "int", "float", "numpy.ndarray", "torch.Tensor"}


def title(cls: type) -> str:
    """The name by which people know a class: numpy.ndarray, torch.Tensor, str."""
    parts = cls.__module__.split(".")
    for n in range(1, len(parts)):
        if getattr(sys.modules.get(".".join(parts[:n])), cls.__name__, None) is cls:
            parts = parts[:n]
            break
    return f"{'.'.join(parts)}.{cls.__qualname__}".removeprefix("builtins.")


def is_open(cls: type) -> bool:
    """Whether instances may have attributes that cannot be foreseen: __getattr__, or a constructor that sets any."""
    for k in cls.__mro__[:-1]:
        own = vars(k)
        if "__getattribute__" in own and not isinstance(own["__getattribute__"], types.WrapperDescriptorType):
            return True
        # a module of torch finds there what its constructor has registered, and nothing else
        if "__getattr__" in own and f"{k.__module__}.{k.__name__}" != "torch.nn.modules.module.Module":
            return True
        if k in (types.SimpleNamespace, types.ModuleType):
            return True
        if isinstance(own.get("__new__"), staticmethod) and k.__dictoffset__:  # numpy.finfo has what C code puts there
            return True
        for method in ("__init__", "__post_init__"):
            text = source(own[method]) if method in own else ""
            if re.search(r"setattr\(\s*\w+\s*,\s*(?![\"'])|__dict__|vars\(self\)", text):
                return True
    return False


def mentions(cls: type, name: str) -> bool:
    """Whether the code of a class speaks of this name as an attribute, so that an instance may have it."""
    if cls.__dictoffset__ == 0:
        return False
    word = re.escape(name)
    for k in cls.__mro__[:-1]:
        if re.search(rf"\b(self|cls)\.{word}\b|[\"']{word}[\"']", code_of(k)):
            return True
        module = sys.modules.get(k.__module__)
        if module and re.search(rf"\w\.{word}\b[^=\n(]*=(?!=)", code_of(module)):
            return True
    return False


def subclasses(cls: type) -> Iterator[type]:
    k: type
    for k in type.__subclasses__(cls):
        yield k
        yield from subclasses(k)


@functools.cache
def code_of(thing: Any) -> str:
    """Source without longer docstrings, which are full of names."""
    return re.sub(r'"""[\s\S]*?"""', "", source(thing))


@functools.cache
def instance_has(cls: type, name: str, exact: bool) -> bool | None:
    """Whether an instance of a class has the attribute; exact: it is of no subclass."""
    if any(name in vars(k) or name in getattr(k, "__annotations__", {}) for k in cls.__mro__):
        return True
    if not exact and (inspect.isabstract(cls) or "Base" in cls.__name__):  # some subclass is meant, loaded or not
        return None
    if cls is object or is_open(cls) or mentions(cls, name):
        return None
    if not exact:
        for k in subclasses(cls):
            if name in vars(k) or (title(cls) not in PLAIN and (is_open(k) or mentions(k, name))):
                return None
    return False


def custom_call(cls: type) -> bool:
    """Whether calling the class does what its metaclass says: Colour(3) makes no new colour."""
    return any("__call__" in vars(k) for k in inspect.getmro(type(cls)) if k not in (type, object))


def accepts(function: Any, keyword: str) -> bool | None:
    """Whether a call may have the keyword; None for built-in code without a signature and for **kwargs."""
    if isinstance(function, type) and custom_call(function):
        return None
    try:
        parameters = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return None
    kinds = [p.kind for p in parameters.values()]
    found = parameters.get(keyword)
    if found is not None and found.kind not in (found.POSITIONAL_ONLY, found.VAR_POSITIONAL):
        return True
    if inspect.Parameter.VAR_KEYWORD in kinds:
        return False if all_listed(function) and not speaks_of(function, keyword) else None
    return None if wrapper_knows(function, keyword) else False


def all_listed(function: Any) -> bool:
    """Whether the docstring lists what **kwargs may hold, as matplotlib's do: every property of what is drawn."""
    ours = str(getattr(function, "__module__", "")).startswith("matplotlib.")
    return ours and re.search(r"^\s*Properties:\n\s*\w", inspect.getdoc(function) or "", re.M) is not None


def speaks_of(function: Any, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", inspect.getdoc(function) or "") is not None


def wrapper_knows(function: Any, keyword: str) -> bool:
    """Whether a decorator around the function deals with the keyword itself, as one for a renamed parameter does."""
    while (inner := getattr(function, "__wrapped__", None)) is not None:
        code = getattr(function, "__code__", None)
        cells = list(inspect.getclosurevars(function).nonlocals.values()) if code is not None else []
        strings = [c for c in cells if isinstance(c, str)]
        strings += [s for c in cells if isinstance(c, dict | list | tuple | set) for s in c if isinstance(s, str)]
        if code is not None and (keyword in code.co_varnames or keyword in code.co_consts or keyword in strings):
            return True
        function = inner
    return False


def keywords(function: Any) -> list[str]:
    """Those that a call may have, as far as signature and docstring name them."""
    hidden = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = [p.name for p in inspect.signature(function).parameters.values() if p.kind not in hidden]
    if all_listed(function):
        found += re.findall(r"^\s*(\w+)(?: or [\w, ]+)?: ", inspect.getdoc(function) or "", re.M)
    return found


def close(name: str, candidates: Any) -> list[str]:
    """At most three names like this one; private ones only for a private name."""
    shown = [c for c in candidates if name.startswith("_") or not c.startswith("_")]
    lower = {c.lower(): c for c in shown}  # Linspace is close to linspace
    return [lower[c] for c in difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.6)]


def packages() -> list[str]:
    """Top-level names that can be imported, for suggestions."""
    found = set(sys.stdlib_module_names)
    for folder in library_folders():
        path = Path(folder)
        if path.name.endswith("-packages") and path.is_dir():
            found |= {entry.stem for entry in path.iterdir()
                      if entry.suffix == ".py" or (entry / "__init__.py").is_file()}
    return sorted(found)


def builtin(name: str) -> Any:
    """The built-in of that name, else None."""
    return getattr(builtins, name, None)


def inside(module: Any) -> list[str]:
    """Names of a module and of its submodules, for suggestions."""
    if not isinstance(module, types.ModuleType):
        return []
    below = [info.name for info in pkgutil.iter_modules(getattr(module, "__path__", []))]
    return [*dir(module), *below]
