"""Ng and Jordan's comparison run in full: naive Bayes against logistic regression as the training set grows.

    python benchmarks/ng_jordan.py [--seconds 240]

works through the units (a data set and 50 of its random splits), keeps each in `_build/ng_jordan`, stops at the first
unit that ends after `--seconds`, and goes on from there when called again. When nothing is left it writes
`src/primer/results/ng_jordan.json`, which chapter 03 shows.

Protocol. A split holds a quarter of the examples out and puts the rest in random order, two examples of each class
first; the training set of size n is the first n of them, so the sets of one split are nested. Features are
standardised on each training set (one that is constant there is only centred). All classifiers see the same numbers:

- nb: Gaussian naive Bayes whose variances are shared by the classes, the one of Ng and Jordan (2002). As in GaussianNB
  1e-9 of the largest variance is added (1e-2 lowers its error on two digits by 3 points at n = 4, and little else);
- gnb: scikit-learn's GaussianNB, one variance per class and feature;
- lda: one full covariance shared by the classes, so naive Bayes without the naive assumption;
- lr_1e4, lr_1: logistic regression with C = 10,000 and C = 1 (multinomial where there are more than two classes).

The standard errors are over splits of one data set: they say how well the average over splits is known, not how the
next data set will behave.
"""

import argparse
import json
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from primer import data
from primer.models import discriminative as dg

ROOT = Path(__file__).parents[1]
CACHE = ROOT / "_build" / "ng_jordan"
RESULT = ROOT / "src" / "primer" / "results" / "ng_jordan.json"
METHODS = ("nb", "gnb", "lda", "lr_1e4", "lr_1")
UNIT = 50  # splits per unit of work
SURE = 3.0  # standard errors that a lead must have to count; there are up to 18 sizes to look at


@dataclass(frozen=True)
class Problem:
    """x (N, D), y (N,) in 0..K-1; held_out (N,): True for what every split holds out, None for a random quarter."""

    name: str
    x: np.ndarray
    y: np.ndarray
    held_out: np.ndarray | None = None
    splits: int = 1000  # a multiple of UNIT


