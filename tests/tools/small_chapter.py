"""A chapter of one cell."""


def chapter(source: str) -> str:
    """The text of a chapter whose only cell is `source`."""
    head = "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\n"
    kernel = "kernelspec: {display_name: Python 3, language: python, name: python3}\n---\n# Small\n\n"
    return f"{head}{kernel}```{{code-cell}} ipython3\n{source}\n```\n"
