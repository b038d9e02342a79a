"""Claims that cannot be checked, and tables of claims of every kind."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

import xinzhi
from xinzhi import protocol
from xinzhi.core.errors import InputError, UsageError
from xinzhi.yardstick import check_claim, check_claims
from xinzhi.yardstick.claims.figures import percent_text, read_figure
from xinzhi.yardstick.internal import note

JILIN = {"region": "220000", "start": 2012, "end": 2017, "growth": "2.6%"}


@pytest.fixture(scope="module")
def china():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def ours():
    return protocol.load("xinzhi-cn-2026")


@pytest.mark.parametrize(
    ("growth", "rounding", "percent", "expected"),
    [
        ("3.4%", None, False, ("0.034", "0.0005")),
        ("3.40 %", None, False, ("0.0340", "0.00005")),
        ("+3%", None, False, ("0.03", "0.005")),
        (".5%", None, False, ("0.005", "0.0005")),
        ("0.034", None, False, ("0.034", "0.0005")),
        (0.034, None, False, ("0.034", "0.0005")),
        (0.1 + 0.2 - 0.27, None, False, ("0.03", "0.005")),
        (Decimal("0.0340"), None, False, ("0.0340", "0.00005")),
        (np.float64(0.034), None, False, ("0.034", "0.0005")),
        ("3.4", None, True, ("0.034", "0.0005")),
        ("3.4%", None, True, ("0.034", "0.0005")),
        (3.4, 0.05, True, ("0.034", "0.0005")),
        (0, None, True, ("0", "0.005")),
        ("3.4%", "0.05pp", False, ("0.034", "0.0005")),
        ("3.4%", "0.05 个百分点", False, ("0.034", "0.0005")),
        ("3.4%", 0.0005, False, ("0.034", "0.0005")),
        ("3.4%", "", True, ("0.034", "0.0005")),
    ],
)
def test_figures_are_read_with_the_digits_that_were_written(growth, rounding, percent, expected):
    figure = read_figure(growth, rounding, percent=percent)
    assert (figure.growth, figure.rounding) == (Decimal(expected[0]), Decimal(expected[1]))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1.8", "1.8%"),
        (" 1.80 ", "1.80%"),
        ("1.8%", "1.8%"),
        ("１.８％", "１.８％"),
        ("−0.5", "−0.5%"),
        ("0", "0%"),
        (0.018, 0.018),
        ("0.1", "0.1%"),
    ],
)
def test_a_rate_that_is_typed_is_in_percent_with_or_without_its_sign(typed, read):
    assert percent_text(typed) == read


@pytest.mark.parametrize(("typed", "cure"), [("0.034", "'0.034%' or '3.4%'"), ("-0.05", "'-0.05%' or '-5%'")])
def test_a_rate_that_may_be_a_ratio_is_asked_for_with_its_sign(typed, cure):
    with pytest.raises(UsageError, match=cure):
        percent_text(typed)


@pytest.mark.parametrize(
    "growth",
    ["", "fast", "3,4%", "3.4%%", "3.4 pp", "1e-2", 3.4, "60", float("nan"), float("inf"), True, None, []],
)
def test_malformed_growth_is_refused_with_the_cure(growth, china):
    with pytest.raises(UsageError, match=r"growth .*write '3\.4%'"):
        check_claim(china, **{**JILIN, "growth": growth})


@pytest.mark.parametrize("rounding", ["half", "0.05 years", "-0.05pp", "0pp", 0.05, "1pp", float("nan")])
def test_malformed_rounding_is_refused_with_the_cure(rounding, china):
    with pytest.raises(UsageError, match=r"rounding .*write '0\.05pp'"):
        check_claim(china, **JILIN, rounding=rounding)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"region": "999999"}, "there is no region '999999' here; there are Beijing"),
        ({"end": 2024}, "no TFP growth of 2024; they do from 1996 to 2023"),
        ({"start": 1990}, "no TFP growth of 1991–1996"),
        ({"start": 2017}, "start < end"),
        ({"start": 2018}, "start < end"),
    ],
)
def test_region_and_years_outside_the_data_are_refused(change, word, china):
    with pytest.raises(UsageError, match=word) as caught:
        check_claim(china, **{**JILIN, **change})
    assert caught.value.exit_code == 2


def test_an_empty_admissible_set_is_refused(china, ours):
    bare = replace(ours, parameters={path: replace(item, alternatives=()) for path, item in ours.parameters.items()})
    with pytest.raises(UsageError, match="admissible set is empty") as caught:
        check_claim(china, **JILIN, protocol=bare)
    assert caught.value.exit_code == 2


ROWS = {
    "region": ["220000", "410000", "220000"],
    "start": [2012, 2015, 2012],
    "end": [2017, 2022, 2017],
    "growth": ["2.6", "2.21", "9.0%"],
    "source": ["work report", "yearbook", "press"],
}
EXPECTED = ["supported", "reachable", "unreachable"]


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "csv", "gb18030", "package"])
def test_a_table_of_claims_of_any_kind(kind, china, tmp_path):
    frame, encoding = pl.DataFrame(ROWS), None
    path = tmp_path / "claims.csv"
    match kind:
        case "pandas":
            claims = pd.DataFrame(ROWS)
        case "arrow":
            claims = frame.to_arrow()
        case "csv":
            frame.write_csv(path, include_bom=True)
            claims = path
        case "gb18030":
            encoding = "gb18030"
            named = frame.with_columns(source=pl.lit("政府工作报告"))
            path.write_bytes(named.write_csv().encode(encoding))
            claims = path
        case "package":
            table = frame.with_columns(
                pl.Series("growth", [2.6, 2.21, 9.0]), pl.Series("rounding", [0.05, 0.005, 0.05])
            )
            china = xinzhi.load({**china.tables, "claims": table.head(2)})
            claims = None
        case _:
            claims = frame
    result = check_claims(china, claims, encoding=encoding)
    count = 2 if kind == "package" else 3
    assert result.frame["verdict"].to_list() == EXPECTED[:count]
    assert not result.supported
    one = check_claim(china, region="410000", start=2015, end=2022, growth="2.21%")
    several = result.frame.filter(pl.col("region") == "410000").drop("source", "written")
    assert several.equals(one.frame.drop("source", "written"))


def test_numbers_in_a_column_have_the_decimals_of_the_one_with_most(china):
    table = pl.DataFrame({"region": ["220000"] * 2, "start": [2012, 2016], "end": [2017, 2017], "growth": [2.0, 2.25]})
    result = check_claims(china, table)
    assert result.frame["written"].to_list() == ["2.00", "2.25"]
    assert result.frame["rounding"].to_list() == [0.00005, 0.00005]


def test_every_bad_row_of_a_table_is_named(china):
    rows = [
        ("220000", "2012", "2017", "2.1%"),
        ("220000", "2017", "2012", "2.1%"),
        ("220000", "soon", "2017", "2.1%"),
        ("220000", "2012", "2017", "fast"),
    ]
    table = pl.DataFrame(rows, schema=["region", "start", "end", "growth"], orient="row")
    with pytest.raises(InputError) as caught:
        check_claims(china, table)
    text = str(caught.value)
    assert caught.value.exit_code == 3
    assert all(f"row {number}:" in text for number in (2, 3, 4))
    assert "row 1:" not in text


def test_rows_outside_the_data_are_named(china):
    rows = [
        ("220000", 2012, 2030, "2.1", None, None, "years"),
        ("0", 2012, 2017, "1", None, None, "region"),
        ("220000", 2012, 2017, "2.6", "农业", None, "scope"),
        ("Jilin", 2012, 2017, "2.6", "14 islands", None, "scope"),
        ("220000", 2012, 2017, "2.6", "whole economy", "green TFP (with energy or emissions)", "method"),
        ("220000", 2006, 2007, "55.1", None, None, "size"),
        ("吉林", 2012, 2017, "2.6", "Economy", None, None),
        ("China", 2012, 2017, "1.77", None, None, None),
        ("nation", 1952, 1978, "1", None, None, "years"),
    ]
    columns = ["region", "start", "end", "growth", "scope", "method", "reason"]
    table = pl.DataFrame(rows, schema=columns, orient="row")
    result = check_claims(china, table.drop("reason"))
    assert result.frame["reason"].to_list() == table["reason"].to_list()
    judged = result.frame.filter(pl.col("reason").is_null())
    assert judged["region"].to_list() == ["220000", "nation"]
    assert judged["verdict"].to_list() == ["supported", "supported"]
    unjudged = result.frame.filter(pl.col("reason").is_not_null())
    assert set(unjudged["verdict"]) == {"unjudged"}
    assert unjudged["reference"].null_count() == unjudged.height
    assert not result.supported
    for language, word in (("en", "cannot be judged"), ("zh", "无法判断")):
        assert result.summary(language).count(word) == unjudged.height
        assert note(result, language).count(f"{word},") + note(result, language).count(f"{word}，") == unjudged.height


def test_the_nation_is_held_to_its_own_accounts(china):
    nation = xinzhi.measure_nation(china)
    growth = nation.periods.filter(start=2007)["tfp_growth"].item()
    check = check_claim(china, region="全国", start=2007, end=2012, growth=f"{100 * growth:.2f}%")
    assert check.verdict == "supported"
    assert abs(check.frame["reference"].item() - growth) < 1e-12
    far = check_claim(china, region="nation", start=2007, end=2012, growth="1.50%")
    number = far.frame["protocol"].item()
    changed = xinzhi.measure_nation(china, far.protocol(number, "nation"))
    found = changed.frame.filter(pl.col("year").is_between(2008, 2012))["tfp_growth"].mean()
    assert abs(found - far.frame["protocol_growth"].item()) < 1e-12


def test_an_alternative_stays_for_the_regions_that_can_be_started_under_it(tmp_path):
    """A steady state needs investment that does not shrink faster than it wears out; one region's does."""
    rows, spent = [], []
    for region, rate in (("grows", 0.05), ("shrinks", -0.3)):
        for year in range(2000, 2010):
            rows.append(
                {"region": region, "year": year, "output_real": 100 * 1.05 ** (year - 2000), "employment": 10.0}
            )
            real = 30 * (1 + rate) ** (year - 2000)
            spent.append({"region": region, "year": year, "investment_nominal": real, "investment_price": 1.0})
    tables = {"accounts": pl.DataFrame(rows), "investment": pl.DataFrame(spent)}
    text = "{zh: 例, en: example}"
    path = tmp_path / "rules.yaml"
    path.write_text(
        f'id: example\nversion: "1"\ntitle: {text}\nstatus: proposed\nauthority: {text}\ndescription: {text}\n'
        "extends: zhang-2004\nparameters:\n  capital:\n    initial_year: {value: 2000}\n"
        "    initial_rule: {value: ratio_to_investment, alternatives: [{value: steady_state, used_for: [example]}]}\n"
        "    initial_ratio: {value: 10}\n    initial_growth_years: {value: 5}\n"
        "    initial_later_start: {value: steady_state}\n"
        "  shares:\n    rule: {value: constant}\n    constant: {value: 0.5}\n",
        encoding="utf-8",
    )
    rules = xinzhi.protocol.load(path)
    table = pl.DataFrame(
        {"region": ["grows", "shrinks"], "start": [2004, 2004], "end": [2009, 2009], "growth": ["9.9"] * 2}
    )
    made = dict(check_claims(xinzhi.load(tables), table, rules).frame.select("region", "tried").iter_rows())
    one = {name: frame.filter(pl.col("region") == "grows") for name, frame in tables.items()}
    alone = check_claims(xinzhi.load(one), table.head(1), rules).frame["tried"].item()
    assert made["grows"] == alone
    assert 0 < made["shrinks"] < alone


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (pl.DataFrame({"region": ["220000"], "start": [2012]}), "has not: end and growth"),
        (pl.DataFrame({name: [] for name in ("region", "start", "end", "growth")}), "no rows"),
        ("a list", "there is no file a list"),
        (["220000"], "is a list"),
    ],
)
def test_what_is_no_table_of_claims_is_refused(table, word, china):
    with pytest.raises(InputError, match=word):
        check_claims(china, table)


