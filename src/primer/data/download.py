"""Larger data from the network: every file has a checksum and two hosts, and is fetched once."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, overload

import numpy as np

from primer.core import on_page
from primer.data.base import Dataset, Part, unknown

NAMES = ("mnist", "tiny-shakespeare")


@dataclass(frozen=True)
class Remote:
    """A file elsewhere. name: of the file. sha256: of its content, in hexadecimal. urls: tried in this order."""

    name: str
    sha256: str
    urls: tuple[str, ...]


def _mnist(name: str, sha256: str) -> Remote:
    hosts = "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"
    return Remote(f"{name}-ubyte.gz", sha256, tuple(f"{host}{name}-ubyte.gz" for host in hosts))


# The addresses of the text name a commit, so that neither can change under us.
_CHAR_RNN = "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt"

FILES = {
    "mnist": (
        _mnist("train-images-idx3", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        _mnist("train-labels-idx1", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        _mnist("t10k-images-idx3", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        _mnist("t10k-labels-idx1", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    "tiny-shakespeare": (
        Remote(
            "input.txt",
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            (
                f"https://raw.githubusercontent.com/karpathy/char-rnn/{_CHAR_RNN}",
                f"https://cdn.jsdelivr.net/gh/karpathy/char-rnn@{_CHAR_RNN}",
            ),
        ),
    ),
}


@overload
def download(name: Literal["mnist"]) -> Dataset: ...
@overload
def download(name: Literal["tiny-shakespeare"]) -> str: ...
def download(name: str) -> Dataset | str:
    """A data set that is too large to come with the course, from the folder PRIMER_DATA, the cache or the network.

    - "mnist": 70,000 handwritten digits as a Dataset; x (N, 28, 28) uint8, ink from 0 (paper) to 255; y (N,) int64;
      50,000 train, 10,000 validation (the last of the training files), 10,000 test
    - "tiny-shakespeare": one str of 1,115,394 characters

    A file is used only if its checksum is right. Each is kept once it is whole, so that an interrupted call goes on
    with the file it was at. PRIMER_DATA names a folder that is searched first, itself and the folders in it. Raises
    ConnectionError, which says what to do, if a file cannot be had from any host; ValueError for an unknown name.

    Sources: LeCun, Cortes and Burges, MNIST; Karpathy (2015), char-rnn.
    """
    if name not in FILES:
        raise unknown("download", name, NAMES)
    paths = [locate(remote, name) for remote in FILES[name]]
    if name == "tiny-shakespeare":
        return paths[0].read_text(encoding="utf-8")
    x, y, x_test, y_test = map(_read_idx, paths)
    y, y_test = y.astype(np.int64), y_test.astype(np.int64)
    held_out = len(x_test)
    train, validation = Part(x[:-held_out], y[:-held_out]), Part(x[-held_out:], y[-held_out:])
    return Dataset(name, train, validation, Part(x_test, y_test))


def locate(remote: Remote, name: str) -> Path:
    """The path of a file whose checksum is right: in PRIMER_DATA, in the cache under `name`, or fetched into it."""
    import pooch
    import requests

    failures = []
    for path in _own_copies(remote.name):
        if hashlib.sha256(path.read_bytes()).hexdigest() == remote.sha256:
            return path
        failures.append("PRIMER_DATA (wrong checksum)")
    pooch.get_logger().setLevel("WARNING")
    downloader = pooch.HTTPDownloader(timeout=20, progressbar=not on_page())
    for url in remote.urls:
        try:
            folder = Path(pooch.os_cache("genai-primer")) / name
            # retrieve checks the cached copy, writes beside it, and moves only what has the right checksum
            return Path(pooch.retrieve(url, f"sha256:{remote.sha256}", remote.name, folder, downloader=downloader))
        except (requests.RequestException, ValueError) as error:  # not reached, or another file: ask the next host
            failures.append(f"{url.split('/')[2]} ({_reason(error)})")
    raise ConnectionError(
        f"{remote.name} of {name!r} could not be fetched from {' or '.join(failures)}: connect to the network and run "
        "this again, or put the file into a folder and name that folder in the environment variable PRIMER_DATA."
    )


def _own_copies(filename: str) -> Iterator[Path]:
    folder = os.environ.get("PRIMER_DATA")
    if folder:
        for pattern in (filename, f"*/{filename}"):
            yield from sorted(Path(folder).glob(pattern))


def _reason(error: Exception) -> str:
    """A few words for a reader: what went wrong, without addresses and hashes."""
    if isinstance(error, ValueError):
        return "wrong checksum"
    response = getattr(error, "response", None)
    return "no connection" if response is None else f"HTTP status {response.status_code}"


def _read_idx(path: Path) -> np.ndarray:
    """Unsigned bytes in the IDX format: two zero bytes, a type (8), the number of axes, their lengths, the data."""
    data = gzip.decompress(path.read_bytes())
    axes = data[3]
    shape = np.frombuffer(data, ">u4", count=axes, offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape.tolist())
