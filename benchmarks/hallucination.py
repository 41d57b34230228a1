"""How often does a GPT make up calls and answers, and what tells (chapter 19)?

    python benchmarks/hallucination.py [--seconds 500]

trains small GPTs one after the other on one thread, keeps each and what was measured of it in `_build/hallucination`,
stops at the first piece of work that ends after `--seconds`, and goes on from there when called again. When nothing is
left it writes `src/primer/results/hallucination.json`, which the chapter draws.

Protocol. The text is every line of the standard library's training part that uses one of 59 modules; tokens are
characters. A GPT goes on after the 48 characters before a name. Real contexts are 600 of the held-out files'. Swapped
ones are 8 held-out contexts in which each of the 59 modules takes the place of the one that stood there. Every rate has
a 95 % interval from resamples of the contexts, or of the modules where the same contexts serve for all of them.
Intervals say nothing of other trainings; three seeds of the same recipe are stored beside them. People are in
`benchmarks/people.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

sys.path.append(str(Path(__file__).parents[1]))  # so that it runs as a script, too

from benchmarks.people import ece, interval, number, people
from primer.metrics import hallucination as hal
from primer.models import gpt

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "_build" / "hallucination"
RESULT = ROOT / "src" / "primer" / "results" / "hallucination.json"
TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.2, 1.5)
BINS = ((0, 3), (3, 10), (10, 30), (30, 100), (100, 300), (300, 10_000))  # uses of a module in the training text
WORDINGS = ("return {}.", "x = {}.", "if {}.", "self.x = {}.", "print({}.", "for x in {}.", "except {}.", "raise {}.",
            "# see {}.", "lambda: {}.")
# name: layers, width, steps, seed, share of the text
RUNS = {
    **{f"seed {seed}": (2, 64, 400, seed, 1.0) for seed in range(3)},
    **{f"steps {steps}": (2, 64, steps, 0, 1.0) for steps in (100, 200, 800)},
    **{f"tenth, steps {steps}": (2, 64, steps, 0, 0.1) for steps in (50, 100, 200, 400, 800)},
    **{f"size {L} x {D}": (L, D, 400, 0, 1.0) for L, D in ((1, 32), (1, 64))},
}
SEEDS_OF_PEOPLE = 2

Asked = list[tuple[str, str]]  # (what stands before the name, module)


@cache
def held_out() -> list[tuple[str, hal.Use]]:
    """600 contexts of calls in files that no model has seen."""
    every = [*hal.calls("validation").contexts(), *hal.calls("test").contexts()]
    return [every[i] for i in np.random.default_rng(0).permutation(len(every))[:600]]


@cache
def uses() -> Counter[str]:
    """How often the training text uses each module."""
    return Counter(use.module for use in hal.calls("train").uses)


@cache
def seen() -> Counter[tuple[str, str]]:
    """How often the training text has each (module, attribute)."""
    return hal.calls("train").seen()


def real() -> Asked:
    return [(context, use.module) for context, use in held_out()]


def swapped(rng: np.random.Generator, each: int = 8) -> Asked:
    """Held-out contexts with their module's name replaced, the same `each` for every module, module by module."""
    contexts = held_out()
    chosen = [contexts[i] for i in rng.choice(len(contexts), each, replace=False)]
    return [((text[: -len(use.module) - 1] + module + ".")[-hal.CONTEXT :].rjust(hal.CONTEXT, "\n"), module)
            for module in hal.MODULES for text, use in chosen]


def kinds(made: hal.Completions, asked: Asked) -> np.ndarray:
    """(N, R) of "real", "copied", "invented"."""
    return np.array([[hal.kind(module, name, seen()) for name in names]
                     for (_, module), names in zip(asked, made.names, strict=True)])


def invented(model: gpt.GPT, encode: gpt.Characters, asked: Asked, **options: Any) -> np.ndarray:
    """(N, R): whether what the model wrote exists nowhere."""
    return kinds(hal.complete(model, encode, [text for text, _ in asked], **options), asked) == "invented"


def train(name: str) -> tuple[gpt.GPT, gpt.Characters, str]:
    """The GPT of that name, trained now or before, its tokens and its text."""
    L, D, steps, seed, share = RUNS[name]
    encode, lines = gpt.Characters(), hal.calls("train").text.split("\n")
    kept = np.random.default_rng(0).random(len(lines)) < share
    text = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep)
    if (CACHE / name / "gpt.json").exists():
        return gpt.load(CACHE / name)[0], encode, text
    torch.manual_seed(seed)
    model = gpt.GPT(gpt.Config(V=len(encode), T=hal.CONTEXT + hal.NAME, L=L, A=2, D=D))
    for _ in gpt.train(model, encode(text), steps):
        pass
    gpt.save(CACHE / name, model, encode)
    return model, encode, text


