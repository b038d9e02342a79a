"""The result of a decomposition: what it holds, what it finds, and what stands behind one region and year of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.flags import marked_span
from xinzhi.core.names import Names
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Language, Text
from xinzhi.sources.assumptions import catalogue, setting
from xinzhi.sources.part_words import Row, known_parts, lacking, movements, part_name, period_ends, share_range_text
from xinzhi.sources.tables import PARTS
from xinzhi.yardstick import Measurement

_SHOWN = 3
_MINOR = setting("minor")  # of the gap: a part that holds less of it is not named as a reason
_ALIKE = setting("alike")  # log points a year: growth that differs by less reads the same


@dataclass(frozen=True, repr=False, kw_only=True)
class Sources(Result, verb="sources", topic="sources", key=("region", "year")):
    """Where the total factor productivity growth of every region came from, in log points per year.

    ``tfp_growth = breakthrough + allocation + upgrading_traditional + upgrading_emerging + unallocated``, to 1e-12 (the
    largest gap is `identity_gap`). In `frame`, `within` is the sum of the industries' own residuals, `output_gap` the
    official output growth less that of the industries, `unallocated` what of it was not spread over them; a part that
    cannot be computed is null.

    `industries` have log levels of TFP that compare between regions and years, and the distance to best practice; with
    gross output, growth, levels and frontier are on gross output, and `domar_weight` carries them to the region.
    `inputs` are the levels behind them, scaled to the region's totals; `marginal_products` and the other measures take
    them.

    `periods` are means per year of the chained growth of the years after `start` up to `end`, `cumulative` sums from
    the first year on, up to a gap; `groups` and `group_periods` the same for macro-regions and the ``total``, with
    `allocation_between`: what moved between the regions. `coverage` and `omitted` say what could not be computed and
    why, `findings` what does not add up; `beside` has the parts of a frontier analysis, None without one. `alternative`
    is the same decomposition under the other assumption on labour shares that ships (``common`` or ``by_sector``), None
    where the data bring their own or have no sectors; sentences say no more than what holds under both.
    """

    industries: pl.DataFrame
    inputs: pl.DataFrame
    periods: pl.DataFrame
    cumulative: pl.DataFrame
    groups: pl.DataFrame
    group_periods: pl.DataFrame
    coverage: pl.DataFrame
    omitted: pl.DataFrame
    beside: pl.DataFrame | None
    findings: tuple[Finding, ...]
    measurement: Measurement
    identity_gap: float
    alternative: Sources | None = None

    def explain(self, region: str | int, year: int | str) -> SourcesExplanation:
        """Return industries, reallocation and assumptions behind a region and year; a `UsageError` says why none."""
        code = self.names.resolve(region, self.measurement.panel.regions)
        try:
            when = int(year)
        except ValueError:
            raise UsageError("sources.no-year", year=year) from None
        rows = self.frame.filter(pl.col("region") == code, pl.col("year") == when)
        if not rows.height:
            raise _why_not(self, code, when)
        row = rows.row(0, named=True)
        alternative_row = (
            {} if self.alternative is None else self.alternative.frame.filter(region=code, year=when).row(0, named=True)
        )
        # the parts after breakthrough, each allocation under its sum
        reallocation = ("allocation", "allocation_capital", "allocation_labour")
        part_names = ("tfp_growth", "breakthrough", *reallocation, *PARTS[2:], "unallocated", "output_gap")
        return SourcesExplanation(
            region=code,
            year=when,
            name=self.names.region(code),
            parts=pl.DataFrame(
                [(part, row[part], alternative_row.get(part)) for part in part_names],
                schema={"part": pl.String, "value": pl.Float64, "other": pl.Float64},
                orient="row",
            ),
            industries=self.industries.filter(pl.col("region") == code, pl.col("year") == when),
            assumptions=assumption_frame(self),
            flags=row["flags"],
            foot=Text(zh=self.provenance.foot("zh"), en=self.provenance.foot("en")),
            names=self.names,
        )

    @property
    def omitted_years(self) -> pl.DataFrame:
        """The years without a decomposition, a row for each region and reason."""
        return self.omitted.group_by("region", "missing", maintain_order=True).agg("year")

    @property
    def assumptions_in_short(self) -> pl.DataFrame:
        """The assumptions, each with the first sentence of its description; `departs` is null where it does not."""
        stops = {"zh": "。", "en": ". "}
        texts = {f"description_{key}": (pl.col(f"description_{key}"), stop) for key, stop in stops.items()}
        return assumption_frame(self).with_columns(
            pl.when("departs").then(pl.lit(value=True)).alias("departs"),
            **{
                name: text.str.split(stop).list.first().str.strip_chars_end(stop) + stop.strip()
                for name, (text, stop) in texts.items()
            },
        )

    @property
    def views(self) -> tuple[Sources, ...]:
        """The decomposition, and that under the other labour shares where the data leave them open."""
        return (self,) if self.alternative is None else (self, self.alternative)

    def leading_periods(self, top: int) -> pl.DataFrame:
        """Return the regions in which allocation gave most over the whole span."""
        order = whole_span(self, self.periods).sort("allocation", "tfp_growth", descending=True, nulls_last=True)
        return order.head(top)

    def periods_of(self, region: str) -> pl.DataFrame:
        """Return the periods of a region."""
        return self.periods.filter(region=region)

    def over_views(self, periods: pl.DataFrame, name: str) -> list[tuple[float | None, ...]]:
        """Return a figure of periods under each of the views, a tuple a period."""
        keys = periods.select("region", "start", "end")
        figures = [
            keys.join(view.periods, on=keys.columns, how="left", maintain_order="left")[name] for view in self.views
        ]
        return list(zip(*figures, strict=True))

    def assumption_value(self, name: str) -> object:
        """Return the value of an assumption in force."""
        return self.provenance.options.get(f"assume.{name}", catalogue()[name]["value"])

    def facts(self) -> Facts:
        """Return the finding (``answer.…``), and what is missing and what it rests on (``basis.…``)."""
        answers: Facts = {"answer.nothing": {}}
        if self.frame.height:
            answers = {**_whole(self), **_allocation(self), **_distance(self), **contrast(self)}
        return {**answers, **_basis(self), **_missing(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesExplanation:
    """What stands behind the sources of one region in one year.

    `parts` holds ``part, value, other`` in log points, the residual first, `other` under the other labour shares (null
    where the data leave none open); `industries` the rows of `Sources.industries`;
    `assumptions` ``assumption, value, departs, description_zh, description_en, reference``; `flags` the marks of the
    year; `foot` the protocol and its fingerprint; `names` those of the industries.
    """

    region: str
    year: int
    name: Text
    parts: pl.DataFrame
    industries: pl.DataFrame
    assumptions: pl.DataFrame
    flags: str
    foot: Text
    names: Names

    def text(self, language: Language = "en") -> str:
        """Return the explanation as lines for a person."""
        lines = [f"{self.name.lang(language)} {self.year}  {self.flags}".rstrip()]
        for part, *values in self.parts.iter_rows():
            available = [value for value in values if value is not None]
            value_text = (
                words.sources.explain_value(value=share_range_text(available))
                if available
                else words.sources.explain_unknown()
            )
            lines.append(f"  {words.sources.quantity_of(part).lang(language)}: {value_text.lang(language)}")
        for row in self.industries.iter_rows(named=True):
            line = words.sources.explain_industry(**row | {"label": self.names.text("industry", row["industry"])})
            lines.append(f"  {line.lang(language)}")
        lines += [
            f"  {row['assumption']} = {row['value']}  [{row['reference']}]"
            for row in self.assumptions.iter_rows(named=True)
        ]
        return "\n".join([*lines, self.foot.lang(language)])

    def __repr__(self) -> str:
        """Return the English text."""
        return self.text()


def _why_not(result: Sources, region: str, year: int) -> UsageError:
    """Return why a region-year was not decomposed."""
    name = result.names.region(region)
    gaps = result.omitted.filter(pl.col("region") == region, pl.col("year") == year)
    if gaps.height:
        missing = lacking(gaps["missing"][0], result.names)
        return UsageError("sources.year-omitted", name=name, year=year, missing=missing)
    years = result.frame.filter(pl.col("region") == region)["year"]
    if not len(years):
        return UsageError("sources.region-omitted", name=name)
    return UsageError("sources.other-years", name=name, first=years[0], last=years[-1], year=year)


def assumption_frame(result: Sources) -> pl.DataFrame:
    """Return the assumptions in force, with their reasons and references."""
    options = result.provenance.options
    rows = []
    for name, entry in catalogue().items():
        value = result.assumption_value(name)
        texts = {f"description_{language}": entry["description"][language] for language in ("zh", "en")}
        texts |= {"reference": "; ".join(f"{item['title']}, {item['where']}" for item in entry["reference"])}
        value_text = "table" if isinstance(value, dict) else str(value)
        rows.append({"assumption": name, "value": value_text, "departs": f"assume.{name}" in options, **texts})
    return pl.DataFrame(rows)


def whole_span(result: Sources, table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a table of periods over the longest period that regions fill."""
    # Macro-regions that lack a year of it have no row there, however many they have in shorter periods.
    spans = result.periods.select("start", "end").unique().sort("end")
    if not spans.height:
        return table.clear()
    start, end = spans.sort(spans["end"] - spans["start"], maintain_order=True).row(-1)
    return table.filter(start=start, end=end)


