from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from called import called

import xinzhi
from xinzhi.core.errors import UsageError
from xinzhi.core.extras import EXTRAS, missing_packages, require, require_extra

ROOT = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED = {"vl_convert_python": "vl_convert", "scikit_learn": "sklearn", "ibis_framework": "ibis"}
REPORT = [package for package, extra in EXTRAS.items() if extra == "report"]


@pytest.fixture
def core_only(monkeypatch):
    """Make the packages of the extra `report` look as if they were not installed."""
    for name in [name for name in sys.modules if name.startswith(("xinzhi.report", "xinzhi.web"))]:
        monkeypatch.delitem(sys.modules, name)
    for package in REPORT:
        monkeypatch.setitem(sys.modules, package, None)


def imported(requirement):
    name = re.match(r"[A-Za-z0-9-]+", requirement).group().lower().replace("-", "_")
    return IMPORTED.get(name, name)


def test_the_extras_are_those_of_the_project():
    declared = {extra: set(map(imported, items)) for extra, items in PROJECT["optional-dependencies"].items()}
    transitive = {"starlette", "duckdb", "pyspark"}  # of fastapi, of Ibis
    assert [package for package, extra in EXTRAS.items() if package not in declared[extra] | transitive] == []
    assert set(REPORT) == declared["report"]


def test_all_takes_every_extra():
    [everything] = PROJECT["optional-dependencies"]["all"]
    names = set(re.search(r"\[(.*)\]", everything).group(1).split(","))
    assert names == set(PROJECT["optional-dependencies"]) - {"all"}


def test_the_core_takes_no_package_of_an_extra():
    assert not {imported(item) for item in PROJECT["dependencies"]} & set(EXTRAS)


def test_nothing_is_missing_here():
    assert missing_packages("report") == []
    require_extra("report")


@pytest.mark.usefixtures("core_only")
def test_a_missing_package_names_its_extra():
    with pytest.raises(UsageError) as error:
        require("numpy", "xlsxwriter")
    assert error.value.lang("en") == "this needs xlsxwriter. Install it: pip install 'xinzhi[report]'."
    assert "xinzhi[report]" in error.value.lang("zh")


@pytest.mark.usefixtures("core_only")
def test_without_the_extra_tables_are_written_and_the_rest_says_what_is_missing(tmp_path):
    plan = xinzhi.study("plan", "china-provinces")
    with pytest.raises(UsageError, match="xinzhi\\[report\\]"):
        plan.write(tmp_path / "page")
    assert not (tmp_path / "page").exists()
    result = plan.results["plan"]
    assert xinzhi.write(result, tmp_path / "plan.csv").is_file()
    with pytest.raises(UsageError, match="xlsxwriter"):
        xinzhi.write(result, tmp_path / "plan.xlsx")
    with pytest.raises(UsageError, match="markupsafe"):
        xinzhi.plot(result)


@pytest.mark.usefixtures("core_only")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_command_line_prints_writes_tables_and_exits_with_two(tmp_path, language):
    ended = called("plan", "china-provinces", "--out", tmp_path / "out", "--lang", language)
    assert ended.returncode == 2
    assert "plan.csv" in ended.stdout
    assert "pip install 'xinzhi[report]'" in ended.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["plan.csv"]


@pytest.mark.usefixtures("core_only")
@pytest.mark.parametrize("words", [("new", "mine"), ("check", "book.xlsx"), ("site", "--out", "site")])
def test_a_command_that_needs_the_extra_says_so(tmp_path, words):
    (tmp_path / "book.xlsx").touch()
    ended = called(*words, cwd=tmp_path)
    assert ended.returncode == 2
    assert "xinzhi[web]" in ended.stderr if words[0] == "site" else "xinzhi[report]" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.usefixtures("core_only")
def test_without_a_folder_nothing_is_missed():
    ended = called("plan", "china-provinces", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
