"""The growth accounts once more, in decimals: a reference implementation that shares no formula with the yardstick.

It was written from the text of the protocol and docs/yardstick.md. It reads the tables of a package as rows and the
parameters as a certificate writes them out, needs the standard library alone, and carries 34 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from decimal import Decimal, localcontext
from typing import Any

Cell = tuple[str, int]  # region, or sum of regions, and year
Series = dict[int, Decimal]  # by year
Line = dict[str, Decimal]  # a row of results by column
Tables = Mapping[str, Iterable[Mapping[str, object]]]
Parameters = Mapping[str, object]  # by path

DIGITS, ZERO, UNIT = 34, Decimal(0), Decimal(1)
TOTAL, OFF = "total", {"off", "none", None}
RATES = ("output", "capital", "labour", "human_capital")


class NotCoveredError(Exception):
    """What a protocol or a package asks for is not computed here; `names` says what."""

    def __init__(self, *names: str) -> None:
        self.names = names
        super().__init__(", ".join(names))


def exact(value: object) -> Decimal:
    """Return a number as it is written."""
    return Decimal(str(value))


def nearest(series: Mapping[int, Decimal], year: int) -> Decimal:
    """Return the figure of a year, else the last one before it, else the first of all."""
    before = [at for at in series if at <= year]
    return series[max(before) if before else min(series)]


def step(series: Mapping[int, Decimal], year: int) -> Decimal | None:
    """Return the log growth of a year; None where either end has no figure above zero."""
    now, before = series.get(year, ZERO), series.get(year - 1, ZERO)
    return now.ln() - before.ln() if now > 0 and before > 0 else None


@dataclass(frozen=True)
class Inputs:
    """The levels of a region, or of a sum of regions, in a year."""

    output: Decimal
    capital: Decimal
    labour: Decimal
    human_capital: Decimal
    share: Decimal


class Data:
    """The figures of a package by column, region and year, and the years whose investment is not official."""

    def __init__(self, tables: Tables) -> None:
        """Read the rows: every figure as it is written, an empty cell as no figure."""
        self.columns: dict[str, dict[str, Series]] = {}
        self.unofficial: set[Cell] = set()
        years, cells = set[int](), set[Cell]()
        for table in ("investment", "accounts"):
            for row in tables.get(table, ()):
                region, year = str(row["region"]), row["year"]
                if not isinstance(year, int) or row.get("asset", TOTAL) != TOTAL:
                    raise NotCoveredError("accounts.year" if table == "accounts" else "investment.asset")
                years.add(year)
                cells |= {(region, year)} if table == "accounts" else set()
                for name, value in row.items():
                    if isinstance(value, int | float) and name != "year":
                        self.columns.setdefault(name, {}).setdefault(region, {})[year] = exact(value)
                if row.get("investment_status", row.get("investment_nominal_status", "official")) != "official":
                    self.unofficial.add((region, year))
        if not {"output_real", "employment"} <= self.columns.keys() or not cells:
            raise NotCoveredError("accounts.output_real", "accounts.employment")
        listed = [*tables.get("regions", ())]
        self.listed = {str(row["region"]) for row in listed}
        self.groups = {str(row["region"]): str(row["group_en"]) for row in listed if row.get("group_en")}
        self.regions = sorted({region for region, _ in cells})
        self.years = range(min(years), max(year for _, year in cells) + 1)

    def series(self, name: str, region: str) -> Series:
        """Return a column of a region by year; empty where there is none."""
        return self.columns.get(name, {}).get(region, {})

    def estimated(self, region: str) -> list[int]:
        """Return the years after the last official investment whose figure is not official."""
        official = [year for year in self.series("investment_nominal", region) if (region, year) not in self.unofficial]
        return [year for year in self.years if official and year > max(official) and (region, year) in self.unofficial]


class Reference:
    """The inputs of every region under the parameters of a protocol."""

    def __init__(self, parameters: Parameters, declared: frozenset[str], data: Data) -> None:
        """Take the parameters and the set of regions that the national series of the protocol are of."""
        self.parameters, self.data = parameters, data
        self.own_set = declared >= {*data.regions}
        self.declared = declared if self.own_set else frozenset({*data.regions} | data.listed)
        self.base = self.price_base()

    def get(self, path: str) -> Any:  # noqa: ANN401 - text, number, list or table, as the parameter has it
        """Return a parameter; None where it is blank."""
        return self.parameters.get(path)

    def number(self, path: str) -> Decimal:
        """Return a parameter that must be one number: one that is blank or changes with time is not covered."""
        value = self.get(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotCoveredError(path)
        return exact(value)

    def stated(self, path: str, *below: str) -> Series:
        """Return a series of the protocol by year, which is of its own set of regions."""
        value = self.get(path)
        for name in below:
            value = (value or {}).get(name)
        if not isinstance(value, Mapping) or "dated" in value or not self.own_set:
            raise NotCoveredError(path)
        return {int(year): exact(figure) for year, figure in value.items()}

    def price_base(self) -> int | None:
        """Return the year in whose prices regions are compared; None where not every region has its prices."""
        base, data = self.get("output.price_base"), self.data
        for region in data.regions:
            price = data.series("investment_price", region)
            needed = [data.series("output_real", region), data.series("output_nominal", region), price or {base: UNIT}]
            if not all(base in series for series in needed):
                return None
        return None if base is None else int(base)

    def output(self, region: str) -> Series:
        """Return output at prices of the base year."""
        real, nominal = self.data.series("output_real", region), self.data.series("output_nominal", region)
        deflator = UNIT if self.base is None else nominal[self.base] / real[self.base]
        return {year: value * deflator for year, value in real.items()}

    def benchmark(self, region: str) -> Callable[[int], Decimal]:
        """Return the factor of published investment by year: output as revised, then the nation's total."""
        kind, expenditure = self.get("capital.benchmark"), self.data.series("expenditure_gdp", region)
        nominal = self.data.series("output_nominal", region)
        revised = {year: nominal[year] / value for year, value in expenditure.items() if value and year in nominal}
        revised = {year: ratio for year, ratio in revised.items() if ratio > 0}
        if kind in OFF or not revised:
            return lambda _: UNIT
        if kind == "revised_output":
            return lambda year: nearest(revised, year)
        # In estimated years the last official factor goes on: the control total has the growth of the nation.
        estimated = {year for code in self.data.regions for year in self.data.estimated(code)}
        skipped = set[int]() if self.get("estimates.investment_rule") in OFF else estimated
        stated = self.stated("capital.national_ratio").items()
        national = {year: ratio for year, ratio in stated if year in self.data.years and year not in skipped}
        return lambda year: nearest(revised, year) * nearest(national, year)

    def nominal_investment(self, region: str) -> Series:
        """Return investment at current prices, benchmarked, and moved by the rule after its last official figure."""
        published, factor = self.data.series("investment_nominal", region), self.benchmark(region)
        nominal = {year: value * factor(year) for year, value in published.items()}
        rule, later = self.get("estimates.investment_rule"), self.data.estimated(region)
        if rule in OFF or not later:
            return nominal
        fixed_weights = {"fai_growth": UNIT, "investment_rate": ZERO}
        weight = fixed_weights[rule] if rule in fixed_weights else self.number("estimates.investment_weight")
        fixed, output = (self.data.series(name, region) for name in ("fixed_asset_investment", "output_nominal"))
        level = nominal[later[0] - 1].ln()
        for year in later:
            indicator = step(fixed, year)
            indicator = step(published, year) if indicator is None else indicator
            general = step(output, year)
            if general is None:
                raise NotCoveredError("accounts.output_nominal")
            level += general if indicator is None else weight * indicator + (1 - weight) * general
            nominal[year] = level.exp() * self.control(weight, year)
        return nominal

    def control(self, weight: Decimal, year: int) -> Decimal:
        """Return the factor that brings the estimates of all regions to the national control total."""
        total = self.get("estimates.control_total")
        if total in OFF:
            return UNIT
        price = f"/{self.get('capital.price_after_official')}" if total == "national_volume" else ""
        revised = "" if self.get("capital.benchmark") in OFF else "/revised"
        key = f"{weight.normalize():f}/{total}{price}{revised}"
        return nearest(self.stated("estimates.control_scale", key), year)

    def capital(self, region: str) -> Series:
        """Return the stock at the end of every year: a perpetual inventory at prices of the base year, or given."""
        reported, price = self.data.series("capital", region), self.data.series("investment_price", region)
        if self.get("capital.measure") == "given_stock" or not self.data.columns.get("investment_nominal"):
            return reported
        deflator = {year: value / (UNIT if self.base is None else price[self.base]) for year, value in price.items()}
        nominal = self.nominal_investment(region)
        real = {year: value / deflator[year] for year, value in nominal.items() if year in deflator}
        start, level = self.first_stock(region, real, deflator)
        survival, stock = 1 - self.number("capital.depreciation"), Series()
        for year in self.data.years:
            if year > start:
                level = survival * level + real[year] if year in real else ZERO
            if year >= start and level <= 0:
                break
            if year >= start:
                stock[year] = level
        return stock

    def first_stock(self, region: str, real: Series, deflator: Series) -> tuple[int, Decimal]:
        """Return the first year and the stock at its end."""
        table = self.get("capital.initial_table") or ()
        entry = next((row for row in table if str(row["region"]) == region), None)
        if entry is not None:
            return int(entry["year"]), exact(entry["value"]) / deflator[int(entry["year"])]
        first, last = int(self.number("capital.initial_year")), self.data.years[-1]
        start = min((year for year in real if year >= first), default=last + 1)
        if start > last:
            return start, ZERO
        if start == first:
            return start, self.number("capital.initial_ratio") * real[start]
        end = min(start + int(self.number("capital.initial_growth_years")), last)
        growth = ((real[end].ln() - real[start].ln()) / max(end - start, 1)).exp() - 1
        return start, real[start] / (growth + self.number("capital.depreciation"))

    def employment(self, region: str) -> Series:
        """Return employed persons; a linked break takes the stated growth, and the years before it move."""
        persons = linked = self.data.series("employment", region)
        if self.get("labour.breaks") != "link":
            return persons
        if not self.has_links():
            raise NotCoveredError("labour.linked_growth")
        for broken, growth in self.get("labour.linked_growth").get(region, {}).items():
            published = step(persons, int(broken))
            shift = UNIT if published is None else (published - exact(growth)).exp()
            linked = {year: value * shift if year < int(broken) else value for year, value in linked.items()}
        return linked

    def has_links(self) -> bool:
        """Return whether the protocol states the growth that stands in for breaks of employment in these regions."""
        return self.own_set and isinstance(self.get("labour.linked_growth"), Mapping)

    def human_capital(self, region: str, year: int) -> Decimal | None:
        """Return human capital per person, from years of schooling or as it is given."""
        reported, series = (self.data.series(name, region) for name in ("human_capital", "schooling"))
        quality = self.get("labour.quality")
        if quality == "given" or (quality == "schooling" and reported and not series):
            return reported.get(year)
        if quality == "none" or not series:
            return UNIT
        schooling, later = nearest(series, year), [at for at in series if at > year]
        if not later and self.get("estimates.schooling_rule") == "trend":
            if not self.own_set:
                raise NotCoveredError("estimates.schooling_growth")
            schooling += self.number("estimates.schooling_growth") * (year - max(series))
        elif later and year > min(series):
            before, after = max(at for at in series if at <= year), min(later)
            schooling += (series[after] - schooling) * (year - before) / (after - before)
        log, floor = ZERO, ZERO
        for limit, rate in self.get("labour.returns_to_schooling"):
            ceiling = schooling if limit is None else min(schooling, exact(limit))
            log, floor = log + exact(rate) * max(ceiling - floor, ZERO), max(ceiling, floor)
        return log.exp()

    def labour_share(self, region: str, year: int) -> Decimal:
        """Return the share of labour; outside the observed years the nearest, moved by the national tables."""
        rule = self.get("shares.rule")
        if rule == "constant":
            return self.number("shares.constant")
        observed = self.data.series("labour_share", region)
        series = self.stated("shares.national") if rule == "observed_national" else observed
        if not series:
            raise NotCoveredError("accounts.labour_share")
        last = max(series)
        if year <= last or self.get("shares.after") != "input_output":
            return nearest(series, year)
        table = self.stated("shares.input_output")
        return series[last] + (nearest(table, year) - table[last] if last in table else ZERO)

    def inputs(self) -> dict[Cell, Inputs]:
        """Return the levels of every region and year for which all of them are there and above zero."""
        result = {}
        for region in self.data.regions:
            output, stock, persons = self.output(region), self.capital(region), self.employment(region)
            for year in self.data.years:
                quality = self.human_capital(region, year)
                levels = [series.get(year, ZERO) for series in (output, stock, persons)]
                if quality is not None and min(*levels, quality) > 0:
                    share = self.labour_share(region, year)
                    result[region, year] = Inputs(levels[0], levels[1], levels[2], quality, share)
        return result


