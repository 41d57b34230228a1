"""The notebook generator: what becomes of each part of a chapter, what is refused, and that notebooks are fresh."""

import json
import re
import textwrap

import nbformat
import pytest

from tests.tools.small_book import CELL, HEAD, ONE, text_of
from tools import notebooks
from tools.myst_blocks import FormatError


def converted(book, body, **files):
    """What becomes of a piece of a chapter's text."""
    cells = book(CELL + body, **files)
    return text_of(cells, start=3)


# The committed files


def test_committed_notebooks_are_fresh():
    problems = notebooks.stale(notebooks.outputs())
    assert not problems, " ".join(problems) + " Run `make notebooks`."


def test_check_mode_finds_what_differs(tmp_path):
    made = {notebooks.Path("notebooks/a.ipynb"): "1", notebooks.Path("notebooks/b.ipynb"): "2"}
    notebooks.write(made, tmp_path)
    assert notebooks.stale(made, tmp_path) == []
    (tmp_path / "notebooks/a.ipynb").write_text("changed")
    (tmp_path / "notebooks/b.ipynb").unlink()
    (tmp_path / "notebooks/c.ipynb").write_text("left over")
    assert len(notebooks.stale(made, tmp_path)) == 3


def test_committed_notebooks_are_valid_and_empty():
    for path, text in notebooks.outputs().items():
        if path.suffix == ".ipynb":
            made = nbformat.reads(text, as_version=4)
            nbformat.validate(made)
            assert all(not cell.outputs and cell.execution_count is None for cell in made.cells if "outputs" in cell)
            assert not re.search(r"\{(cite|eq|numref|ref|doc|term)[:}]|^```\{|^:::", "\n".join(
                cell.source for cell in made.cells), re.MULTILINE)


def test_no_solution_and_no_hidden_test_reaches_a_student():
    made = notebooks.outputs()
    for path, text in made.items():
        if path.parent.name == "exercises":
            assert "hidden(" not in text and "SOLUTION" not in text and "HIDDEN" not in text
            topic = path.stem.partition("-")[2]
            for entry in json.loads(made[notebooks.Path(f"src/primer/checks/{topic}.json")]).values():
                body = entry["solution"].split("\n")[-1].strip()
                assert json.dumps(body)[1:-1] not in text


# Cells


def test_title_badge_and_set_up(book):
    cells = book()
    title = "".join(cells[0]["source"])
    assert title.startswith("# A trial\n\n[![Open in Colab](")
    assert "You will see." in title and title.endswith("Some text.")
    assert 'find_spec("primer") is None' in "".join(cells[1]["source"])


def test_set_up_of_a_deployed_copy(book, monkeypatch):
    monkeypatch.setenv("PRIMER_REPOSITORY_URL", "https://github.com/some/course")
    monkeypatch.setenv("PRIMER_COMMIT", "a" * 40)
    source = "".join(book()[1]["source"])
    assert f'    %pip install -q "genai-primer @ git+https://github.com/some/course@{"a" * 40}"' in source


def test_the_same_text_gives_the_same_bytes(book, tmp_path):
    body = ONE + "\n```{code-cell} ipython3\n1\n```\n"
    one, two = book(body), book(body)
    assert one == two
    assert [cell["id"] for cell in one][:2] == ["07-trial-000", "07-trial-001"]
    ids = [cell["id"] for cell in book(ONE, exercise=True)]
    assert len(set(ids)) == len(ids) and ids[0] == "exercise-07-trial-000"


def test_folded_cells_are_folded_everywhere(book):
    cells = book("## Look\n\n```{code-cell} ipython3\n:tags: [hide-input]\n\nx = 1\n```\n")
    cell = cells[-1]
    assert cell["metadata"] == {"tags": ["hide-input"], "cellView": "form", "jupyter": {"source_hidden": True}}
    assert "".join(cell["source"]) == "# @title Look\nx = 1"


def test_a_figure_of_a_cell_gets_its_caption(book):
    body = textwrap.dedent("""
        ```{code-cell} ipython3
        ---
        mystnb:
          figure: {name: fig-one, caption: "What to see in $x$."}
          image: {alt: "A line."}
        tags: [keep]
        ---
        x = 1
        ```

        See {numref}`fig-one` and {numref}`picture %s <fig-one>`.
        """)
    cells = book(body)
    assert cells[2]["metadata"] == {"tags": ["keep"]}
    assert text_of(cells, 3) == "**Figure 7.1.** What to see in $x$.\n\nSee Figure 7.1 and picture 7.1."


# Directives and roles


