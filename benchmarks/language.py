"""What chapter 15 quotes but does not run: loss against size and data, what each ingredient buys, what a cache saves.

    python benchmarks/language.py [scaling] [recipe] [cache] [page] [chat]

The part "page" trains the model of the page; "chat" tunes it to answer, for longer than the chapter does, and beside
it a model that has read nothing. All on the standard library of the running Python, by characters, one thread; losses
are those of the first 100,000 characters of the validation files, in windows of 64, in nats. Each part replaces its
own entry of `src/primer/results/language.json`.
"""

import json
import math
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from primer import data
from primer.models import gpt
from primer.widgets.language import STORED, rounded, store, stored

RESULT = Path(__file__).parents[1] / "src" / "primer" / "results" / "language.json"
SIZES = ((1, 32), (1, 64), (2, 64), (2, 128))  # layers, width
BUDGETS = (50, 150, 450)  # steps of 32 windows of 64 characters
SEEDS = (0, 1, 2)


@cache
def texts() -> tuple[Tensor, Tensor]:
    """Tokens of the training files, and of the first 100,000 characters of the validation files."""
    encode = gpt.Characters()
    train, held_out = ("\n".join(file.text for file in data.code(part)) for part in ("train", "validation"))
    return encode(train), encode(held_out[:100_000])


def matrices(L: int, D: int) -> int:
    """Parameters of the blocks' matrices, which is what a law of size counts."""
    return 12 * L * D * D


class NoRotation(gpt.Block):
    def place(self, qk: Tensor, turns: Tensor) -> Tensor:
        return gpt.norm(qk)


class NoQueryNorm(gpt.Block):
    def place(self, qk: Tensor, turns: Tensor) -> Tensor:
        return gpt.rotate(qk, turns)


class Gelu(gpt.Block):
    def think(self, x: Tensor) -> Tensor:
        return F.linear(F.gelu(F.linear(x, self.up)), self.down)


class RandomOutputs(gpt.Block):
    def __init__(self, config: gpt.Config, layer: int) -> None:
        super().__init__(config, layer)
        for p in (self.out, self.down):
            torch.nn.init.normal_(p, std=1 / math.sqrt(p.shape[1]))


def adam_alone(model: gpt.GPT) -> list[torch.optim.Optimizer]:
    """AdamW for the matrices too, at the best of five rates tried (0.002, 0.004, 0.008, 0.016, 0.03)."""
    rates = [{"params": [model.embedding], "lr": 0.01}, {"params": [model.head], "lr": 0.004}]
    rates.append({"params": list(model.blocks.parameters()), "lr": 0.004})
    return [torch.optim.AdamW(rates, betas=(0.8, 0.95), eps=1e-10, weight_decay=0, fused=True)]


WITHOUT: dict[str, dict[str, Any]] = {
    "whole recipe": {},
    "no earlier characters": {"previous": 0},
    "no rotation": {"block": NoRotation},
    "no norm of queries and keys": {"block": NoQueryNorm},
    "GELU": {"block": Gelu},
    "random outputs": {"block": RandomOutputs},
    "AdamW alone": {"make": adam_alone},
}


