"""A GPT trained in seconds, judged on text it has not seen, beside the plain recipe in the same run.

    PRIMER_DATA=... python benchmarks/gpt.py --data tiny-shakespeare|code --seconds S [--until LOSS] --out DIR

The first 90 % of the characters are for training, the last 10 % for judging: every character once, in windows of 64
and of the model's own context. The size of the model follows from the seconds. With --until the run ends when the loss
in windows of 64 is at most LOSS: budgets of steps double, from the start each time, until one gets there (or the
seconds are over), and every second counts. Judging does not.

The plain GPT has the size and recipe of nanoGPT's example for a CPU (Karpathy, 2022), written anew from its
description: 4 layers, 4 heads, width 128, context 64, batches of 12, learned positions, LayerNorm, GELU, tied
embedding, AdamW with rate 1e-3, 100 steps of warm-up, a cosine down to 1e-4 over 2,000 steps.

DIR receives result.json and the model, which primer.models.gpt.load(DIR) gives back. PRIMER_THREADS sets the threads;
"seconds" are those of the clock, "cpu_seconds" those of all threads together.
"""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import primer
from primer import data
from primer.models import gpt

STORED = Path(__file__).parents[1] / "src" / "primer" / "results" / "gpt.json"  # the runs that chapter 15 quotes
WINDOW = 64  # of the judgement that all models share
PLAIN_STEPS = 2_000
FIRST_STEPS = 110  # the first budget of --until


def read(name: str) -> str:
    """The whole text: tiny-shakespeare, or the standard library's files one after the other."""
    if name == "code":
        return "\n".join(file.text for file in data.code())
    return data.download("tiny-shakespeare")


def split(name: str) -> tuple[Tensor, Tensor, gpt.Characters]:
    """Tokens of the first 90 % of the characters, those of the rest, and how they are encoded."""
    text = read(name)
    encode = gpt.Characters() if name == "code" else gpt.Characters("".join(sorted(set(text))))
    cut = int(0.9 * len(text))
    return encode(text[:cut]), encode(text[cut:]), encode


def plan(seconds: float, V: int, previous: int) -> tuple[gpt.Config, int]:
    """The sizes and the batch that did best in trials with about so many seconds."""
    if seconds < 30:
        return gpt.Config(V=V, L=2, previous=previous), 32
    if seconds < 100:
        return gpt.Config(V=V, L=3, previous=previous), 32
    return gpt.Config(V=V, L=4, T=128, previous=previous), 16


class PlainBlock(nn.Module):
    """A block of GPT-2: LayerNorm before attention and before a network with GELU; no biases."""

    def __init__(self, D: int, H: int) -> None:
        super().__init__()
        self.H = H
        self.norms = nn.ModuleList(nn.LayerNorm(D, bias=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(D, 3 * D, bias=False), nn.Linear(D, D, bias=False)
        self.up, self.down = nn.Linear(D, 4 * D, bias=False), nn.Linear(4 * D, D, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norms[0](x)).unflatten(-1, (3, self.H, -1)).permute(2, 0, 3, 1, 4)  # (B, H, T, C)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norms[1](x))))


class PlainGPT(nn.Module):
    """tokens (B, T) -> logits (B, T, V)."""

    def __init__(self, V: int, T: int = WINDOW, L: int = 4, H: int = 4, D: int = 128) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(V, D), nn.Embedding(T, D)
        self.blocks = nn.Sequential(*(PlainBlock(D, H) for _ in range(L)))
        self.norm = nn.LayerNorm(D, bias=False)
        for name, p in self.named_parameters():
            if p.ndim == 2:
                residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * L) if residual else 0.02)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        return F.linear(self.norm(self.blocks(x)), self.tokens.weight)


def plain_rate(step: int, steps: int, top: float = 1e-3) -> float:
    """100 steps up to `top`, then half a cosine down to a tenth of it."""
    if step < 100:
        return top * (step + 1) / 101
    cosine = 0.5 * (1 + math.cos(math.pi * (step - 100) / max(1, steps - 100)))
    return top * (0.1 + 0.9 * cosine)


