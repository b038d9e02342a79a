"""The 56 standard protocols for China 1979-2019 on the Penn World Table 10.01.

Reference: ../shared/ref/growth/china_protocol_multiverse_1979_2019.csv: mean TFP growth in percentage points a year,
2 capital measures x 4 labour concepts x 7 share rules. Tolerance: 1e-6 percentage points.
The three observed shares are three columns of the Penn World Table, so they are three packages under one protocol.
"""

from __future__ import annotations

import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.shapley import effects

pytestmark = pytest.mark.shared

PARAMETERS = {
    "capital.measure": ("given_stock", "given_services"),
    "labour.unit": ("persons", "hours"),
    "labour.quality": ("none", "given"),
    "shares.rule": ("observed_regional", "constant"),
    "shares.constant": (0.5, 0.6, 0.4, 2 / 3),
}
LABOUR = {("persons", "none"): "persons", ("hours", "none"): "hours", ("hours", "given"): "hours x hc"}
LABOUR["persons", "given"] = "persons x hc"
CONSTANT = {"0.5": "const .5", "0.6": "const .6", "0.4": "const .4", "0.666667": "const 2/3"}
OBSERVED = {"labsh": "labsh obs avg", "lab_sh3": "adj3 avg wage", "lab_sh4": "adj4 agric"}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    def alternatives(values):
        return "[" + ", ".join(f"{{value: {value}}}" for value in values[1:]) + "]"

    groups = {}
    for path, values in PARAMETERS.items():
        group, name = path.split(".")
        groups.setdefault(group, []).append(f"    {name}: {{value: {values[0]}, alternatives: {alternatives(values)}}}")
    lines = "\n".join(f"  {group}:\n" + "\n".join(entries) for group, entries in groups.items())
    path = tmp_path_factory.mktemp("protocol") / "multiverse.yaml"
    text = "{zh: 五十六种做法, en: fifty-six ways}"
    path.write_text(
        f'id: multiverse\nversion: "1"\ntitle: {text}\nstatus: proposed\nauthority: {text}\ndescription: {text}\n'
        f"extends: pwt-10.01\nparameters:\n{lines}\n  reporting:\n    periods: {{value: [[1978, 2019]]}}\n",
        encoding="utf-8",
    )
    return protocol.load(path)


@pytest.fixture(scope="module")
def multiverse(shared, rules):
    selected = pl.read_csv(shared / "ref" / "growth" / "pwt1001_selected.csv").filter(pl.col("isocode") == "CHN")
    detail = pl.read_csv(shared / "ref" / "growth" / "pwt100_hc_labsh_selected.csv").filter(
        pl.col("countrycode") == "CHN"
    )
    table = selected.join(detail.select("year", "lab_sh3", "lab_sh4"), on="year").filter(pl.col("year") >= 1978)
    found = {}
    for column, name in OBSERVED.items():
        accounts = table.select(
            "year",
            region=pl.lit("CHN"),
            output_real="rgdpna",
            capital="rnna",
            capital_services="rkna",
            employment="emp",
            hours="avh",
            human_capital="hc",
            labour_share=column,
        )
        package = xinzhi.load({"accounts": accounts}, units={"accounts": {"hours": "hours per person"}})
        result = xinzhi.audit(package, rules)
        rows = result.protocols.with_columns(tfp=result.estimates[:, 0, 0] * 100)
        for row in rows.iter_rows(named=True):
            capital = "K stock rnna" if row["capital.measure"] == "given_stock" else "K services rkna"
            labour = LABOUR[row["labour.unit"], row["labour.quality"]]
            share = CONSTANT[row["shares.constant"]] if row["shares.rule"] == "constant" else name
            found[capital, labour, share] = row["tfp"]
    return found


@pytest.fixture(scope="module")
def published(shared):
    table = pl.read_csv(shared / "ref" / "growth" / "china_protocol_multiverse_1979_2019.csv")
    return {(row["K"], row["L"], row["share"]): row["tfp"] for row in table.iter_rows(named=True)}


def test_every_one_of_the_56_protocols(multiverse, published):
    assert set(multiverse) == set(published)
    for key, value in published.items():
        assert multiverse[key] == pytest.approx(value, abs=1e-6), key


def test_the_share_rule_makes_the_spread(multiverse):
    axes = [list(dict.fromkeys(key[axis] for key in multiverse)) for axis in range(3)]
    frame = pl.DataFrame(
        [(*key, value) for key, value in multiverse.items()], orient="row", schema=["K", "L", "s", "v"]
    )
    order = frame.with_columns(pl.col(name).cast(pl.Enum(values)) for name, values in zip("KLs", axes, strict=True))
    values = order.sort("K", "L", "s")["v"].to_numpy().reshape([len(values) for values in axes])
    found = effects(values, values == values)  # noqa: PLR0124 - every cell is admissible
    first = found.first_order / found.variance
    assert [round(float(part) * 100) for part in first] == [0, 16, 83]
