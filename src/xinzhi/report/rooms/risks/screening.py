"""The section of a `Screening`: which projects are archived ones over again, and the ledger behind every verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.report.catalogue import listing, words
from xinzhi.report.numbers import number
from xinzhi.report.rooms.risks import screening_pictures as pictures
from xinzhi.report.rooms.risks import screening_tables as tables
from xinzhi.report.rooms.risks.screening_ledger import ledger
from xinzhi.report.rooms.risks.screening_names import Names, chance
from xinzhi.report.section import Section
from xinzhi.report.tables import findings as findings_table
from xinzhi.risks.projects.conventions import convention
from xinzhi.risks.projects.sentences import REASONS, VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinzhi.report.section import Ledger
    from xinzhi.report.tables import Table
    from xinzhi.risks import Screening

MOST = {"repackaged": 12, "cannot tell": 4, "follow-on": 4}  # pairs side by side on the page
SUREST = 3


def screened(result: Screening, *, region: str | None = None) -> Section:
    """Return which projects are repackaged, follow-ons or new, with the texts side by side.

    Parameters
    ----------
    result
        What `screen` returns.
    region
        The identifier of a project: its own pairs alone stand side by side. Or a region, by code or name: only the
        projects whose texts name a place in it are told.

    Raises
    ------
    UsageError
        When neither a project nor a place of any project is called so.
    """
    if not result.frame.height:
        return Section(
            key="screen", title=words("screen.title.section"), answer=(words("screen.answer.nothing"),),
            tables=_odd(result),
        )  # fmt: skip
    asked = region if region is not None and region in set(result.frame["id"]) else None
    chosen = result.frame if region is None or asked is not None else result.frame.filter(_inside(result, region))
    frame = pictures.in_order(chosen)
    names = Names.of(result)
    telling = frame.filter(id=asked) if asked is not None else frame.filter(pl.col("archive_id").is_not_null())
    shown = _ledgers(frame, result, names, asked)
    drawn = [pictures.probabilities(frame, names)]
    if frame.height > pictures.SHOWN:
        drawn.append(pictures.spread(frame))
    if telling.height and telling["archive_id"][0] is not None:
        drawn.insert(0, pictures.weights(result.explain(telling["id"][0]), result, names))
    if result.truth is not None:
        drawn.append(pictures.calibration(result))
    return Section(
        key="screen",
        title=words("screen.title.section"),
        answer=tuple(_answer(frame, result, names)),
        pictures=tuple(drawn),
        tables=(tables.first_verdicts(frame, names), *_odd(result)),
        sheets=(tables.verdicts(frame, names), *tables.behind(frame, result)),
        notes=tuple(_notes(frame, result, len(shown) if asked is None and len(shown) < telling.height else None)),
        ledgers=shown,
        ledgers_how=words("screen.how.ledgers"),
    )


def _inside(result: Screening, region: str) -> pl.Series:
    """Return which projects name a place of a region."""
    from xinzhi.risks.projects.places import code_of, places

    codes = places(result.projects["text"])
    code = int(code_of(pl.Series([region]))[0]) or int(places(pl.Series([region]))[0, 0])
    width = next((size for size in (10_000, 100, 1) if code % size == 0), 1)
    inside = pl.Series(((codes // width * width == code) & (codes > 0)).any(axis=1)) if code else pl.Series([False])
    if not inside.any():
        first = ", ".join(result.frame["id"].head(5).to_list())
        message = f"'{region}' is no project and no region that any project names; the first projects are {first}."
        raise UsageError(message)
    return inside


def _answer(frame: pl.DataFrame, result: Screening, names: Names) -> Iterator[Text]:
    counts = {name: frame.filter(verdict=name).height for name in VERDICTS}
    parts = [words("screen.answer.count", name=VERDICTS[name], k=f"{k:,}") for name, k in counts.items()]
    yield words("screen.answer.counts", n=f"{frame.height:,}", m=f"{result.archive_size:,}", parts=listing(parts))
    found = frame.filter(verdict="repackaged").head(SUREST)
    near = frame.filter(pl.col("archive_id").is_not_null()).head(1)
    if found.height:
        pairs = [
            words("screen.answer.pair", name=names.project(row["id"]), source=names.source(row["archive_id"]),
                  chance=chance(row["probability"]))
            for row in found.iter_rows(named=True)
        ]  # fmt: skip
        yield words("screen.answer.surest", pairs=listing(pairs))
    elif near.height:
        row = near.row(0, named=True)
        yield words("screen.answer.closest", name=names.project(row["id"]), chance=chance(row["probability"]),
                    source=names.source(row["archive_id"]))  # fmt: skip
    else:
        yield words("screen.answer.nothing_alike")
    if result.truth is not None:
        seen = result.truth.join(result.frame, on="id", suffix="_found")
        called = seen.filter(verdict="repackaged")
        yield words(
            "screen.answer.truth", n=f"{seen.height:,}", called=f"{called.height:,}",
            hits=f"{called.filter(label='repackaged').height:,}", known=f"{seen.filter(label='repackaged').height:,}",
        )  # fmt: skip
    yield words("screen.answer.synthetic") if result.weights_synthetic else words("screen.answer.learned")


def _notes(frame: pl.DataFrame, result: Screening, shown: int | None) -> Iterator[Text]:
    if shown is not None:
        yield words("screen.note.ledgers", shown=shown)
    yield words("screen.note.certain", certain=number(100 * float(convention("certain")), 0))
    prior = result.provenance.options.get("prior")
    if prior is not None:
        yield words("screen.note.prior", prior=f"{100 * float(prior):g}")
    elif result.weights_synthetic:
        from xinzhi.risks.projects.weights import shipped

        yield words("screen.note.no_prior", share=number(100 * float(shipped().calibration.shares[-1]), 0))
    reasons = Counter(frame["reason"].drop_nulls().to_list())
    if reasons:
        why = [words("screen.note.reason", reason=REASONS[name], k=f"{k:,}") for name, k in reasons.most_common()]
        yield words("screen.note.untold", k=f"{reasons.total():,}", why=_apart(why))
    if worded := frame.filter(basis="wording").height:
        yield words("screen.note.wording", k=f"{worded:,}")
    yield words("screen.note.intent")


def _apart(items: list[Text]) -> Text:
    return Text(zh="；".join(one.zh for one in items), en="; ".join(one.en for one in items))


def _ledgers(frame: pl.DataFrame, result: Screening, names: Names, asked: str | None) -> tuple[Ledger, ...]:
    """Return the most telling pairs side by side: all that are repackaged as far as there is room, then some others."""
    if asked is not None:
        ranks = result.candidates.filter(id=asked)["rank"].to_list()
        return tuple(ledger(result.explain(asked, rank), result, names, rank) for rank in ranks)
    found = frame.filter(pl.col("archive_id").is_not_null())
    shown = [name for verdict, most in MOST.items() for name in found.filter(verdict=verdict)["id"].head(most)]
    return tuple(ledger(result.explain(name), result, names) for name in shown)


def _odd(result: Screening) -> tuple[Table, ...]:
    return (findings_table(result.findings[: tables.ON_PAGE]),) if result.findings else ()
