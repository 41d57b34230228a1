"""The table of the race: medians, what counts as passed, pictures, and that what is stored is what the tests expect."""

import base64
import json
import zlib

import numpy as np
import pytest

from benchmarks import images_table as bench
from benchmarks.images import DATA, MODELS
from primer.data import Dataset, Part

CONTROL = {"excess": 8.0, "excess_low": 7.0, "excess_high": 9.0, "floor": 1.0, "accuracy": 1.0, "nearest": 1.0}


def result(seed=0, excess=2.0, **changed):
    """A result as benchmarks/images.py writes it."""
    recipe = dict.fromkeys(bench.NUMBERS, 1.0) | {"excess": excess, "excess_low": excess - 1, "excess_high": excess + 1}
    return {
        **recipe,
        "model": "vae",
        "data": "digits",
        "seconds": 60.0,
        "samples": 2000,
        "seed": seed,
        "likelihood": {"elbo": -100.0 - seed},
        "plain": recipe | {"excess": 5.0},
        "controls": {"memoriser": CONTROL, "class-dropper": CONTROL},
        "judge": {"weights_sha256": "abc"},
        "versions": {"torch": "2"},
    } | changed


def test_medians_and_ranges():
    found = bench.pair([result(0, 1.0), result(1, 4.0), result(2, 2.0)])
    assert found["course"]["excess"] == [2.0, 1.0, 4.0] and found["plain"]["excess"] == [5.0, 5.0, 5.0]
    assert found["likelihood"]["elbo"] == [-101.0, -102.0, -100.0]
    assert found["times_floor"] == [2.0, 1.0, 4.0] and found["seeds"] == [0, 1, 2] and found["runs"] == 3


@pytest.mark.parametrize(
    ("changed", "passed"),
    [
        ({}, [True, True, True, True]),
        ({"accuracy": 0.96}, [False, True, True, True]),
        ({"accuracy": 0.975}, [True, True, True, True]),
        ({"excess": 6.0, "excess_low": 5.0, "excess_high": 7.5}, [True, False, True, False]),
        ({"excess": 6.0, "excess_low": -0.1, "excess_high": 7.5}, [True, True, True, False]),
        ({"excess": -2.0, "excess_low": -3.0, "excess_high": -1.0}, [True, True, True, True]),
        ({"nearest": 0.85}, [True, True, False, True]),
    ],
)
def test_what_counts_as_passed(changed, passed):
    assert list(bench.verdicts(result() | changed).values()) == passed


def folder_of(tmp_path, results):
    """A folder of runs with samples: three classes, each picture full of its label."""
    labels = np.array([2, 0, 1, 0, 2])
    images = np.full((5, 8, 8), labels[:, None, None] / 255, dtype=np.float32)
    for number, each in enumerate(results):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "result.json").write_text(json.dumps(each))
        for file in ("samples.npz", "plain.npz"):
            np.savez(folder / file, images=images, labels=labels)
    return tmp_path


def test_a_folder_of_runs_becomes_one_file(monkeypatch, tmp_path, capsys):
    part = Part(np.zeros((3, 8, 8), np.uint8), np.arange(3))
    monkeypatch.setattr(bench, "load", lambda name: Dataset(name, part, part, part))
    monkeypatch.setattr(bench, "SHOWN", 3)
    monkeypatch.setattr(bench, "RESULT", tmp_path / "images.json")
    bench.main([str(folder_of(tmp_path, [result(1), result(0)]))])
    stored = json.loads((tmp_path / "images.json").read_text())
    assert stored["pairs"]["vae digits"]["seeds"] == [0, 1] and stored["seconds"] == 60
    raw = zlib.decompress(base64.b64decode(stored["pictures"]["digits"]["vae"]))
    assert np.frombuffer(raw, np.uint8).reshape(3, 64)[:, 0].tolist() == [0, 1, 2]  # one picture of each class
    assert set(stored["pictures"]["digits"]) == {"real", "vae", "vae plain"}


def test_runs_of_two_kinds_are_not_gathered(tmp_path):
    with pytest.raises(SystemExit, match="differ in seconds"):
        bench.main([str(folder_of(tmp_path, [result(0), result(1, seconds=30.0)]))])


def test_an_empty_folder_gets_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"^images_table.py: There is no result.json"):
        bench.main([str(tmp_path)])


def test_what_is_stored_is_whole_and_as_good_as_was_asked():
    """On digits in every run; on MNIST the largest excess of the runs, in floors."""
    assert bench.RESULT.stat().st_size < 200_000
    stored = json.loads(bench.RESULT.read_text())
    assert set(stored["pairs"]) == {f"{model} {data}" for model in MODELS for data in DATA}
    assert (stored["seconds"], stored["threads"], stored["samples"]) == (60, 1, 2000)
    for name, pair in stored["pairs"].items():
        assert pair["seeds"] == [0, 1, 2] and pair["runs"] == 3, name
        assert set(pair["controls"]) == {"memoriser", "class-dropper"}
        assert pair["controls"]["memoriser"]["nearest"][0] == 0
        for recipe in (pair["course"], pair["plain"]):
            assert set(recipe) == set(bench.NUMBERS)
            assert all(low <= middle <= high for middle, low, high in recipe.values())
            assert recipe["training_seconds"][1] > 54 and recipe["training_seconds"][2] < 66, name
        if name.endswith("digits"):
            assert pair["passed"]["accuracy at least the judge's minus 0.03"] == pair["runs"], name
            assert pair["passed"]["nearest at least 0.9 of the test set's"] == pair["runs"], name
        if name in ("gan digits", "diffusion digits"):
            below = "excess's interval contains 0 or lies below the class-dropper's"
            assert pair["passed"][below] == pair["runs"], name
        most = {"vae mnist": 60, "gan mnist": 10, "diffusion mnist": 40}.get(name, float("inf"))
        assert pair["times_floor"][2] <= most, name
