"""The pages of overcapacity: the survey of utilisation, and the firms that live on credit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core.result import Facts
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, listing, number, same
from xinzhi.report import palette
from xinzhi.report.section import Picture, Section, rows_of, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import answer_of, capitalised, finding_notes, sentence, word
from xinzhi.report.table import Column, Table, table
from xinzhi.risks.internal import Utilisation, Zombies, conventions

SERIES, TOTAL = "series", "industry_total"
HEADS = (("rate_short", "text"), ("change_short", "change"))
LOWEST = 4  # industries whose history is drawn beside the total
QUARTERS = 4
PLACES = ("below_usual", "usual", "above_usual", "no_usual")
NOTHING: Mapping[str, Any] = {"utilisation": None, "low": None, "high": None, "same_quarter": None}
LISTED = 50  # firms that the table names; the csv has all
FULL = 100.0
PARTS = {"zombie": palette.GROUPS[3], "sound": palette.GROUPS[0], "unknown": palette.FAINT}


@section.register
def capacity(result: Utilisation, *, region: str | None = None) -> Section:
    """Return what a survey of utilisation says: level, change over the year, and history; `region` is an industry."""
    facts = result.facts()
    answer, years = answer_of(facts, "overcapacity"), table("utilisation_years", of=result)
    tables = [years] if years.rows else []
    if not result.frame.height:
        return Section.of("overcapacity.surveyed", [], tables, anchor="utilisation", answer=answer)
    code = result.now()["industry"][0] if region is None else result.names.resolve(region, result.industries, SERIES)
    history = _history(result, code)
    if history is not None:
        answer.append(sentence(history.headline))
    elif region is not None:
        answer.append(words.overcapacity.answer_no_range(name=result.names.text(SERIES, code)))
    if result.findings:
        tables.append(table("utilisation_missing", result.missing, of=result))
    changes = shown("overcapacity.changes", result, result.changes_of_year, facts)
    usual = result.provenance.options.get("bands") == conventions("overcapacity")["utilisation"]["bands"]["value"]
    edges = listing([same(f"{edge:g}") for edge in result.bands["below"].drop_nulls()])
    return Section.of(
        "overcapacity.surveyed",
        [_latest(result, facts), changes, _over_time(result, facts), history],
        tables,
        anchor="utilisation",
        answer=answer,
        notes=(
            words.overcapacity.note_not_adjusted(),
            words.overcapacity.note_bands(edges=edges) if usual else words.overcapacity.note_own_bands(),
            words.overcapacity.note_national(),
        ),
    )


def _quarter(year: int, number: int) -> Text:
    return words.overcapacity.chart_of(f"quarter_{number}", year=year)


def _quarters(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with the quarters in words: ``period_zh, period_en``."""
    periods = [_quarter(year, quarter) for year, quarter in zip(frame["year"], frame["quarter"], strict=True)]
    return frame.drop("period").with_columns(
        pl.Series(f"period_{name}", [period.lang(name) for period in periods], dtype=pl.String) for name in ("zh", "en")
    )


def _zones(result: Utilisation) -> list[tuple[float | None, float | None, Text]]:
    """Return the bands of the level as zones of an axis, with their names; none where there is one band only."""
    labels = describe("capacity", "band").values
    edges = result.bands["below"].to_list()
    names = [labels.get(name, same(name)) for name in result.bands["name"]]
    return list(zip([None, *edges[:-1]], edges, names, strict=True)) if len(edges) > 1 else []


