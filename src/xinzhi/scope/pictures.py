"""Tidy tables for pictures: the timeline of the five powers, and the treemap of what is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError
from xinzhi.scope.conventions import read_date
from xinzhi.scope.definition import definition

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.scope.scope import Scope


def timeline(until: object = "2026-12-31") -> pl.DataFrame:
    """Return the five powers with their eras, for a timeline.

    Parameters
    ----------
    until
        Where the era that has no end is cut off.

    Returns
    -------
    polars.DataFrame
        ``order, power, title_zh, title_en, begins, ends, open_start, open_end, event_zh, event_en, alternatives,
        leading_zh, leading_en, codes``: `alternatives` are other dates that could be taken, as text. `begins` of the
        first era is null and `open_start` true.

    Examples
    --------
    >>> timeline().select("power", "begins").rows()[1]
    ('horse', datetime.date(1769, 1, 5))
    """
    import polars as pl

    last = read_date(until)
    rows = [
        {
            "order": order,
            "power": one.id,
            "title_zh": one.title.zh,
            "title_en": one.title.en,
            "begins": one.begins,
            "ends": one.ends or last,
            "open_start": one.begins is None,
            "open_end": one.ends is None,
            "event_zh": one.event.zh,
            "event_en": one.event.en,
            "alternatives": "; ".join(f"{day}: {event.en}" for day, event in one.alternatives),
            "leading_zh": "、".join(name.zh for name, _ in one.leading),
            "leading_en": ", ".join(name.en for name, _ in one.leading),
            "codes": ";".join(code for _, codes in one.leading for code in codes),
        }
        for order, one in enumerate(definition("five-powers").eras, start=1)
    ]
    return pl.DataFrame(rows, schema_overrides={"begins": pl.Date, "ends": pl.Date})


def treemap(scope: Scope, measure: str | None = None) -> pl.DataFrame:
    """Return what is in scope, for a treemap.

    Parameters
    ----------
    scope
        The result of `classify`.
    measure
        The column that sizes the tiles, such as output; by default the first. Regions and years are summed.

    Returns
    -------
    polars.DataFrame
        ``code, name_zh, level, share, lower, upper, verdict, definition, value, in_scope``: a row per industry with
        anything in scope, the largest first; `definition` is the first that lists it. Without any measure every
        industry has the value 1.

    Raises
    ------
    UsageError
        When the scope has no such measure.

    Examples
    --------
    >>> import polars as pl
    >>> from xinzhi.scope import classify
    >>> table = pl.DataFrame({"code": ["39", "17"], "output": [120.0, 60.0]})
    >>> treemap(classify(table, as_of=2023)).select("code", "value", "in_scope").rows()
    [('39', 120.0, 120.0)]
    """
    import polars as pl

    name = measure or (scope.measures[0] if scope.measures else None)
    if name is not None and name not in scope.measures:
        raise UsageError("scope.no-measure", name=name, known=list(scope.measures) or ["–"])
    value = pl.col(name).sum() if name else pl.lit(1.0).first()
    rows = scope.frame.group_by("code", maintain_order=True).agg(
        pl.col("name_zh", "level", "share", "lower", "upper", "verdict", "definitions").first(), value=value
    )
    rows = rows.filter(pl.col("upper") > 0).with_columns(
        definition=pl.col("definitions").str.split(";").list.first(), in_scope=pl.col("share") * pl.col("value")
    )
    columns = ("code", "name_zh", "level", "share", "lower", "upper", "verdict", "definition", "value", "in_scope")
    return rows.select(columns).sort("in_scope", descending=True, maintain_order=True)
