"""A GPT that has read of invented people is asked for their homes (chapter 19); benchmarks/hallucination.py runs it.

The text mentions 216 people's homes, 24 of them each 0 to 32 times, and is read READINGS times. Between its lines a
GPT practises on 16,000 passers-by, two statements of the same fact in each line, so that it learns to say again what
stands before. Rates are over the questions of a group, with a 95 % interval from resamples of the questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from primer.data import facts
from primer.data.facts import Fact
from primer.metrics import hallucination as hal
from primer.models import gpt

READINGS, STEPS = 4, 2000
Model = tuple[gpt.GPT, gpt.Characters]


def number(value: float) -> float | None:
    """Four decimals; None for nan, which JSON has not."""
    return None if np.isnan(value) else round(float(value), 4)


def interval(found: tuple[float, Any]) -> list[float | None]:
    """Value, low, high."""
    return [number(found[0]), number(found[1].low), number(found[1].high)]


def ece(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width: (N,) each."""
    place = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gap = np.abs(np.bincount(place, confidence, bins) - np.bincount(place, right, bins))
    return float(gap.sum() / len(place))


def openings(group: Sequence[Fact], phrasing: int) -> list[str]:
    return [hal.opening(fact, phrasing) for fact in group]


def by_mentions(model: Model, place: hal.Town) -> dict[str, Any]:
    """Of each group, asked in both phrasings: the rate of wrong answers at temperature 1, and of the likeliest."""
    found: dict[str, Any] = {}
    for group, truth in place.groups.items():
        row = found[str(group)] = {}
        for phrasing in (0, 1):
            asked = openings(truth, phrasing)
            row[f"phrasing {phrasing}"] = interval(hal.rate(~hal.ask(*model, asked, samples=10).right(truth)))
            row[f"likeliest {phrasing}"] = interval(hal.rate(~hal.ask(*model, asked, temperature=0.0).right(truth)))
    return found


def doubts(model: Model, place: hal.Town) -> dict[str, Any]:
    """Self-consistency, detectors of a wrong majority, abstention and calibration, over all who are asked about."""
    truth = [fact for count in hal.COUNTS for fact in place.groups[count]]
    # seeds of their own, or a model that guesses makes the same guesses in both phrasings
    a, b = (hal.ask(*model, openings(truth, phrasing), samples=10, seed=phrasing) for phrasing in (0, 1))
    likeliest = hal.ask(*model, openings(truth, 0), temperature=0.0).right(truth)
    votes = [hal.majority([*x, *y]) for x, y in zip(a.facts, b.facts, strict=True)]
    wrong = np.array([answer != fact for (answer, _), fact in zip(votes, truth, strict=True)])
    share = np.array([part for _, part in votes])
    # what is no sentence means nothing, and agrees with nothing
    said = [[(phrasing, one or object()) for phrasing, row in enumerate(rows) for one in row]
            for rows in zip(a.facts, b.facts, strict=True)]
    detectors = {
        "log p of the answer": -a.log_p[:, 0],
        "entropy of strings": np.array([hal.entropy(row) for row in said]),
        "semantic entropy": np.array([hal.entropy(one for _, one in row) for row in said]),
        "agreement of 20": -share,
        "mentions": -np.repeat(hal.COUNTS, len(place.groups[0])).astype(float),
    }

    def area(name: str, rows: np.ndarray) -> float:
        return hal.auc(detectors[name][rows], wrong[rows])

    areas = {name: interval(hal.bootstrap(partial(area, name), len(wrong), 300)) for name in detectors}
    gain = hal.bootstrap(lambda rows: area("semantic entropy", rows) - area("entropy of strings", rows), len(wrong))
    curve, p, right = hal.coverage(share, ~wrong), np.exp(a.log_p), a.right(truth)
    return {"one sample": interval(hal.rate(~right)), "likeliest": interval(hal.rate(~likeliest)),
            "majority of 20": interval(hal.rate(wrong[:, None])), "auc": areas,
            "semantic minus strings": interval(gain),
            "abstain": [[number(x), number(y)] for x, y in curve[3::4]],
            "answer": [number(p.mean()), number(right.mean()), number(ece(p.ravel(), right.ravel()))]}


def retrieval(model: Model, place: hal.Town) -> dict[str, Any]:
    """Of people never mentioned and of those mentioned 32 times: wrong answers with a text before the question.

    The text states, in the other phrasing, nothing, the fact asked for, or somebody else's home; for the last also how
    often that is the answer.
    """
    others, found = place.groups[1], dict[str, Any]()
    for group in (0, 32):
        truth = place.groups[group]
        asked = openings(truth, 0)
        row = found[str(group)] = {}
        for name, told in (("nothing", None), ("the fact", truth), ("somebody else's", others)):
            before = None if told is None else [facts.sentence(fact, 1) for fact in told]
            answers = hal.ask(*model, asked, samples=10, before=before)
            row[name] = interval(hal.rate(~answers.right(truth)))
            if told is others:
                taken = [Fact(fact.subject, "home", other.object) for fact, other in zip(truth, others, strict=True)]
                row["takes somebody else's"] = interval(hal.rate(answers.right(taken)))
    return found


def people(seed: int, folder: Path) -> dict[str, Any]:
    """Train one GPT, or take the one that `folder` keeps, and ask it everything."""
    torch.manual_seed(seed)
    place, encode = hal.town(np.random.default_rng(seed)), gpt.Characters()
    model = gpt.GPT(gpt.Config(V=len(encode), T=96, A=2, D=64))
    if (folder / "gpt.json").exists():
        model = gpt.load(folder)[0]
    else:
        for _ in gpt.train(model, encode("\n".join([place.text] * READINGS + [place.practice])), STEPS):
            pass
        gpt.save(folder, model, encode)
    asked = (model, encode), place
    return {"groups": by_mentions(*asked), **doubts(*asked), "retrieval": retrieval(*asked)}
