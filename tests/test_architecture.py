"""Imports run one way, and heavy or foreign packages stay in their rooms."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("annotations", "training", "ivr_label")
# What each room may import of the others.
ALLOWED = {
    "annotations": {"annotations"},
    "training": {"training", "annotations"},
    "ivr_label": {"ivr_label", "training", "annotations"},
}
PURE = (
    "training/ml",
    "annotations/functions",
    "annotations/intake/redaction",
    # What both sides reckon alike: training/ml may import it.
    "annotations/shares.py",
)
# All that training/ml may import of the other rooms.
ML_MAY_IMPORT = "annotations.shares"
FRAMEWORKS = {"django", "rest_framework", "celery", "ivr_label"}
# The layers of an app, from the top. A module imports its own layer or lower ones;
# `tasks` stands for tasks_intake and the like. Below all are models and pure rooms.
LAYERS = (
    ("urls",),
    ("views", "api", "tasks", "management", "templatetags"),
    ("services", "serving", "backends", "lakehouse"),
)
HEAVY = (
    "torch",
    "spacy",
    "sklearn",
    "sentence_transformers",
    "transformers",
    "modAL",
    "mlflow",
    "sqlalchemy",
    "alembic",
)


def modules(place: str) -> list[Path]:
    """The modules of a folder, or the one that is named."""
    path = ROOT / place
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each absolute name imported and whether that happens at import time."""
    tree = ast.parse(path.read_text())
    package = ".".join(path.relative_to(ROOT).parts[:-1])
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        at_import = id(node) not in inside
        if isinstance(node, ast.Import):
            yield from ((alias.name, at_import) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None]
            base = ".".join([*above, node.module or ""]) if node.level else node.module
            base = str(base).strip(".")
            yield from ((f"{base}.{alias.name}", at_import) for alias in node.names)


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_only_downwards(room):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name, _ in imports(path)
        if name.split(".")[0] in ROOMS and name.split(".")[0] not in ALLOWED[room]
    ]

    assert wrong == []


@pytest.mark.parametrize("folder", PURE)
def test_pure_rooms_know_no_framework(folder):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(folder)
        for name, _ in imports(path)
        if name.split(".")[0] in FRAMEWORKS
    ]

    assert modules(folder), f"{folder} is empty: is the rule still about something?"
    assert wrong == []


def test_the_science_imports_nothing_else_of_the_rooms():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("training/ml")
        for name, _ in imports(path)
        if name.split(".")[0] in ROOMS
        and not name.startswith(("training.ml.", f"{ML_MAY_IMPORT}."))
    ]

    assert wrong == []


def layer_of(name: str) -> int | None:
    """Return the layer of a dotted name in an app; None for models and pure rooms."""
    parts = name.split(".")
    if parts[0] not in {"annotations", "training"} or len(parts) < 2:
        return None
    noun = parts[1].split("_")[0]
    return next((n for n, layer in enumerate(LAYERS) if noun in layer), None)


@pytest.mark.parametrize("app", ["annotations", "training"])
def test_layers_import_only_downwards(app):
    """Services know no views and no tasks; models and pure modules know no services.

    A service may ring a bell: it imports the task where it does so, in the function.
    """
    wrong = []
    for path in modules(app):
        dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        own = layer_of(dotted)
        own_rank = len(LAYERS) if own is None else own
        for name, at_import in imports(path):
            other = layer_of(name)
            if at_import and other is not None and other < own_rank:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")

    assert wrong == []


@pytest.mark.parametrize("room", ["annotations/views", "annotations/api", "ivr_label"])
def test_heavy_packages_are_not_imported_by_what_the_web_loads(room):
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(room)
        for name, at_import in imports(path)
        if at_import and name.split(".")[0] in HEAVY
    ]

    assert wrong == []


def test_modal_is_imported_in_one_module():
    importers = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        for name, _ in imports(path)
        if name.split(".")[0] == "modAL"
    }

    assert len(importers) <= 1


def test_mlflow_is_imported_in_one_module():
    importers = {
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in modules(room)
        for name, _ in imports(path)
        if name.split(".")[0] == "mlflow"
    }

    assert importers == {"training/services/mlflow_store.py"}


def named_files(document: Path) -> Iterator[str]:
    """Paths below the root that the document sets in backticks or links to."""
    text = document.read_text()
    folders = "|".join((*ROOMS, "benchmarks", "docs", "static", "templates", "tests"))
    for quoted in re.findall(r"`([^`\n]+)`", text):
        yield from re.findall(rf"(?<![\w./])(?:{folders})/[\w./-]*\w/?", quoted)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        yield str((document.parent / target).resolve().relative_to(ROOT))


@pytest.mark.parametrize(
    "document",
    sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_documents_name_only_files_that_exist(document):
    missing = {name for name in named_files(document) if not (ROOT / name).exists()}

    assert missing == set()


def required(file: str) -> set[str]:
    """Return the names of the distributions that a requirements file pins."""
    text = (ROOT / file).read_text()
    names = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==", text, re.MULTILINE)
    return {normalized(name) for name in names}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(
    "folders, files",
    [
        (ROOMS, ["requirements.txt"]),
        (("tests", "benchmarks"), ["requirements.txt", "requirements-dev.txt"]),
    ],
)
def test_every_package_that_is_imported_is_required(folders, files):
    pinned = set().union(*(required(file) for file in files))
    distributions = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)} imports {top}"
        for folder in folders
        for path in modules(folder)
        for top in {name.split(".")[0] for name, _ in imports(path)}
        if top in distributions
        and not pinned & {normalized(name) for name in distributions[top]}
    }

    assert missing == set()


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_the_web_process_loads_no_learning_library():
    code = f"""
import sys
from ivr_label.wsgi import application
from django.urls import get_resolver
def walk(patterns):
    for pattern in patterns:
        walk(getattr(pattern, "url_patterns", []))
walk(get_resolver().url_patterns)
loaded = sorted(set({HEAVY!r}) & set(sys.modules))
print("loaded:", loaded)
"""
    done = run(
        f"import os; os.environ['DJANGO_SETTINGS_MODULE']='ivr_label.settings'\n{code}"
    )

    assert done.stdout.splitlines()[-1:] == ["loaded: []"], done.stderr


@pytest.mark.parametrize("folder", PURE)
def test_pure_rooms_import_where_no_framework_is_installed(folder):
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in modules(folder)
    ]
    light = [name for name in names if not name.endswith(("__main__",))]
    code = f"""
import importlib, importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {FRAMEWORKS!r}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
for name in {light!r}:
    importlib.import_module(name)
print("imported")
"""
    done = run(code)

    assert done.stdout.endswith("imported\n"), done.stderr[-2000:]
