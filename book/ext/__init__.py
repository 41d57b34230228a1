"""The book's Sphinx extensions: what turns Jupyter Book's pages into this course's own.

Each module has a `setup(app)` of its own and does one thing; this file only calls them and tells Sphinx when to build
a page anew.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from pathlib import Path

from sphinx.application import Sphinx

MODULES = (
    "assets", "design", "mathematics", "cells", "figures", "course", "header", "metadata", "ledger", "terms", "links",
    "fresh", "widgets", "exercises",
)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this. Cells know that they run for the book, where a number outside its range is an error."""
    os.environ.setdefault("PRIMER_BOOK", "1")
    os.environ.setdefault("PRIMER_STRICT", "1")
    here = Path(__file__).parent
    for name in MODULES:
        importlib.import_module(f"book.ext.{name}").setup(app)
    # Jupyter Book sets this for an extension that the book does without.
    app.add_config_value("comments_config", {}, "")
    # A changed extension may change any page: Sphinx reads everything again when a value of kind "env" differs.
    code = b"".join(path.read_bytes() for path in sorted(here.rglob("*.py")))
    app.add_config_value("primer_code", hashlib.sha256(code).hexdigest(), "env")
    return {"parallel_read_safe": False, "parallel_write_safe": False}