@pytest.mark.parametrize(("source", "expected"), [
    ("```{note}\nMind $x$.\n```", "> **Note**\n>\n> Mind $x$."),
    (":::{tip} Short\nLong.\n:::", "> **Tip**\n>\n> Short\n> Long."),
    ("```{warning}\n```", "> **Warning**"),
    ("```{admonition} Price's *proof*\nText.\n```", "> **Price's *proof***\n>\n> Text."),
    ("```{margin}\nAside.\n```", "> Aside."),
    ("```{dropdown} Why\nSo.\n```", "<details><summary>Why</summary>\n\nSo.\n\n</details>"),
    ("```{admonition} Why\n:class: dropdown\nSo.\n```", "<details><summary>Why</summary>\n\nSo.\n\n</details>"),
    ("```{math}\na = b\n```", "$$\na = b\n$$"),
    ("```{math}\na &= b \\\\\n  &= c\n```", "$$\n\\begin{aligned}\na &= b \\\\\n  &= c\n\\end{aligned}\n$$"),
    ("````{note}\n```{math}\na\n= b\n```\n````", "> **Note**\n>\n> $$a = b$$"),
    ("````{note}\n```python\nx = 1\n```\n````", "> **Note**\n>\n> ```python\n> x = 1\n> ```"),
    ("- one\n\n  ```{note}\n  Two.\n  ```", "- one\n\n  > **Note**\n  >\n  > Two."),
    ("```python\n{eq}`not-a-role`\n```", "```python\n{eq}`not-a-role`\n```"),
    ("(here)=\n## A section\n\nSee {ref}`here` and {ref}`this one <here>`.",
     "## A section\n\nSee A section and this one."),
    ("`{eq}` and `x{y}` and $\\{x\\}$ stay.", "`{eq}` and `x{y}` and $\\{x\\}$ stay."),
    ("$\\textcolor{#2b6cb0}{x_{i}}$", "${\\color{#2b6cb0}{x_{i}}}$"),
    ("$$\\textcolor{#2b6cb0}{\\frac{a}{b_{c}}} = d$$", "$${\\color{#2b6cb0}{\\frac{a}{b_{c}}}} = d$$"),
    ("```{math}\n\\textcolor{red}{a}\n```", "$$\n{\\color{red}{a}}\n$$"),
    ("It costs \\$5, not $x$5.", "It costs \\$5, not $x$5."),
    ("<https://example.org> [a](https://example.org/b_(c))", "<https://example.org> [a](https://example.org/b_(c))"),
])
def test_what_becomes_of_it(book, source, expected):
    assert converted(book, source) == expected


def test_equations_are_numbered_by_chapter(book):
    body = "```{math}\n:label: eq-one\na\n```\n\n```{math}\nb\n```\n\n```{math}\n:label: eq-two\nc\n```\n\n{eq}`eq-two`"
    out = converted(book, body)
    assert "a \\tag{7.1}" in out and "c \\tag{7.2}" in out and out.endswith("(7.2)")
    out = converted(book, "{eq}`eq-other`, {ref}`there`, {doc}`08-other`, {doc}`that <08-other>`, [x](08-other.md)",
                    other=HEAD.replace("A trial", "Another") + "(there)=\n## There\n\n"
                    "```{math}\n:label: eq-other\na\n```\n")
    page = "https://repository.invalid/owner/genai-primer/book/part/08-other.html"
    assert out == f"[(8.1)]({page}#eq-other), [There]({page}#there), [Another]({page}), [that]({page}), [x]({page})"


def test_words_of_the_glossary(book, tmp_path):
    folder = tmp_path / "book/appendices"
    folder.mkdir(parents=True)
    (folder / "glossary.md").write_text("# Glossary\n\n```{glossary}\nBayes' theorem\n  Prior times likelihood.\n```\n")
    page = "https://repository.invalid/owner/genai-primer/book/appendices/glossary.html#term-Bayes-theorem"
    assert converted(book, "{term}`Bayes' theorem`, {term}`it <Bayes' theorem>`") == (
        f"[Bayes' theorem]({page}), [it]({page})")


def test_exercise_in_a_chapter(book):
    assert converted(book, "```{exercise} Try\n:id: trial.x\n:difficulty: 3\n\nDo it.\n```").startswith(
        "### Try\n\n`trial.x` · difficulty ●●●○\n\nDo it.\n\nStuck?")


def test_citations_and_references(book):
    out = converted(book, "See {cite:t}`two2001` and {cite:p}`bayes1763, three2020`.")
    text, references = out.split("\n\n## References\n\n")
    assert text == ("See Ng and Jordan (2001) and ([Bayes, 1763](https://doi.org/10.1098/x%281%29); "
                    "[A et al., 2020](https://arxiv.org/abs/2001.00001)).")
    lines = references.split("\n")
    assert len(lines) == 3 and lines[2].startswith("- Andrew Ng and Michael Jordan. On Two.")
    assert "## References" not in converted(book, "Nothing cited.")


