"""What the pages show: figures, numbers, verdicts, the ledger and the map agree with the chapters."""

import re

import yaml

from book.ext.course import parts
from book.ext.ledger import claims
from primer.widgets.base import CSS_VARIABLES
from tests.book.conftest import ROOT


def chapter_number(address):
    return int(re.search(r"/(\d\d)-", address)[1])


def attributes(page, name):
    """The attributes of every table row that has this one."""
    return [row.attributes for row in page.all("tr") if name in row.attributes]


def test_figures_are_named_and_follow_the_theme(chapters):
    """Every figure of a cell is inside the page, has a name, and holds none of the course's colours as a number."""
    for page in chapters.values():
        assert not page.all("img", class_="primer-plot")
        assert not re.search(r'<img[^>]+\.svg"', page.source), page.address
        plots = page.all("svg", class_="primer-plot")
        assert plots, page.address
        assert all(plot.attributes["role"] == "img" and len(plot.attributes["aria-label"]) > 20 for plot in plots)
        drawn = "".join(re.findall(r'<svg class="primer-plot".*?</svg>', page.source, flags=re.DOTALL))
        # a fallback within var() is not a colour of its own
        bare = re.sub(r"var\([^)]*\)", "", drawn)
        assert [colour for colour in CSS_VARIABLES if re.search(colour, bare, re.IGNORECASE)] == []


def test_figures_and_equations_carry_the_chapters_number(chapters):
    for address, page in chapters.items():
        first = str(chapter_number(address))
        captions = [element.text.split()[1] for element in page.all("span", class_="caption-number")]
        equations = [element.text.strip("()") for element in page.all("span", class_="eqno")]
        for numbers in (captions, equations):
            assert numbers == [f"{first}.{place}" for place in range(1, len(numbers) + 1)], address


def test_every_widget_has_its_twin(chapters):
    for page in chapters.values():
        assert len(page.all(class_="primer-slot")) == len(page.all(class_="primer-fallback")) >= 2  # figure and quiz


def test_announced_numbers_are_as_expected(chapters):
    """The book is built under PRIMER_STRICT, so no number can be outside; and there are some."""
    for address, page in chapters.items():
        assert len(page.all("span", class_="expected")) >= 3, address
        assert not page.all("span", class_="missed")


def test_verdicts_stand_in_the_ledger(pages, chapters):
    """Each claim of a written chapter has one verdict there, and the ledger repeats it."""
    ledger = pages["book/appendices/ledger.html"]
    assert [row["data-ledger"] for row in attributes(ledger, "data-ledger")] == list(claims())
    for address, page in chapters.items():
        number = chapter_number(address)
        rows = {row["data-claim"]: row["data-verdict"] for row in attributes(page, "data-claim")}
        assert rows.keys() == {name for name, claim in claims().items() if number in claim["chapters"]}
        for name, verdict in rows.items():
            row = next(row for row in ledger.all("tr", id=f"claim-{name}"))
            assert re.search(rf"{number:02d} .*{verdict}", row.text), (name, verdict)


def test_the_map_shows_the_whole_course(pages):
    """Four parts and 22 chapters, each with a picture; written ones are links, the others say that they are to come."""
    assert [chapter.number for part in parts() for chapter in part.chapters] == list(range(1, 23))
    landing = pages["book/index.html"]
    written = {page.text for page in landing.all("li", class_="written")}
    coming = landing.all("li", class_="to-come")
    assert len(landing.all("svg", class_="map-picture")) == 22
    assert len(written) + len(coming) == 22
    assert all("to come" in entry.text for entry in coming)
    here = [c for part in parts() for c in part.chapters if f"{c.docname}.html" in pages]
    assert len(written) == len(here) >= 2
    for chapter in here:
        heading = pages[f"{chapter.docname}.html"].all("h1")[0].text.rstrip("#").replace("’", "'")
        assert heading == chapter.title


def test_exercise_pages_hide_the_hidden_tests(pages):
    for address, page in pages.items():
        if "/exercises/" in address:
            assert "HIDDEN TESTS" not in page.source and "BEGIN SOLUTION" not in page.source
            assert "grading.hidden" not in page.source


def test_the_contents_list_what_the_toc_lists(pages):
    """Every page of `_toc.yml` was built, and no other."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())

    def files(entry):
        yield entry["file"]
        for below in entry.get("sections", []):
            yield from files(below)

    listed = {toc["root"]} | {name for part in toc["parts"] for entry in part["chapters"] for name in files(entry)}
    assert {f"{name}.html" for name in listed} == set(pages)
