"""The format of an exercise file, ``book/exercises/NN-topic.md``, and what it is cut into.

An exercise file is a MyST text notebook. Its front matter is a chapter's, with the hints under ``primer``::

    primer:
      hints:
        bayes.posterior:
          - "Multiply prior and likelihood first."
          - "The posterior sums to one."

Each exercise is three blocks at top level, in this order (more text and cells may stand before and after them). The
outer fence of the statement has as many backticks as its content needs.

1. the statement; difficulty is 1 to 4::

    ```{exercise} From prior to posterior
    :id: bayes.posterior
    :difficulty: 1

    Write `posterior(prior, likelihood)` for arrays of shape (k,).
    ```

2. the solution cell. Its first line repeats the id. What stands between the markers becomes a stub that raises
   NotImplementedError, so the markers stand inside a function, indented (a stub at top level would stop the run)::

    ```{code-cell} ipython3
    :nbgrader: {grade: false, grade_id: bayes.posterior, locked: false, schema_version: 3, solution: true, task: false}
    # bayes.posterior
    def posterior(prior, likelihood):
        \"\"\"P(y|x) of shape (k,) from P(y) and P(x|y), both of shape (k,).\"\"\"
        ### BEGIN SOLUTION
        joint = prior * likelihood
        return joint / joint.sum()
        ### END SOLUTION
    ```

3. the test cell. The name of the function is the reader's; the hidden part is cut from what readers see::

    ```{code-cell} ipython3
    :nbgrader: {grade: true, grade_id: bayes.posterior-test, locked: true, points: 2, schema_version: 3, solution: false, task: false}
    primer.check("bayes.posterior", posterior)
    ### BEGIN HIDDEN TESTS
    primer.grading.hidden("bayes.posterior", posterior)
    ### END HIDDEN TESTS
    ```

In the notebooks the dot of a grade_id becomes a dash ("bayes-posterior"): nbgrader takes no dots there.

An exercise whose answer is one number is a function without arguments. A written investigation, which no machine
marks, is a statement followed by a Markdown cell with nbgrader metadata::

    +++ {"nbgrader": {"grade": true, "grade_id": "bayes.essay", "locked": false, "points": 5, "schema_version": 3, "solution": true, "task": false}}

    ### BEGIN SOLUTION
    What a good answer says.
    ### END SOLUTION

    +++

A cell that uses what an exercise asks for (a plot, an experiment) must not stop the run while the exercise is
unanswered: put it into the exercise's function, or after ``if primer.check(...):``, which is true only when passed.
"""  # noqa: E501 (the metadata as they stand in a file)

from __future__ import annotations

import re
from typing import Any

from tools.book_index import Cell, Document
from tools.myst_blocks import Directive, FormatError, blocks

STUB = "# Write your code here.\nraise NotImplementedError"
TEXT_STUB = "Your answer here."
_BEGIN, _END = "### BEGIN {}", "### END {}"


def without(source: str, region: str, stub: str = "") -> str:
    """The source without what stands between the markers of `region` ("SOLUTION", "HIDDEN TESTS"), markers included.

    The stub takes its place, indented as the opening marker is.
    """
    begin, end = _BEGIN.format(region), _END.format(region)
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        if line.strip() == begin:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + text for text in stub.split("\n")] if stub else []
        elif line.strip() == end:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines).rstrip("\n")


def solved(source: str) -> str:
    """The source of a solution cell as a reader may see it: without markers and without the line that names the id."""
    lines = [line for line in source.split("\n") if not re.fullmatch(r"\s*### (BEGIN|END) SOLUTION\s*", line)]
    return "\n".join(lines[1:]).strip("\n")


def for_nbgrader(metadata: dict[str, Any]) -> dict[str, Any]:
    """A cell's metadata with a grade_id that nbgrader's schema takes: letters, digits, dashes and underscores."""
    if "nbgrader" not in metadata:
        return metadata
    marks = metadata["nbgrader"]
    return {**metadata, "nbgrader": {**marks, "grade_id": marks.get("grade_id", "").replace(".", "-")}}


def for_student(cell: Cell) -> str:
    """What a student gets of a cell."""
    stub = STUB if cell.kind == "code" else TEXT_STUB
    return without(without(cell.source, "SOLUTION", stub), "HIDDEN TESTS")


