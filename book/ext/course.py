"""The course as a whole: its parts and chapters, those to come included, and numbers that follow the file names.

`book/course.yml` lists the chapters. A chapter's number stands in its file's name (02-bayes.md is chapter 2), so
figures and equations are numbered by it and not by the chapter's place among those already written.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from book.ext.pictures import draw
from tools import repository

DATA = Path(__file__).resolve().parents[1] / "course.yml"


@dataclass(frozen=True)
class Chapter:
    """A chapter, written or to come. number: 1 to 22. docname: where its page is or will be."""

    number: int
    topic: str
    title: str
    line: str
    docname: str

    @property
    def label(self) -> str:
        """The number as in file names and addresses: "02"."""
        return f"{self.number:02d}"


@dataclass(frozen=True)
class Part:
    """A part of the course and its chapters. number: Roman. folder: its room under `book/`."""

    number: str
    title: str
    folder: str
    line: str
    chapters: tuple[Chapter, ...]


class course_map(nodes.General, nodes.Element):
    """The place of the map on the landing page."""


class CourseMap(SphinxDirective):
    """The directive `course-map`: all parts and chapters with a small picture each."""

    def run(self) -> list[nodes.Node]:
        """Leave a place; what is written is known when all pages are read."""
        self.env.note_dependency(str(DATA))
        return [course_map()]


class ways_in(nodes.General, nodes.Element):
    """The place of the buttons that lead into the course."""


class WaysIn(SphinxDirective):
    """The directive `ways-in`: read the first written chapter here, or open it in Colab."""

    def run(self) -> list[nodes.Node]:
        """Leave a place; which chapter is the first is known when all pages are read."""
        return [ways_in()]


def setup(app: Sphinx) -> None:
    """Register the directives of the landing page and the numbering."""
    app.add_directive("course-map", CourseMap)
    app.add_directive("ways-in", WaysIn)
    app.add_node(course_map, html=(visit_map, None))
    app.add_node(ways_in, html=(visit_ways_in, None))
    app.connect("env-get-updated", restore_numbers, priority=100)
    app.connect("env-get-updated", number_by_chapter, priority=900)


@cache
def parts() -> tuple[Part, ...]:
    """The course as `book/course.yml` has it."""
    result = []
    for part in yaml.safe_load(DATA.read_text("utf-8"))["parts"]:
        chapters = tuple(
            Chapter(
                number=entry["number"],
                topic=entry["topic"],
                title=entry["title"],
                line=entry["line"],
                docname=f"book/{part['folder']}/{entry['number']:02d}-{entry['topic']}",
            )
            for entry in part["chapters"]
        )
        result.append(Part(part["number"], part["title"], part["folder"], part["line"], chapters))
    return tuple(result)


def chapter_of(docname: str) -> Chapter | None:
    """The chapter that a page is, or whose exercises it holds; None for other pages."""
    match = re.fullmatch(r"book/[a-z]+/(\d\d)-([a-z-]+)", docname)
    if not match:
        return None
    return next((c for part in parts() for c in part.chapters if (c.label, c.topic) == match.groups()), None)


def is_exercise(docname: str) -> bool:
    """Whether a page holds exercises."""
    return docname.startswith("book/exercises/")


def restore_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give Sphinx back its own numbers of the last build: it compares them to see which pages to write again."""
    env.toc_fignumbers = getattr(env, "primer_fignumbers", env.toc_fignumbers)
    return []


def number_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Number figures, tables and equations "2.1", "2.2" by chapter; "E2.1" on pages of exercises."""
    env.primer_fignumbers = copy.deepcopy(env.toc_fignumbers)  # type: ignore[attr-defined]
    for docname, kinds in env.toc_fignumbers.items():
        chapter = chapter_of(docname)
        if not chapter:
            continue
        first = f"{'E' if is_exercise(docname) else ''}{chapter.number}"
        for kind, numbers in kinds.items():
            ordered = sorted(numbers, key=numbers.__getitem__)
            kinds[kind] = {name: (first, place) for place, name in enumerate(ordered, start=1)}  # type: ignore[misc]
    return []


def visit_map(self: Any, node: course_map) -> None:
    """The map's HTML: written chapters are links, those to come say so."""
    self.body.append('<div class="course-map">')
    for part in parts():
        self.body.append(
            f'<section class="map-part" aria-labelledby="part-{part.number}"><header><p class="map-number">'
            f'Part {part.number}</p><h3 id="part-{part.number}">{escape(part.title)}</h3><p>{escape(part.line)}</p>'
            "</header><ol>"
        )
        for chapter in part.chapters:
            self.body.append(map_entry(self.builder, chapter))
        self.body.append("</ol></section>")
    self.body.append("</div>")
    raise nodes.SkipNode


def map_entry(builder: Any, chapter: Chapter) -> str:
    """One chapter of the map as a list item."""
    written = chapter.docname in builder.env.found_docs
    inner = (
        f'{draw(chapter.topic)}<span class="map-title"><span class="map-label">{chapter.label}</span> '
        f'{escape(chapter.title)}</span><span class="map-line">{escape(chapter.line)}</span>'
    )
    if written:
        address = builder.get_relative_uri(builder.current_docname, chapter.docname)
        return f'<li class="written"><a href="{escape(address)}">{inner}</a></li>'
    return f'<li class="to-come"><div>{inner}<span class="map-soon">to come</span></div></li>'



def visit_ways_in(self: Any, node: ways_in) -> None:
    """Two buttons."""
    builder = self.builder
    first = next(c for part in parts() for c in part.chapters if c.docname in builder.env.found_docs)
    address = builder.get_relative_uri(builder.current_docname, first.docname)
    colab = repository.colab_link(f"notebooks/{first.label}-{first.topic}.ipynb")
    self.body.append(
        f'<p class="buttons"><a class="button primary" href="{escape(address)}">Read chapter {first.label}</a>'
        f'<a class="button" href="{escape(colab)}">Open it in Colab</a></p>'
    )
    raise nodes.SkipNode
