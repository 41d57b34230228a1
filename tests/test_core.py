import ast
import dataclasses
import json
import math
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import primer
from primer import core


def python(code: str, **env: str) -> subprocess.CompletedProcess:
    """Run code in a Python of its own, where nothing is loaded yet."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PRIMER_")}
    return subprocess.run([sys.executable, "-c", code], env=clean | env, capture_output=True, text=True)


class TestImport:
    def test_is_light_and_loads_neither_torch_nor_matplotlib(self):
        code = (
            "import sys; before = set(sys.modules); import primer; dir(primer)\n"
            "print(len(set(sys.modules) - before))\n"
            "print([name for name in ('torch', 'matplotlib', 'numpy', 'sklearn') if name in sys.modules])"
        )
        modules, loaded = python(code).stdout.split("\n")[:2]
        assert 0 < int(modules) < 20  # numpy alone would bring more than a hundred
        assert loaded == "[]"

    def test_data_loads_no_torch(self):
        code = "import sys, primer; primer.data.points('moons'); primer.metrics; print('torch' in sys.modules)"
        assert python(code).stdout == "False\n"

    def test_every_public_name_exists(self):
        for name in ("setup", "budget", "expect", "Claim", "verdicts", "fit", "check", "hint", "solution", "data",
                     "models", "metrics", "plots", "widgets"):  # fmt: skip
            assert getattr(primer, name) is not None

    def test_unknown_name_says_which_there_are(self):
        with pytest.raises(AttributeError, match=r"primer has no 'setpu'; it has: .*setup"):
            primer.setpu  # noqa: B018

    def test_old_python_is_told_what_to_do(self):
        code = "import sys; sys.version_info = (3, 10, 2, 'final', 0); import primer"
        last = python(code).stderr.splitlines()[-1]
        assert last == (
            "ImportError: primer needs Python 3.11 or newer and this is Python 3.10: "
            "create an environment with a newer Python."
        )

    def test_old_python_can_read_that_far(self):
        ast.parse(Path(primer.__file__).read_text(), feature_version=(3, 7))


class TestSetup:
    def test_says_in_one_line_where_it_runs(self, capsys):
        run = primer.setup(seed=3)
        line = capsys.readouterr().out
        assert line.count("\n") == 1
        python_version = "{}.{}".format(*sys.version_info)
        if run.device.type == "cpu":
            assert line == f"primer {primer.__version__} · CPU, 1 thread · seed 3 · Python {python_version}\n"

    def test_says_which_gpu(self, capsys, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")
        assert primer.setup().device.type == "cuda"
        assert " · GPU Tesla T4 · seed 0 · " in capsys.readouterr().out

    def test_same_seed_same_numbers_from_every_source(self):
        def draw():
            run = primer.setup(seed=7)
            return run.rng.random(), random.random(), np.random.rand(), torch.rand(1).item()

        assert draw() == draw()
        assert len(set(draw())) == 4

    def test_run_cannot_be_changed(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            primer.setup().seed = 1

    def test_environment_overrides_seed(self, monkeypatch):
        monkeypatch.setenv("PRIMER_SEED", "42")
        assert primer.setup(seed=0).seed == 42

    def test_threads(self, monkeypatch, capsys):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            monkeypatch.setenv(variable, "1")
        monkeypatch.setenv("PRIMER_THREADS", "2")
        primer.setup()
        assert torch.get_num_threads() == 2
        assert "CPU, 2 threads" in capsys.readouterr().out
        monkeypatch.delenv("PRIMER_THREADS")
        primer.setup()
        assert torch.get_num_threads() == 1

    @pytest.mark.parametrize(
        ("variable", "text"), [("PRIMER_THREADS", "0"), ("PRIMER_THREADS", "many"), ("PRIMER_SEED", "-1")]
    )
    def test_wrong_setting(self, monkeypatch, variable, text):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setenv(variable, text)
        with pytest.raises(ValueError, match=f"{variable} must be an integer of at least [01], not '{text}'"):
            primer.setup()


class TestBudget:
    def test_follows_the_device(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert primer.budget(cpu=100, gpu=1000) == 100
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert primer.budget(cpu=100, gpu=1000) == 1000

    def test_follows_setup_once_it_has_run(self, monkeypatch):
        monkeypatch.setattr(core, "_run", core.Run(torch.device("cuda"), 0, np.random.default_rng(0)))
        assert primer.budget(cpu="small", gpu="large") == "large"


@pytest.fixture
def cpu(monkeypatch):
    monkeypatch.setattr(core, "device", lambda: torch.device("cpu"))


@pytest.fixture
def strict(monkeypatch, cpu):
    monkeypatch.setenv("PRIMER_STRICT", "1")


class TestExpect:
    def test_prints_value_range_and_verdict(self, capsys, cpu):
        assert primer.expect("test accuracy", np.float32(0.9627), 0.94, 0.98) == pytest.approx(0.9627)
        assert primer.expect("time", torch.tensor(2.0), high=3, unit="s") == 2.0
        assert primer.expect("gap", 1.5, low=2) == 1.5
        assert capsys.readouterr().out == (
            "test accuracy: 0.963 · expected 0.94 to 0.98 · ✓ as expected\n"
            "time: 2 s · expected ≤ 3 · ✓ as expected\n"
            "gap: 1.50 · expected ≥ 2 · ✗ outside\n"
        )

    @pytest.mark.parametrize(
        ("value", "low", "high", "text"),
        [
            (0.96234, 0.94, 0.98, "0.962"),  # three significant digits
            (96.23456, 96.2301, 96.2402, "96.2346"),  # as many as the range has
            (0.98004, 0.94, 0.98, "0.98004"),  # outside must look outside
            (0.97996, 0.94, 0.98, "0.97996"),  # and inside, inside
            (0.98, 0.94, 0.98, "0.980"),  # on the bound is inside
            (12345.0, 12000, None, "12,345"),
            (12345.6, 12000, None, "12,346"),
            (1797, 1797, 1797, "1,797"),
            (3.2e-7, None, 1e-6, "3.20e-07"),
            (0.0, 0.0, None, "0"),
            (-0.123456, -0.2, 0.1, "-0.123"),
            (1.2e9, 1e9, None, "1.20e+09"),
            (math.inf, 0, 1, "inf"),
        ],
    )
    def test_digits(self, value, low, high, text):
        assert core.Expectation("n", value, low, high, "").number == text

    @pytest.mark.parametrize(
        ("low", "high", "text"),
        [(0.1, 0.25, "0.1 to 0.25"), (3, 3, "exactly 3"), (None, 1e-6, "≤ 1.00e-06"), (1000, None, "≥ 1,000")],
    )
    def test_range_is_shown_as_written(self, low, high, text):
        assert core.Expectation("n", 0.2, low, high, "").range == text

    def test_outside_goes_on_for_a_reader(self, cpu):
        assert primer.expect("loss", 5.0, 0, 1) == 5.0

    def test_outside_stops_a_strict_run(self, strict):
        with pytest.raises(AssertionError, match="loss is 5 nats, expected 0 to 1"):
            primer.expect("loss", 5.0, 0, 1, "nats")

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_not_finite_is_outside(self, strict, value):
        with pytest.raises(AssertionError):
            primer.expect("loss", value, -1, 1)

    def test_nan_fails_an_inequality_too(self, strict):
        with pytest.raises(AssertionError):
            primer.expect("loss", math.nan, low=0)

    def test_a_gpu_is_not_held_to_the_cpu_s_range(self, strict, monkeypatch, capsys):
        monkeypatch.setattr(core, "device", lambda: torch.device("cuda"))
        primer.expect("loss", 5.0, 0, 1)
        assert "measured with the CPU's budget" in capsys.readouterr().out

    @pytest.mark.parametrize("value", ["high", None, [1, 2], np.ones(3), torch.ones(2, 2)])
    def test_not_one_number(self, value):
        with pytest.raises(TypeError, match=r"expect\('loss'\) needs one number, not"):
            primer.expect("loss", value, 0, 1)

    def test_bounds_the_wrong_way_round(self):
        with pytest.raises(ValueError, match="exchange them"):
            primer.expect("loss", 0.5, 1, 0)

    def test_name_twice(self, cpu, monkeypatch):
        primer.expect("loss", 0.5, 0, 1)
        primer.expect("loss", 0.6, 0, 1)  # a reader runs a cell again
        assert core.expectation("loss").value == 0.6
        monkeypatch.setenv("PRIMER_STRICT", "1")
        with pytest.raises(ValueError, match="used twice"):
            primer.expect("loss", 0.5, 0, 1)

    def test_without_range_is_for_drafts_only(self, cpu, monkeypatch, capsys):
        primer.expect("loss", 0.5)
        assert "no range" in capsys.readouterr().out
        monkeypatch.setenv("PRIMER_STRICT", "1")
        with pytest.raises(ValueError, match=r"tools/ranges\.py"):
            primer.expect("gain", 0.5)

    def test_setup_forgets(self, cpu):
        primer.expect("loss", 0.5, 0, 1)
        primer.setup()
        with pytest.raises(ValueError, match="it has: none yet"):
            core.expectation("loss")

    def test_log(self, tmp_path, monkeypatch, cpu):
        log = tmp_path / "log.jsonl"
        monkeypatch.setenv("PRIMER_EXPECT_LOG", str(log))
        primer.expect("loss", 0.5, 0, 1, "nats")
        primer.expect("gap", 2, low=1)
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        assert entries == [
            {"name": "loss", "value": 0.5, "low": 0, "high": 1, "unit": "nats"},
            {"name": "gap", "value": 2.0, "low": 1, "high": None, "unit": ""},
        ]
