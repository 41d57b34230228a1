"""Counting what a model makes up: against definitions, against sklearn and scipy, and with models that are known."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import entropy as scipy_entropy
from sklearn.metrics import roc_auc_score
from torch import nn

from primer.data import facts
from primer.metrics import hallucination as hal
from primer.metrics.prediction import wilson
from primer.models.gpt import GPT, Characters, Config


class Parrot(nn.Module):
    """A model that always goes on with the same text, from wherever the given mark last stood."""

    def __init__(self, encode, texts, T=96):
        super().__init__()
        self.encode, self.texts, self.config = encode, texts, SimpleNamespace(T=T)

    def forward(self, tokens, cache=None):
        if cache is not None:
            whole = tokens if cache.tokens is None else torch.cat([cache.tokens, tokens], 1)
            cache.tokens, cache.read = whole, whole.shape[1]
            return self.rows(whole)[:, -1:]
        return self.rows(tokens)

    def rows(self, tokens):
        logits = torch.full((*tokens.shape, len(self.encode)), -30.0)
        for b, row in enumerate(tokens):
            text = self.encode.decode(row)
            for t in range(len(text)):
                for start, rest in self.texts.items():
                    at = text.rfind(start, 0, t + 1)
                    done = t + 1 - at - len(start)
                    if at >= 0 and 0 <= done < len(rest) and text[at + len(start) : t + 1] == rest[:done]:
                        logits[b, t, self.encode.number[rest[done]]] = 0.0
        return logits


@pytest.fixture(scope="module")
def encode():
    return Characters()


def test_a_use_is_where_it_is_said_to_be():
    for part in ("train", "validation", "test"):
        calls = hal.calls(part)
        assert len(calls.uses) > 300
        for use in calls.uses:
            assert calls.text.startswith(f"{use.module}.{use.attribute}", use.start - len(use.module) - 1)
            assert use.module in hal.MODULES


def test_parts_share_no_file_and_most_uses_are_real():
    for part in ("train", "test"):
        uses = hal.calls(part).uses
        assert np.mean([hal.exists(*use[:2]) for use in uses]) > 0.95


def test_names_that_are_variables_are_left_out():
    from primer.metrics.hallucination import _plain_imports

    assert _plain_imports("import os, sys\nimport re as r\nos.x") == {"os", "sys"}
    assert _plain_imports("import os\ndef f(os): ...") == set()
    assert _plain_imports("import os\nfor os in x: ...") == set()
    assert _plain_imports("import os\nfrom a import os") == set()
    assert _plain_imports("import (") == set()


def test_kinds():
    seen = Counter({("os", "startfile_of_old"): 1, ("os", "getcwd"): 3})
    assert hal.kind("os", "getcwd", seen) == "real"
    assert hal.kind("urllib", "parse", seen) == "real"  # a submodule, whether imported or not
    assert hal.kind("os", "startfile_of_old", seen) == "copied"
    assert hal.kind("os", "getcwdir", seen) == "invented"
    assert hal.kind("os", "", seen) == "invented"


def test_completions_are_what_the_model_says_with_its_odds(encode):
    model = Parrot(encode, {"os.": "getcwd()" + "\n" * 9}, T=64)
    out = hal.complete(model, encode, ["x" * 40 + "y = os.", "z" * 40 + "q = os."], samples=3)
    assert out.names == [["getcwd"] * 3] * 2
    assert out.log_p == pytest.approx(np.zeros((2, 3)), abs=1e-6)
    assert out.least == pytest.approx(np.ones((2, 3)))


def test_log_p_is_that_of_the_letters_and_the_end(encode):
    torch.manual_seed(0)
    model = GPT(Config(V=len(encode), T=64, L=1, A=2, D=16))
    nn.init.normal_(model.head)
    out = hal.complete(model, encode, ["import os, sys; y = os."], samples=4, seed=1)
    for name, log_p, least in zip(out.names[0], out.log_p[0], out.least[0], strict=True):
        if len(name) > hal.NAME:
            continue
        text = "import os, sys; y = os." + name
        odds = model(encode(text)[None]).log_softmax(-1)[0]
        start = len(text) - len(name)
        inside = [odds[start - 1 + k, encode.number[c]].item() for k, c in enumerate(name)]
        letters = {c for c in encode.alphabet if (c.isalnum() and c.isascii()) or c == "_"}
        assert log_p <= sum(inside) + 1e-4 and math.exp(min([*inside, 0])) >= least - 1e-5
        best_end = max(odds[len(text) - 1, encode.number[c]].item() for c in encode.alphabet if c not in letters)
        assert log_p <= sum(inside) + best_end + 1e-4


def test_intervals_come_from_contexts_not_from_samples():
    wrong = np.repeat(np.random.default_rng(0).random(50) < 0.5, 20).reshape(50, 20)  # a context's samples are alike
    mean, interval = hal.rate(wrong)
    assert mean == pytest.approx(wrong.mean())
    width = interval.high - interval.low
    assert width == pytest.approx(4 * math.sqrt(mean * (1 - mean) / 50), rel=0.15)
    assert hal.rate(np.ones((5, 2))) == (1.0, wilson(5, 5))  # not 1 to 1
    assert hal.rate(np.full((5, 2), [0, 1])) == (0.5, (0.5, 0.5))


def test_auc_is_sklearns():
    rng = np.random.default_rng(0)
    score, wrong = rng.integers(0, 5, 40).astype(float), rng.random(40) < 0.4
    assert hal.auc(score, wrong) == pytest.approx(roc_auc_score(wrong, score))
    assert math.isnan(hal.auc(score, np.zeros(40, bool)))


def test_agreement_by_hand():
    assert hal.agreement([["a", "a", "b"]]).tolist() == [[0.5, 0.5, 0.0]]


def test_entropy_of_meanings_takes_two_phrasings_for_one():
    fact = facts.Fact("Ada Balbeck", "home", "Balaberg")
    said = [facts.parse(facts.sentence(fact, k)) for k in (0, 1, 0, 1)]
    assert hal.entropy(said) == 0
    assert hal.entropy([facts.sentence(fact, k) for k in (0, 1, 0, 1)]) == pytest.approx(math.log(2))
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 4, 30).tolist()
    assert hal.entropy(drawn) == pytest.approx(scipy_entropy(np.bincount(drawn)))


def test_coverage_by_hand():
    curve = hal.coverage(np.array([0.1, 0.9, 0.5]), np.array([True, True, False]))
    assert curve == pytest.approx(np.array([[1 / 3, 0], [2 / 3, 1 / 2], [1, 1 / 3]]))


@pytest.fixture(scope="module")
def place():
    return hal.town(np.random.default_rng(0), each=5, passers_by=20)


def test_a_town_mentions_each_as_often_as_it_says(place):
    lines = place.text.split("\n")
    stated = Counter(fact for line in lines if (fact := facts.parse(line)))
    for count in hal.COUNTS:
        assert [stated[fact] for fact in place.groups[count]] == [count] * 5
    for group, phrasing in (("forward", 0), ("reversed", 2)):
        for fact in place.groups[group]:
            assert lines.count(facts.sentence(fact, phrasing)) == stated[fact] == 16
    known = {fact.subject for group in place.groups.values() for fact in group}
    pairs = place.practice.split("\n")
    assert len(pairs) == 20
    for line in pairs:
        first, second = line.split(". ")
        assert facts.parse(first + ".") == facts.parse(second)
        assert facts.parse(second).subject not in known


def test_openings_are_asked_and_answers_parsed(place, encode):
    one, two = place.groups[1][:2]
    prompts = [hal.opening(one, 0), hal.opening(two, 1)]
    assert prompts[0] == f"{one.subject} lives in" and prompts[1] == f"The home of {two.subject} is"
    model = Parrot(encode, {prompts[0]: f" {one.object}.\n", prompts[1]: "\n\n"})
    answers = hal.ask(model, encode, prompts, samples=2)
    assert answers.facts == [[one, one], [None, None]]
    assert answers.right([one, two]).tolist() == [[True, True], [False, False]]
    assert answers.log_p[0] == pytest.approx([0, 0], abs=1e-6)


def test_what_stands_before_is_read_and_not_parsed(place, encode):
    one, two = place.groups[1][:2]
    told = facts.sentence(two, 1)
    prompt = hal.opening(one, 0)
    model = Parrot(encode, {f"{told} {prompt}": f" {two.object}.\n", prompt: f" {one.object}.\n"})
    model.texts = {f"{told} {prompt}": f" {two.object}.\n"}
    answer = hal.ask(model, encode, [prompt], before=[told]).facts[0][0]
    assert answer == facts.Fact(one.subject, "home", two.object)


def test_majority():
    assert hal.majority(["a", None, "b", "a"]) == ("a", 0.5)
    assert hal.majority([None, None]) == (None, 0.0)
