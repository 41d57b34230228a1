"""Installing the package in Colab must change nothing that is already there."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.colab import constraints

ROOT = Path(__file__).resolve().parents[1]
PREINSTALLED = ROOT / "tests" / "colab" / "preinstalled.txt"
COLAB_PYTHON = {"python_version": "3.13", "python_full_version": "3.13.15"}
ADDED = {"jedi"}  # Colab's own IPython 7.34 asks for it, and check_api uses it, but Colab does not ship it


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    """Colab's versions, by name."""
    return constraints(PREINSTALLED.read_text(encoding="utf-8"))


def dependencies() -> list[str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def test_constraints_keep_plain_pins_only() -> None:
    published = "# a comment\nnumpy==2.1.3\ntorch==2.11.0+cu128\nnvidia-nccl-cu13==2.31.2\nPyYAML==6.0.3\n" \
                "pkg @ git+https://host.invalid/pkg@abc\n"
    assert constraints(published) == {"numpy": "numpy==2.1.3", "torch": "torch==2.11.0", "pyyaml": "PyYAML==6.0.3"}


def test_every_dependency_is_preinstalled_in_a_version_that_will_do(pins: dict[str, str]) -> None:
    for requirement in map(Requirement, dependencies()):
        if requirement.name in ADDED:
            continue
        version = pins[canonicalize_name(requirement.name)].split("==")[1]
        assert requirement.specifier.contains(version), f"Colab has {requirement.name} {version}: pip would replace it."


def test_dependencies_have_lower_bounds_only() -> None:
    for requirement in map(Requirement, dependencies()):
        assert [part.operator for part in requirement.specifier] == [">="], requirement
    assert "<" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]


def test_the_package_asks_for_no_part_of_jupyter() -> None:
    names = {canonicalize_name(Requirement(line).name) for line in dependencies()}
    assert not names & {"ipython", "ipykernel", "notebook", "nbgrader"}
    assert not any(name.startswith("jupyter") for name in names)


def empty_torch(folder: Path, version: str) -> Path:
    """A wheel named torch with nothing in it: what matters here is that torch stays, not what it weighs."""
    path = folder / f"torch-{version}-py3-none-any.whl"
    inside = f"torch-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{inside}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n")
        wheel.writestr(f"{inside}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{inside}/RECORD", "")
    return path


def reached(report: dict, wanted: list[str]) -> dict[str, str]:
    """Name and version of what the wanted requirements lead to under Colab's Python.

    pip answers `python_version` in a marker with the Python that runs it, so its report may hold a package too many.
    """
    found = {canonicalize_name(item["metadata"]["name"]): item["metadata"] for item in report["install"]}
    versions: dict[str, str] = {}
    queue = [(Requirement(line), "") for line in wanted]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        applies = requirement.marker is None or requirement.marker.evaluate(COLAB_PYTHON | {"extra": extra})
        if not applies or (name in versions and not requirement.extras):
            continue
        versions[name] = found[name]["version"]
        inner = [Requirement(line) for line in found[name].get("requires_dist", [])]
        queue += [(one, extra) for one in inner for extra in ["", *requirement.extras]]
    return versions


def test_installing_under_colabs_python_changes_nothing(tmp_path: Path, pins: dict[str, str]) -> None:
    """pip's resolver, nothing installed: all of Colab's versions are kept, and jedi alone is added."""
    held = tmp_path / "constraints.txt"
    held.write_text("\n".join(pins.values()))
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "-q", "--dry-run", "--ignore-installed", "--report", report,
               "--python-version", "3.13", "--only-binary=:all:", "--target", tmp_path / "target", "-c", held,
               empty_torch(tmp_path, pins["torch"].split("==")[1]), *dependencies()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if re.search("NewConnectionError|ConnectTimeoutError|NameResolutionError", done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stderr[-3000:]
    versions = reached(json.loads(report.read_text()), dependencies())
    assert versions.keys() - pins.keys() <= ADDED
    changed = {name: version for name, version in versions.items()
               if name in pins and pins[name].split("==")[1] != version}
    assert not changed


def test_the_wheel_is_pure_python(tmp_path: Path) -> None:
    copy = tmp_path / "copy"  # setuptools builds in the folder and would leave files there
    shutil.copytree(ROOT / "src" / "primer", copy / "src" / "primer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, copy]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as inside:
        names = inside.namelist()
    assert "primer/widgets/shared.js" in names
    assert all(name.startswith(("primer/", "genai_primer-")) for name in names)
