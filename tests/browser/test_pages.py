"""Every page of the built book in a real browser: quiet, self-contained, accessible, printable."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# Experimental in axe, but asked for by Lighthouse.
MORE_RULES = {"label-content-name-mismatch": {"enabled": True}}
OPEN_ALL = "document.querySelectorAll('article details').forEach(details => details.open = true)"
LIVE = "article [data-primer-widget]"
HEAVIEST = 700 * 1024  # bytes over the wire


def scroll_through(page):
    """Bring every widget near the window once, so that it comes alive."""
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.body.scrollHeight; y += 500) {
            scrollTo(0, y);
            await new Promise(done => setTimeout(done, 60));
          }
          scrollTo(0, 0);
        }"""
    )
    page.wait_for_function(
        "document.querySelectorAll('.primer-slot').length === document.querySelectorAll('.primer-host > *').length"
    )


def test_loads_without_a_word(browser, site, address):
    """No message in the console, no error, no missing file, no request to anybody else."""
    context = browser.new_context()
    page = context.new_page()
    complaints, hosts = [], set()
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    page.goto(site + address)
    page.wait_for_load_state("networkidle")
    scroll_through(page)
    context.close()
    assert complaints == []
    assert hosts - {""} == {urlsplit(site).netloc}


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(visit, address, theme, size):
    """axe-core finds nothing, everything that is folded being open."""
    page = visit(address, size, color_scheme=theme)
    scroll_through(page)
    page.evaluate(OPEN_ALL)
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run(document, { rules })", MORE_RULES)["violations"]
    assert [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found] == []


def test_fits_a_phone(visit, address):
    """Nothing sticks out at 360 pixels, opened or not."""
    page = visit(address, "phone")
    scroll_through(page)
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_prints(visit, address):
    """Paper shows the text and still figures: no navigation, no live widget, nothing cut off."""
    page = visit(address)
    scroll_through(page)
    widgets = page.locator(LIVE).count()
    page.emulate_media(media="print")
    for hidden in (".contents", ".bar", ".turn", ".buttons", LIVE):
        assert not any(element.is_visible() for element in page.locator(hidden).all()), hidden
    still = page.locator(".primer-fallback")
    assert still.count() == widgets
    assert all(element.is_visible() for element in still.all())


def test_reads_without_scripts(browser, site, address):
    """Without JavaScript the still figures stand in for the widgets, and the text can be reached."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + address)
    assert page.locator("h1").is_visible()
    assert all(element.is_visible() for element in page.locator(".primer-fallback").all())
    context.close()


def test_light_enough_and_live(browser, site, address):
    """A page weighs under 700 KB on the wire, and its first widget lives without being scrolled to or touched."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site + address)
    page.wait_for_load_state("networkidle")
    if page.locator(".primer-slot").count():
        page.wait_for_function("performance.getEntriesByName('primer-live').length > 0")
    else:
        assert page.evaluate("performance.getEntriesByName('primer-live').length") == 0
    weight = page.evaluate("performance.getEntries().reduce((sum, entry) => sum + (entry.transferSize || 0), 0)")
    assert 0 < weight < HEAVIEST
    context.close()


def test_theme_is_kept(visit):
    """The button turns the page dark; the next page is dark too; the colours of figures follow."""
    page = visit("book/index.html", color_scheme="light")
    colour = "getComputedStyle(document.documentElement).getPropertyValue('--p-real')"
    assert page.evaluate(colour).strip() == "#2b6cb0"
    page.locator(".bar button.theme").click()
    assert page.evaluate(colour).strip() == "#7ab8ff"
    page.goto(page.url.replace("index.html", "appendices/ledger.html"))
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_menu_works_by_keyboard(visit):
    """On a phone the contents open from the menu button, lead on, and close with Escape."""
    page = visit("book/index.html", "phone")
    contents = page.locator("#contents")
    assert not contents.is_visible()
    page.locator(".bar button").first.focus()
    page.keyboard.press("Enter")
    assert contents.is_visible()
    page.keyboard.press("Escape")
    assert not contents.is_visible()
    page.keyboard.press("Enter")
    contents.get_by_role("link", name="Claims ledger").click()
    page.wait_for_url("**/ledger.html")


def test_search_finds(visit):
    """The search in the contents finds a chapter without any server."""
    page = visit("book/appendices/ledger.html")
    page.get_by_label("Search").fill("posterior")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=posterior")
    page.locator("#search-results li a", has_text="Bayes").first.wait_for()
