import numpy as np
import pytest
import torch

from primer import data
from primer.metrics import conditional_accuracy, features
from primer.models import judging


@pytest.mark.parametrize(("name", "least"), [("digits", 0.97), ("glyphs", 0.98)])
def test_stored_judges_know_test_images(name, least):
    dataset = getattr(data, name)()
    assert conditional_accuracy(judging.judge(name), dataset.images("test"), dataset.test.y) > least


@pytest.mark.parametrize("name", ["digits", "glyphs"])
def test_features_are_standardised(name):
    seen = features(judging.judge(name), getattr(data, name)().images("train"))
    assert seen.shape[1] == 32
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(seen.std(axis=0), 1, atol=0.05)


@pytest.mark.parametrize("name", judging.SHAPES)
def test_shapes_and_rest(name):
    side, classes = judging.SHAPES[name]
    model = judging.judge(name)
    x = torch.rand(3, 1, side, side)
    assert model(x).shape == (3, classes) and model.features(x).shape == (3, 32)
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    assert torch.equal(model(x)[:1], model(x[:1])) or torch.allclose(model(x)[:1], model(x[:1]), atol=1e-4)


def test_the_weights_are_small():
    from importlib.resources import files

    folder = files("primer").joinpath("results")
    assert sum(len(folder.joinpath(f"judge-{name}.safetensors").read_bytes()) for name in judging.SHAPES) < 300_000


def test_wrong_names_and_wrong_weights(monkeypatch):
    with pytest.raises(ValueError, match="choose one of digits, glyphs, mnist"):
        judging.judge("cifar")
    judging.judge.cache_clear()
    monkeypatch.setitem(judging.SHA256, "digits", "0" * 64)
    with pytest.raises(RuntimeError, match="wrong checksum"):
        judging.judge("digits")


def test_a_judge_of_ones_own():
    digits = data.digits()
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    one = judging.train_judge(digits, seed=1, steps=300)
    assert torch.equal(torch.random.get_rng_state(), state)
    again, other = judging.train_judge(digits, seed=1, steps=300), judging.train_judge(digits, seed=2, steps=300)
    x = torch.from_numpy(digits.images("test"))[:, None]
    assert torch.equal(one(x), again(x)) and not torch.allclose(one(x), other(x), atol=0.1)
    assert conditional_accuracy(one, digits.images("test"), digits.test.y) > 0.75
    seen = features(one, digits.images("train"))
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-3)


def test_moving_keeps_the_ink_that_stays_inside():
    x = torch.zeros(2, 1, 8, 8)
    x[..., 3:5, 3:5] = 1
    for seed in range(20):
        moved = judging._moved(x, 2, np.random.default_rng(seed))
        assert moved.shape == x.shape and moved.sum() == x.sum()
    assert torch.equal(judging._moved(x, 0, np.random.default_rng(0)), x)