def test_a_package_without_claims_says_so(china):
    with pytest.raises(InputError, match="claim needs the table 'claims'"):
        check_claims(china)


def test_numbers_are_those_of_the_audit_and_stand_in_its_order(china, ours):
    audited = xinzhi.audit(china, ours)
    number = int(audited.protocols.filter(pl.col("output.vintage") == "latest")["number"][-1])
    span = audited.spans.index((2012, 2017))
    value = audited.estimates[number, audited.regions["region"].to_list().index("220000"), span]
    check = check_claim(china, **{**JILIN, "growth": f"{100 * value:.6f}%"}, protocol=ours)
    assert check.verdict == "reachable"
    assert number in check.protocols["number"].to_list()
    assert check.protocol(number).fingerprint == audited.protocol(number).fingerprint


def test_the_official_figure_of_every_region_is_supported(china, ours):
    periods = xinzhi.measure(china, ours).periods
    table = periods.select("region", "start", "end", growth=(100 * pl.col("tfp_growth")).round(2).cast(pl.String))
    result = check_claims(china, table, ours)
    assert result.supported
    assert (result.frame["reference"] - periods["tfp_growth"]).abs().max() < 1e-12


def test_contributions_sum_to_the_distance_from_the_official_protocol(china):
    table = pl.DataFrame({"region": china.tables["regions"]["region"], "start": 2007, "end": 2012, "growth": "1.00"})
    result = check_claims(china, table)
    sums = result.departures.group_by("region", "number").agg(pl.col("contribution").sum())
    listed = result.protocols.rename({"growth": "given"}).join(sums, on=["region", "number"])
    listed = listed.join(result.frame.select("region", "reference"), on="region")
    assert listed.height > 20
    gap = listed["given"] - listed["reference"] - listed["contribution"]
    assert gap.abs().max() < 1e-12


