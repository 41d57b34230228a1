"""The continuous checks: GitHub's workflows and `.ci/run`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import repository

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}


def load(name):
    return yaml.safe_load(WORKFLOWS[name].read_text(encoding="utf-8"))


def steps(workflow):
    for job in workflow["jobs"].values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_read_only_unless_a_job_asks_for_more(name):
    workflow = load(name)
    assert workflow["permissions"] == {"contents": "read"}
    granted = {job: options["permissions"] for job, options in workflow["jobs"].items() if "permissions" in options}
    allowed = {
        "tests": {"publish": {"contents": "write"}},
        "publish": {"publish": {"contents": "write"}},
        "weekly": {"report": {"issues": "write"}},
    }
    assert granted == allowed[name]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_use_githubs_own_actions_by_major_version(name):
    for step in steps(load(name)):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step["uses"])
        # what somebody else may have written (a title, a branch's name) never becomes part of a script
        assert "${{" not in step.get("run", "")


def test_pushes_are_tested_under_each_python_and_the_book_once():
    workflow = load("tests")
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text())
    assert workflow["jobs"]["package"]["strategy"]["matrix"]["python"] == classifiers
    assert [step["run"] for step in workflow["jobs"]["book"]["steps"] if "run" in step] == ["bash .ci/run"]
    assert workflow["jobs"]["publish"]["needs"] == ["package", "book"]


def test_publishing_regenerates_the_notebooks_and_pushes_them_where_colab_looks():
    workflow = load("publish")
    job = workflow["jobs"]["publish"]
    assert job["env"]["PRIMER_REPOSITORY_URL"] == "${{ github.server_url }}/${{ github.repository }}"
    assert job["env"]["PRIMER_COMMIT"] == "${{ github.sha }}"
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[0] == "make notebooks" and "make html" in runs[1] and "-W" in runs[1]
    assert f"git push --force origin HEAD:{repository.PUBLISH_BRANCH}" in runs[2]
    tested = load("tests")
    assert tested[True]["push"]["branches-ignore"] == [repository.PUBLISH_BRANCH]  # YAML reads `on` as true


def test_the_week_starts_from_colabs_own_list_without_a_cache():
    workflow = load("weekly")
    assert "schedule" in workflow[True]
    assert not [step for step in steps(workflow) if "cache" in step.get("with", {})]
    commands = "\n".join(step.get("run", "") for step in workflow["jobs"]["colab"]["steps"])
    assert "googlecolab/backend-info" in commands and "make colab LIST=colab-list.txt" in commands
    assert workflow["jobs"]["report"]["if"] == "failure()"
    assert "gh issue create" in workflow["jobs"]["report"]["steps"][0]["run"]


@pytest.fixture
def machine(tmp_path):
    """A machine for `.ci/run` with the named programs, each of which notes how it was called. Returns the notes."""
    script = tmp_path / ".ci" / "run"
    (tmp_path / "bin").mkdir()
    script.parent.mkdir()
    shutil.copy(ROOT / ".ci" / "run", script)

    def run(**programs):
        for name in ("bash", "dirname"):
            (tmp_path / "bin" / name).symlink_to(shutil.which(name))
        for name, ending in programs.items():
            path = tmp_path / "bin" / name
            path.write_text(f'#!/bin/bash\necho "{name} $*" >> {tmp_path}/notes\n{ending}\n')
            path.chmod(0o755)
        done = subprocess.run(["bash", script], env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True)
        notes = (tmp_path / "notes").read_text().splitlines()
        return done, [note for note in notes if not note.startswith("python3")]

    return run


def test_on_a_bare_machine_the_continuous_check_installs_what_is_missing(machine):
    done, notes = machine(**{"apt-get": "", "make": "", "python3": "exit 1"})
    assert done.returncode == 0
    assert notes[0].startswith("apt-get update")
    assert notes[1].startswith("apt-get install") and notes[1].endswith(" python3 python3-venv chromium")
    assert notes[2] == "make test" and "-W" in notes[3] and "all passed in 0 min" in done.stdout


def test_on_a_ready_machine_it_installs_nothing(machine):
    done, notes = machine(**{"apt-get": "", "make": "", "python3": ""})
    assert done.returncode == 0 and [note.split()[0] for note in notes] == ["make", "make"]


def test_without_apt_it_goes_on_and_make_says_what_is_missing(machine):
    done, notes = machine(make="exit 2", python3="exit 1")
    assert done.returncode == 2 and notes == ["make test"] and "all passed" not in done.stdout


def test_the_continuous_check_can_be_started_as_a_program():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
