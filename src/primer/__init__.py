"""The helper package of an interactive course on generative AI.

Every public name is loaded when it is first used, so that ``import primer`` costs milliseconds and loads neither
torch nor matplotlib. This file must stay readable for old Python versions: it is what tells their users to upgrade.
"""

import sys
from importlib import import_module

# pip refuses an older Python by itself; this is for who runs the package from its folder.
if sys.version_info < (3, 11):  # noqa: UP036
    raise ImportError(
        "primer needs Python 3.11 or newer and this is Python {}.{}: create an environment with a newer Python.".format(
            *sys.version_info
        )
    )

# public name -> the module it lives in; a module listed under its own name is the module itself
_HOMES = {
    "setup": "core",
    "budget": "core",
    "expect": "core",
    "Claim": "claims",
    "verdicts": "claims",
    "fit": "training",
    "check_api": "api_check",
    "check": "checks",
    "hint": "checks",
    "solution": "checks",
    "data": "data",
    "grading": "grading",
    "metrics": "metrics",
    "models": "models",
    "plots": "plots",
    "widgets": "widgets",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("genai-primer")
    if name not in _HOMES:
        raise AttributeError(f"primer has no {name!r}; it has: {', '.join(__all__)}.")
    home = _HOMES[name]
    module = import_module("primer." + home)
    return module if name == home else getattr(module, name)


def __dir__() -> "list[str]":
    return [*__all__, "__version__"]
