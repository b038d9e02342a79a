"""The examples run as their readers run them: as scripts of marimo, and the notebook for Jupyter cell by cell."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAID = {
    "first_hour": "certificate.json",
    "own_data": "largest difference from the same region among all 31",
    "audit_a_claim": "reachable",
    "counties": "Made-up county",
    "penn_world_table": "skipped: no pwt1001",
}


def tool():
    """Return the script that makes notebooks for Jupyter."""
    spec = importlib.util.spec_from_file_location("make_notebook", ROOT / "tools/make_notebook.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def run(name, tmp_path, **environ):
    words = [sys.executable, str(ROOT / "examples" / f"{name}.py")]
    own = {key: value for key, value in os.environ.items() if key not in {"XINZHI_PWT", "XINZHI_LANG"}}
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=own | environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_named_here_and_in_the_readme():
    assert {path.stem for path in EXAMPLES} == set(SAID)
    readme = (ROOT / "examples/README.md").read_text("utf-8")
    assert all(f"({path.name})" in readme for path in EXAMPLES)


@pytest.mark.parametrize("name", SAID)
def test_an_example_runs_as_a_script(name, tmp_path):
    pytest.importorskip("marimo", reason="marimo is not installed")
    assert SAID[name] in run(name, tmp_path)


def test_the_notebook_for_jupyter_is_made_from_the_script_and_runs():
    source = (ROOT / "examples/first_hour.py").read_text("utf-8")
    held = (ROOT / "examples/first_hour.ipynb").read_text("utf-8")
    assert held == tool().notebook(source), "run python tools/make_notebook.py examples/first_hour.py"
    names = {}
    codes = ["".join(cell["source"]) for cell in json.loads(held)["cells"] if cell["cell_type"] == "code"]
    for code in codes:
        exec(compile(code, "first_hour.ipynb", "exec"), names)  # noqa: S102 - code of this repository
    assert names["measured"].frame.height > 0
    assert len(codes) == 5


@pytest.mark.shared
def test_the_penn_world_table_comes_out(shared, tmp_path):
    pytest.importorskip("marimo", reason="marimo is not installed")
    with gzip.open(shared / "data/world/pwt1001.csv.gz") as packed:
        (tmp_path / "pwt1001.csv").write_bytes(packed.read())
    assert "6289 country-years" in run("penn_world_table", tmp_path)


def test_what_is_made_up_says_so():
    text = (ROOT / "examples/counties.py").read_text("utf-8")
    assert "SYNTHETIC" in text.partition("import marimo")[0]
