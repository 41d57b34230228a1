"""The transformer and the LSTM of chapter 14 on dates and sorting, equal in parameters and seconds; their clocks.

    python -m benchmarks.attention match [--runs 3]   accuracy in and beyond trained lengths, four minutes
    python -m benchmarks.attention clock              CPU seconds of one layer by length

The transformer gets a fixed number of steps. The LSTM, with as many parameters, gets as many as take the same time,
by the speed of both in turn. Each chooses one of two learning rates by exact match on pairs drawn for that purpose.
Seconds are CPU seconds of one thread. What is found is written to `src/primer/results/attention.json` for the chapter.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from primer.models import attention as tasks
from primer.models.attention import Pairs, Recurrent
from primer.models.transformer import Config, Layer, Transformer

RESULT = Path(__file__).parents[1] / "src" / "primer" / "results" / "attention.json"
RATES = (6e-3, 1e-2)
LENGTHS = (16, 32, 64, 128, 256, 512, 1024)  # of the clock
Draw = Callable[[np.random.Generator, int], Pairs]


def sizes(characters: tasks.Characters) -> dict[str, Callable[[], nn.Module]]:
    """Both models for an alphabet, with about equally many parameters (a test holds them to 5 %)."""
    config = Config(characters.V, D=48, M=192)
    return {"transformer": lambda: Transformer(config), "lstm": lambda: Recurrent(characters.V, D=48, M=68)}


def dates(k: int) -> Draw:
    """Days that nobody trained on, with k spaces before them."""
    return lambda rng, n: [(" " * k + source, target) for source, target in tasks.dates(rng, n, held_out=True)]


def rows(length: int) -> Draw:
    """Rows of so many digits, to be sorted."""
    return lambda rng, n: tasks.sorting(rng, n, length, length)


TASKS: dict[str, dict[str, Any]] = {
    "dates": {
        "characters": tasks.DATE_CHARACTERS,
        "draw": tasks.dates,
        "steps": 750,
        "choose": lambda rng, n: tasks.dates(rng, n),  # days of the training nine tenths, drawn anew
        "tests": {str(k): dates(k) for k in (0, 2, 4, 8)},
    },
    "sorting": {
        "characters": tasks.DIGIT_CHARACTERS,
        "draw": lambda rng, n: tasks.sorting(rng, n, 1, 10),
        "steps": 600,
        "choose": lambda rng, n: tasks.sorting(rng, n, 1, 12),
        "tests": {str(k): rows(k) for k in (2, 4, 6, 8, 10, 11, 12, 14, 16, 20)},
    },
}


def trained(
    task: dict[str, Any], make: Callable[[], nn.Module], steps: int, rate: float, seed: int
) -> tuple[Any, float]:
    """A trained model and its CPU seconds."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = make()
    start = time.process_time()
    tasks.train(model, task["characters"], lambda n: task["draw"](rng, n), steps, lr=rate)
    return model, time.process_time() - start


def pace(task: dict[str, Any], models: dict[str, Callable[[], nn.Module]], rounds: int = 3) -> float:
    """How many steps of the LSTM take as long as one of the transformer: a median over rounds in turn."""
    ratios = []
    for _ in range(rounds):
        spent = {name: trained(task, make, 30, 1e-3, 0)[1] for name, make in models.items()}
        ratios.append(spent["transformer"] / spent["lstm"])
    return statistics.median(ratios)


def compete(task: dict[str, Any], runs: int, test_size: int = 1000, scale: float = 1.0) -> dict[str, Any]:
    """For each model its rate and, over runs, what it matches exactly in every test."""
    models, characters = sizes(task["characters"]), task["characters"]
    steps = {"transformer": max(1, int(scale * task["steps"]))}
    steps["lstm"] = max(1, round(steps["transformer"] * pace(task, models)))
    result: dict[str, Any] = {}
    for name, make in models.items():
        score = {}
        for rate in RATES:
            model, _ = trained(task, make, steps[name], rate, seed=100)
            drawn = task["choose"](np.random.default_rng(100), 3 * test_size)
            score[rate] = tasks.exact_match(model, characters, drawn)
        rate = max(score, key=lambda rate: score[rate])
        runs_found = []
        for seed in range(runs):
            model, seconds = trained(task, make, steps[name], rate, seed)
            rng = np.random.default_rng(200 + seed)
            match = {
                key: tasks.exact_match(model, characters, draw(rng, test_size)) for key, draw in task["tests"].items()
            }
            runs_found.append({"seed": seed, "seconds": round(seconds, 2), "match": match})
            print(name, runs_found[-1], flush=True)
        found = {"parameters": tasks.parameters(make()), "steps": steps[name], "rate": rate}
        result[name] = found | {"choice": list(score.values()), "runs": runs_found}
    return result


def clock(lengths: tuple[int, ...] = LENGTHS, B: int = 8, D: int = 64, repeats: int = 5) -> dict[str, list[float]]:
    """CPU milliseconds forwards and back, by length: an LSTM, and a layer of as many weights, the course's and torch's.

    In turn, the median over repeats, one thread. torch's layer never stores the whole table of weights.
    """
    lstm, layer = nn.LSTM(D, D, batch_first=True), Layer(D, 4, 2 * D)
    fused = nn.TransformerEncoderLayer(D, 4, 2 * D, dropout=0.0, batch_first=True, norm_first=True)
    calls = {"lstm": lambda x: lstm(x)[0], "transformer": layer, "fused": fused}
    found: dict[str, list[float]] = {name: [] for name in calls}
    for T in lengths:
        spent: dict[str, list[float]] = {name: [] for name in calls}
        for repeat in range(repeats + 1):  # the first one warms up
            for name, call in calls.items():
                x = torch.randn(B, T, D, requires_grad=True)
                start = time.process_time()
                call(x).sum().backward()
                if repeat:
                    spent[name].append(1000 * (time.process_time() - start))
        for name, times in spent.items():
            found[name].append(round(statistics.median(times), 3))
        print(T, {name: row[-1] for name, row in found.items()}, flush=True)
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A transformer beside an LSTM.")
    parser.add_argument("what", choices=("match", "clock"))
    parser.add_argument("--runs", type=int, default=3, help="seeds for each model and task (3)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    if options.what == "match":
        result |= {name: compete(task, options.runs) for name, task in TASKS.items()}
    else:
        result["clock"] = {"lengths": LENGTHS, "batch": 8, "width": 64, "milliseconds": clock()}
    result["versions"] = {"torch": torch.__version__, "python": platform.python_version(), "threads": 1}
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
