"""Measures over seeds the numbers that a chapter announces with `expect`, and the ranges that follow.

    python tools/ranges.py 02             run chapter 02 over ten seeds, store every value, print the ranges
    python tools/ranges.py 02 --fresh     run it over ten other seeds; fails if one number leaves its range

Values are stored in benchmarks/ranges/NN.json. A range in the text is the mean ± 5 standard deviations, or an
inequality that decides a claim; tests/tools/test_ranges.py holds the text to what is stored. Runs are on the CPU.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "benchmarks" / "ranges"
FRESH = 100  # the first of the fresh seeds
TIMEOUT = 600  # seconds for a cell


@dataclass(frozen=True)
class Range:
    """What the values over the seeds suggest. low, high: mean ± 5 sd, rounded outwards to the place of the sd."""

    mean: float
    sd: float
    low: float
    high: float


def chapters() -> list[Path]:
    """The chapters, in order. Exercises and appendices announce no numbers."""
    found = (ROOT / "book").glob("*/[0-9][0-9]-*.md")
    return sorted((path for path in found if path.parent.name not in ("exercises", "appendices")), key=lambda p: p.name)


def chapter(number: str) -> Path:
    """The chapter with this number, "02". ValueError if there is none."""
    for path in chapters():
        if path.name.startswith(f"{number}-"):
            return path
    known = ", ".join(path.name[:2] for path in chapters())
    raise ValueError(f"There is no chapter {number!r}: choose one of {known}.")


def stored_at(path: Path) -> Path:
    """The file with the values of a chapter."""
    return STORE / f"{path.name[:2]}.json"


def suggest(values: list[float]) -> Range:
    """The range that values over seeds suggest.

    Without any spread between the seeds: an integer itself; for another number half a unit of its third significant
    digit to either side, rounded outwards to such units, so that another machine's last bits do no harm.
    """
    mean, sd = statistics.fmean(values), statistics.pstdev(values) if len(values) < 2 else statistics.stdev(values)
    if sd <= 1e-9 * max(1e-3, abs(mean)):
        if mean == 0 or float(mean).is_integer():
            return Range(mean, 0.0, mean, mean)
        step = 10.0 ** (math.floor(math.log10(abs(mean))) - 2)
        return Range(mean, 0.0, *_outwards(mean - step / 2, mean + step / 2, step))
    return Range(mean, sd, *_outwards(mean - 5 * sd, mean + 5 * sd, 10.0 ** math.floor(math.log10(sd))))


def _outwards(low: float, high: float, step: float) -> tuple[float, float]:
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return round(math.floor(low / step + 1e-9) * step, decimals), round(math.ceil(high / step - 1e-9) * step, decimals)


def run(path: Path, seed: int) -> list[dict[str, Any]]:
    """Execute a chapter with a seed; what `expect` recorded: name, value, low, high, unit. RuntimeError if it fails."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.from_dict(jupytext.read(path))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "expect.jsonl"
        env = {key: value for key, value in os.environ.items() if not key.startswith("PRIMER_")}
        env |= {"PRIMER_SEED": str(seed), "PRIMER_EXPECT_LOG": str(log), "CUDA_VISIBLE_DEVICES": ""}
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=TIMEOUT,
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--log-level=ERROR"],
        )
        try:
            client.execute(env=env)
        except CellExecutionError as error:
            raise RuntimeError(f"{path.name} fails with seed {seed}: {error.ename}: {error.evalue}") from None
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [json.loads(line) for line in lines]


def run_all(path: Path, seeds: list[int], jobs: int) -> list[list[dict[str, Any]]]:
    """`run` for each seed, `jobs` at a time, with a line of progress for each."""

    def timed(seed: int) -> list[dict[str, Any]]:
        start = time.perf_counter()
        entries = run(path, seed)
        print(f"  seed {seed}: {len(entries)} numbers, {time.perf_counter() - start:.0f} s", flush=True)
        return entries

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(timed, seeds))


def store(path: Path, seeds: list[int], runs: list[list[dict[str, Any]]]) -> dict[str, list[float]]:
    """Write the values of all seeds by name, whole or not at all. ValueError if the seeds differ in their names."""
    names = [entry["name"] for entry in runs[0]]
    for seed, entries in zip(seeds, runs, strict=True):
        if [entry["name"] for entry in entries] != names or len(set(names)) < len(names):
            raise ValueError(f"{path.name}: with seed {seed} other names are announced, or one twice.")
    values = {name: [entries[i]["value"] for entries in runs] for i, name in enumerate(names)}
    STORE.mkdir(parents=True, exist_ok=True)
    python = "{}.{}".format(*sys.version_info)
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in values.items())
    head = json.dumps({"chapter": path.stem, "python": python, "seeds": seeds})
    partial = stored_at(path).with_suffix(".partial")
    partial.write_text(f'{head[:-1]}, "values": {{\n{rows}\n}}}}\n', encoding="utf-8")  # a line for each name
    partial.replace(stored_at(path))
    return values


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="tools/ranges.py", description="Measure a chapter's numbers over seeds.")
    parser.add_argument("chapter", metavar="NN", help="the chapter's number, such as 02")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds, 10 or more (10)")
    parser.add_argument("--fresh", action="store_true", help=f"seeds from {FRESH} on: store nothing, check the ranges")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="runs side by side (1)")
    options = parser.parse_args(arguments)
    if options.seeds < 10:
        parser.error("a range needs at least ten seeds")
    try:
        path = chapter(options.chapter)
        first = FRESH if options.fresh else 0
        seeds = list(range(first, first + options.seeds))
        print(f"{path.name} over seeds {seeds[0]} to {seeds[-1]}")
        runs = run_all(path, seeds, options.jobs)
        return check(seeds, runs) if options.fresh else show(store(path, seeds, runs))
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def show(values: dict[str, list[float]]) -> int:
    """Print mean, standard deviation, extremes and suggested range of each name."""
    width = max(map(len, values), default=0)
    for name, row in values.items():
        r = suggest(row)
        print(
            f"{name:{width}}  mean {r.mean:<10.4g} sd {r.sd:<10.2g} "
            f"from {min(row):.4g} to {max(row):.4g}  suggested {r.low!r}, {r.high!r}"
        )
    return 0


def check(seeds: list[int], runs: list[list[dict[str, Any]]]) -> int:
    """Print each number outside its range; the exit status, 1 if there is one."""
    from primer.core import Expectation

    failures = 0
    for seed, entries in zip(seeds, runs, strict=True):
        for entry in (Expectation(**fields) for fields in entries):
            if not entry.met:
                failures += 1
                print(f"seed {seed}: {entry.name} is {entry.number}, expected {entry.range}")
    total = sum(map(len, runs))
    print(f"{total - failures} of {total} numbers within their ranges")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