def train_plain(model: PlainGPT, tokens: Tensor, steps: int, batch: int = 12) -> Iterator[gpt.Step]:
    """The plain recipe, a step a turn."""
    decay = [p for p in model.parameters() if p.ndim == 2]
    groups = [{"params": decay, "weight_decay": 0.1}]
    groups.append({"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99))
    windows = tokens.unfold(0, WINDOW + 1, 1)
    spent = 0.0
    for step in range(steps):
        start = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = plain_rate(step, steps)
        value = gpt.loss(model, windows[torch.randint(len(windows), (batch,))])
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        spent += time.perf_counter() - start
        yield gpt.Step(step + 1, value.item(), spent)


class Clock:
    """Seconds of the clock and of the processor while it runs."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def __enter__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        self.wall += time.perf_counter() - self.began[0]
        self.cpu += time.process_time() - self.began[1]


def follow(steps: Iterator[gpt.Step], clock: Clock, stop: Any = None) -> gpt.Step:
    """Run the steps with the clock on; stop(step), with the clock off, may end them. The last step."""
    last = gpt.Step(0, math.nan, 0.0)
    while True:
        with clock:
            step = next(steps, None)
        if step is None or (stop is not None and stop(step)):
            return step or last
        last = step


def until(target: float, seconds: float, tokens: Tensor, held_out: Tensor, V: int, previous: int) -> dict[str, Any]:
    """Budgets that double until the loss is at most `target` or the seconds are over."""
    clock, steps, done = Clock(), FIRST_STEPS, 0
    while True:
        config, batch = plan(min(seconds, steps / 4), V, previous)
        model = gpt.GPT(config)

        def near(step: gpt.Step, model: gpt.GPT = model, steps: int = steps) -> bool:
            if clock.wall > seconds:
                return True
            looks = step.number >= 0.9 * steps and step.number % max(1, steps // 20) == 0  # looking takes long
            return looks and gpt.evaluate(model, held_out, WINDOW) <= target

        last = follow(gpt.train(model, tokens, steps, batch=batch), clock, near)
        done += last.number
        reached = gpt.evaluate(model, held_out, WINDOW) <= target
        if reached or clock.wall > seconds:
            return {"model": model, "clock": clock, "steps": done, "batch": batch, "reached": reached}
        steps *= 2


def for_seconds(seconds: float, tokens: Tensor, V: int, previous: int) -> dict[str, Any]:
    """One run of so many seconds of the clock."""
    config, batch = plan(seconds, V, previous)
    model, clock = gpt.GPT(config), Clock()
    last = follow(gpt.train(model, tokens, seconds=seconds, batch=batch), clock)
    return {"model": model, "clock": clock, "steps": last.number, "batch": batch}


def report(model: nn.Module, T: int, run: dict[str, Any], held_out: Tensor) -> dict[str, Any]:
    """What result.json says of a trained model."""
    clock, tokens = run["clock"], run["steps"] * run["batch"] * T
    loss = gpt.evaluate(model, held_out, WINDOW)
    return {
        "seconds": clock.wall,
        "cpu_seconds": clock.cpu,
        "loss": loss,
        "loss_own_context": loss if T == WINDOW else gpt.evaluate(model, held_out, T),
        "bits_per_character": loss / math.log(2),
        "context": T,
        "steps": run["steps"],
        "tokens": tokens,
        "tokens_per_second": tokens / clock.wall,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", choices=("tiny-shakespeare", "code"), required=True)
    parser.add_argument("--seconds", type=float, help="of training, on the clock; with --until, at most so many")
    parser.add_argument("--until", type=float, metavar="LOSS", help="in nats a character, in windows of 64")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--previous", type=int, default=3, help="earlier characters added to each input; 0 for none")
    parser.add_argument("--plain-steps", type=int, default=PLAIN_STEPS, help="of the plain recipe; 0 leaves it out")
    parser.add_argument("--store", metavar="NAME", help=f"add the result to the runs called NAME in {STORED.name}")
    options = parser.parse_args(arguments)
    if options.seconds is None and options.until is None:
        parser.error("say how long: --seconds S, --until LOSS or both")

    torch.set_num_threads(int(os.environ.get("PRIMER_THREADS", "1")))
    torch.manual_seed(options.seed)
    tokens, held_out, encode = split(options.data)
    if options.until is None:
        run = for_seconds(options.seconds, tokens, len(encode), options.previous)
    else:
        limit = options.seconds or math.inf
        run = until(options.until, limit, tokens, held_out, len(encode), options.previous)
    model = run["model"]
    result = {"data": options.data, "seed": options.seed, "threads": torch.get_num_threads()}
    result |= report(model, model.config.T, run, held_out) | {"config": model.config.__dict__, "batch": run["batch"]}
    if options.until is not None:
        result |= {"until": options.until, "reached": run["reached"]}
    if options.plain_steps:
        plain, clock = PlainGPT(len(encode)), Clock()
        last = follow(train_plain(plain, tokens, options.plain_steps), clock)
        facts = {"clock": clock, "steps": last.number, "batch": 12}
        result["plain"] = report(plain, WINDOW, facts, held_out)
        result["times_faster"] = result["plain"]["seconds"] / result["seconds"]
        result["times_faster_cpu"] = result["plain"]["cpu_seconds"] / result["cpu_seconds"]
    result["versions"] = {"primer": primer.__version__, "torch": torch.__version__, "python": platform.python_version()}
    gpt.save(options.out, model, encode)
    (options.out / "result.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))
    if options.store:
        runs = json.loads(STORED.read_text()) if STORED.exists() else {}
        runs.setdefault(options.store, []).append(result)
        STORED.write_text(json.dumps(runs, indent=1) + "\n")
    return result


if __name__ == "__main__":
    main()
