from __future__ import annotations

import re
import subprocess
import sys

import pytest

HEAVY = ("polars", "scipy", "altair", "pandas", "pyarrow", "numpy")
IMPORT = "import xinzhi"
HELP = """
from xinzhi.cli import main
import sys
sys.argv = ["xinzhi", "--help"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
BRIEF = """
import xinzhi
brief = xinzhi.study("brief", "china-provinces", region="22")
"""
PAGE = f"""{BRIEF}
import tempfile
brief.write(tempfile.mkdtemp())
"""
VERB_HELP = """
from xinzhi.cli.app import application
from xinzhi.cli.verbs import VERBS
for language in ("zh", "en"):
    for verb in VERBS:
        assert application(language).main([*verb.split(), "--help"], standalone_mode=False) == 0
"""
REPORT = "\nimport sys\nprint('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded(source):
    done = subprocess.run(
        [sys.executable, "-I", "-c", source + REPORT], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    closing = done.stdout.splitlines()[-1].split()
    assert closing[0] == "LOADED"
    assert "xinzhi" in closing
    return set(closing)


@pytest.mark.parametrize(
    ("source", "forbidden"),
    [
        (IMPORT, (*HEAVY, "pydantic", "click", "rich", "yaml")),
        (HELP, HEAVY),
        (VERB_HELP, HEAVY),
        (BRIEF, ("altair", "pandas", "scipy")),
        (PAGE, ("altair", "pandas")),
    ],
    ids=["import", "help", "help of every verb", "brief", "page of a brief"],
)
def test_heavy_libraries_stay_unloaded(source, forbidden):
    assert loaded(source).isdisjoint(forbidden), sorted(loaded(source) & set(forbidden))


def test_public_names_load_on_first_use():
    assert "polars" in loaded("import xinzhi\nassert callable(xinzhi.load)\nimport polars")


def test_unknown_name_is_an_attribute_error():
    done = subprocess.run(
        [sys.executable, "-I", "-c", "import xinzhi; xinzhi.no_such_verb"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.search(r"AttributeError: .*xinzhi.*no_such_verb", done.stderr)