def _whole(result: Sources) -> Facts:
    """Return what all regions together grew by and what gave it; of one region, its own figures."""
    rows = whole_span(result, result.group_periods).filter(region="total").to_dicts()
    own_span = whole_span(result, result.periods)
    if own_span.height == 1 and result.frame["region"].n_unique() == 1:
        rows, name = own_span.to_dicts(), result.names.region(own_span["region"][0])
    elif rows:
        name = result.names.text("group", "total")
    elif own_span.height:
        start, end = own_span.select("start", "end").row(0)
        short = own_span.height < result.measurement.frame["region"].n_unique()
        up = own_span.filter(own_span["tfp_growth"] > 0).height
        return {
            "answer.no_sum": {"n": own_span.height, "up": up, "start": start, "end": end, "short": short}
            | _span(result, start, end)
        }
    else:
        return {}
    table = "periods" if rows[0]["region"] != "total" else "group_periods"
    answers: Facts = {"answer.whole": {"name": name, **_growth_sentence(result, _rows(result, table, rows[0]))}}
    newest = result.group_periods.filter(region="total").sort("end", "start").to_dicts()[-1:]
    # A report leads with the newest period: what it is made of stands beside the whole span.
    if newest and newest[0]["start"] > rows[0]["start"]:
        answers["answer.newest"] = _growth_sentence(result, _rows(result, "group_periods", newest[0]))
    return answers


