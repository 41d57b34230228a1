"""The race of the GPTs: what is judged, what the clock counts, and what is written."""

import json
import math

import pytest
import torch

from benchmarks import gpt as bench
from primer.models import gpt

TEXT = "the cat sat on the mat. the dog sat on the log. " * 60


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(bench, "read", lambda name: TEXT)

    def size(seconds, V, previous):
        return gpt.Config(V=V, L=1, A=2, D=16, previous=previous), 8

    monkeypatch.setattr(bench, "plan", size)


def test_the_last_tenth_is_held_out(small):
    tokens, held_out, encode = bench.split("tiny-shakespeare")
    assert encode.decode(tokens) + encode.decode(held_out) == TEXT
    assert len(held_out) == math.ceil(len(TEXT) / 10)


def test_code_is_the_whole_library_in_the_default_alphabet():
    tokens, held_out, encode = bench.split("code")
    assert len(encode) == 97 and len(tokens) > 5_000_000 and len(held_out) > 500_000
    assert (tokens == 96).float().mean() < 0.001  # characters outside the alphabet are rare


def test_the_plain_model_is_causal_and_of_its_published_size():
    model = bench.PlainGPT(65)
    rows = torch.randint(65, (2, 64))
    other = rows.clone()
    other[:, 40:] = (other[:, 40:] + 1) % 65
    assert torch.allclose(model(rows)[:, :40], model(other)[:, :40], atol=1e-5)
    assert not torch.allclose(model(rows)[:, 40:], model(other)[:, 40:], atol=1e-3)
    assert sum(p.numel() for p in model.parameters()) == 65 * 128 + 64 * 128 + 4 * 12 * 128**2 + 9 * 128


def test_the_plain_rate_warms_up_and_falls_to_a_tenth():
    rates = [bench.plain_rate(step, 2000) for step in range(2001)]
    assert max(rates) == rates[100] == 1e-3 and rates[0] < 2e-5
    assert rates[2000] == pytest.approx(1e-4) and rates == sorted(rates[:101]) + sorted(rates[101:], reverse=True)


def test_the_clock_stands_still_while_a_run_is_judged():
    clock, looked = bench.Clock(), []

    def steps():
        for number in (1, 2, 3):
            yield gpt.Step(number, 1.0, 0.0)

    def stop(step):
        looked.append((step.number, clock.wall))
        sum(i * i for i in range(200_000))
        return step.number == 2

    assert bench.follow(steps(), clock, stop).number == 2
    before = looked[1][1]
    assert clock.wall == before  # judging after the second step was not counted


@pytest.mark.parametrize("how", [["--seconds", "0.5"], ["--until", "2.9"], ["--until", "0.0", "--seconds", "0.3"]])
def test_a_run_writes_its_result_and_its_model(small, how, tmp_path):
    torch.manual_seed(0)
    result = bench.main(["--data", "tiny-shakespeare", *how, "--out", str(tmp_path), "--plain-steps", "3"])
    assert json.loads((tmp_path / "result.json").read_text()) == result
    assert result["loss"] < math.log(20) and result["steps"] > 0 and result["plain"]["steps"] == 3
    assert result["tokens"] == result["steps"] * 8 * 64
    assert result["times_faster"] == pytest.approx(result["plain"]["seconds"] / result["seconds"])
    if "--until" in how:
        assert result["reached"] == (result["loss"] <= result["until"]) == (how[1] == "2.9")
    model, encode = gpt.load(tmp_path)
    held_out = encode(TEXT[int(0.9 * len(TEXT)) :])
    assert gpt.evaluate(model, held_out, 64) == pytest.approx(result["loss"], rel=1e-4)
    assert model(held_out[None, :10]).shape == (1, 10, len(encode))


def test_a_run_needs_an_end(capsys, tmp_path):
    with pytest.raises(SystemExit):
        bench.main(["--data", "code", "--out", str(tmp_path)])
    assert "--seconds S" in capsys.readouterr().err
