"""The page of `index`: who stands where, what the index is made of, and what the data do not have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import Text, Values, listing, sentences
from xinzhi.report.charts.axes import END, MOST
from xinzhi.report.pages.sectors.advance import chosen, sector_inks
from xinzhi.report.section import Picture, Rows, Section, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, distinct, truncate
from xinzhi.report.table import Table, column, table
from xinzhi.sectors import Index
from xinzhi.sectors.internal import Sensitivity, method

HOW = ("treatment", "imputation", "normalisation", "weights", "aggregation")
LONG, LEGEND = 30.0, 14.0  # widths of an indicator beside a chart, and of a sector in its legend


@section.register
def sensitive(result: Sensitivity) -> Section:
    """Return the section on which choice moves ranks."""
    shares, by = result.named_shares, result.measure
    chart = None
    if shares.height:
        facts = {"name": words.sectors.choice_of(result.shares["choice"][0]), "share": shares[by][0]}
        chart = shown("sectors.variance", result, None, facts, draws={"value": by}, how=f"variance_{by}")
    return Section.of(
        "sectors.sensitivity",
        [chart],
        anchor="index-sensitivity",
        answer=answer_of(result.facts(), "sectors"),
        notes=tuple(result.refusals) if chart else (),
    )


@section.register
def indexed(result: Index, *, region: str | None = None) -> Section:
    """Return the section; `region` is the one whose indicators are drawn, else the first by the index."""
    view = View(result)
    codes = view.now["region"].to_list()
    code = chosen(region, codes, result, view.year, result.frame["region"], codes[0])
    scores = _scores(view) if len(result.sectors) > 1 else None
    pictures = [_ranking(view), scores, _weights(view), _region(view, code)]
    keys = {"answer.index", "answer.index_few", "answer.weights", "answer.covered"}
    return Section.of(
        "sectors.index",
        pictures,
        [table("index_coverage", of=result), _years(view)],
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
        return self.result.last

    @cached_property
    def year(self) -> int:
        """The last year."""
        return int(self.now["year"][0])

    @cached_property
    def regions(self) -> dict[str, Text]:
        """The names of the regions."""
        return self.result.names.distinct("region", self.result.frame["region"].unique())

    @cached_property
    def words(self) -> dict[str, Text]:
        """The names of indicators and sectors."""
        return self.result.system.words()

    @cached_property
    def labels(self) -> dict[str, Text]:
        """The names of indicators and sectors as charts hold them."""
        most = dict.fromkeys(self.result.system.codes, LONG) | dict.fromkeys(self.result.sectors, LEGEND)
        return distinct({code: truncate(self.words[code], limit) for code, limit in most.items()})

    @cached_property
    def names_of_chart(self) -> dict[str, Callable[[str], Text]]:
        """What writes the codes of each column of a chart."""
        short = self.labels.__getitem__
        return {"region": self.regions.__getitem__, "indicator": short, "sector": short}

    @cached_property
    def groups(self) -> list[Text]:
        """The legend of the sectors."""
        return [self.labels[name] for name in self.result.sectors]

    @cached_property
    def inks(self) -> list[str]:
        """The colours of the sectors."""
        return list(sector_inks(self.result.sectors).values())

    def rows(self, frame: pl.DataFrame, value: str) -> Rows:
        """Return the indicators of a frame as a chart draws them, coloured by sector."""
        return rows_of(frame, self.result, self.names_of_chart, name="indicator", group="sector", value=value)


def _ranking(view: View) -> Picture | None:
    high, low = view.now.row(0, named=True), view.now.row(-1, named=True)
    mean = float(view.now["index"].to_numpy().mean())
    facts = {"year": view.year, "mean": mean, "high": view.regions[high["region"]], "high_value": high["index"]}
    facts |= {"low": view.regions[low["region"]], "low_value": low["index"]}
    return shown("sectors.ranking", view.result, None, facts, twin=_rank_table(view), reference=mean)


def _rank_table(view: View) -> Table:
    names = view.result.sectors
    scores = [column("sectors.score_of", "score", of=name, name=view.words[name]) for name in names]
    columns = ["rank", "region", "index", *scores, "imputed"]
    return table("index_ranking", view.now, columns, view.result, year=view.year)


def _scores(view: View) -> Picture | None:
    leads = [view.words[name] for name in view.result.leads]
    facts = {"region": view.regions[view.now["region"][0]], "names": listing(leads), "count": len(leads)}
    facts["total"] = len(view.result.sectors)
    places = view.result.sector_places(MOST, END)
    rows = rows_of(
        places, view.result, view.names_of_chart, row="region", column="sector", value="standing", mark="position"
    )
    headline = "scores" if leads else "scores_none"
    return shown("sectors.scores", view.result, None, facts, rows=rows, twin=_rank_table(view), headline=headline)


def _weights(view: View) -> Picture | None:
    weights = view.result.weight_table
    notes = [words.sectors.note_mean_weights()] if "year" in view.result.weights.columns else []
    twin = table("index_weights", of=view.result, notes=notes)
    half = 1 + int((weights["weight"].cum_sum() < 1 / 2).sum())
    name, value = view.words[weights["indicator"][0]], weights["weight"][0]
    facts = {"half": half, "count": weights.height, "name": name, "value": value}
    rows = view.rows(weights, "weight")
    return shown(
        "sectors.weights", view.result, weights, facts, rows=rows, twin=twin, groups=view.groups, inks=view.inks
    )


def _region(view: View, code: str) -> Picture | None:
    places = view.result.places(code)
    best, worst = places["place"][0], places.row(-1, named=True)
    columns: list[str | Column] = ["indicator", "value", "unit", "place", "score", "weight"]
    if "contribution" in places.columns:
        kind = view.result.convention.aggregation
        columns.append(column(f"sectors.contribution_{kind}", "score", of="contribution"))
    name = view.regions[code]
    facts = {"region": name, "regions": view.now.height, "best": best, "count": int((places["place"] == best).sum())}
    facts |= {"total": places.height, "worst": worst["place"], "name": view.words[worst["indicator"]]}
    twin = table("index_region", places, columns, view.result, region=name, year=view.year)
    domain = (0.0, view.now.height + 1.0)
    return shown(
        "sectors.index_region",
        view.result,
        places,
        facts,
        rows=view.rows(places, "place"),
        twin=twin,
        domain=domain,
        groups=view.groups,
        inks=view.inks,
    )


def _years(view: View) -> Table:
    """Return the index of every region and year that has one."""
    values = view.result.by_year
    years = [column("sectors.in_year", "score", of=year, year=year) for year in values.columns[1:]]
    return table("index_years", values, ["region", *years], view.result)


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
