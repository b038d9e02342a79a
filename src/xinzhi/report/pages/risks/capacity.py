"""The pages of `capacity`, `peak_to_peak` and `plant_capacity`: the survey of utilisation, and two estimates of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, listing, number, same, words
from xinzhi.report import palette
from xinzhi.report.charts import kit
from xinzhi.report.section import Picture, Section, picture, rows_of
from xinzhi.report.sentence import answer_of, capital, fact, finding_notes, sentence, word
from xinzhi.report.table import Table, column, table
from xinzhi.risks import PeakToPeak, PlantCapacity, Utilisation, conventions

SERIES, TOTAL, FULL = "series", "industry_total", 100.0
LOWEST = 4  # industries whose history is drawn beside the total
QUARTERS = 4
WIDE = 0.12  # part of the years that has space for a word
DECIMALS = ((1000.0, 0), (100.0, 1), (10.0, 2))
FEW = 5  # units whose rates are drawn as lines
PLACES = ("below_usual", "usual", "above_usual", "no_usual")
NOTHING: Mapping[str, Any] = {"utilisation": None, "low": None, "high": None, "same_quarter": None}


def capacity(result: Utilisation, *, region: str | None = None) -> Section:
    """Return what a survey of utilisation says: level, change over the year, and history; `region` is an industry."""
    facts, years = result.facts(), _years(result)
    if not result.frame.height:
        said = answer_of(facts, "overcapacity")
        return Section.of("overcapacity.surveyed", [], years, anchor="utilisation", answer=said)
    codes = result.frame["industry"].unique().sort()
    code = result.now()["industry"][0] if region is None else result.names.resolve(region, codes, SERIES)
    own = _history(result, code)
    answer = answer_of(facts, "overcapacity")
    if own is not None:
        answer.append(sentence(own.headline))
    elif region is not None:
        answer.append(words("overcapacity.answer.no_range", name=result.names.text(SERIES, code)))
    usual = result.provenance.options.get("bands") == conventions("overcapacity")["utilisation"]["bands"]["value"]
    edges = listing([same(f"{edge:g}") for edge in result.bands["below"].drop_nulls()])
    return Section.of(
        "overcapacity.surveyed",
        [_latest(result, facts), _changes(result, facts), _over_time(result, facts), own],
        [*years, *_missing(result)],
        anchor="utilisation",
        answer=answer,
        notes=(
            words("overcapacity.note.not_adjusted"),
            words("overcapacity.note.bands", edges=edges) if usual else words("overcapacity.note.own_bands"),
            words("overcapacity.note.national"),
        ),
    )


def _quarter(year: int, number: int) -> Text:
    return words(f"overcapacity.chart.quarter_{number}", year=year)


def _quarters(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with the quarters in words: ``period_zh, period_en``."""
    said = [_quarter(year, quarter) for year, quarter in frame.select("year", "quarter").rows()]
    return frame.drop("period").with_columns(
        pl.Series(f"period_{name}", [one.lang(name) for one in said], dtype=pl.String) for name in ("zh", "en")
    )


def _zones(result: Utilisation) -> list[tuple[float | None, float | None, Text]]:
    """Return the bands of the level as zones of an axis, with their names; none where there is one band only."""
    called = describe("capacity", "band").values
    edges = result.bands["below"].to_list()
    names = [called.get(name, same(name)) for name in result.bands["name"]]
    return list(zip([None, *edges[:-1]], edges, names, strict=True)) if len(edges) > 1 else []


