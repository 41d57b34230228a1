"""Questions with feedback for every answer: one widget for the quizzes of all chapters."""

from __future__ import annotations

import html
import random
from collections.abc import Sequence
from typing import Any

import traitlets

from primer.widgets.base import PrimerWidget

Answer = tuple[str, bool, str]  # text, whether it is right, why


class Quiz(PrimerWidget):
    """One question at a time; every answer says why it is right or not, and any number may be tried.

    Args:
        questions: ``[(question, [(answer, right, why), …]), …]`` in plain text. Answers are shown in an order of their
            own, the same at each run, so that it gives nothing away: no "all of the above".

    Raises:
        ValueError: there is no question, or a question has fewer than two answers, none right, or a text is empty.
    """

    topic = "quiz"
    alt = "A quick quiz"

    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, questions: Sequence[tuple[str, Sequence[Answer]]], **kwargs: Any) -> None:
        if not questions:
            raise ValueError("A quiz needs at least one question.")
        super().__init__(questions=[entry(question, answers) for question, answers in questions], **kwargs)

    def fallback_html(self) -> str:
        """The questions as a list with the answers folded under each; in print they are open."""
        items = "".join(fallback_item(one) for one in self.questions)
        return f'<figure class="primer-fallback quiz-fallback" data-primer-fallback="quiz"><ol>{items}</ol></figure>'


def entry(question: str, answers: Sequence[Answer]) -> dict[str, Any]:
    """One question as it travels to the browser; raises ValueError as said in Quiz."""
    if len(answers) < 2 or not any(right for _, right, _ in answers):
        raise ValueError(f"The question {question!r} needs at least two answers, one of them right.")
    if not all([question, *(text and why for text, _, why in answers)]):
        raise ValueError(f"The question {question!r} has an empty text: give each answer its words and its why.")
    shuffled = random.Random(question).sample(list(answers), len(answers))
    return {
        "question": question,
        "answers": [{"text": text, "right": bool(right), "why": why} for text, right, why in shuffled],
    }


def fallback_item(one: dict[str, Any]) -> str:
    """A question of the fallback: its answers, and folded below them which is right and why."""
    choices = "".join(f"<li>{html.escape(answer['text'])}</li>" for answer in one["answers"])
    reasons = "".join(
        f"<li><b>{'✓' if answer['right'] else '✗'} {html.escape(answer['text'])}</b> {html.escape(answer['why'])}</li>"
        for answer in one["answers"]
    )
    return (
        f"<li><p>{html.escape(one['question'])}</p><ul>{choices}</ul>"
        f"<details><summary>Which is right, and why</summary><ul>{reasons}</ul></details></li>"
    )
