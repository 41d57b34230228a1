"""The tasks of chapter 14 (dates, sorting, recall), the LSTM that competes in them, and training and judging of both.

A task is a list of pairs (source, target) of text. A model reads x (B, R) and writes y (B, T): it has
`encode(x) -> memory` and `decode(y, memory) -> log-odds (B, T, V)`, as `transformer.Transformer` and `Recurrent` have.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

Pairs = list[tuple[str, str]]

PADDING, START, END = 0, 1, 2  # the tokens that are no characters
MONTHS = [datetime.date(2000, month, 1).strftime("%B") for month in range(1, 13)]
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1).toordinal(), datetime.date(2099, 12, 31).toordinal()


class Characters:
    """Text as tokens, a token for each character of `alphabet` behind the three special ones."""

    def __init__(self, alphabet: str) -> None:
        self.alphabet = "".join(sorted(set(alphabet)))
        self.V = len(self.alphabet) + 3
        self.number = {character: i + 3 for i, character in enumerate(self.alphabet)}

    def encode(self, texts: Sequence[str], start: bool = False, end: bool = False) -> Tensor:
        """Tokens (B, T) int64, filled up behind; KeyError for a character outside the alphabet."""
        rows = [[START] * start + [self.number[c] for c in text] + [END] * end for text in texts]
        longest = max(map(len, rows))
        return torch.tensor([row + [PADDING] * (longest - len(row)) for row in rows])

    def decode(self, tokens: Tensor) -> list[str]:
        """The texts of tokens (B, T), each up to its end token."""
        texts = []
        for row in tokens.tolist():
            row = row[: row.index(END)] if END in row else row
            texts.append("".join(self.alphabet[token - 3] for token in row if token > END))
        return texts


# ---- Tasks -----------------------------------------------------------------------------------------------------------


def ordinal(day: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


FORMATS: list[Callable[[datetime.date], str]] = [  # with the day before the month wherever both are numbers
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{d.day} {MONTHS[d.month - 1][:3]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{MONTHS[d.month - 1][:3]} {d.day}, {d.year}",
    lambda d: f"{ordinal(d.day)} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {ordinal(d.day)}, {d.year}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
    lambda d: f"{d.year} {MONTHS[d.month - 1][:3]} {d.day}",
    lambda d: f"{d.year}/{d.month}/{d.day}",
]
DATE_CHARACTERS = Characters("0123456789 -,./" + "".join(MONTHS) + "stndrdth")


def dates(rng: np.random.Generator, n: int, held_out: bool = False) -> Pairs:
    """Days from 1900 to 2099 in a random one of ten formats, and as year-month-day: ("3 March 1999", "1999-03-03").

    A fixed tenth of the days, in no order, is held out: those alone, or all but those.
    """
    unseen = np.random.default_rng(14).permutation(np.arange(FIRST_DAY, LAST_DAY + 1)) % 10 == 0
    days = np.flatnonzero(unseen == held_out) + FIRST_DAY
    chosen = [datetime.date.fromordinal(int(day)) for day in rng.choice(days, n)]
    kinds = rng.integers(len(FORMATS), size=n)
    return [(FORMATS[kind](day), day.isoformat()) for kind, day in zip(kinds, chosen, strict=True)]


DIGIT_CHARACTERS = Characters("0123456789")


def sorting(rng: np.random.Generator, n: int, shortest: int, longest: int) -> Pairs:
    """Rows of random digits, as long as one of shortest to longest, and the same in order: ("3121", "1123")."""
    rows = [rng.integers(10, size=length) for length in rng.integers(shortest, longest + 1, size=n)]
    text = lambda row: "".join(map(str, row))  # noqa: E731
    return [(text(row), text(np.sort(row))) for row in rows]


RECALL_CHARACTERS = Characters("0123456789abcdefgh")


def recall(rng: np.random.Generator, n: int, shortest: int, longest: int) -> Pairs:
    """A digit, so many letters behind it, and the digit again: ("7acbh", "7") at a distance of 4."""
    pairs = []
    for distance in rng.integers(shortest, longest + 1, size=n):
        digit, noise = str(rng.integers(10)), rng.choice(list("abcdefgh"), distance)
        pairs.append((digit + "".join(noise), digit))
    return pairs


# ---- The other model -------------------------------------------------------------------------------------------------


class Recurrent(nn.Module):
    """Two LSTMs: one reads x, and hands its last state to one that writes y (Sutskever, Vinyals and Le, 2014).

    V tokens, D numbers a token, M units in each. forget: the bias with which forget gates start.
    """

    def __init__(self, V: int, D: int = 64, M: int = 96, forget: float = 1.0) -> None:
        super().__init__()
        self.embed = nn.Embedding(V, D, padding_idx=PADDING)
        self.reader, self.writer = nn.LSTM(D, M, batch_first=True), nn.LSTM(D, M, batch_first=True)
        self.out = nn.Linear(M, V)
        for lstm in (self.reader, self.writer):
            biases = dict(lstm.named_parameters())  # torch keeps the gates in the order input, forget, cell, output
            biases["bias_ih_l0"].data[M : 2 * M] = forget
            biases["bias_hh_l0"].data[M : 2 * M] = 0

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The state (1, B, M) and memory (1, B, M) after the last real token of x (B, R)."""
        lengths = (x != PADDING).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        return self.reader(packed)[1]

    def decode(self, y: Tensor, memory: tuple[Tensor, Tensor]) -> Tensor:
        """Log-odds (B, T, V) of what follows each position of y (B, T)."""
        return self.out(self.writer(self.embed(y), memory)[0])

    def forward(self, y: Tensor, x: Tensor) -> Tensor:
        return self.decode(y, self.encode(x))


