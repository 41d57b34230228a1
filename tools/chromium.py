"""Finds a Chromium for the browser tests: the system's own, or the one that Playwright downloads.

Needs the standard library only, so that `make test` can look before it installs anything.
"""

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "No Chromium was found for the browser tests: install it (`apt-get install chromium`, or `make chromium` for "
    "Playwright's own), or leave those tests out with `make test BROWSER=0`."
)


def playwright_folders() -> list[Path]:
    """Where Playwright keeps the browsers it downloads: its variable, then its defaults on Linux and macOS."""
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    home = Path.home()
    return [Path(named)] if named else [home / ".cache/ms-playwright", home / "Library/Caches/ms-playwright"]


def find() -> str | None:
    """Path of a Chromium that can be started, or None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    inside = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    found = [path for folder in playwright_folders() for pattern in inside for path in folder.glob(pattern)]
    return str(max(found, key=lambda path: path.stat().st_mtime)) if found else None


if __name__ == "__main__":
    path = find()
    if path is None:
        sys.exit(MISSING)
    print(path)
