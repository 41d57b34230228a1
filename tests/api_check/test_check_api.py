"""What check_api finds, what it leaves alone, and that it runs nothing of what it reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import primer
from benchmarks import check_api as benchmark
from primer.__main__ import main
from primer.api_check import Finding, check_file
from primer.api_check._library import accepts, find_module, installed


def names(code, local=()):
    return [(finding.line, finding.name) for finding in primer.check_api(code, local)]


@pytest.mark.parametrize("path", [benchmark.CASES, benchmark.FRESH], ids=lambda path: path.stem)
def test_precision_and_recall_on_the_labelled_cases(path):
    found = benchmark.measure(path)
    assert found["cases"] >= (150 if path == benchmark.CASES else 70)
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.90


def test_the_stored_result_is_about_these_cases():
    stored = json.loads(benchmark.RESULT.read_text())
    for name, path in (("cases", benchmark.CASES), ("fresh", benchmark.FRESH)):
        assert stored[name]["invented"] == sum(len(wrong) for _, _, wrong in benchmark.cases(path))
        assert stored[name]["cases"] == len(benchmark.cases(path))


def test_nothing_of_the_checked_code_runs(tmp_path):
    """Neither statements nor decorators, defaults, class bodies, annotations; nor a module that lies beside."""
    mark = tmp_path / "written"
    write = f"open({str(mark)!r}, 'w').write('x')"
    (tmp_path / "beside.py").write_text(write)
    (tmp_path / "numpyx.py").write_text(write)
    code = f"""import beside, numpyx
from beside import anything
{write}
class A:
    {write}
@({write})
def f(x: {write} = {write}): ...
lambda: {write}
[{write} for _ in range(3)]
__import__("beside")
"""
    path = tmp_path / "checked.py"
    path.write_text(code)
    command = [sys.executable, "-m", "primer", "check-api", path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert not mark.exists()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    exec(compile(write, "proof", "exec"))  # the test can fail: the line does write
    assert mark.exists()


def test_a_file_that_bears_a_librarys_name_is_not_taken_for_it(tmp_path, monkeypatch):
    (tmp_path / "tabulate_me.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert not installed("tabulate_me")
    assert names("import tabulate_me\ntabulate_me.anything") == []


def test_suggestions():
    (finding,) = primer.check_api("import numpy as np\nnp.linspce(0, 1)\n")
    assert finding == Finding(2, "numpy.linspce", "the module numpy has no attribute 'linspce'", finding.suggestions)
    assert finding.suggestions[0] == "linspace"
    (keyword,) = primer.check_api("from sklearn.linear_model import LogisticRegression as L\nL(max_iters=3)")
    assert keyword.suggestions[0] == "max_iter"
    (module,) = primer.check_api("import sklearn.ensembles")
    assert "ensemble" in module.suggestions
    (package,) = primer.check_api("import nunpy")
    assert "numpy" in package.suggestions and "not installed" in package.reason


def test_not_installed_is_told_from_invented():
    """The article's example: whether gpd.gridify exists cannot be known without the package."""
    found = primer.check_api("import geopandas_that_is_not_here as gpd\ngrid = gpd.gridify(frame, cell=10)\n")
    assert [(f.line, "not installed" in f.reason) for f in found] == [(1, True)]


@pytest.mark.parametrize("code", [
    "import math\nmath.root(2)  # check-api: ignore",
    "import math\nx = [\n  math.root(2),  # a reason. check-api: ignore\n]",
])
def test_a_comment_suppresses(code):
    assert names(code) == []
    assert len(names(code.replace("check-api", "check"))) == 1


def test_a_syntax_error_is_one_finding():
    (finding,) = primer.check_api("x = 1\ndef f(:\n")
    assert (finding.line, finding.name) == (2, "syntax")
    assert "\n" not in str(finding)
    assert [f.name for f in primer.check_api("x = '\0'")] == ["syntax"]
    assert primer.check_api("") == []


