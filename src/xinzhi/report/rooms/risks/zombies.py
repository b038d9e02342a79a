"""The section on zombie firms: how many there are by each criterion, how far criteria agree, and who is not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.report import palette
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number, percent
from xinzhi.report.rooms.pathways.names import capital, sentence, told
from xinzhi.report.rooms.risks.capacity_names import FULL, chosen, column, times
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.text import Text
    from xinzhi.risks import Zombies

LOSSES = "losses"
LISTED = 50  # firms that the table names; the csv has all
_YEARS = re.compile(r"^profit of (\d+) years in a row is not known$")


def kept_alive(result: Zombies, *, region: str | None = None) -> Section:
    """Return how many firms are kept alive by each criterion.

    Parameters
    ----------
    result
        What `zombies` returns.
    region
        A firm whose years are put in a table; None: none.

    Raises
    ------
    UsageError
        When there is no such firm.
    """
    title, tables = words("overcapacity.title.zombies"), []
    if region is not None:
        firm = chosen(region, {one: same(one) for one in result.frame["firm"].unique().sort()}, "")
        tables.append(_firm(result, firm))
    drawn = [_share(result), _overlap(result), _judged(result)]
    kept = [one for one in drawn if one]
    said = [sentence(one.headline) for one in kept]
    if not result.frame.height:
        said = [words("overcapacity.answer.no_criterion")]
    elif not result.counts.height:
        said.insert(0, words("overcapacity.answer.nobody_judged"))
    return Section(
        key="zombies",
        title=title,
        answer=tuple(said),
        pictures=tuple(kept),
        tables=(*tables, *_reasons(result), *_named(result)),
        notes=(*_notes(result), *told(result.findings)),
    )


def criterion(name: str) -> Text:
    """Return what a criterion is called."""
    return words(f"overcapacity.chart.{name}") if has(f"overcapacity.chart.{name}") else same(name)


def _criteria(result: Zombies) -> list[str]:
    """Return the criteria in use, in the order of the room."""
    asked = [str(one) for one in result.provenance.options["criteria"]]
    return [one for one in asked if result.frame.filter(criterion=one).height]


def _share(result: Zombies) -> Picture | None:
    """Return the share of zombies among the firms that can be judged, by year and criterion."""
    counts = _findable(result)
    if not counts.height:
        return None
    used = [one for one in _criteria(result) if counts.filter(criterion=one).height]
    last = {one: counts.filter(criterion=one).sort("year").row(-1, named=True) for one in used}
    bounds = _bounds(result)
    shares = [_said(r, bounds[one, r["year"]]) for one, r in last.items()]
    several = any(counts.filter(criterion=one).height > 1 for one in used)
    rows: list[dict[str, Any]] = [
        {
            "group" if several else "name": criterion(one),
            "year": r["year"],
            "value": times(r["share"]),
            "dot": True,
            "low": times(bounds[one, r["year"]][0]),
            "high": times(bounds[one, r["year"]][1]),
        }
        for one in used
        for r in counts.filter(criterion=one).sort("year").iter_rows(named=True)
    ]
    title, unit = words("overcapacity.title.share"), words("overcapacity.chart.share")
    columns = (column("criterion", "name"), column("year", "year"), column("firms", "integer"),
               column("zombies", "integer"), column("share", "percent"), column("share_low", "percent"),
               column("share_high", "percent"), column("share_of_assets", "percent"))  # fmt: skip
    cells = [
        (
            criterion(r["criterion"]),
            r["year"],
            r["firms"],
            r["zombies"],
            times(r["share"]),
            *(times(one) for one in bounds[r["criterion"], r["year"]]),
            times(r["share_of_assets"]),
        )
        for r in result.counts.iter_rows(named=True)
    ]
    return Picture(
        kind="zombies",
        title=title,
        headline=words("overcapacity.headline.share", shares=listing(shares)),
        draw=lambda w: kit.lines(w, rows, y=unit, decimals=1) if several else kit.dots(w, rows, x=unit, decimals=1),
        how=words("overcapacity.how.share"),
        unit=words("overcapacity.unit_of.firms"),
        twin=Table(key="zombies_share", title=title, columns=columns, rows=cells),
    )


def _findable(result: Zombies) -> pl.DataFrame:
    """Return the counts of the years in which zombies can be found.

    Before there are as many years as losses in a row take, only firms that are sound can be judged by them: the share
    of zombies would be nought by construction.
    """
    if not result.counts.height:
        return result.counts
    first = int(result.frame["year"].to_numpy().min()) + int(result.provenance.options["loss_years"]) - 1
    return result.counts.filter((pl.col("criterion") != LOSSES) | (pl.col("year") >= first))


def _said(row: Mapping[str, Any], bounds: tuple[float, float]) -> Text:
    """Return the share of zombies in a year, with what it may be if some firms are not known."""
    low, high = bounds
    values = {
        "name": criterion(row["criterion"]), "year": row["year"], "share": percent(row["share"]),
        "zombies": row["zombies"], "firms": row["firms"], "low": percent(low, 0), "high": percent(high, 0),
    }  # fmt: skip
    return words("overcapacity.chart.share_within" if low < high else "overcapacity.chart.share_of", **values)


def _bounds(result: Zombies) -> dict[tuple[str, int], tuple[float, float]]:
    """Return the share of zombies if all firms that are not known were sound, and if all were zombies."""
    frame = result.frame.group_by("criterion", "year").agg(
        low=pl.col("zombie").sum() / pl.len(), high=(pl.col("zombie").sum() + pl.col("zombie").null_count()) / pl.len()
    )
    return {
        (name, year): (low, high) for name, year, low, high in frame.select("criterion", "year", "low", "high").rows()
    }


def _overlap(result: Zombies) -> Picture | None:
    """Return how many of the zombies of one criterion another finds too; None where nothing can be compared."""
    used = result.overlap.filter(pl.col("both") + pl.col("first_only") + pl.col("second_only") > 0)
    if not used.height:
        return None
    found: dict[tuple[str, str], float | None] = {}
    for r in used.iter_rows(named=True):
        for row, other, only in ((r["first"], r["second"], "first_only"), (r["second"], r["first"], "second_only")):
            own = r["both"] + r[only]
            found[row, other] = FULL * r["both"] / own if own else None
    names = [one for one in _criteria(result) if any(one in pair for pair in found)]
    cells = [
        {"row": criterion(a), "column": criterion(b), "value": FULL if a == b else found.get((a, b))}
        for a in names
        for b in names
    ]
    least = used.with_columns(
        shared=pl.col("both") / (pl.col("both") + pl.col("first_only") + pl.col("second_only"))
    ).sort("shared", "first", "second").row(0, named=True)  # fmt: skip
    title = words("overcapacity.title.overlap")
    columns = (column("criterion", "name"), column("other_criterion", "name"), column("both", "integer"),
               column("first_only", "integer"), column("second_only", "integer"),
               column("agreement", "percent"))  # fmt: skip
    table = [
        (
            criterion(r["first"]),
            criterion(r["second"]),
            r["both"],
            r["first_only"],
            r["second_only"],
            times(r["agreement"]),
        )
        for r in result.overlap.iter_rows(named=True)
    ]
    return Picture(
        kind="overlap",
        title=title,
        headline=words(
            "overcapacity.headline.overlap", first=criterion(least["first"]), second=criterion(least["second"]),
            both=least["both"], either=least["both"] + least["first_only"] + least["second_only"],
        ),
        draw=lambda w: kit.matrix(
            w, cells, title=words("overcapacity.chart.found_too"), decimals=0, domain=(0.0, FULL), cell=64
        ),
        how=words("overcapacity.how.overlap"),
        unit=words("overcapacity.unit_of.firm_years"),
        twin=Table(key="zombies_overlap", title=title, columns=columns, rows=table),
    )  # fmt: skip


def _judged(result: Zombies) -> Picture | None:
    """Return how many firm-years are zombies, are none, and cannot be judged."""
    if not result.frame.height:
        return None
    frame = result.frame.group_by("criterion").agg(
        zombie=pl.col("zombie").sum(), sound=(~pl.col("zombie")).sum(), unknown=pl.col("zombie").null_count(),
        every=pl.len(),
    )  # fmt: skip
    order = _criteria(result)
    known = {r["criterion"]: r for r in frame.iter_rows(named=True)}
    rows = [
        {"name": criterion(one), **{part: FULL * known[one][part] / known[one]["every"] for part in _PARTS}}
        for one in order
    ]
    parts = {part: (words(f"overcapacity.chart.{part}"), ink) for part, ink in _PARTS.items()}
    most = max((known[one] for one in order), key=lambda r: r["unknown"] / r["every"])
    values = {
        "name": criterion(most["criterion"]), "k": number(most["unknown"], 0), "n": number(most["every"], 0),
        "share": number(FULL * most["unknown"] / most["every"], 0),
    }  # fmt: skip
    unknown, title = words("overcapacity.headline.unknown", **values), words("overcapacity.title.judged")
    columns = (column("criterion", "name"), column("zombies", "integer"), column("sound", "integer"),
               column("unknown", "integer"), column("firm_years", "integer"))  # fmt: skip
    cells = [(criterion(one), *(known[one][part] for part in (*_PARTS, "every"))) for one in order]
    return Picture(
        kind="judged",
        title=title,
        headline=capital(unknown if most["unknown"] else words("overcapacity.headline.all_judged", **values)),
        draw=lambda w: kit.stacked(w, rows, parts, x=words("overcapacity.chart.firm_years"), domain=(0.0, FULL)),
        how=words("overcapacity.how.judged"),
        unit=words("overcapacity.unit_of.firm_years"),
        twin=Table(key="zombies_judged", title=title, columns=columns, rows=cells),
    )


_PARTS = {"zombie": palette.GROUPS[3], "sound": palette.GROUPS[0], "unknown": palette.FAINT}


def reason(status: str) -> Text:
    """Return why a firm cannot be judged, in words.

    Examples
    --------
    >>> reason("no interest").zh, reason("profit of 3 years in a row is not known").en
    ('缺少利息支出', 'profit of 3 years in a row is not known')
    """
    if (match := _YEARS.match(status)) is not None:
        return words("overcapacity.status.profit_not_known", years=match[1])
    key = f"overcapacity.status.{status.replace(' ', '_')}"
    return words(key) if has(key) else same(status)


def _reasons(result: Zombies) -> tuple[Table, ...]:
    frame = (
        result.frame.filter(pl.col("zombie").is_null())
        .group_by("criterion", "status")
        .len("firm_years")
        .sort("criterion", "firm_years", "status", descending=[False, True, False])
    )
    columns = (column("criterion", "name"), column("reason", "text"), column("firm_years", "integer"))
    cells = [(criterion(one), reason(status), count) for one, status, count in frame.rows()]
    title = words("overcapacity.table.unknown")
    return (Table(key="zombies_unknown", title=title, columns=columns, rows=cells),) if cells else ()


def _named(result: Zombies) -> tuple[Table, ...]:
    """Return the zombies of the last year that is judged, those that most criteria agree on first."""
    if not result.counts.height:
        return ()
    year, used = result.counts["year"].max(), _criteria(result)
    frame = result.frame.filter(pl.col("year") == year).pivot(on="criterion", index="firm", values="zombie")
    marked = frame.with_columns(
        votes=pl.sum_horizontal(pl.col(one).cast(pl.Int64) for one in used if one in frame.columns)
    )
    dead = marked.filter(pl.col("votes") > 0).sort("votes", "firm", descending=[True, False])
    if not dead.height:
        return ()
    said = {True: words("overcapacity.chart.yes"), False: words("overcapacity.chart.no"), None: None}
    there = [one for one in used if one in frame.columns]
    columns = (column("firm", "name"), *(column(one, "text") for one in there), column("votes", "integer"))
    cells = [
        (same(r["firm"]), *(said[r[one]] for one in there), r["votes"]) for r in dead.head(LISTED).iter_rows(named=True)
    ]
    notes = (words("overcapacity.note.more_firms", k=dead.height - LISTED),) if dead.height > LISTED else ()
    title = words("overcapacity.table.firms", year=year)
    return (Table(key="zombies_firms", title=title, columns=columns, rows=cells, notes=notes),)


def _firm(result: Zombies, firm: str) -> Table:
    said = {True: words("overcapacity.chart.yes"), False: words("overcapacity.chart.no"), None: None}
    columns = (
        column("criterion", "name"), column("year", "year"), column("zombie", "text"),
        column("lowest_interest", "figure"), column("interest", "figure"), column("gap", "percent"),
        column("earnings", "figure"), column("leverage", "percent"), column("borrowing_change", "figure"),
        column("reason", "text"),
    )  # fmt: skip
    cells = [
        (criterion(r["criterion"]), r["year"], said[r["zombie"]], r["lowest_interest"], r["interest"], times(r["gap"]),
         r["earnings"], times(r["leverage"]), r["borrowing_change"],
         None if r["status"] == "judged" else reason(r["status"]))
        for r in result.frame.filter(firm=firm).sort("criterion", "year").iter_rows(named=True)
    ]  # fmt: skip
    return Table(key="zombies_firm", title=words("overcapacity.table.firm", firm=firm), columns=columns, rows=cells)


def _notes(result: Zombies) -> list[Text]:
    options, used = result.provenance.options, _criteria(result)
    values = {"years": options["loss_years"], "edge": percent(float(options["leverage"]), 0)}
    found = [words("overcapacity.note.zombies")]
    if "caballero-hoshi-kashyap" in used:
        found.append(words("overcapacity.note.subsidised"))
    if "fukuda-nakamura" in used:
        found.append(words("overcapacity.note.evergreened", edge=values["edge"]))
    if LOSSES in used:
        found.append(words("overcapacity.note.losses", years=values["years"]))
    return found
