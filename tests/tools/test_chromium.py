"""A browser for the tests is found where systems and Playwright put it."""

import pytest

from tools import chromium


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any browser, as far as `find` can see."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    return tmp_path


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(0o755)
    return str(path)


def test_there_may_be_none(bare):
    assert chromium.find() is None


@pytest.mark.parametrize("name", ["chromium", "google-chrome"])
def test_the_systems_own(bare, name):
    path = program(bare / "bin" / name)
    assert chromium.find() == path


@pytest.mark.parametrize("place", [
    "home/.cache/ms-playwright/chromium-1200/chrome-linux/chrome",
    "home/.cache/ms-playwright/chromium-1200/chrome-linux64/chrome",
    "home/Library/Caches/ms-playwright/chromium-1200/chrome-mac-arm64/Chromium.app/Contents/MacOS/Chromium",
])
def test_playwrights_own(bare, place):
    path = program(bare / place)
    assert chromium.find() == path


def test_playwrights_variable(bare, monkeypatch):
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(bare / "browsers"))
    path = program(bare / "browsers" / "chromium-1200" / "chrome-linux64" / "chrome")
    assert chromium.find() == path
