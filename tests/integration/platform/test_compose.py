"""docker-compose.yml as the real Compose reads it."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from .conftest import ROOT

FILE = ROOT / "docker-compose.yml"
REQUIRED = sorted(set(re.findall(r"\$\{([A-Z_]+):\?", FILE.read_text())))


def compose(*arguments: str, file: Path = FILE, **variables: str):
    package = importlib.util.find_spec("compose")
    if package is None or package.origin is None:
        pytest.skip("the Compose binary comes for Linux on x86_64 only")
    # Its console script always exits with 0; the binary beside it does not.
    binary = Path(package.origin).with_name("docker-compose")
    environment = {k: v for k, v in os.environ.items() if k not in REQUIRED}
    return subprocess.run(
        [binary, "--file", file, "--env-file", os.devnull, *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
    )


def all_set() -> dict[str, str]:
    return dict.fromkeys(REQUIRED, "x1y2z3")


def test_the_file_is_valid_and_has_every_process():
    checked = compose("config", "--quiet", **all_set())
    listed = compose("config", "--services", **all_set())

    assert checked.returncode == 0, checked.stderr
    assert set(listed.stdout.split()) == {
        "postgres",
        "valkey",
        "migrate",
        "web",
        "worker",
        "gpu-worker",
        "beat",
    }


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_secret_stops_it_by_name(missing):
    variables = {k: v for k, v in all_set().items() if k != missing}

    done = compose("config", "--quiet", **variables)

    assert done.returncode != 0
    assert f"set {missing} in .env" in done.stderr


def test_the_secrets_are_required():
    assert {"SECRET_KEY", "DATA_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD"} <= set(
        REQUIRED
    )


def test_the_parser_would_notice_a_mistake(tmp_path):
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(FILE.read_text().replace("healthcheck:", "healthchek:", 1))

    assert compose("config", "--quiet", file=broken, **all_set()).returncode != 0
