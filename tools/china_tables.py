"""Write tables of the package china-provinces from compiled source tables, so that each figure can be traced.

``python tools/china_tables.py SOURCES OUT [TABLE ...]``: SOURCES is the folder of the compilation, with
``nation/nation.csv``, ``additions/...`` and ``recent/...``; OUT the folder of the package. Figures stay text, so that
no digit changes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import yaml

MARKS = yaml.safe_load(Path(__file__).with_name("china_sources.yaml").read_text("utf-8"))
SITE = re.compile(r"[\w-]+\.(?:com|cn|hk|net|cc)\b")
NATION = ("variable", "year", "value", "unit", "vintage", "status", "source", "second_source", "second_value")
BARRED = r"^cip4_"  # China Industrial Productivity states no licence
LAST_LEVEL = 2017  # of fixed-asset investment by province; growth rates only are published since
PRICES_FROM = 1999  # the year before the first retail price index
INPUT_OUTPUT = "input-output table as published"


def read(sources: Path, name: str) -> pl.DataFrame:
    """Return one table of the compilation as text."""
    return pl.read_csv(sources / name, infer_schema=False)


def cited(mark: str | None) -> str | None:
    """Return the citation of a mark of the compilation; sites reposted a communique or press release."""
    if mark is None or mark in MARKS["marks"]:
        return MARKS["marks"].get(mark)
    *first, last = mark.split("; ")
    named = MARKS["marks"].get(
        last, f"NBS, communique or press release, reposted at {last}" if SITE.search(last) else last
    )
    return "; ".join([*first, named])


def nation(sources: Path, _: Path) -> pl.DataFrame:
    """Return the accounts of the nation with digital investment and value added of the input-output tables."""
    rows = read(sources, "nation/nation.csv").filter(~pl.col("variable").str.contains(BARRED))
    goods = read(sources, "additions/io_investment_by_digital_product_2002_2020.csv")
    goods = _table_rows(goods, "gfcf_" + pl.col("product").replace("all_products", "nominal"), "gfcf")
    digital = read(sources, "additions/io_digital_core_value_added_2002_2023.csv")
    digital = _table_rows(digital, "value_added_" + pl.col("activity"), "value_added")
    income = read(sources, "additions/io_income_components_2002_2023.csv").filter(
        pl.col("region") == "000000", pl.col("item") != "labour_share"
    )
    income = _table_rows(income, pl.col("item"), "value")
    rows = pl.concat([rows.select(NATION), goods, digital, income])
    known = set(rows["source"].drop_nulls()) - set(MARKS["marks"])
    if unknown := sorted(mark for mark in known if not SITE.search(mark)):
        message = f"no citation for {unknown}"
        raise SystemExit(message)
    marks = pl.col("source", "second_source").map_elements(cited, return_dtype=pl.String)
    named = pl.col("vintage").replace(MARKS["vintages"]), pl.col("unit").replace(MARKS["units"])
    return rows.with_columns(marks, *named).sort("variable", pl.col("year").cast(pl.Int64), "vintage")


def _table_rows(frame: pl.DataFrame, variable: pl.Expr, value: str) -> pl.DataFrame:
    """Return figures of the input-output tables as rows of the table of the nation."""
    return frame.select(
        variable=variable,
        year="year",
        value=value,
        unit="unit",
        vintage=pl.lit(INPUT_OUTPUT),
        status=pl.lit("transcribed"),
        source="source",
        second_source=pl.lit(None, pl.String),
        second_value=pl.lit(None, pl.String),
    )


def accounts(sources: Path, out: Path) -> pl.DataFrame:
    """Return the accounts of the provinces with the columns that were compiled after the first edition."""
    frame = read(out, "accounts.csv")
    made = [expenditure(sources), fixed_asset_investment(sources), retail_price(sources)]
    key = ["region", "year"]
    frame = frame.drop({name for part in made for name in part.columns} - set(key), strict=False)
    for part in made:
        frame = frame.join(part, on=key, how="left", maintain_order="left", validate="1:1")
    return frame


def expenditure(sources: Path) -> pl.DataFrame:
    """Return gross domestic product by the expenditure approach, to which the published capital formation belongs."""
    frame = read(sources, "national_accounts_nbs_2000_2019.csv").filter(pl.col("expenditure_gdp").is_not_null())
    return frame.select(region="region_code", year="year", expenditure_gdp="expenditure_gdp")


def fixed_asset_investment(sources: Path) -> pl.DataFrame:
    """Return investment in fixed assets: levels as published to 2017, then moved by the published growth."""
    long = read(sources, "nation/fai_by_province.csv").with_columns(pl.col("value", "year").cast(pl.Float64))
    levels = long.filter(pl.col("item") == "level_total", pl.col("year") <= LAST_LEVEL + 1)
    growth = long.filter(pl.col("item") == "growth", pl.col("vintage").str.starts_with("published"))
    steps = growth.select("region", "year", step=1 + pl.col("value") / 100)
    frame = levels.select("region", "year", level="value").join(steps, on=["region", "year"], how="full", coalesce=True)
    chain = pl.coalesce("level", pl.col("level").forward_fill() * pl.col("step").fill_null(1).cum_prod()).over("region")
    official = pl.when(pl.col("year") <= LAST_LEVEL).then(pl.lit("official")).otherwise(pl.lit("extrapolated"))
    return (
        frame.sort("region", "year")
        .with_columns(step=pl.when(pl.col("level").is_null()).then("step"))
        .select(
            "region",
            year=pl.col("year").cast(pl.Int64).cast(pl.String),
            fixed_asset_investment=chain.round(4).cast(pl.String),
            fixed_asset_investment_status=official,
        )
    )


def retail_price(sources: Path) -> pl.DataFrame:
    """Return the retail price index, cumulated from the published indices of the year before = 100; 1999 = 1."""
    published = read(sources, "nation/rpi_by_province.csv").select("region", pl.col("year", "rpi").cast(pl.Float64))
    steps = published.select("region", pl.col("year").cast(pl.Int64), step=pl.col("rpi") / 100)
    base = steps.select("region", year=pl.lit(PRICES_FROM, pl.Int64), step=pl.lit(1.0)).unique()
    level = pl.concat([base, steps]).sort("region", "year").with_columns(pl.col("step").cum_prod().over("region"))
    return level.select("region", pl.col("year").cast(pl.String), retail_price=pl.col("step").round(8).cast(pl.String))


TABLES: dict[str, Callable[[Path, Path], pl.DataFrame]] = {"accounts": accounts, "nation": nation}


def main() -> None:
    """Write the tables that are asked for, all of them where none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("table", nargs="*", choices=[*TABLES, []])
    asked = parser.parse_args()
    for name in asked.table or TABLES:
        frame = TABLES[name](asked.sources, asked.out)
        frame.write_csv(asked.out / f"{name}.csv")
        print(f"{name}: {frame.height} rows")


if __name__ == "__main__":
    main()
