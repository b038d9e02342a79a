"""The verb `make_release`: the series that a rule takes from all regions or the nation, made from a data package."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core import yamlfile
from xinzhi.core.arrays import FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import Package, as_package, national_series
from xinzhi.protocol import Protocol, specification
from xinzhi.protocol import load as load_protocol
from xinzhi.protocol.internal import Release, series_paths, terms_of
from xinzhi.yardstick.breaking import live_linked_growth
from xinzhi.yardstick.capital import investment
from xinzhi.yardstick.estimating import (
    OFF,
    estimated_cells,
    live_national_factor,
    live_scale,
    live_schooling_growth,
    revised_ratio,
    scale_key,
)
from xinzhi.yardstick.inputs import deflator
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Panel, Ruler, Source, read_panel

TOLERANCE = 1e-9  # of a series made again: another processor may add up in another order
INPUT_OUTPUT = "input-output table as published"
HEAD = "# Made by `make_release`, not by hand: series of the data for the rule, and the figures that they are of.\n"
ByYear = dict[int, float]


@dataclass(frozen=True, slots=True)
class _Basis:
    """What a series is made from: the package, its panel, the rule, and the series that were made before it."""

    data: Package
    panel: Panel
    rules: Protocol
    series: dict[str, object] = field(default_factory=dict)

    def variables(self) -> set[str]:
        """Return the names of the series of the nation."""
        nation = self.data.tables.get("nation")
        return set() if nation is None or "variable" not in nation.columns else set(nation["variable"].to_list())

    def nation(self, variable: str) -> ByYear:
        """Return a series of the nation by year."""
        return dict(national_series(self.data, variable, verb="make_release").select("year", "value").iter_rows())

    def between_tables(self, variable: str, first: int) -> ByYear:
        """Return a share of the national input-output tables from a year on, on a straight line between them."""
        if variable not in self.variables():
            return {}
        table = self.data.tables["nation"]
        rows = table.filter(pl.col("year") >= first, variable=variable, vintage=INPUT_OUTPUT).sort("year")
        years, values = rows["year"].to_list(), rows["value"].to_list()
        return {year: float(np.interp(year, years, values)) for year in range(years[0], years[-1] + 1)} if years else {}

    def by_region(self, values: FloatArray) -> dict[str, ByYear]:
        """Return the figures `(R, T)` that there are by region and year; regions without any are left out."""
        years = self.panel.years.tolist()
        rows = {code: _finite(years, row) for code, row in zip(self.panel.regions, values.tolist(), strict=True)}
        return {region: series for region, series in rows.items() if series}


def make_release(package: Source, protocol: Ruler = DEFAULT_PROTOCOL) -> Release:
    """Make the series that a rule takes from all regions or from the nation, so that none depends on a region's file.

    Parameters
    ----------
    package
        A package with every region that the rule declares; a series whose columns it does not have is left out.
    protocol
        The rule that the series are for.

    Raises
    ------
    UsageError, InputError
        When the rule declares no set of regions; when regions of that set are absent.

    Notes
    -----
    `write_release` puts it into a file. The columns that each series is made from
    stand in ``parameters.yaml``.

    Examples
    --------
    >>> release = make_release("china-provinces")
    >>> release.made_from["labour.linked_growth"]
    ('accounts.employment', 'accounts.employment_break')
    """
    data, rules = as_package(package), _without_series(load_protocol(protocol))
    if not rules.regions:
        raise UsageError("yardstick.release-without-regions", id=rules.id)
    panel = read_panel(data)
    absent = sorted(set(rules.regions) - set(panel.regions))
    if absent:
        raise InputError("yardstick.release-of-a-part", n=len(panel.regions), absent=absent)
    columns_by_series = {path: specification(path).made_from for path in series_paths()}
    columns = sorted({column for made_from in columns_by_series.values() for column in made_from})
    digests = data.figures(columns)
    basis = _Basis(data, panel, rules)
    for path, maker in _MAKERS.items():
        value = maker(basis) if path in columns_by_series and digests.keys() & set(columns_by_series[path]) else None
        if value is not None:
            basis.series[path] = value
    series = basis.series
    made_from = {path: tuple(column for column in columns_by_series[path] if column in digests) for path in series}
    used = {column for columns_of_series in made_from.values() for column in columns_of_series}
    return Release(
        package=data.name,
        version=data.version,
        regions=tuple(sorted(rules.regions)),
        terms=terms_of(rules, series),
        series={path: specification(path).read(value) for path, value in sorted(series.items())},
        made_from=made_from,
        digests={column: digests[column] for column in columns if column in used},
    )


def _without_series(rules: Protocol) -> Protocol:
    """Return a rule without any series that is made from data, written out or released."""
    rule_parameters = {path: parameter for path, parameter in rules.parameters.items() if path not in series_paths()}
    return replace(rules, parameters=rule_parameters, release=None)


def write_release(release: Release, path: str | Path) -> Path:
    """Write a release to a YAML file: ``release.yaml`` in the folder of a package, or beside a workbook."""
    target = Path(path)
    content = release.to_dict() | {"series": dict(release.series)}
    target.write_text(HEAD + yamlfile.write(content, flow=True, width=130), encoding="utf-8")
    return target


def different_series(stated: Release, again: Release) -> list[str]:
    """Return the series of a release that were made otherwise; those that could not be made are not compared."""
    return [
        path
        for path, value in again.series.items()
        if path not in stated.series or not _near(stated.series[path], value)
    ]


def _near(first: object, second: object) -> bool:
    """Whether two series have the same keys and numbers that agree."""
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_near(first[key], second[key]) for key in first)
    if isinstance(first, int | float) and isinstance(second, int | float):
        return math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return first == second


def _national_ratio(basis: _Basis) -> ByYear | None:
    """Return national investment over the sum of the regions by year, their investment revised with their output."""
    panel = basis.panel
    if "gfcf_nominal" not in panel.nation or "investment_nominal" not in panel.investment:
        return None
    factor = live_national_factor(panel, basis.rules, revised_ratio(panel)[0])
    return _finite(panel.years.tolist(), factor.tolist())


def _price_growth(basis: _Basis) -> dict[str, ByYear] | None:
    """Return log growth of the national price of investment after the last official index, in two ways.

    ``ppi``: producer prices, by the line that fits the official index on them; ``national_deflator``: the implicit
    deflator of capital formation.
    """
    names = ("ppi", "fai_price", "gcf_nominal", "gcf_growth_real")
    if not set(names) <= basis.variables():
        return None
    ppi, official, value, volume = (basis.nation(name) for name in names)
    producer, price = ({year: math.log(level / 100) for year, level in line.items()} for line in (ppi, official))
    common_years = sorted(producer.keys() & price.keys())
    last = max(price)
    slope, level = np.polyfit([producer[year] for year in common_years], [price[year] for year in common_years], 1)
    implied = {
        year: math.log(value[year] / value[year - 1]) - math.log1p(volume[year] / 100)
        for year in sorted(value.keys() & volume.keys())
        if year > last
    }
    by_producers = {year: float(level + slope * producer[year]) for year in sorted(producer) if year > last}
    return {"national_deflator": implied, "ppi": by_producers}


def _linked_growth(basis: _Basis) -> dict[str, ByYear] | None:
    """Return the growth of employment in linked years by region."""
    return basis.by_region(live_linked_growth(basis.panel)) or None


def _national_share(basis: _Basis) -> ByYear | None:
    """Return the compensation of labour of all regions over their output, in years in which each publishes its own."""
    share, output = basis.panel.account("labour_share"), basis.panel.account("output_nominal")
    paid = share * output
    complete = np.flatnonzero(np.isfinite(paid).all(axis=0)).tolist()
    return {int(basis.panel.years[at]): math.fsum(paid[:, at]) / math.fsum(output[:, at]) for at in complete} or None


def _input_output(basis: _Basis) -> ByYear | None:
    """Return the labour share of the national input-output tables, on a straight line between them."""
    return basis.between_tables("labour_share", _last_share(basis.panel)) or None


def _net_taxes(basis: _Basis) -> ByYear | None:
    """Return net taxes on production in value added: of the regions' accounts, then moved by the national tables."""
    if "net_taxes_share_sum_of_provinces" not in basis.variables():
        return None
    of_regions = basis.nation("net_taxes_share_sum_of_provinces")
    last = max(of_regions)
    table = basis.between_tables("net_taxes_on_production_share", last)
    return of_regions | {year: of_regions[last] + value - table[last] for year, value in table.items() if year > last}


