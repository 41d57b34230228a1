"""Makes the project's one environment: `.venv` with torch, the package and all its extras, and `node_modules`.

Called by the Makefile with a Python of 3.11 to 3.13; needs the standard library only. An environment that was not
finished (no `.venv/ready`) is made again from nothing; a finished one is brought up to date.
"""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
READY = VENV / "ready"
PYTHON = VENV / "bin" / "python"
EXTRAS = "book,lab,grading,test,chapters"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
INDEX_PATIENCE = 5  # seconds


class SetupError(Exception):
    """A step failed; the message says in one sentence what to do."""


def run(*command: str | Path, failure: str) -> None:
    """Run a command in the project's root with its output shown; raise SetupError(failure) if it fails."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"  # npm starts `node`: the environment's own
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=os.environ | {"PATH": path}, check=False)
    if done.returncode != 0:
        raise SetupError(failure)


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def has_nvidia() -> bool:
    """Whether an NVIDIA GPU answers."""
    program = shutil.which("nvidia-smi")
    return program is not None and subprocess.run([program, "-L"], capture_output=True, check=False).returncode == 0


def answers(index: str, patience: float = INDEX_PATIENCE) -> bool:
    """Whether a package index has a page for torch and sends it within `patience` seconds."""
    try:
        with urllib.request.urlopen(f"{index}/torch/", timeout=patience):
            return True
    except (OSError, urllib.error.URLError, ValueError):
        return False


def torch_pin(constraints: Path = ROOT / "constraints.txt") -> str:
    """The line of constraints.txt that pins torch, as "torch==2.13.0"."""
    return next(line for line in constraints.read_text().splitlines() if line.startswith("torch=="))


def install_torch() -> None:
    """Install torch before anything asks for it: without a GPU from the CPU index, or gigabytes of CUDA would come."""
    pip: list[str | Path] = [PYTHON, "-m", "pip", "install", torch_pin()]
    if not has_nvidia() and answers(CPU_INDEX):
        try:
            # Its own dependencies follow with the package, from the ordinary index and under the constraints.
            return run(*pip, "--no-deps", "--index-url", CPU_INDEX, failure="")
        except SetupError:
            print("PyTorch's CPU index has no such wheel for this machine; asking the ordinary index.")
    run(*pip, "-c", "constraints.txt", failure=f"pip could not install {torch_pin()}: its last lines say why.")


def make() -> None:
    finished = READY.exists() and PYTHON.exists()
    READY.unlink(missing_ok=True)
    if not finished:
        say(f"1/4  A virtual environment in .venv (Python {sys.version.split()[0]})")
        run(sys.executable, "-m", "venv", "--clear", VENV,
            failure="Python could not make a virtual environment (on Debian or Ubuntu: apt-get install python3-venv).")
    say("2/4  torch")
    install_torch()
    say("3/4  The package and the tools of the book and the tests")
    run(PYTHON, "-m", "pip", "install", "-c", "constraints.txt", "-e", f".[{EXTRAS}]",
        failure="pip could not install the project: its last lines say why; run the same command again to resume.")
    say("4/4  Browser files (fonts, mathematics) from npm")
    run(VENV / "bin" / "npm", "ci", "--no-audit", "--no-fund",
        failure="npm could not fetch the browser files named in package-lock.json: its last lines say why.")
    READY.touch()
    say("The environment is ready.")


if __name__ == "__main__":
    try:
        make()
    except SetupError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped; run the same command again and it starts this step anew.")
