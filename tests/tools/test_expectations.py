import pytest

from tests.tools.small_chapter import chapter
from tools.expectations import Written, written


@pytest.fixture
def read(tmp_path):
    """What a chapter with this cell announces."""

    def read(source: str) -> list[Written]:
        path = tmp_path / "42-small.md"
        path.write_text(chapter(source))
        return written(path)

    return read


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ('expect("a", f(x), 1, 2)', Written("a", 1, 2)),
        ('primer.expect("a", value=f(x), low=-1.5, unit="nats")', Written("a", -1.5, None)),
        ('y = expect("a", f(x), high=1e-6) + 1', Written("a", None, 1e-6)),
        ('expect("a", f(x))', Written("a", None, None)),
        ('%matplotlib inline\nexpect("a", f(x), 0.5, 1, "%")', Written("a", 0.5, 1)),
        ('if ready:\n    with torch.no_grad():\n        expect("a", f(x), 0, 1)', Written("a", 0, 1)),
    ],
)
def test_a_call(read, call, found):
    assert read(call) == [found]


@pytest.mark.parametrize(
    "loop",
    [
        'for name, low, high in [("a", 0, 1), ("b", 2, 3)]:\n    expect(f"of {name}", f(name), low, high)',
        'ranges = {"a": (0, 1), "b": (2, 3)}\nfor name, r in ranges.items():\n    expect(f"of {name}", f(name), *r)',
        'ranges = {"a": (0, 1), "b": (2, 3)}\nfor name in ranges:\n    expect(f"of {name}", f(name), *ranges[name])',
        'd = {"a": (0, 1), "b": (2, 3)}\nr = {n: expect(f"of {n}", f(n), *bounds) for n, bounds in d.items()}',
        '[expect(f"of {n}", 0, low, low + 1) for n, low in (("a", 0), ("b", 2))]',
    ],
)
def test_a_loop_over_literals(read, loop):
    assert read(loop) == [Written("of a", 0, 1), Written("of b", 2, 3)]


def test_a_loop_over_something_computed_may_hold_a_literal_call(read):
    assert read('for step in fit(model):\n    pass\nfor x in xs:\n    expect("last", x, 0, 1)') == [
        Written("last", 0, 1)
    ]


@pytest.mark.parametrize(
    "source",
    [
        "expect(name, 1, 0, 2)",
        'expect("a", 1, 0, 2 * limit)',
        'for name in names():\n    expect(f"of {name}", 1, low=0)',
        'limit = 2\nlimit = f(x)\nexpect("a", 1, 0, limit)',
        'expect("a", 1, *ranges["a"])',
        'expect("a", 1, low=open("secret"))',
    ],
)
def test_what_only_a_run_would_tell(read, source):
    with pytest.raises(ValueError, match="must be literals, or come from one in the same cell, in expect"):
        read(source)
