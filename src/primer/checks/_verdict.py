"""What a reader sees: a verdict, a hint, a solution. Shown at once, as HTML or Markdown with a plain-text twin."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass

PASSED, NOT_YET, NOT_ATTEMPTED = "passed", "not yet", "not attempted"
_MARKS = {PASSED: ("✓", "#15803d"), NOT_YET: ("✗", "#b91c1c"), NOT_ATTEMPTED: ("○", "#6b7280")}


@dataclass(frozen=True)
class Verdict:
    """The outcome of a check. True if passed.

    status: "passed", "not yet" or "not attempted"; message: what to look at, in plain words, or what was checked.
    """

    id: str
    status: str
    message: str

    def __bool__(self) -> bool:
        return self.status == PASSED

    def __str__(self) -> str:
        mark, _ = _MARKS[self.status]
        return f"{mark} {self.id}: {self.status}. {self.message}"

    def html(self) -> str:
        """The verdict as one quiet block; the styles are inline because Colab has none of the book's."""
        mark, colour = _MARKS[self.status]
        return (f'<div class="primer-check" data-check="{html.escape(self.id)}" data-verdict="{self.status}" '
                f'style="border-left:3px solid {colour};padding:.2em .8em;margin:.4em 0">'
                f"<span aria-hidden=\"true\">{mark}</span> <code>{html.escape(self.id)}</code> "
                f"<b>{self.status}</b>. {html.escape(self.message)}</div>")

    def show(self) -> Verdict:
        """Print, or display in a notebook."""
        show_once(str(self), {"text/html": self.html()})
        return self

    def _ipython_display_(self) -> None:
        """Nothing: `check` has shown it already, and the last line of a cell must not show it twice."""


@dataclass(frozen=True)
class Text:
    """A hint or a solution, in Markdown."""

    markdown: str

    def __str__(self) -> str:
        return self.markdown

    def show(self) -> Text:
        """Print, or display in a notebook."""
        show_once(self.markdown, {"text/markdown": self.markdown})
        return self

    def _ipython_display_(self) -> None:
        """Nothing: it has been shown already."""


def show_once(plain: str, rich: dict[str, str]) -> None:
    """Display in a notebook, print elsewhere. IPython is used where it runs, and is never needed."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        print(plain)
        return
    from IPython.display import display

    display({"text/plain": plain, **rich}, raw=True)