def basic(name: str) -> dict[str, Any]:
    """Losses in nats a character, and rates at temperature 1."""
    model, encode, text = train(name)
    asked, elsewhere = real(), swapped(np.random.default_rng(0))
    found = kinds(hal.complete(model, encode, [context for context, _ in asked]), asked)
    moved = kinds(hal.complete(model, encode, [context for context, _ in elsewhere]), elsewhere)
    moved = moved.reshape(len(hal.MODULES), -1)  # (modules, contexts)
    n, wrong = np.array([uses()[module] for module in hal.MODULES]), moved == "invented"
    bins = [[low, high, int(((n >= low) & (n < high)).sum()), *interval(hal.rate(wrong[(n >= low) & (n < high)]))]
            for low, high in BINS]
    share = wrong.mean(1)
    trend = hal.bootstrap(lambda rows: spearmanr(n[rows], share[rows]).statistic, len(n), 1000)  # nan if all are alike
    three = {what: {kind: interval(hal.rate(rows == kind)) for kind in ("real", "copied", "invented")}
             for what, rows in (("real", found), ("swapped", moved))}
    return {"steps": RUNS[name][2], "parameters": sum(p.numel() for p in model.parameters()),
            "train loss": number(gpt.evaluate(model, encode(text[:30_000]), 64)),
            "held-out loss": number(gpt.evaluate(model, encode(hal.calls("validation").text), 64)),
            **three, "bins": bins, "trend": interval(trend),
            "modules": {module: [int(a), number(b)] for module, a, b in zip(hal.MODULES, n, share, strict=True)}}


def temperature(name: str) -> list[list[Any]]:
    """[temperature, rate in real contexts, in swapped ones, in those with a module of fewer than 30 uses]."""
    model, encode, _ = train(name)
    elsewhere, rare = swapped(np.random.default_rng(0)), np.array([uses()[module] < 30 for module in hal.MODULES])
    rows = []
    for warmth in TEMPERATURES:
        theirs = invented(model, encode, real(), temperature=warmth)
        moved = invented(model, encode, elsewhere, temperature=warmth).reshape(len(hal.MODULES), -1)
        rows.append([warmth, *(interval(hal.rate(wrong)) for wrong in (theirs, moved, moved[rare]))])
    return rows


def detection(name: str) -> dict[str, Any]:
    """Areas under the curve of each detector in real and swapped contexts, and what it would flag of what is real."""
    model, encode, _ = train(name)
    rng = np.random.default_rng(0)
    elsewhere = swapped(rng)
    asked = real()[:300] + [elsewhere[i] for i in rng.choice(len(elsewhere), 300, replace=False)]
    out = hal.complete(model, encode, [context for context, _ in asked], samples=10)
    wrong = (kinds(out, asked) == "invented")[:, 0]
    pairs = [(module, names[0]) for (_, module), names in zip(asked, out.names, strict=True)]
    scores = {
        "log p of the name": -out.log_p[:, 0],
        "least odds of a letter": -out.least[:, 0],
        "agreement of 10": -hal.agreement(out.names)[:, 0],
        "frequency of the module": -np.array([float(uses()[module]) for module, _ in pairs]),
        "not seen with the module": np.array([float(not seen()[pair]) for pair in pairs]),
    }

    def area(score: np.ndarray, rows: slice) -> list[float | None]:
        score, bad = score[rows], wrong[rows]
        return interval(hal.bootstrap(lambda some: hal.auc(score[some], bad[some]), len(bad), 300))

    sure = np.exp(out.log_p[:, 0]) > 0.5
    surest = sorted(((number(p), ".".join(pair)) for pair, p, bad in
                     zip(pairs, np.exp(out.log_p[:, 0]), wrong, strict=True) if bad and pair[1]), reverse=True)[:6]
    return {"auc": {what: area(score, slice(None)) for what, score in scores.items()},
            "auc, real contexts": {what: area(score, slice(300)) for what, score in scores.items()},
            "wrong": interval(hal.rate(wrong[:, None])),
            "sure": [int(sure.sum()), *interval(hal.rate(wrong[sure][:, None]))],
            "surest": surest, "flagged": flagged(model, encode, scores, wrong)}


def flagged(model: gpt.GPT, encode: gpt.Characters, scores: dict[str, np.ndarray], wrong: np.ndarray) -> dict[str, Any]:
    """Of the held-out calls that people wrote: the share above the threshold that catches 80 % of the inventions."""
    tokens = torch.stack([encode((context + hal.calls(part).text[use.start : use.start + hal.NAME])
                                 .ljust(hal.CONTEXT + hal.NAME, "\n"))
                          for part in ("validation", "test") for context, use in hal.calls(part).contexts()])
    _, each = hal.score(model, encode, tokens, hal.CONTEXT, r"\w*", after=1)
    theirs = {"log p of the name": -each.sum(1), "least odds of a letter": -np.exp(each.min(1))}
    found = {what: interval(hal.rate((score >= np.quantile(scores[what][wrong], 0.2))[:, None]))
             for what, score in theirs.items()}
    calls = [use[:2] for _, use in held_out()]
    found["not seen with the module"] = interval(hal.rate(np.array([[not seen()[pair]] for pair in calls])))
    found["not in the module"] = interval(hal.rate(np.array([[not hal.exists(*pair)] for pair in calls])))
    absent = Counter(".".join(pair) for pair in calls if not hal.exists(*pair))
    return {"share": found, "absent": [name for name, _ in absent.most_common(6)]}


