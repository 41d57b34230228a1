"""The instructor's notebooks run from top to bottom, and every solution passes its check, visible and hidden.

nbval runs what is committed in notebooks/; these are made for the occasion.
"""

import os
import subprocess
import sys

from tools import notebooks


def test_solved_exercises_run(tmp_path):
    notebooks.write(notebooks.instructor(), tmp_path)
    # NBGRADER_EXECUTION makes a check raise unless it is passed; the secret makes the hidden ones run.
    env = {**os.environ, "PRIMER_STRICT": "1", "NBGRADER_EXECUTION": "validate", "PRIMER_COURSE_SECRET": "of a test"}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", "."],
                          cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


def test_a_wrong_solution_does_not_run(tmp_path):
    """The test above can fail."""
    path, text = next(iter(notebooks.instructor().items()))
    broken = text.replace("### BEGIN SOLUTION", "return None\\n\",\n    \"    ### BEGIN SOLUTION", 1)
    assert broken != text
    notebooks.write({path: broken}, tmp_path)
    env = {**os.environ, "NBGRADER_EXECUTION": "validate"}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", "."],
                          cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 1 and "NotPassed" in done.stdout
