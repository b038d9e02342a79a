"""The use test: how much digital input stands behind a unit of output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Provenance
from xinzhi.scope.dependent import Dependence
from xinzhi.scope.facts import document, read_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import IntArray
    from xinzhi.scope.inputoutput import InputOutput

_BOUNDS = ("lower", "share", "upper")


def digital_dependence(
    table: InputOutput | Mapping[int, InputOutput],
    *,
    digital: Sequence[str] | Mapping[str, Any] | str,
    region: str | None = None,
    threshold: str | float | None = None,
    ict_capital: Mapping[Any, float] | None = None,
    names: Mapping[str, str] | None = None,
) -> Dependence:
    """Measure how far industries depend on digital input, directly and in total, and which use enough of it to be in.

    Parameters
    ----------
    table
        An input-output table, or tables by year.
    digital
        The digital core: industries; or shares of industries that belong only in part, a number or
        ``{"lower": .., "share": .., "upper": ..}`` each; or the name of a mapping that ships (``wiod-2013``).
    region
        The region whose industries are asked about; its inputs may come from all regions of the table. Needed where a
        table has several.
    threshold
        Name of a rule of ``thresholds.yaml``, or a number: digital input per unit of output. By default the rule in
        force on the last day of the first year.
    ict_capital
        Share of capital compensation that goes to information and communication capital, by industry or by ``(year,
        industry)``; such an industry is in scope also where this share reaches its own threshold.
    names
        Names of industries to show.

    Returns
    -------
    Dependence
        `frame` has a row per year and industry, `by_year` the share of output in scope.

    Raises
    ------
    UsageError
        When the region, the core or the threshold cannot be used.
    InputError
        When years differ in their industries.

    Notes
    -----
    With A the input coefficients, L = (I - A)^-1 and d the share of every industry in the digital core,
    direct dependence is d'A and total dependence d'(L - I): units of digital product behind a unit of output, all
    rounds of supply counted, the unit itself not. An industry is in scope for its share in the core, and wholly when
    its dependence reaches the threshold. Bounds come from the bounds of d. Rasmussen (1956); Miller and Blair (2009),
    chapter 6.

    Examples
    --------
    >>> from xinzhi.scope import input_output
    >>> table = input_output([[0.0, 50.0], [20.0, 0.0]], [100.0, 100.0], industries=["chips", "cars"])
    >>> found = digital_dependence(table, digital=["chips"], threshold=0.5)
    >>> found.frame["total"].round(6).to_list(), found.frame["because"].to_list()
    ([0.111111, 0.555556], ['core', 'use'])
    """
    import polars as pl

    from xinzhi import __version__

    tables = dict(sorted(table.items())) if isinstance(table, Mapping) else {None: table}
    if not tables:
        message = "there is no table: hand in an input-output table, or tables by year."
        raise UsageError(message)
    mapping = document(f"{digital}.yaml") if isinstance(digital, str) and digital == "wiod-2013" else None
    shares = _core(mapping["core"] if mapping else digital)
    labels = dict(names or {}) | ({key: item["en"] for key, item in mapping["industries"].items()} if mapping else {})
    years = [_year(year, one, shares, _region(one, region), labels) for year, one in tables.items()]
    _same(years)
    rule = _rule(threshold, next(iter(tables)))
    level = _level(rule, years[0])
    frame = _judged(pl.concat(years), level, _capital(ict_capital, pl.concat(years)))
    return Dependence(
        frame=frame,
        threshold=level,
        rule=rule,
        region=region or "",
        residual=max(one.residual for one in tables.values()),
        spectral_radius=max(one.spectral_radius for one in tables.values()),
        provenance=Provenance(
            verb="digital_dependence",
            version=__version__,
            options={
                "digital": {key: list(values) for key, values in shares.items()},
                "region": region,
                "threshold": level,
            },
        ),
    )


def _core(digital: Any) -> dict[str, tuple[float, float, float]]:  # noqa: ANN401 - a list or a mapping
    """Return bounds and share of every industry of the core."""
    if isinstance(digital, str):
        message = f"digital = '{digital}': name the industries of the core in a list, or the mapping wiod-2013."
        raise UsageError(message)
    if not isinstance(digital, Mapping):
        return {str(code): (1.0, 1.0, 1.0) for code in digital}
    found: dict[str, tuple[float, float, float]] = {}
    for code, about in digital.items():
        values = [about] * 3 if isinstance(about, int | float) else [about.get(name) for name in _BOUNDS]
        numbers = [float(value) for value in values if value is not None]
        if len(numbers) != len(_BOUNDS) or numbers != sorted(numbers) or numbers[0] < 0 or numbers[-1] > 1:
            message = f"the share of {code} in the core is {about}: 0 <= lower <= share <= upper <= 1 has to hold."
            raise UsageError(message)
        found[str(code)] = (numbers[0], numbers[1], numbers[2])
    return found


def _region(table: InputOutput, region: str | None) -> IntArray:
    """Return the positions of the industries that are asked about."""
    there = list(dict.fromkeys(table.regions))
    if region is None:
        if len(there) > 1:
            message = f"the table has {len(there)} regions: say which with region=, such as {there[0]}."
            raise UsageError(message)
        return np.arange(table.size, dtype=np.int64)
    if region not in there:
        message = (
            f"the table has no region '{region}'; it has {', '.join(there[:10])}{' ...' if len(there) > 10 else ''}."  # noqa: PLR2004 - what fits a line
        )
        raise UsageError(message)
    return np.flatnonzero(np.array(table.regions) == region).astype(np.int64)


def _year(
    year: int | None,
    table: InputOutput,
    shares: Mapping[str, tuple[float, float, float]],
    at: IntArray,
    labels: Mapping[str, str],
) -> pl.DataFrame:
    """Return the dependence of one year: one factorisation, one solution for all bounds and origins."""
    import polars as pl

    industries = np.array(table.industries)
    absent = [code for code in shares if code not in table.industries]
    if absent:
        there = ", ".join(dict.fromkeys(table.industries))
        message = f"the core names {', '.join(absent)}, which the table does not have; its industries: {there}."
        raise UsageError(message)
    core = np.array([shares.get(code, (0.0, 0.0, 0.0)) for code in table.industries])
    home = np.isin(np.arange(table.size), at)
    questions = np.column_stack([core, core[:, 1] * home])
    total = table.behind(questions)[at]
    direct = (questions.T @ table.coefficients)[:, at]
    return pl.DataFrame(
        {
            "year": pl.Series([year] * at.size, dtype=pl.Int64),
            "industry": industries[at],
            "name": [labels.get(code, "") for code in industries[at]],
            "output": table.output[at],
            "core": core[at, 1],
            "core_lower": core[at, 0],
            "core_upper": core[at, 2],
            "direct": direct[1],
            "total": total[:, 1],
            "total_lower": total[:, 0],
            "total_upper": total[:, 2],
            "total_domestic": total[:, 3],
            "total_imported": total[:, 1] - total[:, 3],
        }
    )


def _same(years: Sequence[pl.DataFrame]) -> None:
    first = set(years[0]["industry"])
    for one in years[1:]:
        if set(one["industry"]) != first:
            odd = sorted(first.symmetric_difference(one["industry"]))
            message = f"{one['year'][0]} has other industries than {years[0]['year'][0]}: {', '.join(odd[:5])}."
            raise InputError(message)


def _rule(threshold: str | float | None, year: int | None) -> dict[str, Any]:
    """Return the rule that says when an industry uses enough."""
    if isinstance(threshold, int | float):
        if not threshold > 0:
            message = f"threshold = {threshold}: digital input per unit of output has to be above 0."
            raise UsageError(message)
        return {"id": "given", "rule": "absolute", "value": float(threshold), "reference": "given in the call"}
    rules = document("thresholds.yaml")
    if threshold is not None:
        if threshold not in rules:
            message = f"there is no threshold '{threshold}'; these are: {', '.join(rules)}, or a number."
            raise UsageError(message)
        return {"id": threshold, **rules[threshold]}
    for name, rule in rules.items():
        day = read_date(year) if year is not None else rule["valid_from"]
        if rule["default"] and rule["valid_from"] <= day and (rule["valid_to"] is None or day <= rule["valid_to"]):
            return {"id": name, **rule}
    message = f"no threshold is in force in {year}; name one of {', '.join(rules)}, or give a number."
    raise UsageError(message)


def _level(rule: Mapping[str, Any], first: pl.DataFrame) -> float:
    """Return the digital input per unit of output at which an industry is in."""
    import polars as pl

    if rule["rule"] == "absolute":
        return float(rule["value"])
    rest = first.filter((pl.col("core") <= 0) & (pl.col("output") > 0))["total"]
    if rest.is_empty():
        message = "every industry belongs to the core: there is no quantile of the others; give a number as threshold."
        raise UsageError(message)
    return float(np.quantile(rest.to_numpy(), float(rule["value"])))


def _capital(shares: Mapping[Any, float] | None, frame: pl.DataFrame) -> pl.Series:
    """Return the share of ICT capital of every row, null where none is given."""
    import polars as pl

    if shares is None:
        return pl.Series("ict_capital", [None] * frame.height, dtype=pl.Float64)
    known = set(frame["industry"])
    for key, share in shares.items():
        code = key[1] if isinstance(key, tuple) else key
        if code not in known or not 0 <= share <= 1:
            message = f"ict_capital: {key} = {share}: the industry has to be in the table, the share between 0 and 1."
            raise UsageError(message)
    found = [shares.get((year, code), shares.get(code)) for year, code in frame.select("year", "industry").iter_rows()]
    return pl.Series("ict_capital", found, dtype=pl.Float64)


def _judged(frame: pl.DataFrame, level: float, capital: pl.Series) -> pl.DataFrame:
    """Return the frame with what is in scope: for being of the core, for using, or for its ICT capital."""
    import polars as pl

    least = float(document("thresholds.yaml")["ict-capital"]["value"])
    frame = frame.with_columns(capital)
    by_capital = pl.col("ict_capital").fill_null(0.0) >= least
    some = pl.col("output") > 0

    def share(core: str, total: str) -> pl.Expr:
        uses = (pl.col(total) >= level) | by_capital
        return pl.when(~some).then(None).when(uses).then(1.0).otherwise(pl.col(core))

    word = (
        pl.when(~some)
        .then(pl.lit("no output"))
        .when(pl.col("core") > 0)
        .then(pl.lit("core"))
        .when(pl.col("total") >= level)
        .then(pl.lit("use"))
        .when(by_capital)
        .then(pl.lit("ict capital"))
        .otherwise(pl.lit("below"))
    )
    return frame.with_columns(
        share=share("core", "total"),
        lower=share("core_lower", "total_lower"),
        upper=share("core_upper", "total_upper"),
        because=word,
    )
