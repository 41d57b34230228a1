"""Pieces of a small book: the head of a chapter, a bibliography, an exercise."""

import textwrap

HEAD = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
primer: {promise: "You will see.", hints: {trial.one: ["Look.", "Look again."]}}
---
# A trial

Some text.

"""
BIB = """\
@article{bayes1763, author={Bayes, Thomas}, title={An Essay}, journal={Transactions}, year={1763}, doi={10.1098/x(1)}}
@article{two2001, author={Ng, Andrew and Jordan, Michael}, title={On {T}wo}, journal={NIPS}, year={2001}}
@article{three2020, author={A, B and C, D and {\\'E}, F}, title={On}, journal={J}, year={2020}, eprint={2001.00001}}
"""
ONE = textwrap.dedent("""
    ```{exercise} From $a$ to $b$
    :id: trial.one
    :difficulty: 2

    Write `one(x)`.
    ```

    ```{code-cell} ipython3
    :nbgrader: {grade: false, grade_id: trial.one, locked: false, schema_version: 3, solution: true, task: false}

    # trial.one
    def one(x):
        \"\"\"One more.\"\"\"
        ### BEGIN SOLUTION
        return x + 1
        ### END SOLUTION
    ```

    ```{code-cell} ipython3
    :nbgrader: {grade: true, grade_id: trial.one-test, locked: true, points: 2, schema_version: 3, solution: false}

    primer.check("trial.one", one)
    ### BEGIN HIDDEN TESTS
    primer.grading.hidden("trial.one", one)
    ### END HIDDEN TESTS
    ```
    """)
CELL = "```{code-cell} ipython3\npass\n```\n\n"


def text_of(cells, start=2):
    """The sources after title and set-up, joined."""
    return "\n\n".join("".join(cell["source"]) for cell in cells[start:])
