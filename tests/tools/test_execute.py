"""The execution of the book's pages into the cache."""

import pytest

from tools import execute

PAGE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---
# A page

```{{code-cell}} ipython3
{code}
```
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small book in a folder of its own, with one page that runs and a package beside it."""
    (tmp_path / "src" / "primer").mkdir(parents=True)
    (tmp_path / "src" / "primer" / "core.py").write_text("x = 1\n")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.md").write_text(PAGE.format(code="import os\nprint(6 * 7, os.environ['PRIMER_BOOK'])"))
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n")
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "CACHE", tmp_path / "_build" / ".jupyter_cache")
    return tmp_path


def test_the_fingerprint_follows_the_package(root):
    before = execute.fingerprint()
    assert execute.fingerprint() == before
    (root / "src" / "primer" / "widget.js").write_text("export {}")
    with_script = execute.fingerprint()
    (root / "src" / "primer" / "core.py").write_text("x = 2\n")
    assert len({before, with_script, execute.fingerprint()}) == 3


def test_a_page_runs_once_until_something_changes(root, capsys):
    assert execute.main() == 0
    assert "[1/1] book/index.md" in capsys.readouterr().out
    assert execute.main() == 0
    assert "in the execution cache" in capsys.readouterr().out
    (root / "src" / "primer" / "core.py").write_text("x = 2\n")
    assert execute.main() == 0
    assert "[1/1] book/index.md" in capsys.readouterr().out


def test_a_page_that_fails_is_named_and_not_kept(root, capsys):
    (root / "book" / "index.md").write_text(PAGE.format(code="raise ValueError('no such digit')"))
    assert execute.main() == 1
    answer = capsys.readouterr()
    assert "book/index.md" in answer.out and "failed" in answer.out
    assert "no such digit" in answer.err
    assert execute.main() == 1


def test_pages_without_cells_are_left_alone(root):
    (root / "book" / "index.md").write_text("# Text alone\n")
    assert execute.pages() == []
