"""How often does a GPT make up calls and answers, and what tells (chapter 19)?

    python benchmarks/hallucination.py [--seconds 500]

trains small GPTs one after the other, keeps each and what was measured of it in `_build/hallucination`, stops at the
first piece of work that ends after `--seconds`, and goes on from there when called again. When nothing is left it
writes `src/primer/results/hallucination.json`, which the chapter draws.

Protocol. The text is every line of the standard library's training part that uses one of 59 modules; tokens are
characters. A GPT goes on after the 48 characters before a name: real contexts are 600 of the held-out files', swapped
ones are held-out contexts whose module is replaced by another. Every rate is a mean over contexts, with a 95 % interval
from resamples of the contexts (of the modules, where modules are compared). Intervals say nothing of other trainings;
three seeds of the same recipe are stored beside them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr

from primer.data import facts
from primer.metrics import hallucination as hal
from primer.models import gpt

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "_build" / "hallucination"
RESULT = ROOT / "src" / "primer" / "results" / "hallucination.json"
STEPS = 400
TEMPERATURES = (0.2, 0.5, 0.8, 1.0, 1.2, 1.5)
BINS = ((1, 3), (3, 10), (10, 30), (30, 100), (100, 300), (300, 10_000))
WORDINGS = ("return {}.", "x = {}.", "if {}.", "self.x = {}.", "print({}.", "for x in {}.", "except {}.", "raise {}.",
            "# see {}.", "lambda: {}.")
# name: layers, heads, width, steps, seed, share of the text
RUNS = {
    "seed 0": (2, 4, 128, STEPS, 0, 1.0),
    **{f"steps {steps}": (2, 4, 128, steps, 0, 1.0) for steps in (50, 100, 200)},
    **{f"size {L} x {D}": (L, 4, D, STEPS, 0, 1.0) for L, D in ((1, 32), (2, 64))},
    "tenth": (2, 4, 128, 600, 0, 0.1),
    "seed 1": (2, 4, 128, STEPS, 1, 1.0),
}


def number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def interval(found: tuple[float, Any]) -> list[float | None]:
    """Value, low, high."""
    return [number(found[0]), number(found[1].low), number(found[1].high)]


@cache
def held_out() -> list[tuple[str, hal.Use]]:
    """600 contexts of calls in files that no model has seen."""
    every = [*hal.calls("validation").contexts(), *hal.calls("test").contexts()]
    return [every[i] for i in np.random.default_rng(0).permutation(len(every))[:600]]


def swapped(rng: np.random.Generator, each: int = 8) -> list[tuple[str, str]]:
    """(context, module): held-out contexts with their module's name replaced, the same ones for every module."""
    contexts = held_out()
    chosen = [contexts[i] for i in rng.choice(len(contexts), each, replace=False)]
    return [((text[: -len(use.module) - 1] + module + ".")[-hal.CONTEXT :].rjust(hal.CONTEXT, "\n"), module)
            for module in hal.MODULES for text, use in chosen]


def kinds(completions: hal.Completions, modules: list[str], seen: Counter) -> np.ndarray:
    """(N, R) of "real", "copied", "invented"."""
    return np.array([[hal.kind(module, name, seen) for name in names]
                     for module, names in zip(modules, completions.names, strict=True)])


def three(found: np.ndarray) -> dict[str, list]:
    return {name: interval(hal.rate(found == name)) for name in ("real", "copied", "invented")}


def basic(model: gpt.GPT, encode: Any, text: str, real: list, swap: list, seen: Counter) -> dict[str, Any]:
    """Losses and rates at temperature 1."""
    frequency = Counter(use.module for use in hal.calls("train").uses)
    contexts = hal.complete(model, encode, [context for context, _ in real])
    found = kinds(contexts, [use.module for _, use in real], seen)
    elsewhere = hal.complete(model, encode, [context for context, _ in swap])
    modules = [module for _, module in swap]
    moved = kinds(elsewhere, modules, seen)
    n = np.array([frequency[module] for module in modules])
    by_bin = [[low, high, len(set(np.array(modules)[(n >= low) & (n < high)])),
               *interval(hal.rate(moved[(n >= low) & (n < high)] == "invented"))] for low, high in ((0, 1), *BINS)]
    of_module = {module: float((moved[np.array(modules) == module] == "invented").mean()) for module in hal.MODULES}
    pairs = np.array([(frequency[module], value) for module, value in of_module.items()])
    trend = hal.bootstrap(lambda rows: spearmanr(*pairs[rows].T).statistic, len(pairs), 300)
    sample = encode(text[: 30_000])
    return {"train loss": number(gpt.evaluate(model, sample, 64)),
            "held-out loss": number(gpt.evaluate(model, encode(hal.calls("validation").text), 64)),
            "parameters": sum(p.numel() for p in model.parameters()),
            "real": three(found), "swapped": three(moved), "bins": by_bin, "trend": interval(trend),
            "modules": {module: [frequency[module], number(value)] for module, value in of_module.items()}}


