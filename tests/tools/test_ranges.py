import json

import pytest

from tests.tools.small_chapter import chapter
from tools import ranges
from tools.expectations import Written, written
from tools.ranges import chapters, stored_at, suggest

CHAPTERS = chapters()
# Where a quantity ends: a range may stop there, although the mean ± 5 SD goes on.
ENDS = (-1, 0, 1, 100)


def fault(number: Written, values: list[float]) -> str | None:
    """What is wrong with a range in the text, given the values over the seeds."""
    low, high = number.low, number.high
    if low is None and high is None:
        return "has no range"
    if not all((low is None or v >= low) and (high is None or v <= high) for v in values):
        return f"is {min(values):.6g} to {max(values):.6g} over the seeds, which is not within {low} to {high}"
    if low is None or high is None:
        return None  # an inequality that decides a claim: every seed has to satisfy it, and does
    r = suggest(values)
    if r.sd == 0:
        # nothing random: three digits, and room for another machine's last bits
        return None if high - low <= 0.0301 * abs(r.mean) else f"does not vary, write {r.low!r}, {r.high!r}"
    for bound, ideal in ((low, r.mean - 5 * r.sd), (high, r.mean + 5 * r.sd)):
        cut_off = bound in ENDS and abs(bound - r.mean) < abs(ideal - r.mean)
        if abs(bound - ideal) > r.sd and not cut_off:  # one SD for rounding
            return f"has the bound {bound}, mean ± 5 SD gives {ideal:.4g}: write {r.low!r}, {r.high!r}"
    return None


@pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_the_text_keeps_to_the_stored_values(path):
    numbers = written(path)
    if not numbers:
        return
    command = f"run python tools/ranges.py {path.name[:2]}"
    assert stored_at(path).exists(), f"no values are stored for {path.name}: {command}"
    stored = json.loads(stored_at(path).read_text(encoding="utf-8"))
    assert stored["chapter"] == path.stem
    assert len(set(stored["seeds"])) >= 10
    values = stored["values"]
    assert {number.name for number in numbers} == values.keys(), f"the names differ from those stored: {command}"
    assert all(len(row) == len(stored["seeds"]) for row in values.values())
    faults = {number.name: fault(number, values[number.name]) for number in numbers}
    report = [f"{name!r} {text}" for name, text in faults.items() if text]
    assert not report, "\n".join(report)


def test_no_values_without_a_chapter():
    assert {path.stem for path in ranges.STORE.glob("*.json")} <= {path.name[:2] for path in CHAPTERS}


SPREAD = [0.94, 0.95, 0.96, 0.95, 0.95, 0.96, 0.94, 0.95, 0.95, 0.95]  # mean 0.95, SD 0.0067


class TestFault:
    @pytest.mark.parametrize(
        ("low", "high", "values", "words"),
        [
            (0.912, 0.988, SPREAD, None),
            (0.917, 0.984, SPREAD, None),
            (0.91, 1, SPREAD, "mean ± 5 SD gives 0.9833"),
            (0.94, 0.98, SPREAD, "mean ± 5 SD gives 0.9167"),
            (0.945, 0.98, SPREAD, "not within"),
            (0.5, 1.5, SPREAD, "mean ± 5 SD"),
            (0.9, None, SPREAD, None),
            (0.95, None, SPREAD, "not within 0.95 to None"),
            (None, 0.95, SPREAD, "not within"),
            (None, None, SPREAD, "has no range"),
            (0.153, 0.154, [2 / 13] * 10, None),
            (0.1, 0.2, [2 / 13] * 10, "does not vary, write 0.153, 0.155"),
            (3, 3, [3.0] * 10, None),
            (0, 0, [0.0] * 10, None),
            (0.93, 1, [0.96, 0.97, 0.98, 0.97, 0.97, 0.98, 0.96, 0.97, 0.97, 0.97], None),
        ],
    )
    def test_each_rule(self, low, high, values, words):
        found = fault(Written("n", low, high), values)
        assert found is None if words is None else words in str(found)


