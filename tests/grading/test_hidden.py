"""Hidden checks: whose cases, where from, and what a notebook may see of the secret."""

import numpy as np
import pytest

import primer
from primer import checks, grading

SECRET = "a secret of this test"


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    for name in ("PRIMER_STRICT", "PRIMER_BOOK", "NBGRADER_EXECUTION", grading.SECRET, grading.KEY):
        monkeypatch.delenv(name, raising=False)


def reference(prior, likelihood):
    joint = prior * likelihood
    return joint / joint.sum()


def learnt_by_heart():
    """A function that knows the visible cases of bayes.posterior and nothing else."""
    check = checks.find("bayes.posterior")
    cases = [args for seed in check.seeds for args in check.cases(np.random.default_rng(seed))]
    table = {repr(args): check.reference(*args) for args in cases}
    return lambda *args: table.get(repr(args), np.zeros(len(args[0])))


def test_without_a_secret_one_line_and_nothing_else(capsys):
    grading.hidden("bayes.posterior", None)
    assert capsys.readouterr().out == (
        "bayes.posterior: the hidden checks need PRIMER_COURSE_SECRET and run in grading only.\n")


def test_nothing_at_all_on_the_pages_of_the_book(capsys, monkeypatch):
    monkeypatch.setenv("PRIMER_BOOK", "1")
    grading.hidden("bayes.posterior", None)
    assert capsys.readouterr().out == ""


def test_autograding_without_a_key_is_the_instructors_error(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(grading.NoSecret, match="PRIMER_COURSE_SECRET"):
        grading.hidden("bayes.posterior", reference)


def test_an_instructor_can_try_it_out(monkeypatch, capsys):
    monkeypatch.setenv(grading.SECRET, SECRET)
    grading.hidden("bayes.posterior", reference)
    assert "passed. Hidden cases: " in capsys.readouterr().out
    grading.hidden("bayes.posterior", lambda prior, likelihood: prior)
    assert "not yet. Hidden cases: " in capsys.readouterr().out


def test_answers_learnt_by_heart_pass_the_visible_check_alone(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv(grading.KEY, grading.student_key(SECRET, "ann"))
    fn = learnt_by_heart()
    assert primer.check("bayes.posterior", fn)
    with pytest.raises(AssertionError, match="Hidden cases"):
        grading.hidden("bayes.posterior", fn)
    grading.hidden("bayes.posterior", reference)


def test_cases_differ_between_students_secrets_and_exercises():
    one = grading.seeds(grading.student_key(SECRET, "ann"), "bayes.posterior")
    assert one == grading.seeds(grading.student_key(SECRET, "ann"), "bayes.posterior")
    others = [grading.seeds(grading.student_key(SECRET, "bob"), "bayes.posterior"),
              grading.seeds(grading.student_key("another", "ann"), "bayes.posterior"),
              grading.seeds(grading.student_key(SECRET, "ann"), "bayes.other")]
    assert all(set(one).isdisjoint(other) for other in others) and len(set(one)) == grading.ROUNDS


def test_the_key_is_an_hmac():
    """RFC 4231, test case 2, fixes what the key of a student is."""
    assert grading.student_key("Jefe", "what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")


def test_a_check_that_a_notebook_has_changed_is_taken_afresh(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv(grading.KEY, grading.student_key(SECRET, "ann"))
    monkeypatch.setattr(checks._api, "difference", lambda *rest: None)
    monkeypatch.setattr(checks, "run_check", lambda *rest, **more: checks.Verdict("bayes.posterior", "passed", ""))
    assert primer.check("bayes.posterior", lambda prior, likelihood: 0)
    with pytest.raises(AssertionError):
        grading.hidden("bayes.posterior", lambda prior, likelihood: 0)
    assert primer.checks is checks


def test_what_a_student_prints_is_not_shown(monkeypatch, capsys):
    monkeypatch.setenv(grading.SECRET, SECRET)

    def fn(prior, likelihood):
        print("case:", prior)
        return reference(prior, likelihood)

    grading.hidden("bayes.posterior", fn)
    assert "case:" not in capsys.readouterr().out


def test_an_unknown_id_is_an_error(monkeypatch):
    monkeypatch.setenv(grading.SECRET, SECRET)
    with pytest.raises(LookupError, match="There is no exercise"):
        grading.hidden("bayes.nothing", reference)
