"""From GB/T 4754-2017 to ISIC Rev.4 and back: a class may go to several, and what is split is bounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import polars as pl

from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import words
from xinzhi.data import Field, tidy
from xinzhi.scope.conventions import document, table
from xinzhi.scope.standard import GBT, ISIC, standard, unknown

_ERRATA = "standards/errata.yaml"
Direction = Literal["isic", "gbt"]


@dataclass(frozen=True)
class Concordance:
    """Pairs of classes of GB/T 4754-2017 and ISIC Rev.4, and the `unmapped` classes of GB/T 4754-2017.

    The `origin` of a pair is ``annex``, or ``mended`` or ``inferred`` where the annex has a fault (`errata`).
    """

    pairs: pl.DataFrame
    unmapped: tuple[str, ...]

    def targets(self, code: str, to: Direction = "isic") -> tuple[str, ...]:
        """Return the classes that one class goes to."""
        return self._targets(to).get(code, ())

    def _targets(self, to: Direction) -> dict[str, tuple[str, ...]]:
        source = "gbt" if to == "isic" else "isic"
        grouped = self.pairs.group_by(source, maintain_order=True).agg(to)
        return {code: tuple(found) for code, found in grouped.iter_rows()}

    def shares(self, to: Direction = "isic", weights: Mapping[str, float] | None = None) -> pl.DataFrame:
        """Return ``source, target, share, split``: how every class is split over its targets; its shares sum to 1.

        `split` is ``whole``, ``weighted`` (in proportion to `weights` of the targets, never negative) or, without,
        ``equal``.
        """
        source = "gbt" if to == "isic" else "isic"
        given = _weights(weights or {})
        rows = self.pairs.select(source=source, target=to).with_columns(
            weight=pl.col("target").replace_strict(given, default=0.0, return_dtype=pl.Float64)
            if given
            else pl.lit(0.0)
        )
        total, count = pl.col("weight").sum().over("source"), pl.len().over("source")
        share = pl.when(total > 0).then(pl.col("weight") / total).otherwise(1 / count)
        split = pl.when(count == 1).then(pl.lit("whole")).when(total > 0).then(pl.lit("weighted"))
        return rows.select("source", "target", share=share, split=split.otherwise(pl.lit("equal")))

    def translate(
        self,
        series: AnyFrame,
        to: Direction = "isic",
        *,
        value: str = "value",
        weights: Mapping[str, float] | None = None,
    ) -> Translation:
        """Translate a series of class values (``code`` and `value`, which adds up; the rest are keys), keeping totals.

        `lower` counts only what goes nowhere else, `upper` everything that may go there: with values that are not
        negative, no way of splitting leaves these bounds. `weights` are those of `shares`; an `InputError` names what
        is no class.
        """
        rows = _series(series, value, GBT if to == "isic" else ISIC)
        keys = [name for name in rows.columns if name not in ("code", value)]
        shares = self.shares(to, weights)
        joined = rows.join(shares, left_on="code", right_on="source", how="left")
        lost = joined.filter(pl.col("target").is_null()).select(*keys, "code", value)
        part = pl.col(value) * pl.col("share")
        known = pl.when(pl.col("split") != "equal").then(part)
        summed = (
            joined.filter(pl.col("target").is_not_null())
            .group_by(*keys, code="target")
            .agg(
                part.sum().alias(value),
                lower=known.otherwise(pl.min_horizontal(value, 0.0)).sum(),
                upper=known.otherwise(pl.max_horizontal(value, 0.0)).sum(),
            )
        )
        return Translation(frame=summed.sort(*keys, "code"), unmapped=lost)


@dataclass(frozen=True)
class Translation:
    """A series in the other standard."""

    frame: pl.DataFrame
    unmapped: pl.DataFrame = field(repr=False)


@cache
def concordance(*, mend: bool = True) -> Concordance:
    """Return the concordance of GB/T 4754-2017 and ISIC Rev.4 (GB/T 4754-2017, Appendix C).

    Parameters
    ----------
    mend
        Whether classes that the annex forgot get the targets of `errata`; without, they are unmapped.

    Examples
    --------
    >>> concordance().pairs.height, concordance().unmapped
    (1474, ('9030',))
    """
    classes = standard(GBT).classes
    printed = table("standards/" + document(_ERRATA)["table"])
    pairs = printed.filter(pl.col("gbt").is_in(classes)).unique(maintain_order=True)
    pairs = pairs.with_columns(origin=pl.lit("annex"))
    if mend:
        rows = [
            (code, about["isic"], about["status"])
            for code, about in document(_ERRATA)["missing"].items()
            if about["isic"] is not None
        ]
        pairs = pl.concat([pairs, pl.DataFrame(rows, schema=pairs.schema, orient="row")])
    known = set(pairs["gbt"])
    return Concordance(pairs.sort("gbt", "isic"), tuple(code for code in classes if code not in known))


def errata() -> pl.DataFrame:
    """Return what is wrong in the annex, and what is done about it.

    Returns
    -------
    polars.DataFrame
        ``side`` (``gbt`` or ``isic``), ``code, kind`` (``missing``, ``group``, ``misprint``, ``repeated``), ``isic``
        (the target given), ``status, because``.

    Examples
    --------
    >>> errata()["kind"].value_counts().sort("kind").rows()
    [('group', 10), ('misprint', 3), ('missing', 11), ('repeated', 2)]
    """
    found = document(_ERRATA)
    rows = [
        ("gbt", code, "missing", about["isic"], about["status"], about["because"]) for code, about in _items("missing")
    ]
    rows += [("gbt", code, about["is"], None, "not used", about["because"]) for code, about in _items("foreign")]
    rows += [("gbt", row["gbt"], "repeated", row["isic"], "once", row["because"]) for row in found["repeated"]]
    rows += [("isic", code, about["is"], None, "as printed", about["because"]) for code, about in _items("isic")]
    names = ("side", "code", "kind", "isic", "status", "because")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


def _items(part: str) -> list[tuple[str, dict[str, Any]]]:
    return list(document(_ERRATA)[part].items())


def _weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights as numbers."""
    for code, weight in weights.items():
        if not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
            raise UsageError("scope.bad-weight-of", code=code, weight=weight)
    return {str(code): float(weight) for code, weight in weights.items()}


def _series(series: AnyFrame, value: str, name: str) -> pl.DataFrame:
    """Return the series as a polars frame whose codes are classes of the standard."""
    read = tidy(series, [Field("code", "code"), Field(value)], others=True, verb="translate", table="series").frame
    tree = standard(name)
    order = [name for name in read.columns if name not in ("code", value)]
    rows = read.select(*order, "code", value)
    for code in rows["code"].unique().drop_nulls():
        known = tree.normal(code)
        if known is None:
            raise InputError("scope.not-a-code", why=unknown(tree, code).text)
        if tree.level(known) != "class":
            level = words(f"scope.level.{tree.level(known)}")
            raise InputError(
                "scope.not-a-class", code=code, level=level, standard=name, classes=list(tree.below(known)[:3])
            )
    return rows.with_columns(pl.col("code").map_elements(tree.normal, return_dtype=pl.String))