def _latest(result: Utilisation, facts: Facts) -> Picture | None:
    """Return the last quarter of every industry against the same quarter of other years and the bands."""
    frame = result.by_level
    period, groups = result.latest["period"].max(), {name: words.overcapacity.chart_of(name) for name in PLACES}
    names = result.names.distinct(SERIES, frame["industry"])
    rows = []
    for r in frame.iter_rows(named=True):
        name = names[r["industry"]]
        late = words.overcapacity.chart_older(name=name, period=_quarter(r["year"], r["quarter"]))
        rows.append(
            {
                "name": name if r["period"] == period else late,
                "value": r["utilisation"],
                "bands": [] if r["low"] is None else [(r["low"], r["high"])],
                "tick": r["same_quarter"],
                "group": groups[_place(r)],
                "text": number(r["utilisation"], 1),
                "change": number(r["change_on_year"], 1, sign=True),
            }
        )
    heads = [(words.overcapacity.chart_of(head), key) for head, key in HEADS]
    inks = (palette.GROUPS[3], palette.GROUPS[0], palette.GROUPS[5], palette.GROUPS[7])
    return shown(
        "overcapacity.latest",
        result,
        _quarters(frame),
        facts,
        rows=rows,
        values=_inner(),
        zones=_zones(result),
        groups=list(groups.values()),
        inks=inks,
        columns=heads,
    )


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


