from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from xinzhi.core.result import Result

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / ".importlinter"
ABOVE = ("cli", "web", "report", "studies", "scope", "sources", "sectors", "pathways", "risks", "risks/projects")
PACKAGES = (*ABOVE, "yardstick", "frontier", "micro", "data", "protocol", "words", "core")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def house(tmp_path):
    package = tmp_path / "xinzhi"
    for name in ("", *PACKAGES):
        (package / name).mkdir()
        (package / name / "__init__.py").touch()
    put(package, "report.certificate.independent", "import decimal")
    return package


def lint(house, name=None):
    contract = ["--contract", name] if name else []
    return subprocess.run(
        [sys.executable, "-c", LINT, str(CONTRACTS), "--no-cache", "--no-logo", *contract],
        cwd=house.parent,
        env={"PYTHONPATH": str(house.parent), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def put(house, module, source):
    path = house / f"{module.replace('.', '/')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "__init__.py").touch()
    path.write_text(source + "\n", encoding="utf-8")


def test_downward_imports_are_kept(house):
    (house / "__init__.py").write_text("from xinzhi.report import show\n", encoding="utf-8")
    put(house, "core.text", "from xinzhi import __version__")
    put(house, "yardstick.measure", "from xinzhi import core, data, protocol")
    put(house, "scope.classify", "from xinzhi import data, frontier")
    put(house, "frontier.efficiency", "import xinzhi.core")
    put(house, "report.plot", "import altair, jinja2, xlsxwriter, vl_convert")
    put(house, "cli.app", "import click, rich\nimport xinzhi.report")
    put(house, "web.app", "import starlette, uvicorn")
    put(house, "__main__", "import xinzhi.cli")
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "module", "source"),
    [
        ("packages", "core.stock", "import xinzhi.data"),
        ("packages", "core.texts", "from xinzhi.words import bands"),
        ("packages", "data.load", "import xinzhi.protocol"),
        ("packages", "protocol.load", "from xinzhi import data"),
        ("packages", "yardstick.measure", "def draw():\n    import xinzhi.report"),
        ("packages", "report.page", "from xinzhi import cli"),
        ("packages", "web.page", "from xinzhi import cli"),
        ("packages", "frontier.index", "from xinzhi import yardstick"),
        ("packages", "risks.screen", "from xinzhi import yardstick\nfrom xinzhi.scope import classify"),
        ("packages", "astrology.forecast", "import xinzhi.core"),
        ("separable", "frontier.bootstrap", "from xinzhi.data import Package"),
        ("separable", "risks.projects.scoring", "import xinzhi.data"),
        ("terminal", "data.progress", "from rich.progress import Progress"),
        ("terminal", "report.show", "import click"),
        ("server", "report.page", "from starlette.applications import Starlette"),
        ("pictures", "yardstick.draw", "import altair as alt"),
        ("templates", "cli.page", "def page():\n    from jinja2 import Environment"),
        ("pictures", "data.workbook", "import xlsxwriter"),
        ("pandas", "data.frames", "def convert():\n    import pandas as pd"),
    ],
)
def test_a_violation_fails(house, contract, module, source):
    put(house, "scope.classify", "")
    before = lint(house, contract)
    assert before.returncode == 0, before.stdout + before.stderr
    put(house, module, source)
    after = lint(house, contract)
    assert after.returncode == 1, after.stdout + after.stderr
    assert "BROKEN" in after.stdout


def test_exceptions_of_the_separable_packages_are_needed():
    """An import that is gone leaves the list, so that it can only get shorter."""
    text = CONTRACTS.read_text(encoding="utf-8")
    contract = text.split("[importlinter:contract:separable]")[1].split("[importlinter:")[0]
    exceptions = re.findall(r"^    (xinzhi\.\S+) -> (xinzhi\.\S+)$", contract, re.MULTILINE)
    assert 0 < len(exceptions) <= 20
    for module, target in exceptions:
        source = (ROOT / "src" / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        home, _, name = target.rpartition(".")
        assert re.search(rf"from {target} import|from {home} import .*\b{name}\b", source), (module, target)


def test_a_circle_fails(house):
    put(house, "core.deep.first", "from xinzhi.core.deep import second")
    put(house, "core.deep.second", "x = 1")
    assert lint(house, "circles").returncode == 0
    put(house, "core.deep.second", "from xinzhi.core.deep.third import y")
    put(house, "core.deep.third", "def f():\n    from xinzhi.core.deep import first")
    assert lint(house, "circles").returncode == 1


@pytest.mark.parametrize("package", ["cli", "web", "report", "studies"])
def test_what_shows_results_uses_packages_by_their_faces(package):
    """The import-linter cannot tell a verb of a face from the module that bears its name; the text of an import can."""
    ours = r"(?!(?:core|cli|web|report|studies)\b)"
    inner = re.compile(rf"^\s*from xinzhi\.{ours}(\w+)\.(?!internal import)\w[\w.]* import", re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {match.group().strip()}"
        for path in sorted((ROOT / "src/xinzhi" / package).rglob("*.py"))
        for match in inner.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


METHODS = ("yardstick", "frontier", "scope", "sources", "sectors", "pathways", "risks")


def verbs():
    """Return the verbs of the packages of methods, by package: functions of a face that return a `Result`."""
    found = {}
    for package in METHODS:
        faces = [importlib.import_module(f"xinzhi.{package}")]
        if importlib.util.find_spec(f"xinzhi.{package}.internal"):
            faces.append(importlib.import_module(f"xinzhi.{package}.internal"))
        every = {name: getattr(face, name) for face in faces for name in face.__all__}
        results = {name for name, one in every.items() if isinstance(one, type) and issubclass(one, Result)}
        for name, one in every.items():
            kind = str(getattr(one, "__annotations__", {}).get("return", ""))
            if not isinstance(one, type) and results & set(re.findall(r"\w+", kind)):
                found.setdefault(package, set()).add(name)
    return found


@pytest.mark.parametrize("package", ["cli", "web", "report"])
def test_only_studies_calls_verbs(package):
    """Verbs are imported by name from the face of their package, or are attributes of the package or of `xinzhi`."""
    known = verbs()
    assert {"measure", "audit", "check_claim", "check_claims", "vintage_history"} <= known["yardstick"]
    every = set().union(*known.values())
    found = []
    for path in sorted((ROOT / "src/xinzhi" / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                home = (node.module or "").removeprefix("xinzhi").removeprefix(".").removesuffix(".internal")
                taken = {one.name for one in node.names} & (known.get(home, set()) if home else every)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                taken = {node.attr} & known.get(
                    node.value.id, every if node.value.id in {"xinzhi", "internal"} else set()
                )
            else:
                continue
            found += [f"{path.relative_to(ROOT)}:{node.lineno}: {name}" for name in taken]
    assert found == []
