"""What the pages of the book are called: titles, numbered figures and equations, targets.

Numbers are those of the pages: "2.1" is the first of chapter 02, "E2.1" the first on its page of exercises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from jupytext.myst import MystMetadataParsingError, myst_to_notebook

from tools.myst_blocks import Directive, FormatError, Text, blocks

CHAPTER = re.compile(r"(?P<number>\d\d)-(?P<topic>[a-z]+(?:-[a-z]+)*)")


@dataclass(frozen=True)
class Cell:
    """A cell of a MyST text notebook and the line of its first character."""

    kind: str  # "markdown" or "code"
    source: str
    metadata: dict[str, Any]
    line: int


@dataclass(frozen=True)
class Label:
    """What a reference can point to. kind: "figure", "equation" or "section"; text: the number or the title."""

    kind: str
    text: str


class Document:
    """A source file of the book. path: from the root of the repository; text: what it holds."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    @property
    def number(self) -> str:
        """What its figures are numbered by: "2", "E2" for exercises, "" for a page that is no chapter."""
        match = CHAPTER.fullmatch(self.path.stem)
        if not match:
            return ""
        return ("E" if self.is_exercise else "") + str(int(match["number"]))

    @property
    def topic(self) -> str:
        """The word that names the chapter in every room: "bayes"."""
        match = CHAPTER.fullmatch(self.path.stem)
        return match["topic"] if match else self.path.stem

    @property
    def is_exercise(self) -> bool:
        """Whether it holds exercises."""
        return self.path.parent.name == "exercises"

    @cached_property
    def _notebook(self) -> nbformat.NotebookNode:
        try:
            return myst_to_notebook(self.text, add_source_map=True)
        except MystMetadataParsingError as error:
            raise FormatError(self.path, 1, str(error)) from None

    @cached_property
    def front_matter(self) -> dict[str, Any]:
        """What stands between the first two lines of dashes."""
        return {key: value for key, value in self._notebook.metadata.items() if key != "source_map"}

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells in order. FormatError for a raw cell."""
        lines = self.text.split("\n")
        cells = []
        for cell, start in zip(self._notebook.cells, self._notebook.metadata["source_map"], strict=True):
            line = int(start) + 1
            if cell.cell_type == "raw":
                raise FormatError(self.path, line, "A raw cell has no place in a notebook of the course.")
            first = cell.source.split("\n")[0]
            while line < len(lines) and lines[line - 1] != first:  # past the fence, the options, the blank lines
                line += 1
            cells.append(Cell(cell.cell_type, cell.source, dict(cell.metadata), line))
        return cells

    @cached_property
    def title(self) -> str:
        """The first heading. FormatError if there is none."""
        for cell in self.cells:
            if cell.kind == "markdown" and (match := re.search(r"^# +(.+?)\s*$", cell.source, re.MULTILINE)):
                return match[1]
        raise FormatError(self.path, 1, "The file has no title: give it a first line that starts with #.")

    @cached_property
    def labels(self) -> dict[str, Label]:
        """What a reference can point to, by name. Only targets on pages that are no chapters.

        FormatError for a name given twice, and for a figure without one.
        """
        found: dict[str, Label] = {}
        counts = {"figure": 0, "equation": 0}

        def give(name: str | None, kind: str, line: int, text: str | None = None) -> None:
            if not name:
                raise FormatError(self.path, line, "A figure needs a name that starts with fig-.")
            if name in found:
                raise FormatError(self.path, line, f'The label "{name}" is given twice.')
            if text is None:
                counts[kind] += 1
                text = f"{self.number}.{counts[kind]}"
            found[name] = Label(kind, text)

        def walk(lines: list[str], line: int) -> None:
            for block in blocks(lines, line, self.path):
                if isinstance(block, Text):
                    for name, title, at in _targets(block):
                        give(name, "section", at, title)
                elif isinstance(block, Directive) and block.name == "math":
                    if "label" in block.options:
                        give(block.options["label"], "equation", block.line)
                elif isinstance(block, Directive):
                    if block.name == "figure":
                        give(block.options.get("name"), "figure", block.line)
                    walk(block.body, block.body_line)

        if not self.number:
            for name, title, line in _targets(Text(self.text.split("\n"), 1)):
                give(name, "section", line, title)
            return found
        for cell in self.cells:
            if cell.kind == "markdown":
                walk(cell.source.split("\n"), cell.line)
            elif figure := figure_of(cell):
                give(figure.get("name"), "figure", cell.line)
        return found


def figure_of(cell: Cell) -> dict[str, str] | None:
    """The figure that a code cell makes: its caption and, where it has one, its name."""
    figure = cell.metadata.get("mystnb", {}).get("figure")
    return figure if figure and figure.get("caption") else None


def _targets(block: Text) -> list[tuple[str, str, int]]:
    """Each "(name)=" before a heading: name, the heading's text, line."""
    found = []
    for index, line in enumerate(block.lines):
        if match := re.fullmatch(r"\(([^)\s]+)\)=\s*", line):
            rest = (text for text in block.lines[index + 1 :] if text.strip())
            heading = re.match(r"#+ +(.+?)\s*$", next(rest, ""))
            found.append((match[1], heading[1] if heading else "", block.line + index))
    return found


class Index:
    """All documents of the book, by path from the root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.documents: dict[Path, Document] = {}
        for path in sorted((root / "book").rglob("*.md")):
            name = path.relative_to(root)
            self.documents[name] = Document(name, path.read_text(encoding="utf-8"))

    def chapters(self) -> list[Document]:
        """The files that become notebooks: those named NN-topic.md, exercises last."""
        found = [document for document in self.documents.values() if document.number]
        return sorted(found, key=lambda document: (document.is_exercise, document.path.stem))

    def label(self, name: str, document: Document) -> tuple[Label, Document] | None:
        """A label and where it is, looked for in `document` first; None if nobody has it."""
        for candidate in [document, *self.documents.values()]:
            if name in candidate.labels:
                return candidate.labels[name], candidate
        return None
