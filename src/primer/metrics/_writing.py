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

    names: N lists of R. log_p: (N, R), the log-probability in nats, at temperature 1, of the name's characters and of
    its end. least: (N, R), the smallest probability among them.
    """

    names: list[list[str]]
    log_p: np.ndarray
    least: np.ndarray


def complete(
    model: GPT, encode: Characters, contexts: Sequence[str], samples: int = 1, temperature: float = 1.0, seed: int = 0
) -> Completions:
    """Let the model go on after each context until its name ends. Contexts are of one length; "" is a possible name."""
    rows = torch.stack([encode(context) for context in contexts]).repeat_interleave(samples, 0)
    draw = torch.Generator().manual_seed(seed)
    width = min(NAME + 1, model.config.T - rows.shape[1])
    tokens = torch.cat([generate(model, part, width, temperature=temperature, generator=draw)
                        for part in rows.split(512)])
    names, log_p, least = score(model, encode, tokens, rows.shape[1])
    shape = (len(contexts), samples)
    return Completions([names[i * samples : (i + 1) * samples] for i in range(len(contexts))],
                       log_p.reshape(shape), least.reshape(shape))


@torch.no_grad()
def score_text(
    model: GPT, encode: Characters, tokens: Tensor, S: int, pattern: str, after: int = 0
) -> tuple[list[str], np.ndarray]:
    """What matches `pattern` from character S on in each row (N, T), "" if nothing does, and its log-probability (N,).

    after: how many characters behind the match count too.
    """
    texts, each = _each(model, encode, tokens, S, pattern)
    inside = np.arange(each.shape[1]) < np.array([len(text) + after for text in texts])[:, None]
    return texts, (each * inside).sum(1)


def _each(model: GPT, encode: Characters, tokens: Tensor, S: int, pattern: str) -> tuple[list[str], np.ndarray]:
    """The matches, and log p of every character from S on, (N, T - S)."""
    log_p = []
    for part in tokens.split(512):
        logits = model(part[:, :-1])[:, S - 1 :]  # (n, T - S, V)
        log_p.append(logits.log_softmax(-1).gather(2, part[:, S:, None])[..., 0])
    matches = [re.match(pattern, encode.decode(row[S:]), re.ASCII) for row in tokens]
    return [match[0] if match else "" for match in matches], torch.cat(log_p).numpy()


@torch.no_grad()
def score(model: GPT, encode: Characters, tokens: Tensor, S: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names that begin at character S of each row (N, T), their log-probabilities and their least odds, (N,) each.

    The character that ends a name counts as part of it: "get" and "getcwd" begin alike.
    """
    texts, each = _each(model, encode, tokens, S, r"\w*")
    inside = np.arange(each.shape[1]) <= np.array([len(text) for text in texts])[:, None]
    return texts, (each * inside).sum(1), np.exp(np.where(inside, each, 0).min(1))
