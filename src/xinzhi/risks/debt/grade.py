"""The verb `grade`: bands of debt ratios, dated and cited, and silent where a part of the ratio is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Language, Text, has, same, words
from xinzhi.risks.inputs import conventions

_NEEDED = ("numerator", "denominator", "grades", "source", "dated")


def band_set(asked: str | Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
    """Return a set of bands of ``bands.yaml`` (None: the default) or of the caller's own, and its name."""
    file = conventions("bands")
    if isinstance(asked, Mapping):
        if missing := [name for name in _NEEDED if name not in asked]:
            raise UsageError("debt.bands-lack", missing=missing)
        starts = [float(one["from"]) for one in asked["grades"]]
        if starts != sorted(set(starts)):
            raise UsageError("debt.bands-fall", starts=starts)
        return str(asked.get("name", "own")), asked
    name = file["default"] if asked is None else asked
    if name not in file["sets"]:
        raise UsageError("debt.no-bands", asked=name, known=list(file["sets"]))
    return name, file["sets"][name]


def grade(frame: pl.DataFrame, bands: str | Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return a frame with ``band, band_ratio, band_status_zh, band_status_en``.

    Parameters
    ----------
    frame
        With the columns that the set asks for as numerator (all of them) and denominator, as amounts in one unit.
    bands
        The name of a set of ``bands.yaml``, one of the caller's own with the same entries, or None for the default.

    Raises
    ------
    UsageError
        When the set is unknown, lacks an entry, or its grades do not rise.

    Notes
    -----
    Where a part of numerator or denominator is missing there is no band: bonds alone over revenue alone would colour
    a region by a ratio that the authors of the thresholds did not mean.

    Examples
    --------
    >>> rows = pl.DataFrame({"explicit": [100.0], "hidden": [None], "resources": [50.0]},
    ...                     schema={"explicit": pl.Float64, "hidden": pl.Float64, "resources": pl.Float64})
    >>> grade(rows)["band_status_en"][0]
    'not graded: hidden debt not given'
    >>> grade(rows.with_columns(hidden=pl.lit(20.0)))["band"][0]
    'orange'
    """
    _, rule = band_set(bands)
    parts, denominator = list(rule["numerator"]), str(rule["denominator"])
    rows = with_parts(frame, rule)
    ratio = pl.sum_horizontal(parts, ignore_nulls=False) / pl.when(pl.col(denominator) > 0).then(pl.col(denominator))
    band = pl.lit(None, dtype=pl.String)
    for one in rule["grades"]:
        band = pl.when(pl.col("band_ratio") >= float(one["from"])).then(pl.lit(one["name"])).otherwise(band)
    done, without = words("debt.status.graded"), words("debt.status.not_graded", why="{}")
    graded = rows.with_columns(band_ratio=ratio).with_columns(
        band=band,
        **{
            f"band_status_{name}": pl.when(pl.col("band_ratio").is_null())
            .then(pl.format(without.lang(name), lacking(rule, name)))
            .otherwise(pl.lit(done.lang(name)))
            for name in ("zh", "en")
        },
    )
    return graded.drop([name for name in rows.columns if name not in frame.columns])


def with_parts(frame: pl.DataFrame, rule: Mapping[str, Any]) -> pl.DataFrame:
    """Return a frame that has all parts of a ratio, null where it had none."""
    absent = pl.lit(None, dtype=pl.Float64)
    return frame.with_columns(absent.alias(name) for name in _parts(rule) if name not in frame.columns)


def lacking(rule: Mapping[str, Any], language: Language) -> pl.Expr:
    """Return which parts of a ratio are not given, in words; empty where all are."""
    named = {name: part_name(name).lang(language) for name in _parts(rule)}
    joined = pl.concat_str(
        [pl.when(pl.col(name).is_null()).then(pl.lit(said)) for name, said in named.items()],
        separator="、" if language == "zh" else ", ",
        ignore_nulls=True,
    )
    return pl.format(words("debt.status.lacking", parts="{}").lang(language), joined)


def part_name(name: str) -> Text:
    """Return what a part of a graded ratio is called."""
    key = f"debt.chart.part_{name}"
    return words(key) if has(key) else same(name)


def _parts(rule: Mapping[str, Any]) -> Sequence[str]:
    return [*rule["numerator"], str(rule["denominator"])]