def accounts(levels: Mapping[Cell, Inputs]) -> dict[Cell, Line]:
    """Return the growth accounts of every unit and year that has levels in this year and the year before."""
    result = {}
    for (unit, year), now in levels.items():
        if (before := levels.get((unit, year - 1))) is None:
            continue
        weight = (now.share + before.share) / 2
        line = {f"{name}_growth": getattr(now, name).ln() - getattr(before, name).ln() for name in RATES}
        line["labour_share"] = weight
        for name, factor in (("capital", 1 - weight), ("labour", weight), ("human_capital", weight)):
            line[f"{name}_contribution"] = factor * line[f"{name}_growth"]
        explained = sum((line[f"{name}_contribution"] for name in RATES[1:]), ZERO)
        result[unit, year] = {**line, "tfp_growth": line["output_growth"] - explained}
    return result


def compare(levels: Mapping[Cell, Inputs]) -> dict[Cell, Line]:
    """Return the levels of every year against the mean of its regions (Caves, Christensen and Diewert 1982)."""
    result: dict[Cell, Line] = {}
    for year in {year for _, year in levels}:
        logs = {cell: [value.ln() for value in astuple(row)[:4]] for cell, row in levels.items() if cell[1] == year}
        shares = {cell: levels[cell].share for cell in logs}
        output, stock, persons, quality = (sum(column, ZERO) / len(logs) for column in zip(*logs.values(), strict=True))
        share, index = sum(shares.values(), ZERO) / len(logs), {}
        for cell, (own_output, own_stock, own_persons, own_quality) in logs.items():
            weight = (shares[cell] + share) / 2
            worked = weight * (own_persons + own_quality - persons - quality)
            index[cell] = own_output - output - (1 - weight) * (own_stock - stock) - worked
        mean, best = sum(index.values(), ZERO) / len(logs), max(index.values())
        for cell, (own_output, own_stock, own_persons, _) in logs.items():
            result[cell] = {
                "output_per_worker": (own_output - own_persons - output + persons).exp(),
                "capital_per_worker": (own_stock - own_persons - stock + persons).exp(),
                "tfp_level": (index[cell] - mean).exp(),
                "tfp_to_leader": (index[cell] - best).exp(),
            }
    return result


