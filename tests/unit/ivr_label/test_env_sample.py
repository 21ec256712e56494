"""`.env.sample` lists what is read: no more, no less."""

import ast
import itertools
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
# The image decides on its folders, `make run` alone reads the next two, and nobody
# debugs in production.
NOT_FOR_CONTAINERS = {"IVR_DATA_DIR", "STATIC_ROOT", "PORT", "DEMO", "DEBUG"}


def asked_for() -> set[str]:
    """Names that the roof asks env.py for, and the bootstrap asks the system for."""
    names = set()
    for path in (ROOT / "ivr_label").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function = ast.unparse(node.func)
            is_asked = re.fullmatch(r"env_[a-z]+|os\.environ\.get", function)
            first = node.args[0]
            if is_asked and isinstance(first, ast.Constant):
                names.add(first.value)
    return names


def named_in_compose() -> set[str]:
    text = (ROOT / "docker-compose.yml").read_text()
    return set(re.findall(r"\$\{([A-Z_]+)", text))


def listed() -> set[str]:
    text = (ROOT / ".env.sample").read_text()
    return set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE))


def test_the_sample_lists_exactly_the_variables_that_are_read():
    assert listed() == asked_for() | named_in_compose()


def test_whatever_is_set_in_the_sample_reaches_the_containers():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    missing = asked_for() - NOT_FOR_CONTAINERS - set(services["web"]["environment"])

    assert missing == set()


def test_only_env_py_and_the_bootstrap_read_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for room in ("ivr_label", "annotations", "training")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"os\.(environ(\.get|\[\"[A-Z])|getenv)", path.read_text())
    }

    assert readers == {"ivr_label/env.py", "ivr_label/bootstrap.py"}


def test_every_line_of_the_sample_is_explained():
    lines = (ROOT / ".env.sample").read_text().splitlines()
    unexplained = [
        line
        for above, line in itertools.pairwise(lines)
        if re.match(r"[A-Z_]+=", line) and not above.startswith("#")
    ]

    assert unexplained == []
