"""Definition files: every fault with its line, counts that a transcription must meet, dates that refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import InputError, UsageError
from xinzhi.scope import (
    check_definition,
    classify,
    definition,
    definition_template,
    definitions,
    read_definition,
)
from xinzhi.scope.catalogue import tally
from xinzhi.scope.membership import Interval, union
from xinzhi.scope.tables import measure_text, verdict

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """id: mine
series: mine
status: complete
standard: GB/T 4754-2017
valid_from: 2020-01-01
valid_to: 2022-12-31
title: {zh: 我的, en: mine}
authority: {zh: 我, en: me}
source: made for the test
counts:
  - {class: 4, categories: 2}
categories:
  "1": {zh: 甲, en: one}
  "2": {zh: 乙, en: two, in: false}
entries:
  - {code: "393", except: ["3939"], category: "1"}
  - {code: "3939", category: "2"}
"""


@pytest.fixture
def write(tmp_path: Path):
    def written(text: str) -> Path:
        file = tmp_path / "mine.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def one_fault(file: Path, rule: str) -> tuple[int | None, str]:
    found = check_definition(file)
    assert [finding.rule for finding in found] == [rule], [finding.sentence() for finding in found]
    return found[0].line, found[0].sentence("zh") + found[0].sentence("en")


def test_a_good_file_is_read(write) -> None:
    one = read_definition(write(GOOD.replace("class: 4", "class: 5")))
    assert (one.id, one.span(), len(one.entries)) == ("mine", "2020-01-01 to 2022-12-31", 2)


@pytest.mark.parametrize(
    ("old", "new", "rule", "line", "says"),
    [
        ('code: "393"', 'code: "398x"', "unknown-code", 16, "398x"),
        ("valid_to: 2022-12-31", "valid_to: 2019-12-31", "dates-reversed", 6, "2019-12-31"),
        ("status: complete", "status: done", "unknown-value", 3, "partial"),
        ("series: mine", "serie: mine", "unknown-field", 2, "series"),
        ("valid_from: 2020-01-01", "valid_from: soon", "wrong-kind", 5, "date"),
        ('category: "1"}', 'category: "3"}', "unknown-category", 16, "3"),
        ('except: ["3939"]', 'except: ["3911"]', "except-outside", 16, "3911"),
        ("authority: {zh: 我, en: me}\n", "", "missing-field", 1, "authority"),
        ('{code: "3939", category: "2"}', '{code: "3932", category: "2"}', "counted-twice", 17, "line at 16"),
        ('{code: "3939", category: "2"}', '{category: "2"}', "no-code", 17, "codes"),
        ("GB/T 4754-2017", "GB/T 4754-2011", "unknown-standard", 4, "GB/T 4754-2017"),
        ("title: {zh: 我的, en: mine}", "title: {zh: 我的}", "wrong-kind", 7, "en"),
    ],
)
def test_faults_are_named_with_their_lines(write, old: str, new: str, rule: str, line: int, says: str) -> None:
    text = GOOD.replace("class: 4", "class: 5").replace(old, new)
    found = check_definition(write(text))
    named = [finding for finding in found if finding.rule == rule]
    assert named, [finding.sentence() for finding in found]
    assert named[0].line == line
    assert says in named[0].sentence("en")
    with pytest.raises(InputError, match=r"mine\.yaml"):
        read_definition(write(text))


def test_counts_that_are_missed_are_told(write) -> None:
    line, text = one_fault(write(GOOD), "count")
    assert line == 11
    assert "has 4 classes, this one has 5" in text
    assert "应有4个小类，现有5个" in text


def test_a_partial_list_may_hold_less_but_not_more(write) -> None:
    partial = GOOD.replace("status: complete", "status: partial")
    assert check_definition(write(partial.replace("class: 4", "class: 9"))) == []
    one_fault(write(partial.replace("class: 4", "class: 3")), "count")


@pytest.mark.parametrize(
    ("star", "rule"),
    [
        ("share: 0.5", "share-without-star"),
        ("starred: true, share: 0.5", "share-without-source"),
        ("starred: true, lower: 0.6, upper: 0.4", "share-out-of-bounds"),
        ("starred: true, share: 1.2, source: x", "share-out-of-bounds"),
    ],
)
def test_stars_have_bounds_and_sources(write, star: str, rule: str) -> None:
    text = GOOD.replace("class: 4", "class: 5").replace('category: "1"}', f'category: "1", {star}}}')
    one_fault(write(text), rule)


def test_a_template_says_what_is_missing_and_refuses(write) -> None:
    bare = GOOD.split("counts:", maxsplit=1)[0].replace("status: complete", "status: template")
    line, _ = one_fault(write(bare), "template-without-missing")
    assert line == 3
    with pytest.raises(UsageError, match=r"template.*63 middle groups.*definition_template"):
        classify(pl.DataFrame({"code": ["39"]}), as_of=2024, definitions=["three-new-2018"])


def test_a_template_can_be_filled_in(write) -> None:
    """Codes of an official list are held to its counts once it is called complete."""
    text = definition_template("digital-economy-2021").replace("status: partial", "status: complete")
    text = text.split("entries:", maxsplit=1)[0] + 'entries:\n  - {code: "3911", category: "01", middle: "0101"}\n'
    found = check_definition(write(text))
    said = "\n".join(finding.sentence() for finding in found)
    assert "has 126 classes, this one has 1" in said
    assert "has 6 middle groups of the list, this one has 1" in said
    assert all(finding.line for finding in found)


def test_broken_yaml_is_a_finding(write) -> None:
    assert [finding.rule for finding in check_definition(write("id: [unclosed"))] == ["yaml"]


def test_dates_refuse_by_name() -> None:
    table = pl.DataFrame({"code": ["39"]})
    with pytest.raises(UsageError, match=r"high-tech-manufacturing-2013.*2017-09-30.*high-tech-manufacturing-2017"):
        classify(table, as_of="2024-01-01", definitions=["high-tech-manufacturing-2013"])
    with pytest.raises(UsageError, match=r"digital-core-divisions.*2021-05-27.*five-powers"):
        classify(table, as_of="2010-01-01", definitions=["digital-core-divisions"])
    with pytest.raises(UsageError, match=r"five-powers, begins on 1769-01-05"):
        classify(table, as_of="1500-01-01")
    with pytest.raises(UsageError, match="no date"):
        classify(table, as_of="January")
    with pytest.raises(UsageError, match="named twice"):
        classify(table, as_of=2024, definitions=["five-powers", "five-powers"])
    with pytest.raises(UsageError, match="Did you mean five-powers"):
        definition("five-power")


def test_definitions_in_force_on_a_day() -> None:
    assert "high-tech-manufacturing-2013" in definitions("2015-01-01")["definition"].to_list()
    assert "high-tech-manufacturing-2013" not in definitions("2024-01-01")["definition"].to_list()
    assert definitions().height == 13


def test_lists_are_counted_and_joined_by_hand():
    entries = definition("high-tech-manufacturing-2017").entries
    assert tally(entries, "division", "GB/T 4754-2017") == 9
    half, third = (Interval(np.array([s]), np.array([s]), np.array([s])) for s in (0.5, 0.3))
    found = union([half, third], 1)
    assert [*found.lower, *found.share, *found.upper] == pytest.approx([0.5, 0.65, 0.8])
    assert [verdict(1.0, 1.0), verdict(0.0, 0.0), verdict(0.0, 0.4)] == ["in", "out", "part"]
    assert (measure_text("employment").en, measure_text("patents").zh) == ("employment", "patents")
