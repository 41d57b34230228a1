"""Gathers several results of `benchmarks/images.py` into the file from which the book's table is made.

    python benchmarks/images_table.py DIR

reads every DIR/*/result.json and the samples beside it, and writes `src/primer/results/images.json`: for each model
and data set medians over the runs with the least and the largest value, of both recipes and of the controls; in how
many runs each of the tests below was passed; and a few pictures of the first run, the first of each class.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import zlib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))  # so that it runs as a script, too

from benchmarks.image_race import load
from benchmarks.images import DATA, MODELS, write

RESULT = Path(__file__).parents[1] / "src" / "primer" / "results" / "images.json"
NUMBERS = [
    "training_seconds",
    "training_wall_seconds",
    "parameters",
    "steps",
    "seconds_per_1000_samples",
    "excess",
    "excess_low",
    "excess_high",
    "floor",
    "precision",
    "recall",
    "accuracy",
    "judge_accuracy",
    "nearest",
    "nearest_test",
]
SHOWN = 10  # classes of which a picture is kept
Result = dict[str, Any]


def spread(values: list[float]) -> list[float]:
    """Median, least and largest, to five significant digits."""
    return [float(f"{value:.5g}") for value in (statistics.median(values), min(values), max(values))]


def gathered(results: list[Result], names: tuple[str, ...] | list[str] = NUMBERS) -> dict[str, list[float]]:
    """The spread of every number that the results have."""
    return {name: spread([result[name] for result in results]) for name in names if name in results[0]}


def verdicts(result: Result) -> dict[str, bool]:
    """What one run says of the course's model."""
    dropper = result["controls"]["class-dropper"]
    below = result["excess_high"] < dropper["excess_low"]
    return {
        "accuracy at least the judge's minus 0.03": result["accuracy"] >= result["judge_accuracy"] - 0.03,
        "excess's interval contains 0 or lies below the class-dropper's": below
        or result["excess_low"] <= 0 <= result["excess_high"]
        or result["excess_high"] < 0,
        "nearest at least 0.9 of the test set's": result["nearest"] >= 0.9 * result["nearest_test"],
        "excess below the public recipe's": result["excess"] < result["plain"]["excess"],
    }


def pair(results: list[Result]) -> Result:
    """All runs of one model on one data set."""
    passed = [verdicts(result) for result in results]
    likelihoods = [result["likelihood"] for result in results]
    return {
        "runs": len(results),
        "seeds": sorted(result["seed"] for result in results),
        "course": gathered(results),
        "likelihood": gathered(likelihoods, list(likelihoods[0])) if likelihoods[0] else None,
        "plain": gathered([result["plain"] for result in results]),
        "controls": {
            name: gathered([result["controls"][name] for result in results]) for name in results[0]["controls"]
        },
        "times_floor": spread([result["excess"] / result["floor"] for result in results]),
        "passed": {name: sum(verdict[name] for verdict in passed) for name in passed[0]},
    }


def packed(images: np.ndarray, labels: np.ndarray) -> str:
    """The first picture of each of the first classes, uint8, compressed, as text."""
    rows = [int(np.flatnonzero(labels == label)[0]) for label in range(SHOWN)]
    content = (images[rows] * 255).round().astype(np.uint8).tobytes()
    return base64.b64encode(zlib.compress(content, 9)).decode()


def pictures(folders: list[Path], data: str) -> dict[str, str]:
    """Of one data set, by name: real test pictures, and those of the first run of every recipe."""
    dataset = load(data)
    found = {"real": packed(dataset.images("test"), dataset.test.y)}
    for folder in folders:
        result = json.loads((folder / "result.json").read_text())
        for name, file in ((result["model"], "samples.npz"), (f"{result['model']} plain", "plain.npz")):
            with np.load(folder / file) as samples:
                found[name] = packed(samples["images"], samples["labels"])
    return found


def summary(folder: Path) -> Result:
    """What is written. ValueError if the runs are not of one kind."""
    runs: dict[tuple[str, str], list[tuple[Path, Result]]] = defaultdict(list)
    for path in sorted(folder.glob("*/result.json")):
        result = json.loads(path.read_text())
        runs[result["model"], result["data"]].append((path.parent, result))
    everything = [result for several in runs.values() for _, result in several]
    if not everything:
        raise ValueError(f"There is no result.json in the folders of {folder}: run benchmarks/images.py first.")
    shared = {name: {json.dumps(result[name]) for result in everything} for name in ("seconds", "samples", "versions")}
    for name, values in shared.items():
        if len(values) > 1:
            raise ValueError(f"The results differ in {name} ({' and '.join(sorted(values))}): gather runs of one kind.")
    for several in runs.values():
        several.sort(key=lambda run: run[1]["seed"])
    return {
        **{name: json.loads(values.pop()) for name, values in shared.items()},
        "threads": 1,
        "judges": {result["data"]: result["judge"] for result in everything},
        "pairs": {
            f"{model} {data}": pair([result for _, result in runs[model, data]])
            for data in DATA
            for model in MODELS
            if (model, data) in runs
        },
        "pictures": {
            data: pictures([runs[model, data][0][0] for model in MODELS if (model, data) in runs], data)
            for data in DATA
            if any((model, data) in runs for model in MODELS)
        },
    }


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder whose folders hold result.json")
    try:
        write(RESULT, result=summary(parser.parse_args(arguments).folder))
    except (ValueError, OSError) as error:
        raise SystemExit(f"images_table.py: {error}") from None
    print(f"{RESULT.name}: {RESULT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
