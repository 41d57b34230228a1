"""Reading MyST text: the fenced blocks of a Markdown cell, and its inline roles, with their lines.

Only the closed list of directives and roles of the course is known; anything else is a `FormatError`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

# directive -> the options it may have
DIRECTIVES: dict[str, set[str]] = {
    "note": {"class", "name"},
    "tip": {"class", "name"},
    "warning": {"class", "name"},
    "admonition": {"class", "name"},
    "figure": {"name", "alt", "width", "height", "scale", "align", "class", "figclass", "figwidth"},
    "math": {"label"},
    "margin": {"class"},
    "dropdown": {"open", "class", "name"},
    "exercise": {"id", "difficulty"},
}
ROLES = ("cite:p", "cite:t", "eq", "numref", "ref", "doc", "term")

_FENCE = re.compile(r"^(?P<indent>[ ]*)(?P<fence>`{3,}|~{3,}|:{3,})[ ]*(?P<info>.*?)\s*$")
_DIRECTIVE = re.compile(r"^\{(?P<name>[^}\s]+)\}\s*(?P<argument>.*)$")


class FormatError(Exception):
    """Something in a source file that the course's format does not have: one sentence with file and line."""

    def __init__(self, path: Path | str, line: int, sentence: str) -> None:
        super().__init__(f"{path}:{line}: {sentence}")


@dataclass
class Text:
    """Lines of ordinary Markdown."""

    lines: list[str]
    line: int  # of the first one in the file, from 1


@dataclass
class Code:
    """A fenced block of code, fences included; it is copied as it stands."""

    lines: list[str]
    line: int


@dataclass
class Directive:
    """A directive of the closed list, its body without the common indentation."""

    name: str
    argument: str
    body: list[str]
    line: int  # of the opening fence
    body_line: int  # of the first line of the body
    indent: str = ""
    options: dict[str, str] = field(default_factory=dict)


def blocks(lines: list[str], line: int, path: Path) -> Iterator[Text | Code | Directive]:
    """Cut lines, the first of which is line `line` of `path`, into blocks. FormatError for an unknown directive."""
    text: list[str] = []
    index = 0
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        if not opening:
            text.append(lines[index])
            index += 1
            continue
        if text:
            yield Text(text, line + index - len(text))
            text = []
        end = _closing(lines, index, opening["fence"])
        if end is None:
            raise FormatError(path, line + index, f'The block that "{lines[index].strip()}" opens is never closed.')
        directive = _DIRECTIVE.match(opening["info"])
        if directive:
            yield _directive(directive, opening["indent"], lines[index + 1 : end], line + index, path)
        elif opening["fence"][0] == ":":
            raise FormatError(path, line + index, f'"{lines[index].strip()}" names no directive.')
        else:
            yield Code(lines[index : end + 1], line + index)
        index = end + 1
    if text:
        yield Text(text, line + len(lines) - len(text))


def _closing(lines: list[str], start: int, fence: str) -> int | None:
    """The index of the line that closes the fence in line `start`."""
    pattern = re.compile(rf"^\s*{re.escape(fence[0])}{{{len(fence)},}}\s*$")
    return next((index for index in range(start + 1, len(lines)) if pattern.match(lines[index])), None)


def _directive(match: re.Match[str], indent: str, body: list[str], line: int, path: Path) -> Directive:
    name = match["name"]
    if name.startswith("code-cell"):
        raise FormatError(path, line, "A code cell stands at top level, not inside a list or another directive.")
    if name not in DIRECTIVES:
        known = ", ".join(DIRECTIVES)
        raise FormatError(path, line, f'There is no directive "{name}" in this book; there are {known}.')
    body = textwrap.dedent("\n".join(body)).split("\n") if body else []
    options, used = _options(body, line + 1, path)
    for option in options:
        if option not in DIRECTIVES[name]:
            allowed = ", ".join(sorted(DIRECTIVES[name]))
            raise FormatError(path, line, f'The directive "{name}" has no option "{option}"; it has {allowed}.')
    return Directive(name, match["argument"].strip(), body[used:], line, line + 1 + used, indent, options)


def _options(body: list[str], line: int, path: Path) -> tuple[dict[str, str], int]:
    """The options at the head of a body, as ":key: value" lines or as YAML, and how many lines they take."""
    if body and re.fullmatch(r"-{3,}\s*", body[0]):
        end = next((i for i in range(1, len(body)) if re.fullmatch(r"-{3,}\s*", body[i])), None)
        if end is None:
            raise FormatError(path, line, "The options that --- opens are never closed.")
        return {str(k): str(v) for k, v in (yaml.safe_load("\n".join(body[1:end])) or {}).items()}, end + 1
    options: dict[str, str] = {}
    for index, text in enumerate(body):
        match = re.match(r"^:([\w-]+):\s*(.*)$", text)
        if not match:
            return options, index
        options[match[1]] = match[2].strip()
    return options, len(body)


# What stands in a text and must be seen as a whole, left to right: mathematics and code are copied, roles and links
# are converted. A backslash takes the next character with it.
INLINE = re.compile(
    r"(?P<escape>\\[\\`$\[\]{}*_])"
    r"|(?P<display>\$\$(?P<formula>.+?)\$\$(?P<number>[ \t]*\([^)\s]+\))?)"
    r"|(?P<math>\$(?![\s$])(?:\\.|[^$\\])+?(?<!\s)\$(?!\d))"
    r"|(?P<role>\{(?P<name>[a-zA-Z][\w:.+-]*)\}(?P<ticks>`+)(?P<content>.+?)(?P=ticks)(?!`))"
    r"|(?P<code>(?P<fence>`+).+?(?P=fence)(?!`))"
    r"|(?P<link>(?P<bang>!?)\[(?P<label>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)"
    r"(?:\s+\"(?P<title>[^\"]*)\")?\))",
    re.DOTALL,
)
