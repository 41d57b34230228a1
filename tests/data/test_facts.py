import re
from collections import Counter

import numpy as np
import pytest

import primer
from primer.data import facts
from primer.data.facts import OF_COUNTRIES, OF_PEOPLE, QUESTIONS, STATEMENTS, Fact


def rng(seed=0):
    return np.random.default_rng(seed)


def test_countries_are_a_table():
    table = facts.countries()
    names = {fact.subject for fact in table}
    assert len(table) == 4 * len(names) == 4 * 89
    for name in names:
        assert [f.relation for f in table if f.subject == name] == list(OF_COUNTRIES)
    assert Fact("Norway", "capital", "Oslo") in table and Fact("Japan", "currency", "yen") in table
    capitals = [f.object for f in table if f.relation == "capital"]
    assert len(set(capitals)) == len(capitals)  # so a capital tells its country
    assert {f.object for f in table if f.relation == "continent"} == set(facts.COUNTRIES)


@pytest.mark.parametrize("relation", OF_PEOPLE)
def test_at_least_ten_thousand_values(relation):
    assert len(set(facts.values(relation))) == len(facts.values(relation)) >= 10_000


def test_names_are_many_and_different():
    assert len(set(facts.names())) == len(facts.names()) >= 50_000


def test_birthdays_are_the_days_of_sixty_years():
    days = facts.values("birthday")
    assert days[0] == "1 January 1930" and days[-1] == "31 December 1989" and len(days) == 60 * 365 + 15
    assert "29 February 1960" in days and "29 February 1961" not in days


def test_people_are_reproducible_and_different():
    one, same, other = (facts.people(50, rng(seed)) for seed in (1, 1, 2))
    assert one == same != other
    assert len({fact.subject for fact in one}) == 50 and len(one) == 150
    assert all(fact.object in facts.values(fact.relation) for fact in one)
    assert facts.people(0, rng()) == ()


def test_values_are_uniform():
    """A chi-squared statistic of the months in which 20,000 people are born, against the days of the months."""
    born = Counter(f.object.split()[1] for f in facts.people(20_000, rng(3)) if f.relation == "birthday")
    days = Counter(day.split()[1] for day in facts.values("birthday"))
    expected = {month: 20_000 * days[month] / len(facts.values("birthday")) for month in days}
    assert sum((born[m] - e) ** 2 / e for m, e in expected.items()) < 31.3  # the 0.999 quantile, 11 degrees of freedom


@pytest.mark.parametrize("fact", [*facts.countries()[:8], *facts.people(4, rng(5))])
def test_every_phrasing_parses_back(fact):
    for phrasing in range(len(STATEMENTS[fact.relation])):
        text = facts.sentence(fact, phrasing)
        assert text.endswith(".") and facts.parse(text) == facts.parse(f" {text}\n") == fact


def test_all_countries_parse_back():
    assert all(facts.parse(facts.sentence(f, i)) == f for f in facts.countries() for i in range(3))


@pytest.mark.parametrize("text", ["", "Norway.", "The capital of Norway is Oslo", "What is the capital of Norway?"])
def test_what_is_no_statement_does_not_parse(text):
    assert facts.parse(text) is None


def test_an_invention_parses():
    assert facts.parse("The capital of Norway is Lyre.") == Fact("Norway", "capital", "Lyre")


def test_questions_name_the_subject_only():
    for fact in facts.countries()[:4] + facts.people(1, rng()):
        for phrasing in range(len(QUESTIONS[fact.relation])):
            text = facts.question(fact, phrasing)
            assert fact.subject in text and fact.object not in text and text.endswith("?")


def test_mentions_are_as_many_as_asked():
    some = facts.people(4, rng(1))
    counts = np.arange(len(some))
    text = facts.mentions(some, counts, rng(2))
    assert len(text) == counts.sum()
    assert Counter(map(facts.parse, text)) == Counter({f: c for f, c in zip(some, counts, strict=True) if c})
    assert text != facts.mentions(some, counts, rng(3))
    assert text == facts.mentions(some, counts, rng(2))


def test_mentions_use_all_phrasings():
    fact = facts.people(1, rng())[0]
    assert set(facts.mentions([fact], [60], rng())) == {facts.sentence(fact, i) for i in range(3)}


@pytest.mark.parametrize("counts", [[1], [1, 2, 3], [1, -1]])
def test_wrong_counts(counts):
    with pytest.raises(ValueError, match="one count of at least 0 for each of the 2 facts"):
        facts.mentions(facts.countries()[:2], counts, rng())


def test_errors_say_what_to_do():
    fact = facts.countries()[0]
    with pytest.raises(ValueError, match="A phrasing of 'capital' is 0 to 2, not 3"):
        facts.sentence(fact, 3)
    with pytest.raises(ValueError, match="no relation 'king': choose one of capital"):
        facts.question(Fact("Norway", "king", "Harald"))
    with pytest.raises(ValueError, match=re.escape("choose one of birthday, home, book")):
        facts.values("capital")
    with pytest.raises(ValueError, match="names for 0 to"):
        facts.people(10**6, rng())


def test_the_package_offers_the_room():
    assert primer.data.facts is facts
