"""MyST text of a chapter -> plain Markdown that Colab, GitHub and JupyterLab render alike.

    note, tip, warning, admonition, margin   a quotation with a bold title
    dropdown, class dropdown                 <details>
    figure                                   a picture and its caption
    math                                     $$…$$ with \\tag where it has a label
    exercise                                 a heading with the difficulty as dots, and the id
    cite:p, cite:t                           author and year, linked to DOI or arXiv
    eq, numref, ref, doc, term               the number or the title, linked to its page where that is another one

Three renderers, three faults that are worked around here: JupyterLab takes mathematics out of the text before it
reads it as Markdown, so a formula inside a quotation must stand on one line; links inside a notebook work differently
in each, so a reference within the page is plain text; none of them knows Sphinx's relative links. And the page has
KaTeX, JupyterLab and GitHub MathJax 3, Colab MathJax 2: what the last does not know is rewritten or refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tools import repository
from tools.bibliography import Bibliography
from tools.book_index import Document, Index
from tools.myst_blocks import INLINE, ROLES, Code, Directive, FormatError, Text, blocks

GLOSSARY = "book/appendices/glossary.md"
DOTS = 4  # the most difficult exercise has so many
_TITLES = {"note": "Note", "tip": "Tip", "warning": "Warning"}
_PICTURES = (".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp")


class Converter:
    """Converts the text of one document; remembers what it cited."""

    def __init__(self, document: Document, index: Index, bibliography: Bibliography, heading: str = "###") -> None:
        self.document = document
        self.index = index
        self.bibliography = bibliography
        self.heading = heading  # what an exercise's heading starts with
        self.cited: set[str] = set()

    def convert(self, source: str, line: int) -> str:
        """Plain Markdown of a piece of the document that starts in line `line`. FormatError with the line at fault."""
        return "\n".join(self._blocks(source.split("\n"), line)).strip("\n")

    def _blocks(self, lines: list[str], line: int) -> list[str]:
        out: list[str] = []
        for block in blocks(lines, line, self.document.path):
            if isinstance(block, Code):
                out += block.lines
            elif isinstance(block, Text):
                out += self._text("\n".join(block.lines), block.line).split("\n")
            else:
                converted = [block.indent + text if text else "" for text in self._directive(block)]
                if out and out[-1].strip():
                    out.append("")  # a quotation or a formula starts a block of its own
                out += converted
        return out

    # Directives

    def _directive(self, block: Directive) -> list[str]:
        if block.name == "math":
            return self._math(block)
        if block.name == "figure":
            return self._figure(block)
        if block.name == "exercise":
            return self._exercise(block)
        title = self._text(block.argument, block.line)
        body = block.body
        if block.name in _TITLES:
            body = [block.argument, *body] if block.argument else body
            title = _TITLES[block.name]
        content = self._blocks(body, block.body_line)
        if block.name == "dropdown" or "dropdown" in block.options.get("class", "").split():
            opened = " open" if "open" in block.options else ""
            return [f"<details{opened}><summary>{title}</summary>", "", *_trim(content), "", "</details>"]
        head = [f"**{title}**", ""] if title else []
        return [f"> {text}".rstrip() for text in _one_line_formulas(_trim(head + content))]

    def _math(self, block: Directive) -> list[str]:
        formula = "\n".join([block.argument, *block.body] if block.argument else block.body).strip()
        if "\n\n" in formula:
            raise FormatError(self.document.path, block.line, "One math block holds one formula, without blank lines.")
        if "\\\\" in formula and "\\begin{" not in formula:
            formula = f"\\begin{{aligned}}\n{formula}\n\\end{{aligned}}"  # as the page does
        formula = self._formula(formula, block.line)
        tag = ""
        if name := block.options.get("label"):
            found = self._label(name, block.line, "equation")
            tag = f" \\tag{{{found[0]}}}"
        return ["$$", *f"{formula}{tag}".split("\n"), "$$"]

    def _figure(self, block: Directive) -> list[str]:
        if not block.options.get("alt"):
            raise FormatError(self.document.path, block.line, "A figure needs an alt text: give it the option alt.")
        picture = f"![{block.options['alt']}]({self._file(block.argument, block.line)})"
        caption = self._text(" ".join(text.strip() for text in block.body if text.strip()), block.body_line)
        number = self.document.labels[block.options["name"]].text
        return [picture, "", figure_caption(caption, number)] if caption else [picture]

    def _exercise(self, block: Directive) -> list[str]:
        identity, difficulty = block.options.get("id", ""), block.options.get("difficulty", "")
        if not re.fullmatch(r"[a-z-]+\.[a-z0-9_-]+", identity):
            raise FormatError(self.document.path, block.line, 'An exercise needs an id such as "bayes.posterior".')
        if difficulty not in map(str, range(1, DOTS + 1)):
            raise FormatError(self.document.path, block.line, f"An exercise's difficulty is a number from 1 to {DOTS}.")
        dots = "●" * int(difficulty) + "○" * (DOTS - int(difficulty))
        title = self._text(block.argument, block.line)
        content = _trim(self._blocks(block.body, block.body_line))
        help_line = f'Stuck? `primer.hint("{identity}")` gives a hint, `primer.solution("{identity}")` a solution.'
        head = [f"{self.heading} {title}", "", f"`{identity}` · difficulty {dots}", ""]
        return [*head, *content, "", help_line]

    # Text

    def _text(self, text: str, line: int) -> str:
        """Inline roles, links, targets and comments of ordinary Markdown."""
        self._refuse(text, line)
        text = re.sub(r"^\([^)\s]+\)=[ \t]*$", "", text, flags=re.MULTILINE)
        return INLINE.sub(lambda match: self._inline(match, text, line), text)

    def _refuse(self, text: str, line: int) -> None:
        """FormatError for what looks harmless and would not be rendered."""
        bare = re.sub(r"\$\$.*?\$\$|`+[^`]*`+|\$[^$\n]*\$", lambda match: "\n" * match[0].count("\n"), text,
                      flags=re.DOTALL)
        for number, one in enumerate(bare.split("\n")):
            for pattern, sentence in _REFUSED:
                if re.search(pattern, one):
                    raise FormatError(self.document.path, line + number, sentence)

    def _inline(self, match: re.Match[str], text: str, line: int) -> str:
        at = line + text.count("\n", 0, match.start())
        if match["display"]:
            if match["number"]:
                raise FormatError(self.document.path, at, "A formula with a label is a math directive.")
            return f"$${self._formula(match['formula'], at)}$$"
        if match["math"]:
            return self._formula(match["math"], at)
        if match["role"]:
            return self._role(match["name"], " ".join(match["content"].split()), at)
        if match["link"]:
            label = INLINE.sub(lambda inner: self._inline(inner, match["label"], at), match["label"])
            title = f' "{match["title"]}"' if match["title"] else ""
            return f"{match['bang']}[{label}]({self._file(match['target'], at)}{title})"
        return match[0]

    def _formula(self, formula: str, line: int) -> str:
        """A formula that KaTeX, MathJax 3 and MathJax 2 all know. FormatError for a command that one of them lacks."""
        for command, advice in _LACKING.items():
            if re.search(rf"\\{command}(?![a-zA-Z])", formula):
                raise FormatError(self.document.path, line, f"Colab does not know \\{command}: {advice}.")
        # The braces around it end the colour where \color is a switch, those within where it takes an argument.
        return re.sub(rf"\\textcolor(\{{[^{{}}]*\}})({_GROUP})", r"{\\color\1\2}", formula)

    def _role(self, name: str, content: str, line: int) -> str:
        if name not in ROLES:
            raise FormatError(self.document.path, line, f'There is no role "{name}" in this book; there are '
                                                        f"{', '.join(ROLES)}.")
        if name.startswith("cite"):
            return self._cite(content, name == "cite:t", line)
        explicit = re.fullmatch(r"(?P<text>.+?)\s*<(?P<target>[^<>]+)>", content, re.DOTALL)
        target = explicit["target"] if explicit else content
        text = explicit["text"] if explicit else None
        if name == "term":
            return f"[{text or target}]({repository.page_link(GLOSSARY)}#{self._term(target, line)})"
        if name == "doc":
            document = self._document(target, line)
            return f"[{text or document.title}]({repository.page_link(document.path.as_posix())})"
        kind = {"eq": "equation", "numref": "figure", "ref": None}[name]
        number, home, found = self._label(target, line, kind)
        if name == "eq":
            text = f"({number})"
        elif found == "section" or name == "ref":
            text = text or number
        else:
            text = (text or "Figure %s").replace("%s", number).replace("{number}", number)
        return text if home is self.document else f"[{text}]({repository.page_link(home.path.as_posix())}#{target})"

    def _term(self, term: str, line: int) -> str:
        """Where a word stands on the page of the glossary, as Sphinx names the place."""
        glossary = self.index.documents.get(Path(GLOSSARY))
        if not glossary or not re.search(rf"^{re.escape(term)}$", glossary.text, re.MULTILINE):
            raise FormatError(self.document.path, line, f'The glossary does not have "{term}".')
        return "term-" + re.sub(r"[^a-zA-Z0-9._]+", "-", term).strip("-")

    def _cite(self, content: str, textual: bool, line: int) -> str:
        keys = [key.strip() for key in content.split(",")]
        for key in keys:
            if key not in self.bibliography:
                raise FormatError(self.document.path, line, f'The bibliography has no entry "{key}".')
        self.cited.update(keys)
        texts = [self.bibliography.citation(key, textual) for key in keys]
        return ", ".join(texts) if textual else f"({'; '.join(texts)})"

    def _label(self, name: str, line: int, kind: str | None) -> tuple[str, Document, str]:
        found = self.index.label(name, self.document)
        if not found or (kind and found[0].kind != kind):
            raise FormatError(self.document.path, line, f'No {kind or "label"} in the book is called "{name}".')
        return found[0].text, found[1], found[0].kind

    # Files

    def _document(self, target: str, line: int) -> Document:
        name = target.removesuffix(".md") + ".md"
        path = Path(name[1:]) if name.startswith("/") else self._resolve(name)
        if path not in self.index.documents:
            raise FormatError(self.document.path, line, f'There is no page "{target}".')
        return self.index.documents[path]

    def _resolve(self, target: str) -> Path:
        return Path(os.path.normpath(self.document.path.parent / target))

    def _file(self, target: str, line: int) -> str:
        """The address of what a link or a picture points to."""
        if re.match(r"[a-z][a-z+.-]*:", target):
            return target
        path, _, fragment = target.partition("#")
        if not path:
            raise FormatError(self.document.path, line, "A link within the page works differently in each notebook "
                                                        "program: use the role ref.")
        if path.endswith(".md"):
            page = repository.page_link(self._document(path, line).path.as_posix())
            return f"{page}#{fragment}" if fragment else page
        file = self._resolve(path)
        if not (self.index.root / file).is_file():
            raise FormatError(self.document.path, line, f'There is no file "{path}".')
        if path.lower().endswith(_PICTURES):
            if repository.is_placeholder():  # a picture of a checkout without address is beside the notebook
                return f"{'../../' if self.document.is_exercise else '../'}{file.as_posix()}"
            return repository.raw_link(file.as_posix())
        return repository.source_link(file.as_posix())


_GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"  # braces in braces, four deep
_LACKING = {
    "bm": "write \\boldsymbol",
    "coloneqq": "write :=",
    "color": "write \\textcolor{colour}{formula}",
    "htmlClass": "write \\textcolor{colour}{formula}",
    "htmlStyle": "write \\textcolor{colour}{formula}",
    "argmax": "write \\operatorname*{arg\\,max}",
    "argmin": "write \\operatorname*{arg\\,min}",
}
_REFUSED = (
    (r"\[\^[^\]]+\]", "Footnotes are not rendered in notebooks: use the directive margin."),
    (r"\]\{[^}]*\}", "Attributes in braces are not rendered in notebooks."),
    (r"^\s*\\begin\{", "A formula stands in the directive math or between dollars."),
    (r"^%", "A line that starts with % is a comment on the page and text in a notebook: leave it out."),
)


def figure_caption(caption: str, number: str) -> str:
    """The line under a figure."""
    return f"**Figure {number}.** {caption}"


def _trim(lines: list[str]) -> list[str]:
    return "\n".join(lines).strip("\n").split("\n")


def _one_line_formulas(lines: list[str]) -> list[str]:
    """The lines with each displayed formula on one line."""
    text = re.sub(r"\$\$(.+?)\$\$", lambda match: "$$" + " ".join(match[1].split()) + "$$", "\n".join(lines),
                  flags=re.DOTALL)
    return text.split("\n")
