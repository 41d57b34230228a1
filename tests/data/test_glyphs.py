import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

import primer
from primer.data.glyphs import FONTS, font_names


def parts():
    letters = primer.data.glyphs()
    return letters.train, letters.validation, letters.test


def test_shapes_and_types():
    letters = primer.data.glyphs()
    assert letters.name == "glyphs" and letters.levels == 256
    for part, size in zip(parts(), (10_192, 1_040, 2_184), strict=True):
        assert part.x.shape == (size, 28, 28) and part.x.dtype == np.uint8
        assert part.y.shape == part.font.shape == (size,) and part.y.dtype == part.font.dtype == np.int64
        assert part.x.min() == 0 and part.x.max() > 250
        counts = np.bincount(part.y)
        assert len(counts) == 26 and len(set(counts)) == 1  # every letter equally often


def test_no_font_is_in_two_parts():
    fonts = [set(part.font.tolist()) for part in parts()]
    assert not fonts[0] & fonts[1] and not fonts[0] & fonts[2] and not fonts[1] & fonts[2]
    assert [{font_names()[i] for i in used} for used in fonts] == [set(names) for names in FONTS.values()]


def test_made_from_a_seed():
    one = primer.data.glyphs()
    assert primer.data.glyphs() is one
    other = primer.data.glyphs(seed=1)
    assert not np.array_equal(one.test.x[:20], other.test.x[:20])
    primer.data.glyphs.cache_clear()
    np.testing.assert_array_equal(primer.data.glyphs().train.x, one.train.x)


def test_every_letter_is_drawn_and_none_is_cut():
    for part in parts():
        ink = part.x.sum(axis=(1, 2)) / 255
        assert ink.min() > 15 and ink.max() < 500
        border = part.x.astype(int)
        border[:, 1:-1, 1:-1] = 0
        assert (border.sum(axis=(1, 2)) / 255 / ink).mean() < 0.01


def test_letters_can_be_told_from_fonts_never_seen():
    """A letter is its shape, not its font: guessing would be right in 4 % of cases."""
    train, _, test = parts()
    nearest = KNeighborsClassifier(1).fit(train.x[::4].reshape(-1, 784), train.y[::4])
    assert nearest.score(test.x[::4].reshape(-1, 784), test.y[::4]) > 0.6


def test_images_of_a_part():
    digits = primer.data.digits()
    assert digits.levels == 17
    images = digits.images("test")
    assert images.shape == (400, 8, 8) and images.dtype == np.float32
    assert images.min() == 0 and images.max() == 1
    np.testing.assert_array_equal(np.rint(images * 16), digits.test.x)
    np.testing.assert_array_equal(digits.images(digits.test), images)
    with pytest.raises(ValueError, match="no part 'tests': choose one of train, validation, test"):
        digits.images("tests")
