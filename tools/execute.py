"""Executes the book's pages into the cache from which the build takes their outputs, several side by side.

A page runs again only if its code cells changed, or the package, or the versions of what it stands on: the cache
itself looks at the cells alone, so it is emptied when `fingerprint()` is another. Run as `python tools/execute.py`;
it prints each page with its seconds and ends with 1 if a page fails.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build" / ".jupyter_cache"
TIMEOUT = 300  # seconds for a cell
WORKERS = 2
READER = {"name": "myst_nb_md", "type": "plugin"}
# What outputs depend on besides the package itself.
VERSIONS = ("torch", "numpy", "scikit-learn", "matplotlib", "anywidget", "ipykernel")


def fingerprint() -> str:
    """A hash of `src/primer`, of Python's version and of the libraries whose numbers and pictures the pages show."""
    digest = hashlib.sha256(sys.version.encode())
    for name in VERSIONS:
        digest.update(f"{name}={importlib.metadata.version(name)}".encode())
    for path in sorted((ROOT / "src" / "primer").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def open_cache(folder: Path, stamp: str) -> Any:
    """The execution cache in `folder`, emptied if it was not filled under the fingerprint `stamp`."""
    from jupyter_cache import get_cache

    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "fingerprint"
    cache = get_cache(str(folder))
    if not note.exists() or note.read_text() != stamp:
        cache.clear_cache()
        folder.mkdir(parents=True, exist_ok=True)
        cache = get_cache(str(folder))
        note.write_text(stamp)
    return cache


def pages() -> list[Path]:
    """The text notebooks among the pages of `_toc.yml`."""
    from sphinx_external_toc.parsing import parse_toc_yaml

    names = [str(name) for name in parse_toc_yaml(ROOT / "_toc.yml")]
    paths = [ROOT / (name if name.endswith(".md") else f"{name}.md") for name in names]
    return [path for path in paths if path.exists() and "kernelspec:" in path.read_text("utf-8")[:2000]]


def execute(path: str) -> tuple[Any, float, str]:
    """Run one page. Return the executed notebook, its seconds, and the error's text ("" if there was none)."""
    from jupyter_cache.executors.utils import single_nb_execution
    from jupyter_cache.readers import get_reader

    notebook = get_reader(READER)(path)
    result = single_nb_execution(notebook, cwd=str(Path(path).parent), timeout=TIMEOUT, allow_errors=False)
    return notebook, result.time, result.exc_string or ""


def main() -> int:
    """Execute what is not in the cache; return the number of pages that failed."""
    from jupyter_cache.base import CacheBundleIn
    from jupyter_cache.readers import get_reader

    os.environ.update(PRIMER_BOOK="1", PRIMER_STRICT="1")
    cache = open_cache(CACHE, fingerprint())
    waiting = []
    for path in pages():
        try:
            cache.match_cache_notebook(get_reader(READER)(str(path)))
        except KeyError:
            waiting.append(path)
    if not waiting:
        print("Every page is in the execution cache.")
        return 0
    print(f"Executing {len(waiting)} pages, {WORKERS} side by side.", flush=True)
    start, failed = time.monotonic(), 0
    with ProcessPoolExecutor(WORKERS) as pool:
        futures = {pool.submit(execute, str(path)): path for path in waiting}
        for done, future in enumerate(as_completed(futures), start=1):
            path = futures[future]
            notebook, seconds, error = future.result()
            mark = "failed" if error else "ok"
            print(f"[{done}/{len(waiting)}] {path.relative_to(ROOT)}  {seconds:.1f} s  {mark}", flush=True)
            if error:
                failed += 1
                print(error, file=sys.stderr)
                continue
            bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    print(f"Executed in {time.monotonic() - start:.1f} s.")
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
