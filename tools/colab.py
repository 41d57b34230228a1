"""Runs the notebooks as Colab would: `python -m tools.colab LIST [TORCH]`, or `make colab LIST=…`.

LIST is Colab's published list of packages (pip-freeze.txt of github.com/googlecolab/backend-info), as a file. The
package is installed as in a reader's first cell, with every package of the list held at Colab's version, and each
notebook is executed. TORCH ("torch==2.13.0") replaces Colab's torch where that version cannot be had.
The environment is `.venv-colab`, made anew at each run; Colab's own Python is 3.13.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tools.bootstrap import CPU_INDEX, answers

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-colab"
RUNNER = ["ipython", "ipykernel", "ipywidgets", "nbval", "pytest", "pytest-xdist"]


def constraints(published: str) -> dict[str, str]:
    """Colab's list as pip's constraints, {name: "name==version"}.

    Left out: packages from an address (they cannot be constrained so) and NVIDIA's libraries, which torch brings along
    on a machine with a GPU. A version's local part ("+cu128") is cut, so that a build for the CPU satisfies it.
    """
    lines = (re.match(r"([A-Za-z0-9._-]+)==([^\s+;]+)", line.strip()) for line in published.splitlines())
    pins = {re.sub(r"[-_.]+", "-", line[1]).lower(): f"{line[1]}=={line[2]}" for line in lines if line}
    return {name: pin for name, pin in pins.items() if not name.startswith("nvidia-")}


def main(arguments: list[str]) -> int:
    """Make the environment and run the notebooks in it; return pytest's exit status."""
    if len(arguments) not in (1, 2):
        sys.exit("Name Colab's list of packages: make colab LIST=pip-freeze.txt")
    pins = constraints(Path(arguments[0]).read_text(encoding="utf-8"))
    torch = pins.pop("torch")
    if len(arguments) == 2:
        torch = arguments[1]
        del pins["setuptools"]  # another torch asks for another one; the notebooks do not
    python, held = str(VENV / "bin" / "python"), VENV / "constraints.txt"
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    held.write_text("\n".join([*pins.values(), torch, ""]), encoding="utf-8")
    pip = [python, "-m", "pip", "install", "-q", "-c", str(held)]
    cpu = ["--extra-index-url", CPU_INDEX] if answers(CPU_INDEX) else []
    subprocess.run([*pip, *cpu, torch], check=True)
    subprocess.run([*pip, ".", *RUNNER], cwd=ROOT, check=True)
    notebooks = [python, "-m", "pytest", "-q", "-n2", "--dist", "loadscope", "--nbval-lax", "--nbval-current-env"]
    strict = os.environ | {"PRIMER_STRICT": "1"}
    return subprocess.run([*notebooks, "notebooks"], cwd=ROOT, env=strict, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
