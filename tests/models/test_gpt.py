"""The GPT: against torch's own pieces and a plain reading, and what must hold of writing, training and files."""

import math

import pytest
import torch
import torch.nn.functional as F

from primer.models import gpt
from primer.models._muon import orthogonalise

SMALL = gpt.Config(V=11, T=12, L=2, A=2, D=16)


def awake(config=SMALL, seed=0):
    """A GPT whose outputs are not zero, as after some training."""
    torch.manual_seed(seed)
    model = gpt.GPT(config).eval()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model


def tokens(B, T, config=SMALL, seed=1):
    return torch.randint(config.V, (B, T), generator=torch.Generator().manual_seed(seed))


def plain(model, row):
    """Logits (T, V) of one row by loops and formulas, in double precision, with nothing of the package's."""
    c, C = model.config, model.config.D // model.config.A
    rms = lambda v: v / torch.sqrt((v * v).mean() + torch.finfo(torch.float32).eps)  # noqa: E731
    weights = {name: value.double() for name, value in model.state_dict().items()}

    def turned(v, position):
        out = v.clone()
        for i in range(0, C, 2):
            angle = torch.tensor(position * 10_000 ** (-i / C), dtype=torch.float64)
            out[i] = v[i] * angle.cos() - v[i + 1] * angle.sin()
            out[i + 1] = v[i] * angle.sin() + v[i + 1] * angle.cos()
        return out

    xs = []
    for t in range(len(row)):
        past = [row[t - n] if t >= n else c.V for n in range(c.previous + 1)]
        xs.append(rms(sum(weights["embedding"][n, token] for n, token in enumerate(past))))
    for layer in range(c.L):
        part = {name: weights[f"blocks.{layer}.{name}"] for name in ("qkv", "out", "up", "down")}
        heads = []
        for x in xs:
            q, k, v = (part["qkv"][i] @ rms(x) for i in range(3))
            heads.append([[z[h * C : h * C + C] for z in (q, k, v)] for h in range(c.A)])
        new = []
        for t, x in enumerate(xs):
            seen = []
            for h in range(c.A):
                q = turned(rms(heads[t][h][0]), t)
                scores = torch.stack([q @ turned(rms(heads[s][h][1]), s) / math.sqrt(C) for s in range(t + 1)])
                seen.append(sum(p * heads[s][h][2] for s, p in enumerate(scores.softmax(0))))
            x = x + part["out"] @ torch.cat(seen)
            new.append(x + part["down"] @ (part["up"] @ rms(x)).clamp(min=0) ** 2)
        xs = new
    return torch.stack([weights["head"] @ rms(x) for x in xs])


@pytest.mark.parametrize("previous", [0, 3])
def test_the_model_is_what_its_formulas_say(previous):
    model = awake(gpt.Config(V=11, T=12, L=2, A=2, D=16, previous=previous))
    row = tokens(1, 9)
    assert torch.allclose(model(row)[0].double(), plain(model, row[0].tolist()), atol=1e-4)


def test_norm_is_torchs_rms_norm_with_its_gradient():
    x = torch.randn(3, 5, 8, dtype=torch.float64, requires_grad=True)
    assert torch.allclose(gpt.norm(x), torch.nn.RMSNorm(8, elementwise_affine=False, dtype=torch.float64)(x))
    assert torch.autograd.gradcheck(gpt.norm, x)