def total(levels: Mapping[Cell, Inputs], members: list[str], name: str) -> dict[Cell, Inputs]:
    """Return the sum of some regions in every year that all of them have."""
    result = {}
    for year in {year for _, year in levels}:
        rows = [levels[region, year] for region in members if (region, year) in levels]
        if len(rows) == len(members):
            output, capital, labour = (sum(column, ZERO) for column in [*zip(*map(astuple, rows), strict=True)][:3])
            quality = sum((row.human_capital * row.labour for row in rows), ZERO) / labour
            share = sum((row.share * row.output for row in rows), ZERO) / output
            result[name, year] = Inputs(output, capital, labour, quality, share)
    return result


def periods(growth: Mapping[Cell, Line], spans: Iterable[Iterable[int]]) -> dict[str, Line]:
    """Return the mean of every column over the years after the start up to the end, of units that have all of them."""
    years, result = [year for _, year in growth], {}
    full = {(min(years) - 1, max(years))} if years else set()
    for start, end in {*(tuple(span) for span in spans), *full}:
        for unit in {unit for unit, _ in growth}:
            lines = [growth[unit, year] for year in range(start + 1, end + 1) if (unit, year) in growth]
            if len(lines) == end - start:
                mean = {name: sum((line[name] for line in lines), ZERO) / len(lines) for name in lines[0]}
                part = {"tfp_part": mean["tfp_growth"] / mean["output_growth"]} if mean["output_growth"] else {}
                result[f"{unit}/{start}/{end}"] = mean | part
    return result


