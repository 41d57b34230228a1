"""Says what a word means where it is used: a term's link carries the glossary's definition as its title."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def setup(app: Sphinx) -> None:
    """Look at each page when its references are resolved."""
    app.connect("doctree-resolved", add_titles)


def add_titles(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Set the title of every link that stands for a `term` role."""
    for reference in doctree.findall(nodes.reference):
        inner = reference.next_node()
        if isinstance(inner, nodes.Element) and "std-term" in inner.get("classes", []) and "refid" not in reference:
            target = reference["refuri"].partition("#")[2]
            reference["reftitle"] = definitions(app.env).get(target, "")


def definitions(env: BuildEnvironment) -> dict[str, str]:
    """The text of each entry of the glossary, by the id that links lead to."""
    found: dict[str, str] = {}
    for docname in {docname for docname, _ in env.domaindata["std"]["terms"].values()}:
        for item in env.get_doctree(docname).findall(nodes.definition_list_item):
            text = " ".join(part.astext() for part in item.findall(nodes.definition))
            found |= {name: text for term in item.findall(nodes.term) for name in term["ids"]}
    return found