def test_squared_relu_is_torchs_with_its_gradient():
    x = torch.tensor([-1.5, -0.2, 0.3, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.equal(gpt.squared_relu(x), F.relu(x).square())
    assert torch.autograd.gradcheck(gpt.squared_relu, x)


def test_it_begins_with_even_odds():
    model = gpt.GPT(SMALL)
    assert gpt.loss(model, tokens(4, 13)).item() == pytest.approx(math.log(SMALL.V), abs=1e-6)


def test_no_token_sees_a_later_one():
    model, rows = awake(), tokens(2, 12)
    other = rows.clone()
    other[:, 7:] = (other[:, 7:] + 1) % SMALL.V
    before, after = model(rows), model(other)
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_rotations_keep_lengths_and_know_distances_only():
    q, k = torch.randn(2, 1, 1, 1, 8, dtype=torch.float64)
    turns = gpt.rotations(0, 40, 8).to(torch.complex128)

    def score(i, j):
        return (gpt.rotate(q, turns[i : i + 1]) * gpt.rotate(k, turns[j : j + 1])).sum()

    assert torch.allclose(score(9, 4), score(30, 25), rtol=1e-5)
    assert not torch.allclose(score(9, 4), score(9, 5), rtol=1e-3)
    assert torch.allclose(gpt.rotate(q, turns[7:8]).norm(), q.norm())


@pytest.mark.parametrize("previous", [0, 3])
def test_the_cache_changes_nothing_until_the_window_slides(previous):
    model = awake(gpt.Config(V=11, T=12, L=2, A=2, D=16, previous=previous))
    rows = tokens(3, 12)
    for cut in (1, 2, 5):
        cache = gpt.Cache()
        parts = [model(rows[:, :cut], cache), model(rows[:, cut:7], cache)]
        parts += [model(rows[:, t : t + 1], cache) for t in range(7, 12)]
        assert torch.allclose(torch.cat(parts, dim=1), model(rows), atol=1e-5)
    assert cache.layers[0].shape == (2, 3, 2, 12, 8)
    model(rows[:, :1], cache)  # it slides: the oldest fall out, the memory stays as large
    assert cache.layers[0].shape == (2, 3, 2, 12, 8) and cache.read == 13


def test_the_cache_writes_the_same_tokens():
    model = awake()
    for options in ({"temperature": 0}, {"top_k": 4}, {"top_p": 0.8}, {"penalty": 1.5}):
        written = [
            gpt.generate(model, tokens(2, 3), 9, cache=cache, generator=torch.Generator().manual_seed(5), **options)
            for cache in (True, False)
        ]
        assert torch.equal(*written) and written[0].shape == (2, 12)
    assert gpt.generate(model, tokens(2, 30), 5).shape == (2, 35)  # a prompt longer than the window is cut


def test_odds_cut_where_they_say():
    logits = torch.log(torch.tensor([0.1, 0.5, 0.05, 0.35]))
    close = lambda p, q: torch.allclose(p, torch.tensor(q, dtype=torch.float32), atol=1e-6)  # noqa: E731
    assert close(gpt.odds(logits), [0.1, 0.5, 0.05, 0.35])
    assert close(gpt.odds(logits, top_k=2), [0, 0.5 / 0.85, 0, 0.35 / 0.85])
    assert close(gpt.odds(logits, top_p=0.84), [0, 0.5 / 0.85, 0, 0.35 / 0.85])
    assert close(gpt.odds(logits, top_p=0.86), [0.1 / 0.95, 0.5 / 0.95, 0, 0.35 / 0.95])
    assert close(gpt.odds(logits, top_k=3, top_p=0.5), [0, 1, 0, 0])
    assert close(gpt.odds(logits, temperature=0), [0, 1, 0, 0])
    squared = torch.tensor([0.01, 0.25, 0.0025, 0.1225])
    assert close(gpt.odds(logits, temperature=0.5), (squared / squared.sum()).tolist())


def test_written_tokens_stay_within_the_cut():
    model = awake()
    start = tokens(400, 2)
    likely = model(start)[:, -1].topk(3).indices
    drawn = gpt.generate(model, start, 1, top_k=3)[:, -1:]
    assert (drawn == likely).any(-1).all()
    assert {int(row.tolist().index(token)) for row, token in zip(likely, drawn, strict=True)} == {0, 1, 2}


def test_a_penalty_lowers_what_was_said():
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    assert gpt.less_repetition(logits, torch.tensor([[0, 1, 1]]), 2.0).tolist() == [[1.0, -2.0, 0.5]]


def test_orthogonalise_brings_singular_values_near_one():
    torch.manual_seed(0)
    for shape in ((16, 16), (3, 40, 16), (2, 16, 64)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape)))
        assert values.min() > 0.5 and values.max() < 1.3
    U, S, V = torch.linalg.svd(torch.randn(8, 8))
    O = orthogonalise(U @ torch.diag(S) @ V)
    assert (O * (U @ V)).sum() / (O.norm() * (U @ V).norm()) > 0.95  # the same directions


def test_muon_is_torchs_on_single_matrices():
    torch.manual_seed(0)
    start = [torch.randn(24, 16), torch.randn(16, 16), torch.randn(16, 40)]
    ours, theirs = ([torch.nn.Parameter(p.clone()) for p in start] for _ in range(2))
    mine = gpt.Muon(ours, lr=0.02, momentum=0.9)
    torchs = torch.optim.Muon(theirs, lr=0.02, momentum=0.9, weight_decay=0)
    for _ in range(3):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        mine.step()
        torchs.step()
    for a, b, p in zip(ours, theirs, start, strict=True):
        assert torch.allclose(a, b, atol=2e-3) and not torch.allclose(a, p, atol=1e-2)  # torch's computes in bfloat16


