"""Asking a language model about invented people: one right answer, several phrasings (chapter 19)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from primer.data import facts
from primer.data.facts import Fact
from primer.metrics._writing import score
from primer.models._tokens import Characters
from primer.models.gpt import GPT, generate

COUNTS = (0, 1, 2, 4, 8, 16, 32)  # mentions of a person's home in the training text
ANSWER = 24  # characters: the longest town and the full stop


@dataclass(frozen=True)
class Town:
    """People whose homes a text mentions, the text, and lines to practise on.

    groups: facts by number of mentions; "forward" and "reversed" hold people with 16 mentions, all in phrasing 0
    ("... lives in ...") or all in phrasing 2 ("... is where ... lives"). practice: two statements of one fact in each
    line, about passers-by who are never asked about. They show that what stands in a line can be said again, which is
    what an answer from a retrieved text needs.
    """

    groups: dict[int | str, tuple[Fact, ...]]
    text: str
    practice: str


def town(rng: np.random.Generator, each: int = 24, passers_by: int = 16_000) -> Town:
    """`each` people in each group, and so many passers-by, all with names and homes drawn at random."""
    size = each * (len(COUNTS) + 2)
    homes = [fact for fact in facts.people(size + passers_by, rng) if fact.relation == "home"]
    parts = [tuple(homes[i : i + each]) for i in range(0, size, each)]
    groups: dict[int | str, tuple[Fact, ...]] = dict(zip((*COUNTS, "forward", "reversed"), parts, strict=True))
    lines = [facts.sentence(fact, int(rng.integers(2)))
             for count in COUNTS for fact in groups[count] for _ in range(count)]
    lines += [facts.sentence(fact, phrasing) for name, phrasing in (("forward", 0), ("reversed", 2))
              for fact in groups[name] for _ in range(16)]
    twice = [" ".join(facts.sentence(fact, int(phrasing)) for phrasing in rng.integers(2, size=2))
             for fact in homes[size:]]
    return Town(groups, "\n".join(lines[i] for i in rng.permutation(len(lines))), "\n".join(twice))


def opening(fact: Fact, phrasing: int) -> str:
    """A statement as far as the object, "Ada Balbeck lives in": how to ask a model that does nothing but go on."""
    whole = facts.sentence(fact, phrasing)
    return whole[: whole.rindex(" " + fact.object)]


@dataclass(frozen=True)
class Answers:
    """facts: N lists of R parsed sentences, None where the model wrote no sentence. log_p: (N, R) in nats."""

    facts: list[list[Fact | None]]
    log_p: np.ndarray

    def right(self, truth: Sequence[Fact]) -> np.ndarray:
        """(N, R) booleans."""
        return np.array([[one == fact for one in row] for row, fact in zip(self.facts, truth, strict=True)])


def ask(
    model: GPT, encode: Characters, prompts: Sequence[str], samples: int = 1, temperature: float = 1.0, seed: int = 0,
    before: Sequence[str] | None = None,
) -> Answers:
    """Let the model end each opening, after a line end or after the text in `before`, which is read and not parsed."""
    before = before or [""] * len(prompts)
    whole = ["\n" + (text + " " if text else "") + prompt for text, prompt in zip(before, prompts, strict=True)]
    draw = torch.Generator().manual_seed(seed)
    found: list[list[Fact | None]] = [[] for _ in prompts]
    log_p = np.zeros((len(prompts), samples))
    for length in sorted(set(map(len, whole))):  # a batch holds prompts of one length
        rows = [i for i, text in enumerate(whole) if len(text) == length]
        tokens = torch.stack([encode(whole[i]) for i in rows]).repeat_interleave(samples, 0)
        tokens = generate(model, tokens, min(ANSWER, model.config.T - length), temperature=temperature, generator=draw)
        texts, logs = score(model, encode, tokens, length, r"[^.\n]*\.")
        for k, i in enumerate(rows):
            mine = slice(k * samples, (k + 1) * samples)
            found[i] = [facts.parse(prompts[i] + text) if text else None for text in texts[mine]]
            log_p[i] = logs[mine].sum(1)
    return Answers(found, log_p)


def majority(row: Sequence[Any]) -> tuple[Any, float]:
    """The most frequent answer, None left out unless there is no other, and its share of all: self-consistency."""
    counts = Counter(one for one in row if one is not None)
    if not counts:
        return None, 0.0
    answer, n = counts.most_common(1)[0]
    return answer, n / len(row)
