"""A chapter from the template is whole at once: listed, made into notebooks, run, and checked."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from primer import checks
from tools import chapter, notebooks
from tools.bibliography import Bibliography
from tools.book_index import Index

ROOT = Path(__file__).resolve().parents[2]
TOC = """\
format: jb-book
parts:
  # a comment that stays
  - caption: What a model models
    chapters:
      - file: book/foundations/02-bayes
        sections:
          - file: book/exercises/02-bayes
  - caption: Appendices
    chapters:
      - file: book/appendices/ledger
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "book" / "course.yml", tmp_path / "book")
    (tmp_path / "_toc.yml").write_text(TOC)
    return tmp_path


def pages(root):
    parts = yaml.safe_load((root / "_toc.yml").read_text())["parts"]
    return {part["caption"]: [entry["file"] for entry in part["chapters"]] for part in parts}


def test_chapters_are_listed_in_their_part_and_in_order(root):
    for name in ("04-classical", "13-tokens", "01-generative", "03-discriminative"):
        chapter.start(name, root)
    names = ["01-generative", "02-bayes", "03-discriminative", "04-classical"]
    assert pages(root) == {
        "What a model models": [f"book/foundations/{name}" for name in names],
        "Language and more than one modality": ["book/language/13-tokens"],
        "Appendices": ["book/appendices/ledger"],
    }
    assert list(pages(root))[-1] == "Appendices"
    assert "# a comment that stays" in (root / "_toc.yml").read_text()


def test_both_notebooks_can_be_made_and_run(root):
    chapter.start("04-classical", root)
    index = Index(root)
    documents = list(index.chapters())
    assert [document.is_exercise for document in documents].count(True) == 1 and len(documents) == 2
    for document in documents:
        assert "Classical generative models" in notebooks.notebook(document, index, Bibliography(""))
        code = [cell.source for cell in document.cells if cell.kind == "code"]
        if not document.is_exercise:
            exec("\n".join(code), {})
    (exercise,) = (document for document in documents if document.is_exercise)
    space: dict = {}
    solution = next(cell.source for cell in exercise.cells if "BEGIN SOLUTION" in cell.source)
    exec("import numpy as np\n" + solution, space)
    exec((root / "src/primer/checks/classical.py").read_text(), {})
    check = checks.find("classical.mean")
    rngs = [np.random.default_rng(0)]
    assert checks.run_check(check, space["mean"], rngs)
    assert not checks.run_check(check, np.median, rngs)


def test_nothing_is_overwritten(root):
    chapter.start("04-classical", root)
    page = root / "book" / "foundations" / "04-classical.md"
    page.write_text("mine")
    (root / "book" / "exercises" / "04-classical.md").unlink()
    with pytest.raises(chapter.ChapterError, match="is there already; nothing was written"):
        chapter.start("04-classical", root)
    assert page.read_text() == "mine" and not (root / "book" / "exercises" / "04-classical.md").exists()


@pytest.mark.parametrize("arguments", [[], ["99-nothing"], ["classical"]])
def test_a_wrong_name_gives_one_sentence(arguments, capsys):
    assert chapter.main(arguments) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
