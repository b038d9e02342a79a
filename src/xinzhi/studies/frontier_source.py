"""Where the figures of a frontier come from: a data package with its protocol, or a plain table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import xinzhi.frontier as verbs
from xinzhi import yardstick
from xinzhi.core.errors import UsageError
from xinzhi.core.lazy import pl
from xinzhi.frontier import internal
from xinzhi.studies.draft import title
from xinzhi.studies.frontier_table import at_lines, read_goods
from xinzhi.studies.tables import in_order, period_of

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Text
    from xinzhi.data import Package
    from xinzhi.data.internal import RawTable
    from xinzhi.frontier.internal import Labelled, Labels, PackageGoods
    from xinzhi.protocol import Protocol
    from xinzhi.studies.tables import Plain
    from xinzhi.yardstick import Measurement


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the figures come from: a data package with its protocol, or a plain table."""

    line: Text
    goods: PackageGoods
    timed: bool
    package: Package | None = None
    findings: tuple[Finding, ...] = ()  # warnings on the cells of a plain table
    measured: list[Measurement] = field(default_factory=list)  # filled where the goods are of the growth accounts

    def year(self, year: object, years: str | None = None) -> Any:  # noqa: ANN401 - a year, or a period of another kind
        """Return the year of the efficiencies: the one asked for, else the latest official one."""
        if not self.timed:
            if year or years:
                raise UsageError("studies.no-period")
            return 0
        return self.goods.official_years()[-1] if year is None else self._period(year)

    def _period(self, year: object) -> Any:  # noqa: ANN401 - a period
        periods = self.goods.frame["year"].unique().sort().to_list()
        spelt = {str(year).strip(), *map(str, in_order(pl.Series([str(year).strip()])))}
        period = next((period for period in periods if str(period) in spelt), None)
        if period is None:
            raise UsageError("studies.no-such-year", year=str(year), first=periods[0], last=periods[-1])
        return period

    def span(self, years: str | None) -> list[Any]:
        """Return the years of a panel: those asked for, else all that are official."""
        if not self.timed:
            raise UsageError("studies.needs-period")
        complete = self.goods.frame.drop_nulls(list(self.goods.goods))["year"].unique().sort().to_list()
        if years is None:
            periods = self.goods.official_years() if self.package is not None else complete
        else:
            first, colon, last = years.replace("：", ":").partition(":")
            if not colon:
                raise UsageError("studies.span", years=years)
            start, end = self._period(first), self._period(last)
            if start > end:
                raise UsageError("studies.span-reversed", years=years)
            periods = [period for period in complete if start <= period <= end]
        if len(periods) <= 1:
            raise UsageError("studies.two-years")
        return periods

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame | RawTable:
        """Return rows of the goods as a verb takes them that names lines."""
        return at_lines(frame, self.line.en)

    def with_labels(self, result: Labelled, labels: Labels) -> Labelled:
        """Return a result with the names of its units and what it was computed from."""
        provenance = result.provenance
        labels = replace(labels, notes=(*(finding.text for finding in self.findings), *labels.notes))
        if self.package is not None:
            fingerprints = {table: self.package.fingerprint(table) for table in self.goods.tables}
            provenance = replace(provenance, package=self.package.name, inputs=fingerprints)
        if self.measured:
            accounts = self.measured[0].provenance
            provenance = replace(
                provenance,
                protocol=accounts.protocol,
                protocol_fingerprint=accounts.protocol_fingerprint,
                standing=accounts.standing,
                inputs={**accounts.inputs, **provenance.inputs},
            )
        return replace(internal.labelled(result, labels), provenance=provenance)


def of_package(
    package: Package, columns: tuple[str, ...], rules: Protocol, measurement: Measurement | None, group: str | None
) -> Source:
    """Return the goods of a package; those of the growth accounts are measured where they are asked for."""
    measured: list[Measurement] = []

    @cache
    def take() -> Measurement:
        measured.append(measurement or yardstick.measure(package, rules))
        return measured[0]

    goods = verbs.package_goods(package, columns, take, group=group)
    # the units of measurement of the goods, as far as the package tells
    tables = {table.get("name"): table for table in package.descriptor.get("resources", [])}
    measures = {name: about.get("unit") for name, about in tables.get("indicators", {}).get("indicators", {}).items()}
    measures |= input_units(rules, package) | dict(package.units.get("accounts", {}))
    labels = replace(goods.labels, measures={name: measures[name] for name in goods.goods if measures.get(name)})
    return Source(
        line=title(package), goods=replace(goods, labels=labels), timed=True, package=package, measured=measured
    )


def input_units(protocol: Protocol, package: Package) -> dict[str, str]:
    """Return the units of the levels behind the accounts, as far as the package's units tell.

    A capital stock built from investment is at the prices of the base year of the investment price index.
    """
    accounts = package.units.get("accounts", {})
    investment = package.units.get("investment", {})
    units = {"output": accounts.get("output_real"), "capital": accounts.get("capital")}
    if protocol.value("labour.unit") == "persons":
        units["labour"] = accounts.get("employment")
    price, nominal = investment.get("investment_price", ""), investment.get("investment_nominal")
    if units["capital"] is None and nominal and price.startswith("index ") and "=" in price:
        units["capital"] = f"{nominal} at {price.removeprefix('index ').partition('=')[0]} prices"
    return {name: unit for name, unit in units.items() if unit}


def of_table(table: Plain, columns: tuple[str, ...], unit: str | None, period: str | None, group: str | None) -> Source:
    """Return the goods of a plain table."""
    table.require(*columns, unit, period, group)
    period = period or period_of(table.frame)
    goods, findings = read_goods(table, columns, period, unit, group)
    return Source(line=table.source, goods=goods, timed=period is not None, findings=findings)