def test_a_stack_of_matrices_is_moved_matrix_by_matrix():
    torch.manual_seed(0)
    stack = torch.nn.Parameter(torch.randn(3, 8, 8))
    single = [torch.nn.Parameter(p.clone()) for p in stack.data]
    stack.grad = torch.randn(3, 8, 8)
    for p, g in zip(single, stack.grad, strict=True):
        p.grad = g.clone()
    gpt.Muon([stack]).step()
    gpt.Muon(single).step()
    assert torch.allclose(stack, torch.stack(single), atol=1e-5)


def test_training_learns_a_pattern_and_counts():
    torch.manual_seed(0)
    model = gpt.GPT(SMALL)
    steps = list(gpt.train(model, torch.arange(11).repeat(40), 200, batch=8))
    assert [step.number for step in steps] == list(range(1, 201))
    assert steps[0].loss == pytest.approx(math.log(11), abs=1e-5) and steps[-1].loss < 0.05
    assert gpt.generate(model, torch.tensor([[3, 4, 5]]), 6, temperature=0).tolist() == [[3, 4, 5, 6, 7, 8, 9, 10, 0]]
    assert not model.training


def test_the_rate_warms_up_stays_and_falls():
    assert [gpt.rate(x) for x in (0.01, 0.02, 0.2)] == [0.5, 1, 1]
    assert gpt.rate(0.6) == pytest.approx(0.5) and gpt.rate(1.0) == 0


def test_evaluation_predicts_each_token_once():
    model, row = awake(), tokens(1, 31)[0]
    total = 0.0
    for start in range(0, 30, 7):
        part = row[start : start + 8]
        logits = model(part[None, :-1])[0]
        total += F.cross_entropy(logits, part[1:], reduction="sum").item()
    assert gpt.evaluate(model, row, 7) == pytest.approx(total / 30, rel=1e-5)
    assert gpt.evaluate(model, row[:8], 7) == pytest.approx(gpt.evaluate(model, row[:8], 12), rel=1e-5)


@pytest.mark.parametrize("kind", ["characters", "pairs"])
def test_a_model_comes_back_from_its_folder(kind, tmp_path):
    if kind == "pairs":
        pytest.importorskip("tokenizers")
    encode = gpt.Characters() if kind == "characters" else gpt.Pairs.learn("the cat sat on the mat " * 9, 270)
    model = awake(gpt.Config(V=len(encode), T=12, L=1, A=2, D=16))
    gpt.save(tmp_path / "new" / "folder", model, encode)
    again, codec = gpt.load(tmp_path / "new" / "folder")
    text = "the cat\n"
    assert codec.decode(codec(text)) == text and torch.equal(codec(text), encode(text))
    assert torch.equal(again(codec(text)[None]), model(encode(text)[None]))
    assert {path.suffix for path in (tmp_path / "new" / "folder").iterdir()} == {".json", ".safetensors"}
    with pytest.raises(ValueError, match="holds no model"):
        gpt.load(tmp_path)


def test_characters_know_a_stranger():
    encode = gpt.Characters()
    assert len(encode) == gpt.Config().V == 97
    assert encode.decode(encode("a\té~\n")) == "a\ufffd\ufffd~\n"
    with pytest.raises(ValueError, match="'z' is not in"):
        gpt.Characters("abc")("az")


def test_pairs_shorten_and_give_every_text_back():
    pytest.importorskip("tokenizers")
    encode = gpt.Pairs.learn("import os\nimport sys\n" * 20, 280)
    text = "import os, sýs\n\tß"
    assert encode.decode(encode(text)) == text
    assert len(encode) <= 280 and len(encode("import sys\n")) < 6
    assert encode("import").max() >= 256


def test_wrong_arguments_say_what_to_do():
    with pytest.raises(ValueError, match="multiple of 2 A"):
        gpt.Config(D=12, A=4)
    with pytest.raises(ValueError, match="1 to 12 tokens"):
        awake()(tokens(1, 13))
    with pytest.raises(ValueError, match="top_p above 0"):
        gpt.odds(torch.zeros(3), top_p=0)
    for options in ({}, {"steps": 3, "seconds": 1.0}):
        with pytest.raises(ValueError, match="either a number of steps or"):
            next(gpt.train(awake(), tokens(1, 50)[0], **options))
    with pytest.raises(ValueError, match="at least 14 tokens"):
        next(gpt.train(awake(), tokens(1, 13)[0], 3))
    cache, model = gpt.Cache(), awake()
    model(tokens(1, 12), cache)
    with pytest.raises(ValueError, match="one token at a time"):
        model(tokens(1, 2), cache)