def _rows(result: Sources, table: str, row: Row) -> list[Row]:
    """Return a row of a table of periods, and the same row under the other labour shares."""
    same = {name: row[name] for name in ("region", "start", "end")}
    return [row, *(getattr(view, table).filter(**same).row(0, named=True) for view in result.views[1:])]


def _span(result: Sources, start: int, end: int) -> dict[str, Text]:
    """Return a period in words, with the mark of extrapolated figures in any region."""
    return {"span": marked_span(start, end, result.periods.filter(start=start, end=end)["flags"])}


def _growth_sentence(result: Sources, rows: Sequence[Row]) -> dict[str, object]:
    """Return the values of the sentence on the growth of a period and its parts."""
    parts_by_view = [known_parts(row) for row in rows]
    parts = [
        words.sources.part_value(
            part=part_name(key), value=share_range_text([view.get(key, 0.0) for view in parts_by_view])
        )
        for key in parts_by_view[0]
    ]
    growth, ends = rows[0]["tfp_growth"], {name: rows[0][name] for name in ("start", "end")}
    return {"rose": growth >= 0, "rate": abs(growth), "parts": parts, **ends, **_span(result, **ends)}


def pair(result: Sources) -> tuple[Row, Row] | None:
    """Return the macro-region that grew least and the one to hold it against."""
    # The largest by output is what a reader measures the others by; where it is the one that grew least, it stands
    # against the fastest.
    rows = whole_span(result, result.group_periods).filter(pl.col("region") != "total").to_dicts()
    if len(rows) <= 1:
        return None
    low, high = (end(rows, key=lambda row: float(row["tfp_growth"])) for end in (min, max))
    regions = result.measurement.regions.select("region", "group_en")
    size = (
        result.measurement.inputs.filter(pl.col("year") == low["end"])
        .join(regions, on="region")
        .group_by("group_en")
        .agg(pl.col("output").sum())
        .sort("output", descending=True)
    )
    by_group = {row["region"]: row for row in rows}
    largest = next((by_group[name] for name in size["group_en"] if name in by_group), high)
    return low, (high if largest is low else largest)


