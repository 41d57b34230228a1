"""The directive `exercise`, and pages of exercises: hidden tests cut, solutions and hints folded.

On a page of exercises (`book/exercises/`) each exercise is a section: title, id and difficulty, statement, hints,
then the reader's stub with one solution folded under it, and the visible check. What a check shows on the page would
be the verdict on our own solution, so the page leaves it out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

from book.ext.cells import dropdown
from tools.exercise_files import STUB, solved, without
from tools.plain_markdown import DOTS


class exercise(nodes.General, nodes.Element):
    """An exercise before it has its place: a title, then its statement and its hints. identity, difficulty."""


class Exercise(SphinxDirective):
    """The directive: a title, the options `id` and `difficulty` (1 to 4), the statement."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {"id": directives.unchanged_required, "difficulty": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Parse title, statement and the hints that the front matter has for this id."""
        identity, difficulty = self.options.get("id"), self.options.get("difficulty", 0)
        if not identity or difficulty not in range(1, DOTS + 1):
            raise self.error(f"An exercise needs the options id and difficulty, a number from 1 to {DOTS}.")
        node = exercise(identity=identity, difficulty=difficulty)
        children, messages = self.state.inline_text(self.arguments[0], self.lineno)
        node += nodes.title("", "", *children)
        self.state.nested_parse(self.content, self.content_offset, node)
        for number, text in enumerate(self.hints(identity), start=1):
            hint = dropdown(open=False, classes=["primer-hint"])
            hint += nodes.inline("", f"Hint {number}")
            paragraph, more = self.state.inline_text(text, self.lineno)
            hint += nodes.paragraph("", "", *paragraph)
            node += hint
            messages += more
        self.set_source_info(node)
        return [node, *messages]

    def hints(self, identity: str) -> list[str]:
        """The hints of an exercise, from the front matter of its page."""
        text = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        if not text.startswith("---"):
            return []
        matter = yaml.safe_load(text.split("\n---", 1)[0].removeprefix("---")) or {}
        return (matter.get("primer") or {}).get("hints", {}).get(identity, [])


def setup(app: Sphinx) -> None:
    """Register the directive and the transforms."""
    app.add_directive("exercise", Exercise)
    app.add_transform(PlaceExercises)
    app.add_transform(FoldSolutions)
    app.connect("source-read", fold_written_answers)


class PlaceExercises(SphinxTransform):
    """Gives each exercise its place: a section on a page of exercises, a block with a heading in a chapter."""

    default_priority = 300

    def apply(self, **kwargs: Any) -> None:
        """Called by Sphinx when a page is read."""
        for node in list(self.document.findall(exercise)):
            title = node.pop(0)
            identity = node["identity"]
            names = {"ids": [f"exercise-{identity.replace('.', '-')}"], "classes": ["primer-exercise"]}
            head = [facts(identity, node["difficulty"])]
            if self.env.docname.startswith("book/exercises/") and isinstance(node.parent, nodes.section):
                place = nodes.section("", title, *head, *node.children, **names)
                place["names"].append(identity)
                place += following(node)
            else:
                heading = [nodes.raw("", "<h3>", format="html"), *title.children, nodes.raw("", "</h3>", format="html")]
                place = nodes.container("", *heading, *head, *node.children, **names)
            node.replace_self(place)


def following(node: nodes.Element) -> list[nodes.Node]:
    """What stands after an exercise and before the next one or the next section, taken from its parent."""
    parent = node.parent
    start = parent.index(node) + 1
    end = next((i for i in range(start, len(parent)) if isinstance(parent[i], exercise | nodes.section)), len(parent))
    taken = parent[start:end]
    del parent[start:end]
    return taken


def facts(identity: str, difficulty: int) -> nodes.paragraph:
    """The line under the title: the id as it is typed, and the difficulty as dots."""
    dots = "●" * difficulty + f'<span class="primer-dots-rest">{"○" * (DOTS - difficulty)}</span>'
    html = f'<span class="primer-dots" role="img" aria-label="Difficulty {difficulty} of {DOTS}">{dots}</span>'
    return nodes.paragraph("", "", nodes.literal("", identity), nodes.Text(" "), nodes.raw("", html, format="html"),
                           classes=["primer-exercise-facts"])


class FoldSolutions(SphinxTransform):
    """Shows the stub in place of a solution, the solution folded under it, and no trace of hidden tests."""

    default_priority = 310

    def apply(self, **kwargs: Any) -> None:
        """Called by Sphinx when a page is read."""
        for cell in list(self.document.findall(nodes.container)):
            marks = (cell.get("cell_metadata") or {}).get("nbgrader")
            if cell.get("nb_element") != "cell_code" or not marks:
                continue
            source = next(iter(cell.findall(nodes.literal_block)))
            text = source.astext()
            if marks.get("solution"):
                folded = dropdown(open=False, classes=["primer-solution"])
                folded += [nodes.inline("", "One solution"), block(source, solved(text))]
                source.replace_self([block(source, without(text, "SOLUTION", STUB)), folded])
            elif marks.get("grade"):
                source.replace_self(block(source, without(text, "HIDDEN TESTS")))
                for output in [child for child in cell if child.get("nb_element") == "cell_code_output"]:
                    cell.remove(output)


def block(like: nodes.literal_block, text: str) -> nodes.literal_block:
    """A block of code in the manner of another."""
    made = like.copy()
    made.rawsource = text
    made += nodes.Text(text)
    return made


def fold_written_answers(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fold what a good written answer says: the solution in a cell of text, which is no code cell."""
    if not docname.startswith("book/exercises/"):
        return
    lines: list[str] = []
    fence = ""
    for line in source[0].split("\n"):
        stripped = line.strip()
        if fence:
            fence = "" if stripped == fence else fence
        elif stripped.startswith("```"):
            fence = stripped[: len(stripped) - len(stripped.lstrip("`"))]
        elif stripped == "### BEGIN SOLUTION":
            line = ":::::{dropdown} What a good answer says"
        elif stripped == "### END SOLUTION":
            line = ":::::"
        lines.append(line)
    source[0] = "\n".join(lines)
