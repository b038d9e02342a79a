"""Damages of what is no text: workbooks, parquet files, frames, certificates and protocol files."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import xlsxwriter
import yaml
from fuzz.damages import MEASURED, ODD, TABLES, TEXTS, VALUES, Damage, cut, flip
from fuzz.descriptors import append_line, plant_bomb, replace_node

STRAY = ((1_048_575, 16_383), (200_000, 500), (5, 16_383), (1_048_575, 0), (900_000, 3), (0, 16_383), (40_000, 200))
TYPED = (
    "text",
    "true",
    dt.date(2012, 1, 1),
    "=1/0",
    "=A2",
    "#N/A",
    True,
    41_000.5,
    "  5  ",
    "'7",
    "1,234",
    "12%",
    "\x0b",
    "十二",
)
SHEETS = VALUES["sheets"]
PARTS = [*VALUES["parts"], ["<sheetData>", "<sheetData>" + " " * 60_000_000]]
WRITTEN = (
    "cell",
    "figure",
    "blanks",
    "extreme",
    "text",
    "typo",
    "scale-cell",
    "scale-region",
    "rename-column",
    "swap-headers",
    "drop-rows",
    "year",
    "region",
)
CERTIFIED = (*ODD, 0, 10**400, "0" * 64, {"rows": {}}, [1] * 1000)


def _rows(folder: Path, name: str) -> list[list[str]]:
    return list(csv.reader((folder / f"{name}.csv").read_text("utf-8").splitlines()))


def _cell(text: str) -> Any:
    """Return a text as a workbook holds it."""
    try:
        figure = float(text)
    except ValueError:
        return text[:32_000]
    return figure if abs(figure) < 1e300 else text


def book(folder: Path, sheets: dict[str, list[list[Any]]] | None = None) -> Path:
    """Write the tables as sheets of a workbook."""
    path = folder / "data.xlsx"
    tables = sheets or {name: _rows(folder, name) for name in (*MEASURED, "regions")}
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": True, "nan_inf_to_errors": True, "default_date_format": "yyyy-mm-dd"}
    ) as made:
        for name, rows in tables.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(
                    number,
                    0,
                    [
                        _cell(value) if number and isinstance(value, str) and at not in _codes(rows) else value
                        for at, value in enumerate(row)
                    ],
                )
    return path


def _codes(rows: list[list[Any]]) -> set[int]:
    return {at for at, name in enumerate(rows[0]) if name in {"region", "asset", "name_en", "group_en"}}


def _sheets(folder: Path) -> dict[str, list[list[Any]]]:
    return {name: _rows(folder, name) for name in (*MEASURED, "regions")}


def book_table(rng: Random, folder: Path) -> str:
    what = TABLES[kind := rng.choice(WRITTEN)](rng, folder)
    book(folder)
    return f"workbook, {kind}: {what}"


def book_typed(rng: Random, folder: Path) -> str:
    sheets = _sheets(folder)
    name = rng.choice(MEASURED)
    row, value = rng.choice(sheets[name][1:]), rng.choice(TYPED)
    at = rng.randrange(len(row))
    row[at] = value
    book(folder, sheets)
    return f"workbook, {sheets[name][0][at]} of {row[:2]}: {value!r}"


def book_stray(rng: Random, folder: Path) -> str:
    path, (row, column) = folder / "data.xlsx", rng.choice(STRAY)
    with xlsxwriter.Workbook(path) as made:
        for name, rows in _sheets(folder).items():
            sheet = made.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(
                    number,
                    0,
                    [_cell(value) if number and at not in _codes(rows) else value for at, value in enumerate(cells)],
                )
            if name == "accounts":
                sheet.write(row, column, "x")
    return f"workbook, a stray cell in row {row + 1}, column {column + 1}"


def book_shape(rng: Random, folder: Path) -> str:
    sheets = _sheets(folder)
    name = rng.choice(MEASURED)
    rows, what = sheets[name], rng.randrange(6)
    if what == 0:
        rows[:0] = [["Table 1: accounts"], []]
    elif what == 1:
        rows.insert(1, rows[0])
    elif what == 2:
        rows.append(["Source: made up"])
    elif what == 3:
        sheets[rng.choice(SHEETS)] = sheets.pop(name)
    elif what == 4:
        sheets[name] = [[]]
    else:
        rows[:] = [["", *row] for row in rows]
    try:
        book(folder, sheets)
    except (xlsxwriter.exceptions.XlsxWriterException, IndexError):
        book(folder)
    return f"workbook, shape {what} of {name}"


def book_part(rng: Random, folder: Path) -> str:
    """Change the text of a part of the zip."""
    path, (old, new) = book(folder), rng.choice(PARTS)
    with zipfile.ZipFile(path) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    part = "xl/worksheets/sheet1.xml"
    parts[part] = parts[part].replace(old.encode(), new.encode(), 1)
    lost = rng.choice(sorted(parts)) if rng.random() < 0.2 else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            if name != lost:
                made.writestr(name, data)
    return f"workbook, {old} -> {new[:40]!r}, without {lost or 'nothing less'}"


def _bits(path: Path, rng: Random) -> str:
    return (flip if rng.random() < 0.8 else cut)(rng, path)


def parquet(folder: Path, *, digests: bool = True) -> None:
    """Write the tables as parquet, under a descriptor that states their digests."""
    read = yaml.safe_load((folder / "datapackage.yaml").read_text("utf-8"))
    for resource in read["resources"]:
        old, new = folder / resource["path"], folder / f"{resource['name']}.parquet"
        if resource["name"] in {*MEASURED, "regions"}:
            pl.read_csv(old).write_parquet(new)
            resource["path"] = new.name
            if digests:
                data = new.read_bytes()
                resource |= {"hash": "sha256:" + hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / "datapackage.yaml").write_text(yaml.safe_dump(read, sort_keys=False), "utf-8")


def parquet_bits(rng: Random, folder: Path) -> str:
    parquet(folder)
    return _bits(folder / f"{rng.choice(MEASURED)}.parquet", rng)


CASTS: list[Any] = [
    *(pl.Duration("us"), pl.Date, pl.Boolean, pl.Decimal(38, 6), pl.Int64, pl.Int8, pl.UInt64, pl.Float32, pl.String),
    *(pl.Categorical, pl.Binary, pl.Null, pl.Struct, pl.List(pl.Float64), pl.Array(pl.Float64, 1), pl.Object, pl.Time),
]


def cast(rng: Random, frame: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Return a frame one of whose columns is of another type; of nothing where it cannot be."""
    name, kind = rng.choice(frame.columns), rng.choice(CASTS)
    column = pl.col(name)
    made = pl.struct(column) if kind is pl.Struct else column.cast(kind, strict=False)
    if kind in {pl.Binary, pl.Categorical}:
        made = column.cast(pl.String).cast(kind)
    try:
        return frame.with_columns(made.alias(name)), f"{name} as {kind}"
    except pl.exceptions.PolarsError:
        return frame.with_columns(pl.lit(None).alias(name)), f"{name} as nothing"