def contrast(result: Sources) -> Facts:
    """Return group against group: what holds the gap and what does not, and what moving factors gave each."""
    two = pair(result)
    if two is None:
        return {}
    low, high = two
    names = {"low": result.names.text("group", low["region"]), "high": result.names.text("group", high["region"])}
    gap = low["tfp_growth"] - high["tfp_growth"]
    rates = {"mine": low["tfp_growth"], "theirs": high["tfp_growth"]}
    span = _span(result, low["start"], low["end"])
    if abs(gap) < _ALIKE:
        return {"answer.alike": names | rates | span}
    sides = [_rows(result, "group_periods", row) for row in two]
    ours, theirs = ([known_parts(row) for row in rows] for rows in sides)
    # by labour shares: what the part is short of
    differ = {
        name: [
            low_parts.get(name, 0.0) - high_parts.get(name, 0.0)
            for low_parts, high_parts in zip(ours, theirs, strict=True)
        ]
        for name in {**ours[0], **theirs[0]}
    }
    order = sorted(differ, key=lambda name: differ[name][0])
    explaining = [name for name in order if max(differ[name]) <= _MINOR * gap]
    free = [name for name in differ if min(differ[name]) > _MINOR * gap]
    values = {**names, **rates, **span, "gap": -gap}
    for key, selection in (
        ("why", explaining),
        ("not_why", free),
        ("open", [part for part in order if part not in explaining + free]),
    ):
        values[key] = [
            words.sources.part_sides(part=part_name(name), mine=ours[0].get(name, 0.0), theirs=theirs[0].get(name, 0.0))
            if result.alternative is None
            else words.sources.part_differs(part=part_name(name), value=share_range_text(differ[name]))
            for name in selection
        ]
        values[f"any_{key}"] = bool(selection)
    moves = movements(list(zip(names.values(), sides, strict=True)))
    return {"answer.gap": values, **({"answer.moves": moves | span} if moves else {})}


