"""Calls the widgets' JavaScript in Node, and gives some digits to play with."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CALL = Path(__file__).with_name("call.mjs")


@pytest.fixture(scope="session")
def js() -> Callable[..., list[Any]]:
    """``js("bayes", ("posterior", prior, theta, seen), …)`` gives the results of the calls, in their order."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("Node is missing: install the test extra, which brings it.")

    def call(topic: str, *calls: tuple[Any, ...]) -> list[Any]:
        plain = [[name, [x.tolist() if hasattr(x, "tolist") else x for x in values]] for name, *values in calls]
        text = json.dumps({"topic": topic, "calls": plain})
        done = subprocess.run([node, CALL], input=text, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return call


@pytest.fixture(scope="session")
def naive() -> dict[str, np.ndarray]:
    """Naive Bayes of binary digits, and forty digits: theta (10, 64), prior (10,), images (40, 64), labels (40,)."""
    from primer.data import digits
    from primer.models import bayes

    data = digits()
    model = bayes.fit_pixels(bayes.binarise(data.train.x), data.train.y)
    images = bayes.binarise(data.test.x[:40])
    return {"theta": model.theta, "prior": model.prior, "images": images, "labels": data.test.y[:40]}
