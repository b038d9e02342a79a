"""The pages of differences between regions, who moves, of one sector by itself, and of `decoupling`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.text import Text, same, sentences
from xinzhi.report import palette
from xinzhi.report.charts import kinds
from xinzhi.report.palette import FACTORS, GROUPS
from xinzhi.report.section import Picture, Section, picture, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, notes_of, spread
from xinzhi.report.table import column, table
from xinzhi.sectors.internal import (
    Culture,
    Densities,
    Education,
    Green,
    Inequality,
    intensity_text,
    latest,
    series_text,
)

CLUSTER_INKS = {kind: GROUPS[at] for kind, at in {"HH": 3, "LH": 2, "LL": 0, "HL": 6}.items()} | {"": FACTORS["labour"]}
PART_INKS = {"within": palette.GROUPS[0], "between": palette.GROUPS[2], "transvariation": palette.GROUPS[1]}
RIDGES = 8  # densities that one picture holds


def title(result: Inequality | Densities) -> Text:
    """Return what the figure of a result is called."""
    return series_text(str(result.provenance.options["value"]), result.names)


@section.register
def unequal(result: Inequality) -> Section:
    """Return the Gini over the years and what it is made of."""
    what, facts = title(result), result.facts()
    grouped = result.frame.height > 0 and result.frame["within"][-1] is not None
    pictures = [_parts(result, what) if grouped else None, _gini(result, what) if result.frame.height else None]
    pairs = None
    if grouped:
        year = result.frame["year"][-1]
        names = dict.fromkeys(("group", "other"), partial(series_text, names=result.names))
        pairs = table("inequality_pairs", result.pairs.filter(year=year), of=result, names=names, year=year)
    return Section.of(
        "sectors.inequality",
        pictures,
        [pairs],
        anchor="inequality",
        facts={"value": what},
        answer=sentences(facts, "sectors"),
        notes=tuple(_notes(result, grouped=grouped)) if result.frame.height else (),
    )


def _parts(result: Inequality, what: Text) -> Picture:
    frame = result.frame.drop_nulls("within")
    first, last = frame.row(0, named=True), frame.row(-1, named=True)
    heavy = max(PART_INKS, key=lambda name: last[name])
    facts = {"value": what, "first": first["year"], "before": first["gini"], "last": last["year"]}
    facts |= {
        "after": last["gini"],
        "part": words.sectors.part_of(heavy),
        "share": last[heavy] / last["gini"] if last["gini"] else None,
    }
    rows = [
        {"name": same(row["year"]), **{name: row[name] for name in (*PART_INKS, "gini")}}
        for row in frame.iter_rows(named=True)
    ]
    parts = {name: (words.sectors.part_of(name), ink) for name, ink in PART_INKS.items()}
    return picture(
        "sectors.parts",
        kinds.stacked,
        rows,
        table("inequality_years", of=result),
        facts,
        unit="gini",
        x="gini",
        parts=parts,
        total="gini",
        decimals=3,
    )


def _gini(result: Inequality, what: Text) -> Picture:
    peak = result.frame.sort("gini", descending=True).row(0, named=True)
    last = result.frame.row(-1, named=True)
    facts = {"value": what, "peak": peak["year"], "high": peak["gini"], "last": last["year"], "now": last["gini"]}
    rows = [
        row
        for name in ("gini", "theil_t", "theil_l")
        for row in rows_of(result.frame.drop_nulls(name), group=words.sectors.chart_of(name), year="year", value=name)
    ]
    return picture(
        "sectors.gini",
        kinds.lines,
        rows,
        table("inequality_years", of=result),
        facts,
        unit="gini",
        y="measures",
        decimals=3,
    )


def _notes(result: Inequality, *, grouped: bool) -> list[Text]:
    notes: list[Text] = [words.sectors.note_gini()]
    notes += [words.sectors.note_dagum()] if grouped else []
    notes += [words.sectors.note_unweighted()] if result.provenance.options.get("weight") is None else []
    counts: list[int] = sorted(result.frame["regions"].unique())
    return notes + ([words.sectors.note_ragged(low=counts[0], high=counts[-1])] if len(counts) > 1 else [])


@section.register
def dense(result: Densities) -> Section:
    """Return where the regions crowd, year by year."""
    what, facts = title(result), result.facts()
    moves: Any = facts["answer.densities"]
    filled = result.years.with_columns(pl.col("reason_zh", "reason_en").fill_null(""))
    twin = table("densities_years", filled, of=result)
    years = spread(result.frame["year"].unique().sort().to_list(), RIDGES)
    densities = result.frame.filter(pl.col("year").is_in(years)).sort("year", "x")
    rows = rows_of(densities, name=column("sectors.year", "text", of="year"), x="x", density="density")
    return Section.of(
        "sectors.densities",
        [picture("sectors.ridges", kinds.ridges, rows, twin, moves, unit="density", x=what)],
        anchor="densities",
        facts={"value": what},
        answer=answer_of(facts, "sectors"),
        notes=tuple(notes_of(facts, "sectors")),
    )


@section.register
def educated(result: Education) -> Section:
    """Return what schooling contributed to growth, or how much human capital there is."""
    facts = result.facts()
    grown: Any = facts.get("answer.education")
    chart = (
        _contributions(result, grown) if grown is not None else _human_capital(result, facts["answer.human_capital"])
    )
    return Section.of(
        "sectors.education",
        [chart],
        anchor="education",
        answer=answer_of(facts, "sectors"),
        notes=(words.sectors.note_schooling(), *notes_of(facts, "sectors")),
    )


def _contributions(result: Education, values: Any) -> Picture | None:  # noqa: ANN401 - facts of the result
    spans = result.spans.drop_nulls("contribution").sort("contribution", descending=True)
    columns = (
        "region",
        "schooling_start",
        "schooling_end",
        "human_capital_growth",
        "contribution",
        "output_growth",
        "part",
    )
    title = words.sectors.table_education(**values)
    twin = table("education_regions", spans, columns, result, part="spans", title=title)
    return shown("sectors.contribution", result, spans, values, twin=twin)


def _human_capital(result: Education, values: Any) -> Picture | None:  # noqa: ANN401 - facts of the result
    now, title = latest(result.frame, "human_capital"), words.sectors.table_human_capital(**values)
    twin = table("education_regions", now, ("region", "schooling", "human_capital"), result, title=title)
    return shown("sectors.human_capital", result, now, values, twin=twin)


@section.register
def cultured(result: Culture) -> Section:
    """Return the weight of culture in employment, region by region."""
    facts = result.facts()
    values: Any = facts.get("answer.culture")
    chart = None
    if values is not None:
        now = latest(result.frame, "employment_share")
        twin = table("culture_regions", now, of=result, drop_empty=True, **values)
        chart = shown("sectors.culture", result, now, values, twin=twin)
    return Section.of(
        "sectors.culture",
        [chart],
        anchor="culture",
        answer=answer_of(facts, "sectors"),
        notes=tuple(notes_of(facts, "sectors")),
    )


@section.register
def intense(result: Green) -> Section:
    """Return what a unit of output takes of energy and emissions, and what was passed in."""
    facts = result.facts()
    green = pl.DataFrame() if result.productivity is None else result.productivity
    makers: dict[str, Callable[[Any], Picture | None]] = {
        "intensity": partial(_intensity, result),
        "productivity": lambda values: shown("sectors.productivity", result, latest(green, "level"), values),
        "costs": lambda values: shown("sectors.costs", result, latest(result.cost_shares(), "share"), values),
    }
    pictures = [make(facts[key]) for name, make in makers.items() if (key := f"headline.{name}") in facts]
    return Section.of(
        "sectors.green",
        pictures,
        anchor="green",
        answer=None if pictures else [words.sectors.answer_no_years()],
        notes=(words.sectors.note_intensity(),) if "headline.intensity" in facts else (),
    )


def _intensity(result: Green, values: Any) -> Picture | None:  # noqa: ANN401 - facts of the result
    paths = [path.with_columns(indicator=pl.lit(name)) for name, path in result.common_paths().items()]
    frame = pl.concat(paths)
    hundred = column("sectors.index_100", "points", of="value")
    names = {"indicator": intensity_text}
    name = column("sectors.indicator", "name")
    twin = table("green_intensity", frame, [name, "year", "regions", "intensity", hundred], result, names=names)
    rows = rows_of(frame, names=names, group=name, year="year", value="value")
    return shown("sectors.intensity", result, frame, values, rows=rows, twin=twin)
