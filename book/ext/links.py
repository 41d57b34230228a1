"""For the check of outside links: publishers turn robots away, so a DOI counts as good when doi.org knows it."""

from __future__ import annotations

from sphinx.application import Sphinx

RESOLVER = "https://doi.org/"
REGISTRY = "https://doi.org/api/handles/"  # 200 for a DOI that exists, 404 for any other


def setup(app: Sphinx) -> None:
    """Be asked for the address to try in place of each link."""
    app.connect("linkcheck-process-uri", ask_the_registry)


def ask_the_registry(app: Sphinx, uri: str) -> str | None:
    """The registry's record in place of the publisher's page; None leaves any other link as it is."""
    return REGISTRY + uri.removeprefix(RESOLVER) if uri.startswith(RESOLVER) else None
