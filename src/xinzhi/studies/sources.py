"""The sources of growth: breakthrough, allocation and upgrading, and what looks deeper into each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi import data, frontier, words
from xinzhi import sources as verbs
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.text import by_commas, same
from xinzhi.micro import internal
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft, Study
from xinzhi.studies.firms import MANIFEST, firms
from xinzhi.studies.registry import on_server, topic

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyPackage
    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.studies.draft import Progress
    from xinzhi.yardstick import Measurement

TABLES = ("misallocation", "totals_output")


@on_server("region")
@topic
def sources(
    source: AnyPackage,
    *,
    protocol: Protocol | str = PROTOCOL,
    emerging: str | Path | Iterable[str] = (),
    detail: str | None = None,
    assume: Mapping[str, Any] | None = None,
    frontier: str | None = None,
    region: str | None = None,
    cells: Study | Path | str | None = None,
    encoding: str | None = None,
    measurement: Measurement | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
) -> Study:
    """Study where productivity growth came from.

    Parameters
    ----------
    source
        A data package, its name or path.
    emerging
        Codes of the industries that count as emerging, or a file of them.
    detail, assume
        The level of industries, and what is assumed where the package does not say.
    frontier
        The reference of the frontier by which breakthrough is told from catching up.
    cells
        A study of firms, or the folder of cells that an office wrote.
    measurement
        The measurement of the package where it is at hand.
    deeper
        Whether each source is looked into, beside the decomposition.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.sources("china-provinces").results)
    ['sources', 'allocation', 'upgrading', 'innovation']
    """
    codes = _codes(emerging)
    draft, package = Draft.of("sources", source, encoding, progress)
    firms_of_office = None if cells is None else read_cells(cells)
    progress.step("split")
    ways: dict[str, Any] = {"detail": detail, "assume": dict(assume or {}), "measurement": measurement}
    result = verbs.decompose(package, protocol, codes, **ways)
    if frontier is not None:
        ways |= {"measurement": result.measurement, "frontier": _frontier(result, frontier)}
        result = verbs.decompose(package, protocol, codes, **ways)
    region = draft.code(region, result.periods["region"])
    draft.results["sources"] = result
    omissions: list[dict[str, str]] = []
    if firms_of_office is not None:
        draft.add("among_firms", lambda: among_firms(firms_of_office, result, package))
    if deeper:
        progress.step("depth")
        makers: Mapping[str, Callable[[], Result]] = {
            "allocation": lambda: verbs.allocation.in_depth(result),
            "upgrading": lambda: verbs.upgrading.in_depth(result),
            "innovation": lambda: verbs.innovation.in_depth(result, package),
        }
        for name, maker in makers.items():
            try:
                draft.results[name] = maker()
            except InputError as error:
                what = words.studies.part_of(name)
                draft.note("left-out", what=what, why=error.reason)
                omissions.append({"measure": what.en, "reason": str(error)})
    frames = ("identity_gap", "periods", "group_periods", "coverage", "omitted")
    more: dict[str, object] = {name: getattr(result, name) for name in frames}
    study = draft.done(region, **more, findings=list(result.findings), left_out=omissions)
    return replace(study, findings=(*package.findings, *result.findings))


def _codes(codes: Iterable[str] | str | Path | None) -> list[str]:
    """Return codes: as given, by commas, or in a file by lines; a header `industry` is skipped."""
    if codes is None or not isinstance(codes, (str, Path)):
        return list(codes or ())
    path = Path(codes)
    if path.is_file():
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        cells = [cell for line in lines for cell in by_commas(line.partition("#")[0])]
    elif path.suffix in {".txt", ".csv"}:
        raise UsageError("studies.no-codes-file", path=codes)
    else:
        cells = by_commas(str(codes))
    return [cell for cell in cells if cell.lower() != "industry"]


def _frontier(result: verbs.Sources, reference: str) -> pl.DataFrame:
    """Return technical and efficiency change of the regions with the same inputs, over the years decomposed."""
    years = result.frame["year"].sort()
    inside = pl.col("year").is_between(years[0] - 1, years[-1])
    rows = result.measurement.inputs.filter(inside).drop_nulls(["output", "capital", "labour", "human_capital"])
    complete = rows.group_by("region").len().filter(pl.col("len") == years[-1] - years[0] + 2)["region"]
    rows = rows.filter(pl.col("region").is_in(complete.to_list())).sort("region", "year")
    skilled = rows.with_columns(labour=pl.col("labour") * pl.col("human_capital"))
    change = frontier.productivity_change(
        skilled, "region", "year", ["capital", "labour"], ["output"], reference=reference, rts="crs"
    )
    return change.frame.drop_nulls(["efficiency_change", "technical_change"])


def read_cells(cells: Study | Path | str) -> Study:
    """Return the study of firms of a folder of cells, or the one that is given."""
    if isinstance(cells, Study) and cells.name == "firms":
        return cells
    if not isinstance(cells, str | Path) or not (Path(cells) / MANIFEST).is_file():
        raise InputError("studies.no-cells", (), path=str(cells))
    return firms(cells)


def digest(study: Study) -> str:
    """Return the digest of what `among_firms` reads of cells, which a certificate states."""
    cells, plan = study.more["cells"], study.more["plan"]
    text = [str([plan.get("region"), plan.get("unit"), study.more["digits"]])]
    text += [cells[name].write_csv() for name in TABLES if name in cells]
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def among_firms(study: Study, result: verbs.Sources, package: Package) -> verbs.AmongFirms:
    """Return what reallocation among the firms of cells gave, beside that among the industries of a package."""
    cells: Mapping[str, pl.DataFrame] = study.more["cells"]
    plan: Mapping[str, Any] = study.more["plan"]
    if missing := [name for name in TABLES if name not in cells]:
        raise InputError("studies.cells-lack", (), missing=[same(name) for name in missing])
    totals = cells["totals_output"]
    if "industry" not in totals.columns:
        raise InputError("studies.cells-lack", (), missing=[same("industry")])
    regions, strange = _regions(plan, totals, result, package)
    output, scale = pl.DataFrame(schema={"region": pl.String, "year": pl.Int64, "output": pl.Float64}), 1.0
    table, unit = package.tables["accounts"], package.units.get("accounts", {}).get("output_nominal")
    if plan.get("unit") and unit and "output_nominal" in table.columns:  # output at current prices, in one unit
        scale = float(data.units.factor(data.units.parse(str(plan["unit"])), data.units.parse(unit)))
        nominal = pl.col("output_nominal").cast(pl.Float64)
        output = table.select("region", pl.col("year").cast(pl.Int64), output=nominal)
    dimensions = [name for name in ("region", "ownership") if name in totals.columns]
    margin = totals.filter(
        ~pl.col("industry").is_in([internal.TOTAL, ""]), *(pl.col(name) == internal.TOTAL for name in dimensions)
    )
    value = margin.select("industry", pl.col("year").cast(pl.Int64), value=pl.col("value") * scale)
    efficiency = cells["misallocation"].select("industry", pl.col("year").cast(pl.Int64), "efficiency", "gain")
    joined = efficiency.join(value, on=["industry", "year"])
    digits = int(study.more["digits"])
    return verbs.allocation.among_firms(result, joined, output, regions=regions, extra_regions=strange, digits=digits)


def _regions(
    plan: Mapping[str, Any], totals: pl.DataFrame, result: verbs.Sources, package: Package
) -> tuple[list[str], list[str]]:
    """Return the codes of the regions of cells, and what of them the decomposition does not have."""
    codes = [plan["region"]] if plan.get("region") else []
    if "region" in totals.columns:  # the table goes before the plan where it has several
        written = totals.filter(~pl.col("region").is_in([internal.TOTAL, ""]))["region"].unique().sort().to_list()
        codes = written if len(written) > 1 or not codes else codes
    regions, names = result.frame["region"].unique().sort().to_list(), data.names_of(package)
    resolved, unresolved = [], []
    for name in codes:
        try:
            resolved.append(names.resolve(name, regions))
        except UsageError:
            unresolved.append(str(name))
    if codes and not resolved:
        raise InputError("studies.cells-region", (), regions=[same(name) for name in unresolved])
    return resolved, unresolved
