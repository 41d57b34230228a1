"""Serves the built book on this machine, compressed as a web server would: `python tools/serve.py [folder]`.

Takes PORT (8000) or, if that is taken, the next free one, prints the address, and stops on Ctrl-C.
"""

from __future__ import annotations

import gzip
import os
import sys
from functools import lru_cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "_build" / "html"
TRIES = 50
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".txt"}


@lru_cache(maxsize=256)
def compressed(path: str, changed: float) -> bytes:
    """The gzipped bytes of a file, kept as long as it does not change."""
    return gzip.compress(Path(path).read_bytes(), 6)


class Handler(SimpleHTTPRequestHandler):
    """Files of one folder, text among them gzipped, without a line of log for each."""

    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".js": "text/javascript", ".woff2": "font/woff2"}

    def send_head(self) -> IO[bytes] | None:  # type: ignore[override]
        """Answer with a gzipped copy if the file is text and the browser takes it."""
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.split("?")[0].endswith("/"):
            path = path / "index.html"
        if path.suffix not in COMPRESSED or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        body = compressed(str(path), path.stat().st_mtime)
        self.send_response(200)
        self.send_header("Content-Type", f"{self.guess_type(str(path))}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return BytesIO(body)

    def end_headers(self) -> None:
        """A file with its version in its address never changes."""
        versioned = "?v=" in self.path or "/fonts/" in self.path
        self.send_header("Cache-Control", "max-age=31536000, immutable" if versioned else "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address has been printed."""


def serve(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server for `folder` at `port` or the next free one after it (0: any free one); not yet serving."""
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no book in {folder}: build it with `make html`.")

    def handler(*args: Any) -> Handler:
        return Handler(*args, directory=str(folder))

    for candidate in range(port, port + TRIES) if port else [0]:
        try:
            return ThreadingHTTPServer(("127.0.0.1", candidate), handler)
        except OSError:
            continue
    raise OSError(f"No port from {port} to {port + TRIES - 1} is free: name another with PORT.")


def main() -> None:
    """Serve until Ctrl-C."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else BOOK
    try:
        server = serve(folder, int(os.environ.get("PORT", "8000")))
    except OSError as error:
        sys.exit(str(error))
    print(f"The book is at http://127.0.0.1:{server.server_port}/ (Ctrl-C stops)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()
