"""Where this copy of the course lives, and every link that follows from it.

The address stands once, in ``_config.yml`` (``repository.url``), as a placeholder on a host that can never exist
(``.invalid`` is reserved by RFC 2606): nobody can register it and be installed from. Deployment overrides it with
PRIMER_REPOSITORY_URL and names the commit with PRIMER_COMMIT, so a fork works without an edit.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import yaml

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER_HOST = "repository.invalid"
# Deployment pushes the tree with the regenerated notebooks here; Colab opens them from here.
PUBLISH_BRANCH = "published"
DISTRIBUTION = "genai-primer"


def url() -> str:
    """The address of the repository, without a slash or ``.git`` at its end. ValueError if it is not https."""
    address = os.environ.get("PRIMER_REPOSITORY_URL") or _configured()
    parts = urlsplit(address)
    if parts.scheme != "https" or not re.fullmatch(r"[\w.-]+", parts.netloc) or \
            not re.fullmatch(r"/[\w.~-]+(/[\w.~-]+)+/?", parts.path) or parts.query or parts.fragment:
        raise ValueError(f'The address of the repository must look like https://host/owner/name; got "{address}".')
    return address.rstrip("/").removesuffix(".git")


def _configured() -> str:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return str(config["repository"]["url"])


def is_placeholder() -> bool:
    """True as long as this copy has no address."""
    return urlsplit(url()).netloc == PLACEHOLDER_HOST


def is_github() -> bool:
    """True if Colab can open notebooks from the address."""
    return urlsplit(url()).netloc == "github.com"


def commit() -> str | None:
    """The 40 hexadecimal digits in PRIMER_COMMIT, or None. ValueError if it is anything else."""
    value = os.environ.get("PRIMER_COMMIT") or None
    if value and not re.fullmatch(r"[0-9a-f]{40}", value):
        raise ValueError(f'PRIMER_COMMIT must be a full commit of 40 hexadecimal digits; got "{value}".')
    return value


def colab_link(path: str) -> str:
    """Open a notebook (path from the root, "notebooks/02-bayes.ipynb") in Colab.

    Colab opens GitHub's notebooks alone; from any other host, and for the placeholder, it is the file's own address.
    """
    if not is_github():
        return source_link(path)
    return f"https://colab.research.google.com/github{urlsplit(url()).path}/blob/{PUBLISH_BRANCH}/{quote(path)}"


def source_link(path: str) -> str:
    """The address of a file of the published tree."""
    return f"{url()}/blob/{PUBLISH_BRANCH}/{quote(path)}"


def raw_link(path: str) -> str:
    """The address of a picture itself, for an <img>."""
    return f"{url()}/raw/{PUBLISH_BRANCH}/{quote(path)}"


def issue_link(path: str, title: str) -> str:
    """A new issue about a page, with its file named."""
    body = f"Page: {path}\n\nWhat is wrong, and what did you expect?\n"
    return f"{url()}/issues/new?{urlencode({'title': title, 'body': body})}"


def page_link(path: str) -> str:
    """The published page of a source file ("book/foundations/02-bayes.md"): GitHub Pages for an address on GitHub."""
    page = quote(re.sub(r"\.md$", ".html", path))
    if not is_github():
        return f"{url()}/{page}"
    owner, name = urlsplit(url()).path.strip("/").split("/")[:2]
    root = "" if name.lower() == f"{owner}.github.io".lower() else f"{name}/"
    return f"https://{owner.lower()}.github.io/{root}{page}"


def requirement() -> str:
    """What pip is asked for: the package from this repository at this commit, never a bare name.

    ValueError for the placeholder (there is nothing to install from) and without PRIMER_COMMIT.
    """
    if is_placeholder():
        raise ValueError("This copy of the course has no address yet: set PRIMER_REPOSITORY_URL and PRIMER_COMMIT.")
    if commit() is None:
        raise ValueError("PRIMER_COMMIT must name the commit to install, together with PRIMER_REPOSITORY_URL.")
    return f"{DISTRIBUTION} @ git+{url()}@{commit()}"