def _last_share(panel: Panel) -> int:
    """Return the last year in which every region publishes its labour share."""
    complete = np.isfinite(panel.account("labour_share")).all(axis=0)
    return int(panel.years[complete][-1]) if complete.any() else int(panel.years[0])


def _control_scale(basis: _Basis) -> dict[str, ByYear] | None:
    """Return the factor of every estimated year, for each combination of choices that it depends on."""
    panel, rules = basis.panel, basis.rules
    if not rules.declares("estimates.control_total") or not estimated_cells(panel).any():
        return None
    priced = rules.replace({"capital.price_growth": basis.series.get("capital.price_growth")})
    scales: dict[str, ByYear] = {}
    for values in product(*_CHOICES.values()):
        chosen = priced.replace(dict(zip(_CHOICES, values, strict=True)))
        key = scale_key(chosen)
        if key not in scales and chosen.value("estimates.control_total") in panel.control:
            scales[key] = _scale(panel, chosen)
    return scales or None


_CHOICES = {
    "estimates.investment_rule": [name for name in specification("estimates.investment_rule").allowed if name != OFF],
    "estimates.control_total": ["national_volume", "national_value"],
    "capital.price_after_official": ["as_published_proxy", "output_deflator", "ppi", "national_deflator"],
    "capital.benchmark": ["none", "revised_output"],
}