def variants(reference: Reference, levels: Mapping[Cell, Inputs]) -> dict[Cell, Line]:
    """Return growth of TFP with breaks of employment left in, and linked, where the protocol has both ways."""
    result: dict[Cell, Line] = {}
    for name, way in (("raw_tfp_growth", "flag"), ("linked_tfp_growth", "link")):
        if reference.get("labour.breaks") is None or (way == "link" and not reference.has_links()):
            continue
        variant = Reference({**reference.parameters, "labour.breaks": way}, reference.declared, reference.data)
        persons = {region: variant.employment(region) for region in reference.data.regions}
        linked = {cell: replace(row, labour=persons[cell[0]][cell[1]]) for cell, row in levels.items()}
        for cell, line in accounts(linked).items():
            result.setdefault(cell, {})[name] = line["tfp_growth"]
    return result


def recompute(parameters: Parameters, declared: Iterable[str], tables: Tables) -> dict[str, dict[str, Line]]:
    """Return every figure that is covered, by table of the certificate, row and column; refuse what is not covered."""
    with localcontext() as context:
        context.prec = DIGITS
        data = Data(tables)
        reference = Reference(parameters, frozenset(declared), data)
        levels, spans = reference.inputs(), reference.get("reporting.periods") or ()
        growth = accounts(levels)
        complete = reference.declared <= {region for region, _ in growth}  # else there are no sums and no levels
        relative, of_breaks = compare(levels) if complete else {}, variants(reference, levels)
        sums, of_groups = dict[Cell, Line](), dict[Cell, Line]()
        if complete:
            sums = accounts(total(levels, data.regions, TOTAL))
            for name in {*data.groups.values()}:
                members = [region for region in data.regions if data.groups.get(region) == name]
                of_groups |= accounts(total(levels, members, name)) if members else {}
        placed = {cell: {"tfp_level": line["tfp_level"]} for cell, line in relative.items()}
        yearly = {cell: line | placed.get(cell, {}) for cell, line in growth.items()}
        return {
            "growth": {f"{region}/{year}": line for (region, year), line in yearly.items()},
            "levels": {f"{region}/{year}": line for (region, year), line in relative.items()},
            "periods": periods({cell: line | of_breaks.get(cell, {}) for cell, line in growth.items()}, spans),
            "national_periods": periods(sums, spans),
            "group_periods": periods(of_groups, spans),
        }