def calibrations(name: str) -> dict[str, Any]:
    """Of a token, of a name, and the theorem's: what was never seen with its module, here and in new files."""
    model, encode, _ = train(name)
    tokens = encode(hal.calls("validation").text)
    rows = tokens[: len(tokens) // 65 * 65].reshape(-1, 65)
    with torch.no_grad():
        p = model(rows[:, :-1]).softmax(-1).flatten(0, 1)
    top, right = p.max(-1).values.numpy(), (p.argmax(-1) == rows[:, 1:].flatten()).numpy()
    out = hal.complete(model, encode, [text for text, _ in real()], samples=4)
    pairs = [[(module, name) for name in names] for (_, module), names in zip(real(), out.names, strict=True)]
    exist = np.array([[bool(name) and hal.exists(module, name) for module, name in row] for row in pairs])
    p_name = np.exp(out.log_p)
    new = np.array([[not seen()[pair] for pair in row] for row in pairs])
    theirs = np.array([[not seen()[use[:2]]] for _, use in held_out()])
    return {"token": [number(top.mean()), number(right.mean()), number(ece(top, right))],
            "name": [number(p_name.mean()), number(exist.mean()), number(ece(p_name.ravel(), exist.ravel()))],
            "M": number(sum(n == 1 for n in seen().values()) / sum(seen().values())),
            "unseen, in new files": interval(hal.rate(theirs)), "unseen, in the model": interval(hal.rate(new))}


def wordings(name: str) -> dict[str, Any]:
    """The modules with 30 uses or more, asked for in other words: ten beginnings of a line after four texts.

    The most and the least inventive wording are chosen with two of the texts and compared with the other two.
    """
    model, encode, _ = train(name)
    rng = np.random.default_rng(1)
    before = [held_out()[i][0].rpartition("\n")[0] for i in rng.choice(600, 4, replace=False)]
    modules = [module for module in hal.MODULES if uses()[module] >= 30]
    wrong = []
    for wording in WORDINGS:
        asked = [((text + "\n" + wording.format(module))[-hal.CONTEXT :].rjust(hal.CONTEXT, "\n"), module)
                 for module in modules for text in before]
        wrong.append(invented(model, encode, asked, samples=4).reshape(len(modules), 4, 4))
    rates = {wording: interval(hal.rate(part.reshape(len(modules), -1)))
             for wording, part in zip(WORDINGS, wrong, strict=True)}
    to_choose = [part[:, :2].mean() for part in wrong]
    most, least = int(np.argmax(to_choose)), int(np.argmin(to_choose))
    apart = wrong[most][:, 2:].mean((1, 2)) - wrong[least][:, 2:].mean((1, 2))  # (modules,)
    difference = hal.bootstrap(lambda rows: float(apart[rows].mean()), len(modules))
    return {"rates": rates, "most": WORDINGS[most], "least": WORDINGS[least], "difference": interval(difference)}


def jobs() -> dict[tuple[str, str], Callable[[], Any]]:
    """What is measured, by (name, piece), in order."""
    found: dict[tuple[str, str], Callable[[], Any]] = {("seed 0", "basic"): partial(basic, "seed 0")}
    for measure in (temperature, detection, calibrations, wordings):
        found["seed 0", measure.__name__] = partial(measure, "seed 0")
    found["people 0", "basic"] = partial(people, 0, CACHE / "people 0")
    for name in RUNS:
        found[name, "basic"] = partial(basic, name)
    for seed in range(1, SEEDS_OF_PEOPLE):
        found[f"people {seed}", "basic"] = partial(people, seed, CACHE / f"people {seed}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after the piece that ends later")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.time()
    result: dict[str, Any] = {"python": sys.version.split()[0], "torch": torch.__version__}
    CACHE.mkdir(parents=True, exist_ok=True)
    for (name, piece), job in jobs().items():
        path = CACHE / f"{name}, {piece}.json"
        if not path.exists():
            if time.time() - start > options.seconds:
                print("time is up; call again to go on")
                return
            before = time.time()
            path.write_text(json.dumps(job()))
            print(f"{name}, {piece}: {time.time() - before:.0f} s", flush=True)
        found = json.loads(path.read_text())
        result.setdefault(name, {}).update(found if piece == "basic" else {piece: found})
    RESULT.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(f"{RESULT.name}: {RESULT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
