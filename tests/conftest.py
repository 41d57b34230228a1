"""What every test starts from: no settings of the caller, one thread, no window."""

import os

import pytest

os.environ["MPLBACKEND"] = "agg"
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch):
    """No PRIMER_ variable from outside, and no run or number left over from another test."""
    for name in [name for name in os.environ if name.startswith("PRIMER_")]:
        monkeypatch.delenv(name)
    from primer import core

    monkeypatch.setattr(core, "_run", None)
    monkeypatch.setattr(core, "_expectations", {})
