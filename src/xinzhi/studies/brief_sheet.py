"""The two printed pages of a brief: an answer of three sentences, the target, at most three recommendations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from xinzhi import words
from xinzhi.core.lazy import pl
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text, ranks_text, same
from xinzhi.studies.draft import LEAST
from xinzhi.yardstick import internal

if TYPE_CHECKING:
    from xinzhi.core.result import Facts
    from xinzhi.data import Package
    from xinzhi.studies.brief_facts import Read
    from xinzhi.yardstick import Bands
    from xinzhi.yardstick.internal import Goals

Row = dict[str, Any]
CONTEXT = {"investment", "investment_fall", "accelerated"}  # of what goals say, what a brief says, too
FACTORS = ("capital", "labour", "human_capital", "tfp")
Section = Literal["answer", "growth", "target", "advice", "risk", "reliability"]


def headings(sections: Iterable[Section]) -> dict[Section, Text]:
    """Return the headings of the sections after the answer, numbered."""
    numbered = [name for name in sections if name != "answer"]
    return {
        name: words.brief.sheet_section_numbered(place=place, title=words.brief.sheet_section_of(name))
        for place, name in enumerate(numbered, 1)
    }


def sheet(shared: Read, code: str, parts: Mapping[str, Facts]) -> dict[Section, tuple[Text, ...]]:
    """Return the sentences of the two pages by section, in order; a section without any is left out."""
    sections: dict[Section, list[Text]] = {
        "answer": answer(shared, code, parts),
        "growth": growth(shared, code),
        "target": target(shared.goals, code),
        "advice": advice(parts),
        "risk": risk(parts),
        "reliability": reliability(shared, code),
    }
    return {name: tuple(lines) for name, lines in sections.items() if lines}


def compound(row: Row) -> Row:
    """Return compound growth of output a year and contributions that add up to it.

    Contributions in logs are multiplied by the ratio of the compound to the log rate: the logarithmic mean of output at
    the start and end of a year, over that at the start, which keeps their shares and lets them add up exactly.
    """
    growth = float(row["output_growth"])
    rate = math.expm1(growth)
    ratio = rate / growth if growth else 1.0
    columns = {name: "tfp_growth" if name == "tfp" else f"{name}_contribution" for name in FACTORS}
    parts = {name: ratio * row[column] for name, column in columns.items()}
    return {"growth": rate, "tfp_growth": row["tfp_growth"]} | parts


def period(frame: pl.DataFrame, span: internal.Span, **where: str) -> Row | None:
    """Return the row of a period; None where there is none."""
    rows = frame.filter(start=span.start, end=span.end, **where)
    return rows.row(0, named=True) if rows.height else None


def answer(shared: Read, code: str, parts: Mapping[str, Facts]) -> list[Text]:
    """Return three sentences: growth and its main source, what the target requires, the main risk."""
    view = internal.View(shared.measured)
    span, name = view.spans[-1], shared.measured.names.region(code)
    lines: list[Text] = []
    own = period(shared.measured.periods, span, region=code)
    if own is not None:
        figures = compound(own)
        source = max(FACTORS, key=lambda factor: figures[factor])
        nation = period(shared.measured.national_periods, span)
        values = {"name": name, "span": span.label, "growth": figures["growth"], "source": source}
        if nation is None:
            lines.append(words.brief.sheet_growth_alone(**values))
        else:
            gap = figures["growth"] - compound(nation)["growth"]
            side = "faster" if gap > 0 else "slower"
            lines.append(words.brief.sheet_growth(gap=abs(gap), side=side, **values))
    lines.append(_target_line(shared.goals, code))
    lines.append(_risk_line(parts))
    return lines


def _target_line(goals: Goals | None, code: str) -> Text:
    """Return what the target requires, in a sentence."""
    rows = {} if goals is None else goals.of_region(code)
    if not rows:
        return words.brief.sheet_no_target()
    step, level = rows["in_step"], rows["level"]
    return words.brief.sheet_target(in_step=step["required"], level=level["required"], value=step["measured"])


def _risk_line(parts: Mapping[str, Facts]) -> Text:
    """Return the main risk: the gravest entry of the register, else planned industries whose capacity idles."""
    entries: Sequence[Row] = parts.get("flags", {}).get("flags.one", [])
    if entries:
        return words.brief.sheet_risk(about=entries[0]["about"], severity=entries[0]["severity"])
    idle = parts.get("moves", {}).get("moves.idle_now")
    if idle:
        return words.brief.sheet_risk_idle(names=idle["names"])
    return words.brief.sheet_risk_none()


def growth(shared: Read, code: str) -> list[Text]:
    """Return the contributions to growth, the interval and rank of TFP, and what its residual contains."""
    span = internal.View(shared.measured).spans[-1]
    own = period(shared.measured.periods, span, region=code)
    if own is None:
        return [words.brief.growth_missing(name=shared.measured.names.region(code), span=span.label)]
    figures = compound(own)
    lines: list[Text] = [words.brief.sheet_parts(capital=figures["capital"], tfp=figures["tfp_growth"])]
    lines.extend(_interval(shared.bands, code, span))
    if own["labour_growth"] < -float(setting(LEAST, "brief_labour")) or _mines(shared, code):
        lines.append(words.brief.sheet_residual())
    return lines


def _interval(bands: Bands | None, code: str, span: internal.Span) -> Iterator[Text]:
    """Yield the interval of TFP growth, and its range of ranks with the difference from all regions."""
    if bands is None:
        return
    row = period(bands.frame, span, region=code, component=internal.TOGETHER)
    if row is None or row["low"] is None:
        return
    yield words.brief.sheet_interval(level=bands.level, low=row["low"], high=row["high"])
    if row["rank_low"] is not None:
        side = "tie"
        if row["above_nation"] >= bands.decided:
            side = "above"
        elif row["above_nation"] <= 1 - bands.decided:
            side = "below"
        yield words.brief.sheet_rank(ranks=ranks_text(row["rank_low"], row["rank_high"]), side=side)


def _mines(shared: Read, code: str) -> bool:
    """Return whether mining has so large a share of the jobs that the residual contains its prices."""
    table = shared.package.tables.get("activity_sections")
    if table is None or not {"section", "employment", "year"} <= set(table.columns):
        return False
    rows = table.filter(region=code).drop_nulls("employment")
    newest = rows.filter(pl.col("year") == pl.col("year").max())
    total = float(newest["employment"].sum())
    return total > 0 and float(newest.filter(section="mining")["employment"].sum()) / total > float(
        setting(LEAST, "brief_mining")
    )


def target(goals: Goals | None, code: str) -> list[Text]:
    """Return the target with its document, what it requires, and how that compares with what has been."""
    if goals is None:
        return []
    lines = [fact.text for fact in goals.requirement(code)]
    rows = goals.of_region(code)
    side = internal.gap_side(rows) if rows else None
    if side is not None:
        gaps = {scenario: rows[scenario]["gap"] for scenario in ("in_step", "level")}
        lines.append(words.brief.sheet_beside(side=side, **gaps))
    lines.extend(fact for fact in goals.context(code) if fact.key.split(".")[1] in CONTEXT)
    return lines


def requirement(goals: Goals | None, code: str) -> pl.DataFrame:
    """Return the table of the target: investment, required TFP growth, its interval, past accelerations as large."""
    schema = {"scenario": pl.String, "investment": pl.Float64, "required": pl.Float64}
    schema |= {"low": pl.Float64, "high": pl.Float64, "past_share": pl.Float64}
    rows = {} if goals is None else goals.of_region(code)
    lines: list[tuple[str, float | None, float | None, float | None, float | None, float | None]] = []
    for scenario in ("level", "in_step"):
        if scenario in rows:
            row = rows[scenario]
            figures = (row["required"], row["required_low"], row["required_high"], row["past_share"])
            lines.append((scenario, row["investment_growth"], *figures))
    first = next(iter(rows.values()), None)
    if first is not None and first["needed_investment"] is not None:
        measured = (first["measured"], first["measured_low"], first["measured_high"])
        lines.append(("unchanged", first["needed_investment"], *measured, None))
    return pl.DataFrame(lines, schema=schema, orient="row")


def advice(parts: Mapping[str, Facts]) -> list[Text]:
    """Return at most three recommendations: object and evidence, condition, sign of failure; or what to bring."""
    moves = parts.get("moves", {})
    build: Sequence[Row] = moves.get("moves.build", [])
    most = int(setting(LEAST, "brief_moves"))
    idle, silent = moves.get("moves.idle_now"), moves.get("moves.no_figure")
    lines: list[list[Text]] = [_build(row) for row in build[: most - 1 if idle or silent else most]]
    if idle:
        lines.append([words.brief.sheet_hold(names=idle["names"])])
    if silent and len(lines) < most:
        lines.append([words.brief.sheet_bring(names=silent["names"])])
    if not lines:
        return [words.brief.sheet_no_advice()]
    texts: list[Text] = []
    for place, group in enumerate(lines, 1):
        texts.append(words.brief.sheet_recommendation(place=place, text=group[0]))
        texts.extend(group[1:])
    return texts


def _build(row: Row) -> list[Text]:
    """Return a recommendation in three sentences."""
    evidence = row["evidence"]
    values = getattr(evidence, "values", {})
    condition = words.brief.sheet_condition(capacity=row["capacity"], others=row["others"])
    if "value" in values:
        failure: Text = words.brief.sheet_failure(value=values["value"])
    else:
        failure = words.brief.sheet_failure_bare()
    return [words.brief.sheet_object(category=row["category"], evidence=evidence), condition, failure]


def risk(parts: Mapping[str, Facts]) -> list[Text]:
    """Return the gravest entry of the register with what would clear it."""
    entries: Sequence[Row] = parts.get("flags", {}).get("flags.one", [])
    if not entries:
        return []
    first = entries[0]
    return [words.brief.sheet_flag(evidence=first["evidence"]).text, words.brief.sheet_clears(clears=first["clears"])]


def reliability(shared: Read, code: str) -> list[Text]:
    """Return the grade of the data, and which figures would call for a new brief; nothing without an interval."""
    span = internal.View(shared.measured).spans[-1]
    own = period(shared.measured.periods, span, region=code)
    band = None if shared.bands is None else period(shared.bands.frame, span, region=code, component=internal.TOGETHER)
    if own is None or band is None or band["low"] is None:
        return []
    return [words.brief.sheet_renew(span=span.label, grade=own["grade"] or "–", low=band["low"], high=band["high"])]


def bars(shared: Read, code: str) -> pl.DataFrame:
    """Return the bars of the picture: all regions and the region in the newest period, and what the target requires."""
    span = internal.View(shared.measured).spans[-1]
    lines: list[Row] = []
    rows = {
        "nation": period(shared.measured.national_periods, span),
        "region": period(shared.measured.periods, span, region=code),
    }
    for kind, row in rows.items():
        if row is not None:
            lines.append({"bar": kind, "start": span.start, "end": span.end} | compound(row))
    goals = shared.goals
    if goals is not None:
        years = {"start": goals.base + 1, "end": goals.base + goals.years}
        for scenario, target_row in goals.of_region(code).items():
            renamed = {**target_row, "output_growth": target_row["growth"], "tfp_growth": target_row["required"]}
            lines.append({"bar": scenario, **years} | compound(renamed))
    schema = {"bar": pl.String, "start": pl.Int64, "end": pl.Int64} | dict.fromkeys(
        ("growth", "tfp_growth", *FACTORS), pl.Float64
    )
    return pl.DataFrame(lines, schema=schema, orient="row")


def head(package: Package, issuer: str | None) -> dict[str, Text]:
    """Return who issues the brief and of which day the data are."""
    day = str(package.descriptor.get("created") or "")[:10]
    return {"issuer": same(issuer or "xinzhi"), "date": same(day)}
