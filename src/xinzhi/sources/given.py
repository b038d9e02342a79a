"""Given: industries as the table `industry_accounts` has them, with capital and labour of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.labour import averaged
from xinzhi.core.text import Text, same, words
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.sources.detail import Cube, Detail, Gross, Measured, chained, growth, quantities, scale_to, without
from xinzhi.yardstick import BEARABLE, Panel

TABLE = "industry_accounts"
_GROSS = ("gross_output_nominal", "gross_output_real", "intermediate_nominal", "intermediate_real")
_UNKNOWN = "unknown-industry"
_VERB = "sources.decompose"


def from_industries(package: Package, measured: Measured) -> Detail:
    """Return the industries that the package gives."""
    table = package.require(
        TABLE, ["region", "industry", "year", "output_nominal"], verb=_VERB, despite=_bearable(package)
    )
    cube = Cube.of(table, "industry", measured.panel)
    wanted = _needs(cube, measured.rules)
    absent = [names for names in wanted if not any(cube.gives(name) for name in names)]
    if absent or not cube.names:
        missing = [_any_of(names) for names in absent]
        raise InputError(
            "sources.industries-incomplete" if missing else "sources.industries-empty",
            table=TABLE,
            name=package.name,
            missing=missing,
        )
    exists: BoolArray = np.asarray(np.isfinite(cube.column("output_nominal")).any(axis=-1))
    nominal = np.where(exists[..., None], cube.column("output_nominal"), 0.0)
    gross = _gross(cube, measured.panel)
    output, anew = _real(cube, gross, measured)
    people = _people(package, cube, measured.rules)
    machines = cube.column(_capital_column(measured.rules))
    lacks = {"capital": without(machines), "labour": without(people)}
    gaps: dict[str, FloatArray] = {}
    if _adds_up(package, measured.rules):
        machines, gaps["capital"] = scale_to(machines, measured.inputs.capital, exists)
        people, gaps["labour"] = scale_to(people, measured.inputs.labour, exists)
    return Detail(
        level="industry",
        names=cube.names,
        nominal=np.where(exists[..., None], nominal, np.nan),
        output=output,
        capital=machines,
        labour=people,
        human_capital=_quality(cube, measured),
        labour_share=_labour_share(cube),
        exists=exists,
        comparable=_adds_up(package, measured.rules),
        gross=gross,
        anew=anew,
        gaps=gaps | {"output": _output_gap(nominal, measured)},
        lacks=lacks,
    )


def _bearable(package: Package) -> tuple[str, ...]:
    """Return the errors of the table that do no harm here."""
    # A table whose every code is unknown has a classification of its own, which is as good: nothing hangs on what a
    # code means. One unknown code among known ones is a slip.
    unknown = sum(found.rule == _UNKNOWN and found.table == TABLE for found in package.findings)
    table = package.tables.get(TABLE)
    own = table is not None and "industry" in table.columns and unknown == table["industry"].n_unique()
    return (*BEARABLE, _UNKNOWN) if own else BEARABLE


def _needs(cube: Cube, rules: Protocol) -> list[tuple[str, ...]]:
    """Return the columns that every industry needs; of several in one entry any will do."""
    real = ("output_real", "output_price", *(("gross_output_real",) if cube.gives("intermediate_real") else ()))
    labour = {"persons": "employment", "hours": "hours", "given_services": "labour_services"}
    return [("output_nominal",), real, (_capital_column(rules),), (labour[rules.value("labour.unit")],)]


def _any_of(names: Sequence[str]) -> Text:
    """Return names of which any will do."""
    return reduce(lambda first, other: words("sources.either", first=first, other=other), map(same, names))


def _capital_column(rules: Protocol) -> str:
    """Return the column of the capital that the protocol measures."""
    return "capital_services" if rules.value("capital.measure") == "given_services" else "capital"


def _adds_up(package: Package, rules: Protocol) -> bool:
    """Return whether inputs add up over industries and compare between regions: quantities of one unit do."""
    unit = package.units.get(TABLE, {}).get("capital", "")
    return quantities(rules) and not unit.startswith("index")


def _people(package: Package, cube: Cube, rules: Protocol) -> FloatArray:
    """Return labour in the unit of the protocol."""
    match rules.value("labour.unit"):
        case "given_services":
            return cube.column("labour_services")
        case "hours":
            each = "per person" in package.units.get(TABLE, {}).get("hours", "")
            return cube.column("hours") * (cube.column("employment") if each else 1.0)
        case _:
            return cube.column("employment")


def _quality(cube: Cube, measured: Measured) -> FloatArray:
    """Return human capital of the industries; where they have none of their own, that of their region."""
    region = np.broadcast_to(measured.inputs.human_capital, cube.shape)
    if measured.rules.value("labour.quality") == "none" or not cube.gives("human_capital"):
        return region
    own = cube.column("human_capital")
    # One series of its own or the region's, never a mixture: a change of source is no change of quality.
    return np.where(np.isfinite(own).any(axis=-1, keepdims=True), own, region)


def _labour_share(cube: Cube) -> FloatArray | None:
    """Return the labour shares that the industries bring; None where no industry has one."""
    if cube.gives("labour_share"):
        return cube.column("labour_share")
    if cube.gives("labour_compensation"):
        return cube.column("labour_compensation") / cube.column("output_nominal")
    return None


def _gross(cube: Cube, panel: Panel) -> Gross | None:
    """Return gross output and intermediates, where all four columns are given."""
    if not all(cube.gives(name) for name in _GROSS):
        return None
    nominal, real, bought, bought_real = (cube.column(name) for name in _GROSS)
    share = bought / nominal
    found = [
        _no_value_added(f"{panel.regions[r]}/{cube.names[i]}/{panel.years[t]}", float(share[i, r, t]))
        for i, r, t in np.argwhere(share >= 1).tolist()
    ]
    if found:
        raise InputError("sources.intermediates", findings=found, n=len(found), table=TABLE, key=found[0].key)
    return Gross(real, bought_real, share)


def _no_value_added(key: str, share: float) -> Finding:
    """Return the finding of a row whose intermediate inputs are not below its gross output."""
    return finding(
        "sources.intermediates-reach-output",
        words={"share": share},
        table=TABLE,
        column="intermediate_nominal",
        key=key,
        value=f"{share:.4f}",
        expected="below 1",
    )


def _real(cube: Cube, gross: Gross | None, measured: Measured) -> tuple[FloatArray, BoolArray | None]:
    """Return value added at constant prices, at the level of current prices in the base year, and where it begins anew.

    With gross output it is double-deflated by the Törnqvist formula: growth of gross output less that of intermediates
    weighted by their share, over the share of value added.
    """
    nominal = cube.column("output_nominal")
    if gross is not None:
        share = averaged(gross.share)
        change = (growth(gross.output) - share * growth(gross.intermediate)) / (1.0 - share)
        at = base_position(np.isfinite(nominal) & np.isfinite(gross.output), measured)
        return chained(change, nominal, at)
    real = cube.column("output_real") if cube.gives("output_real") else nominal / cube.column("output_price")
    if measured.base is None:
        return real, None
    at = measured.base - int(measured.panel.years[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        price = (nominal / real)[..., at : at + 1]
    # An industry without figures in the base year stays at the prices of the data.
    return real * np.where(np.isfinite(price), price, 1.0), None


def base_position(known: BoolArray, measured: Measured) -> int:
    """Return the position of the base year of prices, or of the first year that most cells know."""
    if measured.base is not None:
        at = measured.base - int(measured.panel.years[0])
        if known[..., at].any():
            return at
    return int(known.sum(axis=tuple(range(known.ndim - 1))).argmax())


def _output_gap(nominal: FloatArray, measured: Measured) -> FloatArray:
    """Return the log gap between value added of all industries and the region's output at current prices."""
    total = measured.panel.account("output_nominal")
    with np.errstate(divide="ignore", invalid="ignore"):
        gap: FloatArray = np.log(nominal.sum(axis=0) / total)
    return gap
