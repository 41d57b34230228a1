"""Does every name that a piece of Python takes from a library exist there? Found out without running it.

The code is parsed, never run. The libraries that it imports are imported, to look at them, but only from the folders of
the standard library and of installed packages: a file that lies beside the checked one is never imported. Imports,
aliases, attributes, methods of results and keyword arguments are looked up in what is installed on this machine. What
cannot be known without running the code (dynamic attributes, built-in code without a signature, what passes
through **kwargs) gives no finding.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass, field

from primer.api_check._walk import Walker


@dataclass(frozen=True)
class Finding:
    """One thing that is not there: `name` as people write it, why, and what may have been meant."""

    line: int
    name: str
    reason: str
    suggestions: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        meant = f" (did you mean {' or '.join(self.suggestions)}?)" if self.suggestions else ""
        return f"line {self.line}: {self.reason}{meant}"


def check_api(code: str) -> list[Finding]:
    """Findings in the order of their lines, [] if everything that can be looked up exists.

    A line that ends in `# check-api: ignore` is passed over. A syntax error is one finding.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in the checked code is not our business
            tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [Finding(line, "syntax", f"this is not Python: {getattr(error, 'msg', error)}")]
    except RecursionError:
        return [Finding(1, "syntax", "this is nested too deeply to be read")]
    ignored = _ignored(code)
    found = {(line, name): Finding(line, name, reason, suggestions)
             for line, name, reason, suggestions in reversed(Walker(tree).found) if line not in ignored}
    return [found[key] for key in sorted(found)]


def _ignored(code: str) -> set[int]:
    """Lines with the comment that says so."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT
            and token.string.lstrip("# ").startswith("check-api: ignore")}
