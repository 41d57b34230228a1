"""The command line: ``primer check-api FILE…`` for everybody, ``primer assignment 02 --out COURSE`` for instructors.

Everything after an assignment is nbgrader's: generate_assignment, release_assignment, autograde, generate_feedback.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import resources
from pathlib import Path

from primer.api_check import check_file


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
        raise SystemExit("The exercises with their solutions are not in the package: clone the course and call this in "
                         "its folder.")
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([sys.executable, "-m", "tools.notebooks", "--instructor", folder], cwd=root,
                              capture_output=True, text=True)
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


def check_files(paths: list[Path], as_json: bool) -> int:
    """Print what is not there in Python files and notebooks. 0: nothing found; 1: findings; 2: a file is unreadable."""
    rows, status = [], 0
    for path in paths:
        try:
            found = check_file(path)
        except ValueError as error:
            print(error, file=sys.stderr)
            status = 2
            continue
        status = max(status, int(bool(found)))
        rows += [{"file": str(path), **asdict(finding)} for finding in found]
        if not as_json:
            for finding in found:
                print(f"{path}: {finding}")
    if as_json:
        print(json.dumps(rows, indent=1))
    return status


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="primer", description="The course's commands.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("assignment", help="write the exercises of a chapter into an nbgrader course folder")
    one.add_argument("name", help='the chapter, such as "02" or "02-bayes"')
    one.add_argument("--out", type=Path, default=Path("."), metavar="COURSE", help="the course folder (.)")
    two = commands.add_parser("check-api", help="find what code takes from libraries that do not have it",
                              epilog="A line with the comment `# check-api: ignore` is passed over. Libraries are "
                                     "imported to look at them; the files, and what lies beside them, never are.")
    two.add_argument("files", nargs="+", type=Path, metavar="FILE", help="Python files and notebooks")
    two.add_argument("--json", action="store_true", help="print the findings as JSON")
    options = parser.parse_args(arguments)
    if options.command == "check-api":
        return check_files(options.files, options.json)
    print(assignment(options.name, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
