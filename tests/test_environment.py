"""pyproject.toml, constraints.txt, environment.yml and the Makefile's installation agree."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
# The book is built with these extras; the others belong to single chapters.
BOOK_EXTRAS = bootstrap.EXTRAS.split(",")


def closure():
    """Requirements of the package and the book's extras, and those of what is installed for them, under this Python."""
    seen = set()
    queue = [Requirement(line) for lines in (PROJECT["dependencies"], *map(EXTRAS.get, BOOK_EXTRAS)) for line in lines]
    while queue:
        requirement = queue.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        yield requirement
        for line in importlib.metadata.requires(requirement.name) or []:
            inner = Requirement(line)
            extras = ["", *requirement.extras]
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                queue.append(inner)


def test_conda_installs_the_project_and_nothing_else():
    python, pip, inner = CONDA
    assert pip == "pip"
    assert inner == {"pip": ["--constraint constraints.txt", f"--editable .[{bootstrap.EXTRAS}]"]}
    assert python.startswith("python >=3.11")


@pytest.mark.parametrize("version", ["3.10.13", "3.11.0", "3.12.1", "3.13.5"])
def test_conda_and_the_package_allow_the_same_pythons(version):
    conda = SpecifierSet(CONDA[0].removeprefix("python "))
    assert conda.contains(version) == SpecifierSet(PROJECT["requires-python"]).contains(version)
    minor = version.rpartition(".")[0]
    listed = f"Programming Language :: Python :: {minor}" in PROJECT["classifiers"]
    assert conda.contains(version) == listed


def test_the_makefile_looks_for_the_pythons_that_the_package_lists():
    listed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    found = re.search(r"python3\.\d+(?: python3\.\d+)*", (ROOT / "Makefile").read_text())
    assert found and sorted(found[0].split()) == sorted(f"python{minor}" for minor in listed)


def test_constraints_are_exact_and_sorted_and_fit_every_machine():
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in PINS), "no address, no local version"
    names = [canonicalize_name(line.split("==")[0]) for line in PINS]
    assert names == sorted(set(names))
    assert not [name for name in names if name.startswith(("nvidia", "triton"))]


def test_every_requirement_of_the_book_is_pinned():
    """Also what is needed indirectly, or tomorrow's release of a stranger could break the build."""
    pinned = {canonicalize_name(line.split("==")[0]) for line in PINS}
    missing = {name for requirement in closure() if (name := canonicalize_name(requirement.name)) not in pinned}
    assert not {name for name in missing if not name.startswith(("nvidia", "triton", "cuda"))}


def test_every_pin_satisfies_the_package_and_is_what_is_installed():
    pinned = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in PINS}
    for requirement in closure():
        version = pinned.get(canonicalize_name(requirement.name))
        if version:
            assert requirement.specifier.contains(version, prereleases=True), requirement
    installed = {name: importlib.metadata.version(name).partition("+")[0] for name in ("torch", "numpy", "sphinx")}
    assert installed == {name: pinned[name] for name in installed}


def test_each_dependency_stands_once():
    lists = (PROJECT["dependencies"], *EXTRAS.values())
    names = [canonicalize_name(Requirement(line).name) for lines in lists for line in lines]
    assert len(names) == len(set(names))
