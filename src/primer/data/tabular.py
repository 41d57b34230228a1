"""Small tables of real measurements that come with scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primer.data.base import unknown

NAMES = ("cancer", "wine", "iris", "diabetes")


@dataclass(frozen=True)
class Table:
    """x: (N, d) float64 in the units of measurement. y: (N,), classes as int64 or a float64 target.

    features: the d column names. classes: the name of each class, empty if y is a number to be predicted.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]


def tabular(name: str) -> Table:
    """A table by its name. ValueError for an unknown name.

    - "cancer": 569 tumours, 30 features of cell nuclei, malignant (0) or benign (1)
    - "wine": 178 wines, 13 chemical measurements, three growers
    - "iris": 150 flowers, 4 lengths in cm, three species
    - "diabetes": 442 patients, 10 features, disease progression after a year (25 to 346)

    Source: UCI's repository and Efron, Hastie, Johnstone and Tibshirani (2004) for diabetes, as shipped with
    scikit-learn.
    """
    from sklearn import datasets

    if name not in NAMES:
        raise unknown("table", name, NAMES)
    if name == "diabetes":
        bunch = datasets.load_diabetes(scaled=False)
        return Table(name, bunch.data, bunch.target, tuple(bunch.feature_names), ())
    load = {"cancer": datasets.load_breast_cancer, "wine": datasets.load_wine, "iris": datasets.load_iris}[name]
    bunch = load()
    names = [tuple(map(str, values)) for values in (bunch.feature_names, bunch.target_names)]
    return Table(name, bunch.data, bunch.target.astype(np.int64), *names)