def choose(x: np.ndarray, y: np.ndarray, classes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Only these classes, renumbered 0, 1, ... in the order given."""
    keep = np.isin(y, classes)
    return x[keep], np.array([classes.index(k) for k in y[keep]])


def problems() -> list[Problem]:
    """The data sets, easy to hard to learn; the last repeats one with the digits' writers kept apart."""
    iris, wine, cancer, diabetes = map(data.tabular, ("iris", "wine", "cancer", "diabetes"))
    blocks = data.digits()
    parts = (blocks.train, blocks.validation, blocks.test)
    x = np.concatenate([part.x for part in parts]).reshape(-1, 64).astype(float)
    y = np.concatenate([part.y for part in parts])
    last_block = np.arange(len(y)) >= len(y) - len(blocks.test)
    pair = np.isin(y, (5, 9))
    return [
        Problem("cancer", cancer.x, cancer.y),
        Problem("wine 0/1", *choose(wine.x, wine.y, (0, 1))),
        Problem("iris 1/2", *choose(iris.x, iris.y, (1, 2))),
        Problem("diabetes above median", diabetes.x, (diabetes.y > np.median(diabetes.y)).astype(int)),
        Problem("digits 5/9", *choose(x, y, (5, 9))),
        Problem("digits 1/8", *choose(x, y, (1, 8))),
        Problem("all ten digits", x, y, splits=200),
        Problem("wine, three growers", wine.x, wine.y),
        Problem("iris 0/1", *choose(iris.x, iris.y, (0, 1))),
        Problem("digits 5/9, other writers", *choose(x, y, (5, 9)), held_out=last_block[pair]),
    ]


def split(problem: Problem, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the training pool, two of each class first, and of the test set."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(problem.y))
    if problem.held_out is None:
        tested = len(order) // 4
        test, pool = order[:tested], order[tested:]
    else:
        test, pool = order[problem.held_out[order]], order[~problem.held_out[order]]
    first = np.concatenate([pool[problem.y[pool] == k][:2] for k in range(problem.y.max() + 1)])
    first = rng.permutation(first)
    return np.concatenate([first, pool[~np.isin(pool, first)]]), test


def sizes(problem: Problem) -> list[int]:
    """Training sizes: 2 K, then 2 for each doubling, up to all there is (short of it where the test set is fixed:
    all splits would be the same there)."""
    start, top = 2 * (int(problem.y.max()) + 1), len(split(problem, 0)[0])
    steps = [round(start * f * 2**k) for k in range(12) for f in (1.0, 1.5)]
    return [n for n in steps if n < 0.85 * top] + ([top] if problem.held_out is None else [])


def standardise(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean 0 and standard deviation 1 on `train`; a constant feature is only centred."""
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    return (train - mean) / spread, (test - mean) / spread


def logistic_errors(x: np.ndarray, y: np.ndarray, x_test: np.ndarray, y_test: np.ndarray, C: float) -> np.ndarray:
    """Test errors (B,) of B logistic regressions: x (B, N, D), y (B, N), x_test (B, M, D), y_test (B, M)."""
    if y.max() == 1:
        w, b = dg.fit_logistic_batch(x, y, C)
        return ((np.einsum("bmd,bd->bm", x_test, w) + b[:, None] > 0) != y_test).mean(axis=1)
    errors = []
    for x_b, y_b, u, v in zip(x, y, x_test, y_test, strict=True):
        model = LogisticRegression(C=C, solver="newton-cholesky", tol=1e-6, max_iter=1000).fit(x_b, y_b)
        errors.append((model.predict(u) != v).mean())
    return np.array(errors)


def run_unit(problem: Problem, first: int, count: int) -> np.ndarray:
    """Test errors (methods, sizes, splits) of the splits first, ..., first + count - 1."""
    splits = [split(problem, seed) for seed in range(first, first + count)]
    out = np.empty((len(METHODS), len(sizes(problem)), count))
    for s, n in enumerate(sizes(problem)):
        scaled = [standardise(problem.x[pool[:n]], problem.x[test]) for pool, test in splits]
        x, x_test = (np.array(part) for part in zip(*scaled, strict=True))  # (B, n, D), (B, M, D)
        y = np.array([problem.y[pool[:n]] for pool, _ in splits])  # (B, n)
        y_test = np.array([problem.y[test] for _, test in splits])  # (B, M)
        for b in range(count):
            generative = (
                dg.fit_gaussians(x[b], y[b], naive=True, shared=True),
                GaussianNB().fit(x[b], y[b]),
                dg.fit_gaussians(x[b], y[b], shared=True),
            )
            out[:3, s, b] = [(model.predict(x_test[b]) != y_test[b]).mean() for model in generative]
        out[3, s] = logistic_errors(x, y, x_test, y_test, C=1e4)
        out[4, s] = logistic_errors(x, y, x_test, y_test, C=1.0)
    return out


def crossing(n: list[int], lead: np.ndarray) -> float:
    """Where logistic regression takes over for good: lead (sizes,) is its mean lead, negative while naive Bayes leads.

    The last change from minus to plus, by a straight line in log n; nan if the lead ends negative or never was.
    """
    minus = np.flatnonzero(lead < 0)
    if len(minus) == 0 or minus[-1] == len(n) - 1:
        return float("nan")
    i = minus[-1]
    share = lead[i] / (lead[i] - lead[i + 1])
    return float(n[i] * (n[i + 1] / n[i]) ** share)


def contrast(n: list[int], lead: np.ndarray) -> dict:
    """Naive Bayes against one logistic regression: lead (sizes, splits), its error minus logistic regression's."""
    mean, se = lead.mean(axis=1), lead.std(axis=1, ddof=1) / np.sqrt(lead.shape[1])
    t = mean / np.maximum(se, 1e-12)
    before, after = np.flatnonzero(t < -SURE), np.flatnonzero(t > SURE)
    found = len(before) > 0 and len(after) > 0 and after[-1] > before[-1]
    rng = np.random.default_rng(0)
    draws = rng.integers(lead.shape[1], size=(2000, lead.shape[1]))
    at = np.array([crossing(n, lead[:, draw].mean(axis=1)) for draw in draws])
    known = at[~np.isnan(at)]
    return {
        "mean": rounded(mean),
        "se": rounded(se),
        "first_leads": [n[i] for i in before],
        "second_leads": [n[i] for i in after],
        "found": bool(found),
        "at": round(crossing(n, mean), 1) if found else None,
        "interval": [round(q, 1) for q in np.quantile(known, [0.025, 0.975])] if found else None,
        "bootstraps_that_cross": round(len(known) / len(at), 3),
    }


def rounded(a: np.ndarray) -> list[float]:
    return [round(float(v), 5) for v in a]


def summary(problem: Problem, errors: np.ndarray) -> dict:
    """What the chapter shows of one data set: errors (methods, sizes, splits)."""
    n = sizes(problem)
    count = errors.shape[2]
    nb, gnb, lda, lr_1e4, lr_1 = errors
    return {
        "examples": len(problem.y),
        "features": problem.x.shape[1],
        "classes": int(problem.y.max()) + 1,
        "splits": count,
        "n": n,
        "error": {m: rounded(e.mean(axis=1)) for m, e in zip(METHODS, errors, strict=True)},
        "se": {m: rounded(e.std(axis=1, ddof=1) / np.sqrt(count)) for m, e in zip(METHODS, errors, strict=True)},
        "lead": {
            "nb-lr_1e4": contrast(n, nb - lr_1e4),
            "nb-lr_1": contrast(n, nb - lr_1),
            "gnb-lr_1e4": contrast(n, gnb - lr_1e4),
            "gnb-lr_1": contrast(n, gnb - lr_1),
            "lda-lr_1e4": contrast(n, lda - lr_1e4),
        },
    }


def write(path: Path, content: bytes) -> None:
    """All or nothing: a run that is stopped leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after the unit that ends later")
    args = parser.parse_args()
    warnings.simplefilter("error", category=UserWarning)  # a fit that did not converge must not pass unseen
    start = time.time()
    result = {}
    for problem in problems():
        units = []
        for first in range(0, problem.splits, UNIT):
            path = CACHE / f"{problem.name.replace('/', '-')}-{first}.npy"
            if not path.exists():
                if time.time() - start > args.seconds:
                    print("time is up; call again to go on")
                    return
                before = time.time()
                errors = run_unit(problem, first, UNIT)
                path.parent.mkdir(parents=True, exist_ok=True)
                with open(path.with_suffix(".part"), "wb") as file:
                    np.save(file, errors)
                path.with_suffix(".part").replace(path)
                print(f"{problem.name}, splits {first} to {first + UNIT - 1}: {time.time() - before:.1f} s", flush=True)
            units.append(np.load(path))
        result[problem.name] = summary(problem, np.concatenate(units, axis=2))
    write(RESULT, json.dumps(result, indent=None, separators=(",", ":")).encode())
    print(f"{RESULT.name}: {RESULT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
