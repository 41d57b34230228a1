"""Every link and every set-up cell follows from the one address."""

import json
import re
from pathlib import Path

import pytest

from tools import repository

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
COMMIT = "0123456789abcdef" * 2 + "01234567"


@pytest.fixture(autouse=True)
def no_deployment(monkeypatch):
    monkeypatch.delenv("PRIMER_REPOSITORY_URL", raising=False)
    monkeypatch.delenv("PRIMER_COMMIT", raising=False)


def deploy(monkeypatch, url="https://github.com/Some/course", commit=COMMIT):
    monkeypatch.setenv("PRIMER_REPOSITORY_URL", url)
    monkeypatch.setenv("PRIMER_COMMIT", commit)


def test_the_committed_address_can_be_registered_by_nobody():
    assert repository.is_placeholder()
    assert re.match(r"https://[a-z.]+\.invalid/", repository.url())
    assert repository.colab_link("notebooks/02-bayes.ipynb").startswith(repository.url())
    assert repository.page_link("book/index.md").startswith(repository.url())
    with pytest.raises(ValueError, match="no address yet"):
        repository.requirement()


def test_deployment_gives_address_and_commit(monkeypatch):
    deploy(monkeypatch, "https://github.com/Some/course.git")
    assert repository.requirement() == f"genai-primer @ git+https://github.com/Some/course@{COMMIT}"
    assert repository.colab_link("notebooks/02-bayes.ipynb") == (
        "https://colab.research.google.com/github/Some/course/blob/published/notebooks/02-bayes.ipynb")
    assert repository.source_link("a b.md") == "https://github.com/Some/course/blob/published/a%20b.md"
    assert repository.page_link("book/foundations/02-bayes.md") == (
        "https://some.github.io/course/book/foundations/02-bayes.html")
    assert "title=A+%26+B" in repository.issue_link("book/x.md", "A & B")


def test_a_repository_named_after_its_site_has_no_folder(monkeypatch):
    deploy(monkeypatch, "https://github.com/some/some.github.io")
    assert repository.page_link("book/index.md") == "https://some.github.io/book/index.html"


def test_other_hosts_have_no_colab_link(monkeypatch):
    deploy(monkeypatch, "https://git.example.org/team/course")
    assert repository.colab_link("notebooks/a.ipynb") == (
        "https://git.example.org/team/course/blob/published/notebooks/a.ipynb")


@pytest.mark.parametrize("url", ["http://github.com/a/b", "github.com/a/b", "https://github.com/a", "https://a b/c/d",
                                 "https://github.com/a/b?x=1", "https://user@github.com/a/b", 'https://x.org/a/b"'])
def test_addresses_that_are_none_are_refused(monkeypatch, url):
    deploy(monkeypatch, url)
    with pytest.raises(ValueError, match="must look like"):
        repository.url()


@pytest.mark.parametrize("commit", ["main", "abc", "A" * 40, "0" * 41])
def test_only_a_full_commit_is_installed(monkeypatch, commit):
    deploy(monkeypatch, commit=commit)
    with pytest.raises(ValueError, match="40 hexadecimal"):
        repository.requirement()


def test_an_address_without_commit_is_refused(monkeypatch):
    deploy(monkeypatch, commit="")
    with pytest.raises(ValueError, match="PRIMER_COMMIT"):
        repository.requirement()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_badge_and_set_up_of_each_committed_notebook(path):
    name = path.relative_to(ROOT).as_posix()
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    badges = re.findall(r"\[!\[Open in Colab\]\([^)]*\)\]\(([^)]*)\)", "\n".join(sources))
    assert badges == [repository.colab_link(name)]
    assert repository.page_link("") in sources[0]
    installs = [source for source in sources if re.search(r"pip3? install|find_spec", source)]
    assert installs == [sources[1]]
    assert "pip install -e ." in installs[0] and "%pip" not in installs[0] and "!pip" not in installs[0]


def test_nothing_in_the_repository_installs_a_bare_name():
    """Whoever registers the name on PyPI would be installed from."""
    suffixes = {".md", ".py", ".ipynb", ".toml", ".yml", ".yaml", ".cff", ".html", ".js", ""}
    skip = {".git", ".venv", "node_modules", "_build", "tests"}
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.suffix not in suffixes or not path.is_file() or any(p in skip or p.startswith(".venv") for p in parts):
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        found = re.search(r"pip3? install[^\n]*[\s\"']genai-primer(?!\s*@|\[[a-z,]*\]\s*@)", text)
        assert not found, f"{path}: {found and found[0]}"
