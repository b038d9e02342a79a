"""The section on the survey of utilisation; the sections on its two estimates are found here too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.pathways.names import capital, sentence
from xinzhi.report.rooms.risks.capacity_estimates import peaks, plants
from xinzhi.report.rooms.risks.capacity_names import (
    CONVENTIONS,
    FULL,
    TOTAL,
    band_name,
    chosen,
    column,
    edges_of,
    industry_names,
    quarter,
    sections,
    zones,
)
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table
from xinzhi.risks.inputs import setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.risks import Utilisation

__all__ = ["peaks", "plants", "surveyed"]

LOWEST = 4  # industries whose history is drawn beside the total
QUARTERS = 4


def surveyed(result: Utilisation, *, region: str | None = None) -> Section:
    """Return what a survey of utilisation says: level, change over the year, and history.

    Parameters
    ----------
    result
        What `capacity` returns.
    region
        The industry whose history is drawn, by code or name; None: the lowest of the last quarter.

    Raises
    ------
    UsageError
        When the survey has no such industry.
    """
    labels = {**dict.fromkeys(result.frame["industry"]), **dict.fromkeys(result.years["industry"])}
    names = industry_names(labels, result.labels)
    title, full = words("overcapacity.title.surveyed"), _years(result, names)
    if not result.frame.height:
        return Section(key="utilisation", title=title, answer=(words("overcapacity.answer.no_quarters"),), tables=full)
    now = _now(result)
    code = chosen(region, names, now["industry"][0])
    drawn = [latest(result, names), changes(result, names), over_time(result, names), history(result, code, names)]
    total = now_of(result, TOTAL)
    said = [sentence(one.headline) for one in drawn if one]
    if total is not None and drawn[2] is None:  # the history of the total says so otherwise
        said.insert(1, words("overcapacity.answer.total", value=number(total, 1)))
    if region is not None and drawn[-1] is None:
        said.append(words("overcapacity.answer.no_range", name=names[code]))
    own = [dict(one) for one in result.provenance.options.get("bands", [])]
    usual = own == setting(CONVENTIONS, "utilisation.bands")
    edges = listing([same(f"{edge:g}") for edge in edges_of(result.bands)])
    return Section(
        key="utilisation",
        title=title,
        answer=tuple(said),
        pictures=tuple(one for one in drawn if one),
        tables=(*full, *_missing(result, names)),
        notes=(
            words("overcapacity.note.not_adjusted"),
            words("overcapacity.note.bands", edges=edges) if usual else words("overcapacity.note.own_bands"),
            words("overcapacity.note.national"),
        ),
    )


def _now(result: Utilisation) -> pl.DataFrame:
    """Return the last quarter of the industries, the lowest first; of the sums where there is no industry."""
    last = result.latest.filter(pl.col("period") == result.latest["period"].max())
    industries = last.filter(~pl.col("industry").is_in(list(sections())))
    return (industries if industries.height else last).sort("utilisation", "industry")


def now_of(result: Utilisation, code: str) -> float | None:
    """Return the rate of a series in the last quarter of all; None where it has none."""
    last = result.latest.filter(pl.col("period") == pl.col("period").max(), pl.col("industry") == code)
    return float(last["utilisation"][0]) if last.height else None


def latest(result: Utilisation, names: Mapping[str, Text]) -> Picture:
    """Return the last quarter of every industry against the same quarter of other years and the bands."""
    groups = {name: words(f"overcapacity.chart.{name}") for name in ("below_usual", "usual", "above_usual", "no_usual")}
    period = result.latest["period"].max()
    rows = []
    for r in result.latest.sort("utilisation", "industry").iter_rows(named=True):
        late = words("overcapacity.chart.older", name=names[r["industry"]], period=quarter(r["year"], r["quarter"]))
        rows.append(
            {
                "name": names[r["industry"]] if r["period"] == period else late,
                "value": r["utilisation"],
                "bands": [] if r["low"] is None else [(r["low"], r["high"])],
                "tick": r["same_quarter"],
                "group": groups[_place(r)],
                "text": number(r["utilisation"], 1),
                "change": number(r["change_on_year"], 1, sign=True),
            }
        )
    now, edges = _now(result), edges_of(result.bands)
    low = now.row(0, named=True)
    values: dict[str, Any] = {
        "period": quarter(low["year"], low["quarter"]), "name": names[low["industry"]], "n": now.height,
        "value": number(low["utilisation"], 1),
    }  # fmt: skip
    if edges:
        values |= {"k": now.filter(pl.col("utilisation") < edges[0]).height, "edge": f"{edges[0]:g}"}
        ranged = now.drop_nulls("low")
        below = ranged.filter(pl.col("utilisation") < pl.col("low")).height
        usual = words("overcapacity.headline.usual", **values, below=below, m=ranged.height)
        headline = usual if ranged.height else words("overcapacity.headline.below", **values)
    else:
        headline = words("overcapacity.headline.lowest", **values)
    heads = (("rate_short", "text"), ("change_short", "change"))
    columns = (
        column("industry", "name"), column("quarter", "text"), column("utilisation", "percent"),
        column("change", "percent"), column("same_quarter", "percent"), column("low", "percent"),
        column("high", "percent"), column("other_years", "integer"), column("band", "text"),
    )  # fmt: skip
    cells = [
        (names[r["industry"]], quarter(r["year"], r["quarter"]), r["utilisation"], r["change_on_year"],
         r["same_quarter"], r["low"], r["high"], r["observations"], band_name(r["band"]))
        for r in result.latest.sort("utilisation", "industry").iter_rows(named=True)
    ]  # fmt: skip
    return Picture(
        kind="utilisation",
        title=words("overcapacity.title.latest"),
        headline=headline,
        draw=lambda w: kit.spreads(
            w, rows, x=words("overcapacity.chart.utilisation"), zones=zones(result.bands), groups=list(groups.values()),
            inks=(palette.GROUPS[3], palette.GROUPS[0], palette.GROUPS[5], palette.GROUPS[7]),
            columns=[(words(f"overcapacity.chart.{head}"), key) for head, key in heads],
        ),
        how=words("overcapacity.how.latest", share=_inner()),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(key="utilisation_latest", title=words("overcapacity.title.latest"), columns=columns, rows=cells),
    )  # fmt: skip


def _inner() -> str:
    """Return how many per cent of the other years the usual range holds."""
    low, high = setting(CONVENTIONS, "utilisation.normal_range")
    return f"{FULL * (high - low):.0f}"


def _place(row: Mapping[str, Any]) -> str:
    """Return where a rate stands in the range of the same quarter of other years."""
    if row["low"] is None:
        return "no_usual"
    return (
        "below_usual"
        if row["utilisation"] < row["low"]
        else "above_usual"
        if row["utilisation"] > row["high"]
        else "usual"
    )


def changes(result: Utilisation, names: Mapping[str, Text]) -> Picture | None:
    """Return the change on the same quarter of the year before; None where no industry has both."""
    now = _now(result).drop_nulls("change_on_year").sort("change_on_year", "industry")
    if not now.height:
        return None
    last = result.latest.filter(pl.col("period") == pl.col("period").max()).drop_nulls("change_on_year")
    rows = [
        {"name": names[r["industry"]], "value": r["change_on_year"]}
        for r in last.sort("change_on_year", "industry").iter_rows(named=True)
    ]
    low = now.row(0, named=True)
    values = {
        "period": quarter(low["year"], low["quarter"]), "n": now.height, "name": names[low["industry"]],
        "fell": now.filter(pl.col("change_on_year") < 0).height, "change": number(low["change_on_year"], 1, sign=True),
    }  # fmt: skip
    fell = words("overcapacity.headline.fell", **values)
    return Picture(
        kind="change",
        title=words("overcapacity.title.changes"),
        headline=fell if values["fell"] else words("overcapacity.headline.none_fell", **values),
        draw=lambda w: kit.bars(w, rows, x=words("overcapacity.chart.change")),
        how=words("overcapacity.how.changes"),
        unit=words("overcapacity.unit_of.points"),
        twin=Table(
            key="utilisation_change", title=words("overcapacity.title.changes"),
            columns=(column("industry", "name"), column("change", "percent")),
            rows=[(row["name"], row["value"]) for row in rows],
        ),
    )  # fmt: skip


def _path(result: Utilisation, code: str) -> list[dict[str, Any]]:
    """Return every quarter from the first to the last of a series; those that are missing have no value."""
    own = {(r["year"], r["quarter"]): r for r in result.frame.filter(industry=code).iter_rows(named=True)}
    first, last = min(own), max(own)
    places = range(first[0] * QUARTERS + first[1] - 1, last[0] * QUARTERS + last[1])
    keys = [(place // QUARTERS, place % QUARTERS + 1) for place in places]
    nothing = {"utilisation": None, "low": None, "high": None, "same_quarter": None}
    return [{**own.get(key, nothing), "year": key[0], "quarter": key[1]} for key in keys]


def over_time(result: Utilisation, names: Mapping[str, Text]) -> Picture | None:
    """Return the quarters of the lowest industries and of the total; None with one quarter only."""
    if result.frame["period"].n_unique() < 2:  # noqa: PLR2004 - one quarter is no path
        return None
    now = _now(result)
    total = [TOTAL] if TOTAL in set(result.frame["industry"]) else []
    codes = [*total, *[code for code in now["industry"].to_list() if code not in total][:LOWEST]]
    paths = {code: _path(result, code) for code in codes}
    rows = [
        {
            "group": names[code],
            "year": r["year"] + (r["quarter"] - 1) / QUARTERS,
            "value": r["utilisation"],
            "dot": True,
        }
        for code, path in paths.items()
        for r in path
    ]
    lead = codes[0]
    own = result.frame.filter(industry=lead)
    last = own.sort("year", "quarter").row(-1, named=True)
    others = own.filter(pl.col("quarter") == last["quarter"], pl.col("year") != last["year"])
    lower = others.filter(pl.col("utilisation") < last["utilisation"]).height
    values = {
        "name": names[lead], "value": number(last["utilisation"], 1), "n": others.height, "k": lower,
        "period": quarter(last["year"], last["quarter"]),
    }  # fmt: skip
    if not others.height:
        headline = words("overcapacity.headline.single", **values)
    elif lower:
        headline = words("overcapacity.headline.over_time", **values)
    else:
        headline = words("overcapacity.headline.lowest_ever", **values)
    columns = (column("industry", "name"), column("quarter", "text"), column("utilisation", "percent"))
    cells = [(names[code], quarter(r["year"], r["quarter"]), r["utilisation"]) for code in codes for r in paths[code]]
    return Picture(
        kind="quarters",
        title=words("overcapacity.title.over_time"),
        headline=capital(headline),
        draw=lambda w: kit.lines(
            w, rows, y=words("overcapacity.chart.utilisation"), decimals=1, levels=zones(result.bands),
            inks=[*([palette.INK] if total else []), *palette.GROUPS],
        ),
        how=words("overcapacity.how.over_time"),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(
            key="utilisation_quarters", title=words("overcapacity.title.over_time"), columns=columns, rows=cells
        ),
    )  # fmt: skip


def history(result: Utilisation, code: str, names: Mapping[str, Text]) -> Picture | None:
    """Return one industry against the range of the same quarter of other years; None where it has no such range."""
    own = result.frame.filter(industry=code).drop_nulls("low").sort("year", "quarter")
    if own.height < 2:  # noqa: PLR2004 - one quarter is no path
        return None
    path, last = _path(result, code), own.row(-1, named=True)
    rows = [
        {"group": names[code], "year": r["year"] + (r["quarter"] - 1) / QUARTERS, "value": r["utilisation"],
         "low": r["low"], "high": r["high"], "dot": True}
        for r in path
    ]  # fmt: skip
    values = {
        "name": names[code], "period": quarter(last["year"], last["quarter"]), "value": number(last["utilisation"], 1),
        "low": number(last["low"], 1), "high": number(last["high"], 1),
        "place": words(f"overcapacity.chart.{_place(last)}"), "share": _inner(),
    }  # fmt: skip
    columns = (column("quarter", "text"), column("utilisation", "percent"), column("same_quarter", "percent"),
               column("low", "percent"), column("high", "percent"))  # fmt: skip
    cells = [(quarter(r["year"], r["quarter"]), r["utilisation"], r["same_quarter"], r["low"], r["high"]) for r in path]
    title = capital(words("overcapacity.title.history", name=names[code]))
    return Picture(
        kind="history",
        title=title,
        headline=capital(words("overcapacity.headline.history", **values)),
        draw=lambda w: kit.lines(
            w, rows, y=words("overcapacity.chart.utilisation"), decimals=1, levels=zones(result.bands)
        ),
        how=words("overcapacity.how.history", share=_inner()),
        unit=words("overcapacity.unit_of.percent"),
        twin=Table(key="utilisation_history", title=title, columns=columns, rows=cells),
    )


def _years(result: Utilisation, names: Mapping[str, Text]) -> tuple[Table, ...]:
    if not result.years.height:
        return ()
    source = {
        "published": words("overcapacity.chart.published"),
        "mean of quarters": words("overcapacity.chart.mean_of_quarters"),
    }
    columns = (column("industry", "name"), column("year", "year"), column("utilisation", "percent"),
               column("source", "text"))  # fmt: skip
    cells = [
        (names[r["industry"]], r["year"], r["utilisation"], source.get(r["source"]))
        for r in result.years.iter_rows(named=True)
    ]
    return (Table(key="utilisation_years", title=words("overcapacity.table.years"), columns=columns, rows=cells),)


def _missing(result: Utilisation, names: Mapping[str, Text]) -> tuple[Table, ...]:
    cells = [(names.get(str(one.key), same(one.key)), one.message) for one in result.findings]
    columns = (column("industry", "name"), column("missing", "text"))
    title = words("overcapacity.table.missing")
    return (Table(key="utilisation_missing", title=title, columns=columns, rows=cells),) if cells else ()