def test_pictures_are_found_from_the_notebook(book, tmp_path, monkeypatch):
    (tmp_path / "book/assets").mkdir(parents=True)
    (tmp_path / "book/assets/a.svg").write_text("<svg/>")
    figure = "```{figure} ../assets/a.svg\n:name: fig-a\n:alt: A curve.\n\nLook at\nthe top.\n```"
    assert converted(book, figure) == "![A curve.](../book/assets/a.svg)\n\n**Figure 7.1.** Look at the top."
    monkeypatch.setenv("PRIMER_REPOSITORY_URL", "https://github.com/some/course")
    monkeypatch.setenv("PRIMER_COMMIT", "a" * 40)
    assert "https://github.com/some/course/raw/published/book/assets/a.svg" in converted(book, figure)


# Refusals: file, line and one sentence


@pytest.mark.parametrize(("source", "line", "sentence"), [
    ("```{tableofcontents}\n```", 10, 'There is no directive "tableofcontents"'),
    ("x\n\n````{note}\ny\n\n```{seealso}\nz\n```\n````", 15, 'There is no directive "seealso"'),
    ("````{note}\n```{code-cell} ipython3\n1\n```\n````", 11, "A code cell stands at top level"),
    ("- x\n\n  ```{code-cell} ipython3\n  1\n  ```", 12, "A code cell stands at top level"),
    ("x\n{sub}`2`", 11, 'There is no role "sub"'),
    ("x {cite:alp}`two2001`", 10, 'There is no role "cite:alp"'),
    ("{cite:t}`nobody`", 10, 'The bibliography has no entry "nobody".'),
    ("{eq}`nothing`", 10, 'No equation in the book is called "nothing".'),
    ("{numref}`nothing`", 10, 'No figure in the book is called "nothing".'),
    ("{ref}`nothing`", 10, 'No label in the book is called "nothing".'),
    ("{doc}`nothing`", 10, 'There is no page "nothing".'),
    ("{term}`nothing`", 10, 'The glossary does not have "nothing".'),
    ("[x](nothing.md)", 10, 'There is no page "nothing.md".'),
    ("[x](nothing.png)", 10, 'There is no file "nothing.png".'),
    ("[x](#here)", 10, "A link within the page"),
    ("```{note}\nx", 10, "is never closed"),
    ("```{note}\n:colour: red\nx\n```", 10, 'has no option "colour"'),
    ("```{figure} a.png\n:name: fig-a\n```", 10, "A figure needs an alt text"),
    ("```{figure} a.png\n:alt: x\n```", 10, "A figure needs a name"),
    ("```{math}\na\n\nb\n```", 10, "One math block holds one formula"),
    ("```{math}\n:label: eq-a\na\n```\n```{math}\n:label: eq-a\nb\n```", 14, 'The label "eq-a" is given twice.'),
    ("$$a$$ (eq-a)", 10, "A formula with a label is a math directive."),
    ("Text[^1].", 10, "Footnotes are not rendered"),
    ("[text]{.red}", 10, "Attributes in braces"),
    ("\\begin{align}\na\n\\end{align}", 10, "A formula stands in the directive math"),
    ("$\\bm{x}$", 10, "Colab does not know \\bm: write \\boldsymbol."),
    ("$$\nx \\coloneqq y\n$$", 10, "write :="),
    ("```{math}\n{\\color{red} x}\n```", 10, "Colab does not know \\color"),
    ("% a comment", 10, "A line that starts with %"),
    ("```{exercise} X\n:id: one\n:difficulty: 1\n```", 10, "An exercise needs an id"),
    ("```{exercise} X\n:id: trial.one\n:difficulty: 5\n```", 10, "difficulty is a number from 1 to 4"),
    ("::: aside\nx\n:::", 10, "names no directive"),
    ("```{raw-cell}\nx\n```", 11, "A raw cell has no place"),
])
def test_what_is_refused(book, source, line, sentence):
    with pytest.raises(FormatError) as error:
        book(source)
    assert str(error.value).startswith(f"book/part/07-trial.md:{line}: "), str(error.value)
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_chapter_starts_with_its_title(book):
    with pytest.raises(FormatError, match="title"):
        book(head=HEAD.replace("# A trial", "A trial"))


def test_the_command_line_says_what_is_wrong(monkeypatch, capsys):
    def broken():
        raise FormatError("book/x.md", 3, "Wrong.")

    monkeypatch.setattr(notebooks, "outputs", broken)
    assert notebooks.main([]) == 1
    assert capsys.readouterr().err == "book/x.md:3: Wrong.\n"
