"""The built site as files: links lead somewhere, nothing comes from elsewhere, every page says what it is."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools import repository

THIRD_PARTY = re.compile(r"""@import|url\(["']?(?:https?:)?//""")
LOADED = ("script", "img", "link", "iframe", "source", "video", "audio")


def test_the_root_leads_to_the_landing_page(site):
    assert "book/index.html" in (site / "index.html").read_text()


def test_internal_links_lead_somewhere(site, pages):
    """Files and anchors alike."""
    broken = []
    for page in pages.values():
        for link in page.links():
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (site / page.address).parent / unquote(parts.path) if parts.path else site / page.address
            target = target.resolve()
            if not target.is_file():
                broken.append((page.address, link))
            elif parts.fragment and target.suffix == ".html":
                address = target.relative_to(site.resolve()).as_posix()
                ids = {element.attributes.get("id") for element in pages[address].elements}
                if parts.fragment not in ids:
                    broken.append((page.address, link))
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site, pages):
    """Links may leave the site; scripts, styles, fonts and pictures may not come from outside."""
    for page in pages.values():
        loaded = [element.attributes for element in page.elements if element.tag in LOADED]
        addresses = [attributes.get("src") or attributes.get("href", "") for attributes in loaded]
        assert [address for address in addresses if urlsplit(address).netloc] == []
    for path in (site / "_static").rglob("*.css"):
        assert not THIRD_PARTY.search(path.read_text("utf-8")), path


def test_no_mathjax_and_nothing_of_the_theme(site):
    """What the pages do not use is not in the site: the theme's scripts, styles and icons, thebe, MathJax."""
    names = [path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()]
    unwanted = re.compile(r"mathjax|fontawesome|bootstrap|thebe|require\.js|sphinx-book-theme|pydata|\.map$")
    assert [name for name in names if unwanted.search(name.lower())] == []
    fonts = [name for name in names if name.endswith((".woff", ".ttf"))]
    assert fonts == []


def test_every_page_says_what_it_is(pages):
    """Language, one title and one description that no other page has, one h1, an icon."""
    titles, descriptions = [], []
    for page in pages.values():
        assert page.all("html")[0].attributes["lang"] == "en"
        assert len(page.all("h1")) == 1, page.address
        titles.append(page.all("title")[0].text)
        descriptions.append(page.all("meta", name="description")[0].attributes["content"])
        assert page.all("meta", property="og:description")[0].attributes["content"] == descriptions[-1]
        assert page.all("link", rel="icon")
    assert len(set(titles)) == len(titles)
    assert len(set(descriptions)) == len(descriptions)
    assert [text for text in descriptions if not 50 <= len(text) <= 200] == []


def test_ids_occur_once(pages):
    for page in pages.values():
        ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)), (page.address, sorted({name for name in ids if ids.count(name) > 1}))


def test_formulas_are_rendered(pages):
    """KaTeX has made every formula; none is left as TeX or as a fault."""
    for page in pages.values():
        assert "katex-error" not in page.source
        shown = re.sub(r"<(annotation|script|pre|code)\b.*?</\1>", "", page.source, flags=re.DOTALL)
        assert not re.search(r"\\\(|\\\[|\$\$|\\frac", shown), page.address
    assert any(page.all("span", class_="katex") for page in pages.values())


def test_header_buttons(site, pages):
    """Colab, download and report, on each chapter and each page of exercises; the download is there."""
    for address, page in pages.items():
        if not page.all("body", class_="chapter"):
            continue
        name = Path(address).stem
        path = f"notebooks/exercises/{name}.ipynb" if "/exercises/" in address else f"notebooks/{name}.ipynb"
        links = {e.text: e.attributes["href"] for e in page.all("a", class_="button")}
        assert links["Open in Colab"] == repository.colab_link(path)
        assert links["Report an error"].startswith(repository.issue_link(path, "").split("?")[0])
        assert ((site / address).parent / links["Download notebook"]).resolve() == (site / path).resolve()
        assert (site / path).is_file(), path


def test_header_facts(chapters):
    """Minutes to read and seconds to run are counted and measured, not typed."""
    assert chapters
    for page in chapters.values():
        facts = dict(zip([e.text for e in page.all("dt")], [e.text for e in page.all("dd")], strict=False))
        assert re.fullmatch(r"\d+ min", facts["Read"])
        assert re.fullmatch(r"\d+ (s|min)", facts["Run on a CPU"])
        assert facts["GPU"] and facts["You need"]
        assert page.all("p", class_="promise")[0].text
