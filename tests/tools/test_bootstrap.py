"""The environment is made in order, a half-made one is made again, and a failure leaves no mark of success."""

import http.server
import threading
import time

import pytest

from tools import bootstrap


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """What make() would run, as lists of words; the environment is a folder of its own."""
    venv = tmp_path / ".venv"
    places = {"ROOT": tmp_path, "VENV": venv, "READY": venv / "ready", "PYTHON": venv / "bin" / "python"}
    for name, value in places.items():
        monkeypatch.setattr(bootstrap, name, value)
    monkeypatch.setattr(bootstrap, "torch_pin", lambda: "torch==9.9")
    monkeypatch.setattr(bootstrap, "has_nvidia", lambda: False)
    monkeypatch.setattr(bootstrap, "answers", lambda index: False)
    made: list[list[str]] = []

    def run(*command, failure):
        made.append([str(part) for part in command])
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        (venv / "bin" / "python").touch()

    monkeypatch.setattr(bootstrap, "run", run)
    return made


def kinds(calls):
    names = {"venv": "venv", "torch==9.9": "torch", "-e": "package", "ci": "npm"}
    return [next(kind for word, kind in names.items() if word in call) for call in calls]


def test_a_fresh_machine_gets_torch_first_and_the_mark_last(calls):
    bootstrap.make()
    assert kinds(calls) == ["venv", "torch", "package", "npm"]
    assert bootstrap.READY.exists()


def test_a_half_made_environment_is_made_again_from_nothing(calls):
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.make()
    assert kinds(calls)[0] == "venv" and "--clear" in calls[0]


def test_a_finished_environment_is_brought_up_to_date(calls):
    bootstrap.make()
    calls.clear()
    bootstrap.make()
    assert kinds(calls) == ["torch", "package", "npm"]


def test_a_failure_leaves_no_mark(calls, monkeypatch):
    bootstrap.make()

    def fail(*command, failure):
        raise bootstrap.SetupError(failure)

    monkeypatch.setattr(bootstrap, "run", fail)
    with pytest.raises(bootstrap.SetupError, match="pip could not install"):
        bootstrap.make()
    assert not bootstrap.READY.exists()


def test_without_a_gpu_torch_comes_from_the_cpu_index_if_it_answers(calls, monkeypatch):
    monkeypatch.setattr(bootstrap, "answers", lambda index: True)
    bootstrap.install_torch()
    assert [bootstrap.CPU_INDEX in call for call in calls] == [True]


def test_with_a_gpu_torch_comes_as_pip_is_configured(calls, monkeypatch):
    monkeypatch.setattr(bootstrap, "answers", lambda index: True)
    monkeypatch.setattr(bootstrap, "has_nvidia", lambda: True)
    bootstrap.install_torch()
    assert [bootstrap.CPU_INDEX in call for call in calls] == [False]


def test_if_the_cpu_index_lacks_the_wheel_the_ordinary_one_is_asked(calls, monkeypatch):
    def run(*command, failure):
        calls.append([str(part) for part in command])
        if bootstrap.CPU_INDEX in calls[-1]:
            raise bootstrap.SetupError(failure)

    monkeypatch.setattr(bootstrap, "answers", lambda index: True)
    monkeypatch.setattr(bootstrap, "run", run)
    bootstrap.install_torch()
    assert [bootstrap.CPU_INDEX in call for call in calls] == [True, False]


@pytest.fixture
def slow_server():
    """A server whose answer takes as many seconds as the first part of the path says."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            time.sleep(float(self.path.split("/")[1]))
            self.send_response(200 if "index" in self.path else 404)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_an_index_must_answer_in_time(slow_server):
    assert bootstrap.answers(f"{slow_server}/0/index", patience=30)
    assert not bootstrap.answers(f"{slow_server}/0/absent", patience=30)
    assert not bootstrap.answers(f"{slow_server}/2/index", patience=0.2)
    assert not bootstrap.answers("https://host.invalid", patience=2)


def test_the_pin_is_one_that_pip_understands():
    assert bootstrap.torch_pin().startswith("torch==") and "+" not in bootstrap.torch_pin()
