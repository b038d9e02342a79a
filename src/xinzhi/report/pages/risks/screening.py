"""The page of a `Screening`: which projects are archived ones again, and the ledger behind every verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from xinzhi.core.text import Text, sentences, words
from xinzhi.report.pages.risks import screening_pictures as pictures
from xinzhi.report.pages.risks.screening_ledger import ledger
from xinzhi.report.pages.yardstick.parameters import findings as findings_table
from xinzhi.report.section import Ledger, Section
from xinzhi.report.sentence import clauses
from xinzhi.report.table import Table, column, table
from xinzhi.risks import Screening, by_probability, chance_text, interval_text, value_words

MOST = {"repackaged": 12, "cannot tell": 4, "follow-on": 4}  # pairs side by side on the page
ON_PAGE = 60  # rows of the page; the workbook has all
IN_BOOK = 5_000  # projects whose ledgers the workbook holds
EVIDENCE = column("screen.evidence", "value")


def screening(result: Screening, *, region: str | None = None) -> Section:
    """Return which projects are repackaged, follow-ons or new; `region` is a project, or a region that texts name."""
    asked = region if region is not None and region in set(result.frame["id"]) else None
    if result.frame.height and region is not None and asked is None:
        result = replace(result, frame=result.within(region))
    frame = by_probability(result.frame)
    answer, odd = sentences(result.facts(), "screen"), _odd(result)
    if not frame.height:
        return Section.of("screen.section", tables=odd, anchor="screen", answer=answer)
    leading = frame.filter(id=asked) if asked is not None else frame.filter(pl.col("archive_id").is_not_null())
    shown = _ledgers(frame, result, asked)
    paired = leading.height and leading["archive_id"][0] is not None
    drawn = [
        pictures.weights(result.explain(leading["id"][0]), result) if paired else None,
        pictures.probabilities(frame, result),
        pictures.spread(frame, result) if frame.height > pictures.SHOWN else None,
        pictures.calibration(result) if result.truth is not None else None,
    ]
    return Section.of(
        "screen.section",
        drawn,
        [_first_verdicts(frame, result), *odd],
        anchor="screen",
        answer=answer,
        sheets=(_verdicts(frame, result), *_behind(frame, result)),
        notes=tuple(_notes(frame, result, len(shown) if asked is None and len(shown) < leading.height else None)),
        ledgers=shown,
        ledgers_how=words("screen.how.ledgers"),
    )


def _notes(frame: pl.DataFrame, result: Screening, shown: int | None) -> Iterator[Text]:
    if shown is not None:
        yield words("screen.note.ledgers", shown=shown)
    yield words("screen.note.certain", certain=result.certain, accused=result.accused)
    prior = result.provenance.options.get("prior")
    if prior is not None:
        yield words("screen.note.prior", prior=f"{100 * float(prior):g}")
    elif result.weights_synthetic:
        yield words("screen.note.no_prior", share=result.labelled_share)
    reasons = Counter(frame["reason"].drop_nulls().to_list())
    if reasons:
        known = value_words("reason")
        why = [words("screen.note.reason", reason=known[name], k=f"{k:,}") for name, k in reasons.most_common()]
        yield words("screen.note.untold", k=f"{reasons.total():,}", why=clauses(why))
    if worded := frame.filter(basis="wording").height:
        yield words("screen.note.wording", k=f"{worded:,}")
    yield words("screen.note.intent")


def _ledgers(frame: pl.DataFrame, result: Screening, asked: str | None) -> tuple[Ledger, ...]:
    """Return pairs side by side: as many repackaged ones as fit, then some others; or those of one project."""
    if asked is not None:
        ranks = result.candidates.filter(id=asked)["rank"].to_list()
        return tuple(ledger(result.explain(asked, rank), result, rank) for rank in ranks)
    paired = frame.filter(pl.col("archive_id").is_not_null())
    shown = [name for verdict, most in MOST.items() for name in paired.filter(verdict=verdict)["id"].head(most)]
    return tuple(ledger(result.explain(name), result) for name in shown)


def _odd(result: Screening) -> tuple[Table, ...]:
    return (findings_table(result.findings[:ON_PAGE]),) if result.findings else ()


def _told(frame: pl.DataFrame, result: Screening) -> pl.DataFrame:
    """Return verdicts with the titles of both texts, and the evidence in both languages."""
    titles = result.archive.select(pl.col("id").alias("archive_id"), pl.col("title").alias("archive_title"))
    return (
        frame.join(result.projects.select("id", "title"), on="id", how="left", maintain_order="left")
        .join(titles, on="archive_id", how="left", maintain_order="left")
        .rename({"evidence": "evidence_en"})
        .with_columns(pl.col("evidence_zh", "evidence_en").replace("", None), pl.col("archive_title").fill_null(""))
    )


def _first_verdicts(frame: pl.DataFrame, result: Screening) -> Table:
    """Return the verdicts as the page shows them, the most probable first."""
    shown = _told(frame.head(ON_PAGE), result)
    chances = [
        words("screen.chart.interval", chance=chance_text(value), span=interval_text(low, high))
        if value is not None
        else chance_text(value)
        for value, low, high in shown.select("probability", "lower", "upper").rows()
    ]
    shown = shown.with_columns(
        pl.Series("chance_zh", [one.zh for one in chances], dtype=pl.String),
        pl.Series("chance_en", [one.en for one in chances], dtype=pl.String),
    )
    source = replace(column("screen.archive_id", "name"), names="archive")
    columns = ("id", "title", "verdict", column("screen.chance", "value"), source, EVIDENCE)
    key = "first_verdicts" if frame.height > ON_PAGE else "verdicts"
    return table("screen_verdicts", shown, columns, result, title=words(f"screen.table.{key}", shown=ON_PAGE))


def _verdicts(frame: pl.DataFrame, result: Screening) -> Table:
    """Return every verdict in figures, as the workbook has it."""
    columns = (
        "id", "title", "verdict", "probability", "lower", "upper", "archive_id",
        column("screen.archive_title", "text"), "basis", EVIDENCE,
    )  # fmt: skip
    return table("screen_verdicts", _told(frame, result), columns, result)


def _behind(frame: pl.DataFrame, result: Screening) -> Iterator[Table]:
    """Yield the ledger and the changes of every project beside the record that comes closest."""
    pairs = frame.head(IN_BOOK).select("id", "archive_id").drop_nulls()
    both = ["id", "archive_id"]
    kept = result.ledger.filter((pl.col("rank") == 1) & (pl.col("level") >= 0))
    entries = pairs.join(kept, on=both, how="inner", maintain_order="left_right")
    changed = pairs.join(result.changes, on=both, how="inner", maintain_order="left_right")
    notes = (words("screen.note.cut", shown=f"{IN_BOOK:,}"),) if frame.height > IN_BOOK else ()
    if entries.height:
        columns = (*both, "field", "agreement", "weight", "project", "archive")
        yield table("screen_ledger", entries, columns, result, part="ledger", notes=notes)
    if changed.height:
        changed = changed.rename({"zh": "changed_zh", "en": "changed_en"})
        what = column("screen.changed", "value")
        yield table("screen_changes", changed, (*both, what), result, part="changes", notes=notes)
