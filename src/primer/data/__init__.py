"""Data that is always there: it comes with the course's own dependencies or is made by code.

digits, glyphs, tabular, points, code, docstrings and facts need no network; download fetches larger sets, with a
checksum.
"""

# Imported here and now, not lazily: a function has to win over the file of the same name it lives in.
from primer.data import facts
from primer.data.base import Dataset, Part
from primer.data.code import Docstring, SourceFile, code, docstrings
from primer.data.digits import digits
from primer.data.download import download
from primer.data.glyphs import GlyphPart, glyphs
from primer.data.points import Density, points
from primer.data.tabular import Table, tabular

__all__ = [
    "Dataset",
    "Density",
    "Docstring",
    "GlyphPart",
    "Part",
    "SourceFile",
    "Table",
    "code",
    "digits",
    "docstrings",
    "download",
    "facts",
    "glyphs",
    "points",
    "tabular",
]
