"""nbgrader's own cycle on every assignment of the book: generate, release, submit, collect, autograde, feedback."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tools import notebooks

ROOT = Path(__file__).resolve().parents[2]
ASSIGNMENTS = [path.stem for path in sorted((ROOT / "book" / "exercises").glob("[0-9][0-9]-*.md"))]
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
pytest.importorskip("nbgrader", reason="the extra `grading` is not installed")

# Knows the answers to the visible cases and nothing else; looks for the secret.
BY_HEART = """\
import os, numpy as np
from primer import checks
print("secret:", os.environ.get("PRIMER_COURSE_SECRET"))
_check = checks.find("{id}")
_cases = [args for seed in _check.seeds for args in _check.cases(np.random.default_rng(seed))]
_answers = {{repr(args): _check.reference(*args) for args in _cases}}
def {name}(*args):
    return _answers.get(repr(args), 0.0)
"""


class Course:
    """A course folder with nbgrader's commands, as an instructor and three students use them."""

    def __init__(self, folder, assignment):
        self.folder, self.assignment = folder / "course", assignment
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("PRIMER_", "NBGRADER_"))}
        self.env |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder),
                     "PRIMER_COURSE_SECRET": SECRET, "JUPYTER_DATA_DIR": str(folder / "data")}
        self.exchange = folder / "exchange"
        self.exchange.mkdir(mode=0o777)
        self.call("primer", "assignment", assignment[:2], "--out", str(self.folder), cwd=ROOT)

    def call(self, *command, cwd=None, ok=True, env=None):
        done = subprocess.run(command, cwd=cwd or self.folder, env=env or self.env, capture_output=True, text=True)
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    def nbgrader(self, command, *options, **how):
        return self.call("nbgrader", command, self.assignment, f"--Exchange.root={self.exchange}", *options, **how)

    def read(self, step, student="."):
        path = self.folder / step / student / self.assignment / f"{self.assignment}.ipynb"
        return nbformat.read(path, as_version=4)

    def submit(self, student, notebook):
        folder = self.folder / "submitted" / student / self.assignment
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{self.assignment}.ipynb")


def sources(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def solution_cells(notebook):
    """The code cells that a student fills in, with their ids as the book has them."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            yield re.match(r"# (\S+)", cell.source)[1], cell


def points(notebook):
    """Points of what nbgrader can mark by itself, by grade_id."""
    marks = (cell.metadata.get("nbgrader", {}) for cell in notebook.cells if cell.cell_type == "code")
    return {mark["grade_id"]: mark["points"] for mark in marks if mark.get("grade")}


def scores(course, ids):
    """Points reached: {student: {grade_id: points}}."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}") as book:
        return {submission.student.id: {grade.cell.name: grade.auto_score for grade in submission.notebooks[0].grades
                                        if grade.cell.name in ids}
                for submission in book.assignment_submissions(course.assignment)}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_cycle(assignment, tmp_path, monkeypatch):
    course = Course(tmp_path, assignment)
    monkeypatch.setenv("PATH", course.env["PATH"])  # nbgrader's database looks for alembic there
    first = assignment == ASSIGNMENTS[0]
    source = course.read("source")
    course.nbgrader("generate_assignment")

    # What students get is what the course publishes, and holds no answer.
    released = course.read("release")
    published = nbformat.reads(notebooks.outputs()[Path(f"notebooks/exercises/{assignment}.ipynb")], as_version=4)
    assert sources(released) == sources(published)
    text = json.dumps(released)
    assert "SOLUTION" not in text and "HIDDEN" not in text and "grading.hidden" not in text

    # A right submission, through nbgrader's exchange for the first assignment.
    right = source
    if first:
        course.nbgrader("release_assignment")
        home = tmp_path / "ann"
        home.mkdir()
        who = ("--course=genai-primer", "--student=ann")
        course.nbgrader("fetch_assignment", *who, cwd=home)
        right = nbformat.read(home / assignment / f"{assignment}.ipynb", as_version=4)
        assert sources(right) == sources(released)
        answers = dict(solution_cells(source))
        for id, cell in solution_cells(right):
            cell.source = answers[id].source
        nbformat.write(right, home / assignment / f"{assignment}.ipynb")
        course.nbgrader("submit", *who, cwd=home)
        course.nbgrader("collect", "--ExchangeCollect.check_owner=False")
    else:
        course.submit("ann", right)
    # A wrong one: the first answer learnt by heart, the second right, the others nonsense.
    wrong, expected = released, dict.fromkeys(points(source), 0)
    for place, (id, cell) in enumerate(solution_cells(wrong)):
        if place == 0:
            name = re.search(r"^def (\w+)", cell.source, re.MULTILINE)[1]
            cell.source = BY_HEART.format(id=id, name=name)
        elif place == 1:
            cell.source = dict(solution_cells(source))[id].source
            expected[f"{id.replace('.', '-')}-test"] = points(source)[f"{id.replace('.', '-')}-test"]
        else:
            cell.source = cell.source.replace("raise NotImplementedError", "return 0.0")
    course.submit("bob", wrong)
    # An unanswered one: the published notebook as it came from Colab.
    course.submit("cy", published)

    if first:  # without the secret nothing is graded, and the instructor is told why
        env = {key: value for key, value in course.env.items() if key != "PRIMER_COURSE_SECRET"}
        output = course.nbgrader("autograde", "--student=cy", env=env, ok=False)
        assert "Set PRIMER_COURSE_SECRET to the secret of your course" in output
    course.nbgrader("autograde")
    got = scores(course, points(source))
    assert got["ann"] == points(source)
    assert got["bob"] == expected
    assert got["cy"] == dict.fromkeys(points(source), 0)

    course.nbgrader("generate_feedback")
    pages = {student: (course.folder / "feedback" / student / assignment / f"{assignment}.html").read_text()
             for student in got}
    assert "Hidden cases" in pages["bob"] and "not attempted" in pages["cy"]
    for path in [*course.folder.rglob("*.html"), *course.folder.rglob("*.ipynb")]:
        assert SECRET not in path.read_text(encoding="utf-8"), path


def test_an_assignment_is_not_overwritten(tmp_path):
    course = Course(tmp_path, ASSIGNMENTS[0])
    again = ("primer", "assignment", ASSIGNMENTS[0], "--out", str(course.folder))
    assert "Wrote" in course.call(*again, cwd=ROOT)
    path = course.folder / "source" / ASSIGNMENTS[0] / f"{ASSIGNMENTS[0]}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("Exercises", "My exercises", 1), encoding="utf-8")
    assert "exists and differs" in course.call(*again, cwd=ROOT, ok=False)
    assert "My exercises" in path.read_text(encoding="utf-8")


def test_bad_names_of_assignments(tmp_path):
    course = Course(tmp_path, ASSIGNMENTS[0])
    output = course.call("primer", "assignment", "99", "--out", str(tmp_path), cwd=ROOT, ok=False)
    assert output.startswith('There are no exercises "99"; there are 02-bayes') and output.count("\n") == 1


def test_outside_a_checkout(tmp_path):
    """An installed copy has no exercises to give."""
    shutil.copytree(ROOT / "src" / "primer", tmp_path / "site" / "primer", ignore=shutil.ignore_patterns("__pycache__"))
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-m", "primer", "assignment", "02"], cwd=tmp_path, env=env,
                          capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("The exercises with their solutions are not in the package")
