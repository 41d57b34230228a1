"""A race of image models: the course's recipe beside a plain public one, same data, same seconds, same size.

    PRIMER_DATA=... python benchmarks/images.py --model vae --data mnist --seconds 60 --samples 2000 --out DIR

trains both on the training part, draws labels as often as the data has them and a picture for each, and writes

- DIR/samples.npz: `images` (N, side, side) float32 in [0, 1] and `labels` (N,) of the course's model;
- DIR/plain.npz: the same of the public recipe;
- DIR/result.json: seconds of training, parameters, steps, likelihood where there is one, all metrics, seconds for
  1,000 samples, of the course's model at the top and of the public one under "plain"; both controls; versions.

Each file is there whole or not at all, result.json last. Seconds are CPU seconds of this process on one thread, spent
in training alone; seconds on the wall stand beside them. The judge is a second classifier (`image_judge.py`), trained
on first use and kept in `_build/`. `benchmarks/images_table.py` makes the book's table from several results.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import sys
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
from threadpoolctl import threadpool_limits

sys.path.append(str(Path(__file__).parents[1]))  # so that it runs as a script, too

from benchmarks import course_images, plain_images
from benchmarks.image_judge import second_judge
from benchmarks.image_race import Clock, Trained, load, task_of
from primer import metrics
from primer.data import Dataset

MODELS, DATA = ("vae", "gan", "diffusion"), ("digits", "glyphs", "mnist")
LEAST = 100  # samples; fewer say nothing


class Parser(argparse.ArgumentParser):
    """Errors in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SystemExit(f"{self.prog}: {message}")


@torch.no_grad()
def drawn(model: Trained, labels: torch.Tensor) -> tuple[np.ndarray, Clock]:
    """Pictures (N, side, side) float32 for the labels (N,), and what drawing them took."""
    with Clock() as clock:
        images = model.sample(labels)
    return images.clamp(0, 1).numpy().astype(np.float32), clock


def run(model: str, data: str, seconds: float, samples: int, seed: int, out: Path) -> dict[str, Any]:
    """Both recipes once: train, draw, judge and write; what is written to result.json."""
    dataset = load(data)
    judge, weights = second_judge(dataset)
    task = task_of(dataset)
    rng = np.random.default_rng([seed, 600])
    labels = dataset.train.y[rng.choice(len(dataset.train.y), samples, replace=samples > len(dataset.train.y))]
    found = {}
    for recipe, file in (("course", "samples.npz"), ("plain", "plain.npz")):
        torch.manual_seed(seed)
        with Clock() as training:
            if recipe == "course":
                made = getattr(course_images, model)(task, seconds)
                size = made.size or made.parameters
            else:
                made = getattr(plain_images, model)(task, seconds, size)
        images, drawing = drawn(made, torch.from_numpy(labels))
        write(out / file, images=images, labels=labels)
        report = metrics.judge_samples(images, labels, dataset, judge, np.random.default_rng([seed, 601]))
        found[recipe] = {
            "training_seconds": round(training.cpu, 2),
            "training_wall_seconds": round(training.wall, 2),
            "parameters": made.parameters,
            "steps": made.steps,
            "likelihood": likelihood(made, dataset),
            "seconds_per_1000_samples": round(drawing.cpu / samples * 1000, 4),
            **report.as_dict(),
        }
        print(f"{recipe}: {made.steps} steps in {training.cpu:.1f} s\n{report.table(recipe)}", flush=True)
    controls = metrics.controls(dataset, judge, np.random.default_rng([seed, 602]), samples)
    print(metrics.samples.table(controls))
    result = {
        "model": model,
        "data": data,
        "seconds": seconds,
        "samples": samples,
        "seed": seed,
        "threads": 1,
        **found["course"],
        "plain": found["plain"],
        "controls": {name: report.as_dict() for name, report in controls.items()},
        "judge": {"weights_sha256": weights, "frechet_size": min(1000, min(samples, len(dataset.test)) // 2)},
        "versions": {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()},
    }
    write(out / "result.json", result=result)
    return result


@torch.no_grad()
def likelihood(made: Trained, dataset: Dataset) -> dict[str, float] | None:
    """On the test part, rounded; None where the model has none."""
    if made.likelihood is None:
        return None
    test = torch.from_numpy(dataset.images("test")), torch.from_numpy(dataset.test.y)
    return {name: round(value, 4) for name, value in made.likelihood(*test).items()}


def write(path: Path, **content: Any) -> None:
    """All or nothing: arrays as .npz, or one `result` as .json."""
    part = path.with_name(path.name + ".part")
    if path.suffix == ".json":
        part.write_text(json.dumps(content["result"], indent=1) + "\n")
    else:
        with part.open("wb") as file:
            np.savez_compressed(file, **content)
    os.replace(part, path)


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The command line, checked; SystemExit with one sentence."""
    parser = Parser(prog="images.py", description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, choices=MODELS)
    parser.add_argument("--data", required=True, choices=DATA)
    parser.add_argument("--seconds", type=float, default=60, help="CPU seconds of each training (60)")
    parser.add_argument("--samples", type=int, default=2000, help="pictures to draw and judge (2000)")
    parser.add_argument("--seed", type=int, default=0, help="of training and drawing (0)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results, made if it is not there")
    chosen = parser.parse_args(arguments)
    if not (math.isfinite(chosen.seconds) and chosen.seconds > 0):
        parser.error(f"--seconds must be a number above 0, not {chosen.seconds}.")
    if chosen.samples < LEAST:
        parser.error(f"--samples must be at least {LEAST}, or the metrics say nothing, not {chosen.samples}.")
    if chosen.seed < 0:
        parser.error(f"--seed must be 0 or more, not {chosen.seed}.")
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out {chosen.out} cannot be made a folder ({error.strerror}): name another.")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    chosen = options(arguments)
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            run(chosen.model, chosen.data, chosen.seconds, chosen.samples, chosen.seed, chosen.out)
    except (OSError, ValueError, FloatingPointError) as error:
        raise SystemExit(f"images.py: {error}") from None


if __name__ == "__main__":
    main()