def test_a_protocol_number_outside_the_set_is_refused(china):
    with pytest.raises(UsageError, match="numbers 0"):
        check_claim(china, **JILIN).protocol(-1)


def test_a_claim_on_extrapolated_figures_says_so(china):
    late = check_claim(china, region="220000", start=2016, end=2020, growth="2.1%")
    assert "extrapolated:investment" in late.frame["flags"][0].split(";")
    assert "`extrapolated:investment`" in note(late, "zh")
    early = check_claim(china, **JILIN)
    assert "extrapolated" not in early.frame["flags"][0]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_note_says_what_it_rests_on(china, language):
    result = check_claims(china, pl.DataFrame(ROWS))
    text = note(result, language)
    assert ("吉林" if language == "zh" else "Jilin") in text
    assert result.provenance.protocol_fingerprint[:12] in text
    assert all(digest in text for digest in result.provenance.inputs.values())
    assert "vintages" in result.provenance.inputs
    assert text.count("| ---") >= 2
    assert len(result.summary(language).splitlines()) == 4


@pytest.mark.parametrize(
    ("region", "growth", "english", "chinese"),
    [
        ("530000", "-0.5%", "given by no protocol, but within the error of the estimates", "但在推算误差之内"),
        ("530000", "9.0%", "and the claim lies outside it", "声称的数在区间之外"),
        ("140000", "4.2%", "is 3.2 to 5.1 %, and the claim lies inside it", "声称的数在区间之内"),
        ("140000", "4.3%", "that is in logarithms, or 4.29 % compound, as claimed", "折合复合增速4.29%"),
    ],
)
def test_a_claim_about_estimated_years_is_held_to_the_band_and_to_both_rates(china, region, growth, english, chinese):
    check = check_claim(china, region=region, start=2017, end=2023, growth=growth)
    assert english in check.summary("en").replace("\u00a0", " ")
    assert chinese in check.summary("zh")
    row = check.frame.row(0, named=True)
    band = xinzhi.bands(china).frame.filter(region=region, start=2017, end=2023, component="estimates")
    assert (row["band_low"], row["band_high"]) == band.select("low", "high").row(0)


