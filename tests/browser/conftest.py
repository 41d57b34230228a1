"""A served book, a Chromium, and the list of pages for the browser tests.

PRIMER_SITE names a built book (else _build/html), PRIMER_CHROMIUM a browser; BROWSER=0 leaves these tests out.
"""

import os
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.widgets import harness
from tools import chromium
from tools.serve import serve

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(os.environ.get("PRIMER_SITE", ROOT / "_build" / "html"))
PROGRAM = os.environ.get("PRIMER_CHROMIUM") or chromium.find()
# No sandbox: CI runs as root. The others keep a headless browser from calling home.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 780}}


def pages():
    """Addresses of all pages below the site's root, the search included."""
    found = sorted(path.relative_to(SITE).as_posix() for path in (SITE / "book").rglob("*.html"))
    return [*found, "search.html"]


def pytest_collection_modifyitems(config, items):
    """BROWSER=0 leaves out what stands in this folder, and says so."""
    if os.environ.get("BROWSER") != "0":
        return
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    config.hook.pytest_deselected(items=here)
    items[:] = [item for item in items if item not in here]
    if here:
        config.get_terminal_writer().line("BROWSER=0: the browser tests were left out.")


def pytest_generate_tests(metafunc):
    """A test that asks for `address` runs once for each page."""
    if "address" in metafunc.fixturenames:
        metafunc.parametrize("address", pages())


@pytest.fixture(scope="session")
def site():
    """The address of the book, served with gzip on this machine."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"There is no book in {SITE}: build it with `make html`.", pytrace=False)
    server = serve(SITE)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """One Chromium for the tests of a file: only one Playwright can run in a process, and other files start theirs."""
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        except Error:
            pytest.fail(chromium.MISSING, pytrace=False)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, site: str):
    """visit(address, size, **context) opens a page in a fresh context and waits until its first widget lives."""
    contexts = []

    def open_page(address: str, size: str = "desktop", **options) -> Page:
        context = browser.new_context(viewport=SIZES[size], **{"reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(site + address)
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def open_widget(browser: Browser):
    """open_widget(make, ready, dark, height=…, **context): a page with the widget that make() gives, once it shows
    what the selector `ready` names. Its console errors are in ``view.errors``.
    """
    with ExitStack() as stack:

        def open_page(make, ready: str, dark: bool = False, *, height: int = 900, **context) -> Page:
            address = stack.enter_context(harness.serve(harness.page([make()], dark=dark)))
            tab = stack.enter_context(browser.new_context(**{"viewport": {"width": 1000, "height": height}, **context}))
            view = tab.new_page()
            view.errors = []
            view.on("console", lambda message: view.errors.append(message.text) if message.type == "error" else None)
            view.on("pageerror", lambda error: view.errors.append(str(error)))
            view.goto(address)
            view.wait_for_selector(ready)
            return view

        yield open_page
