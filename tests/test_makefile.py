"""The Makefile: what it offers, and what it says on a machine that lacks something."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import chromium

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    ".ci/run",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / ".github" / "workflows").glob("*.yml")),
]


def targets():
    """Targets that people call: lower-case words, except the guard of `make test`."""
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_help_lists_every_target():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert targets() == set(re.findall(r"^  make (\w+) ", shown, re.MULTILINE))
    assert {"book", "html", "test", "notebooks", "lab", "chapter", "clean"} <= targets()


@pytest.mark.parametrize("page", PAGES)
def test_every_make_command_that_is_named_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|run: |^)make ([a-z]+)", text, re.MULTILINE))
    assert named and named <= targets()


@pytest.fixture
def bare(tmp_path):
    """A copy of what `make` needs, on a machine with hardly a program: call it with a target and, by name, scripts."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    programs = tmp_path / "bin"
    programs.mkdir()

    def make(*arguments, **scripts):
        for name in ("make", "sh"):
            (programs / name).symlink_to(shutil.which(name))
        for name, script in scripts.items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        return subprocess.run(
            ["make", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": str(programs), "HOME": str(tmp_path)},
        )

    return make


OLD = f'exec {sys.executable} -c "import sys; sys.version_info = (3, 9, 18); exec(sys.argv[1])" "$2"'
NOW = f'exec {sys.executable} "$@"'


@pytest.mark.parametrize("target", ["book", "test", "html"])
@pytest.mark.parametrize("scripts", [{}, {"python3": OLD}, {"python3": "exit 1", "python": OLD}])
def test_a_wrong_python_gives_one_sentence(bare, target, scripts):
    done = bare(target, **scripts)
    assert done.returncode != 0 and not done.stdout.strip()
    first, last = done.stderr.strip().splitlines()
    assert first.startswith("Python 3.11, 3.12 or 3.13 is needed and none was found: install one")
    assert last.startswith("make: ***")


def test_a_python_that_is_named_is_the_only_one_tried(bare):
    done = bare("book", "PYTHON=python-old", **{"python3": NOW, "python-old": OLD})
    assert done.returncode != 0 and "is needed and none was found" in done.stderr


def test_a_missing_chromium_gives_one_sentence_before_anything_is_installed(bare, tmp_path):
    done = bare("test", python3=NOW)
    assert done.returncode != 0 and not done.stdout.strip()
    assert done.stderr.splitlines()[0] == chromium.MISSING
    assert not (tmp_path / ".venv").exists()


def test_browser_tests_can_be_left_out_and_it_is_said(bare):
    done = bare("--assume-old=.venv/ready", "chromium-found", "pages", "BROWSER=0", python3=NOW, pytest="echo $*")
    assert done.returncode == 0
    assert "tests/book" in done.stdout and "tests/browser" not in done.stdout
    assert done.stdout.strip().endswith("BROWSER=0: the browser tests were left out.")
