"""Rules for figures that are too far from what others or other years say, in size, in length or at their ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from xinzhi.core.finding import Finding, Severity
from xinzhi.core.parameters import read_yaml, setting
from xinzhi.core.text import Text
from xinzhi.data.casting import Sheet
from xinzhi.data.catalogue import limit
from xinzhi.data.raw import ROW, Say
from xinzhi.data.units import INDEX, Unit, UnitError, parse

# What a column is held against: those of `accounts` of the same dimension, the first that there is.
_BESIDE = {"money": ("output_nominal", "output_real"), "people": ("employment", "population")}
_JUDGED = ("accounts", "investment")  # by `plausible.yaml`, column by column
_FILE = Path(__file__).with_name("plausible.yaml")
_INVESTMENT = "investment_nominal"
_UNITS = ("ratio", "percent", "per mille")
_SHOWN = 5
_TOGETHER = ("regions", "accounts", "investment")
_ROLES = {"output", "labour", "investment", "price"}


def magnitude(sheets: Mapping[str, Sheet], findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the columns, and the regions of a column, that are some powers of ten off.

    What differs from a column of `accounts` that is `findings` to be off itself is no news.
    """
    accounts = sheets.get("accounts")
    wrong = {
        (str(problem.column), (problem.key or "").partition("/")[0])
        for problem in findings
        if problem.table == "accounts"
        and problem.severity == "error"
        and problem.rule in {"ratio-implausible", "region-apart"}
    }
    judged = {ratio[side] for ratio in read_yaml(_FILE)["ratios"] for side in ("of", "by")}
    for name, sheet in sheets.items():
        if not sheet.has_key_columns or sheet.frame.is_empty() or not {"region", "year"} <= set(sheet.key):
            continue
        for column in sheet.columns():
            unit = sheet.units.get(column.name)
            if unit is None or column.type != "number" or (name in _JUDGED and column.name in judged):
                continue
            yield from _column_findings(sheet, column.name, parse(unit), accounts, wrong)


def _column_findings(
    sheet: Sheet, column: str, unit: Unit, accounts: Sheet | None, wrong: set[tuple[str, str]]
) -> Iterator[Finding]:
    """Yield what one column says: beside another one, or a price beside those of the other regions."""
    by = ""
    if unit.dimension in _BESIDE:
        unit_names = {} if accounts is None or not accounts.has_key_columns else accounts.units
        alike = (
            candidate
            for candidate in _BESIDE[unit.dimension]
            if candidate in unit_names and parse(unit_names[candidate]).dimension == unit.dimension
        )
        if accounts is None or (by := next(alike, "")) == "":
            return
    elif not unit.dimension.startswith("money per"):
        return
    off_there = [region for denominator, region in wrong if denominator == by]
    figures = _logs(sheet, column)
    if by and accounts is not None:
        denominators = accounts.frame.filter(pl.col(by) > 0).select("region", "year", by=pl.col(by).log())
        figures = figures.join(denominators, on=["region", "year"]).with_columns(pl.col("log") - pl.col("by"))
    medians = figures.group_by("region", maintain_order=True).agg(pl.col(ROW).first(), pl.col("log").median())
    middle = medians.select(pl.col("log").median()).item()
    same = (
        by
        and accounts is not None
        and (parse(accounts.units[by]).atom, parse(accounts.units[by]).scale) == (unit.atom, unit.scale)
    )
    low, high = setting(_FILE, "magnitude.within")
    if same and middle is not None and not math.log(low) <= middle <= math.log(high):
        if off_there:
            return
        yield from sheet.findings(medians.head(1).with_columns(log=pl.lit(middle)), _far(column, by, low, high))
    elif medians.height >= setting(_FILE, "regions"):
        bound = setting(_FILE, "magnitude.apart")
        # a single industry is nearly absent from some regions: less than the square of it is told from a wrong unit
        least = (
            bound**2 if any(sheet.frame[key].n_unique() == 1 for key in {*sheet.key} - {"region", "year"}) else bound
        )
        within = pl.col("log").is_between(-math.log(least), math.log(bound))
        off = medians.with_columns(pl.col("log") - middle).filter(~within, ~pl.col("region").is_in(off_there))
        yield from sheet.findings(off, _far(column, by, None, bound))


