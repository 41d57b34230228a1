"""A GPT that trains in a minute on a CPU: the model, its recipe and how it writes (chapter 15).

Radford et al. (2018, 2019) with rotary positions (Su et al., 2021), normalised queries and keys, RMSNorm, squared
ReLU, outputs that start at zero, and Muon for the matrices. Axes: B texts, T tokens, D width, A heads, C channels of a
head, V tokens of the vocabulary, L layers. Losses are in nats a token.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from primer.models._fused import norm, squared_relu
from primer.models._muon import Muon
from primer.models._tokens import Characters, Pairs


@dataclass(frozen=True)
class Config:
    """Sizes of a GPT. V tokens, T tokens of context, L layers, A heads, width D (a multiple of 2 A).

    previous: how many earlier tokens' embeddings are added to each token's own, a causal convolution; 0 leaves it out.
    """

    V: int = 97
    T: int = 64
    L: int = 2
    A: int = 4
    D: int = 128
    previous: int = 3

    def __post_init__(self) -> None:
        if min(self.V, self.T, self.L, self.A) < 1 or self.previous < 0 or self.D < 1 or self.D % (2 * self.A):
            raise ValueError(f"A GPT needs sizes of at least 1 and a width that is a multiple of 2 A, not {self}.")


def rotations(start: int, stop: int, C: int) -> Tensor:
    """The turns of positions start to stop - 1, complex (T, 1, C / 2): angle position * 10000^(-2 i / C).

    Su et al. (2021), equation 15, with neighbouring channels as the two parts of a complex number.
    """
    frequency = 10_000.0 ** (-torch.arange(0, C, 2) / C)  # (C/2)
    angle = torch.outer(torch.arange(start, stop), frequency)[:, None]
    return torch.polar(torch.ones_like(angle), angle)


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """x (B, T, A, C) with each pair of channels turned by its position's angle."""
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)))  # (B, T, A, C/2)
    return torch.view_as_real(pairs * turns).flatten(-2)


class Cache:
    """What a GPT keeps of what it has read: the last few tokens, and each layer's keys and values (2, B, A, S, C).

    S grows to the context T and stays there: the oldest fall out.
    """

    def __init__(self) -> None:
        self.read = 0  # tokens so far, those that fell out too
        self.tokens: Tensor | None = None  # (B, at most `previous`)
        self.layers: dict[int, Tensor] = {}

    def add(self, tokens: Tensor, config: Config) -> tuple[int, Tensor]:
        """Note new tokens (B, t). Returns the place of the first, and they with those before that they look at."""
        start, t = self.read, tokens.shape[1]
        if t > 1 and start + t > config.T:
            raise ValueError("Once the window is full, a cache takes one token at a time.")
        known = tokens if self.tokens is None else torch.cat([self.tokens, tokens], dim=1)
        self.read, self.tokens = start + t, known[:, max(0, known.shape[1] - config.previous) :]
        return start, known

    def append(self, layer: int, kv: Tensor, T: int) -> Tensor:
        """Add kv (2, B, A, t, C) to a layer's; return the last T of all."""
        if layer in self.layers:
            kv = torch.cat([self.layers[layer], kv], dim=3)
        self.layers[layer] = kv[:, :, :, -T:]
        return self.layers[layer]


