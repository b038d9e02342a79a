"""Texts that a spreadsheet would take for formulas: an apostrophe marks them in CSV files, and is read off again."""

from __future__ import annotations

from xinzhi.core.lazy import pl

# OWASP, "CSV Injection": a cell that begins with one of these is computed. An apostrophe in front, which spreadsheets
# themselves use, keeps it a text; one more is put before those that are there, so that reading takes back exactly it.
_SIGNS = r"[=+\-@\t\r]"
_MARKED, _WRITTEN = rf"^'+{_SIGNS}", rf"^'*{_SIGNS}"
_NUMBER = r"^[+-]?([\d.,]*\d[\d.,]*%?)?$"


def escape_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose texts no spreadsheet computes; numbers, and texts that are numbers, stay as they are."""
    return frame.with_columns(
        pl.when(text.str.contains(_WRITTEN) & ~text.str.contains(_NUMBER))
        .then(pl.lit("'") + text)
        .otherwise(text)
        .alias(name)
        for name, text in _texts(frame)
    )


def unescape_formulas(cells: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of a CSV file as they were before `escape_formulas`."""
    return cells.with_columns(
        pl.when(text.str.contains(_MARKED)).then(text.str.slice(1)).otherwise(text).alias(name)
        for name, text in _texts(cells)
    )


def _texts(frame: pl.DataFrame) -> list[tuple[str, pl.Expr]]:
    return [(name, pl.col(name)) for name, kind in frame.schema.items() if kind == pl.String]
