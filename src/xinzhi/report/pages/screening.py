"""The page of a `Screening`: which projects are archived ones again, and the ledger behind every verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from xinzhi import risks, words
from xinzhi.core.text import Text, Values, number, same
from xinzhi.report import palette
from xinzhi.report.pages.yardstick.tables import findings as findings_table
from xinzhi.report.section import Entry, Ledger, Picture, Piece, Section, shown
from xinzhi.report.section_rows import section
from xinzhi.report.sentence import clauses, truncate
from xinzhi.report.table import Column, Table, column, table
from xinzhi.risks import internal

LONGEST, END_SIGNS = 240, 100  # signs of a stretch without marks, and how many stay at either end of a longer one
NEARLY = ("within 25 %", "within 10 %", "within 3 %")
SMALL = 0.05  # natural log-odds that are not worth a line
NAMES_MOST = 40  # projects that one picture names
STEPS = 5  # fields that the picture of the weights names
IN_PICTURE = 17.0  # width of a name, in units of its size
TENTHS = 10
NEVER = 0.1  # percent: no probability is drawn as certain
ENDS = {"value": "probability", "low": "lower", "high": "upper"}
INKS = {"repackaged": "#a8402d", "cannot tell": "#d9a441", "follow-on": "#5b4a8a", "new": "#1b6ca8"}
NOTICES = {"purchase": "#6b8e6b", "next purchase": "#8a8a8a"}  # only where there are any
MOST = {"repackaged": 12, "cannot tell": 4, "follow-on": 4, "purchase": 4}  # pairs side by side on the page
ON_PAGE = 60  # rows of the page; the workbook has all
IN_BOOK = 5_000  # projects whose ledgers the workbook holds


def ledger(pair: internal.Comparison, result: risks.Screening, rank: int = 1) -> Ledger:
    """Return a pair of texts with the evidence that they are one project; `rank` says which of its candidates."""
    marks = pair.marks()
    rows = pair.ledger.filter(pl.col("level") >= 0).sort("weight", descending=True, maintain_order=True)
    marked = {field for field, _, _ in marks}
    order = [field for field in rows["field"].to_list() if field in marked]
    numbers = {field: at for at, field in enumerate(order, start=1)}
    nearly = set(rows.filter(pl.col("agreement").is_in(NEARLY))["field"].to_list())
    texts, shared = (pair.project_text, pair.archive_text), pair.passages()
    sides = tuple(
        tuple(pieces(text, [((start, end)[side], field) for field, start, end in marks], numbers, nearly, shared[side]))
        for side, text in enumerate(texts)
    )
    odds = result.candidate(pair.id, rank)
    entries, origin = _entries(rows, numbers, _quotes(pair, marks, shared), odds["odds_repackaged"])
    names, fields = result.names, internal.value_words("field", "ledger")
    silent = [fields[name] for name in pair.ledger.filter(pl.col("level") < 0)["field"].to_list()]
    return Ledger(
        key=f"screen-{re.sub(r'[^0-9A-Za-z]+', '-', pair.id)}-{result.frame['id'].index_of(pair.id)}-{rank}",
        title=words.screen.title_ledger(
            name=names.text("project", pair.id), source=names.text("archive", pair.archive_id)
        ),
        finding=internal.verdict_text(pair.verdict) if rank == 1 else words.screen.chart_candidate(rank=rank),
        heads=(words.screen.chart_project(id=pair.id), words.screen.chart_archive(id=str(pair.archive_id))),
        sides=(sides[0], sides[1]),
        entries=entries,
        zero=origin,
        total=_total(pair.verdict, odds, rank),
        notes=(*_changes(pair), *([words.screen.chart_silent(fields=silent)] if silent else [])),
    )


def pieces(
    text: str,
    marked: Sequence[tuple[tuple[int, int], str]],
    numbers: Mapping[str, int],
    nearly: set[str],
    shared: Sequence[tuple[int, int]],
) -> Iterator[Piece]:
    """Yield a text in pieces: marked words whole, and between them what both texts share word for word."""
    at = 0
    for (start, end), field in [*sorted(marked), ((len(text), len(text)), "")]:
        yield from _between(text, at, start, shared)
        if field:
            yield Piece(
                text=text[start:end],
                mark=numbers[field],
                field=internal.value_words("field", "ledger")[field],
                near=field in nearly,
            )
        at = end


def _between(text: str, start: int, end: int, shared: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = start
    inside = [(max(a, start), min(b, end)) for a, b in shared if a < end and b > start]
    for a, b in [*internal.joined_spans(inside), (end, end)]:
        if a > at:
            yield Piece(text=_brief(text[at:a]))
        if b > a:
            yield Piece(text=text[a:b], shared=True)
        at = b


def _brief(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:END_SIGNS]} […] {text[-END_SIGNS:]}"


def _quotes(
    pair: internal.Comparison,
    marks: Sequence[tuple[str, tuple[int, int], tuple[int, int]]],
    shared: tuple[Sequence[tuple[int, int]], Sequence[tuple[int, int]]],
) -> dict[str, tuple[str, str]]:
    """Return what the two texts say by field: the words for a place, the longest common passage of the wording."""
    texts = {row["field"]: (row["project"] or "", row["archive"] or "") for row in pair.ledger.iter_rows(named=True)}
    place = next(((a, b) for field, a, b in marks if field == "place"), None)
    if place is not None:
        (a, b), (c, d) = place
        texts["place"] = (pair.project_text[a:b], pair.archive_text[c:d])
    texts["text"] = (_longest(pair.project_text, shared[0]), _longest(pair.archive_text, shared[1]))
    return texts


def _longest(text: str, spans: Sequence[tuple[int, int]]) -> str:
    return _brief(max((text[a:b] for a, b in spans), key=len, default=""))


def _entries(
    rows: pl.DataFrame, numbers: Mapping[str, int], texts: Mapping[str, tuple[str, str]], odds: float
) -> tuple[tuple[Entry, ...], float]:
    """Return the lines of the ledger, and where the bars begin."""
    fields, levels = internal.value_words("field", "ledger"), internal.value_words("agreement", "ledger")
    lines = [
        (numbers.get(field), fields[field], levels[level], texts[field], weight)
        for field, level, weight in zip(rows["field"], rows["agreement"], rows["weight"], strict=True)
    ]
    rest = odds - float(rows["weight"].sum())
    if abs(rest) >= SMALL:
        lines.append((None, words.screen.chart_rest(), Text(zh="", en=""), ("", ""), rest))
    low, high = min(0.0, *(line[-1] for line in lines)), max(0.0, *(line[-1] for line in lines))
    room = (high - low) or 1.0
    marks = tuple(
        Entry(
            mark=mark,
            field=field,
            agreement=level,
            words=quoted,
            figure=number(weight, 1, sign=True),
            start=round(100 * (min(weight, 0.0) - low) / room, 2),
            length=round(100 * abs(weight) / room, 2),
            against=weight < 0,
        )
        for mark, field, level, quoted, weight in lines
    )
    return marks, round(-100 * low / room, 2)


def _total(row: Mapping[str, Any], odds: Mapping[str, Any], rank: int) -> Text:
    total = words.screen.chart_total(total=number(odds["odds_repackaged"], 1, sign=True), reached=f"{row['reached']:,}")
    if rank > 1 or row["verdict"] == "follow-on" or odds["odds_follow_on"] > odds["odds_repackaged"]:
        later = words.screen.chart_later(total=number(odds["odds_follow_on"], 1, sign=True))
        return Text(zh=total.zh + later.zh, en=f"{total.en} {later.en}")
    return total


def _changes(pair: internal.Comparison) -> Iterator[Text]:
    verdict = "changed" if pair.verdict["verdict"] == "repackaged" else "apart"
    for key, what in zip(("found", verdict), pair.sentences(), strict=True):
        if what:
            yield words.screen.chart_of(key, what=clauses(what))


def weights(pair: internal.Comparison, result: risks.Screening) -> Picture | None:
    """Return what each field says for or against a project being an archived one."""
    rows = pair.ledger.filter(pl.col("level") >= 0).sort(pl.col("weight").abs(), descending=True, maintain_order=True)
    total = float(result.candidate(pair.id)["odds_repackaged"])
    rare = total - float(rows["weight"].sum())
    fields = internal.value_words("field", "ledger")
    lead = [(fields[field], weight) for field, weight in rows.head(STEPS).select("field", "weight").rows()]
    steps = [
        (name, weight, palette.DEEP if weight >= 0 else INKS["repackaged"])
        for name, weight in sorted(lead, key=lambda step: -step[1])
    ]
    if abs(rare) >= result.telling:
        steps.append((words.screen.chart_rare(), rare, palette.BAND))
    remainder = total - sum(weight for _, weight, _ in steps)
    steps += [(words.screen.chart_others(), remainder, palette.BAND), (words.screen.chart_sum(), total, palette.INK)]
    first = [
        words.screen.chart_weighed(name=name, weight=weight) for name, weight in lead if (weight > 0) == (total > 0)
    ][:2]
    # the fields add up for the first stage; whether they are one project is the verdict, which weighs them together
    verdict = internal.shown_verdict(pair.verdict)
    headline = "weights"
    if verdict != "repackaged":
        headline = "against" if total <= 0 else "explained"
    facts: Values = {
        "verdict": internal.value_words("verdict")[verdict],
        "name": result.names.text("project", pair.id),
        "source": result.names.text("archive", pair.archive_id),
        "total": number(total, 1),
        "first": first,
    }
    twin = table("screen_weights", rows, of=result, title=words.screen.table_evidence(**facts))
    sums = [(words.screen.chart_rest(), None, rare, None, None), (words.screen.chart_sum(), None, total, None, None)]
    full = replace(twin, rows=[*twin.rows, *sums])
    return shown("screen.weights", result, rows, facts, rows=steps, twin=full, headline=headline)


def probabilities(frame: pl.DataFrame, result: risks.Screening) -> Picture | None:
    """Return the probability of every project with its interval; of many, of those nearest to the line of a verdict."""
    line, verdicts, inks = result.accused, internal.value_words("verdict"), _inks(frame)
    frame = frame.drop_nulls("probability")
    closest = (
        frame if frame.height <= NAMES_MOST else frame.sort((pl.col("probability") - line).abs(), "id").head(NAMES_MOST)
    )
    closest = internal.by_probability(closest)
    rows = [
        {
            "name": words.screen.chart_called(
                name=truncate(result.names.text("project", row["id"]), IN_PICTURE), verdict=verdicts[row["verdict"]]
            ),
            **{key: min(max(100 * row[name], NEVER), 100 - NEVER) for key, name in ENDS.items()},
            "group": verdicts[row["verdict"]],
        }
        for row in closest.iter_rows(named=True)
    ]
    counts = {
        "n": frame.height,
        "k": int((frame["verdict"] == "repackaged").sum()),
        "u": int((frame["verdict"] == "cannot tell").sum()),
    }
    values = {name: f"{count:,}" for name, count in counts.items()} | {"shown": NAMES_MOST}
    return shown(
        "screen.probabilities",
        result,
        result.with_titles(closest),
        values,
        rows=rows,
        reference=100 * line,
        how="first" if frame.height > NAMES_MOST else "probabilities",
        groups=[verdicts[name] for name in inks],
        inks=tuple(inks.values()),
    )


def _inks(frame: pl.DataFrame) -> dict[str, str]:
    """Return the colours of the verdicts; those of notices where there are any."""
    return INKS | {name: ink for name, ink in NOTICES.items() if name in set(frame["verdict"])}


def spread(frame: pl.DataFrame, result: risks.Screening) -> Picture | None:
    """Return how many projects have a probability in each tenth."""
    frame, verdicts, inks = frame.drop_nulls("probability"), internal.value_words("verdict"), _inks(frame)
    tenth = (pl.col("probability") * TENTHS).floor().clip(0, TENTHS - 1).cast(pl.Int64)
    counts = {(at, verdict): k for at, verdict, k in frame.group_by(tenth.alias("at"), "verdict").len().rows()}
    rows: list[dict[str, Any]] = [
        {
            "name": same(f"{10 * at}–{10 * at + 10}%"),
            **{name: counts.get((at, name), 0) for name in inks},
            "all": sum(counts.get((at, name), 0) for name in inks),
        }
        for at in reversed(range(TENTHS))
    ]
    columns = (
        column("screen.probability", "name"),
        *(Column(title=verdicts[name], kind="integer") for name in inks),
        column("screen.projects", "integer"),
    )
    title = words.screen.table_spread()
    twin = Table(key="screen_spread", title=title, columns=columns, rows=[tuple(row.values()) for row in rows])
    values = {"n": f"{frame.height:,}", "low": f"{rows[-1]['all']:,}", "high": f"{rows[0]['all']:,}"}
    parts = {name: (verdicts[name], ink) for name, ink in inks.items()}
    return shown("screen.spread", result, frame, values, rows=rows, twin=twin, parts=parts)


def calibration(result: risks.Screening) -> Picture | None:
    """Return how often projects of known truth were repackaged, by what was said."""
    assert result.truth is not None  # noqa: S101 - the page draws it for labelled results only
    labelled = result.truth.join(result.frame.select("id", "probability"), on="id").drop_nulls("probability")
    tenths = internal.calibration_table(labelled)
    rows = tenths.select(
        (100 * pl.col("said")).alias("x"),
        (100 * pl.col("was")).alias("y"),
        (100 * pl.col("lower")).alias("low"),
        (100 * pl.col("upper")).alias("high"),
        pl.col("projects").alias("n"),
    ).to_dicts()
    inside = int(tenths["said"].is_between(tenths["lower"], tenths["upper"]).sum())
    values = {
        "n": f"{labelled.height:,}",
        "k": tenths.height,
        "inside": inside,
        "said": labelled["probability"].mean(),
        "was": (labelled["label"] == "repackaged").mean(),
    }
    return shown("screen.calibration", result, tenths, values, rows=rows)


@section.register
def screening(result: risks.Screening, *, region: str | None = None) -> Section:
    """Return which projects are repackaged, follow-ons or new; `region` is a project, or a region that texts name."""
    project = region if region is not None and region in set(result.frame["id"]) else None
    if result.frame.height and region is not None and project is None:
        result = replace(result, frame=result.within(region))
    frame = internal.reader_verdicts(internal.by_probability(result.frame))
    answer, odd = result.sentences(), _odd(result)
    if not frame.height:
        return Section.of("screen.section", tables=odd, anchor="screen", answer=answer)
    leading = frame.filter(id=project) if project is not None else frame.filter(pl.col("archive_id").is_not_null())
    ledgers = _ledgers(frame, result, project)
    paired = leading.height and leading["archive_id"][0] is not None
    pictures = [
        weights(result.explain(leading["id"][0]), result) if paired else None,
        probabilities(frame, result),
        spread(frame, result) if frame.height > NAMES_MOST else None,
        calibration(result) if result.truth is not None else None,
    ]
    return Section.of(
        "screen.section",
        pictures,
        [_first_verdicts(frame, result), *odd],
        anchor="screen",
        answer=answer,
        sheets=(_verdicts(frame, result), *_annexes(frame, result)),
        notes=tuple(_notes(frame, result, len(ledgers) if project is None and len(ledgers) < leading.height else None)),
        ledgers=ledgers,
        ledgers_how=words.screen.how_ledgers(),
    )


def _notes(frame: pl.DataFrame, result: risks.Screening, limit: int | None) -> Iterator[Text]:
    if limit is not None:
        yield words.screen.note_ledgers(shown=limit)
    yield words.screen.note_certain(honest=1 - result.certain, accused=result.accused)
    prior = result.provenance.options.get("prior")
    if prior is not None:
        yield words.screen.note_prior(prior=f"{100 * float(prior):g}")
    elif result.weights_synthetic:
        yield words.screen.note_no_prior(share=result.labelled_share)
    reasons = Counter(frame["reason"].drop_nulls().to_list())
    if reasons:
        reason_labels = internal.value_words("reason")
        why = [words.screen.note_reason(reason=reason_labels[name], k=f"{k:,}") for name, k in reasons.most_common()]
        yield words.screen.note_untold(k=f"{reasons.total():,}", why=clauses(why))
    if by_wording := int((frame["basis"] == "wording").sum()):
        yield words.screen.note_wording(k=f"{by_wording:,}")
    if by_buyer := int((frame["basis"] == "buyer").sum()):
        yield words.screen.note_buyer(k=f"{by_buyer:,}", said=result.purchase_said)
    yield words.screen.note_intent()


def _ledgers(frame: pl.DataFrame, result: risks.Screening, project: str | None) -> tuple[Ledger, ...]:
    """Return pairs side by side: as many repackaged ones as fit, then some others; or those of one project."""
    if project is not None:
        return tuple(ledger(result.explain(project, rank), result, rank) for rank in result.ranks(project))
    paired = frame.filter(pl.col("archive_id").is_not_null())
    projects = [name for verdict, most in MOST.items() for name in paired.filter(verdict=verdict)["id"].head(most)]
    return tuple(ledger(result.explain(name), result) for name in projects)


def _odd(result: risks.Screening) -> tuple[Table, ...]:
    return (findings_table(result.findings[:ON_PAGE]),) if result.findings else ()


def _first_verdicts(frame: pl.DataFrame, result: risks.Screening) -> Table:
    """Return the verdicts as the page shows them, the most probable first."""
    rows = result.verdict_rows(frame.head(ON_PAGE))
    chances = [
        words.screen.chart_interval(chance=internal.chance_text(value), span=internal.interval_text(low, high))
        if value is not None
        else internal.chance_text(value)
        for value, low, high in zip(rows["probability"], rows["lower"], rows["upper"], strict=True)
    ]
    rows = rows.with_columns(
        pl.Series("chance_zh", [chance.zh for chance in chances], dtype=pl.String),
        pl.Series("chance_en", [chance.en for chance in chances], dtype=pl.String),
    )
    source = {"archive_id": {"kind": "name", "names": "archive"}}
    columns = ("id", "title", "verdict", {"chance": "value"}, source, {"evidence": "value"})
    key = "first_verdicts" if frame.height > ON_PAGE else "verdicts"
    return table("screen_verdicts", rows, columns, result, title=words.screen.table_of(key, shown=ON_PAGE))


def _verdicts(frame: pl.DataFrame, result: risks.Screening) -> Table:
    """Return every verdict in figures, as the workbook has it."""
    return table("screen_verdicts", result.verdict_rows(frame), of=result)


def _annexes(frame: pl.DataFrame, result: risks.Screening) -> Iterator[Table]:
    """Yield the ledger and the changes of every project beside the record that comes closest."""
    entries, changed = result.entries_of(frame.head(IN_BOOK)), result.changes_of(frame.head(IN_BOOK))
    notes = (words.screen.note_cut(shown=f"{IN_BOOK:,}"),) if frame.height > IN_BOOK else ()
    if entries.height:
        yield table("screen_ledger", entries, of=result, notes=notes)
    if changed.height:
        yield table("screen_changes", changed, of=result, notes=notes)
