"""What the readers of a page have of their own: small made-up files in the folder, and names of frames."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
from called import called

import xinzhi

ROOT = Path(__file__).resolve().parents[1]
REGIONS = ["220000", "310000", "320000", "330000", "340000", "370000"]


def exported(folder="my-data"):
    assert called("data", "export", "china-provinces", folder).returncode == 0
    return Path(folder)


def price_files():
    rng = np.random.default_rng(1)
    months = pl.date_range(pl.date(2010, 1, 1), pl.date(2015, 12, 1), "1mo", eager=True)
    walks = {city: 100 * np.exp(rng.normal(0, 0.02, 72).cumsum()) for city in ("A", "B")}
    wide = pl.DataFrame({"date": months, **walks})
    wide.write_csv("prices.csv")
    wide.write_excel("index.xlsx")
    wide.unpivot(index="date", variable_name="city", value_name="price").rename({"date": "month"}).write_csv(
        "sales.csv"
    )
    return {}


def altered():
    accounts = exported("mine") / "accounts.csv"
    lines = accounts.read_text(encoding="utf-8").splitlines()
    head = lines[0].split(",")
    row = next(at for at, line in enumerate(lines) if line.startswith("220000,2017"))
    cells = lines[row].split(",")
    cells[head.index("output_real")] = "7305.96"
    lines[row] = ",".join(cells)
    accounts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {}


def own_frames():
    tables = xinzhi.load("china-provinces").tables
    return {name: tables[name].filter(pl.col("region").is_in(REGIONS)) for name in ("accounts", "investment")}


def farms():
    rng = np.random.default_rng(1)
    region, year = np.repeat([f"r{at:02}" for at in range(15)], 4), np.tile(np.arange(2010, 2014), 15)
    logs = rng.uniform(0, 2, (60, 2))
    lazy = np.repeat(np.abs(rng.normal(0, 0.3, 15)), 4)
    output = np.exp(1 + logs @ [0.4, 0.5] + 0.15 * rng.normal(size=60) - lazy)
    columns = {"region": region, "year": year, "output": output, "capital": np.exp(logs[:, 0])}
    return {"farms": pl.DataFrame(columns | {"labour": np.exp(logs[:, 1])})}


def sources():
    exported()
    Path("emerging.txt").write_text("39\n65\n", encoding="utf-8")
    return {"industries": pl.DataFrame({"code": ["39", "65", "17"]})}


def projects():
    assert called("screen", "--example", ".").returncode == 0
    for name, amount in (("hidden", 3000.0), ("resources", 9000.0)):
        regions = xinzhi.load("china-provinces").tables["debt"].filter(year=2024)["region"].to_list()
        pl.DataFrame({"region": regions, "year": 2024, name: amount}).write_csv(f"{name}.csv")
    shutil.copy("projects.csv", "new.csv")
    pl.read_csv("archive.csv").write_excel("provincial-lists.xlsx")
    return {}


def download():
    rows = [
        "数据库：分省年度数据",
        "指标：地区生产总值(亿元)",
        "时间：最近2年",
        "地区,2023年,2022年",
        "北京市,43760.7,41540.9",
    ]
    Path("分省年度数据.csv").write_text("\n".join([*rows, "数据来源：国家统计局"]) + "\n", encoding="utf-8")
    return {}


def industries():
    pl.DataFrame({"code": ["39", "26", "17"], "output": [10.0, 20.0, 70.0]}).write_csv("industries.csv")
    sizes = {"39": 30.0, "26": 40.0, "17": 50.0, "63": 10.0, "64": 10.0, "65": 10.0}
    flows = [(a, b, 1.0) for a in sizes for b in sizes] + [(name, "output", size) for name, size in sizes.items()]
    pl.DataFrame(flows, schema=["from", "to", "value"], orient="row").write_csv("flows.csv")
    text = called("scope", "--template", "three-new-2018").stdout.replace("status: template", "status: partial")
    entries = 'entries:\n  - {code: "3911", category: "02"}\n'
    Path("my-list.yaml").write_text(re.sub(r"^missing:.*\n", "", text, flags=re.MULTILINE) + entries, encoding="utf-8")
    return {}


def system():
    page = (ROOT / "docs/sectors-index.md").read_text(encoding="utf-8")
    [text] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    text = (
        text.split("    from:")[0]
        + "  - {indicator: air, sector: green, direction: 1, unit: index, denominator: score}\n"
    )
    Path("mine.yaml").write_text(text, encoding="utf-8")
    rng, rows = np.random.default_rng(1), [(region, year) for region in REGIONS for year in range(2012, 2018)]
    frame = pl.DataFrame(rows, schema=["region", "year"], orient="row")
    frame.with_columns(rd_intensity=rng.uniform(1, 3, len(rows)), air=rng.uniform(1, 9, len(rows))).write_csv(
        "mine.csv"
    )
    return {}


def password():
    Path("password.txt").write_text("a sentence as a password\n", encoding="utf-8")
    return {}


def certified():
    return altered() | password()


GIVEN = {
    "docs/bubbles.md": price_files,
    "docs/certificate.md": certified,
    "docs/data.md": own_frames,
    "docs/data-sources.md": download,
    "docs/keys.md": password,
    "docs/keys.zh.md": password,
    "docs/risks.md": projects,
    "docs/scope.md": industries,
    "docs/screen.md": projects,
    "docs/sectors-index.md": system,
    "docs/sources.md": sources,
    "docs/stochastic-frontier.md": farms,
}
