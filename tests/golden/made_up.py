"""Two made-up data packages, the same on every machine; every figure in them is synthetic and describes no place."""

from __future__ import annotations

import csv
import json
import math
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Rows = list[dict[str, Any]]

UNITS = {
    "output_nominal": "1e8 CNY",
    "output_real": "1e8 CNY at 2005 prices",
    "employment": "1e4 persons",
    "labour_share": "ratio",
    "schooling": "years",
    "population": "1e4 persons",
    "urbanisation": "percent",
    "investment_nominal": "1e8 CNY",
    "investment_price": "index 2005=1",
    "capital": "1e8 CNY at 2005 prices",
    "output_index_previous_year_100": "index previous year=100",
    "utilisation": "percent",
    "output_growth": "percent",
    "revenue": "1e8 CNY",
    "tax_revenue": "1e8 CNY",
    "expenditure": "1e8 CNY",
    "debt_general": "1e8 CNY",
    "debt_special": "1e8 CNY",
    "debt_total": "1e8 CNY",
    "fund_revenue": "1e8 CNY",
    "residential_price": "CNY per m2",
    "new_home_mom": "index previous month=100",
    "second_hand_mom": "index previous month=100",
    "growth": "percent",
}
ISLANDS = ("N1", "N2", "N3", "S1", "S2", "S3")
PROVINCES = {
    "110000": "北京 Beijing 东部 East",
    "210000": "辽宁 Liaoning 东北 Northeast",
    "220000": "吉林 Jilin 东北 Northeast",
    "230000": "黑龙江 Heilongjiang 东北 Northeast",
    "310000": "上海 Shanghai 东部 East",
    "320000": "江苏 Jiangsu 东部 East",
    "410000": "河南 Henan 中部 Central",
    "420000": "湖北 Hubei 中部 Central",
    "440000": "广东 Guangdong 东部 East",
    "510000": "四川 Sichuan 西部 West",
    "520000": "贵州 Guizhou 西部 West",
    "610000": "陕西 Shaanxi 西部 West",
}
DIVISIONS = {
    "06": "煤炭 Coal",
    "13": "食品 Food",
    "17": "纺织 Textiles",
    "25": "石油 Petroleum",
    "26": "化工 Chemicals",
    "27": "医药 Pharmaceuticals",
    "30": "建材 Minerals",
    "31": "钢铁 Steel",
    "34": "设备 Machinery",
    "36": "汽车 Automobiles",
    "37": "运输设备 Transport",
    "38": "电气 Electrical",
    "39": "电子 Electronics",
    "44": "电力 Power",
}
CATEGORIES = {
    "ai": ("人工智能", "Artificial intelligence", "39", 1),
    "nev": ("新能源汽车", "New-energy vehicles", "36;38", 1),
    "pv": ("光伏", "Photovoltaics", "38", 1),
    "ic": ("集成电路", "Integrated circuits", "39", 1),
    "biomed": ("生物医药", "Biomedicine", "27", 1),
    "steel": ("钢铁", "Steel", "31", 1),
    "robots": ("机器人", "Robots", "34", 1),
    "digital": ("数字经济", "Digital economy", "39", 0),
}
INDICATORS = {  # unit, sector, direction, per head of output or of people, level
    "energy_consumption": ("1e4 tce", "green", -1, "output", 0.9),
    "so2_emissions": ("1e4 t", "green", -1, "output", 0.01),
    "cod_emissions": ("1e4 t", "green", -1, "output", 0.008),
    "rd_expenditure": ("1e4 CNY", "innovation", 1, "output", 180.0),
    "rd_intensity": ("percent", "innovation", 1, "one", 1.8),
    "mean_years_schooling": ("years", "education", 1, "one", 8.9),
    "rd_personnel_fte": ("person-years", "innovation", 1, "people", 20.0),
    "invention_patents_granted": ("items", "innovation", 1, "people", 0.6),
    "invention_patents_in_force": ("items", "innovation", 1, "people", 3.0),
    "technology_market_turnover": ("1e8 CNY", "innovation", 1, "output", 0.01),
    "education_expenditure": ("1e8 CNY", "education", 1, "output", 0.04),
    "culture_sports_employment": ("1e4 persons", "culture", 1, "people", 0.001),
    "broadband_subscribers": ("1e4 households", "digital", 1, "people", 0.2),
    "mobile_internet_users": ("1e4 households", "digital", 1, "people", 0.7),
    "software_revenue": ("1e4 CNY", "digital", 1, "output", 200.0),
    "ecommerce_sales": ("1e8 CNY", "digital", 1, "output", 0.1),
}
SENTENCES = (
    "新建年产{n}万吨电池材料生产线，投资{m}亿元。",
    "建设智能制造车间{n}座，购置机器人{m}台。",
    "扩建光伏组件项目，装机{n}兆瓦。",
    "New data centre with {n} racks, investment {m} million.",
    "建设中药材种植基地{n}亩和加工厂{m}座。",
    "汽车零部件生产线技术改造，年产{n}万件。",
)


