"""Bands of debt ratios: dated, cited, replaceable, and silent where the ratio is not the one they are made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text
from xinzhi.risks.inputs import document, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEEDED = ("numerator", "denominator", "grades", "source", "dated")
_PARTS = {
    "explicit": Text("显性债务余额", "explicit debt"),
    "hidden": Text("隐性债务", "hidden debt"),
    "vehicles": Text("融资平台有息债务", "debt of financing vehicles"),
    "resources": Text("综合财力（含转移支付）", "total fiscal resources (with transfers)"),
}


def band_set(asked: str | Mapping[str, Any] | None) -> tuple[str, Mapping[str, Any]]:
    """Return a set of bands and its name.

    Parameters
    ----------
    asked
        The name of a set of ``bands.yaml``, one of the caller's own with the same entries, or None for the default.

    Raises
    ------
    UsageError
        When the set is unknown, lacks an entry, or its grades do not rise.

    Examples
    --------
    >>> name, rule = band_set(None)
    >>> name, rule["numerator"], rule["denominator"]
    ('mof-2019', ['explicit', 'hidden'], 'resources')
    """
    file = document("debt/bands.yaml")
    if isinstance(asked, Mapping):
        if missing := [name for name in _NEEDED if name not in asked]:
            message = f"bands: a set of your own needs {', '.join(missing)} (source and date are part of a threshold)."
            raise UsageError(message)
        starts = [float(one["from"]) for one in asked["grades"]]
        if starts != sorted(set(starts)):
            message = f"bands: the grades must rise; they start at {starts}."
            raise UsageError(message)
        return str(asked.get("name", "own")), asked
    name = file["default"] if asked is None else asked
    if name not in file["sets"]:
        message = f"bands: there is no set '{name}'; there are {shorten(list(file['sets']))}."
        raise UsageError(message)
    return name, file["sets"][name]


def grade(frame: pl.DataFrame, bands: str | Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return a frame with ``band, band_ratio, band_status_zh, band_status_en``.

    Parameters
    ----------
    frame
        With the columns that the set asks for as numerator (all of them) and denominator, as amounts in one unit.
    bands
        As `band_set`.

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
    needed = [*parts, denominator]
    absent = pl.lit(None, dtype=pl.Float64)
    rows = frame.with_columns(absent.alias(name) for name in needed if name not in frame.columns)
    ratio = pl.sum_horizontal(parts, ignore_nulls=False) / pl.when(pl.col(denominator) > 0).then(pl.col(denominator))
    band = pl.lit(None, dtype=pl.String)
    for one in rule["grades"]:
        band = pl.when(pl.col("band_ratio") >= float(one["from"])).then(pl.lit(one["name"])).otherwise(band)
    graded = rows.with_columns(band_ratio=ratio).with_columns(
        band=band,
        band_status_zh=_status(needed, "zh"),
        band_status_en=_status(needed, "en"),
    )
    return graded.drop([name for name in needed if name not in frame.columns])


def _status(needed: Sequence[str], language: str) -> pl.Expr:
    """Return whether a row is graded, and what is missing where it is not."""
    zh = language == "zh"
    words = {name: (_PARTS[name].zh if zh else _PARTS[name].en) if name in _PARTS else name for name in needed}
    missing = pl.concat_str(
        [pl.when(pl.col(name).is_null()).then(pl.lit(said)) for name, said in words.items()],
        separator="、" if zh else ", ",
        ignore_nulls=True,
    )
    said = pl.format("未评级：缺少{}" if zh else "not graded: {} not given", missing)
    return pl.when(pl.col("band_ratio").is_null()).then(said).otherwise(pl.lit("已评级" if zh else "graded"))
