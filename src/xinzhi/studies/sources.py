"""The sources of growth: breakthrough, allocation and upgrading, and what looks deeper into each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.data import names_of
from xinzhi.protocol import Protocol
from xinzhi.sources import Sources
from xinzhi.studies.firm_cells import among_firms, read_cells
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, first_line, options, title
from xinzhi.yardstick import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesOptions:
    """What can be asked of `sources`."""

    protocol: Protocol | str = "xinzhi-cn-2026"
    emerging: Any = ()
    detail: str | None = None
    assume: Mapping[str, Any] = field(default_factory=dict)
    frontier: str | None = None
    region: str | None = None
    cells: Any = None
    encoding: str | None = None


def sources(
    source: Any,  # noqa: ANN401 - a package, its name or path
    *,
    measurement: Measurement | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
    **asked: Any,  # noqa: ANN401 - options
) -> Study:
    """Study where productivity growth came from.

    Parameters
    ----------
    source
        A data package, its name or path.
    measurement
        The measurement of the package where it is at hand.
    deeper
        Whether each source is looked into, beside the decomposition.
    progress
        Who is told how far it is.
    asked
        Fields of `SourcesOptions`; `cells` is a study of firms, or the folder of cells that an office wrote.

    Examples
    --------
    >>> import xinzhi
    >>> list(xinzhi.studies.sources("china-provinces").results)
    ['sources', 'allocation', 'upgrading', 'innovation']
    """
    from xinzhi.sources import allocation, decompose, innovation, upgrading

    wish: SourcesOptions = options(SourcesOptions, asked)
    emerging = _codes(wish.emerging)
    progress.step("read")
    package = load(source, wish.encoding)
    cells = None if wish.cells is None else read_cells(wish.cells)
    progress.step("split")
    ways: dict[str, Any] = {"detail": wish.detail, "assume": dict(wish.assume), "measurement": measurement}
    result = decompose(package, wish.protocol, emerging, **ways)
    if wish.frontier is not None:
        beside = _frontier(result, wish.frontier)
        result = decompose(
            package, wish.protocol, emerging, **ways | {"measurement": result.measurement}, frontier=beside
        )
    codes = result.periods["region"].unique().sort().to_list()
    region = None if wish.region is None else names_of(package).resolve(wish.region, codes)
    draft = Draft(name="sources", source=title(package), package=package, results={"sources": result})
    left: list[dict[str, Any]] = []
    if cells is not None:
        draft.add("among_firms", lambda: among_firms(cells, result, package))
    if deeper:
        progress.step("depth")
        verbs = {"allocation": allocation.in_depth, "upgrading": upgrading.in_depth}
        makers: dict[str, Any] = {name: (lambda verb=verb: verb(result)) for name, verb in verbs.items()}
        makers["innovation"] = lambda: innovation.in_depth(result, package)
        for name, maker in makers.items():
            try:
                draft.results[name] = maker()
            except InputError as error:
                draft.note("left-out", what=_part(name), why=first_line(error))
                left.append({"measure": _part(name).en, "reason": str(error)})
    frames = ("identity_gap", "periods", "group_periods", "coverage", "omitted")
    more: dict[str, Any] = {name: getattr(result, name) for name in frames}
    made = draft.done(region=region, **more, findings=list(result.findings), left_out=left)
    return replace(made, findings=(*package.findings, *result.findings))


def _part(name: str) -> Any:  # noqa: ANN401 - Text
    from xinzhi.core.text import words

    return words(f"studies.part.{name}")


def _codes(asked: Any) -> list[str]:  # noqa: ANN401 - text, a path, or codes
    """Return codes: as given, by commas, or in a file by lines; a header `industry` is skipped."""
    if asked is None or not isinstance(asked, (str, Path)):
        return list(asked or ())
    path = Path(asked)
    if path.is_file():
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        cells = [cell for line in lines for cell in line.partition("#")[0].split(",")]
    elif path.suffix in {".txt", ".csv"}:
        raise UsageError("studies.no-codes-file", path=asked)
    else:
        cells = str(asked).split(",")
    return [cell.strip().strip('"') for cell in cells if cell.strip() and cell.strip().lower() != "industry"]


def _frontier(result: Sources, reference: str) -> pl.DataFrame:
    """Return technical and efficiency change of the regions with the same inputs, over the years decomposed."""
    import polars as pl

    from xinzhi.frontier import productivity_change

    years = result.frame["year"].sort()
    inside = pl.col("year").is_between(years[0] - 1, years[-1])
    rows = result.measurement.inputs.filter(inside).drop_nulls(["output", "capital", "labour", "human_capital"])
    whole = rows.group_by("region").len().filter(pl.col("len") == years[-1] - years[0] + 2)["region"]
    rows = rows.filter(pl.col("region").is_in(whole.to_list())).sort("region", "year")
    skilled = rows.with_columns(labour=pl.col("labour") * pl.col("human_capital"))
    change = productivity_change(
        skilled, "region", "year", ["capital", "labour"], ["output"], reference=reference, rts="crs"
    )
    return change.frame.drop_nulls(["efficiency_change", "technical_change"])
