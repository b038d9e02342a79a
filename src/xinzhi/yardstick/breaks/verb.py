"""The verb `breaks`: suspicious region-years of every series, with the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xinzhi.core.breaks import against_others
from xinzhi.core.errors import InputError
from xinzhi.core.result import Provenance
from xinzhi.yardstick.breaks.causes import causes
from xinzhi.yardstick.breaks.judge import Judgement, judge
from xinzhi.yardstick.breaks.result import SCHEMA, Breaks
from xinzhi.yardstick.breaks.rules import Rules, facts, rules
from xinzhi.yardstick.measure import DEFAULT_PROTOCOL, build_inputs
from xinzhi.yardstick.needs import require
from xinzhi.yardstick.panel import Panel, read_panel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from xinzhi.core.arrays import BoolArray, FloatArray, IntArray
    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol


def breaks(
    package: Package | str | Path | Mapping[str, object], protocol: Protocol | str | Path = DEFAULT_PROTOCOL
) -> Breaks:
    """Find the region-years in which a stock or flow moves as neither its own history nor the other regions do.

    Parameters
    ----------
    package
        A loaded package, or anything that `xinzhi.load` takes. Of the series that are judged (employment, real and
        nominal output, investment, years of schooling, labour share, capital where it is given) it may lack any.
    protocol
        The protocol under which the effect on TFP growth is measured.

    Returns
    -------
    Breaks
        One row per region, year and series that breaks.

    Raises
    ------
    InputError
        When the package has no table `accounts`, or none of the series.

    Notes
    -----
    Leave-one-out Hampel identifier on the growth of a region less that of the others (Davies and Gather 1993, Journal
    of the American Statistical Association 88), with the level-shift and additive-outlier statistics of Chen and Liu
    (1993), in the same volume. Every number is in ``breaks.yaml``.

    Examples
    --------
    >>> import polars as pl
    >>> found = breaks("china-provinces").frame.filter(region="340000", year=2020, series="employment")
    >>> found.select("kind", "census", "explained").row(0)
    ('level_shift', 'population census of 2020', True)
    """
    from xinzhi import __version__
    from xinzhi.data import Package, load
    from xinzhi.protocol import Protocol
    from xinzhi.protocol import load as load_protocol

    data = package if isinstance(package, Package) else load(package)
    ruler = protocol if isinstance(protocol, Protocol) else load_protocol(protocol)
    terms = rules()
    panel = read_panel(data)
    found = judge(panel, terms)
    if not found:
        message = (
            f"{data.name} has none of the series that can break in two years running: "
            f"{', '.join(f'{rule.table}.{rule.column}' for rule in terms.series)}."
        )
        raise InputError(message)
    reason = _unmeasurable(data, panel, ruler)
    tables = ["accounts", *(["investment"] if any(one.rule.table == "investment" for one in found) else [])]
    return Breaks(
        frame=_frame(data, panel, found, terms, ruler if reason is None else None),
        judged=_judged(panel, found),
        names=_names(data),
        reason=reason,
        kind=data.kind,
        provenance=Provenance(
            verb="breaks",
            version=__version__,
            protocol=ruler.label,
            protocol_fingerprint=ruler.fingerprint,
            package=data.name,
            inputs={name: data.fingerprint(name) for name in tables},
            options={"rules": str(facts()["as_of"]), "false_alarm_rate": terms.rate},
        ),
    )


def _unmeasurable(data: Package, panel: Panel, ruler: Protocol) -> str | None:
    """Return why TFP cannot be measured, so that no effect on it can be given; None where it can."""
    try:
        require(data, ruler)
        build_inputs(panel, ruler)
    except InputError as error:
        return str(error)
    return None


def _frame(data: Package, panel: Panel, found: list[Judgement], terms: Rules, ruler: Protocol | None) -> pl.DataFrame:
    """Return all breaks, by region and year."""
    import polars as pl

    parts = [_rows(data, panel, one, terms, ruler) for one in found]
    return pl.concat(parts).sort("region", "year", "series", maintain_order=True)


def _rows(data: Package, panel: Panel, one: Judgement, terms: Rules, ruler: Protocol | None) -> pl.DataFrame:
    """Return the breaks of one series."""
    import polars as pl

    from xinzhi.yardstick.breaks.effect import tfp_effects

    row, column = np.nonzero(one.breaks.any)
    outlier, returns = one.breaks.outlier[row, column], one.breaks.returns[row, column]
    score = np.where(outlier, one.scores.outlier[row, column], one.scores.shift[row, column])
    score = np.where(returns, -one.scores.outlier[row, column - 1], score)
    others = against_others(one.growth, fewest=terms.fewest_others, floor=terms.floor)[row, column]
    effect = np.full(row.shape, np.nan) if ruler is None else tfp_effects(panel, ruler, one, row, column)
    census = _census(causes(data, panel, one, terms), row, column)
    years = panel.years[column]
    marked = panel.breaks[row, column] if one.rule.name == "employment" else np.zeros(row.shape, dtype=np.bool_)
    return pl.DataFrame(
        {
            "region": [panel.regions[at] for at in row.tolist()],
            "year": years,
            "series": [one.rule.name] * len(row),
            "kind": np.where(outlier | returns, "outlier", "level_shift").tolist(),
            "move": one.growth[row, column],
            "expected": one.scores.expected[row, column],
            "score": score,
            "against_others": _null(others),
            "pair": _pair(years, outlier, returns),
            "census": census,
            "explained": [name is not None for name in census],
            "marked": marked,
            "tfp_effect": _null(effect),
        },
        schema=SCHEMA,
    )


def _census(known: list[tuple[Text, BoolArray]], row: IntArray, column: IntArray) -> list[str | None]:
    """Return the first known cause of every break."""
    masks = [mask[row, column] for _, mask in known]
    hits = zip(*(mask.tolist() for mask in masks), strict=True)
    return [next((text.en for (text, _), hit in zip(known, here, strict=True) if hit), None) for here in hits]


def _pair(years: IntArray, outlier: BoolArray, returns: BoolArray) -> list[int | None]:
    """Return the year whose move undoes, or is undone by, that of an outlier."""
    step = outlier.astype(np.int64) - returns.astype(np.int64)
    return [year + by if by else None for year, by in zip(years.tolist(), step.tolist(), strict=True)]


def _null(values: FloatArray) -> pl.Series:
    """Return numbers with null for NaN."""
    import polars as pl

    return pl.Series(values, dtype=pl.Float64, nan_to_null=True)


def _judged(panel: Panel, found: list[Judgement]) -> pl.DataFrame:
    """Return how much of every series was judged."""
    import polars as pl

    rows = []
    for one in found:
        known = np.isfinite(one.scores.shift)
        years = panel.years[known.any(axis=0)]
        first, last = (int(years[0]), int(years[-1])) if years.size else (None, None)
        rows.append((one.rule.name, int(known.any(axis=1).sum()), first, last, int(known.sum())))
    names = {"series": pl.String, "regions": pl.Int64, "first_year": pl.Int64, "last_year": pl.Int64, "moves": pl.Int64}
    return pl.DataFrame(rows, schema=names, orient="row")


def _names(data: Package) -> pl.DataFrame:
    """Return the names of the regions; the code stands in for one that is not given."""
    import polars as pl

    base = data.tables["accounts"].select("region").unique().sort("region")
    table = data.tables.get("regions")
    if table is not None and "region" in table.columns:
        base = base.join(table, on="region", how="left", maintain_order="left")
    missing = {name: pl.lit(None, pl.String) for name in ("name_zh", "name_en") if name not in base.columns}
    return base.with_columns(**missing).select(
        "region", *(pl.col(name).fill_null(pl.col("region")) for name in ("name_zh", "name_en"))
    )
