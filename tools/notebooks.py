"""The notebooks, made from the text of the book.

    python -m tools.notebooks                     write notebooks/ and src/primer/checks/*.json
    python -m tools.notebooks --check             only say what differs (exit status 1)
    python -m tools.notebooks --instructor DIR    write the exercises with solutions and hidden tests, for nbgrader

book/<part>/NN-topic.md becomes notebooks/NN-topic.ipynb, book/exercises/NN-topic.md becomes
notebooks/exercises/NN-topic.ipynb without solutions and hidden tests. The same text gives the same bytes: cell ids
come from the file's name and the cell's place. The address and the commit that the first cells name come from
`tools.repository`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import repository
from tools.bibliography import Bibliography
from tools.book_index import Cell, Document, Index, Label, figure_of
from tools.exercise_files import exercises, for_nbgrader, for_student
from tools.myst_blocks import FormatError
from tools.plain_markdown import Converter, figure_caption

ROOT = Path(__file__).resolve().parent.parent
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"  # the picture by which readers know the link
_NO_ADDRESS = ("This copy of the course has no address to install from yet: get its files, run `pip install -e .` in "
               "their folder, and open this notebook there.")


def path_of(document: Document) -> Path:
    """Where the notebook of a document lies, from the root."""
    return Path("notebooks") / ("exercises" if document.is_exercise else "") / f"{document.path.stem}.ipynb"


def notebook(document: Document, index: Index, bibliography: Bibliography, instructor: bool = False) -> str:
    """The notebook of a chapter or of a file of exercises as JSON text. FormatError for what has no place in it.

    instructor: keep solutions and hidden tests.
    """
    converter = Converter(document, index, bibliography, heading="##" if document.is_exercise else "###")
    # Numbered and looked over as a whole first: what is wrong is said before anything is made.
    labels = document.labels
    if document.is_exercise:
        exercises(document)
    cells: list[nbformat.NotebookNode] = []
    section = "Set-up"
    for cell in document.cells:
        if cell.kind == "markdown":
            converted = _markdown(document, cell, converter, instructor)
            if not cells:
                head, _, rest = converted.source.partition("\n")
                if not head.startswith("# "):
                    raise FormatError(document.path, cell.line, "The first line of a chapter is its title: # Title.")
                converted.source = "\n\n".join(filter(None, [head, _opening(document), rest.strip()]))
                cells += [converted, _install()]
            else:
                cells.append(converted)
            section = _last_heading(converted.source, section)
        else:
            if not cells:
                raise FormatError(document.path, cell.line, "The title stands before the first cell of code.")
            cells += _code(cell, converter, labels, section, instructor)
    if converter.cited:
        lines = bibliography.references(converter.cited)
        cells.append(new_markdown_cell("\n".join(["## References", "", *lines])))
    for place, one in enumerate(cells):
        one["id"] = f"{'exercise-' if document.is_exercise else ''}{document.path.stem}-{place:03d}"
    made = new_notebook(cells=cells, metadata={
        "colab": {"name": f"{document.path.stem}.ipynb", "provenance": [], "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })
    made.nbformat_minor = 5
    return nbformat.writes(made) + "\n"  # validates


def _opening(document: Document) -> str:
    """Badge, promise and link to the page: what stands under the title."""
    link = repository.colab_link(path_of(document).as_posix())
    page = repository.page_link(document.path.as_posix())
    promise = (document.front_matter.get("primer") or {}).get("promise", "")
    badge = f"[![Open in Colab]({BADGE})]({link})"
    return "\n\n".join(filter(None, [badge, promise, f"[Read this as a page]({page})"]))


def _install() -> nbformat.NotebookNode:
    """The cell that installs the package where it is missing, from the repository's address and commit alone."""
    if repository.is_placeholder():
        action = f"    raise SystemExit({json.dumps(_NO_ADDRESS)})"
    else:
        action = f'    %pip install -q "{repository.requirement()}"'
    source = ("# @title Install the course's package where it is missing\n"
              "from importlib.util import find_spec\n\n"
              f'if find_spec("primer") is None:\n{action}')
    return new_code_cell(source, metadata=_hidden({}))


