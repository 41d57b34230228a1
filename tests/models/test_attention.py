"""The tasks of chapter 14, the LSTM beside the transformer, and the judge of both."""

import datetime
import re

import numpy as np
import pytest
import torch
from torch import nn

from primer.models import attention
from primer.models.attention import DATE_CHARACTERS, DIGIT_CHARACTERS, END, PADDING, START, Characters, Recurrent


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


rng = lambda: np.random.default_rng(3)  # noqa: E731


def test_text_becomes_tokens_and_comes_back():
    abc = Characters("bca")
    tokens = abc.encode(["cab", "a"], start=True, end=True)
    assert tokens.tolist() == [[START, 5, 3, 4, END], [START, 3, END, PADDING, PADDING]]
    assert abc.decode(tokens) == ["cab", "a"] and abc.V == 6
    with pytest.raises(KeyError):
        abc.encode(["x"])


def read(text: str) -> datetime.date:
    """A date in any of the ten formats, by the library's own parser."""
    text = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text)
    kinds = ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d.%m.%Y", "%d/%m/%Y", "%Y %b %d", "%Y/%m/%d")
    for kind in kinds:
        try:
            return datetime.datetime.strptime(text, kind).date()
        except ValueError:
            continue
    raise AssertionError(f"nobody can read {text}")


def test_dates_are_right_in_every_format():
    pairs = attention.dates(rng(), 3000)
    assert all(read(source).isoformat() == target for source, target in pairs)
    shapes = {re.sub(r"\d+", "0", re.sub(r"[A-Z][a-z]+", "M", source)) for source, _ in pairs}
    assert len(shapes) >= 8  # ordinals, full and short names share some
    assert set("".join(source for source, _ in pairs)) <= set(DATE_CHARACTERS.alphabet)


def test_held_out_days_are_never_drawn_for_training():
    seen = {target for _, target in attention.dates(rng(), 20_000)}
    unseen = {target for _, target in attention.dates(rng(), 5000, held_out=True)}
    assert not seen & unseen and len(unseen) > 3000


def test_ordinals():
    assert [attention.ordinal(day) for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]
    )


def test_sorting_and_recall_are_what_they_say():
    for source, target in attention.sorting(rng(), 200, 3, 7):
        assert "".join(sorted(source)) == target and 3 <= len(source) <= 7
    for source, target in attention.recall(rng(), 200, 4, 6):
        assert source[0] == target and 5 <= len(source) <= 7 and source[1:].isalpha()
        assert set(source) <= set(attention.RECALL_CHARACTERS.alphabet)


def test_the_lstm_reads_past_no_padding():
    model = Recurrent(DIGIT_CHARACTERS.V, D=6, M=5)
    x, y = DIGIT_CHARACTERS.encode(["123", "45678"]), torch.tensor([[START, 4]])
    alone = model(y, DIGIT_CHARACTERS.encode(["123"]))
    assert torch.allclose(model(y.expand(2, -1), x)[:1], alone, atol=1e-6)


def test_the_lstm_equals_a_step_by_step_one():
    model = Recurrent(DIGIT_CHARACTERS.V, D=6, M=5, forget=3.0)
    cell = nn.LSTMCell(6, 5)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in model.reader.state_dict().items()})
    assert cell.bias_ih[5:10].tolist() == [3.0] * 5 and cell.bias_hh[5:10].tolist() == [0.0] * 5
    state = None
    for token in DIGIT_CHARACTERS.encode(["9075"])[0]:
        state = cell(model.embed(token[None]), state)
    h, c = model.encode(DIGIT_CHARACTERS.encode(["9075"]))
    assert torch.allclose(h[0], state[0], atol=1e-6) and torch.allclose(c[0], state[1], atol=1e-6)


class Copier(nn.Module):
    """Writes what it reads; where `faulty` it never ends."""

    def __init__(self, faulty: bool = False) -> None:
        super().__init__()
        self.faulty = faulty

    def encode(self, x):
        return x

    def decode(self, y, memory):
        at = y.shape[1] - 1
        token = memory[:, at] if at < memory.shape[1] else torch.zeros(len(y), dtype=torch.long)
        token = torch.where(token == PADDING, torch.tensor(3 if self.faulty else END), token)
        return nn.functional.one_hot(token, DIGIT_CHARACTERS.V)[:, None].float()


def test_exact_match_counts_whole_answers_with_their_end():
    pairs = [("12", "12"), ("345", "345"), ("6", "7")]
    assert attention.exact_match(Copier(), DIGIT_CHARACTERS, pairs) == pytest.approx(2 / 3)
    assert attention.exact_match(Copier(faulty=True), DIGIT_CHARACTERS, [("0", "0")]) == 0


def test_the_loss_is_a_mean_over_real_tokens():
    class Even(nn.Module):
        def forward(self, y, x):
            return torch.zeros(*y.shape, DIGIT_CHARACTERS.V)

    value = attention.loss(Even(), DIGIT_CHARACTERS, [("1", "1"), ("23", "23")])
    assert value.item() == pytest.approx(np.log(DIGIT_CHARACTERS.V))


def test_training_learns_to_copy_one_digit():
    model = Recurrent(DIGIT_CHARACTERS.V, D=16, M=24)
    draw_from = rng()
    attention.train(model, DIGIT_CHARACTERS, lambda n: attention.sorting(draw_from, n, 1, 1), 120, lr=2e-2)
    assert attention.exact_match(model, DIGIT_CHARACTERS, attention.sorting(rng(), 100, 1, 1)) == 1
    assert attention.parameters(nn.Linear(3, 2)) == 8