class Block(nn.Module):
    """Attention, then a network at each position; both read a normalised x and add to it."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        D = config.D
        self.config, self.layer = config, layer
        self.qkv = nn.Parameter(torch.empty(3, D, D).uniform_(-1, 1) * math.sqrt(3 / D))  # variance 1 / D
        self.up = nn.Parameter(torch.empty(4 * D, D).uniform_(-1, 1) * math.sqrt(3 / D))
        self.out = nn.Parameter(torch.zeros(D, D))  # zero outputs: every block starts as doing nothing
        self.down = nn.Parameter(torch.zeros(D, 4 * D))

    def forward(self, x: Tensor, turns: Tensor, cache: Cache | None = None) -> Tensor:
        x = x + self.attend(norm(x), turns, cache)
        return x + self.think(norm(x))  # (B, T, D)

    def think(self, x: Tensor) -> Tensor:
        return F.linear(squared_relu(F.linear(x, self.up)), self.down)

    def place(self, qk: Tensor, turns: Tensor) -> Tensor:
        return rotate(norm(qk), turns)

    def attend(self, x: Tensor, turns: Tensor, cache: Cache | None) -> Tensor:
        A, D = self.config.A, self.config.D
        qkv = F.linear(x, self.qkv.flatten(0, 1)).unflatten(-1, (3 * A, D // A))  # (B, T, 3A, C)
        qk, v = qkv.split([2 * A, A], dim=2)
        q, k = self.place(qk, turns).chunk(2, dim=2)  # (B, T, A, C)
        q, k, v = (z.transpose(1, 2) for z in (q, k, v))  # (B, A, T, C)
        if cache is not None:
            k, v = cache.append(self.layer, torch.stack([k, v]), self.config.T)
        t, S = q.shape[2], k.shape[2]
        seen = None if t in (1, S) else torch.ones(t, S, dtype=torch.bool, device=x.device).tril(S - t)
        y = F.scaled_dot_product_attention(q, k, v, seen, is_causal=t == S)
        return F.linear(y.transpose(1, 2).flatten(2), self.out)


class GPT(nn.Module):
    """tokens (B, T) int64 -> logits (B, T, V) of each next token, which depend on the tokens up to it alone."""

    def __init__(self, config: Config = Config(), block: type[Block] = Block) -> None:
        super().__init__()
        c = self.config = config
        # a row for each token at each of the distances 0 to `previous`; the last row stands for "nothing before"
        self.embedding = nn.Parameter(torch.randn(1 + c.previous, c.V + 1, c.D))
        self.blocks = nn.ModuleList(block(c, layer) for layer in range(c.L))
        self.head = nn.Parameter(torch.zeros(c.V, c.D))
        self.turns: Tensor
        self.register_buffer("turns", rotations(0, c.T, c.D // c.A), persistent=False)

    def forward(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """With a cache, `tokens` go on from those read before, and only their own logits are computed."""
        c, t = self.config, tokens.shape[1]
        if not 1 <= t <= c.T:
            raise ValueError(f"This GPT reads 1 to {c.T} tokens at a time, not {t}.")
        start, known = 0, tokens
        if cache is not None:
            start, known = cache.add(tokens, c)
        turns = self.turns[start : start + t]
        if start + t > c.T:
            turns = rotations(start, start + t, c.D // c.A).to(tokens.device)
        x = norm(self.embed(known)[:, -t:])
        for block in self.blocks:
            x = block(x, turns, cache)
        return F.linear(norm(x), self.head)

    def embed(self, tokens: Tensor) -> Tensor:
        """The sum (B, T, D) of the rows of a token and of the `previous` ones before it."""
        c = self.config
        padded = F.pad(tokens, (c.previous, 0), value=c.V)
        rows = padded.unfold(1, c.previous + 1, 1).flip(-1) + (c.V + 1) * torch.arange(c.previous + 1).to(tokens.device)
        x = F.embedding_bag(rows.flatten(0, 1), self.embedding.flatten(0, 1), mode="sum")
        return x.unflatten(0, tokens.shape)


def loss(model: nn.Module, tokens: Tensor) -> Tensor:
    """Mean of -log p(next token) in nats: tokens (B, T + 1), each predicted from those before it in its row."""
    return F.cross_entropy(model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


@torch.no_grad()
def evaluate(model: nn.Module, tokens: Tensor, T: int) -> float:
    """Mean loss in nats over `tokens` (N,), each but the first predicted once, in windows of T side by side."""
    model.eval()
    whole = (len(tokens) - 1) // T * T  # tokens predicted in full windows
    batches = list(tokens[: whole + 1].unfold(0, T + 1, T).split(256)) if whole else []
    if whole < len(tokens) - 1:
        batches.append(tokens[None, whole:])
    return sum(loss(model, rows).item() * rows[:, 1:].numel() for rows in batches) / (len(tokens) - 1)


def odds(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0) -> Tensor:
    """Probabilities (..., V) to draw from: sharpened by a temperature below 1, cut to the likeliest, made to sum to 1.

    temperature 0 leaves the likeliest token alone. top_k keeps so many (Fan, Lewis and Dauphin, 2018); top_p keeps
    the fewest that together have at least this probability (Holtzman et al., 2020).
    """
    if temperature < 0 or not 0 < top_p <= 1 or (top_k is not None and top_k < 1):
        raise ValueError("Sampling needs temperature >= 0, top_k >= 1 and top_p above 0 and at most 1.")
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    p = torch.softmax(logits / temperature, -1)
    if top_k is None and top_p == 1:
        return p
    p, order = p.sort(-1, descending=True)
    if top_k is not None:
        p[..., top_k:] = 0
        p = p / p.sum(-1, keepdim=True)
    p = p * (p.cumsum(-1) - p < top_p)  # what comes before a token has not reached top_p yet
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


def less_repetition(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """logits (B, V) with those of the tokens in seen (B, T) divided by penalty if positive, else multiplied by it.

    Keskar et al. (2019). penalty 1 changes nothing.
    """
    theirs = logits.gather(1, seen)
    return logits.scatter(1, seen, torch.where(theirs > 0, theirs / penalty, theirs * penalty))


@torch.no_grad()
def generate(
    model: GPT, tokens: Tensor, n: int, *, penalty: float = 1.0, cache: bool = True, generator: Any = None, **cut: Any
) -> Tensor:
    """tokens (B, S) of at least one token, and n more that the model draws, (B, S + n).

    cut: temperature, top_k and top_p of `odds`. generator: a torch.Generator, else the global one. The model sees the
    last T. The cache changes nothing until the window slides; then what is kept still carries tokens that fell out.
    """
    model.eval()
    T, kept = model.config.T, Cache() if cache else None
    for _ in range(n):
        new = tokens[:, -1:] if kept is not None and kept.read else tokens[:, -T:]
        logits = model(new, kept)[:, -1]
        if penalty != 1:
            logits = less_repetition(logits, tokens[:, -T:], penalty)
        drawn = torch.multinomial(odds(logits, **cut), 1, generator=generator)
        tokens = torch.cat([tokens, drawn], dim=1)
    return tokens


def optimizers(model: GPT) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for the embedding (rate 0.01) and the head (0.004)."""
    rates = [{"params": [model.embedding], "lr": 0.01}, {"params": [model.head], "lr": 0.004}]
    adam = torch.optim.AdamW(rates, betas=(0.8, 0.95), eps=1e-10, weight_decay=0, fused=True)
    return [Muon(model.blocks.parameters()), adam]


