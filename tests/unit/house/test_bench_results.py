"""The page of `bench/harness.py` names the rows that the harness has, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from harness import CURVES, LEVEL, _gap
from peers import ROWS

ROOT = Path(__file__).resolve().parents[3]
READMES = ("docs/does-it-match.md",)


@pytest.fixture(scope="module")
def sections():
    text = (ROOT / "bench/RESULTS.md").read_text(encoding="utf-8")
    return dict(part.split("\n", 1) for part in text.split("\n## ")[1:])


def test_the_page_names_each_row_and_no_other(sections):
    assert re.findall(r"^\| `([a-z-]+)` \|", sections["Rows"], re.MULTILINE) == list(ROWS)


def test_each_row_says_what_the_harness_says(sections):
    lines = dict(re.findall(r"^\| `([a-z-]+)` \| (.+)$", sections["Rows"], re.MULTILINE))
    assert all(lines[key].startswith(f"{row.capability} | {row.peer} | {row.given} |") for key, row in ROWS.items())


def test_every_row_is_ahead_behind_or_not_timed(sections):
    lines = dict(
        re.findall(r"^\| (ahead|level|behind|not timed) \| (.+) \|$", sections["Ahead and behind"], re.MULTILINE)
    )
    named = [name for line in lines.values() for name in re.findall(r"`([a-z-]+)`", line)]
    assert sorted(named) == sorted(ROWS)
    for kind, low, high in (("ahead", LEVEL[1], np.inf), ("level", *LEVEL), ("behind", 0.0, LEVEL[0])):
        times = re.findall(r"^\| `([a-z-]+)` .* \| ([\d.]+) \| `python", sections["Rows"], re.MULTILINE)
        told = dict(re.findall(r"`([a-z-]+)` ([\d.]+)", lines[kind]))
        assert told == {key: value for key, value in times if key in told}
        assert all(low - 0.05 <= float(value) <= high + 0.05 for value in told.values())  # two digits are printed
    count = len(re.findall("`", lines["level"])) // 2
    words = {4: ("Four are level",)}[count]
    assert all(said in (ROOT / name).read_text(encoding="utf-8") for name, said in zip(READMES, words, strict=True))


def test_no_row_is_behind_without_a_reason_and_a_plan(sections):
    text = sections["Ahead and behind"]
    [behind] = re.findall(r"^\| behind \| (.+) \|$", text, re.MULTILINE)
    why = dict(re.findall(r"^\| why `([a-z-]+)` is behind, and what is to be done \| (.+) \|$", text, re.MULTILINE))
    assert list(why) == re.findall(r"`([a-z-]+)`", behind)
    assert all("To do: " in said for said in why.values())


def test_every_curve_has_its_line(sections):
    assert re.findall(r"^\| ([a-z]+) \| ", sections["How time grows"], re.MULTILINE)[1:] == list(CURVES)


def test_the_page_names_every_script(sections):
    scripts = {path.name for path in (ROOT / "bench").glob("bench_*.py")}
    assert set(re.findall(r"bench/(bench_\w+\.py)`", sections["Scripts with limits of their own"])) == scripts


@pytest.mark.parametrize(
    ("theirs", "gap"),
    [([1.0, 2.0], 0.0), ([1.0, 4.0], 0.5), ([1.0], float("inf")), ([1.0, float("nan")], float("inf"))],
)
def test_results_that_differ_have_a_gap(theirs, gap):
    assert _gap(np.array([1.0, 2.0]), np.array(theirs)) == gap


@pytest.mark.parametrize("name", READMES)
def test_the_readme_has_the_five_largest_ratios(sections, name):
    ahead = re.search(r"^\| ahead \| (.+) \|$", sections["Ahead and behind"], re.MULTILINE).group(1)
    text = (ROOT / name).read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|.+\| ([\d.]+) \|$", text, re.MULTILINE) == [
        tuple(pair) for pair in re.findall(r"`([a-z-]+)` ([\d.]+)", ahead)[:5]
    ]
