"""Who invents how much: four kinds of model in small worlds with more and more rare facts (chapter 20).

    python benchmarks/invention.py [--seconds 500]

works through the worlds (a share of rare facts and a seed), keeps each in `_build/invention`, stops at the first world
that ends after `--seconds`, and goes on from there when called again. When nothing is left it writes
`src/primer/results/invention.json`, which the chapter draws.

Protocol. Worlds of 60 x 60 x 1,000 factoids with 30,000 rare and 200 common facts; 10,000 mentions to learn from and
3,000 more to stop by, all drawn independently. The mixture's memory is the one of 20 weights that makes the 3,000
likeliest. The network is trained once for 40 epochs: "early" is the epoch at which the 3,000 were likeliest, "late" the
last. Every rate is a sum over all factoids, so a world has no error of sampling the model; worlds differ by seed.
"""

import argparse
import json
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch

from primer.models import invention as inv

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "_build" / "invention"
RESULT = ROOT / "src" / "primer" / "results" / "invention.json"
SHARES = (0.02, 0.1, 0.25, 0.5, 0.75, 1.0)
SEEDS = (0, 1, 2)
MENTIONS, HELD_OUT, EPOCHS = 10_000, 3_000, 40


def measure(g: np.ndarray, p: np.ndarray, counts: np.ndarray) -> dict[str, float]:
    """Rate of invention, its parts, and miscalibration with exact levels, 10 and 100 bins."""
    numbers = {
        "rate": inv.hallucination(g, p),
        "unseen": inv.unseen(g, counts),
        "levels": inv.miscalibration(g, p),
        "bins10": inv.miscalibration(g, p, 10),
        "bins100": inv.miscalibration(g, p, 100),
    }
    return {name: round(value, 5) for name, value in numbers.items()}


def run(share: float, seed: int) -> dict[str, Any]:
    """One world: what all models do in it."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    place = inv.world(share, rng)
    mentions, held_out = place.draw(MENTIONS, rng), place.draw(HELD_OUT, rng)
    p, counts = place.p, inv.count(mentions, place.p.shape)
    memory, blend = inv.best_mixture(counts, held_out)
    models = {
        "memoriser": measure(inv.memoriser(counts), p, counts),
        "Good-Turing": measure(inv.good_turing(counts), p, counts),
        "mixture": measure(blend, p, counts) | {"memory": round(memory, 2)},
    }
    net, early, least = inv.TinyModel(), (0, {}), np.inf
    for epoch in inv.train(net, mentions, EPOCHS):
        with torch.no_grad():
            loss = net.loss(torch.as_tensor(held_out)).item()
        if loss < least:
            least, early = loss, (epoch, deepcopy(net.state_dict()))
    models["late"] = measure(net.joint(), p, counts) | {"epoch": EPOCHS}
    net.load_state_dict(early[1])
    models["early"] = measure(net.joint(), p, counts) | {"epoch": early[0]}
    return {
        "share": share,
        "seed": seed,
        "monofacts": inv.monofacts(counts),
        "unseen": round(inv.unseen(p, counts), 5),
        "models": models,
    }


def main() -> None:
    """Run what is missing, then write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=500)
    seconds = parser.parse_args().seconds
    start = time.time()
    torch.set_num_threads(1)
    CACHE.mkdir(parents=True, exist_ok=True)
    worlds = [(share, seed) for share in SHARES for seed in SEEDS]
    for share, seed in worlds:
        file = CACHE / f"{share}-{seed}.json"
        if file.exists():
            continue
        if time.time() - start > seconds:
            print("Stopped; call again to go on.")
            return
        file.write_text(json.dumps(run(share, seed)))
        print(f"share {share}, seed {seed}: {time.time() - start:.0f} s", flush=True)
    rows = [json.loads((CACHE / f"{share}-{seed}.json").read_text()) for share, seed in worlds]
    note = {"mentions": MENTIONS, "held_out": HELD_OUT, "epochs": EPOCHS, "facts": 30_200, "factoids": 3_600_000}
    RESULT.write_text(json.dumps({"protocol": note, "worlds": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