def parquet_types(rng: Random, folder: Path) -> str:
    parquet(folder, digests=False)
    path = folder / f"{rng.choice(MEASURED)}.parquet"
    frame, what = cast(rng, pl.read_parquet(path))
    frame.write_parquet(path)
    return f"{path.name}: {what}"


ARRAYS: dict[str, Callable[[Any], Any]] = {
    "complex": lambda x: x.astype(complex),
    "sparse": pd.arrays.SparseArray,
    "timedelta": lambda x: x.astype("timedelta64[s]"),
    "decimal": lambda x: np.array([Decimal(str(one)) for one in x], dtype=object),
    "mixed": lambda x: np.array([x[0], "x", None, *x[3:]], dtype=object),
    "category": pd.Categorical,
    "bool": lambda x: x > 0,
    "interval": lambda x: pd.arrays.IntervalArray.from_arrays(x, x + 1),
    "string": lambda x: pd.array([str(one) for one in x], dtype="string"),
    "period": lambda x: pd.period_range("2001", periods=len(x), freq="Y"),
    "nullable": lambda x: pd.array(x, dtype="Float64"),
    "bytes": lambda x: np.array([b"1"] * len(x)),
    "lists": lambda x: [[one] for one in x],
    "dicts": lambda x: [{"a": one} for one in x],
    "huge": lambda x: np.array([10**400] * len(x), dtype=object),
}
ODD_UNITS: list[Any] = [
    {"output_real": 5},
    {"output_real": None},
    {"x": "y"},
    {5: "ratio"},
    {"labour_share": "CNY"},
    {"": ""},
]
ODD_UNITS.append({"output_real": "1e99 1e99 1e99 1e99 CNY"})


