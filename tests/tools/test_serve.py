"""The server of the built book."""

import gzip
import os
import threading
import urllib.error
import urllib.request

import pytest

from tools.serve import serve

PAGE = "<p>" + "A page of the book. " * 200


@pytest.fixture
def address(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "index.html").write_text(PAGE)
    (tmp_path / "style.css").write_text("p{}")
    (tmp_path / "letter.woff2").write_bytes(b"\x00\x01")
    server = serve(tmp_path)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def get(address, **headers):
    return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60)


def test_text_is_compressed_where_the_browser_takes_it(address):
    with get(address + "book/", **{"Accept-Encoding": "gzip"}) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) == len(body) < len(PAGE) / 4
        assert gzip.decompress(body).decode() == PAGE
    with get(address + "book/index.html") as answer:
        assert answer.headers["Content-Encoding"] is None
        assert answer.read().decode() == PAGE


def test_a_changed_page_is_served_anew(address, tmp_path):
    get(address + "book/", **{"Accept-Encoding": "gzip"}).close()
    path = tmp_path / "book" / "index.html"
    path.write_text("new")
    os.utime(path, (1, 1))
    with get(address + "book/", **{"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(answer.read()) == b"new"


def test_versioned_files_are_kept_by_the_browser(address):
    with get(address + "style.css?v=1234") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == "text/css"
    with get(address + "style.css") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"
    with get(address + "letter.woff2") as answer:
        assert answer.headers["Content-Type"] == "font/woff2"


def test_a_missing_page_is_not_found(address):
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(address + "book/none.html", **{"Accept-Encoding": "gzip"})


def test_takes_the_next_port_if_one_is_taken(tmp_path):
    first = serve(tmp_path)
    try:
        second = serve(tmp_path, first.server_port)
        assert first.server_port < second.server_port < first.server_port + 50
        second.server_close()
    finally:
        first.server_close()


def test_without_a_book_it_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="make html"):
        serve(tmp_path / "none")
