"""Capital letters in many typefaces, drawn from the fonts that come with matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import ascii_uppercase

import numpy as np

from primer.data.base import Dataset, Part

# One split for good: what belongs to the same family stays together, so that a test font is new in kind.
FONTS = {
    "train": (
        *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
        *("DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSansMono-BoldOblique"),
        *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
        *("cmtt10", "cmmi10"),
    ),
    "validation": ("cmss10", "cmb10"),
    "test": ("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic", "cmr10", "cmti10"),
}
COPIES = {"train": 28, "validation": 20, "test": 14}  # pictures of each letter in each font
MASTER = 96  # pixels along the side of the picture that the small ones are drawn from
LETTER = 60  # pixels of its height that a capital takes there
SIDE = 28


@dataclass(frozen=True)
class GlyphPart(Part):
    """A part whose examples have a style too. font: (N,) int64, an index into `font_names()`."""

    font: np.ndarray


def font_names() -> tuple[str, ...]:
    """The fonts, those of the training part first, then validation, then test."""
    return FONTS["train"] + FONTS["validation"] + FONTS["test"]


@cache
def glyphs(seed: int = 0) -> Dataset:
    """13,416 letters, 28x28 pictures of A to Z: 10,192 train, 1,040 validation, 2,184 test, split by font.

    x: (N, 28, 28) uint8, ink from 0 (paper) to 255. y: (N,) int64, 0 for A to 25 for Z. Parts have `font` (N,) int64
    too. Each picture is a letter turned by up to 12 degrees, slanted, scaled by 0.85 to 1.15 along each axis and moved
    by up to two pixels, by numbers drawn from `seed`. No font is in two parts, nor are two fonts of one family, except
    for the old Computer Modern, whose six members look like six families. Made in seconds and kept in memory.

    The fonts are DejaVu, STIX and Computer Modern, all free, as matplotlib ships them.
    """
    rng = np.random.default_rng([seed, 28])
    masters = np.stack([_masters(name) for name in font_names()])  # (fonts, 26, MASTER, MASTER)
    parts, first = [], 0
    for name, fonts in FONTS.items():
        shape = len(fonts), 26, COPIES[name]
        font, letter, _ = (axis.ravel() for axis in np.indices(shape))  # (N,) each
        order = rng.permutation(len(font))  # so that the first thousand are a fair sample
        font, letter = first + font[order], letter[order]
        parts.append(GlyphPart(_draw(masters, font, letter, rng), letter.astype(np.int64), font.astype(np.int64)))
        first += len(fonts)
    train, validation, test = parts
    return Dataset("glyphs", train, validation, test, levels=256)


def _masters(name: str) -> np.ndarray:
    """A to Z in one font, large, each in the middle: (26, MASTER, MASTER) uint8."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    font = ImageFont.truetype(str(path), MASTER)
    _, top, _, bottom = font.getbbox("H")
    font = ImageFont.truetype(str(path), round(MASTER * LETTER / (bottom - top)))
    sheets = []
    for letter in ascii_uppercase:
        left, top, right, bottom = font.getbbox(letter)
        sheet = Image.new("L", (MASTER, MASTER))
        corner = (MASTER - left - right) / 2, (MASTER - top - bottom) / 2
        ImageDraw.Draw(sheet).text(corner, letter, fill=255, font=font)
        sheets.append(np.asarray(sheet))
    return np.stack(sheets)


def _draw(masters: np.ndarray, font: np.ndarray, letter: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each letter through an affine map of its own: (N, SIDE, SIDE) uint8."""
    import torch
    import torch.nn.functional as F

    angle = np.deg2rad(rng.uniform(-12, 12, len(font)))
    slant = rng.uniform(-0.15, 0.15, len(font))
    scale = rng.uniform(0.85, 1.15, (len(font), 2))
    move = rng.uniform(-2, 2, (len(font), 2)) * 2 / SIDE  # in halves of a side
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], 1).reshape(-1, 2, 2)
    shear = np.stack([np.ones_like(slant), slant, np.zeros_like(slant), np.ones_like(slant)], 1).reshape(-1, 2, 2)
    maps = np.concatenate([turn @ shear / scale[:, None], move[..., None]], axis=2)  # (N, 2, 3), target to source
    pictures = []
    for start in range(0, len(font), 512):  # a few thousand large pictures at once would take gigabytes
        part = slice(start, start + 512)
        source = torch.from_numpy(masters[font[part], letter[part]])[:, None].float()  # (n, 1, MASTER, MASTER)
        size = [len(source), 1, 2 * SIDE, 2 * SIDE]  # twice as fine, then averaged: smooth edges
        grid = F.affine_grid(torch.from_numpy(maps[part]).float(), size, align_corners=False)
        pictures.append(F.avg_pool2d(F.grid_sample(source, grid, align_corners=False), 2)[:, 0])
    return torch.cat(pictures).round().clamp(0, 255).to(torch.uint8).numpy()