def test_modules_of_ones_own_are_left_alone():
    code = "import helpers_of_mine\nhelpers_of_mine.anything()"
    assert names(code) == [(1, "helpers_of_mine")]
    assert names(code, {"helpers_of_mine"}) == []


def test_what_functions_see_is_what_was_bound_at_any_time():
    assert names("import math\ndef f():\n    return math.root(2)\nmath = make()") == []
    assert names("def f():\n    return math.root(2)\nimport math") == [(2, "math.root")]


def notebook(path, *sources):
    cells = [{"cell_type": "markdown", "source": ["# import nothing_at_all"]}]
    cells += [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in sources]
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_a_notebook_is_one_program_without_its_magics(tmp_path):
    path = notebook(
        tmp_path / "a.ipynb",
        "%matplotlib inline\n!pip install \\\n   nothing\nimport math\nmath.floor?\nfiles = !ls\nfiles.anything",
        "%%bash\nmath.root",
        "%%time\nmath.root(1)",
        "text = '''\n%magic in a text\n'''\ntext.shout()",
        "this is no Python",
        "if True:\n    %timeit math.root(2)\nmath.pi, math.phi",
    )
    found = check_file(path)
    assert [(f.cell, f.line, f.name) for f in found] == [
        (4, 2, "math.root"), (5, 4, "str.shout"), (6, 1, "syntax"), (7, 3, "math.phi")]
    assert str(found[0]).startswith("cell 4, line 2: ")


def test_command_line(tmp_path, capsys):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("import math\nmath.pi")
    bad.write_text("import math\nmath.phi")
    assert main(["check-api", str(good)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["check-api", str(good), str(bad)]) == 1
    assert f"{bad}: line 2: the module math has no attribute 'phi'" in capsys.readouterr().out
    assert main(["check-api", "--json", str(bad)]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["file"], row["line"], row["name"]) == (str(bad), 2, "math.phi")
    assert main(["check-api", str(tmp_path / "absent.py")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    (tmp_path / "x.ipynb").write_text("[]")
    assert main(["check-api", str(tmp_path / "x.ipynb")]) == 2


def test_keywords_that_cannot_be_known_are_unknown():
    assert accepts(json.dumps, "indent") is True
    assert accepts(json.dumps, "anything") is None  # it passes **kw on
    assert accepts(Path.mkdir, "recursive") is False
    assert accepts(dict.update, "anything") is None
    assert accepts(max, "anything") is None  # built in, without a signature


def test_code_that_is_nested_too_deeply_is_one_finding():
    (finding,) = primer.check_api("x = " + "+".join(["1"] * 20_000))
    assert "too deeply" in finding.reason


def test_matplotlib_lists_what_its_keywords_may_be():
    import matplotlib.pyplot as plt

    assert accepts(plt.plot, "linewidth") in (True, None)
    assert accepts(plt.plot, "lw") in (True, None)
    assert accepts(plt.plot, "linwidth") is False
    assert accepts(plt.figure, "linwidth") is None  # passed on to a class that its docstring does not list


def test_wrappers_that_rename_a_keyword_are_respected():
    import functools

    def renamed(old):
        def around(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                kwargs.pop(old, None)
                return f(*args, **kwargs)
            return inner
        return around

    @renamed("colour")
    def draw(color): ...

    assert accepts(draw, "color") is True
    assert accepts(draw, "colour") is None
    assert accepts(draw, "anything") is False


def test_modules_that_do_something_when_imported_are_not():
    assert find_module("antigravity") is None and "antigravity" not in sys.modules
    assert find_module("this") is None


def test_the_import_of_primer_does_not_load_jedi():
    code = "import sys, primer; primer.check_api('import math'); print('jedi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_our_own_package_uses_what_exists():
    """Every module of the package, as a reader would have it: installed libraries only."""
    root = Path(primer.__file__).parent
    found = {str(path.relative_to(root)): [str(f) for f in check_file(path)]
             for path in [*root.glob("*.py"), *root.glob("models/*.py"), *root.glob("data/*.py")]}
    assert {name: rows for name, rows in found.items() if rows} == {}
