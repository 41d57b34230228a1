"""A small book to make notebooks of."""

import json

import pytest

from tests.tools.small_book import BIB, HEAD
from tools import notebooks
from tools.bibliography import Bibliography
from tools.book_index import Index


@pytest.fixture
def book(tmp_path):
    """Writes a small book and makes a notebook of it: book(body, exercise=False, **other files) -> cells."""

    def make(body="", exercise=False, instructor=False, head=HEAD, **files):
        folder = "exercises" if exercise else "part"
        path = tmp_path / "book" / folder / "07-trial.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + body, encoding="utf-8")
        for name, text in files.items():
            other = tmp_path / "book" / "part" / f"08-{name}.md"
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_text(text, encoding="utf-8")
        index = Index(tmp_path)
        document = next(d for d in index.chapters() if d.topic == "trial" and d.is_exercise == exercise)
        return json.loads(notebooks.notebook(document, index, Bibliography(BIB), instructor))["cells"]

    return make
