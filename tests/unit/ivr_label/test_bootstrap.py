import ast
import os
import socket
import sys
from pathlib import Path

import pytest

from ivr_label import bootstrap
from ivr_label.bootstrap import SetUpError


def test_too_old_a_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    with pytest.raises(SetUpError, match=r"3\.11 or newer is needed and this is 3\.9"):
        bootstrap.check_python()


def test_an_old_python_can_read_the_file_that_tells_it():
    source = Path(bootstrap.__file__).read_text()

    ast.parse(source, feature_version=(3, 7))


def test_a_busy_port_is_one_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(SetUpError, match=f"Port {port} is busy; .*PORT=8123"):
            bootstrap.check_port(port)


def test_a_free_port_is_fine():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    bootstrap.check_port(port)


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_one_sentence(monkeypatch, text):
    monkeypatch.setenv("PORT", text)

    with pytest.raises(SetUpError, match="from 1 to 65535"):
        bootstrap.wanted_port()


def test_the_port_is_8000_unless_said_otherwise(monkeypatch):
    monkeypatch.delenv("PORT", raising=False)
    assert bootstrap.wanted_port() == 8000

    monkeypatch.setenv("PORT", "8123")
    assert bootstrap.wanted_port() == 8123


def test_a_read_only_folder_is_one_sentence(monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may always

    with pytest.raises(SetUpError, match="is read-only; copy it"):
        bootstrap.check_folder()


def test_a_missing_venv_module_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "absent")
    monkeypatch.setattr(bootstrap, "_works", lambda python, statement: False)

    with pytest.raises(SetUpError, match="apt-get install python3-venv"):
        bootstrap.make_environment()


def test_a_second_start_installs_nothing_and_a_changed_file_everything(
    monkeypatch, tmp_path
):
    calls = []
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "_pip", calls.append)
    (tmp_path / "requirements.txt").write_text("a==1")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\nb==1")

    bootstrap.install(2)
    bootstrap.install(1)
    bootstrap.install(2)
    assert len(calls) == 1

    (tmp_path / "requirements.txt").write_text("a==2")
    bootstrap.install(1)
    bootstrap.install(2)
    assert [Path(call[-1]).name for call in calls] == [
        "requirements-dev.txt",
        "requirements.txt",
        "requirements-dev.txt",
    ]
