import numpy as np
import pytest

import primer


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("cancer", (569, 30), 2), ("wine", (178, 13), 3), ("iris", (150, 4), 3), ("diabetes", (442, 10), 0)],
)
def test_tables(name, shape, classes):
    table = primer.data.tabular(name)
    assert table.name == name
    assert table.x.shape == shape and table.x.dtype == np.float64 and np.isfinite(table.x).all()
    assert table.y.shape == shape[:1]
    assert len(table.features) == shape[1] and all(isinstance(feature, str) for feature in table.features)
    assert len(table.classes) == classes
    if classes:
        assert table.y.dtype == np.int64 and set(table.y) == set(range(classes))
    else:
        assert table.y.dtype == np.float64


def test_units_are_those_of_the_measurement():
    diabetes = primer.data.tabular("diabetes")
    age = diabetes.x[:, diabetes.features.index("age")]
    assert age.min() >= 18 and age.max() <= 80
    assert (diabetes.y.min(), diabetes.y.max()) == (25, 346)


def test_classes_are_named_in_the_order_of_their_numbers():
    cancer = primer.data.tabular("cancer")
    assert cancer.classes == ("malignant", "benign")
    radius = cancer.x[:, cancer.features.index("mean radius")]
    assert radius[cancer.y == 0].mean() > radius[cancer.y == 1].mean()


def test_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match=r"no table 'titanic': choose one of cancer, wine, iris, diabetes\."):
        primer.data.tabular("titanic")