def exercises(document: Document) -> dict[str, dict[str, Any]]:
    """Title, hints and solution of each exercise of a file, by id, in the order of the file.

    FormatError for whatever would break later: markers, ids, metadata that do not fit together.
    """
    found: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    grades: dict[str, Cell] = {}
    for cell in document.cells:
        _check_markers(document, cell)
        if identity := cell.metadata.get("nbgrader", {}).get("grade_id"):
            if identity in grades:
                raise FormatError(document.path, cell.line, f'The grade_id "{identity}" is given twice.')
            grades[identity] = cell
        if cell.kind == "markdown":
            for block in blocks(cell.source.split("\n"), cell.line, document.path):
                if isinstance(block, Directive) and block.name == "exercise":
                    name = block.options.get("id", "")
                    found[name] = {"title": block.argument}
                    lines[name] = block.line
    hints = (document.front_matter.get("primer") or {}).get("hints") or {}
    for name in hints.keys() - found.keys():
        raise FormatError(document.path, 1, f'The front matter has hints for "{name}", which no exercise is called.')
    for name, entry in found.items():
        entry["hints"] = list(hints.get(name, []))
        entry["solution"] = _solution(document, name, lines[name], grades)
    return found


def _solution(document: Document, name: str, line: int, grades: dict[str, Cell]) -> str:
    """The solution of one exercise, whose statement is in `line`; its cells are looked over on the way."""
    if not name.startswith(document.topic + "."):
        raise FormatError(document.path, line, f'The id "{name}" must start with "{document.topic}.".')
    if name not in grades:
        raise FormatError(document.path, line, f'The exercise "{name}" has no cell with this grade_id.')
    cell = grades[name]
    if cell.kind == "markdown":
        return solved("\n" + cell.source)
    if cell.source.split("\n")[0].strip() != f"# {name}":
        raise FormatError(document.path, cell.line, f'The first line of the solution cell must be "# {name}".')
    if not cell.metadata["nbgrader"].get("solution"):
        raise FormatError(document.path, cell.line, f'The cell "{name}" must be marked as a solution for nbgrader.')
    test = grades.get(f"{name}-test")
    if test is None:
        raise FormatError(document.path, line, f'The exercise "{name}" has no cell with the grade_id "{name}-test".')
    if not test.metadata["nbgrader"].get("grade") or not test.metadata["nbgrader"].get("points"):
        raise FormatError(document.path, test.line, f'The cell "{name}-test" must be a grade cell with points.')
    if not test.metadata["nbgrader"].get("locked"):
        raise FormatError(document.path, test.line, f'The cell "{name}-test" must be locked.')
    visible, hidden = f'primer.check("{name}", ', f'primer.grading.hidden("{name}", '
    if visible not in without(test.source, "HIDDEN TESTS") or hidden not in test.source:
        raise FormatError(document.path, test.line, f"The test cell must call {visible}…) and, hidden, {hidden}…).")
    return solved(cell.source)


def _check_markers(document: Document, cell: Cell) -> None:
    """FormatError unless markers come in pairs, and a solution stands inside a function."""
    open_region = None
    for number, line in enumerate(cell.source.split("\n")):
        at = cell.line + number
        match = re.fullmatch(r"(\s*)### (BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*", line)
        if not match:
            if re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", line):
                raise FormatError(document.path, at, f'"{line.strip()}" is no marker: write "### BEGIN SOLUTION".')
            continue
        indent, word, region = match.groups()
        if (word == "BEGIN") == (open_region is not None) or (word == "END" and open_region != region):
            raise FormatError(document.path, at, f'"{line.strip()}" has no partner.')
        open_region = region if word == "BEGIN" else None
        if cell.kind == "code" and region == "SOLUTION" and not indent:
            raise FormatError(document.path, at, "A solution stands inside a function: at top level its stub would "
                                                 "stop the run.")
        if "nbgrader" not in cell.metadata:
            raise FormatError(document.path, at, "A cell with this marker needs nbgrader metadata.")
    if open_region:
        raise FormatError(document.path, cell.line, f'"### BEGIN {open_region}" is never closed.')
