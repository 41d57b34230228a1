"""Pages of exercises: what a reader sees, what is folded, what is cut. A small Sphinx project is built for it."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from sphinx.testing.util import SphinxTestApp

from tests.tools.small_book import HEAD, ONE

CONF = """\
extensions = ["myst_nb", "trial"]
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence", "dollarmath"]
source_suffix = {".md": "myst-nb"}
root_doc = "index"
"""
TRIAL = """\
from book.ext import cells, exercises
def setup(app):
    cells.setup(app)
    exercises.setup(app)
"""
MARKS = {"grade": True, "grade_id": "trial.why", "locked": False, "points": 5, "schema_version": 3, "solution": True}
ESSAY = """
```{exercise} Why
:id: trial.why
:difficulty: 4

Say why.
```

+++ MARKS

### BEGIN SOLUTION
It **depends**.
### END SOLUTION

+++

## After all

The end.
""".replace("MARKS", json.dumps({"nbgrader": MARKS}))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page of exercises and a chapter with one, as parsed HTML, and the warnings of the build."""
    root = tmp_path_factory.mktemp("book")
    (root / "conf.py").write_text(CONF)
    (root / "index.md").write_text("# Index\n\n```{toctree}\nbook/exercises/07-trial\nbook/part/07-trial\n```\n")
    (root / "trial.py").write_text(TRIAL)
    for folder, text in (("exercises", HEAD + ONE + ESSAY), ("part", HEAD + ONE.split("```{code-cell}")[0])):
        (root / "book" / folder).mkdir(parents=True)
        (root / "book" / folder / "07-trial.md").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        app = SphinxTestApp("html", srcdir=root)
        app.build()
        warnings = app.warning.getvalue()
        app.cleanup()
    read = {folder: BeautifulSoup((root / f"_build/html/book/{folder}/07-trial.html").read_text(), "html.parser")
            for folder in ("exercises", "part")}
    return read, warnings


@pytest.fixture
def page(pages):
    return pages[0]["exercises"]


def test_the_build_has_no_warning(pages):
    assert "exercise" not in pages[1] and "heading" not in pages[1], pages[1]


def test_each_exercise_is_a_section_of_its_own(page):
    sections = page.select("section.primer-exercise")
    assert [section["id"] for section in sections] == ["exercise-trial-one", "exercise-trial-why"]
    assert sections[0].h2.get_text().startswith("From") and 'primer.check("trial.one"' in sections[0].get_text()
    assert "Say why." in sections[1].get_text()
    after = page.find(id="after-all")
    assert after and after.find_parent("section", class_="primer-exercise") is None


def test_the_difficulty_is_read_out(page):
    dots = page.select_one("#exercise-trial-one .primer-dots")
    assert dots["aria-label"] == "Difficulty 2 of 4" and dots["role"] == "img" and dots.get_text() == "●●○○"


def test_hints_and_solution_are_folded(page):
    folded = page.select("#exercise-trial-one details")
    assert [one.summary.get_text().strip() for one in folded] == ["Hint 1", "Hint 2", "One solution"]
    assert not any(one.has_attr("open") for one in folded)
    assert "return x + 1" in folded[2].get_text()
    for one in folded:
        one.extract()
    visible = page.find(id="exercise-trial-one").get_text()
    assert "return x + 1" not in visible and "raise NotImplementedError" in visible


def test_no_marker_and_no_hidden_test_is_left(page):
    text = page.get_text()
    assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN)|grading\.hidden", text)


def test_a_written_answer_is_folded(page):
    folded = page.select("#exercise-trial-why details")
    assert folded[-1].summary.get_text().strip() == "What a good answer says"
    assert folded[-1].strong.get_text() == "depends"


def test_an_exercise_in_a_chapter_is_a_block(pages):
    block = pages[0]["part"].select_one("div.primer-exercise")
    assert block["id"] == "exercise-trial-one" and block.h3.get_text().startswith("From")
