"""The race of image models: its clock, sizes, public recipes, second judge, files and errors."""

import json
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from benchmarks import course_images, image_judge, image_race, images, plain_images
from primer.data import Dataset, Part
from primer.metrics import conditional_accuracy


def toy(side, classes=2, n=600):
    """Pictures of one bright row each, at a height that is the class."""
    rng = np.random.default_rng(0)

    def part(size):
        y = rng.integers(classes, size=size)
        x = rng.integers(0, 60, (size, side, side)).astype(np.uint8)
        x[np.arange(size), 2 + 3 * y] = 230
        return Part(x, y.astype(np.int64))

    return Dataset("digits" if side == 8 else "mnist", part(n), part(200), part(300))


@pytest.fixture
def toys(monkeypatch, tmp_path):
    """Small data and a judge of few steps in the place of the real ones."""
    sets = {"digits": toy(8), "mnist": toy(28)}
    monkeypatch.setattr(images, "load", sets.__getitem__)
    monkeypatch.setattr(image_judge, "FOLDER", tmp_path / "judges")
    monkeypatch.setattr(image_judge, "STEPS", {name: 40 for name in sets})
    return sets


METRICS = [
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


@pytest.mark.parametrize(("model", "data"), [(m, d) for m in images.MODELS for d in ("digits", "mnist")])
def test_a_race_writes_what_it_promises(toys, tmp_path, model, data, capsys):
    out = tmp_path / "new" / "folder"
    images.main(["--model", model, "--data", data, "--seconds", "0.3", "--samples", "120", "--out", str(out)])
    result = json.loads((out / "result.json").read_text())
    assert (result["model"], result["data"], result["samples"], result["threads"]) == (model, data, 120, 1)
    for recipe in (result, result["plain"]):
        assert all(math.isfinite(recipe[name]) for name in METRICS)
        assert recipe["parameters"] > 0 and recipe["steps"] >= 1 and recipe["seconds_per_1000_samples"] > 0
        assert 0 < recipe["training_seconds"] < 10 and recipe["training_wall_seconds"] > 0
    assert set(result["controls"]) == {"memoriser", "class-dropper"}
    assert result["controls"]["memoriser"]["nearest"] == 0
    assert (result["likelihood"] is not None) == (model == "vae") and result["plain"]["likelihood"] is None
    assert set(result["versions"]) == {"torch", "numpy", "python"}
    for name in ("samples.npz", "plain.npz"):
        with np.load(out / name) as file:
            x, y = file["images"], file["labels"]
        assert x.dtype == np.float32 and x.shape == (120, *toys[data].test.x.shape[1:]) and y.shape == (120,)
        assert x.min() >= 0 and x.max() <= 1 and set(y) <= {0, 1}
    assert not list(out.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--model gan --data digits", "--out"),
        ("--model resnet --data digits --out x", "invalid choice: 'resnet'"),
        ("--model gan --data faces --out x", "invalid choice: 'faces'"),
        ("--model gan --data digits --seconds 0 --out x", "--seconds must be a number above 0, not 0"),
        ("--model gan --data digits --seconds nan --out x", "--seconds must be a number above 0, not nan"),
        ("--model gan --data digits --seconds ten --out x", "invalid float value: 'ten'"),
        ("--model gan --data digits --samples 3 --out x", "--samples must be at least 100"),
        ("--model gan --data digits --seed -1 --out x", "--seed must be 0 or more"),
        ("--model gan --data digits --out FILE", "cannot be made a folder"),
    ],
)
def test_a_wrong_command_gets_one_sentence(arguments, words, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as error:
        images.main(arguments.replace("FILE", str(tmp_path / "file")).split())
    assert words in str(error.value) and "\n" not in str(error.value)


def test_data_that_cannot_be_had_gets_one_sentence(monkeypatch, tmp_path):
    def absent(name):
        raise ConnectionError(f"{name} could not be fetched.")

    monkeypatch.setattr(images, "load", absent)
    with pytest.raises(SystemExit, match=r"images.py: mnist could not be fetched\.$"):
        images.main(["--model", "vae", "--data", "mnist", "--out", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "result.json"
    images.write(path, result={"a": 1})
    with pytest.raises(TypeError):
        images.write(path, result={"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


def test_the_clock_counts_only_what_is_inside():
    with image_race.Clock() as clock:
        torch.randn(300, 300) @ torch.randn(300, 300)
    inside = clock.cpu, clock.wall
    torch.randn(500, 500) @ torch.randn(500, 500)
    assert (clock.cpu, clock.wall) == inside and clock.cpu > 0
    with clock:
        pass
    assert clock.cpu >= inside[0] and clock.wall > inside[1]


def test_steps_fill_the_seconds(monkeypatch):
    """With a clock that moves by 10 ms a step, the steps of all runs together come near to the seconds."""
    now = [0.0]
    monkeypatch.setattr(image_race.time, "process_time", lambda: now[0])

    def step():
        now[0] += 0.01

    def train(steps):
        for _ in range(steps):
            step()
        return "model"

    assert image_race.repeat(step, 2.0) in (200, 201)
    begun = now[0]
    assert image_race.fill(train, 20.0)[0] == "model"
    assert 19 < now[0] - begun <= 20


def test_widths_follow_parameters():
    def make(width):
        return (torch.nn.Linear(10, width),)

    assert image_race.sized(make, 11 * 37, range(1, 100)) == 37
    task = image_race.task_of(toy(28))
    assert task.classes == 2 and task.side == 28 and task.x.max() <= 1
    size = image_race.count(plain_images.ExampleVAE(784, 400, 20, 2))
    assert plain_images.vae(task, 0.0, size).parameters == size  # the example's 784-400-20 comes out
    for recipe in (plain_images.gan, plain_images.diffusion):
        assert abs(math.log(recipe(task, 0.0, 150_000).parameters / 150_000)) < 0.25


def test_the_vae_is_the_examples_arithmetic():
    """Loss by hand: cross-entropy plus KL, on numbers that are known."""
    torch.manual_seed(0)
    model, label = plain_images.ExampleVAE(6, 5, 2, 3), F.one_hot(torch.tensor([0, 2]), 3).float()
    p, mu, log_var = model(torch.rand(2, 6), label)
    assert p.shape == (2, 6) and mu.shape == log_var.shape == (2, 2) and p.min() > 0 and p.max() < 1
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(mu, (log_var / 2).exp()), normal(0.0, 1.0)).sum()
    assert (-0.5 * torch.sum(1 + log_var - mu.pow(2) - log_var.exp())).item() == pytest.approx(kl.item(), rel=1e-4)
    assert not torch.allclose(model.decode(mu, label), model.decode(mu, label.flip(0)))  # the label matters


def test_drawing_by_ddim_needs_a_perfect_denoiser_only():
    """Where all data are one picture the best denoiser is known, and any number of steps gives that picture."""
    kept = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
    assert kept[-1] < 1e-4
    picture = torch.linspace(-1, 1, 64).reshape(1, 1, 8, 8)

    def perfect(x, t, y):
        a = kept[t][:, None, None, None]
        return (x - a.sqrt() * picture) / (1 - a).sqrt()

    for steps in (3, 20):
        drawn = plain_images.ddim(perfect, kept, 8, torch.zeros(2, dtype=torch.long), steps)
        assert torch.allclose(drawn, (picture[0].expand(2, 8, 8) + 1) / 2, atol=1e-3)


def test_the_average_forgets_its_start():
    average = torch.tensor(0.0)
    for n in range(1, 200):
        average = plain_images.warmed_up(average, torch.tensor(1.0), n)
    assert average > 0.99


def test_every_picture_is_moved_by_itself():
    torch.manual_seed(0)
    x = torch.zeros(40, 1, 8, 8)
    x[:, :, 4, 4] = 1
    y = image_judge.moved(x, 2)
    places = {tuple(place.tolist()) for place in y[:, 0].nonzero()[:, 1:]}
    assert y.shape == x.shape and y.sum() == 40 and len(places) > 10
    assert all(abs(a - 4) <= 2 and abs(b - 4) <= 2 for a, b in places)
    assert torch.equal(image_judge.moved(x, 0), x)


def test_the_second_judge_is_trained_once(toys):
    data = toys["digits"]
    state = torch.random.get_rng_state()
    judge, weights = image_judge.second_judge(data)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert conditional_accuracy(judge, data.images("test"), data.test.y) > 0.95
    features = judge.features(torch.from_numpy(data.images("train"))[:, None])
    assert torch.allclose(features.mean(0), torch.zeros(32), atol=1e-3) and features.var() == pytest.approx(1, abs=0.05)
    (path,) = image_judge.FOLDER.iterdir()
    before = path.stat().st_mtime_ns
    assert image_judge.second_judge(data)[1] == weights and path.stat().st_mtime_ns == before


def test_means_over_parts_are_means_over_pictures():
    def found(x, y):
        return {"mean": x.mean().item()}

    x = torch.rand(1100, 3)
    assert course_images.in_parts(found, x, torch.zeros(1100))["mean"] == pytest.approx(x.mean().item(), rel=1e-5)


def test_small_pictures_are_varied_a_little():
    torch.manual_seed(0)
    task = image_race.task_of(toy(8))
    x, y = course_images.varied(task, copies=3)
    assert x.shape == (1800, 8, 8) and torch.equal(y, task.y.repeat(3))
    levels = x * (task.levels - 1)
    assert x.min() >= 0 and x.max() <= 1 and torch.allclose(levels, levels.round(), atol=1e-3)
    change = (x - task.x.repeat(3, 1, 1)).abs().mean((1, 2))
    assert change.min() > 0 and change.max() < 0.2  # every one, and none beyond knowing
    assert torch.equal(course_images.varied(image_race.task_of(toy(28)))[0], image_race.task_of(toy(28)).x)
