"""GPTWriter: its logits, attention and odds against torch on the rounded weights, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from primer.models import gpt
from primer.widgets import language
from primer.widgets.base import script
from primer.widgets.language import GPTWriter, quantise, rounded, store, stored

ALPHABET = "abcdefghijk"


@pytest.fixture(scope="module")
def model() -> gpt.GPT:
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(V=11, T=12, L=2, H=2, D=16)).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model


@pytest.fixture(scope="module")
def widget(model) -> GPTWriter:
    return GPTWriter(model, ALPHABET, "abc")


def in_the_browser(js, widget, tokens):
    call = "logitsOf", np.frombuffer(widget.weights, "u1"), np.frombuffer(widget.scales, "<f4"), widget.sizes, tokens
    return np.array(js("language", call)[0]).reshape(len(tokens), -1)


def test_the_browsers_logits_are_torchs(js, model, widget):
    tokens = [3, 0, 10, 7, 7, 1, 4, 2, 9, 9, 5, 0]
    with torch.no_grad():
        want = rounded(model)(torch.tensor([tokens]))[0].numpy()
    assert np.abs(in_the_browser(js, widget, tokens) - want).max() < 1e-3
    assert np.abs(want - model(torch.tensor([tokens]))[0].detach().numpy()).max() > 1e-3  # rounding is not nothing


def test_the_stored_model_in_the_browser(js):
    model, about = stored()
    text = "import os\n\ndef read(path):\n    with open(path) as file:\n        "
    tokens = [about["alphabet"].index(character) for character in text]
    with torch.no_grad():
        want = model(torch.tensor([tokens]))[0].numpy()
    found = in_the_browser(js, GPTWriter(model, about["alphabet"]), tokens)
    assert np.abs(found - want).max() < 1e-3
    assert (found.argmax(1) == want.argmax(1)).all()


def test_what_was_stored_is_small_and_good():
    model, about = stored()
    path = Path(language.__file__).parents[1] / "results" / language.STORED
    assert path.stat().st_size < 400_000
    assert len(GPTWriter(model, about["alphabet"]).weights) < 400_000
    assert about["loss"] <= about["loss_rounded"] + 1e-3 and about["loss_rounded"] < about["loss"] + 0.01
    usual = "    def __init__(self, name):\n        self.name = name\n"
    assert gpt.evaluate(model, gpt.Characters(about["alphabet"])(usual), 64) < 1.2


def test_rounding_is_within_half_a_step_and_keeps_the_largest():
    W = torch.randn(3, 5, 7)
    q, scale = quantise(W)
    assert q.dtype == torch.int8 and scale.shape == (3, 5, 1)
    assert ((q * scale - W).abs() <= scale / 2 + 1e-7).all()
    assert torch.allclose((q * scale).abs().amax(-1), W.abs().amax(-1))
    assert torch.equal(quantise(torch.zeros(2, 4))[0], torch.zeros(2, 4, dtype=torch.int8))


def test_a_model_goes_to_a_file_and_comes_back_rounded(model, tmp_path):
    store(tmp_path / "small.safetensors", model, ALPHABET, {"loss": 1.5})
    again, about = stored(tmp_path / "small.safetensors")
    assert about["loss"] == 1.5 and about["alphabet"] == ALPHABET
    for a, b in zip(again.parameters(), rounded(model).parameters(), strict=True):
        assert torch.equal(a, b)


def test_what_does_not_fit_is_refused(model):
    with pytest.raises(ValueError, match="needs the model's 11 characters"):
        GPTWriter(model, "abc", "a")
    for prefix in ("", "xyz"):
        with pytest.raises(ValueError, match="characters that are in the alphabet"):
            GPTWriter(model, ALPHABET, prefix)
    with pytest.raises(ValueError, match="at most 400 KB"):
        GPTWriter(gpt.GPT(gpt.Config(D=128)), gpt.Characters().alphabet)


def test_the_script_is_small_and_the_still_figure_too(widget):
    file = Path(language.__file__).with_suffix(".js")
    assert file.stat().st_size < 20_480
    assert file.read_text(encoding="utf-8") in script("language")
    assert len(widget.fallback_html()) < 60_000
