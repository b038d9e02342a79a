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
from typing import Any

import polars as pl
import yaml

from china_columns import number, read, text, whole

MARKS = yaml.safe_load(Path(__file__).with_name("china_sources.yaml").read_text("utf-8"))
CAPABILITY = yaml.safe_load(Path(__file__).with_name("china_capability.yaml").read_text("utf-8"))
SITE = re.compile(r"[\w-]+\.(?:com|cn|hk|net|cc)\b")
NATION = ("variable", "year", "value", "unit", "vintage", "status", "source", "second_source", "second_value")
BARRED = r"^cip4_"  # China Industrial Productivity states no licence
UNLICENSED = "PR-"  # opening notices copied through a commercial collection that states no licence
NATION_CODE = "000000"
LAST_LEVEL = 2017  # of fixed-asset investment by province; growth rates only are published since
FIRST, CENSUS = 1996, 2000  # first year of the accounts; the census from which residents are counted everywhere
SICHUAN, CHONGQING = "510000", "500000"
REGISTERED = ("330000", "410000", "440000", "500000")  # Zhejiang, Henan, Guangdong, Chongqing before the census of 2000
TURNS_TO_RESIDENTS = ("440000", "500000")  # in 2000, so that the old series does not reach the new
MOVED_BY_A_CENSUS = (2000, 2005, 2010, 2020)
JUMP = 0.02
COPIED_TO = 2019  # to this year first-published growth was a copy of the revised one
SECTORS = {"primary": "1", "secondary": "2", "tertiary": "3"}
SECTORS_TO = 2022  # as first compiled
BRANCHES_FROM = 2019  # as revised after the fifth census
BRANCHES = {
    "wholesale_retail": "trade",
    "transport_post": "transport",
    "hotel_catering": "hospitality",
    "other": "other_services",
}
ASSETS = ("construction", "equipment", "other")
PRICED_FROM = 2003
INDICATORS_TO = 2019
PRICES_FROM = 1999  # the year before the first retail price index
INPUT_OUTPUT = "input-output table as published"


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
    made = [
        population(sources),
        urbanisation(sources, frame),
        expenditure(sources),
        fixed_asset_investment(sources),
        retail_price(sources),
        schooling(sources),
        *(said(frame, name) for name in ("schooling", "employment")),
    ]
    key = ["region", "year"]
    order = list(dict.fromkeys([*frame.columns, *(name for part in made for name in part.columns)]))
    for part in made:
        frame = frame.drop(set(part.columns) - set(key), strict=False)
        frame = frame.join(part, on=key, how="left", maintain_order="left", validate="1:1")
    return frame.select(order)


def population(sources: Path) -> pl.DataFrame:
    """Return residents at the end of the year with their status, and where a census moved the series."""
    later = read(sources, "nation/resident_population.csv").filter(pl.col("unit").str.contains("year end"))
    later = later.select("region", whole("year"), number("population"), estimated=pl.col("status") == "estimate")
    frame = pl.concat([_population_before(sources, later.filter(year=CENSUS)), later]).sort("region", "year")
    step = pl.col("population").log().diff().over("region").abs()
    census = pl.col("year").is_in(MOVED_BY_A_CENSUS) & (step > JUMP)
    return frame.select(
        "region",
        pl.col("year").cast(pl.String),
        population=text("population"),
        population_status=pl.when("estimated").then(pl.lit("extrapolated")).otherwise(pl.lit("official")),
        population_break=pl.when(census).then(pl.lit("1")).otherwise(pl.lit("0")),
    )


