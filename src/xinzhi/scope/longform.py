"""Input-output tables in one long table: a row a flow, gross output as the flow to ``output``, years and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import InputError
from xinzhi.scope.inputoutput import input_output
from xinzhi.scope.reading import frame, require

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.scope.inputoutput import InputOutput

OUTPUT = "output"


def read_input_output(flows: Any, *, encoding: str | None = None) -> dict[int | None, InputOutput]:  # noqa: ANN401 - any kind of frame
    """Read input-output tables from one long table, checked and ready for `digital_dependence`.

    Parameters
    ----------
    flows
        A frame of any kind, or the path of a CSV, workbook or parquet file: ``from, to, value``, a row a flow between
        industries, and a row with ``to`` = ``output`` for the gross output of every industry; ``year`` where there are
        several tables, ``from_region`` and ``to_region`` where there are several economies. Flows that are not listed
        are zero.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Returns
    -------
    dict
        A table by year; the year is None where there is no such column.

    Raises
    ------
    InputError
        When a column or the outputs are missing, or a table cannot be used: as `input_output` says.

    Examples
    --------
    >>> import polars as pl
    >>> rows = [("39", "36", 50.0), ("36", "39", 20.0), ("39", "output", 100.0), ("36", "output", 100.0)]
    >>> long = pl.DataFrame(rows, schema=["from", "to", "value"], orient="row")
    >>> read_input_output(long)[None].coefficients.tolist()
    [[0.0, 0.5], [0.2, 0.0]]
    """
    import polars as pl

    rows = frame(flows, "flows", encoding=encoding)[0]
    require(rows, ("from", "to", "value"), "flows")
    wide = "from_region" in rows.columns or "to_region" in rows.columns
    if wide:
        require(rows, ("from_region", "to_region"), "flows")
    value = rows["value"].cast(pl.Float64, strict=False)
    if value.null_count():
        at = value.is_null().arg_max() or 0
        message = f"flows, row {at + 1}: '{rows['value'][at]}' is no number; flows and outputs are numbers."
        raise InputError(message)
    rows = rows.with_columns(pl.col("from", "to").cast(pl.String), value)
    if "year" not in rows.columns:
        return {None: _one(rows, "", wide=wide)}
    if rows["year"].null_count():
        message = "flows: a row has no year; fill it in, or leave the column out."
        raise InputError(message)
    years = rows["year"].cast(pl.Int64).unique().sort().to_list()
    return {year: _one(rows.filter(pl.col("year") == year), f" of {year}", wide=wide) for year in years}


def _one(rows: pl.DataFrame, of: str, *, wide: bool) -> InputOutput:
    import polars as pl

    is_output = pl.col("to").str.to_lowercase() == OUTPUT
    made, flows = rows.filter(is_output), rows.filter(~is_output)
    if made.is_empty():
        message = f"flows{of} have no gross output: add a row with to = {OUTPUT} for every industry."
        raise InputError(message)
    places = [pl.col("from_region").cast(pl.String).alias("region")] if wide else []
    return input_output(
        flows,
        made.select(*places, industry=pl.col("from"), output=pl.col("value")),
        seller=("from_region", "from") if wide else "from",
        buyer=("to_region", "to") if wide else "to",
    )