def run(L: int, D: int, steps: int, seed: int, block: type = gpt.Block, previous: int = 3, make: Any = None) -> float:
    """Held-out loss after so many steps, from the start."""
    tokens, held_out = texts()
    torch.manual_seed(seed)
    model = gpt.GPT(gpt.Config(L=L, D=D, A=max(1, D // 32), previous=previous), block)
    for _ in gpt.train(model, tokens, steps, make=make or gpt.optimizers):
        pass
    return gpt.evaluate(model, held_out, 64)


def scaling() -> list[dict[str, Any]]:
    """A run for each size and budget."""
    rows = []
    for L, D in SIZES:
        for steps in BUDGETS:
            row = {"L": L, "D": D, "steps": steps, "parameters": matrices(L, D), "tokens": steps * 32 * 64}
            rows.append(row | {"loss": run(L, D, steps, 0)})
            print(rows[-1], flush=True)
    return rows


def recipe() -> dict[str, list[float]]:
    """Losses of the seeds with one ingredient left out at a time: 2 layers of width 64, 150 steps."""
    losses = {}
    for name, change in WITHOUT.items():
        losses[name] = [run(2, 64, 150, seed, **change) for seed in SEEDS]
        print(name, losses[name], flush=True)
    return losses


@torch.no_grad()
def cached() -> list[dict[str, float]]:
    """CPU seconds for one more character at so many, by the cache and by reading anew; medians of 15."""
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(T=512, L=4, D=128)).eval()
    tokens = torch.zeros(1, 512, dtype=torch.int64)
    rows = []
    for n in (16, 32, 64, 128, 256, 496):
        memory = gpt.Cache()
        times: dict[str, list[float]] = {"with": [], "without": []}
        model(tokens[:, :n], memory)
        for i in range(15):
            start = time.process_time()
            model(tokens[:, n + i : n + i + 1], memory)
            middle = time.process_time()
            model(tokens[:, : n + i + 1])
            times["with"].append(middle - start)
            times["without"].append(time.process_time() - middle)
        rows.append({"length": n, **{name: statistics.median(values) for name, values in times.items()}})
        print(rows[-1], flush=True)
    return rows


def page() -> dict[str, Any]:
    """Train the GPT of the widget and store it with a byte a weight; its perplexity before and after."""
    tokens, held_out = texts()
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(L=2, A=3, D=96))
    for _ in gpt.train(model, tokens, 1000):
        pass
    before = gpt.evaluate(model, held_out, 64)
    after = gpt.evaluate(rounded(model), held_out, 64)
    facts = {"steps": 1000, "loss": before, "loss_rounded": after, "python": platform.python_version()}
    store(RESULT.with_name(STORED), model, gpt.Characters().alphabet, facts)
    print(facts, flush=True)
    return facts


END = "\ufffd"
TASKS: dict[str, Callable[[str], str]] = {"first": lambda word: word[0], "last": lambda word: word[-1], "say": str}


def question(task: str, word: str) -> str:
    return f"user: {task} {word}\nbot: "


def chats(words: list[str], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A conversation about each word as tokens (B, 32), and where its answer stands (B, 32)."""
    tokens, mask = torch.zeros(len(words), 32, dtype=torch.int64), torch.zeros(len(words), 32, dtype=torch.bool)
    for row, word in enumerate(words):
        task = str(rng.choice(list(TASKS)))
        ask = question(task, word)
        both = ask + TASKS[task](word) + END
        tokens[row, : len(both)] = gpt.Characters()(both)
        mask[row, len(ask) : len(both)] = True
    return tokens, mask


def right(model: gpt.GPT, words: list[str]) -> dict[str, float]:
    """For each task the share of words that are answered rightly, end token and all."""
    encode, shares = gpt.Characters(), {}
    for task, answer in TASKS.items():
        hits = 0
        for word in words:
            prompt = encode(question(task, word))[None]
            reply = gpt.generate(model, prompt, 8, temperature=0)[0, prompt.shape[1] :]
            hits += encode.decode(reply).startswith(answer(word) + END)
        shares[task] = hits / len(words)
    return shares


def chat() -> list[dict[str, Any]]:
    """The page's model and a fresh one tuned as in the chapter, for the chapter's steps and for ten times as many."""
    text = "\n".join(file.text for file in data.code("train"))
    words = sorted({word.lower() for word in re.findall(r"[A-Za-z]{4,}", text) if len(word) <= 6})
    rows = []
    for steps, fresh in ((200, False), (2000, False), (200, True), (2000, True)):
        torch.manual_seed(0)
        rng = np.random.default_rng(0)
        mixed = [words[i] for i in rng.permutation(len(words))]
        model, _ = stored()
        if fresh:
            model = gpt.GPT(model.config)
        used = gpt.optimizers(model)
        groups = [(group, group["lr"]) for optimizer in used for group in optimizer.param_groups]
        for step in range(steps):
            for group, highest in groups:
                group["lr"] = 0.3 * highest * (1 - step / steps)
            tokens, mask = chats([mixed[90 + i] for i in rng.integers(len(mixed) - 90, size=16)], rng)
            losses = F.cross_entropy(model(tokens[:, :-1]).transpose(1, 2), tokens[:, 1:], reduction="none")
            losses[mask[:, 1:]].mean().backward()
            for optimizer in used:
                optimizer.step()
                optimizer.zero_grad()
        facts = {"right": right(model, mixed[:90]), "loss": gpt.evaluate(model, texts()[1], 64)}
        rows.append({"steps": steps, "fresh": fresh, **facts})
        print(rows[-1], flush=True)
    return rows


PARTS = {"scaling": scaling, "recipe": recipe, "cache": cached, "page": page, "chat": chat}


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    stored = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in names or list(PARTS):
        stored[name] = PARTS[name]()
        stored["versions"] = {"torch": torch.__version__, "python": platform.python_version()}
        RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
