from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

import xinzhi.data
from xinzhi.data import tables_by_name
from xinzhi.data.rules import rules
from xinzhi.data.units import atoms, scales

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    spec = importlib.util.spec_from_file_location("pages", DOCS / "generate_data_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("docs")
    written = module.generate(folder)
    before = [path.stat().st_mtime_ns for path in written]
    assert [path.stat().st_mtime_ns for path in module.generate(folder)] == before
    return {path.stem: path.read_text("utf-8") for path in written}


def test_every_table_and_column_has_its_row(pages):
    for table in tables_by_name().values():
        section = pages["tables"].split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns.values():
            assert f"| `{column.name}`" in section
            assert column.text.zh in section


def test_every_rule_has_its_row(pages):
    assert all(f"| `{rule}` |" in pages["rules"] for rule in rules())


def test_every_unit_has_its_row(pages):
    assert all(f"| `{name}` |" in pages["units"] for name in atoms())
    assert all(f"| {word} |" in pages["units"] for word in scales())


def test_tables_of_the_pages_are_even(pages):
    for text in pages.values():
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(widths) == 1


def test_the_guide_names_what_it_says():
    text = (DOCS / "data.md").read_text("utf-8")
    named = set(re.findall(r"^\| (`[^|]*?`) \|", text.split("## The findings")[1].split("## Vintage")[0], re.MULTILINE))
    names = {name for cell in named for name in re.findall(r"`([a-z0-9-]+)`", cell)}
    assert names <= set(rules())
    assert len(named) == 36


def test_every_public_name_is_documented():
    for name in xinzhi.data.__all__:
        assert len(getattr(xinzhi.data, name).__doc__) > 60
        assert f"`{name}" in xinzhi.data.__doc__ or name == "Package"