def _path(result: Utilisation, code: str) -> list[dict[str, Any]]:
    """Return every quarter from the first to the last of a series; those that are missing have no value."""
    points = {(r["year"], r["quarter"]): r for r in result.explain(code).iter_rows(named=True)}
    first, last = min(points), max(points)
    places = range(first[0] * QUARTERS + first[1] - 1, last[0] * QUARTERS + last[1])
    keys = [(place // QUARTERS, place % QUARTERS + 1) for place in places]
    return [
        {**NOTHING, **points.get(key, {}), "industry": code, "period": None, "year": key[0], "quarter": key[1]}
        for key in keys
    ]


def _lines(result: Utilisation, path: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [
        {
            "group": result.names.text(SERIES, r["industry"]),
            "year": r["year"] + (r["quarter"] - 1) / QUARTERS,
            "value": r["utilisation"],
            "dot": True,
            **{name: r[name] for name in names},
        }
        for r in path
    ]


def _over_time(result: Utilisation, facts: Facts) -> Picture | None:
    """Return the quarters of the lowest industries and of the total; None with one quarter only."""
    total = [TOTAL] if TOTAL in result.frame["industry"] else []
    codes = [*total, *[code for code in result.now()["industry"].to_list() if code not in total][:LOWEST]]
    rows = [row for code in codes for row in _path(result, code)]
    frame = _quarters(pl.DataFrame(rows, infer_schema_length=None))
    inks = [*([palette.INK] if total else []), *palette.GROUPS]
    lines = _lines(result, rows)
    return shown("overcapacity.over_time", result, frame, facts, rows=lines, levels=_zones(result), inks=inks)


def _history(result: Utilisation, code: str) -> Picture | None:
    """Return one industry against the range of the same quarter of other years; None where it has no such range."""
    bands = result.quarters_with_range(code)
    if bands.height < 2:  # noqa: PLR2004 - one quarter is no path
        return None
    path, last = _path(result, code), bands.row(-1, named=True)
    values = {
        "name": result.names.text(SERIES, code),
        "period": _quarter(last["year"], last["quarter"]),
        "value": last["utilisation"],
        "low": last["low"],
        "high": last["high"],
        "place": words.overcapacity.chart_of(_place(last)),
        **_inner(),
    }
    frame = _quarters(pl.DataFrame(path, infer_schema_length=None))
    title, rows = capitalised(words.overcapacity.title_history(**values)), _lines(result, path, "low", "high")
    return shown("overcapacity.history", result, frame, values, rows=rows, title=title, levels=_zones(result))


@section.register
def zombies(result: Zombies, *, region: str | None = None) -> Section:
    """Return how many firms live on credit by each criterion; the years of the firm `region` are put in a table."""
    firm = None if region is None else result.names.resolve(region, result.firm_codes, "firm")
    facts = result.facts()
    facts.pop("answer.not_applied", None)  # the notes say it, with the cure
    return Section.of(
        "overcapacity.zombies",
        [_share(result, facts), _overlap(result, facts), _outcomes(result, facts)],
        [None if firm is None else _firm(result, firm), _unknown(result), _firms(result)],
        anchor="zombies",
        answer=answer_of(facts, "overcapacity"),
        notes=(*_zombie_notes(result), *finding_notes(result.findings)),
    )


def _share(result: Zombies, facts: Facts) -> Picture | None:
    """Return the share of zombies among the firms that can be judged, by year and criterion."""
    frame = result.by_criterion
    several = frame["criterion"].is_duplicated().any()
    kind: dict[str, Any] = {"chart": "lines", "y": "share"} if several else {"chart": "dots", "x": "share"}
    twin = table("zombies_share", result.with_bounds, of=result)
    draws = {"group" if several else "name": "criterion"}
    return shown("overcapacity.share", result, frame, facts, draws=draws, twin=twin, **kind)


def _overlap(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many of the zombies of one criterion another finds too; None where nothing can be compared."""
    overlaps: dict[tuple[str, str], float | None] = {}
    for r in result.compared.to_dicts():
        for row, column, only in ((r["first"], r["second"], "first_only"), (r["second"], r["first"], "second_only")):
            total = r["both"] + r[only]
            overlaps[row, column] = FULL * r["both"] / total if total else None
    labels = describe("zombies", "criterion").values
    names = [criterion for criterion in result.criteria() if any(criterion in pair for pair in overlaps)]
    cells = [
        {"row": labels[a], "column": labels[b], "value": FULL if a == b else overlaps.get((a, b))}
        for a in names
        for b in names
    ]
    return shown("overcapacity.overlap", result, None, facts, rows=cells)


def _outcomes(result: Zombies, facts: Facts) -> Picture | None:
    """Return how many firm-years are zombies, are none, and cannot be judged."""
    counts = result.verdict_counts()
    figures = {part: Column(title=same(part), kind="percent", name=part) for part in PARTS}
    rows = rows_of(
        result.verdict_shares,
        result,
        name="criterion",
        zombie=figures["zombie"],
        sound=figures["sound"],
        unknown=figures["unknown"],
    )
    parts = {part: (words.overcapacity.chart_of(part), ink) for part, ink in PARTS.items()}
    return shown("overcapacity.judged", result, counts, facts, rows=rows, parts=parts)


def reason(status: str, years: int) -> Text:
    """Return why a firm cannot be judged, in words; `years` are those of losses in a row."""
    if status.startswith("profit"):
        return words.overcapacity.status_profit_not_known(years=years)
    return word("overcapacity", "status", status.replace(" ", "_"))


def _why(result: Zombies) -> Mapping[str, Callable[[Any], Text | None]]:
    years = int(result.provenance.options["loss_years"])
    labels = describe("zombies", "criterion").values
    return {"criterion": lambda name: labels[name], "status": lambda status: reason(status, years)}


def _unknown(result: Zombies) -> Table | None:
    """Return why firm-years cannot be judged, by criterion."""
    frame = result.unjudged
    return table("zombies_unknown", frame, of=result, names=_why(result)) if frame.height else None


def _firms(result: Zombies) -> Table | None:
    """Return the zombies of the last year that is judged, those that most criteria agree on first."""
    if not result.counts.height:
        return None
    year = max(result.counts["year"])
    dead = result.zombies_of(year)
    criteria = [criterion for criterion in result.criteria() if criterion in dead.columns]
    if not dead.height:
        return None
    labels = describe("zombies", "criterion").values
    columns = [
        "firm",
        *(Column(title=labels[criterion], kind="flag", name=criterion) for criterion in criteria),
        {"votes": "integer"},
    ]
    more = dead.height - LISTED
    notes = [words.overcapacity.note_more_firms(k=more)] if more > 0 else []
    title = words.overcapacity.table_firms(year=year)
    return table("zombies_firms", dead.head(LISTED), columns, result, title=title, notes=notes)


def _firm(result: Zombies, firm: str) -> Table:
    """Return one firm, year by year."""
    return table("zombies_firm", result.years_of(firm), of=result, names=_why(result), firm=firm)


def _zombie_notes(result: Zombies) -> list[Text]:
    options, used = result.provenance.options, result.criteria()
    criteria = {"caballero-hoshi-kashyap": "subsidised", "fukuda-nakamura": "evergreened", "losses": "losses"}
    values = {"years": options["loss_years"], "edge": float(options["leverage"])}
    notes: list[Text] = [words.overcapacity.note_zombies()]
    return notes + [words.overcapacity.note_of(key, **values) for name, key in criteria.items() if name in used]