class TestSuggest:
    def test_five_deviations_rounded_outwards(self):
        r = suggest([10.0, 11.0, 12.0])
        assert (r.mean, r.sd, r.low, r.high) == (11, 1, 6, 16)
        r = suggest(SPREAD)
        assert (r.low, r.high) == (0.916, 0.984)
        assert r.low <= r.mean - 5 * r.sd and r.high >= r.mean + 5 * r.sd

    @pytest.mark.parametrize("scale", [1e-5, 1e-2, 1, 30, 1e4])
    def test_rounding_costs_less_than_one_deviation(self, scale):
        r = suggest([scale * v for v in (1.0, 1.1, 1.3, 0.8, 0.95)])
        assert 0 <= r.mean - 5 * r.sd - r.low < r.sd + 1e-12
        assert 0 <= r.high - r.mean - 5 * r.sd < r.sd + 1e-12

    @pytest.mark.parametrize(
        ("value", "bounds"),
        [
            (2 / 13, (0.153, 0.155)),
            (1797.0, (1797, 1797)),
            (0.0, (0, 0)),
            (-0.5, (-0.501, -0.499)),
            (342 / 400, (0.854, 0.856)),
        ],
    )
    def test_no_spread(self, value, bounds):
        r = suggest([value] * 10)
        assert r.sd == 0 and (r.low, r.high) == pytest.approx(bounds)

    @pytest.mark.parametrize("value", [1.0049, 1.005, 1.0051, 9.99, 0.01234, 123.4, -4.56e-5])
    def test_what_is_suggested_is_accepted(self, value):
        for values in ([value] * 10, [value * (1 + 0.01 * i) for i in range(10)]):
            r = suggest(values)
            assert fault(Written("n", r.low, r.high), values) is None

    def test_the_last_bits_are_no_spread(self):
        assert suggest([0.3, 0.1 + 0.2, 0.3]).sd == 0


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A book with one chapter, 42, whose numbers depend on the seed."""
    folder = tmp_path / "book" / "foundations"
    folder.mkdir(parents=True)
    monkeypatch.setattr(ranges, "ROOT", tmp_path)
    monkeypatch.setattr(ranges, "STORE", tmp_path / "ranges")
    path = folder / "42-small.md"
    path.write_text(
        chapter(
            "import primer\nfrom primer import expect\nrun = primer.setup()\n"
            'expect("draw", run.rng.uniform(1, 2), 1, high=2)\n'
            'primer.expect("two", 2, 2, 2)'
        )
    )
    return path


def test_only_chapters_count(small, tmp_path):
    for other in ("exercises/42-small.md", "appendices/01-notation.md", "foundations/notes.md"):
        (tmp_path / "book" / other).parent.mkdir(exist_ok=True)
        (tmp_path / "book" / other).write_text("")
    assert chapters() == [small]
    assert ranges.chapter("42") == small
    with pytest.raises(ValueError, match="There is no chapter '07': choose one of 42"):
        ranges.chapter("07")


def entry(name, value, low=None, high=None):
    return {"name": name, "value": value, "low": low, "high": high, "unit": ""}


def test_stores_one_value_a_seed_and_replaces_the_file_whole(small):
    runs = [[entry("draw", 1.25), entry("two", 2.0)], [entry("draw", 1.5), entry("two", 2.0)]]
    assert ranges.store(small, [0, 1], runs) == {"draw": [1.25, 1.5], "two": [2.0, 2.0]}
    stored = json.loads(stored_at(small).read_text())
    assert stored["chapter"] == "42-small" and stored["seeds"] == [0, 1]
    assert stored["values"] == {"draw": [1.25, 1.5], "two": [2.0, 2.0]}
    assert [path.name for path in ranges.STORE.iterdir()] == ["42.json"]


@pytest.mark.parametrize("second", [[entry("a", 1.0)], [entry("b", 1.0), entry("a", 1.0)], []])
def test_seeds_that_announce_other_names(small, second):
    with pytest.raises(ValueError, match="with seed 1 other names"):
        ranges.store(small, [0, 1], [[entry("a", 1.0), entry("b", 1.0)], second])
    assert not stored_at(small).exists()


def test_fresh_seeds_outside_are_named(capsys):
    runs = [[entry("draw", 0.5, 0, 1)], [entry("draw", 1.5, 0, 1)]]
    assert ranges.check([100, 101], runs) == 1
    assert capsys.readouterr().out == ("seed 101: draw is 1.50, expected 0 to 1\n1 of 2 numbers within their ranges\n")
    assert ranges.check([100], runs[:1]) == 0


def test_a_run_takes_its_seed_and_nothing_else_from_outside(small, monkeypatch):
    monkeypatch.setenv("PRIMER_STRICT", "1")
    small.write_text(small.read_text().replace("high=2", "high=1.0001"))  # strict, this would stop it
    runs = [ranges.run(small, seed) for seed in (3, 3, 4)]
    values = [entries[0]["value"] for entries in runs]
    assert values[0] == values[1] != values[2]
    assert runs[0][1] == entry("two", 2.0, 2, 2)


def test_a_chapter_that_fails_is_one_sentence_and_stores_nothing(small, capsys):
    small.write_text(chapter("import primer\nprimer.setup()\n1 / 0"))
    assert ranges.main(["42"]) == 1
    assert capsys.readouterr().err == "42-small.md fails with seed 0: ZeroDivisionError: division by zero\n"
    assert not stored_at(small).exists()


def test_the_command_line(small, monkeypatch, capsys):
    monkeypatch.setattr(ranges, "run", lambda path, seed: [entry("draw", seed / 100, 0, 1.05)])
    assert ranges.main(["42"]) == 0
    assert json.loads(stored_at(small).read_text())["seeds"] == list(range(10))
    assert "suggested" in capsys.readouterr().out
    before = stored_at(small).read_text()
    assert ranges.main(["42", "--fresh", "--jobs", "2"]) == 1
    assert "6 of 10 numbers within" in capsys.readouterr().out
    assert stored_at(small).read_text() == before
    with pytest.raises(SystemExit):
        ranges.main(["42", "--seeds", "9"])
    assert ranges.main(["43"]) == 1
