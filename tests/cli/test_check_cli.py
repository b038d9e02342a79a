"""What `check` prints: errors whole, warnings and notes once a kind, so that what is new is seen."""

from __future__ import annotations

import json
import re
from collections import Counter

import polars as pl
import pytest
from called import called

import xinzhi

FINDING = re.compile(r"^(error|warning|note) \[([\w-]+)\] ", re.MULTILINE)
MORE = re.compile(r"^(\d+) more of this kind: ", re.MULTILINE)


def printed(*words):
    done = called("check", *words)
    assert "Traceback" not in done.stderr
    return done


def test_a_kind_takes_a_line_and_no_finding_is_lost():
    findings = json.loads(printed("china-provinces", "--json").stdout)
    folded, whole = printed("china-provinces").stdout, printed("china-provinces", "--all").stdout
    assert Counter(FINDING.findall(whole)) == Counter((finding["severity"], finding["rule"]) for finding in findings)
    kinds, others = FINDING.findall(folded), MORE.findall(folded)
    assert len(kinds) + sum(map(int, others)) == len(findings)
    assert len(folded.splitlines()) < len(whole.splitlines()) / 3
    assert set(kinds) == set(FINDING.findall(whole))
    assert folded.splitlines()[-1] == whole.splitlines()[-1]


def test_a_kind_is_in_the_language_asked():
    assert "同类另有" in printed("china-provinces", "--lang", "zh").stdout


@pytest.fixture
def damaged(tmp_path):
    """Return the shipped package with a number that is text, and a population that leaps in one year."""
    folder = tmp_path / "package"
    xinzhi.data.export(xinzhi.load("china-provinces"), folder)
    accounts = pl.read_csv(folder / "accounts.csv", infer_schema=False)
    there = (pl.col("region") == "520000") & (pl.col("year") == "2010")
    leap = pl.when(there).then(pl.lit("4700")).otherwise("population")
    text = pl.when(pl.col("year") == "2001").then(pl.lit("n/k")).otherwise("employment")
    accounts.with_columns(population=leap, employment=text).write_csv(folder / "accounts.csv")
    return folder


def test_errors_stand_first_and_whole_and_a_new_warning_before_the_standing_ones(damaged):
    done = printed(str(damaged))
    assert done.returncode == 1
    lines = FINDING.findall(done.stdout)
    errors = [line for line in lines if line[0] == "error"]
    assert lines[: len(errors)] == errors
    assert len(errors) >= 31  # one for each province
    warnings = [line for line in done.stdout.splitlines() if line.startswith("warning")]
    assert "520000/2010" in "".join(warnings[:12])