def rate(progress: float) -> float:
    """Share of the learning rate at `progress` from 0 to 1: 2 % warm-up, flat to 20 %, straight down to zero."""
    return min(1.0, progress / 0.02, (1 - progress) / 0.8)


@dataclass(frozen=True)
class Step:
    """number: 1, 2, ... loss: on its batch, before the update. seconds: of training until now."""

    number: int
    loss: float
    seconds: float


def train(
    model: GPT,
    tokens: Tensor,
    steps: int | None = None,
    *,
    seconds: float | None = None,
    batch: int = 32,
    make: Callable[[GPT], list[torch.optim.Optimizer]] = optimizers,
) -> Iterator[Step]:
    """Train in place on windows drawn at random from `tokens` (N,): one step for each turn of your loop.

    Ends after `steps`, or after `seconds` spent in here, and the rate follows what is given; leave it when you like.
    """
    if bool(steps) == bool(seconds):
        raise ValueError("train needs either a number of steps or a number of seconds.")
    T = model.config.T
    if len(tokens) < T + 2:
        raise ValueError(f"train needs at least {T + 2} tokens, not {len(tokens)}.")
    used = make(model)
    groups = [(group, group["lr"]) for optimizer in used for group in optimizer.param_groups]
    windows = tokens.unfold(0, T + 1, 1)  # (N - T, T + 1), a view
    model.train()
    spent, number = 0.0, 0
    while number < (steps or math.inf) and spent < (seconds or math.inf):
        start = time.perf_counter()
        share = rate((number + 1) / (steps + 1) if steps else max(spent / (seconds or 1), 1e-3))
        for group, highest in groups:
            group["lr"] = highest * share
        value = loss(model, windows[torch.randint(len(windows), (batch,))].to(model.head.device))
        value.backward()
        for optimizer in used:
            optimizer.step()
            optimizer.zero_grad()
        number += 1
        spent += time.perf_counter() - start
        yield Step(number, value.item(), spent)
    model.eval()


def save(folder: str | Path, model: GPT, encode: Characters | Pairs) -> None:
    """Write model.safetensors, and gpt.json with the sizes and the tokens, into `folder`, which is made if missing."""
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / "model.safetensors")
    about = {"config": asdict(model.config), "tokens": type(encode).__name__, "state": str(encode)}
    (folder / "gpt.json").write_text(json.dumps(about), encoding="utf-8")


def load(folder: str | Path) -> tuple[GPT, Characters | Pairs]:
    """The model and the tokens that `save` wrote: ``model, encode = load(folder); model(encode(text)[None])``."""
    from safetensors.torch import load_file

    folder = Path(folder)
    if not (folder / "gpt.json").exists() or not (folder / "model.safetensors").exists():
        raise ValueError(f"{folder} holds no model: name the folder that gpt.save wrote.")
    about = json.loads((folder / "gpt.json").read_text(encoding="utf-8"))
    model = GPT(Config(**about["config"]))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.eval(), {"Characters": Characters, "Pairs": Pairs}[about["tokens"]](about["state"])