def parameters(model: nn.Module) -> int:
    """How many numbers the model has learned."""
    return sum(parameter.numel() for parameter in model.parameters())


# ---- Training and judging --------------------------------------------------------------------------------------------


def loss(model: nn.Module, characters: Characters, pairs: Pairs) -> Tensor:
    """Mean -log P(next token) in nats over the targets with their end tokens, each given what stands before it."""
    x = characters.encode([source for source, _ in pairs])
    y = characters.encode([target for _, target in pairs], start=True, end=True)  # (B, T + 1)
    logits = model(y[:, :-1], x)  # (B, T, V)
    return F.cross_entropy(logits.flatten(0, 1), y[:, 1:].flatten(), ignore_index=PADDING)


def train(
    model: Any,
    characters: Characters,
    draw: Callable[[int], Pairs],
    steps: int,
    *,
    batch: int = 64,
    lr: float = 3e-3,
    warm_up: float = 0.05,
) -> Any:
    """Train in place on draw(batch) at each step and return the model; the rate rises, then falls to zero in a line."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.98), fused=True)
    rate = lambda step: min((step + 1) / (warm_up * steps + 1), 1 - step / steps)  # noqa: E731
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model, characters, draw(batch)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model


@torch.no_grad()
def write(model: Any, x: Tensor, limit: int) -> Tensor:
    """For x (B, R) the most probable token, again and again, at most `limit` of them: (B, T)."""
    memory = model.encode(x)
    y = torch.full((len(x), 1), START, device=x.device)
    ended = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    while not ended.all() and y.shape[1] <= limit:
        token = model.decode(y, memory)[:, -1].argmax(-1)
        y = torch.cat([y, token.masked_fill(ended, PADDING)[:, None]], dim=1)
        ended |= token == END
    return y[:, 1:]


def exact_match(model: Any, characters: Characters, pairs: Pairs) -> float:
    """The share of pairs whose target is written without a fault, end included."""
    x = characters.encode([source for source, _ in pairs])
    written = write(model, x, max(len(target) for _, target in pairs) + 1)
    ends = (written == END).any(1).tolist()
    texts = characters.decode(written)
    right = [end and text == target for end, text, (_, target) in zip(ends, texts, pairs, strict=True)]
    return sum(right) / len(pairs)
