"""Why an industry is in scope on a day: what every definition says, and all of them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.text import words
from xinzhi.scope.classify import classify
from xinzhi.scope.membership import answer
from xinzhi.scope.standard import standard as tree_of
from xinzhi.scope.standard import unknown
from xinzhi.scope.tables import detail, listed, reason, tested, verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xinzhi.scope.definition import Definition
    from xinzhi.scope.membership import Question


def explain(
    industry: object,
    date: object,
    *,
    definitions: Sequence[str | Path | Definition] | None = None,
    standard: str | None = None,
) -> pl.DataFrame:
    """Say whether an industry is in scope on a day, why, and by whose word.

    Parameters
    ----------
    industry
        A code, such as ``39`` or ``C3973``.
    date
        The day: a date, ``YYYY-MM-DD``, or a year, which means its last day.
    definitions, standard
        As in `classify`.

    Returns
    -------
    polars.DataFrame
        As `Scope.explain`.

    Raises
    ------
    UsageError
        When there is no such code, or no definition was in force on the day.

    Examples
    --------
    >>> explain("3973", "2019-01-01").select("definition", "category", "verdict").rows()[-2:]
    [('high-tech-manufacturing-2017', '03', 'in'), ('union', '', 'in')]
    """
    tree = tree_of(standard)
    code = tree.normal(industry)
    if code is None:
        raise unknown(tree, industry)
    scope = classify(pl.DataFrame({"code": [code]}), as_of=date, definitions=definitions, standard=standard)
    return scope.explain(code)


def explained(question: Question, code: str) -> pl.DataFrame:
    """Return what every definition says of one industry, and the union of them."""
    found = answer(question, [code])
    said = detail(question, found)
    rows: list[dict[str, Any]] = said.to_dicts()
    for row in rows:
        text = tested(row) if row["definition"] == "use" else listed(row)
        row |= {"verdict": verdict(row["lower"], row["upper"]), "reason_zh": text.zh, "reason_en": text.en}
    total, text = found.total, reason(rows)
    lower, share, upper = (float(array[0]) for array in (total.lower, total.share, total.upper))
    whole = dict.fromkeys(rows[0]) | {
        "code": code,
        "definition": "union",
        "share": share,
        "lower": lower,
        "upper": upper,
        "title_zh": words("scope.label.together").zh,
        "title_en": words("scope.label.together").en,
        "category": "",
        "verdict": verdict(lower, upper),
        "reason_zh": text.zh,
        "reason_en": text.en,
    }
    frame = pl.DataFrame([*rows, whole], schema_overrides=said.schema, infer_schema_length=None)
    return frame.insert_column(1, pl.lit(question.day).alias("as_of"))