def _logs(sheet: Sheet, column: str) -> pl.DataFrame:
    """Return the log of the positive figures of a column, added up over what else the key tells apart."""
    figures = sheet.frame.filter(pl.col(column) > 0)
    if set(sheet.key) == {"region", "year"}:
        return figures.select("region", "year", ROW, log=pl.col(column).log())
    grouped = figures.group_by("region", "year", maintain_order=True)
    return grouped.agg(pl.col(ROW).first(), log=pl.col(column).sum().log())


def _far(column: str, by: str, low: float | None, high: float) -> Say:
    """Return what is said of a region, or with `low` of all of them."""
    reference = Text(**read_yaml(_FILE)["magnitude"]["reference"])
    of_one_region = "data.region-apart" if by else "data.price-apart"
    return Say(
        message="data.ratio-implausible-whole" if low is not None else of_one_region,
        severity="warning",
        column=column,
        expected=f"{1 / high if low is None else low:g} - {high:g}",
        value=lambda row: f"{math.exp(row['log']):.3g}",
        words=lambda row: {"of": column, "by": by, "reference": reference, "region": row["region"]},
    )


def cut(sheet: Sheet, regions: Sheet | None) -> Iterator[Finding]:
    """Yield at most one finding: within which group of rows the table ends, or which regions it does not reach."""
    keys = sheet.raw.cells.select(sheet.key)
    changes = {name: int(keys[name].ne_missing(keys[name].shift(1)).sum()) for name in sheet.key}
    nested, start = sorted(sheet.key, key=lambda name: changes[name]), 0
    for level, name in enumerate(nested[:-1]):
        rows = keys.slice(start)
        ids = rows[name].rle_id()
        if int(ids[-1]) + 1 > rows[name].n_unique():  # rows of a group do not stand together
            return
        if ids[-1] + 1 >= setting(_FILE, "cut.groups"):
            if level == 0 and name == "region" and regions is not None and "region" in regions.raw.cells.columns:
                listed = regions.raw.cells["region"].cast(pl.String).to_list()
                present = rows[name].cast(pl.String).unique(maintain_order=True).to_list()
                # the table has all regions up to its last one, in the order of the table `regions`
                if (later := listed[len(present) :]) and listed[: len(present)] == present:
                    yield from _at_end(sheet, name, "data.region-cut", regions=later[:_SHOWN], count=len(later))
                    return
            before, count = _begins_alike(rows, ids, nested[level + 1 :])
            if before:
                yield from _at_end(sheet, name, "data.table-cut", before=before, count=count, last=str(rows[name][-1]))
                return
        start += int(ids.eq(ids[-1]).arg_max() or 0)


def _begins_alike(rows: pl.DataFrame, ids: pl.Series, inner: list[str]) -> tuple[int, int]:
    """Return the rows of the last group but one and of the last, where no other is the mere beginning of another."""
    last = int(ids.eq(ids[-1]).sum())
    if len(ids) == last or int(ids.eq(ids[-1] - 1).sum()) <= last:
        return 0, 0
    groups = (
        pl.select(id=ids, key=rows.select(pl.struct(inner).hash()).to_series())
        .group_by("id", maintain_order=True)
        .agg("key", count=pl.len())
        .with_columns(before=pl.col("count").shift(1, fill_value=0), of=pl.col("key").shift(1))
    )
    short = pl.col("count") < pl.col("before")
    alike = groups.select(short & (pl.col("of").list.head("count") == pl.col("key"))).to_series()
    if alike.sum() != 1 or not alike[-1]:
        return 0, 0
    return int(groups["before"][-1]), int(groups["count"][-1])


def _at_end(sheet: Sheet, column: str, code: str, **words: object) -> Iterator[Finding]:
    last = pl.DataFrame({ROW: [sheet.raw.cells.height - 1]}, schema={ROW: pl.UInt32})
    yield from sheet.findings(last, Say(message=code, column=column, words=lambda _: words))


def ends(sheets: Mapping[str, Sheet], reported: frozenset[str]) -> Iterator[Finding]:
    """Yield the tables that end too early, but for those of which something says so already."""
    for name, sheet in sheets.items():
        if name not in reported and len(sheet.key) > 1 and sheet.has_key_columns and not sheet.frame.is_empty():
            yield from cut(sheet, sheets.get("regions"))


