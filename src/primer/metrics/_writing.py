"""Letting a language model go on, and how likely it found what it wrote (chapter 19)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from primer.models._tokens import Characters
from primer.models.gpt import GPT, generate

CONTEXT, NAME = 48, 16  # characters that a model reads before a name, and the longest name it may write


@dataclass(frozen=True)
class Completions:
    """What a model wrote after N contexts, R times each.

    names: N lists of R. each: (N, R, W), log p in nats at temperature 1 of the name's characters and of the one that
    ends it, then zeros.
    """

    names: list[list[str]]
    each: np.ndarray

    @property
    def log_p(self) -> np.ndarray:
        """(N, R): of the whole name."""
        return self.each.sum(-1)

    @property
    def least(self) -> np.ndarray:
        """(N, R): the smallest probability of a character."""
        return np.exp(self.each.min(-1))


def complete(
    model: GPT, encode: Characters, contexts: Sequence[str], samples: int = 1, temperature: float = 1.0, seed: int = 0
) -> Completions:
    """Let the model go on after each context until its name ends. Contexts are of one length; "" is a possible name."""
    rows = torch.stack([encode(context) for context in contexts]).repeat_interleave(samples, 0)
    draw = torch.Generator().manual_seed(seed)
    width = min(NAME + 1, model.config.T - rows.shape[1])
    tokens = torch.cat([generate(model, part, width, temperature=temperature, generator=draw)
                        for part in rows.split(512)])
    names, each = score(model, encode, tokens, rows.shape[1], r"\w*", after=1)
    return Completions([names[i : i + samples] for i in range(0, len(names), samples)],
                       each.reshape(len(contexts), samples, -1))


@torch.no_grad()
def score(
    model: GPT, encode: Characters, tokens: Tensor, S: int, pattern: str, after: int = 0
) -> tuple[list[str], np.ndarray]:
    """What matches `pattern` from character S on in each row (N, T), "" if nothing does, and log p in nats (N, T - S).

    log p is of each character of the match and of `after` more, then zeros: "get" and "getcwd" begin alike, so the
    character that ends a name belongs to it.
    """
    log_p = []
    for part in tokens.split(512):
        logits = model(part[:, :-1])[:, S - 1 :]  # (n, T - S, V)
        log_p.append(logits.log_softmax(-1).gather(2, part[:, S:, None])[..., 0])
    each = torch.cat(log_p).numpy()
    matches = [re.match(pattern, encode.decode(row[S:]), re.ASCII) for row in tokens]
    texts = [match[0] if match else "" for match in matches]
    inside = np.arange(each.shape[1]) < np.array([len(text) + after for text in texts])[:, None]
    return texts, each * inside
