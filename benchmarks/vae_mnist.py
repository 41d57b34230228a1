"""Time to the test loss that PyTorch's public VAE example reaches in ten epochs, for its recipe and for the course's.

    PRIMER_DATA=... python benchmarks/vae_mnist.py [--epochs 10] [--runs 3]

Both recipes train the same model family (784, 400, 20) on the 60,000 training pictures of MNIST and are judged by the
example's own number on the 10,000 test pictures: binary cross-entropy plus KL, one draw of z, a mean over pictures.
On grey values that cross-entropy is no likelihood (Loaiza-Ganem and Cunningham, 2019): it is a race to a number.

- public: ReLU, sigmoid, cross-entropy on probabilities, batches of 128 by a DataLoader, Adam with rate 1e-3. Written
  anew from the example's description; as there, each picture is fetched, scaled and stacked singly.
- course: the data as one tensor, batches of 250, SiLU, the loss on log-odds, fused Adam 8e-3 (0.9, 0.99) that falls
  in a straight line to zero within three epochs, the output's bias started at the mean picture, products in bfloat16
  (twice as fast on a CPU that has instructions for it).

The time is the process's CPU time in training, one thread, testing left out. The result, a median over runs of both
recipes in turn, is written to `src/primer/results/vae_mnist.json`, which chapter 08 quotes.
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from primer import data
from primer.models import vae

RESULT = Path(__file__).parents[1] / "src" / "primer" / "results" / "vae_mnist.json"
COURSE_EPOCHS = 3  # the length over which the course's learning rate falls
COURSE_LR = 8e-3


class Public(nn.Module):
    """The example's network: x (N, 784) -> probabilities (N, 784), mean and log-variance (N, 20)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(x))
        mu, log_var = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * log_var)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, log_var


class Pictures(torch.utils.data.Dataset[Tensor]):
    """Pictures uint8 (N, 28, 28), one at a time, scaled when asked for."""

    def __init__(self, x: np.ndarray) -> None:
        self.x = torch.from_numpy(x)

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> Tensor:
        return self.x[i].float().div(255)


def example_loss(x: Tensor, p: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """The example's loss summed over the batch, from probabilities p."""
    return F.binary_cross_entropy(p, x, reduction="sum") + vae.kl(mu, log_var).sum()


def logit_loss(model: vae.VAE, x: Tensor) -> Tensor:
    """The same number summed over the batch, from log-odds."""
    mu, log_var = model.encode(x)
    logits = model.decode(vae.reparameterise(mu, log_var))
    # in training both come in bfloat16, whose sums would be too coarse
    return F.binary_cross_entropy_with_logits(logits.float(), x, reduction="sum") + vae.kl(mu, log_var).float().sum()


Curve = list[tuple[float, float]]  # after each epoch: CPU seconds of training, test loss


def public(x: np.ndarray, test: Tensor, epochs: int) -> Curve:
    """The public recipe."""
    model = Public()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(Pictures(x), batch_size=128, shuffle=True)

    def epoch(_: int) -> None:
        for batch in loader:
            batch = batch.view(-1, 784)
            optimizer.zero_grad()
            example_loss(batch, *model(batch)).backward()
            optimizer.step()

    return race(epoch, epochs, lambda: example_loss(test, *model(test)), len(test))


def course(x: np.ndarray, test: Tensor, epochs: int = COURSE_EPOCHS) -> Curve:
    """The course's recipe; the clock starts before the pictures are made one tensor."""
    start = time.process_time()
    pictures = torch.from_numpy(x).float().div_(255).view(-1, 784)
    model = vae.VAE(vae.Config(D=784, M=400, Z=20), mean=pictures.mean(0))
    optimizer, schedule = vae.recipe(model, epochs * (len(x) // 250), COURSE_LR)
    spent = time.process_time() - start

    def epoch(_: int) -> None:
        for rows in torch.randperm(len(pictures))[: len(x) // 250 * 250].view(-1, 250):
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = logit_loss(model, pictures[rows]) / len(rows)
            loss.backward()
            optimizer.step()
            schedule.step()

    return race(epoch, epochs, lambda: logit_loss(model, test), len(test), spent)


def race(epoch: Callable[[int], None], epochs: int, score: Callable[[], Tensor], n: int, spent: float = 0.0) -> Curve:
    """Train and test in turn; the clock stands still while testing."""
    curve = []
    for number in range(epochs):
        start = time.process_time()
        epoch(number)
        spent += time.process_time() - start
        with torch.no_grad():
            curve.append((round(spent, 2), round(score().item() / n, 3)))
        print(f"  epoch {number + 1}: {curve[-1][0]:.1f} s, test loss {curve[-1][1]:.2f}", flush=True)
    return curve


def time_to(curve: Curve, target: float) -> float | None:
    """Seconds of the first epoch whose test loss is not above the target; None if there is none."""
    return next((seconds for seconds, loss in curve if loss <= target), None)


def summary(runs: list[dict[str, Curve]]) -> dict[str, float | list[float] | None]:
    """For each run the public recipe's last loss is the target of both; medians over runs."""
    targets = [run["public"][-1][1] for run in runs]
    slow = [run["public"][-1][0] for run in runs]
    fast = [time_to(run["course"], target) for run, target in zip(runs, targets, strict=True)]
    ratios = [a / b if b else 0.0 for a, b in zip(slow, fast, strict=True)]  # a target never reached counts as 0
    return {
        "target": statistics.median(targets),
        "public_seconds": statistics.median(slow),
        "course_seconds": statistics.median([b for b in fast if b] or [0.0]),
        "ratio": statistics.median(ratios),
        "ratios": [round(ratio, 2) for ratio in ratios],
        "course_last": statistics.median(run["course"][-1][1] for run in runs),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Time to the public VAE example's loss on MNIST.")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of the public recipe (10)")
    parser.add_argument("--runs", type=int, default=1, help="runs of both recipes in turn (1)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    mnist = data.download("mnist")
    x = np.concatenate([mnist.train.x, mnist.validation.x])  # the example trains on all 60,000
    test = torch.from_numpy(mnist.test.x).float().div(255).view(-1, 784)
    runs: list[dict[str, Curve]] = []
    for seed in range(options.runs):
        torch.manual_seed(seed)
        runs.append({"public": public(x, test, options.epochs), "course": course(x, test)})
        versions = {"torch": torch.__version__, "python": platform.python_version()}
        result = {"summary": summary(runs), "runs": runs, "epochs": options.epochs, "threads": 1, "versions": versions}
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(summary(runs)))


if __name__ == "__main__":
    main()
