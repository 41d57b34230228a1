"""The box "What the sources claim": claim, experiment, number and verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from primer.core import Expectation, expectation

MARKS = {"supported": "✓", "limited": "◐", "refuted": "✗", "put right": "✎"}


@dataclass(frozen=True)
class Claim:
    """A claim of the sources and what this notebook found about it.

    id: as in the ledger, "B1". claim, experiment: one sentence each, plain text. shows: names of numbers that
    `expect` has announced. verdict: "supported", "limited", "refuted" or "put right". ValueError otherwise.
    """

    id: str
    claim: str
    experiment: str
    shows: list[str]
    verdict: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-D]\d+", self.id):
            raise ValueError(f"A claim's id is a letter from A to D and a number, such as B1, not {self.id!r}.")
        if self.verdict not in MARKS:
            raise ValueError(f"A verdict is one of {', '.join(MARKS)}, not {self.verdict!r}.")
        if not self.shows or isinstance(self.shows, str):
            raise ValueError(f"Claim {self.id} needs a list with the name of at least one expectation.")


@dataclass(frozen=True)
class Verdicts:
    """What `verdicts` returns: a notebook shows it as a table, a terminal as text."""

    rows: tuple[tuple[Claim, tuple[Expectation, ...]], ...]

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{word}</th>' for word in ("Claim", "Experiment", "Number", "Verdict"))
        body = "".join(_row(claim, numbers) for claim, numbers in self.rows)
        return (
            '<table class="primer-verdicts" aria-label="What the sources claim">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )

    def __repr__(self) -> str:
        lines = []
        for claim, numbers in self.rows:
            lines.append(f"{claim.id}  {MARKS[claim.verdict]} {claim.verdict}")
            lines.append(f"    Claim: {claim.claim}")
            lines.append(f"    Experiment: {claim.experiment}")
            lines += [f"    {n.name}: {n.number} · expected {n.range} · {n.verdict}" for n in numbers]
        return "\n".join(lines)


def verdicts(*claims: Claim) -> Verdicts:
    """The box "What the sources claim", as the last line of a cell.

    Values and ranges are those that `expect` announced in this notebook, so no number is written twice. ValueError
    if a claim names a number that has not run, or if an id appears twice.
    """
    ids = [claim.id for claim in claims]
    if len(set(ids)) < len(ids):
        raise ValueError(f"Each claim stands once in the box; the ids are {', '.join(ids)}.")
    return Verdicts(tuple((claim, tuple(map(expectation, claim.shows))) for claim in claims))


def _row(claim: Claim, numbers: tuple[Expectation, ...]) -> str:
    figures = "".join(
        f'<li data-met="{str(n.met).lower()}">{escape(n.name)}: <strong>{escape(n.number)}</strong> '
        f'<span class="primer-range">(expected {escape(n.range)}{"" if n.met else "; " + n.verdict})</span></li>'
        for n in numbers
    )
    # data-label repeats the column's head, so that a narrow screen can show each cell on a line of its own
    cells = (
        f'<th scope="row" data-label="Claim"><span class="primer-claim-id">{claim.id}</span> '
        f"{escape(claim.claim)}</th>",
        f'<td data-label="Experiment">{escape(claim.experiment)}</td>',
        f'<td data-label="Number"><ul>{figures}</ul></td>',
        f'<td data-label="Verdict"><span aria-hidden="true">{MARKS[claim.verdict]}</span> {claim.verdict}</td>',
    )
    return f'<tr data-claim="{claim.id}" data-verdict="{claim.verdict}">{"".join(cells)}</tr>'