def _population_before(sources: Path, start: pl.DataFrame) -> pl.DataFrame:
    """Return the population of 1996-1999: where it counted registered persons, moved to meet residents in 2000.

    Where the old series itself turns to residents in 2000 it is taken to have grown as in the year before. Sichuan of
    1996 is without Chongqing, which the source counts in both.
    """
    old = read(sources, "population_education_urban_1990_2025.csv").select(
        region="region_code", year=whole("year"), old=number("population_10k_wangmeng")
    )
    chongqing = old.filter(region=CHONGQING, year=FIRST)["old"].item()
    both = (pl.col("region") == SICHUAN) & (pl.col("year") == FIRST)
    old = old.with_columns(old=pl.when(both).then(pl.col("old") - chongqing).otherwise("old"))
    years = old.filter(pl.col("year").is_between(FIRST, CENSUS)).pivot("year", index="region", values="old")
    at = {year: pl.col(str(year)) for year in range(FIRST, CENSUS + 1)}
    turns = pl.col("region").is_in(TURNS_TO_RESIDENTS)
    meets = pl.when(turns).then(at[CENSUS - 1] ** 2 / at[CENSUS - 2]).otherwise(at[CENSUS])
    ratio = years.select("region", meets=meets).join(start, on="region")
    ratio = ratio.select("region", ratio=pl.col("population") / pl.col("meets"))
    moved = pl.col("region").is_in(REGISTERED)
    early = old.filter(pl.col("year").is_between(FIRST, CENSUS - 1)).join(ratio, on="region")
    return early.select(
        "region",
        "year",
        population=pl.when(moved).then((pl.col("old") * pl.col("ratio")).round(1)).otherwise("old"),
        estimated=moved | both,
    )