def _latest(result: Utilisation, facts: Facts) -> Picture | None:
    """Return the last quarter of every industry against the same quarter of other years and the bands."""
    said = fact(facts, "usual", "below", "lowest")
    frame = result.latest.sort("utilisation", "industry")
    period, groups = result.latest["period"].max(), {name: words(f"overcapacity.chart.{name}") for name in PLACES}
    names = result.names.distinct(SERIES, frame["industry"])
    rows = []
    for r in frame.iter_rows(named=True):
        name = names[r["industry"]]
        late = words("overcapacity.chart.older", name=name, period=_quarter(r["year"], r["quarter"]))
        rows.append(
            {"name": name if r["period"] == period else late, "value": r["utilisation"],
             "bands": [] if r["low"] is None else [(r["low"], r["high"])], "tick": r["same_quarter"],
             "group": groups[_place(r)], "text": number(r["utilisation"], 1),
             "change": number(r["change_on_year"], 1, sign=True)}
        )  # fmt: skip
    columns = ("industry", "period", "utilisation", "change_on_year", "same_quarter", "low", "high", "observations",
               "band")  # fmt: skip
    title = words("overcapacity.title.latest")
    return said and picture(
        "overcapacity.utilisation", kit.spreads, rows,
        table("utilisation_latest", _quarters(frame), columns, result, part="latest", title=title), said[1] | _inner(),
        title=title, headline=said[0], how="latest", unit="percent", x="utilisation", zones=_zones(result),
        groups=list(groups.values()),
        inks=(palette.GROUPS[3], palette.GROUPS[0], palette.GROUPS[5], palette.GROUPS[7]),
        columns=[(words(f"overcapacity.chart.{head}"), key)
                 for head, key in (("rate_short", "text"), ("change_short", "change"))],
    )  # fmt: skip


def _inner() -> dict[str, float]:
    """Return how much of the other years the usual range holds."""
    low, high = conventions("overcapacity")["utilisation"]["normal_range"]["value"]
    return {"share": round(high - low, 6)}


def _place(row: Mapping[str, Any]) -> str:
    """Return where a rate stands in the range of the same quarter of other years."""
    if row["low"] is None:
        return "no_usual"
    if row["utilisation"] < row["low"]:
        return "below_usual"
    return "above_usual" if row["utilisation"] > row["high"] else "usual"


def _changes(result: Utilisation, facts: Facts) -> Picture | None:
    """Return the change on the same quarter of the year before; None where no industry has both."""
    said = fact(facts, "fell", "none_fell")
    last = result.latest.filter(pl.col("period") == pl.col("period").max()).drop_nulls("change_on_year")
    last = last.sort("change_on_year", "industry")
    title = words("overcapacity.title.changes")
    twin = table("utilisation_change", last, ("industry", "change_on_year"), result, part="latest", title=title)
    return said and picture(
        "overcapacity.change", kit.bars, rows_of(last, result, name="industry", value="change_on_year"), twin, said[1],
        title=title, headline=said[0], how="changes", unit="points", x="change",
    )  # fmt: skip


