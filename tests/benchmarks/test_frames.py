"""What the benchmark of frames reads out of a trace."""

from pathlib import Path

import pytest

from benchmarks import frames
from primer.widgets import base
from tests.widgets import harness


def test_a_frame_is_what_runs_up_to_its_animation_frame():
    trace = [
        {"name": "FireAnimationFrame", "ts": 30, "dur": 2000, "tdur": 1500},
        {"name": "EventDispatch", "ts": 10, "dur": 4000},
        {"name": "Paint", "ts": 20, "dur": 9000},
        {"name": "EventDispatch", "ts": 25, "dur": 500, "tdur": 250},
        {"name": "FireAnimationFrame", "ts": 40, "dur": 100},
        {"name": "EventDispatch", "ts": 50, "dur": 7000},
    ]
    assert harness.frames(trace) == pytest.approx([5.75, 0.1])


def test_the_summary_is_median_95_percent_and_slowest():
    assert frames.summary([*map(float, range(100)), 100.0]) == pytest.approx((50, 95, 100))


def test_every_name_is_a_widget():
    for topic in frames.WIDGETS:
        assert Path(base.__file__).with_name(f"{topic}.js").exists()
        make, _ = frames.WIDGETS[topic]
        assert make().topic == topic
