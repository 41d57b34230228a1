"""The built book as parsed pages. PRIMER_SITE names its folder (else _build/html)."""

import os
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("PRIMER_SITE", ROOT / "_build" / "html"))


@dataclass
class Element:
    """A start tag with its attributes and the text up to its end (voids have none)."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Document:
    """A page of the site: address below the site's root, source, elements in their order."""

    address: str
    source: str
    elements: list[Element] = field(default_factory=list)

    def all(self, tag=None, **attributes):
        """Elements of a tag with these attributes (class_ holds a word, the others are equal)."""
        return [
            element
            for element in self.elements
            if tag in (None, element.tag)
            and all(
                value in element.attributes.get("class", "").split()
                if name == "class_"
                else element.attributes.get(name.replace("_", "-")) == value
                for name, value in attributes.items()
            )
        ]

    def links(self):
        """Every address that this page refers to or loads."""
        return [
            value
            for element in self.elements
            for name, value in element.attributes.items()
            if name in ("href", "src") and value and not value.startswith("data:")
        ]


VOID = {"meta", "link", "img", "br", "hr", "input", "source", "wbr"}


class Reader(HTMLParser):
    """Collects elements and gives each the text inside it."""

    def __init__(self, document):
        super().__init__()
        self.document = document
        self.open = []

    def handle_starttag(self, tag, attributes):
        element = Element(tag, {name: value or "" for name, value in attributes})
        self.document.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        for place in range(len(self.open) - 1, -1, -1):
            if self.open[place].tag == tag:
                del self.open[place:]
                break

    def handle_startendtag(self, tag, attributes):
        self.document.elements.append(Element(tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data):
        for element in self.open:
            element.text += data


def read(path):
    """One page of the site."""
    document = Document(path.relative_to(SITE).as_posix(), path.read_text("utf-8"))
    Reader(document).feed(document.source)
    return document


@pytest.fixture(scope="session")
def site():
    """The folder of the built book."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"There is no book in {SITE}: build it with `make html`.", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def pages(site):
    """Every page of the course by its address; the root's redirect and the search are not among them."""
    return {page.address: page for page in map(read, sorted((site / "book").rglob("*.html")))}


@pytest.fixture(scope="session")
def chapters(pages):
    """The pages that are chapters."""
    numbered = {address: page for address, page in pages.items() if page.all("body", class_="chapter")}
    return {address: page for address, page in numbered.items() if "/exercises/" not in address}