def detection(model: gpt.GPT, encode: Any, real: list, swap: list, seen: Counter) -> dict[str, Any]:
    """Areas under the curve of each detector, on completions in real and swapped contexts, and on what is real."""
    frequency = Counter(use.module for use in hal.calls("train").uses)
    rng = np.random.default_rng(0)
    asked = [(context, use.module) for context, use in (real[i] for i in rng.choice(len(real), 250, replace=False))]
    asked += [swap[i] for i in rng.choice(len(swap), 250, replace=False)]
    modules = [module for _, module in asked]
    out = hal.complete(model, encode, [context for context, _ in asked], samples=10)
    wrong = (kinds(out, modules, seen) == "invented")[:, 0]
    first = [names[0] for names in out.names]
    length = np.array([len(name) + 1 for name in first])
    scores = {
        "log p of the name": -out.log_p[:, 0],
        "log p a character": -out.log_p[:, 0] / length,
        "least odds": -out.least[:, 0],
        "agreement of 10": -hal.agreement(out.names)[:, 0],
        "frequency of the module": -np.array([frequency[module] for module in modules], float),
        "not seen with the module": np.array([not seen[pair] for pair in zip(modules, first, strict=True)], float),
    }
    areas = {name: interval(hal.bootstrap(lambda rows, s=s: hal.auc(s[rows], wrong[rows]), len(wrong), 300))
             for name, s in scores.items()}
    # calls that people wrote, in files that the model has not seen
    tokens = torch.stack([encode((context + hal.calls(part).text[use.start : use.start + hal.NAME + 1])
                                 .ljust(hal.CONTEXT + hal.NAME + 1, "\n"))
                          for part in ("validation", "test") for context, use in hal.calls(part).contexts()])
    names, each = hal.score(model, encode, tokens[:, : model.config.T], hal.CONTEXT, r"\w*", after=1)
    theirs = {"log p of the name": -each.sum(1), "log p a character": -each.sum(1) / [len(name) + 1 for name in names],
              "least odds": -np.exp(each.min(1))}
    flagged = {name: number((value >= np.quantile(scores[name][wrong], 0.2)).mean()) for name, value in theirs.items()}
    flagged["not seen with the module"] = number(np.mean([not seen[use[:2]] for _, use in real]))
    flagged["not in the module"] = number(np.mean([not hal.exists(*use[:2]) for _, use in real]))
    absent = Counter(f"{use.module}.{use.attribute}" for _, use in real if not hal.exists(*use[:2]))
    edges = np.quantile(np.exp(out.log_p[:, 0]), np.linspace(0, 1, 6))
    bins = np.clip(np.digitize(np.exp(out.log_p[:, 0]), edges[1:-1]), 0, 4)
    by_confidence = [[number(np.exp(out.log_p[:, 0])[bins == b].mean()), number(1 - wrong[bins == b].mean())]
                     for b in range(5)]
    examples = [[module, name, number(np.exp(p)), number(a)] for module, name, p, a, bad in zip(
        modules, first, out.log_p[:, 0], hal.agreement(out.names)[:, 0], wrong, strict=True) if bad]
    sure = np.exp(out.log_p[:, 0]) > 0.5
    return {"auc": areas, "wrong": number(wrong.mean()), "flagged": flagged, "absent": absent.most_common(6),
            "confidence": by_confidence, "sure": [int(sure.sum()), int((sure & wrong).sum())],
            "surest": sorted(examples, key=lambda row: -row[2])[:8]}