def test_a_claim_that_rests_on_data_of_grade_d_says_so(china):
    check = check_claim(china, region="630000", start=2012, end=2017, growth="2.0%")
    assert check.frame["band_low"].to_list() == [None]
    assert "grade D" in check.summary("en")
    assert "D级" in check.summary("zh")


def test_the_nation_may_be_called_by_its_code_and_a_fall_has_a_true_minus() -> None:
    nation = xinzhi.check_claim("china-provinces", region="CN", start=2017, end=2023, growth="-0.5%")
    assert nation.frame["region"].to_list() == ["nation"]
    assert nation.frame["written"].to_list() == ["-0.5%"]
    for language in ("zh", "en"):
        assert "−0.5%" in nation.summary(language)
        assert "-0.5%" not in nation.summary(language)


def test_what_is_missing_of_a_claim_says_how_the_nation_is_named() -> None:
    with pytest.raises(UsageError, match="nation, China or 全国") as found:
        xinzhi.study("claim", "china-provinces", start=2017, end=2023, growth="1.8%")
    assert "全国写作" in found.value.lang("zh")


@pytest.mark.parametrize(
    ("rate", "growth", "supported"),
    [
        ("log", "4.20", True),
        ("log", "4.29", False),
        ("compound", "4.29", True),
        ("compound", "4.20", False),
        ("复合增速", "4.29", True),
        ("unknown", "4.29", True),
        ("", "4.20", True),
    ],
)
def test_a_claim_is_held_to_the_rate_that_its_source_names(china, rate, growth, supported):
    table = pl.DataFrame({"region": ["140000"], "start": [2017], "end": [2023], "growth": [growth], "rate": [rate]})
    assert check_claims(china, table).supported is supported