def plausible(sheets: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield what two columns or two regions contradict, shares of labour that are none, and spikes of a price."""
    accounts, investment = sheets.get("accounts"), sheets.get("investment")
    if accounts is not None and _whole(accounts):
        yield from _ratios(accounts, investment if investment is not None and _whole(investment) else None)
    for name in ("accounts", "industry_accounts"):
        if name in sheets and "labour_share" in sheets[name].frame.columns:
            yield from _shares(sheets[name])
    if accounts is not None and "schooling" in accounts.frame.columns:
        yield from _schooling(accounts)
    tables = {name: sheets[name] for name in _TOGETHER if name in sheets and _whole(sheets[name])}
    yield from _absent(tables)
    for name in _TOGETHER[1:]:
        if name in tables:
            yield from _shorter(tables[name])
    if investment is not None and _whole(investment) and "investment_price" in investment.frame.columns:
        yield from _spikes(investment)


def _whole(sheet: Sheet) -> bool:
    return sheet.has_key_columns and not sheet.frame.is_empty()


@dataclass(frozen=True, slots=True)
class _Ratio:
    """One row of the file."""

    of: str
    by: str
    reference: Text
    within: tuple[float, float] = (0.0, math.inf)
    factor: float | None = None
    overall: bool = False
    base: bool = False
    severity: Severity = "error"

    def comparable(self, units: Mapping[str, str]) -> bool:
        """Whether a ratio means something: levels only, and of one unit where its size is judged."""
        of, by = parse(units[self.of]), parse(units[self.by])
        return INDEX not in {of.atom, by.atom} and (
            self.factor is not None or (of.atom, of.scale) == (by.atom, by.scale)
        )

    def value(self, prices: str | None) -> pl.Expr:
        """Return the ratio of every row, or its log distance to the regions; unknown where one is not above zero."""
        applies = pl.col("year").cast(pl.String) == prices if self.base else pl.lit(value=True)
        ratio = pl.when(applies & (pl.min_horizontal(self.of, self.by) > 0)).then(pl.col(self.of) / pl.col(self.by))
        if self.factor is None:
            return ratio
        log = ratio.log()
        return pl.when(log.count().over("year") >= setting(_FILE, "regions")).then(log - log.median().over("year"))

    def is_out_of_bounds(self, median: pl.Expr) -> pl.Expr:
        """Whether a median is out of bounds: its own, or those around the median of the regions."""
        if self.factor is None:
            return ~median.is_between(*self.within)
        spread = setting(_FILE, "spread") * median.abs().median()
        return median.abs() > pl.max_horizontal(pl.lit(math.log(self.factor)), spread)


def _ratios(accounts: Sheet, investment: Sheet | None) -> Iterator[Finding]:
    """Yield the ratios that are out of bounds; a region that one rule names is left out of later rules on a column."""
    frame, units = _with_investment(accounts, investment)
    rows = [_Ratio(**entry | {"reference": Text(**entry["reference"])}) for entry in read_yaml(_FILE)["ratios"]]
    rows = [row for row in rows if {row.of, row.by} <= set(frame.columns) and row.comparable(units)]
    judged = _medians(frame, units, rows)
    offs = [
        medians.filter(row.is_out_of_bounds(pl.col(str(at)))).select("region", median=str(at))
        for at, (medians, row) in enumerate(zip(judged, rows, strict=True))
    ]
    against = [{*off["region"]} for off in offs]
    regions_with_value = [{*medians.drop_nulls(str(at))["region"]} for at, medians in enumerate(judged)]
    explained: set[tuple[str, str]] = set()
    for at, (row, off) in enumerate(zip(rows, offs, strict=True)):
        fresh = off.filter(
            [not explained & {(region, row.of), (region, row.by), ("", row.of)} for region in off["region"]]
        )
        explained |= {(region, column) for region in fresh["region"] for column in (row.of, row.by)}
        wrong = [_wrong(at, region, rows, against, regions_with_value) for region in fresh["region"]]
        parts = fresh.with_columns(column=pl.Series(wrong, dtype=pl.String)).partition_by("column", maintain_order=True)
        for part in parts:
            column = str(part["column"][0])
            sheet = investment if column == _INVESTMENT and investment is not None else accounts
            first = sheet.frame.group_by("region").agg(pl.col(ROW).first())
            placed = part.with_columns(pl.lit(0).alias(ROW)) if row.overall else part.join(first, on="region")
            yield from sheet.findings(placed, _say(row, column))


def _with_investment(accounts: Sheet, investment: Sheet | None) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the accounts with investment in all assets, and the units of both."""
    frame, units = accounts.frame, dict(accounts.units)
    if investment is None or _INVESTMENT not in investment.frame.columns:
        return frame, units
    invested = investment.frame  # the total of a region and year, or the sum of its assets
    if "asset" in invested.columns and (invested["asset"] == "total").any():
        invested = invested.filter(pl.col("asset") == "total")
    invested = invested.group_by("region", "year").agg(pl.col(_INVESTMENT).sum())
    frame = frame.join(invested, on=["region", "year"], how="left", maintain_order="left")
    return frame, units | {_INVESTMENT: investment.units[_INVESTMENT]}


def _medians(frame: pl.DataFrame, units: Mapping[str, str], rows: Sequence[_Ratio]) -> list[pl.DataFrame]:
    """Return the medians that each ratio is judged by: of every region, or of all together under an empty name."""
    values = frame.select(
        "region", *(row.value(parse(units[row.by]).prices).alias(str(at)) for at, row in enumerate(rows))
    )
    by_region = values.group_by("region", maintain_order=True).agg(pl.col(str(at)).median() for at in range(len(rows)))
    overall = values.select(pl.col(str(at)).median() for at in range(len(rows))).with_columns(region=pl.lit(""))
    return [overall if row.overall else by_region for row in rows]


def _wrong(
    at: int, region: str, rows: list[_Ratio], against: list[set[str]], regions_with_value: list[set[str]]
) -> str:
    """Return which of two columns that contradict each other is wrong: the one that further columns contradict, too."""
    # a distance from the median region says nothing where all regions are off
    everywhere = against[at] >= regions_with_value[at]
    votes = dict.fromkeys((rows[at].of, rows[at].by), 0)
    for index, row in enumerate(rows):
        pair, where = (
            {row.of, row.by},
            regions_with_value[index] if everywhere else regions_with_value[index] & {region},
        )
        if pair == {*votes} or not where or (everywhere and row.factor is not None):
            continue
        for column in pair & {*votes}:
            votes[column] += 1 if against[index] & where else -1
    return rows[at].by if votes[rows[at].by] > votes[rows[at].of] else rows[at].of


def _say(row: _Ratio, column: str) -> Say:
    by_distance = row.factor is not None
    single = "data.region-apart" if by_distance else "data.ratio-implausible"
    return Say(
        message="data.ratio-implausible-whole" if row.overall else single,
        severity=row.severity,
        column=column,
        expected=f"1/{row.factor:g} - {row.factor:g}" if by_distance else f"{row.within[0]:g} - {row.within[1]:g}",
        value=lambda off: f"{math.exp(off['median']) if by_distance else off['median']:.3g}",
        words=lambda off: {"of": row.of, "by": row.by, "reference": row.reference, "region": off["region"]},
    )


def _shares(sheet: Sheet) -> Iterator[Finding]:
    """Yield shares of labour whose median can be none: of the whole column, or of single regions."""
    low, high = read_yaml(_FILE)["labour_share"]["within"]
    figures = sheet.frame.filter((pl.col("labour_share") > 0) & (pl.col("labour_share") <= 1))
    overall = figures.select(pl.col(ROW).min(), median=pl.col("labour_share").median())
    off = overall.filter(~pl.col("median").is_between(low, high))
    if off.is_empty() and sheet.group == ("region",):
        medians = figures.group_by("region").agg(pl.col(ROW).min(), median=pl.col("labour_share").median())
        off = medians.filter(~pl.col("median").is_between(low, high))
    declared = sheet.raw.fields.get("labour_share")
    written = declared.unit if declared and declared.unit else "ratio"
    reference = Text(**read_yaml(_FILE)["labour_share"]["reference"])
    for row in off.sort(ROW).iter_rows(named=True):
        meant = _meant(row["median"], written, low, high)
        yield from sheet.findings(
            pl.DataFrame([row]).select(pl.col(ROW).cast(pl.UInt32), "median"),
            Say(
                message="data.labour-share-unit" if meant else "data.labour-share-implausible",
                # real estate and tobacco pay less (CIP 4.0): a low share alone is no error
                severity="error" if meant else "warning",
                column="labour_share",
                expected=meant or f"{low:g} - {high:g}",
                value=lambda region: f"{region['median']:.3g}",
                words=lambda _: {"unit": written, "reference": reference},
            ),
        )


def _schooling(sheet: Sheet) -> Iterator[Finding]:
    """Yield once that years of schooling are none: their median over all figures is too low."""
    rule = setting(_FILE, "schooling")
    figures = sheet.frame.filter(pl.col("schooling") > 0)
    median = figures.select(pl.col(ROW).min(), median=pl.col("schooling").median())
    say = Say(
        message="data.schooling-implausible",
        column="schooling",
        expected=f">= {rule['least']:g}",
        value=lambda row: f"{row['median']:.3g}",
        words=lambda _: {"reference": Text(**rule["reference"])},
    )
    yield from sheet.findings(median.filter(pl.col("median") < rule["least"]), say)


def _meant(median: float, written: str, low: float, high: float) -> str | None:
    """Return the unit in which the figures would be shares of labour, if there is another."""
    try:
        raw = median / parse(written).scale
    except UnitError:
        return None
    return next((unit for unit in _UNITS if unit != written and low <= raw * parse(unit).scale <= high), None)


def _absent(tables: Mapping[str, Sheet]) -> Iterator[Finding]:
    """Yield once for each table the regions that it lacks and another of them has."""
    present = {name: set(sheet.frame["region"].drop_nulls().unique()) for name, sheet in tables.items()}
    listed = present.get("regions", set().union(*present.values()))
    for name in (
        table for table in _TOGETHER[1:] if table in present and present[table] <= listed
    ):  # else codes are wrong
        if lacking := sorted(set().union(*present.values()) - present[name]):
            words, count = {"regions": lacking[:_SHOWN]}, str(len(lacking))
            yield tables[name].finding("data.region-absent", words=words, column="region", value=count)


def _shorter(sheet: Sheet) -> Iterator[Finding]:
    """Yield once for each series whose figures end earlier than those of half of the regions."""
    # Regions begin when they are founded or first surveyed; they end when a file was cut off.
    names, year = [column.name for column in sheet.columns() if column.role in _ROLES], str(sheet.year)
    if not names or not sheet.group or sheet.frame.select(sheet.group).n_unique() < setting(_FILE, "regions"):
        return
    last = [pl.col(year).filter(pl.col(name).is_not_null()).max().alias(name) for name in names]
    ends = sheet.frame.group_by(sheet.group, maintain_order=True).agg(pl.col(ROW).last(), *last)
    early = [pl.when(pl.col(name) < pl.col(name).quantile(0.5, "higher")).then(pl.lit(name)) for name in names]
    rows = ends.select(ROW, names=pl.concat_list(early).list.drop_nulls()).filter(pl.col("names").list.len() > 0)
    say = Say(message="data.series-shorter", column=year, words=lambda row: {"names": row["names"]})
    yield from sheet.findings(rows, say)


def _spikes(sheet: Sheet) -> Iterator[Finding]:
    """Yield once for each series that its price leaves the regions' and comes back within a year."""
    name, group, year = "investment_price", list(sheet.group), str(sheet.year)
    follows = pl.all_horizontal(
        *(pl.col(name_of_group) == pl.col(name_of_group).shift(1) for name_of_group in group), pl.col(year).diff() == 1
    )
    log = pl.when(pl.col(name) > 0).then(name).log()
    common = pl.when(pl.len().over(year) >= setting(_FILE, "regions")).then(pl.col("step").median().over(year))
    bound = pl.lit(None, dtype=pl.Float64)
    for since, size in read_yaml(_FILE)["spike"]["since"].items():
        bound = pl.when(pl.col(year) >= since).then(size).otherwise(bound)
    frame = sheet.frame.with_columns(step=pl.when(follows).then(log.diff()))
    frame = frame.with_columns(away=pl.col("step") - common.fill_null(0.0))
    frame = frame.with_columns(back=pl.when(follows.shift(-1)).then(pl.col("away").shift(-1)))
    spikes = frame.filter(
        (pl.min_horizontal(pl.col("away").abs(), pl.col("back").abs()) > bound) & (pl.col("away") * pl.col("back") < 0)
    )
    series = spikes.group_by(group, maintain_order=True) if group else spikes.group_by(pl.lit(value=True))
    rows = series.agg(pl.col(ROW).first(), pl.col("away").first(), years=pl.col(year))
    reference = Text(**read_yaml(_FILE)["spike"]["reference"])
    say = Say(
        message="data.price-spike",
        column=name,
        value=lambda row: f"{math.expm1(row['away']) * 100:+.1f} %",
        words=lambda row: {"years": row["years"][:_SHOWN], "reference": reference},
    )
    yield from sheet.findings(rows.select(ROW, "away", "years"), say)


def slips(
    frame: pl.DataFrame, columns: Sequence[str], unit: str | None, period: str | None
) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Yield the figures of a plain table that are a thousandfold off: column, message, rows and how far they are off.

    A figure is held to the periods beside it; where these say nothing, to the other columns of its row as they stand
    to one another in the other rows.
    """
    logs = frame.with_row_index(ROW).select(
        ROW,
        *(pl.col(column) for column in (unit, period) if column is not None),
        *(pl.when(pl.col(name) > 0).then(pl.col(name).log()).alias(name) for name in columns),
    )
    if unit is not None and period is not None:
        series = {name: _outliers_in_time(logs.drop_nulls(name).sort(unit, period), name, unit) for name in columns}
        yield from ((name, "data.slip-in-series", rows) for name, rows in series.items())
        logs = logs.filter(~pl.col(ROW).is_in(pl.concat(rows[ROW] for rows in series.values()).implode()))
    outliers = _outliers_in_row(logs, columns, period)
    yield from ((name, "data.slip-beside", outliers.filter(column=name)) for name in columns)


def _outliers_in_time(logs: pl.DataFrame, name: str, unit: str) -> pl.DataFrame:
    """Return the figures that leave the periods beside them, or from which on a series of three or more is another."""
    most = limit("slip_step")
    before = (pl.col(name) - pl.col(name).shift(1)).over(unit)
    after = (pl.col(name) - pl.col(name).shift(-1)).over(unit)
    steps = logs.select(ROW, unit, before=before, after=after).filter(pl.len().over(unit) >= setting(_FILE, "regions"))
    large = {side: (pl.col(side).abs() > most).fill_null(value=False) for side in ("before", "after")}
    # at the ends of a series the others must agree with one another
    no_more, none_before = ~large["after"].shift(-1).over(unit), ~large["before"].shift(1).over(unit)
    isolated = (
        large["before"] & large["after"] & (pl.col("before") * pl.col("after") > 0)
        | large["before"] & pl.col("after").is_null() & none_before
        | large["after"] & pl.col("before").is_null() & no_more
    )
    steps = steps.with_columns(alone=isolated)
    shifted = large["before"] & ~pl.col("alone").shift(1, fill_value=False).over(unit)
    return steps.filter(pl.col("alone") | shifted).select(ROW, off=pl.coalesce("before", "after"))


def _outliers_in_row(logs: pl.DataFrame, columns: Sequence[str], period: str | None) -> pl.DataFrame:
    """Return the figures that the others of their row and the other rows of their period contradict, one a row."""
    over = pl.lit(0) if period is None else pl.col(period)
    usable = logs.filter(pl.len().over(over) >= setting(_FILE, "regions"))
    if len(columns) == 1 or usable.is_empty():
        return pl.DataFrame(schema={ROW: pl.UInt32, "column": pl.String, "off": pl.Float64})
    parts = []
    for name in columns:
        ratios = [pl.col(name) - pl.col(column) for column in columns if column != name]
        distance = pl.concat_list([ratio - ratio.median().over(over) for ratio in ratios]).list.median()
        own_distance = (pl.col(name) - pl.col(name).median().over(over)).abs()
        rows = usable.with_columns(off=distance, own=own_distance, column=pl.lit(name))
        spread = setting(_FILE, "spread") * pl.col("off").abs().median().over(over)
        beyond = pl.col("off").abs() > pl.max_horizontal(pl.lit(limit("slip_step")), spread)
        parts.append(rows.filter(beyond).select(ROW, "column", "off", "own", size=pl.col("off").abs().round(6)))
    # of two columns that contradict each other the one is wrong that is far from its own median
    worst = pl.concat(parts).sort("size", "own", descending=True, maintain_order=True)
    return worst.unique(ROW, keep="first", maintain_order=True).select(ROW, "column", "off")
