"""Breaks of the provincial package against a plain calculation, and against the outliers that are known.

Reference: `plain` below, loops over regions and years with `statistics.median` and no array arithmetic, written from
the formulas of docs/breaks.md. Tolerance 1e-12 on expected moves, scales and scores; kinds are equal.
Known differences: none.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import pytest

import xinzhi
from xinzhi.protocol import load as load_protocol
from xinzhi.yardstick import breaks
from xinzhi.yardstick.breaking import judge, rules
from xinzhi.yardstick.panel import read_panel

TERMS = rules()
FLAG = load_protocol("xinzhi-cn-2026").replace({"labour.breaks": "flag"})
PAGE = Path(__file__).resolve().parents[3] / "docs" / "breaks.md"
# named by an event and marked by the package: breaks at any score
DOCUMENTED = {("110000", 2021): "level_shift", ("230000", 2010): "level_shift"}
NAMED = {("120000", 2007), ("310000", 1998), ("340000", 2020), ("650000", 2010)}


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def panel(package):
    return read_panel(package)


@pytest.fixture(scope="module")
def found(package):
    return breaks(package)


def mad(values):
    centre = median(values)
    return 1.482602218505602 * median(abs(value - centre) for value in values)


def moves_of(package, name):
    table, column = ("investment", "investment_nominal") if name == "investment" else ("accounts", name)
    levels = {(r, t): v for r, t, v in package.tables[table].select("region", "year", column).iter_rows() if v}
    since = 1979 if name == "investment" else 0
    return {
        (r, t): math.log(v / levels[r, t - 1])
        for (r, t), v in levels.items()
        if t >= since and v > 0 and levels.get((r, t - 1), 0) > 0
    }


def plain(moves):
    """Return expected move, scale, shift score, outlier score and kind of every region and year."""
    regions = sorted({r for r, _ in moves})
    common = others(moves, regions)
    lead = {cell: moves[cell] - value for cell, value in common.items()}
    usual, own, means = {}, {}, []
    for r in regions:
        mine = sorted(t for q, t in lead if q == r)
        if len(mine) < 8:
            continue
        for t in mine:
            rest = [lead[r, s] for s in mine if s != t]
            usual[r, t], own[r, t] = median(rest), mad(rest)
        means.append(sum(own[r, t] for t in mine) / len(mine))
    scale = {cell: max(value, median(means), 0.001) for cell, value in own.items()}
    shift = {cell: (lead[cell] - usual[cell]) / scale[cell] for cell in scale}
    outlier = {}
    for (r, t), first in scale.items():
        if (r, t + 1) in scale:
            gap = shift[r, t] * first - shift[r, t + 1] * scale[r, t + 1]
            outlier[r, t] = gap / math.sqrt(2) / max(first, scale[r, t + 1])
    expected = {cell: common[cell] + usual[cell] for cell in scale}
    return expected, scale, shift, outlier, kinds(shift, outlier)


def others(moves, regions):
    """Return what the other regions did in each year: the median of their moves less their usual leads."""
    by_year = {}
    for (r, t), move in moves.items():
        by_year.setdefault(t, {})[r] = move
    by_year = {t: here for t, here in by_year.items() if len(here) >= 6}
    ahead = {r: [here[r] - median(here.values()) for here in by_year.values() if r in here] for r in regions}
    pace = {r: median(leads) for r, leads in ahead.items() if leads}
    return {
        (r, t): median(move - pace[q] for q, move in here.items() if q != r)
        for t, here in by_year.items()
        for r in here
    }


def kinds(shift, outlier):
    kind = {}
    for r in {r for r, _ in shift}:
        count = sum(q == r for q, _ in shift)
        limit = interpolated(count)
        open_pairs = {
            t: abs(score)
            for (q, t), score in outlier.items()
            if q == r and abs(score) > limit and abs(score) > abs(shift[r, t]) and abs(score) > abs(shift[r, t + 1])
        }
        while open_pairs:
            best = max(open_pairs, key=lambda t: (open_pairs[t], -t))
            kind[r, best] = kind[r, best + 1] = "outlier"
            for near in (best - 1, best, best + 1):
                open_pairs.pop(near, None)
        for (q, t), score in shift.items():
            if q == r and (r, t) not in kind and abs(score) > limit:
                kind[r, t] = "level_shift"
    return kind


def interpolated(count):
    lengths, values = TERMS.moves.tolist(), TERMS.panel.tolist()
    if count >= lengths[-1]:
        return values[-1]
    at = max(i for i, length in enumerate(lengths) if length <= count)
    weight = (1 / count - 1 / lengths[at]) / (1 / lengths[at + 1] - 1 / lengths[at])
    return values[at] + weight * (values[at + 1] - values[at])


@pytest.mark.parametrize(
    "name", ["employment", "output_real", "output_nominal", "investment", "schooling", "labour_share"]
)
def test_equals_the_plain_calculation(package, panel, found, name):
    expected, scale, shift, outlier, kind = plain(moves_of(package, name))
    one = judge(panel, TERMS, frozenset({name}))[0]
    cells = [(panel.regions.index(r), t - int(panel.years[0]), (r, t)) for r, t in shift]
    assert len(cells) == np.isfinite(one.scores.shift).sum()
    for r, t, cell in cells:
        assert one.scores.expected[r, t] == pytest.approx(expected[cell], abs=1e-12)
        assert one.scores.scale[r, t] == pytest.approx(scale[cell], abs=1e-12)
        assert one.scores.shift[r, t] == pytest.approx(shift[cell], abs=1e-12, rel=1e-12)
        if cell in outlier:
            assert one.scores.outlier[r, t] == pytest.approx(outlier[cell], abs=1e-12, rel=1e-12)
    mine = found.frame.filter(series=name)
    known = DOCUMENTED if name == "employment" else {}
    assert dict(zip(mine.select("region", "year").iter_rows(), mine["kind"], strict=True)) == kind | known


def test_the_four_outliers_of_tfp_are_breaks_of_employment(found):
    mine = found.frame.filter(series="employment")
    assert set(mine.select("region", "year").iter_rows()) >= NAMED
    named = mine.filter(pl.struct("region", "year").is_in([{"region": r, "year": t} for r, t in NAMED]))
    assert named["marked"].all()
    # Each moves TFP growth by seven log points or more, against the sign of the move of employment.
    assert (named["tfp_effect"].abs() > 0.07).all()
    assert (named["tfp_effect"].sign() == -named["move"].sign()).all()


def test_known_causes(found):
    mine = found.frame.filter(series="employment")
    causes = {(r, t): census for r, t, census in mine.select("region", "year", "census").iter_rows()}
    assert causes["340000", 2020] == "population census of 2020"
    assert causes["650000", 2010] == "population census of 2010"
    assert causes["310000", 1998] == "staff counted only while on post"
    assert causes["120000", 2007] is None
    assert mine.filter(region="120000", year=2007)["pair"].to_list() == [2006]


def test_marks_found_and_alarms_on_output(panel, found):
    work = found.frame.filter(series="employment")
    assert panel.breaks.sum() == 26
    assert work["marked"].sum() == 26
    output = found.frame.filter(series="output_real")
    assert output.height == 7
    assert output.filter(~pl.col("explained")).height == 5


def test_the_table_of_the_page_is_what_is_found(panel):
    lines = re.search(r"<!-- grid -->\n(.*?)<!-- /grid -->", PAGE.read_text(encoding="utf-8"), re.DOTALL).group(1)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines.splitlines()[2:]]
    assert len(rows) == 6
    for row in rows:
        judged = {one.rule.name: one.breaks.any for one in judge(panel, rules(float(row[0])))}
        hits = int((judged["employment"] & panel.breaks).sum())
        assert row[3] == f"{hits} of 26"
        assert row[5] == str(judged["employment"].sum())
        assert row[8].split()[0] == str(judged["output_real"].sum())
        assert row[9] == str(sum(int(mask.sum()) for mask in judged.values()))


@pytest.mark.parametrize(("region", "year"), [("340000", 2020), ("120000", 2007)])
def test_the_effect_on_tfp_is_that_of_mending_the_figure(package, found, region, year):
    one = found.frame.filter(region=region, year=year, series="employment").row(0, named=True)
    factor = math.exp(one["expected"] - one["move"])
    later = (pl.col("region") == region) & (pl.col("year") >= year)
    mended = package.tables["accounts"].with_columns(
        pl.when(later).then(pl.col("employment") * factor).otherwise("employment").alias("employment")
    )
    repaired = replace(package, tables={**package.tables, "accounts": mended})
    growth = [
        xinzhi.measure(data, FLAG).frame.filter(region=region, year=year)["tfp_growth"][0]
        for data in (package, repaired)
    ]
    assert one["tfp_effect"] == pytest.approx(growth[0] - growth[1], abs=1e-12)