def frames(rng: Random, folder: Path) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return frames of pandas or polars, units to load them with, and what is wrong with them."""
    made: dict[str, Any] = {name: pl.read_csv(folder / f"{name}.csv").to_pandas() for name in MEASURED}
    name = rng.choice(MEASURED)
    frame, what = made[name], rng.random()
    if what < 0.6:
        column, (kind, change) = rng.choice(list(frame.columns[3:])), rng.choice(list(ARRAYS.items()))
        frame[column] = change(frame[column].to_numpy(float))
        return made, {}, f"{column} of pandas: {kind}"
    if what < 0.75:
        made[name], said = cast(rng, pl.from_pandas(frame))
        return made, {}, f"polars: {said}"
    if what < 0.9:
        units = rng.choice(ODD_UNITS)
        return made, {"units": units}, f"units {units}"
    odd: Any = rng.choice(
        [
            None,
            5,
            "x",
            {},
            [],
            frame.iloc[:0],
            frame.T,
            frame.set_index("region"),
            frame.rename(columns={"year": "__row__"}),
            [1, 2],
            {"a": [1]},
            np.ones((3, 3)),
        ]
    )
    made[name] = odd
    return made, {}, f"{name} is a {type(odd).__name__}"


def certificate_node(rng: Random, folder: Path) -> str:
    path = folder / "certificate.json"
    read = json.loads(path.read_text("utf-8"))
    what = replace_node(rng, read, CERTIFIED)
    path.write_text(json.dumps(read, ensure_ascii=False), "utf-8")
    return f"certificate: {what}"


def certificate_digit(rng: Random, folder: Path) -> str:
    path = folder / "certificate.json"
    text = path.read_text("utf-8")
    at = rng.choice([place for place, sign in enumerate(text) if sign.isdigit()])
    new = str((int(text[at]) + rng.randrange(1, 10)) % 10)
    path.write_text(text[:at] + new + text[at + 1 :], "utf-8")
    return f"certificate: digit {at} -> {new}"


def certificate_file(rng: Random, folder: Path) -> str:
    path = folder / "certificate.json"
    content = rng.choice(
        (
            b"",
            b"{}",
            b"[]",
            b"5",
            b"null",
            b"[" * 100_000,
            b'{"a":' * 5000,
            b"\xff\xfe",
            b'{"sha256": NaN}',
            b"9" * 5000,
            path.read_bytes() + b"x",
        )
    )
    path.write_bytes(content)
    return f"certificate: {content[:20]!r}"


def protocol_value(rng: Random, folder: Path) -> str:
    path = folder / "protocol.yaml"
    read = yaml.safe_load(path.read_text("utf-8"))
    what = replace_node(rng, read, (*ODD, 0.1, 2000, "x: y", -0.1, 2, "geometric", float("inf")))
    path.write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
    return f"protocol: {what}"


def _on(name: str, damage: Damage) -> Damage:
    return lambda rng, folder: damage(rng, folder / name)


BOOKS: dict[str, Damage] = {
    "table": book_table,
    "typed": book_typed,
    "stray": book_stray,
    "shape": book_shape,
    "part": book_part,
    "bits": lambda rng, folder: _bits(book(folder), rng),
}
PARQUETS: dict[str, Damage] = {"bits": parquet_bits, "types": parquet_types}
CERTIFICATES: dict[str, Damage] = {
    "node": certificate_node,
    "digit": certificate_digit,
    "file": certificate_file,
    "flip": _on("certificate.json", flip),
    "cut": _on("certificate.json", cut),
}
PROTOCOLS: dict[str, Damage] = {
    "value": protocol_value,
    "append": _on("protocol.yaml", append_line),
    "bomb": _on("protocol.yaml", plant_bomb),
    "flip": _on("protocol.yaml", flip),
    "cut": _on("protocol.yaml", cut),
}
LONG_TEXTS = [
    *(
        "Built by " + "xian" * 15 + "q Co., Ltd.",
        "1" * 128,
        "9" * 100_000,
        "建" * 100_000,
        "a " * 50_000,
        "年产" * 5000,
    ),
    *(
        "1万" * 20_000,
        "(" * 20_000,
        "1,000," * 9000,
        "xiang" * 400 + " Group",
        "\u3000" * 50_000,
        "A-" * 20_000,
        *TEXTS,
    ),
]


def long_text(rng: Random, folder: Path) -> str:
    """Put a text without end into a table of projects."""
    path = folder / rng.choice(("projects.csv", "archive.csv"))
    header, *rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    text, at, row = rng.choice(LONG_TEXTS), rng.randrange(len(header)), rng.choice(rows)
    row[at] = text
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return f"{path.name}: {header[at]} is {len(text)} signs, {text[:20]!r}"
