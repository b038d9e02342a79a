"""The table of claims: from rows of any kind to claims that can be checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError, UsageError
from xinzhi.yardstick.claims.figures import Figure, read_figure

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.data import Package

NEEDED = ("region", "start", "end", "growth")


@dataclass(frozen=True, slots=True)
class Claim:
    """One published figure: mean TFP growth of a region over the years after `start` up to `end`."""

    region: str
    start: int
    end: int
    figure: Figure
    source: str = ""

    def where(self) -> str:
        """Return the claim's key as messages show it."""
        return f"{self.region}, {self.start}-{self.end}"


def read_claim(region: str, start: int, end: int, figure: Figure, source: str = "") -> Claim:
    """Return a claim whose years are in order.

    Raises
    ------
    UsageError
        When `start` is not before `end`.
    """
    claim = Claim(region, int(start), int(end), figure, source)
    if claim.start >= claim.end:
        message = f"{claim.where()}: growth is counted from the earlier year to the later one, so start < end."
        raise UsageError(message)
    return claim


def read_claims(package: Package, claims: object, encoding: str | None) -> list[Claim]:
    """Return the claims of a table.

    Parameters
    ----------
    package
        Its table `claims` is read when `claims` is None.
    claims
        A path of a CSV file, or a frame of any kind, with the columns `region`, `start`, `end`, `growth` (percent) and,
        where they are known, `rounding` (percentage points) and `source`.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Raises
    ------
    InputError
        When a column is missing or a row cannot be read; the message names all such rows.
    """
    rows = _table(package, claims, encoding)
    if missing := [name for name in NEEDED if name not in rows.columns]:
        message = f"the table of claims needs the columns {', '.join(NEEDED)}; it has not: {', '.join(missing)}."
        raise InputError(message)
    if not rows.height:
        message = "the table of claims has no rows, so there is nothing to check."
        raise InputError(message)
    found, wrong = [], []
    for number, row in enumerate(_typed(rows).iter_rows(named=True), start=1):
        try:
            found.append(_claim(row))
        except UsageError as error:
            wrong.append(f"row {number}: {error}")
    if wrong:
        message = "claims that cannot be checked:\n  " + "\n  ".join(wrong)
        raise InputError(message)
    return found


def _table(package: Package, claims: object, encoding: str | None) -> pl.DataFrame:
    """Return the rows as they were written, text where the source is text."""
    from xinzhi.data.delimited import read_delimited
    from xinzhi.data.frames import read_frames

    if claims is None:
        return package.require("claims", NEEDED, verb="claim")
    if isinstance(claims, str | Path):
        read = read_delimited(Path(claims), "claims", encoding=encoding)
        if errors := [found for found in read.findings if found.severity == "error"]:
            message = f"{claims} cannot be read:\n  " + "\n  ".join(found.sentence() for found in errors)
            raise InputError(message, errors)
        return read.cells
    tables, _ = read_frames({"claims": claims})
    return tables[0].cells


def _typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Cast codes and years; numbers in `growth` get the digits that the column is printed with."""
    import polars as pl

    from xinzhi.data.casting import cast

    out = rows.with_columns(
        cast(rows["region"], "code").values.alias("region"),
        cast(rows["start"], "year").values.alias("start"),
        cast(rows["end"], "year").values.alias("end"),
    )
    if out["growth"].dtype.is_numeric():
        out = out.with_columns(pl.Series("growth", _printed(out["growth"].to_list()), dtype=pl.String))
    return out


def _printed(values: list[float | None]) -> list[str | None]:
    """Spell numbers with as many decimals as the one that has most: a number does not keep a zero at its end."""
    spelt = [None if value is None else read_figure(value, percent=True).written for value in values]
    decimals = max((len(text.partition(".")[2]) for text in spelt if text), default=0)
    return [None if value is None else f"{value:.{decimals}f}" for value in values]


def _claim(row: dict[str, Any]) -> Claim:
    """Return one row as a claim."""
    for name in NEEDED:
        if row[name] is None or row[name] == "":
            message = f"'{name}' is empty or no {'year' if name in {'start', 'end'} else 'value'}."
            raise UsageError(message)
    figure = read_figure(row["growth"], row.get("rounding"), percent=True)
    return read_claim(row["region"], row["start"], row["end"], figure, str(row.get("source") or ""))
