"""What goes wrong with figures before anyone reads them: slips of people who compile a table of regions, by kind.

A damage takes the dice and the tables of a package, replaces what it damages, and returns what it did. Files stay out
of it: those of `damages.py` are about files.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import polars as pl

Tables = dict[str, pl.DataFrame]
Wrong = Callable[[Random, Tables], str]
FLOWS = {"accounts": ("output_nominal", "output_real", "employment"), "investment": ("investment_nominal",)}
MEASURED = FLOWS | {
    "accounts": (*FLOWS["accounts"], "labour_share", "schooling"),
    "investment": ("investment_nominal", "investment_price"),
}
YEARS = (2002, 2005, 2008, 2010, 2013, 2016, 2018)
REGION = pl.col("region")
YEAR = pl.col("year")


def column_of(rng: Random, columns: dict[str, tuple[str, ...]]) -> tuple[str, str]:
    """Return a table and one of its columns."""
    return rng.choice([(table, name) for table, names in columns.items() for name in names])


def region_of(rng: Random, tables: Tables, count: int = 1) -> list[str]:
    return rng.sample(sorted(tables["accounts"]["region"].unique()), count)


def change(tables: Tables, table: str, name: str, where: pl.Expr, value: pl.Expr | str) -> None:
    """Replace the figures of a column in some rows."""
    value = pl.lit(value) if isinstance(value, str) else value
    frame = tables[table]
    if isinstance(frame.schema[name], pl.String) or frame.select(value.alias("v")).schema["v"] == pl.String:
        frame = frame.with_columns(pl.col(name).cast(pl.String))
    tables[table] = frame.with_columns(pl.when(where).then(value).otherwise(pl.col(name)).alias(name))


def times(tables: Tables, table: str, name: str, where: pl.Expr, factor: float) -> str:
    change(tables, table, name, where, pl.col(name) * factor)
    return f"{table}.{name} times {factor:g}"


def part(rng: Random, tables: Tables, *, all_regions: float = 0.4) -> tuple[pl.Expr, str]:
    """Return rows: one region or all of them, from a year on, in a few years, or always."""
    everyone = rng.random() < all_regions
    region, year = region_of(rng, tables)[0], rng.choice(YEARS)
    who = pl.lit(value=True) if everyone else region == REGION
    when, text = rng.choice(
        [
            (year <= YEAR, f"from {year} on"),
            (year > YEAR, f"before {year}"),
            (YEAR.is_between(year, year + 4), f"in {year}-{year + 4}"),
            (year == YEAR, f"in {year}"),
        ]
    )
    return who & when, f"{'all' if everyone else region} {text}"


def since(rng: Random, tables: Tables) -> tuple[pl.Expr, str]:
    """Return the rows of one region from a year on."""
    region, year = region_of(rng, tables)[0], rng.choice(YEARS)
    return (region == REGION) & (year <= YEAR), f"{region} from {year} on"


# --------------------------------------------------------------------------------------------------------- units, scale


def _scale(columns: dict[str, tuple[str, ...]], *factors: float) -> Wrong:
    def damage(rng: Random, tables: Tables) -> str:
        where, text = part(rng, tables)
        return f"{times(tables, *column_of(rng, columns), where, rng.choice(factors))}, {text}"

    return damage


def _whole_series(table: str, name: str, *factors: float) -> Wrong:
    """Return a damage of all years of one region, or of a few."""

    def damage(rng: Random, tables: Tables) -> str:
        regions = region_of(rng, tables, rng.choice((1, 1, 3)))
        return f"{times(tables, table, name, REGION.is_in(regions), rng.choice(factors))} of {regions}"

    return damage


def schooling_levels(rng: Random, tables: Tables) -> str:
    factor = rng.choice((1 / 16, 1 / 10, 1 / 25))
    return times(tables, "accounts", "schooling", pl.lit(value=True), factor)


def percent_share(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    return f"{times(tables, 'accounts', 'labour_share', where, 100)}, {text}"


def sign(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    return f"{times(tables, *column_of(rng, MEASURED), where, -1)}, {text}"


def currency(rng: Random, tables: Tables) -> str:
    where, text = since(rng, tables)
    factor = rng.choice((1 / 6.5, 1 / 7.1, 6.5))
    return f"{times(tables, 'accounts', rng.choice(FLOWS['accounts'][:2]), where, factor)}, {text}"


# ------------------------------------------------------------------------------------------------------------- concepts


def definition_break(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables, all_regions=0.5)
    factor = rng.choice((0.7, 0.85, 0.9, 1.12, 1.2))
    return f"{times(tables, 'accounts', 'employment', where, factor)}, {text}"


def schooling_definition(rng: Random, tables: Tables) -> str:
    year, factor = rng.choice(YEARS[2:6]), rng.choice((0.9, 1.1, 1.08))
    return f"{times(tables, 'accounts', 'schooling', year <= YEAR, factor)} from {year} on"


def vintage_spliced(rng: Random, tables: Tables) -> str:
    year, factor = rng.choice(YEARS), rng.choice((0.92, 0.95, 1.03, 1.05, 1.08))
    name = rng.choice(("output_real", "output_real", "output_nominal"))
    return f"{times(tables, 'accounts', name, year <= YEAR, factor)} from {year} on"


def vintage_of_one(rng: Random, tables: Tables) -> str:
    where, text = since(rng, tables)
    return f"{times(tables, 'accounts', 'output_real', where, rng.choice((0.75, 0.85, 1.15, 1.25)))}, {text}"


def nominal_for_real(rng: Random, tables: Tables) -> str:
    where, text = since(rng, tables) if rng.random() < 0.7 else part(rng, tables)
    base = pl.col("output_real").filter(YEAR == 2000).first().over("region") / pl.col("output_nominal").filter(
        YEAR == 2000
    ).first().over("region")
    change(tables, "accounts", "output_real", where, pl.col("output_nominal") * base)
    return f"nominal output for real, {text}"


def fixed_assets(rng: Random, tables: Tables) -> str:
    where, text = since(rng, tables)
    other = tables["accounts"].select("region", "year", "fixed_asset_investment")
    frame = tables["investment"].join(other, on=["region", "year"], how="left", maintain_order="left")
    value = pl.coalesce(pl.when(where).then("fixed_asset_investment"), "investment_nominal")
    tables["investment"] = frame.with_columns(value.alias("investment_nominal")).drop("fixed_asset_investment")
    return f"investment in fixed assets for capital formation, {text}"


def population_for_employment(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    change(tables, "accounts", "employment", where, pl.coalesce("population", "employment"))
    return f"population for employment, {text}"


def per_head(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    name = rng.choice(("output_nominal", "output_real"))
    change(tables, "accounts", name, where, pl.col(name) / pl.col("population") * 1e4)
    return f"{name} per head, {text}"


def growth_for_level(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    ratio = pl.col("output_real") / pl.col("output_real").shift(1).over("region") * 100
    change(tables, "accounts", "output_real", where, ratio)
    return f"growth for output_real, {text}"


def real_investment(rng: Random, tables: Tables) -> str:
    where, text = since(rng, tables)
    change(tables, "investment", "investment_nominal", where, pl.col("investment_nominal") / pl.col("investment_price"))
    return f"investment at constant prices for current ones, {text}"


# --------------------------------------------------------------------------------------------------------------- prices


def price_rebased(rng: Random, tables: Tables) -> str:
    everyone, year, base = rng.random() < 0.4, rng.choice(YEARS), rng.choice((1990, 2005, 2010))
    region = region_of(rng, tables)[0]
    who = pl.lit(value=True) if everyone else region == REGION
    level = pl.col("investment_price").filter(base == YEAR).first().over("region")
    change(tables, "investment", "investment_price", who & (year <= YEAR), pl.col("investment_price") / level)
    return f"price of investment with base {base} from {year} on, {'all' if everyone else region}"


def price_chained(rng: Random, tables: Tables) -> str:
    everyone, year, region = rng.random() < 0.4, rng.choice(YEARS), region_of(rng, tables)[0]
    who = pl.lit(value=True) if everyone else region == REGION
    step = pl.col("investment_price") / pl.col("investment_price").shift(1).over("region")
    change(tables, "investment", "investment_price", who & (year <= YEAR), step)
    return f"price of investment against the year before from {year} on, {'all' if everyone else region}"


def real_rebased(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    base = rng.choice((1996, 2005, 2010))
    level = (pl.col("output_nominal") / pl.col("output_real")).filter(base == YEAR).first().over("region")
    change(tables, "accounts", "output_real", where, pl.col("output_real") * level)
    return f"real output at prices of {base}, {text}"


# -------------------------------------------------------------------------------------------------------- rows, columns


def shifted(rng: Random, tables: Tables) -> str:
    table, name = column_of(rng, MEASURED)
    by, everyone, region = rng.choice((1, -1)), rng.random() < 0.5, region_of(rng, tables)[0]
    who = pl.lit(value=True) if everyone else region == REGION
    moved = pl.col(name).shift(by).over("region")
    if by < 0:  # the next edition has one more year
        moved = pl.coalesce(moved, pl.col(name) ** 2 / pl.col(name).shift(1).over("region"))
    change(tables, table, name, who & pl.col(name).is_not_null(), moved)
    return f"{table}.{name} shifted by {by}, {'all' if everyone else region}"


def pasted_lower(rng: Random, tables: Tables) -> str:
    """Paste a block of a column one row lower."""
    table, name = column_of(rng, MEASURED)
    frame, length = tables[table], rng.choice((5, 10, 30, 60))
    start = rng.randrange(1, frame.height - length - 1)
    at = pl.int_range(pl.len()).is_between(start, start + length - 1)
    tables[table] = frame.with_columns(pl.when(at).then(pl.col(name).shift(1)).otherwise(name).alias(name))
    return f"{table}.{name}: {length} rows pasted one row lower from row {start}"


def exchanged(rng: Random, tables: Tables) -> str:
    """Exchange the figures of two regions, always, from a year on or in one year."""
    table, name = column_of(rng, MEASURED)
    one, two = region_of(rng, tables, 2)
    year = rng.choice(YEARS)
    when, text = rng.choice(
        [(pl.lit(value=True), "always"), (year <= YEAR, f"from {year} on"), (year == YEAR, f"in {year}")]
    )
    frame = tables[table]
    other = frame.select(REGION.replace({one: two, two: one}), "year", other=name)
    joined = frame.join(other, on=["region", "year"], how="left", maintain_order="left")
    there = when & REGION.is_in([one, two]) & pl.col("other").is_not_null()
    tables[table] = joined.with_columns(pl.when(there).then("other").otherwise(name).alias(name)).drop("other")
    return f"{table}.{name} of {one} and {two} exchanged, {text}"


def copied(rng: Random, tables: Tables) -> str:
    """Copy the figures of one region to another."""
    table, name = column_of(rng, MEASURED)
    one, two = region_of(rng, tables, 2)
    frame = tables[table]
    other = frame.filter(one == REGION).select("year", other=name)
    joined = frame.join(other, on="year", how="left", maintain_order="left")
    value = pl.when((two == REGION) & pl.col("other").is_not_null()).then("other").otherwise(name)
    tables[table] = joined.with_columns(value.alias(name)).drop("other")
    return f"{table}.{name} of {two} is that of {one}"


def swapped_columns(rng: Random, tables: Tables) -> str:
    where, text = part(rng, tables)
    one, two = rng.sample(["output_nominal", "output_real", "employment", "population", "labour_share"], 2)
    both = [pl.when(where).then(b).otherwise(a).alias(a) for a, b in ((one, two), (two, one))]
    tables["accounts"] = tables["accounts"].with_columns(both)
    return f"{one} and {two} swapped, {text}"


def doubled_province(rng: Random, tables: Tables) -> str:
    region = region_of(rng, tables)[0]
    table = rng.choice(list(FLOWS))
    twice = tables[table].filter(region == REGION)
    tables[table] = pl.concat([tables[table], twice])
    return f"{table}: {region} twice"


def total_row(rng: Random, tables: Tables) -> str:
    """Write the total of all regions as one of them, under its own code or in place of another region."""
    names = [name for name, kind in tables["accounts"].schema.items() if kind == pl.Float64]
    total = tables["accounts"].group_by("year").agg(pl.col(names).sum()).sort("year")
    code = rng.choice(("000000", "全国", "total", "100000"))
    tables["accounts"] = pl.concat([tables["accounts"], total.with_columns(region=pl.lit(code))], how="diagonal")
    return f"the total as region {code}"


def prefecture(rng: Random, tables: Tables) -> str:
    region = region_of(rng, tables)[0]
    rows = tables["accounts"].filter(region == REGION).with_columns(region=pl.lit(f"{region[:2]}0100"))
    tables["accounts"] = pl.concat([tables["accounts"], rows])
    return f"a prefecture of {region}"


def lost_region(rng: Random, tables: Tables) -> str:
    region, table = region_of(rng, tables)[0], rng.choice(list(FLOWS))
    tables[table] = tables[table].filter(region != REGION)
    return f"{table} without {region}"


def truncated(rng: Random, tables: Tables) -> str:
    table, rows = rng.choice(list(FLOWS)), rng.choice((3, 10, 40))
    tables[table] = tables[table].head(-rows)
    return f"{table}: the last {rows} rows lost"


def carried(rng: Random, tables: Tables) -> str:
    """Repeat the last figure of a region for some years."""
    table, name = column_of(rng, MEASURED)
    where, text = since(rng, tables)
    first = pl.col(name).filter(where).drop_nulls().first().over("region")
    change(tables, table, name, where & pl.col(name).is_not_null(), first)
    return f"{table}.{name} repeated, {text}"


def filled(rng: Random, tables: Tables) -> str:
    """Write the values of another year into all regions."""
    table, name = column_of(rng, MEASURED)
    year = rng.choice(YEARS)
    value = pl.col(name).filter(year - rng.choice((1, 2)) == YEAR).first().over("region")
    change(tables, table, name, year == YEAR, pl.coalesce(value, pl.col(name)))
    return f"{table}.{name} of {year} is that of a year before"


def noise(rng: Random, tables: Tables) -> str:
    """Move every figure of a region at random, as a bad scan does."""
    table, name = column_of(rng, MEASURED)
    region, size = region_of(rng, tables)[0], rng.choice((0.05, 0.1, 0.2))
    dice = pl.Series([rng.gauss(0, size) for _ in range(tables[table].height)]).exp()
    change(tables, table, name, region == REGION, pl.col(name) * dice)
    return f"{table}.{name} of {region} with noise of {size}"


def digits_exchanged(rng: Random, tables: Tables) -> str:
    """Exchange two neighbouring digits of some figures of a column."""
    table, name = column_of(rng, MEASURED)
    frame = tables[table]
    texts = [None if value is None else f"{value:.10g}" for value in frame[name]]
    for at in rng.sample([at for at, text in enumerate(texts) if text], 8):
        text = str(texts[at])
        places = [place for place in range(len(text) - 1) if text[place : place + 2].isdigit()]
        place = min(places, default=0)
        texts[at] = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    tables[table] = frame.with_columns(pl.Series(name, texts))
    return f"{table}.{name}: the first two digits of 8 figures exchanged"


# ---------------------------------------------------------------------------------------------------------------- forms


def _form(write: Callable[[str, Random], str], columns: dict[str, tuple[str, ...]] = MEASURED) -> Wrong:
    """Return a damage of how some cells of a column, or all of them, are written."""

    def damage(rng: Random, tables: Tables) -> str:
        table, name = column_of(rng, columns)
        share = rng.choice((0.002, 0.05, 1.0))
        frame = tables[table]
        cells = frame[name].to_list()
        some = [at for at, cell in enumerate(cells) if cell is not None and rng.random() < share]
        if not some:
            some = [next(at for at, cell in enumerate(cells) if cell is not None)]
        texts = [None if cell is None else f"{cell:.10g}" if isinstance(cell, float) else str(cell) for cell in cells]
        for at in some:
            texts[at] = write(str(texts[at]), rng)
        tables[table] = frame.with_columns(pl.Series(name, texts))
        return f"{table}.{name}: {len(some)} cells written as {texts[some[0]]!r}"

    return damage


def _full_width(text: str, _: Random) -> str:
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in text)


def header_unit(rng: Random, tables: Tables) -> str:
    table, name = column_of(rng, MEASURED)
    unit = rng.choice(("（亿元）", " (1e8 CNY)", "/万元", "_yi", "[亿元]"))
    tables[table] = tables[table].rename({name: name + unit})
    return f"{table}: the column {name}{unit}"


def merged(rng: Random, tables: Tables) -> str:
    """Leave only the first of equal cells below one another."""
    table = rng.choice(list(FLOWS))
    name = rng.choice(("region", "output_vintage")) if table == "accounts" else "region"
    again = pl.col(name) == pl.col(name).shift(1)
    tables[table] = tables[table].with_columns(pl.when(again).then(None).otherwise(name).alias(name))
    return f"{table}.{name} merged"


KEYS = {"accounts": ("region",), "investment": ("region",)}
TIME = {"accounts": ("year",), "investment": ("year",)}
KINDS: dict[str, Wrong] = {
    "wan-yi": _scale(FLOWS, 1e4, 1e-4),
    "power-of-ten": _scale(FLOWS, 10, 0.1, 100, 0.01),
    "thousand": _scale(FLOWS, 1e3, 1e-3),
    "redenomination": _scale(FLOWS, 1e6, 1e-6, 1e8, 1e-8),
    "currency": currency,
    "percent-share": percent_share,
    "sign": sign,
    "definition-break": definition_break,
    "urban-units": _whole_series("accounts", "employment", 0.24, 0.2),
    "investment-tenth": _whole_series("investment", "investment_nominal", 0.1, 10),
    "schooling-levels": schooling_levels,
    "schooling-definition": schooling_definition,
    "vintage-spliced": vintage_spliced,
    "vintage-of-one": vintage_of_one,
    "nominal-for-real": nominal_for_real,
    "fixed-assets": fixed_assets,
    "population-for-employment": population_for_employment,
    "per-head": per_head,
    "growth-for-level": growth_for_level,
    "real-investment": real_investment,
    "price-rebased": price_rebased,
    "price-chained": price_chained,
    "real-rebased": real_rebased,
    "shifted": shifted,
    "pasted-lower": pasted_lower,
    "exchanged": exchanged,
    "copied": copied,
    "swapped-columns": swapped_columns,
    "doubled-province": doubled_province,
    "total-row": total_row,
    "prefecture": prefecture,
    "lost-region": lost_region,
    "truncated": truncated,
    "repeated": carried,
    "filled": filled,
    "noise": noise,
    "digits-exchanged": digits_exchanged,
    "decimal-comma": _form(lambda text, _: text.replace(".", ",")),
    "separators": _form(lambda text, rng: f"{float(text):,.2f}".replace(",", rng.choice((",", " ", "，", "'")))),
    "four-digits": _form(lambda text, _: text[:2] + "," + text[2:]),
    "footnote": _form(lambda text, rng: text + rng.choice(("*", "①", " (e)", "[1]", "P"))),
    "gap-mark": _form(lambda _, rng: rng.choice(("-", "...", "—", "n.a.", "-9999", "0", "#N/A"))),
    "full-width": _form(_full_width),
    "region-form": _form(
        lambda text, rng: rng.choice((text[:2], f"{text}.0", f" {text}", f"CN-{text}", text + "00")), KEYS
    ),
    "year-form": _form(
        lambda text, rng: rng.choice((f"{text}年", text[2:], f"{text}.0", f"FY{text}", f"{text}-12-31")), TIME
    ),
    "header-unit": header_unit,
    "merged": merged,
}
