"""Downloads from a server of our own: no test here reaches the network."""

import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pooch
import pytest

import primer
from primer.data.download import FILES, Remote, locate

CONTENT = b"First Citizen:\nBefore we proceed any further, hear me speak.\n"


class Server(ThreadingHTTPServer):
    """Serves what is put into `files` by path, and notes every request. A path in `cut` breaks off half way."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.requests: list[str] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path in self.server.cut else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache of our own, and no proxy between us and our server."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(pooch, "os_cache", lambda project: folder)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture
def remote(server):
    server.files = {"/a/input.txt": CONTENT, "/b/input.txt": CONTENT}
    return Remote(
        "input.txt", hashlib.sha256(CONTENT).hexdigest(), (server.url("/a/input.txt"), server.url("/b/input.txt"))
    )


def left_over(cache):
    return sorted(path.name for path in cache.rglob("*") if path.is_file())


def test_fetched_once_then_from_the_cache(server, remote, cache):
    for _ in range(2):
        assert locate(remote, "text").read_bytes() == CONTENT
    assert server.requests == ["/a/input.txt"]
    assert left_over(cache) == ["input.txt"]


@pytest.mark.parametrize("harm", ["missing", "corrupted", "cut"])
def test_second_host_helps_out(server, remote, cache, harm):
    if harm == "missing":
        del server.files["/a/input.txt"]
    elif harm == "corrupted":
        server.files["/a/input.txt"] = CONTENT.replace(b"hear", b"heal")
    else:
        server.cut.add("/a/input.txt")
    assert locate(remote, "text").read_bytes() == CONTENT
    assert server.requests == ["/a/input.txt", "/b/input.txt"]
    assert left_over(cache) == ["input.txt"]


def test_a_corrupted_cache_is_fetched_again(server, remote, cache):
    path = locate(remote, "text")
    path.write_bytes(b"half a fi")
    assert locate(remote, "text").read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_nothing_wrong_is_kept_if_both_hosts_fail(server, remote, cache):
    server.files = {"/a/input.txt": b"an error page in disguise"}
    with pytest.raises(ConnectionError) as caught:
        locate(remote, "text")
    assert left_over(cache) == []
    host = f"127.0.0.1:{server.server_address[1]}"
    assert str(caught.value) == (
        f"input.txt of 'text' could not be fetched from {host} (wrong checksum) or {host} (HTTP status 404): connect "
        "to the network and run this again, or put the file into a folder and name that folder in the environment "
        "variable PRIMER_DATA."
    )


def test_no_network(remote, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError, match=r"no connection\) or .* \(no connection\): connect to the network"):
        locate(remote, "text")


@pytest.mark.parametrize("place", ["input.txt", "tinyshakespeare/input.txt"])
def test_own_folder_comes_first(server, remote, cache, tmp_path, monkeypatch, place):
    own = tmp_path / "own" / place
    own.parent.mkdir(parents=True)
    own.write_bytes(CONTENT)
    monkeypatch.setenv("PRIMER_DATA", str(tmp_path / "own"))
    assert locate(remote, "text") == own
    assert server.requests == [] and left_over(cache) == []


def test_a_wrong_file_in_the_own_folder_is_not_used(server, remote, tmp_path, monkeypatch):
    (tmp_path / "input.txt").write_bytes(b"something else")
    monkeypatch.setenv("PRIMER_DATA", str(tmp_path))
    assert locate(remote, "text").read_bytes() == CONTENT
    assert (tmp_path / "input.txt").read_bytes() == b"something else"
    server.files.clear()
    (tmp_path / "cache" / "text" / "input.txt").unlink()
    with pytest.raises(ConnectionError, match=r"PRIMER_DATA \(wrong checksum\)"):
        locate(remote, "text")


def idx(array: np.ndarray) -> bytes:
    shape = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.astype(np.uint8).tobytes())


def test_mnist(server, monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (10, 28, 28)), rng.integers(0, 10, 10)
    contents = [idx(x[:7]), idx(y[:7]), idx(x[7:]), idx(y[7:])]
    remotes = []
    for real, content in zip(FILES["mnist"], contents, strict=True):
        server.files[f"/{real.name}"] = content
        remotes.append(Remote(real.name, hashlib.sha256(content).hexdigest(), (server.url(f"/{real.name}"),)))
    monkeypatch.setitem(FILES, "mnist", tuple(remotes))
    mnist = primer.data.download("mnist")
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.test)] == [4, 3, 3]
    np.testing.assert_array_equal(np.concatenate([mnist.train.x, mnist.validation.x, mnist.test.x]), x)
    np.testing.assert_array_equal(np.concatenate([mnist.train.y, mnist.validation.y, mnist.test.y]), y)
    assert mnist.train.x.dtype == np.uint8 and mnist.test.y.dtype == np.int64


def test_tiny_shakespeare(remote, monkeypatch):
    monkeypatch.setitem(FILES, "tiny-shakespeare", (remote,))
    assert primer.data.download("tiny-shakespeare") == CONTENT.decode()


def test_every_file_has_two_hosts_and_a_checksum():
    for remotes in FILES.values():
        for remote in remotes:
            hosts = {url.split("/")[2] for url in remote.urls}
            assert len(hosts) == 2 and all(url.startswith("https://") for url in remote.urls)
            assert len(bytes.fromhex(remote.sha256)) == 32


def test_unknown_name():
    with pytest.raises(ValueError, match="There is no download 'cifar': choose one of mnist, tiny-shakespeare"):
        primer.data.download("cifar")
