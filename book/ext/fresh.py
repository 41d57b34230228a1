"""Keeps outputs fresh: they come from the execution cache, which does not notice that the package has changed.

When `tools/execute.py` says that the package is another, the cache starts empty and every executed page is read
again, although its text is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from tools.execute import fingerprint, open_cache


def setup(app: Sphinx) -> None:
    """Compare the package's fingerprint with that of the cache and with that of the last build."""
    app.connect("builder-inited", empty_stale_cache)
    app.connect("env-get-outdated", outdated)


def empty_stale_cache(app: Sphinx) -> None:
    """Empty MyST-NB's execution cache if it was filled with another package."""
    open_cache(Path(app.outdir).parent / ".jupyter_cache", fingerprint())


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> Iterable[str]:
    """All executed pages, if the package is not the one they were executed with."""
    current = fingerprint()
    if getattr(env, "primer_fingerprint", None) == current:
        return []
    env.primer_fingerprint = current  # type: ignore[attr-defined]
    executed = getattr(env, "nb_metadata", {})
    return [docname for docname, data in executed.items() if "exec_data" in data and docname in env.found_docs]
