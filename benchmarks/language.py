"""What chapter 15 quotes but does not run: loss against size and data, what each ingredient buys, what a cache saves.

    python benchmarks/language.py [scaling] [recipe] [cache] [page]

The last part trains the model of the page. All on the standard library of the running Python, by characters, one
thread; losses are those of the first 100,000 characters of the validation files, in windows of 64, in nats. Each part
replaces its own entry of `src/primer/results/language.json`.
"""

import json
import math
import platform
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from primer import data
from primer.models import gpt
from primer.widgets.language import STORED, rounded, store

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
    model = gpt.GPT(gpt.Config(L=L, D=D, H=max(1, D // 32), previous=previous), block)
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


def cached() -> list[dict[str, float]]:
    """Seconds to write so many tokens after one, with the cache and without; the best of three."""
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(T=512, L=2, D=128))
    rows = []
    for n in (16, 32, 64, 128, 256, 511):
        best = {}
        for kept in (True, False):
            seconds = []
            for _ in range(3):
                start = time.perf_counter()
                gpt.generate(model, torch.zeros(1, 1, dtype=torch.int64), n, cache=kept)
                seconds.append(time.perf_counter() - start)
            best["with" if kept else "without"] = min(seconds)
        rows.append({"length": n, **best})
        print(rows[-1], flush=True)
    return rows


def page() -> dict[str, Any]:
    """Train the GPT of the widget and store it with a byte a weight; its perplexity before and after."""
    tokens, held_out = texts()
    torch.manual_seed(0)
    model = gpt.GPT(gpt.Config(L=2, H=3, D=96))
    for _ in gpt.train(model, tokens, 1000):
        pass
    before = gpt.evaluate(model, held_out, 64)
    after = gpt.evaluate(rounded(model), held_out, 64)
    facts = {"steps": 1000, "loss": before, "loss_rounded": after, "python": platform.python_version()}
    store(RESULT.with_name(STORED), model, gpt.Characters().alphabet, facts)
    print(facts, flush=True)
    return facts


PARTS = {"scaling": scaling, "recipe": recipe, "cache": cached, "page": page}


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    stored = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for name in names or list(PARTS):
        stored[name] = PARTS[name]()
        stored["versions"] = {"torch": torch.__version__, "python": platform.python_version()}
        RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
