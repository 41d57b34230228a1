"""Exercises that check themselves.

For readers::

    primer.check("bayes.posterior", posterior)   # passed, not yet, or not attempted
    primer.hint("bayes.posterior", 1)            # the first hint
    primer.solution("bayes.posterior")           # one way to do it

For authors. Each topic has a file ``checks/<topic>.py`` that registers one `Check` per exercise; the part of the
id before the dot is the topic, and the whole id is nbgrader's ``grade_id``::

    from primer.checks import Check, register

    def posterior(prior, likelihood):            # the reference, same signature as the reader's function
        joint = prior * likelihood               # (k,)
        return joint / joint.sum()

    def cases(rng):                              # numpy Generator in, tuples of arguments out
        yield np.array([0.5, 0.5]), np.array([0.2, 0.8])    # fixed corner cases may come first
        k = int(rng.integers(3, 6))
        yield rng.dirichlet(np.ones(k)), rng.uniform(size=k)

    register(Check("bayes.posterior", posterior, cases))

The visible check runs ``cases`` once per seed in ``seeds``; the hidden check runs it with a generator that is seeded
by the instructor's secret, the student and the id (`primer.grading`). So make the drawn cases rich enough.

What the reader's function returns is compared with the reference by `difference`: numbers, arrays, tensors, strings,
and tuples, lists and dictionaries of them. Where many answers are right (a sampler, an estimate), give ``compare``::

    def is_sampler(got, expected, args):         # None if fine, else what is wrong, as the end of a sentence
        if abs(np.mean(got) - args[0]) > 0.1:
            return f"the mean of the samples should be near {args[0]:.3g} and is {np.mean(got):.3g}"

    register(Check("bayes.sample", sample, cases, compare=is_sampler))

The exercise file ``book/exercises/NN-topic.md`` is described in `tools/exercise_files.py`.
"""

from primer.checks._api import NotPassed, check, conclude, hint, run_check, solution
from primer.checks._compare import difference, show
from primer.checks._registry import Check, find, register
from primer.checks._verdict import Verdict

__all__ = [
    "Check",
    "NotPassed",
    "Verdict",
    "check",
    "conclude",
    "difference",
    "find",
    "hint",
    "register",
    "run_check",
    "show",
    "solution",
]
