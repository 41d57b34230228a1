"""Trains the judges that come with the package, and says how good they are.

    PRIMER_DATA=... python benchmarks/judge.py [digits glyphs mnist]

writes `src/primer/results/judge-<name>.safetensors` (float16) for each name and prints the accuracy on test images, of
the weights as stored, and the checksum to put into `src/primer/models/judging.py`. MNIST is downloaded unless
PRIMER_DATA names a folder that has it.
"""

import hashlib
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save

from primer import data
from primer.metrics import conditional_accuracy
from primer.models import judging

FOLDER = Path(__file__).parents[1] / "src" / "primer" / "results"
STEPS = {"digits": 3000, "glyphs": 4000, "mnist": 6000}


def load(name: str) -> data.Dataset:
    return data.download("mnist") if name == "mnist" else getattr(data, name)()


def half(value: torch.Tensor) -> torch.Tensor:
    """float16, except for the one integer among the weights, a counter."""
    return value.half() if value.is_floating_point() else value


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    for name in names or list(STEPS):
        dataset, start = load(name), time.process_time()
        model = judging.train_judge(dataset, seed=0, steps=STEPS[name], shift=1 if name == "digits" else 2)
        state = {key: half(value) for key, value in model.state_dict().items()}
        content = save(state)
        (FOLDER / f"judge-{name}.safetensors").write_bytes(content)
        model.load_state_dict(state)
        accuracy = conditional_accuracy(model, dataset.images("test"), dataset.test.y)
        print(f"{name}: {accuracy:.4f} on test images, {time.process_time() - start:.0f} s, {len(content):,} bytes")
        print(f'    "{name}": "{hashlib.sha256(content).hexdigest()}",', flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