def _scale(panel: Panel, rules: Protocol) -> ByYear:
    """Return the factor of every estimated year, from investment without a control."""
    free = rules.replace({"estimates.control_total": "none"})
    invested = investment(panel, free, deflator(panel), list(panel.assets))
    cells = np.broadcast_to(estimated_cells(panel), invested.real.shape)
    factors = live_scale(panel, rules, invested.real * invested.price, cells, invested.price)
    estimated = cells.any(axis=(0, 1))
    return _finite(panel.years[estimated].tolist(), factors[estimated].tolist())


def _schooling_growth(basis: _Basis) -> float | None:
    """Return the mean yearly rise of schooling of the regions."""
    if not basis.rules.declares("estimates.schooling_years"):
        return None
    return live_schooling_growth(basis.panel, int(basis.rules.value("estimates.schooling_years")))


def _schooling_census(basis: _Basis) -> dict[str, ByYear] | None:
    """Return the mean years of schooling of every region in the censuses."""
    return basis.by_region(basis.panel.account("schooling_15plus")) or None


def _finite(years: list[int], values: list[float]) -> ByYear:
    return {year: value for year, value in zip(years, values, strict=True) if math.isfinite(value)}


Maker = Callable[[_Basis], object | None]
_MAKERS: Mapping[str, Maker] = {  # the scale takes the growth of prices, which is made before it
    "capital.national_ratio": _national_ratio,
    "capital.price_growth": _price_growth,
    "labour.linked_growth": _linked_growth,
    "shares.national": _national_share,
    "shares.input_output": _input_output,
    "shares.net_taxes": _net_taxes,
    "estimates.control_scale": _control_scale,
    "estimates.schooling_growth": _schooling_growth,
    "estimates.schooling_census": _schooling_census,
}