def _hidden(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata of a cell whose code is folded, in JupyterLab and in Colab."""
    return {**metadata, "cellView": "form", "jupyter": {"source_hidden": True}}


def _markdown(document: Document, cell: Cell, converter: Converter, instructor: bool) -> nbformat.NotebookNode:
    source = cell.source if instructor else for_student(cell)
    text = converter.convert(source, cell.line)
    return new_markdown_cell(text, metadata=for_nbgrader(cell.metadata))


def _code(
    cell: Cell, converter: Converter, labels: dict[str, Label], section: str, instructor: bool
) -> Iterator[nbformat.NotebookNode]:
    """A code cell, and the caption of its figure after it."""
    metadata = for_nbgrader({key: value for key, value in cell.metadata.items() if key != "mystnb"})
    source = cell.source if instructor else for_student(cell)
    if "hide-input" in metadata.get("tags", []):
        metadata = _hidden(metadata)
        source = f"# @title {section}\n{source}"  # Colab shows this line in place of the code
    yield new_code_cell(source, metadata=metadata)
    if figure := figure_of(cell):
        number = labels[figure["name"]].text
        caption = converter.convert(str(figure["caption"]), cell.line)
        yield new_markdown_cell(figure_caption(caption, number))


def _last_heading(source: str, before: str) -> str:
    """The last heading of a text from the second level down, else the one before."""
    headings = re.findall(r"^##+ +(.+?)\s*$", re.sub(r"```.*?```", "", source, flags=re.DOTALL), re.MULTILINE)
    return re.sub(r"[`$*]", "", headings[-1]) if headings else before


def outputs(root: Path = ROOT) -> dict[Path, str]:
    """Every generated file that is committed, by its path from the root."""
    index = Index(root)
    bibliography = Bibliography.read(root / "book" / "references.bib")
    made: dict[Path, str] = {}
    for document in index.chapters():
        made[path_of(document)] = notebook(document, index, bibliography)
        if document.is_exercise:
            texts = json.dumps(exercises(document), ensure_ascii=False, indent=1) + "\n"
            made[Path("src/primer/checks") / f"{document.topic}.json"] = texts
    return made


def stale(made: dict[Path, str], root: Path = ROOT) -> list[str]:
    """What differs between the generated files and those that lie there, one sentence each."""
    folders = [(Path("notebooks"), "**/*.ipynb"), (Path("src/primer/checks"), "*.json")]
    there = {path.relative_to(root) for folder, pattern in folders for path in (root / folder).glob(pattern)
             if ".ipynb_checkpoints" not in path.parts}
    return [f"{path} is not made from any source." for path in sorted(there - made.keys())] + \
           [f"{path} is missing." for path in sorted(made.keys() - there)] + \
           [f"{path} differs from its source." for path in sorted(made.keys() & there)
            if (root / path).read_text(encoding="utf-8") != made[path]]


def write(made: dict[Path, str], root: Path) -> None:
    """Write files, with their folders, where they differ."""
    for path, text in made.items():
        target = root / path
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            print(target)


def instructor(root: Path = ROOT) -> dict[Path, str]:
    """The exercises with solutions and hidden tests, by file name."""
    index = Index(root)
    bibliography = Bibliography.read(root / "book" / "references.bib")
    return {Path(path_of(document).name): notebook(document, index, bibliography, instructor=True)
            for document in index.chapters() if document.is_exercise}


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description="Write the notebooks of the book.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing, say what differs")
    mode.add_argument("--instructor", metavar="DIR", type=Path, help="the exercises as nbgrader source notebooks")
    options = parser.parse_args(arguments)
    try:
        made = instructor() if options.instructor else outputs()
    except FormatError as error:
        print(error, file=sys.stderr)
        return 1
    if options.check:
        problems = stale(made)
        print("\n".join([*problems, "Write them again with `make notebooks`."] if problems else ["All as generated."]))
        return bool(problems)
    write(made, options.instructor or ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
