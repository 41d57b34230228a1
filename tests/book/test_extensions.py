"""The extensions' own arithmetic, without a build."""

import re
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import pytest

from book.ext import assets, cells, course, figures, header, ledger, mathematics, pictures

SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" width="720pt" height="144pt" viewBox="0 0 720 144" version="1.1">
 <defs><clipPath id="a"><rect width="9" height="9"/></clipPath></defs>
 <g clip-path="url(#a)" style="fill: #2B6CB0; stroke: #c2410c"/>
</svg>"""


def test_plot_follows_the_theme_and_has_a_name():
    html = figures.plot(SVG, 'Bars for "yes" & "no"', "plot1")
    assert "var(--p-real" in html and "var(--p-model" in html
    assert 'aria-label="Bars for &quot;yes&quot; &amp; &quot;no&quot;"' in html and 'role="img"' in html
    assert 'id="plot1-a"' in html and "url(#plot1-a)" in html
    assert "max-width: 960px" in html and 'class="primer-plot wide"' in html
    assert 'width="720pt"' not in html


def test_a_small_plot_shrinks_with_a_phone():
    assert 'class="primer-plot"' in figures.plot(SVG.replace("720pt", "300pt"), "Bars", "plot1")


def test_slim_figures_keep_their_references_and_share_letters():
    letter = '<path id="plot{0}-A" d="M 1 2.34567\nL 3 4\nz\n" transform="scale(0.015625)"/>'
    figure = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g id="plot{0}-none">\n<defs>' + letter + "</defs>\n"
        '<use xlink:href="#plot{0}-A" x="1.0001" transform="translate(10.5049 0)"/></g></svg>'
    )
    first = figures.slim(figure.format(1))
    assert first == (
        '<svg viewBox="0 0 9 9"><g><defs><path id="plot1-A" d="M1 2.35L3 4z" transform="scale(0.015625)"/></defs>'
        '<use href="#plot1-A" x="1" transform="translate(10.5 0)"/></g></svg>'
    )
    page = figures.share_glyphs(first + figures.slim(figure.format(2)))
    assert page.count("<path") == 1 and page.count('href="#plot1-A"') == 2 and "plot2" not in page


def test_colours_in_formulas_become_variables():
    assert figures.themed('<span style="color:#C2410C">q</span>') == '<span style="color:var(--p-model)">q</span>'


def marked(text):
    context = {"body": f'<div class="output stream"><div class="highlight"><pre><span></span>{text}\n</pre></div>'}
    cells.mark_expected(None, "page", "page.html", context, None)
    return context["body"]


def test_announced_numbers_are_marked_line_by_line():
    html = marked("P(a &lt; b): 0.15 · expected 0.1 to 0.2 · ✓ as expected\nloss: 9 · expected ≤ 3 · ✗ outside")
    first = '<span class="expected met">P(a &lt; b): 0.15 · expected 0.1 to 0.2 · <b>✓ as expected</b></span>'
    assert f"<pre><span></span>{first}\n" in html
    assert '<span class="expected missed">loss: 9 · expected ≤ 3 · <b>✗ outside</b></span>' in html


def test_other_output_stays_as_it_is():
    assert "expected" not in marked("1 · 2 · 3")


CHAPTERS = [chapter for part in course.parts() for chapter in part.chapters]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.topic)
def test_every_chapter_has_a_picture(chapter):
    """Valid, in the course's colours alone, the same at every build."""
    svg = pictures.draw(chapter.topic)
    ElementTree.fromstring(svg)
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg)) - {"none"}
    assert colours and all(colour.startswith("var(--p-") for colour in colours)
    assert pictures.draw(chapter.topic) == svg


def test_the_course_has_its_22_chapters():
    assert [chapter.number for chapter in CHAPTERS] == list(range(1, 23))
    assert course.chapter_of("book/foundations/02-bayes").title == "Bayes' theorem"
    assert course.chapter_of("book/exercises/02-bayes").number == 2
    assert course.chapter_of("book/appendices/ledger") is None


def test_the_ledger_has_every_claim_once():
    counts = {letter: sum(name[0] == letter for name in ledger.claims()) for letter in "ABCD"}
    assert counts == {"A": 18, "B": 13, "C": 13, "D": 7}
    for claim in ledger.claims().values():
        assert claim["claim"].endswith((".", ".)")) and claim["chapters"] == sorted(claim["chapters"])


def test_duration_in_words():
    expected = {0.2: "1 s", 14.4: "14 s", 89: "89 s", 90: "2 min", 200: "3 min"}
    assert {seconds: header.duration(seconds) for seconds in expected} == expected


def test_figures_are_numbered_by_chapter_and_sphinx_gets_its_own_numbers_back():
    chapter, landing = "book/foundations/03-discriminative", "book/index"
    own = {chapter: {"figure": {"b": (5,), "a": (4,)}}, landing: {"figure": {"x": (1,)}}}
    env = SimpleNamespace(toc_fignumbers=own)
    course.number_by_chapter(None, env)
    assert env.toc_fignumbers[chapter]["figure"] == {"a": ("3", 1), "b": ("3", 2)}
    assert env.toc_fignumbers[landing]["figure"] == {"x": (1,)}
    course.restore_numbers(None, env)
    assert env.toc_fignumbers[chapter]["figure"] == {"b": (5,), "a": (4,)}


def test_browser_files_come_without_comments_and_old_fonts():
    style = assets.style_sheet()
    assert "/*" not in style and style.count("@font-face") >= 6
    katex = assets.katex_style_sheet()
    assert ".woff2)" in katex and ".ttf" not in katex and ".woff)" not in katex
    named = set(re.findall(r"fonts/([\w-]+\.woff2)", style + katex))
    assert named == {path.name for path in assets.font_files()}


def test_a_formula_server_that_refuses_at_first_is_asked_again():
    refusals = [ConnectionRefusedError(), ConnectionRefusedError()]

    def start():
        if refusals:
            raise refusals.pop()
        return "server"

    assert mathematics.patient(start)() == "server"
    refusals += [ConnectionRefusedError() for _ in range(5)]
    with pytest.raises(ConnectionRefusedError):
        mathematics.patient(start)()
