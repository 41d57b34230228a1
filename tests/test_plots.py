import io
import os
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest

from primer import plots

COLOURS = {name: getattr(plots, name) for name in ("REAL", "MODEL", "NOISE", "LATENT", "TRUTH", "ERROR", "INK", "GRID")}


@pytest.fixture(autouse=True)
def defaults():
    with mpl.rc_context():
        yield
    plt.close("all")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, 0 to 1."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_colours_differ_and_are_those_the_book_replaces():
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert COLOURS == {
        "REAL": "#2b6cb0",
        "MODEL": "#c2410c",
        "NOISE": "#6b7280",
        "LATENT": "#7c3aed",
        "TRUTH": "#15803d",
        "ERROR": "#b91c1c",
        "INK": "#1f2937",
        "GRID": "#d1d5db",
    }


@pytest.mark.parametrize("name", sorted(set(COLOURS) - {"GRID"}))
def test_contrast_with_white_paper(name):
    assert 1.05 / (luminance(COLOURS[name]) + 0.05) >= 4.5


def test_nothing_is_told_apart_by_colour_alone():
    marks = [(style["marker"], style.get("markerfacecolor")) for style in plots.MARKS.values()]
    lines = [(style["linestyle"], style.get("linewidth")) for style in plots.LINES.values()]
    assert len(set(marks)) == len(marks)
    assert len(set(lines)) == len(lines)
    assert plots.MARKS.keys() == plots.LINES.keys()


def draw() -> str:
    plots.style()
    fig, ax = plt.subplots()
    for i, kind in enumerate(plots.MARKS):
        ax.plot([0, 1, 2], [i, i + 1, i], **plots.MARKS[kind])
        ax.plot([0, 1, 2], [i, i + 1, i], **plots.LINES[kind])
    ax.set(xlabel="x (cm)", ylabel="density")
    file = io.StringIO()
    fig.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def test_svg_has_these_colours_only_and_no_font_of_its_own():
    svg = draw()
    used = {word.lower() for word in re.findall(r"#[0-9a-fA-F]{6}\b", svg)}
    assert used <= set(COLOURS.values()) | {"#ffffff"}
    assert set(COLOURS.values()) <= used
    assert "<text" not in svg


def test_same_figure_same_bytes():
    assert draw() == draw()


def test_ground_is_transparent_in_the_book_only(monkeypatch):
    plots.style()
    assert mpl.rcParams["figure.facecolor"] == mpl.rcParams["savefig.facecolor"] == "white"
    monkeypatch.setenv("PRIMER_BOOK", "1")
    plots.style()
    assert mpl.rcParams["figure.facecolor"] == mpl.rcParams["savefig.facecolor"] == "none"


@pytest.mark.parametrize("pyplot_first", [True, False])
def test_a_notebook_of_the_book_emits_svg(pyplot_first):
    lines = ["import matplotlib.pyplot as plt", "import primer; primer.setup()"]
    source = "\n".join([*(lines if pyplot_first else reversed(lines)), "plt.plot([1, 2]); plt.show()"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    env = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"} | {"PRIMER_BOOK": "1"}
    nbclient.NotebookClient(notebook, kernel_name="python3", timeout=60).execute(env=env)
    pictures = [output.data for output in notebook.cells[0].outputs if output.output_type == "display_data"]
    assert [set(data) for data in pictures] == [{"image/svg+xml", "text/plain"}]
    assert "fill: #ffffff" not in pictures[0]["image/svg+xml"]


def test_images_makes_one_sheet():
    _, ax = plt.subplots()
    pictures = np.arange(1, 6)[:, None, None] * np.ones((5, 2, 3))
    plots.images(ax, pictures, columns=2, top=5)
    sheet = ax.images[0].get_array()
    assert sheet.shape == (3 * 3 - 1, 2 * 4 - 1)
    assert sheet[0, 0] == 1 and sheet[0, 4] == 2 and sheet[3, 0] == 3 and sheet[6, 0] == 5
    assert sheet[6:, 4:].sum() == 0 and sheet[2].sum() == 0 and sheet[:, 3].sum() == 0
