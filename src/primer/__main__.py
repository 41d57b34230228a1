"""The command line, for instructors: ``primer assignment 02 --out COURSE``.

Everything after that is nbgrader's: generate_assignment, release_assignment, autograde, generate_feedback.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib import resources
from pathlib import Path


def checkout() -> Path | None:
    """The checkout of the course that the package is installed from, or that holds the working folder; else None."""
    for start in (Path(__file__).resolve(), Path.cwd().resolve()):
        for folder in start.parents if start.is_file() else (start, *start.parents):
            if (folder / "tools" / "notebooks.py").is_file() and (folder / "_config.yml").is_file():
                return folder
    return None


def assignment(name: str, course: Path) -> str:
    """Write source/NN-topic/NN-topic.ipynb and, if there is none, nbgrader_config.py into a course folder.

    name: "02" or "02-bayes". Returns what to do next. SystemExit with one sentence for what goes wrong.
    """
    root = checkout()
    if root is None:
        raise SystemExit(
            "The exercises with their solutions are not in the package: clone the course and call this in its folder."
        )
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(
            [sys.executable, "-m", "tools.notebooks", "--instructor", folder], cwd=root, capture_output=True, text=True
        )
        if made.returncode:
            raise SystemExit(f"The notebooks could not be made: {made.stderr.strip().splitlines()[-1]}")
        notebooks = {path.stem: path.read_text(encoding="utf-8") for path in sorted(Path(folder).glob("*.ipynb"))}
    found = [stem for stem in notebooks if name in (stem, stem.split("-")[0])]
    if not found:
        raise SystemExit(f'There are no exercises "{name}"; there are {", ".join(notebooks) or "none yet"}.')
    stem = found[0]
    target = course / "source" / stem / f"{stem}.ipynb"
    if target.exists() and target.read_text(encoding="utf-8") != notebooks[stem]:
        raise SystemExit(f"{target} exists and differs: move it away first, if it is to be made anew.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(notebooks[stem], encoding="utf-8")
    config = course / "nbgrader_config.py"
    if not config.exists():
        template = resources.files("primer.grading").joinpath("nbgrader_config.py.txt")
        config.write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
    return f"""Wrote {target}. In {course}, in this order:
  nbgrader generate_assignment {stem}    # release/{stem} is what students get
  export PRIMER_COURSE_SECRET=…          # the same for the whole course; make it once: openssl rand -hex 32
  nbgrader autograde {stem}              # submitted/<student>/{stem}/{stem}.ipynb
  nbgrader generate_feedback {stem}"""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="primer", description="The course's commands for instructors.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("assignment", help="write the exercises of a chapter into an nbgrader course folder")
    one.add_argument("name", help='the chapter, such as "02" or "02-bayes"')
    one.add_argument("--out", type=Path, default=Path("."), metavar="COURSE", help="the course folder (.)")
    options = parser.parse_args(arguments)
    print(assignment(options.name, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