def _path(result: Utilisation, code: str) -> list[dict[str, Any]]:
    """Return every quarter from the first to the last of a series; those that are missing have no value."""
    own = {(r["year"], r["quarter"]): r for r in result.frame.filter(industry=code).iter_rows(named=True)}
    first, last = min(own), max(own)
    places = range(first[0] * QUARTERS + first[1] - 1, last[0] * QUARTERS + last[1])
    keys = [(place // QUARTERS, place % QUARTERS + 1) for place in places]
    return [
        {**NOTHING, **own.get(key, {}), "industry": code, "period": None, "year": key[0], "quarter": key[1]}
        for key in keys
    ]


def _lines(result: Utilisation, path: Sequence[Mapping[str, Any]], *kept: str) -> list[dict[str, Any]]:
    return [
        {"group": result.names.text(SERIES, r["industry"]), "year": r["year"] + (r["quarter"] - 1) / QUARTERS,
         "value": r["utilisation"], "dot": True, **{name: r[name] for name in kept}}
        for r in path
    ]  # fmt: skip


def _over_time(result: Utilisation, facts: Facts) -> Picture | None:
    """Return the quarters of the lowest industries and of the total; None with one quarter only."""
    said = fact(facts, "over_time", "single", "lowest_ever")
    if said is None:
        return None
    total = [TOTAL] if TOTAL in result.frame["industry"] else []
    codes = [*total, *[code for code in result.now()["industry"].to_list() if code not in total][:LOWEST]]
    rows = [row for code in codes for row in _path(result, code)]
    frame = _quarters(pl.DataFrame(rows, infer_schema_length=None))
    title = words("overcapacity.title.over_time")
    twin = table("utilisation_quarters", frame, ("industry", "period", "utilisation"), result, title=title)
    return picture(
        "overcapacity.quarters", kit.lines, _lines(result, rows), twin, title=title,
        headline=capital(words(f"overcapacity.headline.{said[0]}", **said[1])), how="over_time", unit="percent",
        y="utilisation", decimals=1, levels=_zones(result),
        inks=[*([palette.INK] if total else []), *palette.GROUPS],
    )  # fmt: skip


def _history(result: Utilisation, code: str) -> Picture | None:
    """Return one industry against the range of the same quarter of other years; None where it has no such range."""
    own = result.frame.filter(industry=code).drop_nulls("low").sort("year", "quarter")
    if own.height < 2:  # noqa: PLR2004 - one quarter is no path
        return None
    path, last = _path(result, code), own.row(-1, named=True)
    values = {
        "name": result.names.text(SERIES, code), "period": _quarter(last["year"], last["quarter"]),
        "value": last["utilisation"], "low": last["low"], "high": last["high"],
        "place": words(f"overcapacity.chart.{_place(last)}"), **_inner(),
    }  # fmt: skip
    frame = _quarters(pl.DataFrame(path, infer_schema_length=None))
    title = capital(words("overcapacity.title.history", **values))
    columns = ("period", "utilisation", "same_quarter", "low", "high")
    return picture(
        "overcapacity.history", kit.lines, _lines(result, path, "low", "high"),
        table("utilisation_history", frame, columns, result, title=title), values, title=title,
        headline=capital(words("overcapacity.headline.history", **values)), unit="percent", y="utilisation",
        decimals=1, levels=_zones(result),
    )  # fmt: skip


def _years(result: Utilisation) -> list[Table]:
    columns, title = ("industry", "year", "utilisation", "source"), words("overcapacity.table.years")
    made = table("utilisation_years", result.years, columns, result, part="years", title=title)
    return [made] if result.years.height else []


def _missing(result: Utilisation) -> list[Table]:
    rows = [
        {"industry": one.key, "missing_zh": one.message.zh, "missing_en": one.message.en} for one in result.findings
    ]
    title, columns = words("overcapacity.table.missing"), ("industry", column("overcapacity.missing", "text"))
    return [table("utilisation_missing", pl.DataFrame(rows), columns, result, title=title)] if rows else []


def peak_to_peak(result: PeakToPeak, *, region: str | None = None) -> Section:
    """Return what the trend through peaks says of each unit; `region` is the unit that is drawn, else the lowest."""
    last = result.last()
    code = last["unit"][0] if region is None else result.names.resolve(region, last["unit"])
    return Section.of(
        "overcapacity.peaks",
        [_trend(result, code), _rates(result, code, last), _last(result, last)],
        anchor="peak-to-peak",
        notes=(words("overcapacity.note.peaks"), *finding_notes(result.findings)),
    )


def _trend(result: PeakToPeak, code: str) -> Picture:
    """Return the output of a unit and the line through its peaks; what is carried on is shaded."""
    own = result.frame.filter(unit=code).sort("year")
    options = result.provenance.options
    value = word("overcapacity", "series", options["value"])
    if options["fixed"] is not None:
        fixed = word("overcapacity", "series", options["fixed"])
        value = words("overcapacity.chart.per", value=value, fixed=fixed)
    line, carried = words("overcapacity.chart.through_peaks"), words("overcapacity.chart.carried_on")
    rows = rows_of(own, group=line, year="year", value="trend")
    dots = rows_of(own, group=value, year="year", value="value")
    rows += [row | {"dot": peak} for row, peak in zip(dots, own["peak"], strict=True)]
    at, first, end = own.filter("peak")["year"].to_list(), own["year"][0], own["year"][-1]
    marks = [
        {"start": start, "end": stop, "word": carried if stop - start >= WIDE * (end - first) else None}
        for start, stop in ((first, at[0]), (at[-1], end))
        if start < stop
    ]
    now = own.row(-1, named=True)
    values = {
        "name": result.names.region(code), "year": now["year"], "rate": now["utilisation"], "peak": at[-1],
        "k": len(at), "first": first,
    }  # fmt: skip
    title = words("overcapacity.title.trend", **values)
    columns = ("year", "value", "trend", "utilisation", "peak", "section")
    twin = table("peaks_trend", own, columns, result, title=title)
    return picture(
        "overcapacity.peaks", kit.lines, rows, twin, values, title=title, how="trend", unit=value, y=value,
        headline=capital(words(f"overcapacity.headline.{'trend' if at[-1] < end else 'at_peak'}", **values)),
        marks=marks, inks=(palette.BAND, palette.DEEP),
        decimals=next((digits for size, digits in DECIMALS if now["trend"] >= size), 3),
    )  # fmt: skip


def _rates(result: PeakToPeak, code: str, last: pl.DataFrame) -> Picture:
    """Return the rates of the unit and of the lowest others over the years."""
    shown = list(dict.fromkeys([code, *last["unit"].to_list()]))[:FEW]
    frame = result.frame.sort("unit", "year")
    rows = [
        row
        for unit in shown
        for row in rows_of(frame.filter(unit=unit), result, group="unit", year="year", value="utilisation")
    ]
    own = frame.filter(unit=code)
    low, peaks = own.sort("utilisation", "year").row(0, named=True), own.filter("peak")["year"].to_list()
    values = {
        "name": result.names.region(code), "peak": peaks[0], "start": own["year"][0], "end": own["year"][-1],
        "mean": own["utilisation"].mean(), "low": low["utilisation"], "year": low["year"],
    }  # fmt: skip
    title = words("overcapacity.title.rates")
    twin = table("peaks_rates", frame, ("unit", "year", "utilisation", "section"), result, title=title)
    return picture(
        "overcapacity.rates", kit.lines, rows, twin, values, unit="percent", y="utilisation", reference=FULL,
        headline=capital(words(f"overcapacity.headline.{'rates' if len(peaks) > 1 else 'one_peak'}", **values)),
        decimals=1,
    )  # fmt: skip


def _last(result: PeakToPeak, last: pl.DataFrame) -> Picture | None:
    """Return the rates of all units in their last year, parted by whether the line is carried on; none for one unit."""
    said = fact(result.facts(), "all_at_line", "last")
    title = words("overcapacity.title.last")
    groups = [describe("peak_to_peak", "section").values[name] for name in ("between", "after")]
    if last.height == 1 or said is None:
        return None
    return picture(
        "overcapacity.last", kit.dots, rows_of(last, result, name="unit", value="utilisation", group="section"),
        table("peaks_last", last, ("unit", "year", "utilisation", "section"), result, title=title),
        headline=capital(words(f"overcapacity.headline.{said[0]}", **said[1])), unit="percent", x="utilisation",
        reference=FULL, decimals=1, groups=groups,
    )  # fmt: skip


def plant_capacity(result: PlantCapacity, *, region: str | None = None) -> Section:
    """Return how much of its plant each unit uses, with and without its inefficiency; `region` is a unit to name."""
    columns = ("unit", "utilisation", "observed_utilisation", "efficiency", "plant_efficiency", "status")
    every = result.frame.sort("utilisation", "unit", nulls_last=True)
    title = words("overcapacity.title.plants")
    twin = table("plants", every, columns, result, title=title)
    facts = result.facts()
    answer = answer_of(facts, "overcapacity")
    if region is not None:
        code = result.names.resolve(region, result.frame["unit"])
        own = result.frame.filter(unit=code).row(0, named=True)
        values = {
            "name": result.names.region(code), "rate": own["utilisation"], "biased": own["observed_utilisation"],
            "why": describe("plant_capacity", "status").values.get(own["status"], same(own["status"])),
        }  # fmt: skip
        answer.append(words(f"overcapacity.answer.unit{'' if own['utilisation'] is not None else '_not'}", **values))
    needed = table(
        "plants_needed", result.variable, None, result, part="variable", title=words("overcapacity.table.needed")
    )
    return Section.of(
        "overcapacity.plant_section",
        [_plants(result, every.drop_nulls("utilisation"), facts, twin)],
        [twin, needed if result.variable.height else None],
        anchor="plant-capacity",
        answer=answer,
        notes=(words("overcapacity.note.plants"), *finding_notes(result.findings)),
    )


def _plants(result: PlantCapacity, solved: pl.DataFrame, facts: Facts, twin: Table) -> Picture | None:
    said = fact(facts, "plants")
    rows = [
        row | {"biased": number(row["a"], 1), "unbiased": number(row["b"], 1)}
        for row in rows_of(solved, result, name="unit", a="observed_utilisation", b="utilisation")
    ]
    heads = (("biased_short", "biased"), ("unbiased_short", "unbiased"))
    return said and picture(
        "overcapacity.plants", kit.pairs, rows, twin, said[1], unit="percent", x="plant_utilisation", reference=FULL,
        ends=(words("overcapacity.chart.biased"), words("overcapacity.chart.unbiased")),
        columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
    )  # fmt: skip
