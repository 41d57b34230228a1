"""What a page says about itself to search engines and screen readers, and faults of other people's HTML mended."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from book.ext.header import front_matter

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Give the template a description for each page, and mend its body."""
    app.connect("html-page-context", describe)
    app.connect("html-page-context", mend, priority=650)


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Set `description` from the front matter; a written page without one gives a warning."""
    description = front_matter(app, pagename).get("description", "")
    if not description and pagename in app.env.found_docs:
        logger.warning("The front matter `primer` lacks a description.", location=pagename)
    context["description"] = description or app.config.html_title


def mend(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Mend roles that do not fit each other: docutils lists references as doc-biblioentry, which no list may hold."""
    if "body" in context:
        context["body"] = context["body"].replace(' role="doc-biblioentry"', ' role="listitem"')
