import ast
import inspect
import json
import sysconfig

import pytest

import primer
from primer.data import code as module_function
from primer.data.code import PARTS, SourceFile, _docstrings, _library, _part


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library of our own in place of Python's."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    _library.cache_clear()
    yield tmp_path
    _library.cache_clear()


def test_files_are_those_of_the_running_library():
    files = {file.module: file.text for file in primer.data.code()}
    assert files["json"] == inspect.getsource(json)
    assert files["json.decoder"] == inspect.getsource(json.decoder)
    assert 300 < len(files) < 600
    assert 6e6 < sum(map(len, files.values())) < 12e6


def test_sorted_and_each_once():
    modules = [file.module for file in primer.data.code()]
    assert modules == sorted(set(modules))


def test_no_tests_no_installed_packages_no_tables():
    parts = {part for file in primer.data.code() for part in file.module.split(".")}
    assert not parts & {"test", "tests", "site-packages", "numpy", "encodings", "pydoc_data", "idlelib", "tkinter"}


def test_parts_make_the_whole():
    parts = [primer.data.code(part) for part in PARTS]
    assert sorted(sum(parts, ()), key=lambda file: file.module) == list(primer.data.code())
    sizes = [len(part) / len(primer.data.code()) for part in parts]
    assert 0.7 < sizes[0] < 0.9 and 0.04 < sizes[1] < 0.2 and 0.04 < sizes[2] < 0.2


def test_a_module_stays_in_its_part_for_good():
    """Known answers: a change here would move test text into the training text of every stored result."""
    known = {"abc": "train", "json.encoder": "validation", "os": "validation", "ast": "test", "tomllib": "test"}
    assert {module: _part(module) for module in known} == known


def test_odd_files_are_left_out(library):
    (library / "good.py").write_text('"""Good."""\n')
    (library / "empty.py").write_text("\n")
    (library / "latin.py").write_bytes(b"# coding: latin-1\n# caf\xe9\n")
    (library / "pack").mkdir()
    (library / "pack" / "__init__.py").write_text("x = 1\n")
    (library / "pack" / "inner.py").write_text("y = 1\n")
    for folder in ("site-packages", "test", "config-3.11-x86_64"):
        (library / folder).mkdir()
        (library / folder / "other.py").write_text("z = 1\n")
    (library / "_sysconfigdata_linux.py").write_text("build = {}\n")
    (library / "gone.py").symlink_to(library / "nowhere.py")
    assert [file.module for file in module_function()] == ["good", "pack", "pack.inner"]


def test_docstrings_have_name_and_unindented_text():
    found = {(entry.module, entry.name): entry.text for entry in primer.data.docstrings()}
    assert found["json", ""] == inspect.getdoc(json)
    assert found["json.decoder", "JSONDecoder.decode"] == inspect.getdoc(json.JSONDecoder.decode)
    assert found["json", "dumps"] == inspect.getdoc(json.dumps)
    assert all(text.strip() for text in found.values())


def test_docstrings_are_all_there():
    source = inspect.getsource(json.decoder)
    kinds = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef
    expected = [
        text for node in ast.walk(ast.parse(source)) if isinstance(node, kinds) and (text := ast.get_docstring(node))
    ]
    found = [entry.text for entry in _docstrings(SourceFile("json.decoder", source))]
    assert sorted(found) == sorted(expected) and len(found) > 5


def test_docstrings_of_hidden_corners():
    source = (
        "'M'\nif True:\n    async def f():\n        'F'\n        class C:\n            'C'\n        return lambda: 0\n"
    )
    found = [(entry.name, entry.text) for entry in _docstrings(SourceFile("m", source))]
    assert found == [("", "M"), ("f", "F"), ("f.C", "C")]


@pytest.mark.parametrize("source", ["print 'two'\n", "x = '\0'\n"])
def test_text_that_is_no_python_has_no_docstrings(source):
    assert _docstrings(SourceFile("old", source)) == ()


def test_docstrings_follow_the_split():
    for part in PARTS:
        modules = {file.module for file in primer.data.code(part)}
        docstrings = primer.data.docstrings(part)
        assert docstrings and {entry.module for entry in docstrings} <= modules


def test_unknown_part():
    with pytest.raises(ValueError, match=r"no part 'dev': choose one of train, validation, test\."):
        primer.data.code("dev")
    with pytest.raises(ValueError, match="choose one of"):
        primer.data.docstrings("dev")
