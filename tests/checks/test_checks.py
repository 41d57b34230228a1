"""The machinery of the checks: verdicts, comparison, messages, and that nothing disturbs a reader's run."""

import copy
import warnings

import numpy as np
import pytest
import torch

import primer
from primer import checks
from primer.checks import Check, NotPassed, difference, register


def scaled(x, factor):
    """The reference of the trial check."""
    return x * factor


def cases(rng):
    yield np.array([1.0, 2.0]), 3.0
    yield rng.normal(size=4), 2.0


@pytest.fixture(autouse=True)
def trial(monkeypatch):
    """A check of its own for these tests, and a reader's environment."""
    for name in ("PRIMER_STRICT", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    return register(Check("trial.scaled", scaled, cases))


def message(fn, capsys, id="trial.scaled"):
    """What a reader is shown for a function, as plain text."""
    verdict = primer.check(id, fn)
    shown = capsys.readouterr().out
    assert shown.strip() == str(verdict)
    return shown


def test_a_right_function_passes(capsys):
    assert message(lambda x, factor: x * factor, capsys).startswith("✓ trial.scaled: passed. 6 cases")


def test_a_list_or_a_tensor_counts_as_an_array(capsys):
    assert "passed" in message(lambda x, factor: [v * factor for v in x], capsys)
    assert "passed" in message(lambda x, factor: torch.tensor(x) * factor, capsys)


def test_a_wrong_function_is_told_the_first_case(capsys):
    def scale(x, factor):
        return x + factor

    assert message(scale, capsys) == (
        "✗ trial.scaled: not yet. scale(x=[1., 2.], factor=3): expected [3., 6.], got [4., 5.].\n"
    )


@pytest.mark.parametrize("fn", [None, ..., lambda x, factor: None])
def test_nothing_is_not_attempted(fn, capsys):
    assert "not attempted" in message(fn, capsys)


def test_a_stub_is_not_attempted(capsys):
    def stub(x, factor):
        raise NotImplementedError

    assert "not attempted" in message(stub, capsys)


def test_an_operation_that_torch_lacks_is_an_error(capsys):
    def fn(x, factor):
        raise NotImplementedError("no such kernel")

    assert "not yet" in message(fn, capsys)


def test_an_exception_is_named_with_its_line(capsys):
    def fn(x, factor):
        return x[10]

    shown = message(fn, capsys)
    assert 'raised IndexError: index 10 is out of bounds for axis 0 with size 2, in your line "return x[10]".' in shown
    assert "Traceback" not in shown and shown.count("\n") == 1


def test_leaving_the_interpreter_is_no_way_out(capsys):
    assert "raised SystemExit" in message(lambda x, factor: exit(), capsys)


def test_an_interruption_goes_through():
    def fn(x, factor):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        primer.check("trial.scaled", fn)


def test_a_value_in_place_of_the_function(capsys):
    assert "Give the function itself" in message(3.0, capsys)


def test_the_wrong_number_of_arguments(capsys):
    assert "raised TypeError" in message(lambda x: x, capsys)


def test_changing_the_arguments_does_not_break_the_check(capsys):
    def fn(x, factor):
        x *= factor
        return x

    assert "passed" in message(fn, capsys)

    def spoils(x, factor):
        x[:] = 0
        return x

    assert "x=[1., 2.]" in message(spoils, capsys)


def test_warnings_are_swallowed(capsys):
    def fn(x, factor):
        warnings.warn("watch out", stacklevel=1)
        return x * factor

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        primer.check("trial.scaled", fn)
    assert not caught and capsys.readouterr().err == ""


def test_random_numbers_of_the_reader_are_left_alone():
    np.random.seed(1)
    before = copy.deepcopy(np.random.get_state()[1])
    primer.check("trial.scaled", scaled)
    assert (np.random.get_state()[1] == before).all()


def test_own_comparison_and_own_description(capsys):
    def compare(got, expected, args):
        return None if got > args[0] else f"the answer should be above {args[0]} and is {got}"

    register(Check("trial.above", lambda x: x + 1, lambda rng: [(2,)], compare=compare,
                   describe=lambda x: f"For the number {x}"))
    assert "passed" in message(lambda x: x + 5, capsys, "trial.above")
    assert message(lambda x: x, capsys, "trial.above") == (
        "✗ trial.above: not yet. For the number 2: the answer should be above 2 and is 2.\n"
    )


def test_a_comparison_that_fails_on_nonsense_is_not_the_readers_traceback(capsys):
    register(Check("trial.mean", lambda: 0.0, lambda rng: [()], compare=lambda got, e, a: got.mean() and "no"))
    assert "not yet" in message(lambda: "nonsense", capsys, "trial.mean")


def test_unknown_ids_name_near_ones(capsys):
    assert 'There is no exercise "trial.scald"; did you mean trial.scaled' in message(scaled, capsys, "trial.scald")
    primer.hint("bayes.posteriour")
    assert "did you mean bayes.posterior" in capsys.readouterr().out
    primer.solution("nothing.like.it")
    assert "There is no exercise" in capsys.readouterr().out


def test_nbgrader_is_told_by_an_error(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert primer.check("trial.scaled", scaled)
    for fn in (lambda x, factor: x, None):
        with pytest.raises(NotPassed):
            primer.check("trial.scaled", fn)
    with pytest.raises(NotPassed, match="There is no exercise"):
        primer.check("trial.nothing", scaled)


def test_strict_runs_raise_for_wrong_answers_only(monkeypatch):
    monkeypatch.setenv("PRIMER_STRICT", "1")
    primer.check("trial.scaled", None)
    with pytest.raises(NotPassed):
        primer.check("trial.scaled", lambda x, factor: x)
    with pytest.raises(LookupError):
        primer.check("trial.nothing", scaled)


def test_the_verdict_as_html_is_escaped():
    html = checks.run_check(checks.find("trial.scaled"), lambda x, factor: "<b>", [np.random.default_rng(0)]).html()
    assert 'data-verdict="not yet"' in html and "<b>not yet</b>" in html and "a string" in html
    assert "&lt;" in checks.Verdict("a.b", "not yet", "1 < 2").html()


def test_an_id_has_a_topic():
    with pytest.raises(ValueError, match="topic, dot and name"):
        register(Check("posterior", scaled, cases))


@pytest.mark.parametrize(("got", "expected", "text"), [
    (1.0, 1.0 + 1e-8, None),
    (1, 1.0, None),
    (np.float32(0.5), 0.5, None),
    (torch.tensor(0.5), 0.5, None),
    (0.5, 0.25, "expected 0.25, got 0.5"),
    (float("nan"), 0.25, "expected 0.25, got nan"),
    (float("nan"), float("nan"), None),
    ("a", 0.25, "expected a number, got a string"),
    (None, 0.25, "expected a number, got None"),
    ([1.0], 1.0, "expected a number, got a list of length 1"),
    (np.zeros(3), np.zeros((3, 1)), "expected an array of shape (3, 1), got an array of shape (3,)"),
    (np.zeros(100), np.r_[np.zeros(99), 1], "1 of 100 values differ; at [99] expected 1, got 0"),
    ([[1], [1, 2]], np.zeros(2), "expected an array of shape (2,), got a list of length 2"),
    (np.array([1, 0]), np.array([True, False]), "expected values that are bool, got int64"),
    (1, True, "expected True, got 1 (a number)"),
    (np.True_, True, None),
    ("a", "b", "expected 'b', got 'a'"),
    ((1.0, "a"), (1.0, "a"), None),
    ([1.0, "a"], (1.0, "a"), None),
    ((1.0, "b"), (1.0, "a"), "at position 1: expected 'a', got 'b'"),
    ((1.0,), (1.0, "a"), "expected a tuple of length 2, got a tuple of length 1"),
    ({"a": 1}, {"a": 1, "b": 2}, "the key 'b' is missing"),
    ({"a": 1, "c": 2}, {"a": 1}, "the key 'c' should not be there"),
    ({"a": [1, 2]}, {"a": [1, 3]}, "at the key 'a': expected [1, 3], got [1, 2]"),
    (3, {"a": 1}, "expected a dictionary, got a number"),
    ({1, 2}, {1, 2}, None),
    ({1}, {1, 2}, "expected {1, 2}, got {1}"),
    ([], [], None),
])
def test_differences_in_plain_words(got, expected, text):
    assert difference(got, expected) == text


def test_long_values_are_shown_short():
    assert checks.show(np.arange(1000.0)) == "an array of shape (1000,) that starts [0., 1., 2., 3., 4., 5., …]"
    assert checks.show(0.123456789) == "0.123457"
    assert len(checks.show("x" * 1000)) <= 300
    assert checks.show(list(range(30))).endswith("19, …]")