class Dice:
    """Random figures from `random.Random.random`, whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self._source = random.Random(seed)  # noqa: S311 - no secret

    def between(self, low: float, high: float) -> float:
        """Return a figure between two others."""
        return low + (high - low) * self._source.random()

    def bell(self, mean: float = 0.0, spread: float = 1.0) -> float:
        """Return a figure of a bell-shaped distribution: the sum of twelve even ones."""
        return mean + spread * (sum(self._source.random() for _ in range(12)) - 6.0)

    def walk(self, level: float, mean: float, spread: float, steps: int) -> list[float]:
        """Return a path that grows at random rates."""
        values = [level]
        for _ in range(steps - 1):
            values.append(values[-1] * math.exp(self.bell(mean, spread)))
        return values

    def choice(self, items: Sequence[Any]) -> Any:
        """Return one of some items."""
        return items[int(self._source.random() * len(items))]


def islands(folder: Path) -> Path:
    """Write six regions of no country over 2001 to 2012, with industries, and return the folder."""
    dice, years = Dice(1), range(2001, 2013)
    tables = {"regions": [{"region": code, "name_en": f"Island {code}", "group_en": code[0]} for code in ISLANDS]}
    tables |= _economy(dice, ISLANDS, years, base=2005)
    codes = ("i1", "i2", "i3", "i4")
    tables["industries"] = [{"industry": code, "name_en": f"industry {code}"} for code in codes]
    tables["industry_accounts"] = [
        {
            "region": region,
            "industry": code,
            "year": year,
            "output_nominal": one,
            "output_real": two,
            "capital": three,
            "employment": four,
            "labour_share": 0.5,
        }
        for region in ISLANDS
        for code in codes
        for year, one, two, three, four in zip(
            years,
            dice.walk(60, 0.09, 0.03, 12),
            dice.walk(60, 0.06, 0.03, 12),
            dice.walk(90, 0.08, 0.02, 12),
            dice.walk(30, 0.01, 0.02, 12),
            strict=True,
        )
    ]
    tables["activity"] = [
        {"region": region, "industry": code, "year": year, "employment": amount}
        for region in ISLANDS
        for code in codes
        for year, amount in zip(years, dice.walk(dice.between(2, 40), 0.0, 0.2, 12), strict=True)
    ]
    tables["claims"] = [
        {"region": "N1", "start": 2005, "end": 2010, "growth": 2.0, "source": "synthetic"},
        {"region": "S2", "start": 2005, "end": 2010, "growth": 3.1, "source": "synthetic"},
    ]
    return _write(folder, "made-up-islands", "Made-up islands (synthetic)", "虚构群岛（合成数据）", tables)


def provinces(folder: Path) -> Path:
    """Write invented figures under the codes of twelve Chinese provinces, with every table, and return the folder."""
    dice, years = Dice(2), range(2004, 2018)
    named = {code: text.split() for code, text in PROVINCES.items()}
    tables = {
        "regions": [
            {"region": code, "name_zh": zh, "name_en": en, "group_zh": group_zh, "group_en": group}
            for code, (zh, en, group_zh, group) in named.items()
        ]
    }
    tables |= _economy(dice, tuple(PROVINCES), years, base=2005)
    output = {(row["region"], row["year"]): row["output_real"] for row in tables["accounts"]}
    people = {(row["region"], row["year"]): row["population"] for row in tables["accounts"]}
    tables["industries"] = _named("industry", {code: tuple(text.split()) for code, text in DIVISIONS.items()})
    tables["activity"] = [
        {"region": region, "industry": code, "year": year, "employment": amount}
        for region in PROVINCES
        for code in DIVISIONS
        for year, amount in zip(range(2005, 2017), _jobs(dice, region, code), strict=True)
    ]
    tables["activity_sections"] = [
        {
            "region": region,
            "section": name,
            "year": year,
            "employment": share * people[region, year] * dice.between(0.8, 1.2),
        }
        for region in PROVINCES
        for name, share in (("culture_sports", 0.003), ("education", 0.02), ("manufacturing", 0.1))
        for year in years
    ]
    tables["indicators"] = [
        {
            "region": region,
            "year": year,
            "indicator": name,
            "value": level
            * math.exp(dice.bell(0.02 * (year - 2004) * direction, 0.08))
            * {"output": output, "people": people}.get(scale, {}).get((region, year), 1.0),
        }
        for region in PROVINCES
        for name, (_, _, direction, scale, level) in INDICATORS.items()
        for year in years
    ]
    tables |= _public(dice, output)
    tables["plan_categories"] = [
        {"category": code, "name_zh": zh, "name_en": en, "divisions": divisions, "informative": informative}
        for code, (zh, en, divisions, informative) in CATEGORIES.items()
    ]
    tables["plans"] = [
        {
            "region": region,
            "year": year,
            "category": code,
            "named": named,
            "mentioned": max(named, int(dice.between(0, 2))),
        }
        for region in PROVINCES
        for year in (2025, 2026)
        for code in CATEGORIES
        for named in [int(dice.between(0, 1) < 0.55)]
    ]
    tables["capacity"] = [
        {"period": period, "industry": code, "name_zh": name, "utilisation": dice.bell(76, 3)}
        for code, name in (
            ("automobile", "汽车制造业"),
            ("ferrous_metals", "黑色金属"),
            ("industry_total", "工业"),
            ("pharma", "医药"),
        )
        for period in [f"{year}{part}" for year in range(2018, 2026) for part in ("Q1", "Q2", "Q3", "Q4", "FY")][:-4]
    ]
    tables |= _market(dice)
    tables["archive"], tables["projects"] = _projects(dice)
    tables["claims"] = [{"region": "220000", "start": 2010, "end": 2015, "growth": 2.0, "source": "synthetic"}]
    return _write(folder, "made-up-provinces", "Made-up provinces (synthetic)", "虚构省份（合成数据）", tables)


def _economy(dice: Dice, regions: Sequence[str], years: range, base: int) -> dict[str, Rows]:
    """Return accounts, investment and sectors of every region, and two vintages of output."""
    tables: dict[str, Rows] = {
        name: [] for name in ("accounts", "investment", "sector_accounts", "sector_investment", "vintages")
    }
    for number, region in enumerate(regions):
        size, count = 200.0 * (1 + number), len(years)
        richer = math.exp(0.08 * number)
        real = dice.walk(size * richer, 0.08, 0.02, count)
        price = dice.walk(1.0, 0.03, 0.01, count)
        work = dice.walk(60.0 * (1 + number), 0.01, 0.01, count)
        spent = dice.walk(0.35 * size, 0.09, 0.03, count)
        cost = dice.walk(1.0, 0.02, 0.01, count)
        start = years.index(base)
        for step, year in enumerate(years):
            nominal = real[step] * price[step]
            tables["accounts"].append(
                {
                    "region": region,
                    "year": year,
                    "output_nominal": nominal,
                    "output_real": real[step] * price[start],
                    "employment": work[step],
                    "labour_share": 0.5 + dice.bell(0, 0.01),
                    "schooling": 7.5 + 0.1 * step + 0.1 * number,
                    "population": 1.7 * work[step],
                    "urbanisation": 35 + step + number,
                }
            )
            tables["investment"].append(
                {
                    "region": region,
                    "asset": "total",
                    "year": year,
                    "investment_nominal": spent[step] * cost[step],
                    "investment_price": cost[step] / cost[start],
                }
            )
            shares = (0.2 - 0.006 * step, 0.45, 0.35 + 0.006 * step)
            for code, share in zip("123", shares, strict=True):
                tables["sector_accounts"].append(
                    {
                        "region": region,
                        "sector": code,
                        "year": year,
                        "output_nominal": nominal * share,
                        "output_index_previous_year_100": 100 * math.exp(dice.bell(0.03 * int(code), 0.01)),
                        "employment": work[step] * (0.5 - 0.012 * step, 0.25, 0.25 + 0.012 * step)[int(code) - 1],
                    }
                )
                tables["sector_investment"].append(
                    {
                        "region": region,
                        "sector": code,
                        "year": year,
                        "investment_nominal": spent[step] * (0.1, 0.45, 0.45)[int(code) - 1],
                    }
                )
            tables["vintages"] += [
                {
                    "region": region,
                    "year": year,
                    "vintage": "first_published",
                    "output_nominal": nominal * dice.between(0.94, 0.99),
                },
                {"region": region, "year": year, "vintage": "census4", "output_nominal": nominal},
            ]
    return tables


def _jobs(dice: Dice, region: str, code: str) -> list[float]:
    """Return jobs by year: the further down the list a province stands, the further down the industries it has."""
    skill = list(PROVINCES).index(region) / len(PROVINCES)
    demand = list(DIVISIONS).index(code) / len(DIVISIONS)
    level = 3.0 * math.exp(dice.bell(3.0 * min(0.0, skill - demand) - 1.5 * max(0.0, skill - demand - 0.5), 0.5))
    return [level * math.exp(dice.bell(0.0, 0.45)) for _ in range(12)]


def _public(dice: Dice, output: dict[tuple[str, int], float]) -> dict[str, Rows]:
    """Return public finance and debt of every province."""
    fiscal: Rows = []
    owed: Rows = []
    for region in PROVINCES:
        burden = dice.walk(dice.between(0.12, 0.35), 0.05, 0.02, 8)
        for step, year in enumerate(range(2010, 2018)):
            made = output[region, year]
            revenue = made * dice.between(0.09, 0.11)
            fiscal.append(
                {
                    "region": region,
                    "year": year,
                    "revenue": revenue,
                    "tax_revenue": 0.8 * revenue,
                    "expenditure": revenue * dice.between(1.5, 2.2),
                }
            )
            general = made * burden[step] * 0.5
            special = made * burden[step] * dice.between(0.3, 0.5)
            owed.append(
                {
                    "region": region,
                    "year": year,
                    "debt_general": general,
                    "debt_special": special,
                    "debt_total": general + special,
                    "fund_revenue": made * dice.between(0.03, 0.08),
                }
            )
    return {"fiscal": fiscal, "debt": owed}


def _market(dice: Dice) -> dict[str, Rows]:
    """Return house prices of provinces by year and of four cities by month, one of them explosive for a while."""
    prices = [
        {"region": region, "year": year, "residential_price": value}
        for region in PROVINCES
        for year, value in zip(range(2004, 2018), dice.walk(dice.between(2500, 9000), 0.07, 0.05, 14), strict=True)
    ]
    months = [f"{year}-{month:02d}" for year in range(2014, 2020) for month in range(1, 13)]
    cities = [
        {
            "city": city,
            "month": month,
            "new_home_mom": dice.bell(100.2, 0.3),
            "second_hand_mom": dice.bell(100.1, 0.25)
            + (0.06 * max(0, step - 30) if city == "310000" and step < 50 else 0.0),
        }
        for city in ("110000", "220100", "310000", "440100")
        for step, month in enumerate(months)
    ]
    return {"prices": prices, "city_prices": cities}


def _projects(dice: Dice) -> tuple[Rows, Rows]:
    """Return archived projects, and new ones of which some are old ones told again."""

    def text() -> str:
        return "".join(
            dice.choice(SENTENCES).format(n=int(dice.between(2, 900)), m=int(dice.between(2, 90))) for _ in range(3)
        )

    archive = [
        {
            "id": f"A{number:02d}",
            "region": dice.choice(tuple(PROVINCES)),
            "year": 2018,
            "title": f"项目{number}",
            "text": text(),
        }
        for number in range(16)
    ]
    again = [{**row, "id": f"P{row['id'][1:]}", "year": 2025, "title": "智能" + row["title"]} for row in archive[:4]]
    fresh = [
        {
            "id": f"P{number}",
            "region": dice.choice(tuple(PROVINCES)),
            "year": 2025,
            "title": f"新项目{number}",
            "text": text(),
        }
        for number in range(50, 58)
    ]
    return archive, again + fresh


def _named(key: str, names: dict[str, Sequence[str]]) -> Rows:
    return [{key: code, "name_zh": name[0], "name_en": name[1]} for code, name in names.items()]


def _write(folder: Path, name: str, title: str, title_zh: str, tables: dict[str, Rows]) -> Path:
    """Write the tables as CSV with a descriptor that says that they are synthetic."""
    folder.mkdir(parents=True, exist_ok=True)
    resources: list[dict[str, Any]] = []
    for table, rows in tables.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
        resource: dict[str, Any] = {"name": table, "path": f"{table}.csv", "schema": {"fields": list(_fields(rows[0]))}}
        if table == "indicators":
            resource["indicators"] = {
                name: {"unit": unit, "sector": sector, "direction": direction}
                for name, (unit, sector, direction, _, _) in INDICATORS.items()
            }
        resources.append(resource)
    descriptor = {
        "name": name,
        "title": title,
        "title_zh": title_zh,
        "version": "1",
        "resources": resources,
        "description": "Synthetic: made by tests/golden/made_up.py; no figure describes a real place.",
    }
    (folder / "datapackage.json").write_text(json.dumps(descriptor, ensure_ascii=False, indent=1), encoding="utf-8")
    return folder


def _cell(value: object) -> object:
    return float(f"{value:.8g}") if isinstance(value, float) else value


def _fields(row: dict[str, Any]) -> Iterable[dict[str, str]]:
    for name, value in row.items():
        kind = "number" if isinstance(value, float) else "integer" if isinstance(value, int) else "string"
        field = {"name": name, "type": {"year": "year", "month": "yearmonth"}.get(name, kind)}
        yield field | ({"unit": UNITS[name]} if name in UNITS else {})
