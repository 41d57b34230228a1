import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier

import primer


def error(x, y, x_test, y_test) -> float:
    nearest = KNeighborsClassifier(1).fit(x.reshape(len(x), -1), y)
    return float(np.mean(nearest.predict(x_test.reshape(len(x_test), -1)) != y_test))


def test_parts():
    digits = primer.data.digits()
    assert digits.name == "digits"
    for part, size in ((digits.train, 1097), (digits.validation, 300), (digits.test, 400)):
        assert len(part) == size
        assert part.x.shape == (size, 8, 8) and part.x.dtype == np.uint8
        assert part.y.shape == (size,) and part.y.dtype == np.int64
        assert part.x.min() == 0 and part.x.max() == 16
        assert set(part.y) == set(range(10))


def test_blocks_are_the_file_in_its_order():
    digits = primer.data.digits()
    x, y = load_digits(return_X_y=True)
    parts = digits.train, digits.validation, digits.test
    np.testing.assert_array_equal(np.concatenate([part.x for part in parts]).reshape(-1, 64), x)
    np.testing.assert_array_equal(np.concatenate([part.y for part in parts]), y)


def test_a_random_split_leaks_writers():
    """The reason for the blocks: the nearest neighbour does better when it has seen the writer."""
    digits = primer.data.digits()
    x, y = load_digits(return_X_y=True)
    random = []
    for seed in range(10):
        x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=400, random_state=seed)
        random.append(error(x_train[:1097], y_train[:1097], x_test, y_test))
    blocks = error(digits.train.x, digits.train.y, digits.test.x, digits.test.y)
    assert blocks > 1.5 * np.mean(random)
