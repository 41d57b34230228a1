"""The claims ledger: every claim of the sources, and what the chapters that are written have found.

Chapters show their verdicts with `primer.verdicts`, whose rows carry `data-claim` and `data-verdict`. They are
collected when a page is read; `book/claims.yml` lists the claims themselves.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from book.ext.course import Chapter, parts

logger = logging.getLogger(__name__)

DATA = Path(__file__).resolve().parents[1] / "claims.yml"
ROW = re.compile(r'<tr data-claim="(?P<id>[A-D]\d+)" data-verdict="(?P<verdict>[a-z ]+)"')
MARKS = {"supported": "✓", "limited": "◐", "refuted": "✗", "put right": "✎"}


class claims_ledger(nodes.General, nodes.Element):
    """The place of the ledger."""


class ClaimsLedger(SphinxDirective):
    """The directive `claims-ledger`: a table of all claims with chapter and verdict."""

    def run(self) -> list[nodes.Node]:
        """Leave a place; what is written is known when all pages are read."""
        self.env.note_dependency(str(DATA))
        return [claims_ledger()]


def setup(app: Sphinx) -> None:
    """Register the directive and the collection of verdicts."""
    app.add_directive("claims-ledger", ClaimsLedger)
    app.add_node(claims_ledger, html=(visit_ledger, None))
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-updated", write_again)
    app.connect("env-check-consistency", check)
    app.connect("html-page-context", name_rows, priority=600)


@cache
def claims() -> dict[str, dict[str, Any]]:
    """Claims by id: `claim`, `note` (what is loose in it, or "") and `chapters` (their numbers)."""
    return {entry["id"]: entry for entry in yaml.safe_load(DATA.read_text("utf-8"))}


def found(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Verdicts by page and claim, as far as pages are read."""
    return env.__dict__.setdefault("primer_verdicts", {})


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Note the verdicts that this page shows."""
    html = "".join(node.astext() for node in doctree.findall(nodes.raw) if "html" in node.get("format", ""))
    found(app.env)[app.env.docname] = {row["id"]: row["verdict"] for row in ROW.finditer(html)}


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop the verdicts of a page that is read anew or gone."""
    found(env).pop(docname, None)


def write_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The ledger's page is written at every build that reads a page."""
    return [docname for docname in env.found_docs if docname.endswith("/ledger")]


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of verdicts on unknown claims, and of claims of a written chapter that lack a verdict there."""
    for docname, verdicts in found(env).items():
        for name in verdicts.keys() - claims().keys():
            logger.warning("%s is not in book/claims.yml.", name, location=docname)
    for part in parts():
        for chapter in part.chapters:
            if chapter.docname not in env.found_docs:
                continue
            due = {name for name, claim in claims().items() if chapter.number in claim["chapters"]}
            missing = sorted(due - found(env).get(chapter.docname, {}).keys())
            if missing:
                logger.warning("No verdict on %s in this chapter.", ", ".join(missing), location=chapter.docname)


def visit_ledger(self: Any, node: claims_ledger) -> None:
    """The ledger as a table."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Claim", "In our words", "Verdicts by chapter"))
    rows = "".join(ledger_row(self.builder, name, claim) for name, claim in claims().items())
    self.body.append(f'<table class="ledger"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')
    raise nodes.SkipNode


def ledger_row(builder: Any, name: str, claim: dict[str, Any]) -> str:
    """One claim with a verdict for each chapter that tests it."""
    numbers = {chapter.number: chapter for part in parts() for chapter in part.chapters}
    entries = "".join(ledger_entry(builder, name, numbers[number]) for number in claim["chapters"])
    note = f' <span class="ledger-note">{escape(claim["note"])}</span>' if claim.get("note") else ""
    return (
        f'<tr id="claim-{name}" data-ledger="{name}"><th scope="row">{name}</th>'
        f'<td>{escape(claim["claim"])}{note}</td><td><ul>{entries}</ul></td></tr>'
    )


def ledger_entry(builder: Any, name: str, chapter: Chapter) -> str:
    """The verdict of one chapter, or that the chapter is to come."""
    verdict = found(builder.env).get(chapter.docname, {}).get(name)
    if chapter.docname not in builder.env.found_docs:
        return f'<li class="to-come"><span class="map-label">{chapter.label}</span> to come</li>'
    if not verdict:
        return f'<li class="to-come"><span class="map-label">{chapter.label}</span> no verdict yet</li>'
    address = builder.get_relative_uri(builder.current_docname, chapter.docname)
    return (
        f'<li data-verdict="{verdict}"><a href="{address}#claim-{name}"><span class="map-label">{chapter.label}</span> '
        f'{escape(chapter.title)}</a> <span aria-hidden="true">{MARKS[verdict]}</span> {verdict}</li>'
    )


def name_rows(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Give each verdict in a chapter the id that the ledger links to."""
    if "body" in context:
        context["body"] = re.sub(r'<tr data-claim="(\w+)"', r'<tr id="claim-\1" data-claim="\1"', context["body"])
