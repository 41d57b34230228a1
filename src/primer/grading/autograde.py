"""nbgrader's step that executes a submission, with the student's key in place of the course's secret.

``nbgrader_config.py`` of a course folder names it among ``c.Autograde.autograde_preprocessors``. It runs in nbgrader's
own process, where no student's code is.
"""

from __future__ import annotations

import os
from typing import Any

from nbgrader.preprocessors import Execute

from primer.grading import KEY, SECRET, NoSecret, student_key


class ExecuteWithKey(Execute):
    """Executes a notebook in a kernel that knows its student's key and not the secret."""

    def preprocess(self, nb: Any, resources: Any, **kwargs: Any) -> Any:
        """Called by nbgrader for each notebook. `NoSecret` before anything is run if the secret is not set."""
        secret = os.environ.get(SECRET)
        if not secret:
            raise NoSecret(f"Set {SECRET} to the secret of your course before autograding: export {SECRET}=…")
        student = resources["nbgrader"]["student"]
        del os.environ[SECRET]
        os.environ[KEY] = student_key(secret, student)
        try:
            return super().preprocess(nb, resources, **kwargs)
        finally:
            os.environ[SECRET] = secret
            del os.environ[KEY]