def urbanisation(sources: Path, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the urban share of the population: as it stands, and of 2024 from the two counts."""
    recent = read(sources, "recent/recent.csv").filter(pl.col("variable").is_in(["population", "population_urban"]))
    recent = recent.filter(pl.col("year") == "2024").pivot("variable", index=["region", "year"], values="value")
    share = number("population_urban") / number("population") * 100
    recent = recent.select("region", "year", share=share.round(2).cast(pl.String))
    joined = frame.join(recent, on=["region", "year"], how="left", maintain_order="left")
    return joined.select("region", "year", urbanisation=pl.coalesce("share", "urbanisation"))


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
    steps = read(sources, "nation/rpi_by_province.csv").select("region", whole("year"), step=number("rpi") / 100)
    base = steps.select("region", year=pl.lit(PRICES_FROM, pl.Int64), step=pl.lit(1.0)).unique()
    level = pl.concat([base, steps]).sort("region", "year").with_columns(pl.col("step").cum_prod().over("region"))
    return level.select("region", pl.col("year").cast(pl.String), retail_price=pl.col("step").round(8).cast(pl.String))


def schooling(sources: Path) -> pl.DataFrame:
    """Return mean years of schooling of the population aged 15 and over, of the censuses."""
    frame = read(sources, "additions/schooling_census_2010_2020.csv")
    frame = frame.filter(pl.col("item") == "mean_years_schooling_15plus", pl.col("region") != "000000")
    return frame.select("region", "year", schooling_15plus="value")


def said(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the status of a column that has official figures only."""
    status = pl.when(pl.col(name).is_not_null()).then(pl.lit("official"))
    return frame.select("region", "year", status.alias(f"{name}_status"))


def vintages(sources: Path, out: Path) -> pl.DataFrame:
    """Return output in its vintages, growth as first published from the index that was published at the time."""
    first = read(sources, "nation/first_published_growth.csv")
    first = first.select("region", "year", vintage=pl.lit("first_published"), growth="growth_first_published")
    frame = read(out, "vintages.csv")
    joined = frame.join(first, on=["region", "year", "vintage"], how="left", maintain_order="left", validate="1:1")
    later = whole("year") > COPIED_TO  # the same figures, as they stand
    growth = pl.when(later).then("output_growth").otherwise(pl.coalesce("growth", "output_growth"))
    return joined.select(pl.col(frame.columns).exclude("output_growth"), output_growth=growth)


def sector_accounts(sources: Path, out: Path) -> pl.DataFrame:
    """Return the accounts of three sectors: as they stand to 2022, then output of two years and employment of one."""
    frame = read(out, "sector_accounts.csv").filter(whole("year") <= SECTORS_TO)
    recent = read(sources, "recent/recent.csv").filter(whole("year") > SECTORS_TO, pl.col("region") != "000000")
    output, workers = (
        recent.filter(pl.col("variable").is_in([prefix + name for name in SECTORS]), pl.col("status") == status).select(
            "region", "year", sector=pl.col("variable").str.strip_prefix(prefix).replace(SECTORS), value="value"
        )
        for prefix, status in (("va_", "revised"), ("employment_", "official"))
    )
    later = output.join(workers, on=["region", "year", "sector"], how="left", suffix="_employment").select(
        "region",
        "sector",
        "year",
        output_nominal="value",
        output_index_previous_year_100=pl.lit(None, pl.String),
        employment="value_employment",
        output_vintage=pl.lit("census5"),
        index_vintage=pl.lit(None, pl.String),
    )
    return pl.concat([frame, later.select(frame.columns)])


def branch_output(sources: Path, out: Path) -> pl.DataFrame:
    """Return value added of nine branches: after the fourth census to 2018, after the fifth from 2019 on."""
    key = ["region", "branch", "year", "output_nominal"]
    early = read(out, "branch_output.csv").filter(whole("year") < BRANCHES_FROM).select(key)
    later = read(sources, "recent/va_by_branch_2019_2024.csv").with_columns(pl.col("branch").replace(BRANCHES))
    both = [
        early.with_columns(output_vintage=pl.lit("census4")),
        later.select(*key, output_vintage=pl.lit("census5")),
    ]
    return pl.concat(both).sort("region", "branch", whole("year"))


def activity_sections(sources: Path, out: Path) -> pl.DataFrame:
    """Return persons employed in urban non-private units by section: to 2019, and in 2024."""
    frame = read(out, "activity_sections.csv").filter(pl.col("year") != "2024")
    later = read(sources, "recent/urban_unit_employment_sections_2024.csv").select(frame.columns)
    return pl.concat([frame, later])


def indicators(sources: Path, out: Path) -> pl.DataFrame:
    """Return the indicators with the years and series that came later."""
    frame = read(out, "indicators.csv").filter(
        ~pl.col("indicator").is_in(["new_product_revenue", "industrial_revenue"])
    )
    frame = frame.filter(
        ~(
            pl.col("indicator").is_in(["technology_market_turnover", "invention_patents_granted"])
            & (whole("year") > INDICATORS_TO)
        )
    )
    long = read(sources, "innovation_long_2010_2023.csv").filter(whole("year") > INDICATORS_TO)
    market = long.filter(pl.col("theme") == "tech_market_contracted", pl.col("item_zh") == "金额")
    patents = long.filter(pl.col("theme") == "patent_grants", pl.col("item_zh") == "发明")
    products = read(sources, "innovation_nbs_2000_2019.csv")
    industry = read(sources, "industrial_enterprises_above_scale_2000_2019.csv")
    made = (
        ("technology_market_turnover", market, (number("value") / 1e4).round(4).cast(pl.String)),
        ("invention_patents_granted", patents, text("value")),
        ("new_product_revenue", products, pl.col("新产品销售收入(万元)")),
        ("industrial_revenue", industry, pl.col("主营业务收入(亿元)")),
    )
    parts = [
        part.select(
            region="region_code", year=whole("year").cast(pl.String), indicator=pl.lit(name), value=value
        ).drop_nulls("value")
        for name, part, value in made
    ]
    return pl.concat([frame, *parts]).sort("region", whole("year"), "indicator")


def asset_investment(sources: Path, _: Path) -> pl.DataFrame:
    """Return investment in fixed assets without rural households by kind of asset, with its price."""
    amounts = read(sources, "additions/fai_by_asset_2003_2017.csv").filter(pl.col("item").is_in(ASSETS))
    prices = read(sources, "prices_2000_2019.csv").unpivot(
        [f"fai_price_{asset}_prev100" for asset in ASSETS], index=["region_code", "year"]
    )
    step = pl.when(whole("year") == PRICED_FROM).then(1.0).otherwise(number("value") / 100)
    prices = prices.filter(whole("year") >= PRICED_FROM).sort("region_code", "variable", whole("year"))
    prices = prices.select(
        region="region_code",
        asset=pl.col("variable").str.extract("fai_price_(.*)_prev100"),
        year="year",
        price=step.cum_prod().over("region_code", "variable").round(8).cast(pl.String),
        known=pl.col("value").is_not_null().all().over("region_code", "variable"),
    ).filter("known")
    amounts = amounts.select("region", asset="item", year="year", investment_nominal="value")
    joined = amounts.join(prices.drop("known"), on=["region", "asset", "year"], how="left")
    return joined.rename({"price": "investment_price"}).sort("region", "asset", whole("year"))


def industry_census(sources: Path, _: Path) -> pl.DataFrame:
    """Return what the economic census of 2023 prints of division 39 by province, firms above the size threshold."""
    long = read(sources, "additions/electronics_by_province_2023.csv").filter(pl.col("region") != "000000")
    wide = long.pivot("item", index=["region", "industry", "year"], values="value")
    return wide.sort("region").rename({"average_workers": "employment"})


def capability(sources: Path, out: Path) -> pl.DataFrame:
    """Return dated evidence of what each province can do, by category of the plans: compiled facts and employment."""
    rows = read(sources, "capability/capability.csv").filter(
        pl.col("confidence") != "low", ~pl.col("name_en").is_in(CAPABILITY["replaced"])
    )
    compiled = pl.DataFrame([_evidence(row) for row in rows.iter_rows(named=True)], orient="row")
    order = [
        "region",
        "category",
        "evidence",
        "measure",
        "name_zh",
        "name_en",
        "value",
        "unit",
        "year",
        "issuer_zh",
        "issuer",
        "source",
        "confidence",
    ]
    facts = pl.DataFrame(CAPABILITY["facts"], orient="row")
    made = pl.concat([compiled.select(order), facts.select(order), _of_tables(sources, out).select(order)])
    nation = made.filter(pl.col("region") == NATION_CODE, pl.col("category") != "all").select(
        "measure",
        at=whole("year"),
        nation="value",
        nation_year="year",
        nation_source=pl.format("{}, {}: {}", "name_en", "year", "source"),
    )
    made = made.filter(pl.col("region") != NATION_CODE).with_columns(at=whole("year")).sort("at")
    made = made.join_asof(nation.sort("at"), on="at", by="measure", strategy="nearest", check_sortedness=False)
    return made.drop("at").sort("category", "evidence", "measure", "region", whole("year"), "name_en")


def archive(sources: Path, _: Path) -> pl.DataFrame:
    """Return the public lists of projects and tenders that may be handed on: facts of official notices."""
    every = read(sources, "projects/projects.csv").filter(~pl.col("id").str.starts_with(UNLICENSED))
    return every.select(
        "id",
        region=pl.when(pl.col("province") != "").then(pl.col("province") + "0000"),
        year="year",
        title="title",
        text="content",
        place="city",
        owner="owner",
        investment_yi="investment_1e8cny",
        list="list_name",
        issuer="issuer",
        source=pl.col("source").str.replace(r"stored file id \d+.*$", "list as published, read in a repost"),
    ).sort("id")


def _evidence(row: dict[str, str]) -> dict[str, str]:
    """Return one compiled fact with its measure, unit, issuer and citation."""
    found = next((one for one in CAPABILITY["measures"] if _is(one, row)), {})
    other = CAPABILITY["other"].get(row["unit"], CAPABILITY["plain"].get(row["evidence"], "figure"))
    zh, en = CAPABILITY["issuers"][row["issuer"]]
    decided = row["evidence"] == "designation" and row["unit"] not in CAPABILITY["other"]
    start = next((one for one in CAPABILITY["sources"] if row["source"].startswith(one)), None)
    name = row["name_zh"]
    for foreign, chinese in CAPABILITY["in_chinese"].items():
        name = name.replace(foreign, chinese)
    return row | {
        "name_zh": name,
        "evidence": found.get("evidence", row["evidence"]),
        "measure": found.get("measure", other),
        "unit": _unit(row) if decided else CAPABILITY["units"].get(row["unit"], row["unit"]),
        "year": "2021" if row["year"] == "2020/21" else row["year"][:4],
        "issuer_zh": zh,
        "issuer": en,
        "source": CAPABILITY["sources"][start] if start else _page(row["source"]),
    }


def _unit(row: dict[str, str]) -> str:
    """Return the unit of a decision."""
    return "items" if row["unit"] in CAPABILITY["whole"] else "ratio"


def _is(one: dict[str, Any], row: dict[str, str]) -> bool:
    """Say whether a pattern of a measure matches a fact."""
    return bool(re.match(one["match"], row["name_en"])) and all(
        row[key] == of for key, of in one.get("when", {}).items()
    )


def _page(source: str) -> str:
    """Return the citation of a page: its address without notes of the compilation."""
    parts = [part.strip() for part in re.sub(r"\([^)]*\)", "", source).split(";")]
    kept = [part for part in parts if part and "file id" not in part and "GWR" not in part]
    return "; ".join(kept) or "list as published, read in a repost"


def _of_tables(sources: Path, out: Path) -> pl.DataFrame:
    """Return value added of branches, and persons employed by category with the totals that they are held to."""
    added = CAPABILITY["added"]
    urban = read(sources, "recent/urban_unit_employment_sections_2024.csv")
    works = read(out, "activity.csv").filter(pl.col("year") == "2016")
    value = read(out, "branch_output.csv").rename({"output_nominal": "employment"})
    value = value.filter(whole("year") == whole("year").max())
    staff, labour = ("employment", "1e4 persons"), ("employment", "persons")
    cases = [(urban, one, *staff, "NBS, urban non-private units by section in 2024") for one in added["totals"]]
    for one in added["divisions"]:
        part = works if one["codes"] == "all" else works.filter(pl.col("industry").is_in(one["codes"]))
        cases.append((part, one, *labour, "NBS, China Labour Statistical Yearbook 2017, as in the table activity"))
    for one in added["branches"]:
        part = value.filter(branch=one["branch"])
        cases.append((part, one, "output", "1e8 CNY", "NBS, regional accounts, as in the table branch_output"))
    zh, en = added["told"]["issuer"]
    return pl.concat(
        part.group_by("region", "year")
        .agg(value=number("employment").sum().round(4))
        .select(
            "region",
            "year",
            category=pl.lit(one["category"]),
            evidence=pl.lit(kind),
            measure=pl.lit(one["measure"]),
            name_zh=pl.lit(one["zh"]),
            name_en=pl.lit(one["en"]),
            value=text("value"),
            unit=pl.lit(unit),
            issuer_zh=pl.lit(zh),
            issuer=pl.lit(en),
            source=pl.lit(source),
            confidence=pl.lit(added["told"]["confidence"]),
        )
        for part, one, kind, unit, source in cases
    )


TABLES: dict[str, Callable[[Path, Path], pl.DataFrame]] = {
    "accounts": accounts,
    "activity_sections": activity_sections,
    "archive": archive,
    "asset_investment": asset_investment,
    "branch_output": branch_output,
    "capability": capability,
    "indicators": indicators,
    "industry_census": industry_census,
    "nation": nation,
    "sector_accounts": sector_accounts,
    "vintages": vintages,
}


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
