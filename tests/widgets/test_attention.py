"""AttentionHeads: what the page writes and where its heads look, against torch; what it refuses; its size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from primer.models import attention, transformer
from primer.models.attention import DATE_CHARACTERS, START
from primer.models.transformer import Config, Transformer
from primer.widgets import attention as attention_widget
from primer.widgets.attention import AttentionHeads
from primer.widgets.base import script

TEXT = "May 21st, 2044"


@pytest.fixture(scope="module")
def model() -> Transformer:
    """A model of random weights in half precision, sharp enough to look somewhere and to write different tokens."""
    torch.manual_seed(2)
    net = Transformer(Config(DATE_CHARACTERS.V, D=16, A=4, M=24))
    for parameter in net.parameters():
        if parameter.dim() > 1:
            parameter.data *= 2
        else:
            parameter.data += 0.2 * torch.randn_like(parameter)
        parameter.data = parameter.data.half().float()
    return net


@pytest.fixture(scope="module")
def widget(model) -> AttentionHeads:
    return AttentionHeads(model, DATE_CHARACTERS, TEXT)


def in_the_page(js, widget, hidden=()):
    tokens = DATE_CHARACTERS.encode([TEXT])[0].tolist()
    return js("attention", ("translate", list(widget.weights), widget.sizes, tokens, list(hidden)))[0]


def test_the_page_writes_what_torch_writes(js, model, widget):
    steps = in_the_page(js, widget)
    x = DATE_CHARACTERS.encode([TEXT])
    tokens = attention.write(model, x, 12)[0]
    assert [step["token"] for step in steps] == tokens.tolist() and len(set(tokens.tolist())) > 2
    y = torch.cat([torch.tensor([START]), tokens[:-1]])[None]
    with torch.no_grad():
        odds = model(y, x)[0].softmax(-1).numpy()
    assert np.abs([step["odds"] for step in steps] - odds).max() < 1e-4
    weights = transformer.maps(model, y, x)["decoder.0.cross"][0].transpose(0, 1).numpy()  # (T, A, R)
    found = np.array([step["weights"] for step in steps]).reshape(weights.shape)
    assert np.abs(found - weights).max() < 1e-4 and weights.max() > 0.5


def test_hidden_characters_are_not_looked_at(js, model, widget):
    hidden = [place in (1, 4, 9) for place in range(len(TEXT))]
    steps = in_the_page(js, widget, hidden)
    x = DATE_CHARACTERS.encode([TEXT])
    memory, mask = model.encode(x)
    memory = (memory, mask & ~torch.tensor(hidden))
    y = torch.tensor([[START] + [step["token"] for step in steps[:-1]]])
    with torch.no_grad():
        odds = model.decode(y, memory)[0].softmax(-1).numpy()
    assert np.abs([step["odds"] for step in steps] - odds).max() < 1e-4
    weights = np.array([step["weights"] for step in steps]).reshape(len(steps), 4, -1)
    assert (weights[:, :, hidden] == 0).all() and np.allclose(weights.sum(-1), 1)
    everything = in_the_page(js, widget, [True] * len(TEXT))
    assert np.isfinite(everything[0]["odds"]).all() and not np.any(everything[0]["weights"])


def test_what_does_not_fit_is_refused(model):
    for config in (Config(DATE_CHARACTERS.V, D=16, encoder=2), Config(DATE_CHARACTERS.V, D=256, M=1024)):
        with pytest.raises(ValueError, match="one encoder layer"):
            AttentionHeads(Transformer(config), DATE_CHARACTERS)
    with pytest.raises(ValueError, match="tokens"):
        AttentionHeads(model, attention.DIGIT_CHARACTERS, "1")
    with pytest.raises(ValueError, match="cannot read !"):
        AttentionHeads(model, DATE_CHARACTERS, "!")


def test_the_script_is_small_and_the_still_figure_too(widget):
    file = Path(attention_widget.__file__).with_suffix(".js")
    assert file.stat().st_size < 20_480
    assert file.read_text(encoding="utf-8") in script("attention")
    assert len(widget.fallback_html()) < 250_000
