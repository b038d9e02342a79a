"""The bill of materials and the notice name every package that is needed at run time, and no other."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

import bill_of_materials as made

ROOT = Path(__file__).resolve().parents[3]
BUILDS = {
    "hatchling",
    "editables",
    "pathspec",
    "pluggy",
    "tomlkit",
    "trove-classifiers",
}  # in requirements-run.lock, to install


@pytest.fixture(scope="module")
def dependencies():
    return made.run_time()


@pytest.fixture(scope="module")
def stated():
    return json.loads(made.BILL.read_text("utf-8"))


def locked(name):
    return set(re.findall(r"^([a-z0-9.-]+==[^\s;]+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))


def test_both_files_are_those_of_the_lock(dependencies):
    assert made.BILL.read_text("utf-8") == made.bill(dependencies), "python tools/bill_of_materials.py"
    assert made.NOTICE.read_text("utf-8") == made.notice(dependencies), "python tools/bill_of_materials.py"


def test_every_package_that_a_user_installs_is_named_with_its_version(stated):
    named = {f"{one['name']}=={one['version']}" for one in stated["components"]}
    installed = {line for line in locked("requirements-run.lock") if line.partition("==")[0] not in BUILDS}
    assert installed <= named <= locked("requirements.lock")
    needed = {line.partition("==")[0] for line in installed}
    assert needed >= {"numpy", "polars", "jinja2", "markupsafe", "polars-runtime-32"}


def test_what_a_developer_installs_is_not_named(stated):
    names = {one["name"] for one in stated["components"]}
    assert not names & {"pytest", "ruff", "mypy", "sphinx", "hatchling", "cyclonedx-python-lib"}


def test_the_core_is_required_and_extras_are_optional(stated):
    scopes = {one["name"]: one["scope"] for one in stated["components"]}
    assert {scopes[name] for name in ("numpy", "scipy", "pydantic-core", "mdurl")} == {"required"}
    assert {scopes[name] for name in ("jinja2", "fastapi", "starlette", "mcp", "lxml")} == {"optional"}


def test_every_package_has_a_licence_and_what_it_needs(stated):
    assert all(one["licenses"] for one in stated["components"])
    assert not [one["name"] for one in stated["components"] if "unknown" in json.dumps(one["licenses"])]
    needs = {entry["ref"].partition("@")[0]: entry.get("dependsOn", []) for entry in stated["dependencies"]}
    assert any(part.startswith("pkg:pypi/pydantic-core@") for part in needs["pkg:pypi/pydantic"])
    assert len(needs["pkg:pypi/xinzhi"]) > 20


def test_the_notice_names_packages_and_sources(dependencies):
    text = made.NOTICE.read_text("utf-8")
    assert not [one.name for one in dependencies.values() if f"- {one.name} {one.version}: {one.licence}\n" not in text]
    assert "National Bureau of Statistics of China" in text
    assert "Penn World Table 10.01" in text


def test_the_wheel_takes_both_along():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["sbom-files"] == [made.BILL.name]
    assert made.NOTICE.name in settings["project"]["license-files"]
