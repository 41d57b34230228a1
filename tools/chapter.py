"""Starts a chapter: `python -m tools.chapter 04-classical`, or `make chapter NAME=04-classical`.

Writes the page, its exercises and their checks from `tools/templates/` and puts the page into `_toc.yml`. What it
writes builds, runs and passes its checks at once; every sentence to write yourself starts with "Replace this".
The chapter's title and part come from `book/course.yml`. Nothing that exists is overwritten.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from string import Template

import yaml

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "tools" / "templates"


class Form(Template):
    """A template whose places are marked by @, which neither mathematics nor Python use here."""

    delimiter = "@"


class ChapterError(Exception):
    """The chapter cannot be started; the message says why in one sentence."""


def find(name: str, root: Path = ROOT) -> tuple[dict[str, str], dict[str, str]]:
    """The places of the templates (name, number, topic, title), and the part's folder and title, for "04-classical"."""
    parts = yaml.safe_load((root / "book" / "course.yml").read_text(encoding="utf-8"))["parts"]
    known = []
    for part in parts:
        for chapter in part["chapters"]:
            number, topic = f"{chapter['number']:02d}", chapter["topic"]
            known.append(f"{number}-{topic}")
            if name == known[-1]:
                places = {"name": name, "number": number, "topic": topic, "title": chapter["title"]}
                return places, {"folder": part["folder"], "title": part["title"]}
    raise ChapterError(f'"{name}" is not in book/course.yml, which has: {", ".join(known)}.')


def with_entry(toc: str, part: str, page: str, exercises: str) -> str:
    """The text of _toc.yml with a chapter's two pages added to its part, in the order of the chapters' numbers.

    The text is edited, not parsed and written again, so that its comments stay.
    """
    entry = f"      - file: {page}\n        sections:\n          - file: {exercises}\n"
    head, caption, rest = toc.partition(f"  - caption: {part}\n")
    if not caption:  # the first chapter of its part: parts for readers stand before the appendices
        head, appendices, rest = toc.partition("  - caption: Appendices\n")
        return f"{head}  - caption: {part}\n    chapters:\n{entry}{appendices}{rest}"
    body, following, after = rest.partition("  - caption: ")
    number = Path(page).name
    later = [match for match in re.finditer(r"^      - file: (\S+)$", body, re.MULTILINE)
             if Path(match[1]).name > number]
    place = later[0].start() if later else len(body.rstrip("\n")) + 1
    return head + caption + body[:place] + entry + body[place:] + following + after


def start(name: str, root: Path = ROOT) -> list[Path]:
    """Write a chapter's files. Return their paths from the root. ChapterError if one is there already."""
    places, part = find(name, root)
    files = {
        Path("book", part["folder"], f"{name}.md"): "chapter.md",
        Path("book", "exercises", f"{name}.md"): "exercises.md",
        Path("src", "primer", "checks", f"{places['topic']}.py"): "checks.py.txt",
    }
    for path in files:
        if (root / path).exists():
            raise ChapterError(f"{path} is there already; nothing was written.")
    for path, template in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        form = Form((TEMPLATES / template).read_text(encoding="utf-8"))
        (root / path).write_text(form.substitute(places), encoding="utf-8")
    page, exercises = (path.with_suffix("").as_posix() for path in list(files)[:2])
    toc = root / "_toc.yml"
    toc.write_text(with_entry(toc.read_text(encoding="utf-8"), part["title"], page, exercises), encoding="utf-8")
    return list(files)


def main(arguments: list[str]) -> int:
    """The command line."""
    try:
        if len(arguments) != 1:
            raise ChapterError("Name the chapter: make chapter NAME=04-classical")
        for path in start(arguments[0]):
            print(f"wrote {path}")
    except ChapterError as error:
        print(error, file=sys.stderr)
        return 1
    print("Next: `make notebooks`, `make book`, and the checklist in CONTRIBUTING.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