def calibrations(model: gpt.GPT, encode: Any, real: list, seen: Counter) -> dict[str, Any]:
    """Of a token, of an answer, and the theorem's: what was never seen with its module, here and in new files."""
    tokens = encode(hal.calls("validation").text)
    rows = tokens[: len(tokens) // 65 * 65].reshape(-1, 65)
    with torch.no_grad():
        p = model(rows[:, :-1]).softmax(-1).flatten(0, 1)
    top, right = p.max(-1).values.numpy(), (p.argmax(-1) == rows[:, 1:].flatten()).numpy()
    out = hal.complete(model, encode, [context for context, _ in real], samples=4)
    names = [(use.module, name) for (_, use), row in zip(real, out.names, strict=True) for name in row]
    exist = np.array([hal.exists(*pair) if pair[1] else False for pair in names])
    confidence = np.exp(out.log_p).ravel()
    uses = hal.calls("train").uses
    return {"token": [number(top.mean()), number(right.mean()), number(ece(top, right))],
            "answer": [number(confidence.mean()), number(exist.mean()), number(ece(confidence, exist))],
            "M": number(sum(n == 1 for n in seen.values()) / len(uses)),
            "unseen, in new files": number(np.mean([not seen[use[:2]] for _, use in real])),
            "unseen, in the model": number(np.mean([not seen[pair] for pair in names]))}


def ece(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    place = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gap = np.abs(np.bincount(place, confidence, bins) - np.bincount(place, right, bins))
    return float(gap.sum() / len(place))


def wordings(model: gpt.GPT, encode: Any, seen: Counter) -> dict[str, list]:
    """The same modules asked for in other words: after each wording, all modules, four lines before it."""
    contexts = held_out()
    rng = np.random.default_rng(1)
    before = [contexts[i][0].rpartition("\n")[0] for i in rng.choice(len(contexts), 4, replace=False)]
    frequency = Counter(use.module for use in hal.calls("train").uses)
    modules = [module for module in hal.MODULES if frequency[module] >= 30]
    found = {}
    for wording in WORDINGS:
        asked = [((text + "\n" + wording.format(module))[-hal.CONTEXT :].rjust(hal.CONTEXT, "\n"), module)
                 for module in modules for text in before]
        out = hal.complete(model, encode, [context for context, _ in asked], samples=4)
        wrong = kinds(out, [module for _, module in asked], seen) == "invented"
        found[wording] = interval(hal.rate(wrong.reshape(len(modules), -1)))
    return found


def train(name: str) -> tuple[gpt.GPT, gpt.Characters, str]:
    """The GPT of that name, trained now or before, its tokens and its text."""
    L, H, D, steps, seed, share = RUNS[name]
    encode, lines = gpt.Characters(), hal.calls("train").text.split("\n")
    kept = np.random.default_rng(0).random(len(lines)) < share
    text = "\n".join(line for line, keep in zip(lines, kept, strict=True) if keep)
    if (CACHE / name / "gpt.json").exists():
        return *gpt.load(CACHE / name), text
    torch.manual_seed(seed)
    model = gpt.GPT(gpt.Config(V=len(encode), T=hal.CONTEXT + hal.NAME, L=L, H=H, D=D))
    for step in gpt.train(model, encode(text), steps):
        if name == "tenth" and step.number in (50, 100, 200, 400):
            gpt.save(CACHE / f"tenth {step.number}", model, encode)
    gpt.save(CACHE / name, model, encode)
    return model, encode, text


def warmth(model: gpt.GPT, encode: Any, real: list, swap: list, seen: Counter) -> list:
    """Rates at each temperature."""
    rows = []
    for temperature in TEMPERATURES:
        row: list[Any] = [temperature]
        for asked in ([(context, use.module) for context, use in real], swap):
            made = hal.complete(model, encode, [context for context, _ in asked], temperature=temperature)
            row.append(interval(hal.rate(kinds(made, [module for _, module in asked], seen) == "invented")))
        rows.append(row)
    return rows


def overfitting(text: str, real: list, seen: Counter) -> list:
    """Of the model that saw a tenth: steps, losses on its text and held out, and the rate with its interval."""
    rows = []
    for steps in (50, 100, 200, 400, 600):
        model, encode = gpt.load(CACHE / ("tenth" if steps == 600 else f"tenth {steps}"))
        made = hal.complete(model, encode, [context for context, _ in real])
        losses = [number(gpt.evaluate(model, encode(part), 64)) for part in (text, hal.calls("validation").text)]
        rows.append([steps, *losses, *interval(hal.rate(kinds(made, [u.module for _, u in real], seen) == "invented"))])
    return rows


def pieces(name: str) -> dict[str, Any]:
    """What is measured of a GPT, as functions without arguments."""
    def with_model(function: Any, *more: Any) -> Any:
        model, encode, text = train(name)
        return function(model, encode, *([text] if function is basic else []), *more)

    seen, real, swap = hal.calls("train").seen(), held_out(), swapped(np.random.default_rng(0))
    found: dict[str, Any] = {"basic": lambda: with_model(basic, real, swap, seen) | {"steps": RUNS[name][3]}}
    if name == "seed 0":
        found |= {"temperature": lambda: with_model(warmth, real, swap, seen),
                  "detection": lambda: with_model(detection, real, swap, seen),
                  "calibrations": lambda: with_model(calibrations, real, seen),
                  "wordings": lambda: with_model(wordings, seen)}
    if name == "tenth":
        found["path"] = lambda: overfitting(train(name)[2], real, seen)
    return found


def people(seed: int) -> dict[str, Any]:
    """A GPT on sentences about people: rates by mentions, self-consistency, entropies, abstention, retrieval."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    place, encode = hal.town(rng), gpt.Characters()
    model = gpt.GPT(gpt.Config(V=len(encode), T=96))
    start = time.perf_counter()
    for _ in gpt.train(model, encode(place.text), 600):
        pass
    out: dict[str, Any] = {"seconds": number(time.perf_counter() - start), "characters": len(place.text), "groups": {}}
    for group, truth in place.groups.items():
        out["groups"][str(group)] = row = {}
        for phrasing in (0, 1):
            prompts = [hal.opening(fact, phrasing) for fact in truth]
            right = hal.ask(model, encode, prompts, samples=10).right(truth)
            row[f"phrasing {phrasing}"] = interval(hal.rate(~right))
            likeliest = hal.ask(model, encode, prompts, temperature=0.0).right(truth)
            row[f"likeliest {phrasing}"] = interval(hal.rate(~likeliest))
    everyone = [fact for count in hal.COUNTS for fact in place.groups[count]]
    by_phrasing = [hal.ask(model, encode, [hal.opening(fact, k) for fact in everyone], samples=10) for k in (0, 1)]
    one = by_phrasing[0].right(everyone)[:, 0]
    votes = [hal.majority([*a, *b]) for a, b in zip(by_phrasing[0].facts, by_phrasing[1].facts, strict=True)]
    voted = np.array([answer == fact for (answer, _), fact in zip(votes, everyone, strict=True)])
    meaning = np.array([hal.entropy([*a, *b]) for a, b in zip(by_phrasing[0].facts, by_phrasing[1].facts, strict=True)])
    strings = np.array([hal.entropy([(0, one) for one in a] + [(1, one) for one in b])
                        for a, b in zip(by_phrasing[0].facts, by_phrasing[1].facts, strict=True)])
    share = np.array([part for _, part in votes])
    detectors = {"log p of the answer": -by_phrasing[0].log_p[:, 0], "entropy of strings": strings,
                 "semantic entropy": meaning, "agreement": -share,
                 "mentions": -np.repeat(hal.COUNTS, len(place.groups[0])).astype(float)}
    out["one sample"] = interval(hal.rate(~one[:, None]))
    out["majority of 20"] = interval(hal.rate(~voted[:, None]))
    out["auc"] = {name: interval(hal.bootstrap(lambda rows, s=s: hal.auc(s[rows], ~voted[rows]), len(voted), 300))
                  for name, s in detectors.items()}
    curve = hal.coverage(share, voted)
    out["abstain"] = [[number(x), number(y)] for x, y in curve[:: max(1, len(curve) // 40)]]
    unknown, others = place.groups[0], place.groups[1]
    out["retrieval"] = {}
    for name, told in (("nothing", None), ("the fact", unknown), ("somebody else's fact", others)):
        before = None if told is None else [facts.sentence(fact, 1) for fact in told]
        answers = hal.ask(model, encode, [hal.opening(fact, 0) for fact in unknown], samples=4, before=before)
        out["retrieval"][name] = interval(hal.rate(~answers.right(unknown)))
        if told is others:
            copied = np.array([[one is not None and one.object == fact.object for one in row]
                               for row, fact in zip(answers.facts, others, strict=True)])
            out["retrieval"]["says somebody else's"] = interval(hal.rate(copied))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after the model that ends later")
    options = parser.parse_args()
    start = time.time()
    result: dict[str, Any] = {"python": sys.version.split()[0], "torch": torch.__version__}
    jobs = {(f"people {seed}", "basic"): lambda seed=seed: people(seed) for seed in range(2)}
    jobs |= {(name, piece): job for name in RUNS for piece, job in pieces(name).items()}
    CACHE.mkdir(parents=True, exist_ok=True)
    for (name, piece), job in sorted(jobs.items(), key=lambda item: "people" in item[0][0]):
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
