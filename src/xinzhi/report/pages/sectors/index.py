"""The page of `index`: who stands where, what the index is made of, and what the data do not have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, Values, listing, same, sentences, unit_text
from xinzhi.report.charts import kinds
from xinzhi.report.charts.axes import END, MOST
from xinzhi.report.pages.sectors.advance import chosen, sector_inks
from xinzhi.report.section import Picture, Section, picture, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import distinct, truncate
from xinzhi.report.table import Table, column, table
from xinzhi.sectors import Index
from xinzhi.sectors.internal import Gaming, Sensitivity, Uncertainty, departures, method

HOW = ("treatment", "imputation", "normalisation", "weights", "aggregation")
LONG, LEGEND = 30.0, 14.0  # widths of an indicator beside a chart, and of a sector in its legend


@section.register
def uncertain(result: Uncertainty) -> Section:
    """Return the section on the interval of every rank."""
    now, facts = result.last(), result.facts()
    size: Any = facts["answer.uncertain"]
    ends = (0.0, now.height + 1.0)
    return Section.of(
        "sectors.uncertainty",
        [shown("sectors.ranks", result, now, size, values={"year": now["year"][0]}, domain=ends)],
        [_levels(result)],
        anchor="index-uncertainty",
        answer=sentences(facts, "sectors"),
        notes=(*_left_out(result.left_out), words.sectors.note_no_error()),
    )


@section.register
def gamed(result: Gaming) -> Section:
    """Return the section on how far every region could move by convention alone."""
    now, facts = result.last(), result.facts()
    rows = now.with_columns(pl.col("convention", "single").fill_null(""))
    region_name = result.names.distinct("region", now["region"]).__getitem__
    names: dict[str, Any] = {"convention": departures, "single": departures, "region": region_name}
    twin = table("index_room", rows, of=result, names=names, year=now["year"][0])
    size: Any = facts["answer.gaming"]
    refused = [
        words.sectors.note_refused(count=result.left_out.height, reason=Text(zh=zh, en=en))
        for zh, en in result.left_out.select("reason_zh", "reason_en").head(1).iter_rows()
    ]
    answer = {key: values for key, values in facts.items() if key.startswith("answer.")}
    return Section.of(
        "sectors.gaming",
        [shown("sectors.room", result, now, size, twin=twin, domain=(0.0, now.height + 1.0)), _shift(result, facts)],
        anchor="index-gaming",
        answer=sentences(answer, "sectors"),
        notes=(*refused, words.sectors.note_same_for_all()),
    )


@section.register
def sensitive(result: Sensitivity) -> Section:
    """Return the section on which choice moves ranks."""
    by = "shapley" if "shapley" in result.overall.columns else "total"
    shares = result.shares()
    chart = None
    if shares.height:
        rows = result.overall.fill_nan(None).drop_nulls(by).sort(by, descending=True)
        columns = ["choice", *(name for name in ("shapley", "first_order", "total") if name in rows.columns)]
        twin = table("index_variance", rows, columns, result, names={"choice": _choice})
        facts = {"name": _choice(shares["choice"][0]), "share": shares["share"][0]}
        bars = [{"name": _choice(name), "value": 100 * share} for name, share in shares.iter_rows()]
        chart = shown("sectors.variance", result, rows, facts, rows=bars, twin=twin, how=f"variance_{by}")
    return Section.of(
        "sectors.sensitivity",
        [chart],
        anchor="index-sensitivity",
        answer=sentences(result.facts(), "sectors"),
        notes=tuple(_left_out(result.left_out)) if chart else (),
    )


def _choice(name: str) -> Text:
    return words.sectors.choice_of(name)


def _shift(result: Gaming, facts: Any) -> Picture | None:  # noqa: ANN401 - facts of the result
    """Return what a constant before the logarithm of the entropy does to ranks."""
    shifts = result.shifts.with_columns(
        pl.col("shift").map_elements(lambda value: f"{value:.6f}".rstrip("0").rstrip("."), return_dtype=pl.String)
    )
    twin = table(
        "index_shift",
        shifts,
        [column("sectors.shift", "name"), "furthest", "moved", "largest_weight", "largest_change"],
        result,
        part="shifts",
        names={"shift": same},
    )
    rows = [
        {"name": words.sectors.chart_shift(shift=shift), "value": furthest}
        for shift, furthest in shifts.select("shift", "furthest").iter_rows()
    ]
    return shown("sectors.shift", result, shifts, facts["headline.shift"], rows=rows, twin=twin)


def _levels(result: Uncertainty) -> Table:
    methods = [method(choice, level) for choice, level in result.levels.select("choice", "level").iter_rows()]
    frame = result.levels.drop("level").with_columns(
        level_zh=pl.Series([method_name.zh for method_name in methods]),
        level_en=pl.Series([method_name.en for method_name in methods]),
    )
    of = column("sectors.level_of", "text", of="level")
    columns = [column("sectors.choice", "name"), of, column("sectors.draws", "integer")]
    return table("index_levels", frame, columns, result, names={"choice": _choice})


def _left_out(frame: pl.DataFrame) -> list[Text]:
    """Say which levels the data cannot carry, and why."""
    return [
        words.sectors.note_level_left_out(choice=_choice(choice), level=method(choice, level), reason=Text(zh, en))
        for choice, level, zh, en in frame.iter_rows()
    ]


@section.register
def indexed(result: Index, *, region: str | None = None) -> Section:
    """Return the section; `region` is the one whose indicators are drawn, else the first by the index."""
    view = View(result)
    codes = view.now["region"].to_list()
    code = chosen(region, codes, result, view.year, result.frame["region"], codes[0])
    pictures = [_ranking(view), _scores(view) if len(view.groups) > 1 else None, _weights(view), _region(view, code)]
    keys = {"answer.index", "answer.index_few", "answer.weights", "answer.covered"}
    return Section.of(
        "sectors.index",
        pictures,
        [_coverage(view), _years(view)],
        anchor="index",
        title=words.sectors.title_index(system=result.system.title),
        answer=sentences({key: values for key, values in result.facts().items() if key in keys}, "sectors"),
        notes=tuple(_notes(view)),
    )


@dataclass(frozen=True)
class View:
    """An index with what its pictures and tables share: the last year that has one leads."""

    result: Index

    @cached_property
    def now(self) -> pl.DataFrame:
        """The rows of the last year, best first."""
        return self.result.last()

    @cached_property
    def year(self) -> int:
        """The last year."""
        return int(self.now["year"][0])

    @cached_property
    def groups(self) -> list[str]:
        """The sectors that have indicators, in the order of the system."""
        return list(dict.fromkeys(item.sector for item in self.result.system.indicators))

    @cached_property
    def regions(self) -> dict[str, Text]:
        """The names of the regions."""
        return self.result.names.distinct("region", self.result.frame["region"].unique().sort())

    @cached_property
    def words(self) -> dict[str, Text]:
        """The names of indicators and sectors."""
        return self.result.system.words()

    @cached_property
    def labels(self) -> dict[str, Text]:
        """The names of indicators and sectors as charts hold them."""
        most = dict.fromkeys(self.result.system.codes, LONG) | dict.fromkeys(self.groups, LEGEND)
        return distinct({code: truncate(self.words[code], limit) for code, limit in most.items()})

    @property
    def names(self) -> dict[str, Any]:
        """What writes the codes of each column."""
        of_system = self.words.__getitem__
        return {"region": self.regions.__getitem__, "indicator": of_system, "sector": of_system}

    @property
    def groups_of_chart(self) -> dict[str, Any]:
        """The legend of the sectors and their colours, in the order of the system."""
        legend = [self.labels[name] for name in self.groups]
        return {"groups": legend, "inks": list(sector_inks(self.groups).values())}

    @cached_property
    def weights(self) -> pl.DataFrame:
        """The weights, heaviest first."""
        return self.result.mean_weights()

    def places(self, code: str) -> pl.DataFrame:
        """Return the indicators of a region with its place among the regions of the year, best first."""
        codes = self.result.system.codes
        scores = self.result.normalised.filter(year=self.year)
        ranks = scores.select("region", pl.col(codes).rank("min", descending=True).cast(pl.Int64))
        places = ranks.filter(region=code).drop("region").unpivot(variable_name="indicator", value_name="place")
        return self.result.explain(code, self.year).join(places, on="indicator").sort("place", "indicator")


def _ranking(view: View) -> Picture:
    high, low = view.now.row(0, named=True), view.now.row(-1, named=True)
    mean = float(view.now["index"].to_numpy().mean())
    facts = {"year": view.year, "mean": mean, "high": view.regions[high["region"]], "high_value": high["index"]}
    facts |= {"low": view.regions[low["region"]], "low_value": low["index"]}
    rows = [
        {"name": view.regions[code], "value": value} for code, value in view.now.select("region", "index").iter_rows()
    ]
    return picture(
        "sectors.ranking", kinds.dots, rows, _rank_table(view), facts, unit="index", x="index", reference=mean
    )


def _rank_table(view: View) -> Table:
    scores = [column("sectors.score_of", "score", of=name, name=view.words[name]) for name in view.groups]
    return table(
        "index_ranking",
        view.now,
        ["rank", "region", "index", *scores, "imputed"],
        view.result,
        names=view.names,
        year=view.year,
    )


def _scores(view: View) -> Picture:
    top = view.now["region"][0]
    best = {name: set(view.now.filter(pl.col(name) == pl.col(name).max())["region"]) for name in view.groups}
    leads = [view.words[name] for name, codes in best.items() if top in codes]
    places = view.now.select("region", pl.col(view.groups).rank("min", descending=True).cast(pl.Int64))
    rows = places if places.height <= MOST else pl.concat([places.head(END), places.tail(END)])
    least = max(places.height - 1, 1)
    cells = [
        {
            "row": view.regions[row["region"]],
            "column": view.labels[name],
            "value": 100 * (places.height - row[name]) / least,
            "mark": same(row[name]),
        }
        for row in rows.iter_rows(named=True)
        for name in view.groups
    ]
    facts = {"region": view.regions[top], "names": listing(leads), "count": len(leads), "total": len(view.groups)}
    return picture(
        "sectors.scores",
        kinds.matrix,
        cells,
        _rank_table(view),
        facts,
        headline=None if leads else "scores_none",
        unit="place",
        legend="not_above",
        domain=(0.0, 100.0),
    )


def _weights(view: View) -> Picture:
    items = {item.code: item for item in view.result.system.indicators}
    more: dict[int, Text] = {1: words.sectors.chart_more(), -1: words.sectors.chart_less()}
    columns: dict[str, list[Any]] = {
        name: [getattr(items[code], name) for code in view.weights["indicator"]]
        for name in ("direction", "unit", "denominator")
    }
    columns["note"] = [code if items[code].note.en else None for code in view.weights["indicator"]]
    frame = view.weights.with_columns(pl.Series(name, values) for name, values in columns.items())
    names = view.names | {"direction": more.__getitem__, "denominator": lambda code: method("denominator", code)}
    names |= {"unit": unit_text, "note": lambda code: items[code].note}
    texts = (column(f"sectors.{name}", "text") for name in ("direction", "unit", "denominator", "note"))
    notes = [words.sectors.note_mean_weights()] if "year" in view.result.weights.columns else []
    twin = table(
        "index_weights", frame, ["indicator", "sector", "weight", *texts], view.result, names=names, notes=notes
    )
    top = view.weights.row(0, named=True)
    half = 1 + int((view.weights["weight"].cum_sum() < 1 / 2).sum())
    facts = {"half": half, "count": view.weights.height, "name": view.words[top["indicator"]], "value": top["weight"]}
    rows = [
        {"name": view.labels[code], "value": 100 * weight, "group": view.labels[sector]}
        for code, sector, weight in view.weights.iter_rows()
    ]
    return picture("sectors.weights", kinds.bars, rows, twin, facts, unit="percent", x="weight", **view.groups_of_chart)


def _region(view: View, code: str) -> Picture:
    places = view.places(code)
    best, worst = places["place"][0], places.row(-1, named=True)
    columns: list[str | Column] = ["indicator", "value", "unit", "place", "score", "weight"]
    if "contribution" in places.columns:
        kind = view.result.convention.aggregation
        columns.append(column(f"sectors.contribution_{kind}", "score", of="contribution"))
    name = view.regions[code]
    facts = {"region": name, "regions": view.now.height, "best": best, "count": places.filter(place=best).height}
    facts |= {"total": places.height, "worst": worst["place"], "name": view.words[worst["indicator"]]}
    rows = [
        {"name": view.labels[indicator], "value": place, "group": view.labels[sector]}
        for indicator, place, sector in places.select("indicator", "place", "sector").iter_rows()
    ]
    return picture(
        "sectors.region",
        kinds.dots,
        rows,
        table("index_region", places, columns, view.result, names=view.names, region=name, year=view.year),
        facts,
        title="index_region",
        headline="index_region",
        how="index_region",
        unit="place",
        x="place",
        decimals=0,
        domain=(0.0, view.now.height + 1.0),
        **view.groups_of_chart,
    )


def _coverage(view: View) -> Table:
    """Return what the data have of every indicator of the system, those that they lack named."""
    rows = view.result.coverage.sort("covered", maintain_order=True)
    return table("index_coverage", rows, of=view.result, names=view.names)


def _years(view: View) -> Table:
    """Return the index of every region and year that has one."""
    done = view.result.frame.drop_nulls("index").sort("year", "region")
    values = done.pivot("year", index="region", values="index").sort("region")
    years = [column("sectors.in_year", "score", of=year, year=year) for year in values.columns[1:]]
    return table("index_years", values, ["region", *years], view.result, names=view.names)


def _notes(view: View) -> list[Text]:
    how, done = view.result.convention, view.result.frame.drop_nulls("index")
    years: Values = {"first": done["year"].min(), "last": done["year"].max()}
    notes: list[Text] = [
        words.sectors.note_built(**{name: method(name, how.label(name)) for name in HOW}),
        words.sectors.note_pooled() if how.pooled else words.sectors.note_yearly(),
        words.sectors.note_complete(done=done.height, rows=view.result.frame.height, **years),
    ]
    # that years cannot be compared has just been said
    warnings = [
        finding for finding in view.result.findings if finding.severity != "note" and finding.rule != "not-comparable"
    ]
    notes += [Text(zh=warning.sentence("zh"), en=warning.sentence("en")) for warning in warnings]
    return [*notes, words.sectors.note_convention(), words.sectors.note_not_tfp()]
