"""The pages on allocation, upgrading and innovation: returns and who follows them, structures, knowledge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.text import Text, number, percent, sentences
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.table import Column, Table, sort_frame, table
from xinzhi.sources import Allocation, AmongFirms, Innovation, Upgrading, share_range_text, share_title
from xinzhi.sources.internal import SPREADS
from xinzhi.yardstick.internal import region_groups

Deeper = Allocation | Innovation | Upgrading


MANY = 8  # industries that colours tell apart
SCORES: Mapping[str, Mapping[str, str]] = {"sd_log": {"title": "sd"}, "gap_90_10": {}}


def _section(
    name: str,
    result: Deeper | AmongFirms,
    pictures: Sequence[Picture | None],
    tables: Sequence[Table | None],
    notes: Sequence[Text],
) -> Section:
    """Return a section whose answer is what the facts say; what was left out stands in the notes."""
    facts = result.facts()
    omitted = {key: facts.pop(key) for key in list(facts) if key == "note.left_out"}
    return Section.of(
        f"sources.{name}",
        pictures,
        tables,
        anchor=f"sources-{name}",
        answer=sentences(facts, result.topic),
        notes=(*notes, *sentences(omitted, result.topic)),
    )


@section.register
def allocation(result: Allocation) -> Section:
    """Return how unequal the returns of capital and labour are, what equal ones would bring, and who follows."""
    flows, productivity = result.whole_flows, result.productivity_by_growth
    return _section(
        "allocation",
        result,
        [_returns(result), _gain(result), *(_flow(result, row) for row in result.flows.iter_rows(named=True))],
        [
            table("sources_flows", flows, of=result, notes=[words.sources.note_flows()]) if flows.height else None,
            table("sources_productivity", productivity, of=result, notes=[words.sources.note_shift_share()])
            if productivity.height
            else None,
        ],
        [
            *([words.sources.note_both_shares(chosen=result.shares)] if result.alternative is not None else []),
            words.sources.note_gain(sigma=f"{result.substitution:g}"),
            words.sources.note_returns(),
        ],
    )


@section.register
def among_firms(result: AmongFirms) -> Section:
    """Return what reallocation among firms gave inside industries, beside that among industries."""
    labels = {"growth": "among_firms", "allocation": "among_industries"}
    rows = [
        row | {"dot": True}
        for name, label in labels.items()
        for row in rows_of(
            result.frame,
            result,
            group=words.sources.chart_of(label),
            year="year",
            value=Column(name=name, title=words.sources.chart_of(label), kind="percent"),
        )
    ]
    summary = next(iter(result.facts().values()))
    facts = {"growth": summary["growth"], "allocation": percent(summary["allocation"], 2, sign=True)}
    chart = shown("sources.among_firms", result, None, facts, rows=rows)
    return _section("among_firms", result, [chart], [], [words.sources.note_among_firms(), words.firms.limits()])


def _returns(result: Allocation) -> Picture | None:
    """Return how unequal marginal products are, over the years."""
    ends = {name: _ends([view.spread_ends(name) for view in result.views]) for name in SPREADS}
    facts = {name: result.facts()["allocation.gain"][name] for name in ("start", "end")} | ends
    values = {name: words.sources.chart_of(name) for name in SPREADS}
    group = Column(name="spread", title=words.sources.column_spread(), values=values)
    scores = [{name: {"kind": "score", "unit": "log", **more}} for name, more in SCORES.items()]
    return shown("sources.returns", result, result.spreads, facts, listed=[group, "year", *scores, "units"])


def _ends(views: Sequence[tuple[float, float]]) -> Text:
    """Return the first and the last figure; under the other labour shares too where they differ."""
    texts = [words.sources.chart_from_to(first=number(ends[0], 2), last=number(ends[-1], 2)) for ends in views]
    return texts[0] if texts[0] == texts[-1] else words.sources.either(first=texts[0], other=texts[-1])


def _gain(result: Allocation) -> Picture | None:
    """Return what equal marginal products would bring, over the years."""
    unit = words.sources.unit_of_log_points()
    lines = ("gain_industries", "gain_regions", "gain")
    columns = [Column(name=line, title=words.sources.chart_of(line), kind="percent", unit=unit) for line in lines]
    rows = [
        row
        for column in columns
        for row in rows_of(result.gains, result, group=column.title, year="year", value=column)
    ]
    gain = result.facts()["allocation.gain"]
    facts = {"start": gain["start"], "end": gain["end"], "first": gain["then"], "last": gain["now"]}
    return shown("sources.gain", result, None, facts, rows=rows, listed=["year", *columns])


def _flow(result: Allocation, row: Mapping[str, Any]) -> Picture | None:
    """Return the growth of a factor against what it had earned, one point a region and industry."""
    factor = str(row["factor"])
    means = result.flow_means(factor)
    group = {"group": "industry"} if means["industry"].n_unique() <= MANY else {}
    log, points = words.sources.unit_of_log(), words.sources.unit_of_growth()
    earned = Column(name="product", title=words.sources.chart_of(f"{factor}_earned"), kind="score", unit=log)
    grown = Column(name="growth", title=words.sources.chart_of(f"{factor}_growth"), kind="percent", unit=points)
    reach = means["product"]
    line = [(x, 100 * row["coefficient"] * x) for x in (reach.min(), reach.max())]
    title = words.sources.title_of(f"flow_{factor}")
    twin = table(f"sources_flow_{factor}", means, ["region", "industry", earned, grown], result, title=title)
    flows = result.coefficients_of(factor)
    facts = {
        "factor": words.sources.factor_of(factor),
        "span": result.facts()["allocation.flow"][0]["span"],
        "size": share_range_text(flows["coefficient"].abs() / 10, "plain"),
        "t": share_range_text(flows["t"].abs(), "t"),
    }
    return shown(
        f"sources.flow-{factor}",
        result,
        sort_frame(means, ["industry"]),
        facts,
        twin=twin,
        draws=group,
        title=title,
        headline=result.follows(factor),
        x=f"{factor}_earned",
        y=f"{factor}_growth",
        line=line,
    )


@section.register
def upgrading(result: Upgrading) -> Section:
    """Return what is said of the structure: how fast it changed, whether for the better, and who catches up."""
    change = result.change()
    pictures = [_structure(result, change) if change["advancement_end"].is_not_null().any() else None]
    if change["speed"].is_not_null().any():
        rows = _grouped(result, result.by_speed, value="speed")
        facts, groups = _first_last(rows), _groups(result.regions)
        pictures.append(shown("sources.speed", result, change, facts, rows=rows, groups=groups))
    return _section("upgrading", result, pictures, _catch_up(result), [words.sources.note_structure()])


def _structure(result: Upgrading, change: pl.DataFrame) -> Picture | None:
    """Return in which regions the structure became more rational and more advanced."""
    moves = result.moves
    facts = {
        "k": int(moves["both"].sum()),
        "n": moves.height,
        "start": change["start"].min(),
        "end": change["end"].max(),
    }
    corners = [words.sources.chart_of(f"corner_{place}") for place in ("better", "rational", "worse", "advanced")]
    rows = _grouped(result, moves, x="x", y="y")
    return shown("sources.structure", result, change, facts, rows=rows, corners=corners)


def _grouped(result: Deeper, frame: pl.DataFrame, **encodings: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - columns
    """Return rows of regions with the macro-region of those that have one."""
    groups = region_groups(result.regions)
    rows = rows_of(frame, result, name="region", **encodings)
    return [
        row | ({"group": groups[code]} if code in groups else {})
        for row, code in zip(rows, frame["region"], strict=True)
    ]


def _first_last(rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    first, last = rows[0], rows[-1]
    ends = {"first": first["name"], "last": last["name"]}
    return ends | {"most": number(first["value"], 1), "least": number(last["value"], 1)}


def _catch_up(result: Upgrading) -> list[Table | None]:
    if result.catch_up is None:
        return []
    fit, why = result.catch_up.regression, words.sources.note_catch_up_placebo()
    note = words.sources.note_catch_up(rows=fit.observations, clusters=fit.clusters, dropped=result.catch_up.dropped)
    return [
        table("sources_catch_up", result.catch_up.frame, None, result, notes=[note]),
        table("sources_catch_up_placebo", result.catch_up.placebo, None, result, notes=[why]),
    ]


@section.register
def innovation(result: Innovation) -> Section:
    """Return what is said of innovation: what regions put into it, and what their TFP has to do with it."""
    return _section("innovation", result, [_shares(result)], [], [words.sources.note_innovation()])


def _shares(result: Innovation) -> Picture | None:
    """Return the leading share of innovation by region, in its last year."""
    lead = result.leading()
    title = share_title(lead["share"][0])
    rows = _grouped(result, lead, value="value")
    facts = {"title": title, "year": lead["year"][0], **_first_last(rows)}
    axis, twin = words.sources.chart_share_axis(title=title), _share_table(result)
    more: dict[str, Any] = {"title": title, "x": axis, "groups": _groups(result.regions)}
    return shown("sources.innovation", result, None, facts, rows=rows, twin=twin, **more)


def _share_table(result: Innovation) -> Table:
    """Return every share by region, in the last year that it has."""
    columns = [
        Column(
            name=share,
            title=words.shared.column_in_period(title=share_title(share), period=year),
            kind="percent",
            unit=words.sources.unit_of_share(),
        )
        for share, year in result.last_years.items()
    ]
    return table(
        "sources_innovation", result.latest_shares, ["region", *columns], result, title=words.sources.table_innovation()
    )


def _groups(regions: pl.DataFrame) -> list[Text]:
    """Return the macro-regions in the order of the regions table, which gives each its colour in every picture."""
    return list(dict.fromkeys(region_groups(regions).values()))