def _ends(result: Sources, column: str) -> dict[str, list[tuple[str, list[float]]]]:
    """Return the regions at either end of a part under all labour shares, with its values; empty for one region."""
    tables = [whole_span(view, view.periods).drop_nulls(column).sort(column, descending=True) for view in result.views]
    width = min(_SHOWN, tables[0].height // 2)
    values = [dict(table.select("region", column).iter_rows()) for table in tables]
    listed = [table["region"].to_list() for table in tables]
    ends = {"most": [codes[:width] for codes in listed], "least": [codes[::-1][:width] for codes in listed]}
    return {
        key: [
            (code, [by_region[code] for by_region in values])
            for code in codes[0]
            if all(code in region_codes for region_codes in codes)
        ]
        for key, codes in ends.items()
    }


def _allocation(result: Sources) -> Facts:
    """Return the regions in which allocation gave most and least."""
    grown = dict(whole_span(result, result.periods).select("region", "tfp_growth").iter_rows())
    ends_by_key = _ends(result, "allocation")
    ends_by_key["most"] = [entry for entry in ends_by_key["most"] if min(entry[1]) > 0]
    ends = {
        key: [
            words.sources.part_of(name=result.names.region(code), part=share_range_text(values), whole=grown[code])
            for code, values in rows
        ]
        for key, rows in ends_by_key.items()
    }
    return {"answer.allocation": {**period_ends(ends), **_whole_period_sentence(result)}} if any(ends.values()) else {}


def _whole_period_sentence(result: Sources) -> dict[str, Text]:
    """Return the longest period in words."""
    return _span(result, *whole_span(result, result.periods).select("start", "end").row(0))


def _distance(result: Sources) -> Facts:
    """Return where industries came closest to best practice and where least, and how alike its shift is everywhere."""
    tables = [whole_span(view, view.periods).drop_nulls("upgrading") for view in result.views]
    if tables[0].height <= 1:
        return {}
    ends_by_key, points = (
        _ends(result, "upgrading"),
        pl.concat(tables).select(pl.col("upgrading", "breakthrough") * 100),
    )
    points = points.select(pl.all().round(2))  # as they are printed
    widened = [entry for entry in ends_by_key["least"] if round(100 * max(entry[1]), 2) < 0]
    ends_by_key["most"] = [entry for entry in ends_by_key["most"] if round(100 * min(entry[1]), 2) > 0]
    ends_by_key["least"] = ends_by_key["least"] if (points["upgrading"] >= 0).all() else widened
    ends = {
        key: [
            words.sources.part_alone(name=result.names.region(code), part=share_range_text(closed))
            for code, closed in rows
        ]
        for key, rows in ends_by_key.items()
    }
    facts: Facts = {}
    if any(ends.values()):
        key = "answer.distance_none" if ends["least"] and not (points["upgrading"] > 0).any() else "answer.distance"
        facts[key] = {**period_ends(ends), **_whole_period_sentence(result), "rest": "below" if widened else "above"}
    shift = pl.concat(tables)["breakthrough"].sort()
    alike = points["breakthrough"].n_unique() == 1
    return {
        **facts,
        f"answer.common{'_one' if alike else ''}": {
            "low": shift[0],
            "high": shift[-1],
            **_whole_period_sentence(result),
        },
    }


def _basis(result: Sources) -> Facts:
    """Return regions, years and detail, and how exactly the parts add up."""
    frame = result.frame
    if not frame.height:
        return {"basis.nothing": {}}
    gap = f"{result.identity_gap:.0e}" if result.identity_gap else "0"
    first, last = frame["year"].min(), frame["year"].max()
    detail = result.provenance.options["detail"]
    n = frame["region"].n_unique()
    facts: Facts = {"basis.reach": {"n": n, "first": first, "last": last, "detail": detail, "gap": gap}}
    if result.alternative is not None:
        facts["basis.shares"] = {"chosen": result.assumption_value("shares")}
    return facts


def _missing(result: Sources) -> Facts:
    """Return what could not be computed, by reason, and how much does not add up."""
    part = pl.col("quantity").is_in(list(result.frame.columns))
    table = result.coverage.filter(
        ((pl.col("status") == "not_computed") & (pl.col("quantity") != "gross_output"))
        | ((pl.col("status") == "partly") & part)
    )
    reasons: list[Mapping[str, object]] = [
        {"status": status, "parts": [words.sources.quantity_of(name) for name in names], "why": Text(zh=zh, en=en)}
        for status, zh, en, names in table.group_by("status", "reason_zh", "reason_en", maintain_order=True)
        .agg("quantity")
        .iter_rows()
    ]
    facts: Facts = {"basis.missing": reasons}
    # regions that were decomposed and yet lack a year of the whole span, and what is missing in it
    complete = whole_span(result, result.periods)
    if complete.height:
        start, end = complete.select("start", "end").row(0)
        incomplete = (
            result.frame.filter(~pl.col("region").is_in(complete["region"].to_list()))["region"].unique().to_list()
        )
        inside = pl.col("region").is_in(incomplete) & pl.col("year").is_between(start + 1, end)
        rows = result.omitted.filter(inside).group_by("region", maintain_order=True).first()
        places = [
            words.sources.hole(name=result.names.region(code), year=year, what=lacking(missing, result.names))
            for code, year, missing in rows.select("region", "year", "missing").rows()[:_SHOWN]
        ]
        if places:
            listed = Text(zh="；".join(place.zh for place in places), en="; ".join(place.en for place in places))
            facts["basis.holes"] = {"start": start, "end": end, "places": listed}
    if result.findings:
        regions = len({(problem.key or "").split("/")[0] for problem in result.findings})
        facts["basis.findings"] = {"n": regions, "all": result.frame["region"].n_unique()}
    return facts
