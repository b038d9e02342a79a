"""What the cells of an office say of allocation: reallocation among firms, beside that among industries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import same
from xinzhi.data import Package, names_of, units
from xinzhi.micro import TOTAL
from xinzhi.sources import AmongFirms, Sources, allocation
from xinzhi.studies.firms import MANIFEST, firms
from xinzhi.studies.study import Study

TABLES = ("misallocation", "totals_output")


def read_cells(given: Any) -> Study:  # noqa: ANN401 - a study of firms, or a folder of cells
    """Return the study of firms of a folder of cells, or the one that is given."""
    if isinstance(given, Study) and given.name == "firms":
        return given
    if not isinstance(given, str | Path) or not (Path(given) / MANIFEST).is_file():
        raise InputError("studies.no-cells", (), path=str(given))
    return firms(given)


def digest(made: Study) -> str:
    """Return the digest of what `among_firms` reads of cells, which a certificate states."""
    cells, plan = made.more["cells"], made.more["plan"]
    text = [str([plan.get("region"), plan.get("unit"), made.more["digits"]])]
    text += [cells[name].write_csv() for name in TABLES if name in cells]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def among_firms(made: Study, result: Sources, package: Package) -> AmongFirms:
    """Return what reallocation among the firms of cells gave, beside that among the industries of a package."""
    cells: Mapping[str, pl.DataFrame] = made.more["cells"]
    plan: Mapping[str, Any] = made.more["plan"]
    if missing := [name for name in TABLES if name not in cells]:
        raise InputError("studies.cells-lack", (), missing=[same(name) for name in missing])
    totals = cells["totals_output"]
    if "industry" not in totals.columns:
        raise InputError("studies.cells-lack", (), missing=[same("industry")])
    regions, strange = _regions(plan, totals, result, package)
    output, scale = _output(plan, package)
    others = [name for name in ("region", "ownership") if name in totals.columns]
    margin = totals.filter(~pl.col("industry").is_in([TOTAL, ""]), *(pl.col(name) == TOTAL for name in others))
    value = margin.select("industry", pl.col("year").cast(pl.Int64), value=pl.col("value") * scale)
    own = cells["misallocation"].select("industry", pl.col("year").cast(pl.Int64), "efficiency", "gain")
    joined = own.join(value, on=["industry", "year"])
    digits = int(made.more["digits"])
    return allocation.among_firms(result, joined, output, regions=regions, others=strange, digits=digits)


def _regions(
    plan: Mapping[str, Any], totals: pl.DataFrame, result: Sources, package: Package
) -> tuple[list[str], list[str]]:
    """Return the codes of the regions of cells, and what of them the decomposition does not have."""
    told = [plan["region"]] if plan.get("region") else []
    if "region" in totals.columns:  # the table goes before the plan where it has several
        seen = totals.filter(~pl.col("region").is_in([TOTAL, ""]))["region"].unique().sort().to_list()
        told = seen if len(seen) > 1 or not told else told
    there, names = result.frame["region"].unique().sort().to_list(), names_of(package)
    known, others = [], []
    for name in told:
        try:
            known.append(names.resolve(name, there))
        except UsageError:
            others.append(str(name))
    if told and not known:
        raise InputError("studies.cells-region", (), regions=[same(name) for name in others])
    return known, others


def _output(plan: Mapping[str, Any], package: Package) -> tuple[pl.DataFrame, float]:
    """Return the output of regions at current prices, and how many of its units one of the cells is."""
    none = pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "output": pl.Float64})
    table, wanted = package.tables["accounts"], package.units.get("accounts", {}).get("output_nominal")
    if not (plan.get("unit") and wanted and "output_nominal" in table.columns):
        return none, 1.0
    scale = float(units.factor(units.parse(str(plan["unit"])), units.parse(wanted)))
    rows = table.select("region", pl.col("year").cast(pl.Int64), output=pl.col("output_nominal").cast(pl.Float64))
    return rows, scale
