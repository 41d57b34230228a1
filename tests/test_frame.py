"""The rules of the repository: what is committed, and what may stand in it."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import repository

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 1_000_000  # bytes of a committed file
WEIGHTS = 2_000_000  # bytes of all trained weights together
STORED = 200_000  # bytes of a stored result
TEXT = {".md", ".py", ".js", ".mjs", ".yml", ".toml", ".cff", ".html", ".css", ".txt", ".ipynb", ".json", ".bib"}


def committed():
    """The files that a clone has: git's list, or everything outside the ignored folders where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]
    outside = {".venv", "node_modules", "_build", "build", "dist", "__pycache__"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not outside & set(path.relative_to(ROOT).parts)]


FILES = committed()
NAMES = {path.relative_to(ROOT).as_posix() for path in FILES}


def texts():
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in FILES
        if path.suffix in TEXT or path.name in ("Makefile", "run")
    }


def test_no_file_is_large():
    assert not {path.name: path.stat().st_size for path in FILES if path.stat().st_size > LARGEST}


def test_stored_results_and_weights_are_small():
    results = [path for path in FILES if path.is_relative_to(ROOT / "src/primer/results")]
    assert not [path.name for path in results if path.suffix == ".json" and path.stat().st_size > STORED]
    weights = [
        path for path in FILES if path.suffix in {".safetensors", ".npz", ".npy", ".pt", ".pth", ".bin", ".onnx"}
    ]
    assert sum(path.stat().st_size for path in weights) <= WEIGHTS


def test_notebooks_carry_no_outputs():
    notebooks = [path for path in FILES if path.suffix == ".ipynb"]
    assert notebooks
    for path in notebooks:
        cells = yaml.safe_load(path.read_text(encoding="utf-8"))["cells"]  # JSON is YAML
        code = [cell for cell in cells if cell["cell_type"] == "code"]
        assert not [cell for cell in code if cell["outputs"] or cell["execution_count"]], path.name


def test_both_licences_are_there():
    code = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert code.startswith("MIT License") and "genai-primer contributors" in code
    assert "Attribution 4.0 International" in (ROOT / "LICENSE-text").read_text(encoding="utf-8")


def test_citation_names_the_project_and_its_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert project and citation["version"] == project[1]
    assert f"## {project[1]}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert all(author.keys() == {"name"} for author in citation["authors"]), "an entity, no invented persons"


def test_the_address_is_a_placeholder_that_stands_once():
    assert repository.PLACEHOLDER_HOST in repository._configured()
    address = re.compile(rf"https://{re.escape(repository.PLACEHOLDER_HOST)}[\w/.-]*")
    for name, text in texts().items():
        if name == "_config.yml":
            assert len(address.findall(text)) == 1
        elif not name.startswith(("notebooks/", "tests/", "tools/repository.py")):
            assert not address.search(text), name


def test_nothing_names_a_place_that_others_could_take():
    """No address of a repository or a page of this course, and no bare name for pip to look up."""
    for name, text in texts().items():
        if name.startswith("tests/"):
            continue
        assert not re.search(r"(?:github\.com|github\.io|pypi\.org/project)/[\w.-]*/?genai-primer", text), name
        assert not re.search(r"pip3? install (?:-\S+ )*[\"']?genai[-_]primer", text), name


def test_no_path_of_one_machine():
    for name, text in texts().items():
        assert not re.search(r"/(?:work|root|home/\w+)/(?!\.cache)[\w.]", text), name


def test_no_page_is_left_as_the_template_has_it():
    pages = {name: text for name, text in texts().items() if name.startswith("book/")}
    assert not [name for name, text in pages.items() if "Replace this" in text]


def test_readme_shows_a_picture_that_is_there():
    pictures = re.findall(r"!\[[^]]{20,}\]\((book/assets/[^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        assert picture in NAMES and (ROOT / picture).stat().st_size < 150_000


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_inside_the_repository_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert not [link for link in links if not (ROOT / link).exists()]