def test_a_compound_rate_counts_under_every_protocol(china):
    grid = check_claim(china, region="220000", start=2010, end=2017, growth="3.4%")
    given = grid.protocols["growth"].to_numpy()
    plain, compound = np.abs(given - 0.034) <= 0.0005, np.abs(np.expm1(given) - 0.034) <= 0.0005
    assert (plain | compound).all()
    assert (compound & ~plain).any()
    assert (plain & ~compound).any()


def test_a_rate_that_nobody_knows_is_named(china):
    table = pl.DataFrame({"region": ["140000"], "start": [2017], "end": [2023], "growth": ["4.2"], "rate": ["simple"]})
    with pytest.raises(InputError, match="log, compound"):
        check_claims(china, table)


def test_a_claim_of_other_years_than_the_reported_has_its_band(china):
    row = check_claim(china, region="530000", start=2018, end=2023, growth="-0.5%").frame.row(0, named=True)
    assert row["band_low"] < row["reference"] < row["band_high"]
    nation = check_claim(china, region="nation", start=2017, end=2023, growth="1.8%")
    assert "not for the nation's own accounts" in nation.summary("en")
    together = xinzhi.measure(china).national_periods.filter(start=2017, end=2023).row(0, named=True)
    own = xinzhi.measure_nation(china).periods.filter(start=2017, end=2023).row(0, named=True)
    implied = together["tfp_growth"] - together["output_growth"] + own["output_growth"]
    for language, said in (("en", "together give {:.2f}\u00a0%"), ("zh", "各地区合计为{:.2f}%")):
        assert said.format(100 * together["tfp_growth"]) in nation.summary(language)
        assert f"{100 * implied:.2f}" in nation.summary(language)
