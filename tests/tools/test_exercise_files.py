"""What an exercise file is cut into, and what is refused in one."""

import json
import re

import pytest

from tests.tools.small_book import CELL, ONE, text_of
from tools.book_index import Index
from tools.exercise_files import exercises, without
from tools.myst_blocks import FormatError


def test_the_student_gets_stub_and_visible_test(book):
    cells = book(CELL + ONE, exercise=True)
    statement, stub, test = ("".join(cell["source"]) for cell in cells[3:])
    assert statement.startswith("## From $a$ to $b$\n\n`trial.one` · difficulty ●●○○\n\nWrite `one(x)`.")
    assert statement.endswith('`primer.hint("trial.one")` gives a hint, `primer.solution("trial.one")` a solution.')
    assert stub == ('# trial.one\ndef one(x):\n    """One more."""\n    # Write your code here.\n'
                    "    raise NotImplementedError")
    assert test == 'primer.check("trial.one", one)'
    assert [cell["metadata"]["nbgrader"]["grade_id"] for cell in cells[4:]] == ["trial-one", "trial-one-test"]


def test_the_instructor_gets_everything(book):
    sources = text_of(book(ONE, exercise=True, instructor=True))
    assert "### BEGIN SOLUTION\n    return x + 1" in sources and "primer.grading.hidden" in sources


def test_texts_of_an_exercise(book, tmp_path):
    book(ONE, exercise=True)
    document = next(d for d in Index(tmp_path).chapters() if d.is_exercise)
    assert exercises(document) == {"trial.one": {
        "title": "From $a$ to $b$", "hints": ["Look.", "Look again."],
        "solution": 'def one(x):\n    """One more."""\n    return x + 1'}}


def test_a_written_answer_is_taken_out(book):
    marks = {"grade": True, "grade_id": "trial.one", "locked": False, "points": 5, "schema_version": 3,
             "solution": True, "task": False}
    body = (ONE.split("```{code-cell}")[0] + f'+++ {json.dumps({"nbgrader": marks})}\n\n'
            "### BEGIN SOLUTION\nIt depends.\n### END SOLUTION\n\n+++\n")
    cells = book(body, exercise=True)
    assert "".join(cells[-1]["source"]) == "Your answer here."
    assert cells[-1]["metadata"]["nbgrader"]["grade_id"] == "trial-one"


@pytest.mark.parametrize(("old", "new", "sentence"), [
    ("### END SOLUTION", "", "is never closed"),
    ("### BEGIN SOLUTION", "### SOLUTION", "has no partner"),
    ("### BEGIN SOLUTION", "# BEGIN SOLUTION", "is no marker"),
    ("    ### BEGIN SOLUTION", "### BEGIN SOLUTION", "stands inside a function"),
    ("# trial.one\n", "", "The first line of the solution cell"),
    ("grade_id: trial.one,", "grade_id: trial.two,", "no cell with this grade_id"),
    ("grade_id: trial.one-test", "grade_id: trial.test", 'no cell with the grade_id "trial.one-test"'),
    ("points: 2", "points: 0", "a grade cell with points"),
    ("locked: true", "locked: false", "must be locked"),
    ("solution: true", "solution: false", "must be marked as a solution"),
    ('primer.check("trial.one", one)', "", "The test cell must call"),
    ('hidden("trial.one", one)', "hidden(one)", "The test cell must call"),
    (":id: trial.one", ":id: other.one", 'hints for "trial.one"'),
    ("grade_id: trial.one-test", "grade_id: trial.one", "given twice"),
])
def test_exercises_that_would_break_later_are_refused(book, old, new, sentence):
    assert old in ONE
    with pytest.raises(FormatError, match=re.escape(sentence)):
        book(ONE.replace(old, new), exercise=True)


def test_regions_are_cut_with_their_markers():
    assert without("a\n  ### BEGIN SOLUTION\n  b\n  ### END SOLUTION\nc", "SOLUTION", "x\ny") == "a\n  x\n  y\nc"
