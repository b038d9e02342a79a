"""Hold the figures of a certificate against those of the reference implementation, and say what it does not cover."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from xinzhi.core.finding import Finding, finding
from xinzhi.data import Package
from xinzhi.report.certificate.independent import Line, NotCoveredError, recompute
from xinzhi.report.certificate.schema import Certificate, ResultTable
from xinzhi.report.certificate.tables import flat, limit_findings

# What the reference implementation computes, by parameter. Any other value is refused, never passed over.
COVERED: dict[str, tuple[object, ...]] = {
    "output.concept": ("gross_domestic_product", "value_added"),
    "output.vintage": ("latest",),
    "capital.measure": ("stock", "given_stock"),
    "capital.investment": ("gross_fixed_capital_formation", None),
    "capital.benchmark": ("national", "revised_output", "none", None),
    "capital.investment_after_official": ("extrapolated", None),
    "capital.price": ("investment_price_index", None),
    "capital.price_after_official": ("as_published_proxy", None),
    "capital.depreciation_rule": ("geometric", None),
    "capital.initial_rule": ("ratio_to_investment", None),
    "capital.initial_later_start": ("steady_state", None),
    "capital.timing": ("end_of_year", None),
    "labour.unit": ("persons",),
    "labour.breaks": ("link", "flag", None),
    "labour.quality": ("schooling", "given", "none"),
    "labour.missing_schooling": ("interpolate", None),
    "shares.rule": ("observed_national", "observed_regional", "constant"),
    "shares.averaging": ("two_year",),
    "shares.carry": ("carry", None),
    "shares.valuation": ("market_prices", None),
    "shares.after": ("input_output", "carry", None),
    "shares.self_employed": ("as_given", None),
    "shares.corner": ("none", None),
    "index.formula": ("tornqvist",),
    "index.cross_section": ("caves_christensen_diewert",),
    "estimates.investment_rule": ("half", "fai_growth", "investment_rate", "off", None),
    "estimates.control_total": ("national_volume", "national_value", "none", None),
    "estimates.schooling_rule": ("trend", "hold", None),
}
# Numbers that it reads or that decide none of its figures: those of rules that it refuses, and those of bands.
NUMBERS = {
    "output": "price_base",
    "capital": "national_ratio price_growth price_official_until depreciation initial_year initial_ratio "
    "initial_output_ratio initial_growth_years initial_table",
    "labour": "linked_growth returns_to_schooling",
    "shares": "constant national net_taxes input_output",
    "estimates": "investment_weight control_scale schooling_census schooling_years schooling_growth learn learned_from "
    "level draws block shrinkage widening decided seed retail_years correction_years",
    "reporting": "periods decimals grades initial_stock_share result_digits",
}
TABLES = ("accounts", "investment", "regions")
EDGE = Decimal("0.51")  # half a unit of the last digit, and room for a value of 16 digits that lies on the edge


def uncovered(parameters: Mapping[str, object]) -> Iterator[str]:
    """Yield every parameter that the reference implementation does not follow, with its value."""
    for path, value in parameters.items():
        group, _, name = path.partition(".")
        if path in COVERED:
            if isinstance(value, dict | list) or value not in COVERED[path]:
                yield f"{path}={'...' if isinstance(value, dict | list) else value}"
        elif value is not None and name not in NUMBERS.get(group, "").split():
            yield path


def compare_independently(stated: Certificate, package: Package) -> Iterator[Finding]:
    """Yield what the reference implementation finds different, what it refuses, or how many figures it agrees with."""
    try:
        document = stated.protocol.document
        parameters = {
            **document.get("release", {}).get("series", {}),
            **{path: entry["value"] for path, entry in document["parameters"].items()},
        }
        if names := [*uncovered(parameters)]:
            yield finding("certificate.independent-not-covered", words={"names": names}, key="protocol")
            return
        rows = {name: package.tables[name].iter_rows(named=True) for name in TABLES if name in package.tables}
        figures = recompute(parameters, document["regions"], rows)
    except NotCoveredError as refusal:
        yield finding("certificate.independent-not-covered", words={"names": list(refusal.names)}, key="protocol")
        return
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        yield finding("certificate.independent-failed", words={"problem": repr(error)}, key="protocol")
        return
    findings, count, left_out = [], 0, []
    for name, lines in figures.items():
        table = stated.results.tables.get(name)
        if table is None:
            findings.append(finding("certificate.result-table", table=name))
            continue
        differing, compared, absent = _compare(name, table, lines, stated.results.digits)
        findings += differing
        count += compared
        left_out += [f"{name}.{column}" for column in absent]
    yield from findings
    if not findings:
        yield finding("certificate.independent-agrees", words={"count": count, "names": left_out})


def _compare(
    name: str, table: ResultTable, lines: Mapping[str, Line], digits: int
) -> tuple[list[Finding], int, list[str]]:
    """Return what differs in a table of results, how many figures were compared, and the columns not covered."""
    rows = flat(table.rows)
    findings = [
        *limit_findings("certificate.result-row-missing", name, sorted(rows.keys() - lines.keys())),
        *limit_findings("certificate.result-row-extra", name, sorted(lines.keys() - rows.keys())),
    ]
    common = [key for key in rows if key in lines]
    covered, names = {column for line in lines.values() for column in line}, [column.name for column in table.columns]
    findings += [
        finding("certificate.result-column-missing", table=name, column=column) for column in sorted(covered - {*names})
    ]
    compared = 0
    for number, column in enumerate(table.columns):
        if column.name not in covered:
            continue
        values: dict[str, Decimal | None] = {key: lines[key].get(column.name) for key in common}
        decimals = column.decimals or 0
        allowed = _decimals([value for value in values.values() if value is not None], digits)
        if column.decimals not in allowed:
            findings.append(
                finding(
                    "certificate.result-decimals",
                    table=name,
                    column=column.name,
                    value=str(allowed[0]),
                    expected=str(column.decimals),
                )
            )
        printed = {key: rows[key][number] if number < len(rows[key]) else None for key in common}
        gaps = {key: _gap(printed[key], value, decimals) for key, value in values.items()}
        compared += len(gaps)
        if wrong := {key: gap for key, gap in gaps.items() if gap > EDGE}:
            worst = max(wrong, key=wrong.__getitem__)
            findings.append(
                finding(
                    "certificate.independent",
                    words={"count": len(wrong), "total": len(gaps)},
                    table=name,
                    column=column.name,
                    key=worst,
                    value=_digits(values[worst], decimals),
                    expected=_digits(_number(printed[worst], decimals), decimals),
                )
            )
    return findings, compared, [column for column in names if column not in covered]


def _decimals(values: list[Decimal], digits: int) -> list[int]:
    """Return the decimals that a column of these values can have; two where the largest lies at a power of ten."""
    largest = float(max(map(abs, values), default=Decimal(0)))
    if largest == 0 or not math.isfinite(largest):
        return [digits]
    return [min(digits, digits - 1 - math.floor(math.log10(largest * scale))) for scale in (1, 1 - 1e-9, 1 + 1e-9)]


def _gap(printed: int | None, value: Decimal | None, decimals: int) -> Decimal:
    """Return by how many units of the last digit a printed number differs; infinitely many where one is missing."""
    if printed is None or value is None:
        return Decimal(0) if printed is None and value is None else Decimal("Infinity")
    return abs(value.scaleb(decimals) - printed)


def _number(printed: int | None, decimals: int) -> Decimal | None:
    return None if printed is None else Decimal(printed).scaleb(-decimals)


def _digits(value: Decimal | None, decimals: int) -> str:
    return "-" if value is None else f"{value:.{decimals}f}"
