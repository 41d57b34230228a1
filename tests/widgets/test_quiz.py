"""Quiz: what it accepts, the order of its answers, and its list for print."""

from __future__ import annotations

import pytest

from primer.widgets.quiz import Quiz

ANSWERS = [("2 < 3", True, "By counting."), ("3 < 2", False, "The other way round."), ("2 = 3", False, "No.")]


def test_answers_have_an_order_of_their_own_the_same_at_each_run():
    first, second = Quiz([("Which?", ANSWERS)]), Quiz([("Which?", ANSWERS[::1])])
    assert first.questions == second.questions
    shown = [answer["text"] for answer in first.questions[0]["answers"]]
    assert sorted(shown) == sorted(text for text, _, _ in ANSWERS)
    places = {
        [answer["right"] for answer in Quiz([(f"Which {i}?", ANSWERS)]).questions[0]["answers"]].index(True)
        for i in range(20)
    }
    assert places == {0, 1, 2}


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        ([], "at least one question"),
        ([("Which?", ANSWERS[:1])], "at least two answers"),
        ([("Which?", ANSWERS[1:])], "one of them right"),
        ([("Which?", [*ANSWERS, ("5", False, "")])], "empty text"),
        ([("", ANSWERS)], "empty text"),
    ],
)
def test_bad_questions_are_refused(questions, message):
    with pytest.raises(ValueError, match=message):
        Quiz(questions)


def test_the_fallback_holds_every_answer_and_why_escaped():
    html = Quiz([("Is 2 < 3?", ANSWERS)]).fallback_html()
    assert "Is 2 &lt; 3?" in html and "✓ 2 &lt; 3" in html and "✗ 3 &lt; 2" in html
    assert all(why in html for _, _, why in ANSWERS)
    assert "<details>" in html and 'class="primer-fallback' in html
