"""The literature of ``book/references.bib`` for notebooks: citations in the text and a list at the end.

The list has the same style as the book's bibliography page (pybtex's ``plain``), written as Markdown.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pybtex.backends.markdown import Backend as MarkdownBackend
from pybtex.database import BibliographyData, Entry, Person, parse_string
from pybtex.richtext import Text
from pybtex.style.formatting.plain import Style


class _Backend(MarkdownBackend):
    """pybtex's Markdown, which escapes every full stop, with only the escapes that matter inside a sentence."""

    def format_str(self, text: str) -> str:
        for character in "\\`*_[]<>":
            text = text.replace(character, "\\" + character)
        return text


class Bibliography:
    """The entries of a .bib file by key."""

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def read(cls, path: Path) -> Bibliography:
        """The bibliography in a file; an absent file is an empty bibliography."""
        return cls(path.read_text(encoding="utf-8") if path.exists() else "")

    @cached_property
    def data(self) -> BibliographyData:
        """Parsed on first use."""
        return parse_string(self._text, "bibtex")

    def __contains__(self, key: str) -> bool:
        return key in self.data.entries

    def citation(self, key: str, textual: bool) -> str:
        """"[Ng and Jordan (2002)](link)" if textual, else "[Ng and Jordan, 2002](link)", to go between brackets."""
        entry = self.data.entries[key]
        names, year, link = _names(entry), entry.fields.get("year", "undated"), address(entry)
        text = f"{names} ({year})" if textual else f"{names}, {year}"
        return f"[{text}]({link})" if link else text

    def references(self, keys: set[str]) -> list[str]:
        """One Markdown line for each key, in the order of authors and years."""
        entries = [self.data.entries[key] for key in self.data.entries if key in keys]
        style, backend = Style(), _Backend("utf-8")
        entries.sort(key=lambda entry: ([_last(person) for person in _people(entry)], entry.fields.get("year", "")))
        lines = (style.format_entry("", entry).text.render(backend) for entry in entries)
        return ["- " + " ".join(line.split()) for line in lines]


def address(entry: Entry) -> str | None:
    """Where an entry can be read: its DOI, else arXiv, else its own address."""
    fields = entry.fields
    if "doi" in fields:
        return f"https://doi.org/{fields['doi']}".replace("(", "%28").replace(")", "%29")
    if "eprint" in fields:
        return f"https://arxiv.org/abs/{fields['eprint']}"
    return fields.get("url")


def _people(entry: Entry) -> list[Person]:
    return entry.persons.get("author") or entry.persons.get("editor") or []


def _last(person: Person) -> str:
    return plain(" ".join(person.prelast_names + person.last_names))


def _names(entry: Entry) -> str:
    people = [_last(person) for person in _people(entry)]
    if not people:
        return plain(entry.fields.get("title", entry.key))
    if len(people) > 2:
        return f"{people[0]} et al."
    return " and ".join(people)


def plain(latex: str) -> str:
    """LaTeX text as plain text: braces and accents resolved."""
    return str(Text.from_latex(latex).render_as("text"))
