"""The verdict on every claim of tests/cases/claims, held against the hand-worked table and a plain search."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
import yaml

import xinzhi
from xinzhi import protocol
from xinzhi.yardstick import check_claim

CASES = yaml.safe_load((Path(__file__).parents[2] / "cases" / "claims" / "verdicts.yaml").read_text("utf-8"))
YEARS = range(2000, 2004)
SHARES, UNITS = (0.5, 0.6, 0.4), ("persons", "hours")
VINTAGES = ("latest", "first_published", "census4")


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    text = "{zh: 手算, en: by hand}"
    path = tmp_path_factory.mktemp("protocol") / "by-hand.yaml"
    path.write_text(
        f'id: by-hand\nversion: "1"\ntitle: {text}\nstatus: proposed\nauthority: {text}\ndescription: {text}\n'
        "extends: pwt-10.01\nparameters:\n"
        "  output:\n    vintage: {value: latest, alternatives: [{value: first_published}]}\n"
        "  capital:\n    measure: {value: given_stock, alternatives: []}\n"
        "  labour:\n    unit: {value: persons, alternatives: [{value: hours}]}\n"
        "    quality: {value: none, alternatives: []}\n"
        "  shares:\n    rule: {value: constant}\n"
        "    constant: {value: 0.5, alternatives: [{value: 0.6}, {value: 0.4}]}\n",
        encoding="utf-8",
    )
    return protocol.load(path)


@pytest.fixture(scope="module")
def package():
    accounts, vintages = [], []
    for region, (output, capital, persons, hours, first, census) in CASES["growth"].items():
        for year in YEARS:
            level = {"output_real": output, "capital": capital, "employment": persons, "hours": hours - persons}
            row = {name: 100 * math.exp(rate * (year - 2000)) for name, rate in level.items()}
            accounts.append({"region": region, "year": year, **row})
            if year > 2000:
                for vintage, rate in (("first_published", first), ("census4", census)):
                    percent = 100 * math.expm1(rate)
                    vintages.append({"region": region, "year": year, "vintage": vintage, "output_growth": percent})
    tables = {"accounts": pl.DataFrame(accounts), "vintages": pl.DataFrame(vintages)}
    return xinzhi.load(tables, units={"accounts": {"hours": "hours per person"}})


def search(region):
    """Return TFP growth under every protocol, as a plain list of (vintage, share, unit, growth)."""
    output, capital, persons, hours, first, census = CASES["growth"][region]
    outputs, labours = dict(zip(VINTAGES, (output, first, census), strict=True)), {"persons": persons, "hours": hours}
    return [
        (vintage, share, unit, outputs[vintage] - (1 - share) * capital - share * labours[unit])
        for vintage, share, unit in itertools.product(VINTAGES, SHARES, UNITS)
    ]


def departed(row):
    vintage, share, unit, _ = row
    return [vintage != "latest", share != SHARES[0], unit != "persons"]


def bounds(case):
    text = str(case["growth"])
    plain = text.replace("−", "-").replace("％", "%").translate({0xFF10 + digit: str(digit) for digit in range(10)})
    number = plain.rstrip("%")
    scale = 100 if plain.endswith("%") else 1
    decimals = len(number.partition(".")[2])
    half = Fraction(1, 2 * 10**decimals * scale)
    if "rounding" in case:
        half = Fraction(case["rounding"].removesuffix("pp")) / 100
    claimed = Fraction(number) / scale
    return claimed - half, claimed + half, claimed


def by_search(case):
    low, high, claimed = bounds(case)
    # Twelve decimals keep what was written above and drop the rounding of binary floating point.
    rows = [(*row[:3], Fraction(f"{row[3]:.12f}")) for row in search(case["region"])]
    admissible = [row for row in rows if row[0] != "census4"]

    def holds(row):  # in logarithms, or compound
        return low <= row[3] <= high or low <= Fraction(f"{math.expm1(row[3]):.12f}") <= high

    giving = [row for row in admissible if holds(row)]
    older = [row for row in rows if departed(row) == [True, False, False] and holds(row)]
    if holds(rows[0]):
        return "supported", rows[0]
    if older:
        return "superseded", older[0]
    if giving:
        fewest = [row for row in giving if sum(departed(row)) == min(sum(departed(other)) for other in giving)]
        return "reachable", min(fewest, key=lambda row: (row[0] != "latest", abs(row[3] - claimed)))
    return "unreachable", min(admissible, key=lambda row: (abs(row[3] - claimed), sum(departed(row))))


@pytest.mark.parametrize("case", CASES["claims"], ids=lambda case: case["name"])
def test_verdict_departures_and_what_each_contributes(case, package, rules):
    span = {"start": case.get("start", 2000), "end": case.get("end", 2003)}
    check = check_claim(
        package,
        region=case["region"],
        growth=case["growth"],
        rounding=case.get("rounding"),
        protocol=rules,
        **span,
    )
    row = check.frame.row(0, named=True)
    verdict, best = by_search(case)
    assert check.verdict == case["verdict"] == verdict
    assert row["departure_count"] == sum(departed(best))
    assert row["protocol_growth"] == pytest.approx(float(best[3]), abs=1e-12)
    assert row["reference"] == pytest.approx(search(case["region"])[0][3], abs=1e-12)
    assert row["older_vintages"].split(";") == case.get("older", [""])
    assert check.supported == (verdict == "supported")
    if "departures" in case:
        first = check.departures.filter(pl.col("order") == 1)
        found = dict(first.select("parameter", "contribution").iter_rows())
        assert found == pytest.approx(case["departures"], abs=1e-12)
        assert sum(found.values()) == pytest.approx(row["protocol_growth"] - row["reference"], abs=1e-12)
    if "bounds" in case:
        assert [row["lowest"], row["highest"]] == pytest.approx(case["bounds"], abs=1e-12)
    if "nearest" in case:
        assert row["departure_count"] == case["nearest"]
        assert check.protocols.height == 0


def test_the_table_holds_every_kind_of_verdict():
    kinds = [case["verdict"] for case in CASES["claims"]]
    assert len(kinds) >= 12
    assert set(kinds) == {"supported", "reachable", "superseded", "unreachable"}


def test_protocols_that_give_the_figure_come_with_the_fewest_departures_first(package, rules):
    check = check_claim(package, region="quiet", start=2000, end=2003, growth="2%", rounding="0.9pp", protocol=rules)
    counts = check.protocols["departure_count"].to_list()
    wanted = [row for row in search("quiet") if row[0] != "census4" and 0.0110 <= row[3] <= 0.0290]
    assert counts == sorted(counts)
    assert len(counts) == len(wanted)
    assert check.protocols["order"].to_list() == list(range(1, len(counts) + 1))
    assert check.protocols["number"][0] == 0


def test_a_listed_protocol_measured_alone_gives_the_figure(package, rules):
    check = check_claim(package, region="quiet", start=2000, end=2003, growth="3.8%", protocol=rules)
    alone = xinzhi.measure(package, check.protocol(check.protocols["number"][0]))
    mean = alone.frame.filter(pl.col("region") == "quiet")["tfp_growth"].mean()
    assert mean == pytest.approx(0.038, abs=1e-12)


def test_a_share_that_needs_another_rule_is_taken_apart_with_it(tmp_path, package):
    observed = xinzhi.load(
        {**package.tables, "accounts": package.tables["accounts"].with_columns(labour_share=pl.lit(0.3))},
        units={"accounts": {"hours": "hours per person"}},
    )
    text = "{zh: 份额, en: share}"
    path = tmp_path / "observed.yaml"
    path.write_text(
        f'id: observed\nversion: "1"\ntitle: {text}\nstatus: proposed\nauthority: {text}\ndescription: {text}\n'
        "extends: pwt-10.01\nparameters:\n"
        "  capital:\n    measure: {value: given_stock, alternatives: []}\n"
        "  labour:\n    unit: {value: persons}\n    quality: {value: none, alternatives: []}\n"
        "  shares:\n    rule: {value: observed_regional, alternatives: [{value: constant}]}\n"
        "    constant: {value: 0.5, alternatives: [{value: 0.6}]}\n",
        encoding="utf-8",
    )
    check = check_claim(observed, region="quiet", start=2000, end=2003, growth="2.2%", protocol=protocol.load(path))
    found = dict(check.departures.filter(pl.col("order") == 1).select("parameter", "contribution").iter_rows())
    # 0.3 gives .001; a constant .5 gives .015; .6 only counts where the share is a constant, and then adds .007.
    assert found == pytest.approx({"shares.rule": 0.0175, "shares.constant": 0.0035}, abs=1e-12)


def test_a_figure_at_full_precision_is_compared_at_four_decimals_of_a_percent():
    measured = xinzhi.measure("china-provinces")
    row = measured.periods.filter(region="220000", start=2012, end=2017).row(0, named=True)
    exact = row["tfp_growth"]
    for growth in (exact, f"{100 * exact:.15f}%", f"{100 * exact:.15f}"):
        check = check_claim("china-provinces", region="220000", start=2012, end=2017, growth=growth)
        assert (check.verdict, check.frame["rounding"][0]) == ("supported", 5e-7)
    off = check_claim("china-provinces", region="220000", start=2012, end=2017, growth=exact + 6e-7)
    assert off.verdict != "supported"
    printed = check_claim("china-provinces", region="220000", start=2012, end=2017, growth=f"{100 * exact:.2f}%")
    assert (printed.verdict, printed.frame["rounding"][0]) == ("supported", 5e-5)
