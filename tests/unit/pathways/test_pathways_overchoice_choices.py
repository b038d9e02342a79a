"""What plans name: counts as published, the evidence for it, exact tails, and what cannot be judged."""

from __future__ import annotations

import re

import polars as pl
import pytest
from scipy import stats

import xinzhi
from xinzhi.core.errors import InputError, UsageError
from xinzhi.pathways import choices, isomorphism

DRAWS = 60


@pytest.fixture(scope="module")
def package():
    return xinzhi.load("china-provinces")


@pytest.fixture(scope="module")
def found(package):
    return choices(package, categories="all", draws=DRAWS)


@pytest.fixture(scope="module")
def informative(package):
    return choices(package, draws=DRAWS)


def cell(result, year, category, column):
    return result.frame.filter(pl.col("year") == year, pl.col("category") == category)[column].item()


@pytest.mark.parametrize(
    ("category", "named", "mentioned"),
    [
        ("ai", (22, 21), (24, 29)),
        ("computing", (25, 28), (26, 29)),
        ("nev", (17, 16), (23, 21)),
        ("lowalt", (30, 23), (30, 26)),
    ],
)
def test_the_quoted_industries_are_named_as_coded(found, category, named, mentioned):
    for year, count, any_ in zip((2025, 2026), named, mentioned, strict=True):
        assert cell(found, year, category, "named") == count
        assert cell(found, year, category, "mentioned") == any_


@pytest.mark.shared
def test_all_categories_equal_the_table_of_the_coders(found, shared):
    text = (shared / "data" / "china" / "plans" / "REPORT.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (\d+) \| (\d+) \| \d+ \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert len(rows) == 43
    for category, *numbers in rows:
        ours = [cell(found, year, category, column) for column in ("named", "mentioned") for year in (2025, 2026)]
        assert ours == [int(number) for number in numbers], category


@pytest.mark.shared
def test_overlap_of_39_categories_equals_the_coders(package, shared):
    assert shared.is_dir()
    left_out = {"ai_plus", "agri", "tourism", "other"}
    kept = [code for code in package.tables["plan_categories"]["category"] if code not in left_out]
    rows = choices(package, categories=kept, draws=5).overlap
    assert rows["mean_jaccard"].round(2).to_list() == [0.48, 0.45]
    assert rows["mean_length"].round(1).to_list() == [21.6, 21.8]


def test_the_tails_are_hypergeometric_in_the_category_alone(informative):
    for category in ("ai", "ic", "coal", "nev"):
        rows = informative.cells.filter(pl.col("year") == 2026, pl.col("category") == category)
        shown = rows["able"].is_in(["able", "by proxy"]) & ~rows["designated"]
        law = stats.hypergeom(rows.height, int(shown.sum()), int(rows["named"].sum()))
        seen = int((shown & rows["named"]).sum())
        assert cell(informative, 2026, category, "with_evidence") == seen
        assert cell(informative, 2026, category, "p_more") == pytest.approx(law.sf(seen - 1), abs=1e-12)
        assert cell(informative, 2026, category, "p_fewer") == pytest.approx(law.cdf(seen), abs=1e-12)


def test_splitting_a_category_changes_no_verdict(package, informative):
    plans, kinds = package.tables["plans"], package.tables["plan_categories"]
    twin = plans.filter(category="biomed").with_columns(category=pl.lit("biomed_2"))
    both = {
        **package.tables,
        "plans": pl.concat([plans, twin]),
        "plan_categories": pl.concat(
            [kinds, kinds.filter(category="biomed").with_columns(category=pl.lit("biomed_2"))]
        ),
    }
    split = choices(xinzhi.load(both), draws=5).frame.filter(pl.col("category") != "biomed_2")
    assert split.equals(informative.frame)


def test_what_follows_evidence_and_what_does_not(informative):
    verdicts = {code: cell(informative, 2026, code, "verdict") for code in ("nev", "ic", "coal", "computing", "marine")}
    assert verdicts == {
        "nev": "follows evidence",
        "ic": "follows evidence",
        "coal": "follows evidence",
        "computing": "no relation shown",
        "marine": "not judged",
    }
    assert "Artificial intelligence 22 (7 able, 7 by proxy)" in informative.summary("en")
    assert "算力/数据中心 25" in informative.summary("zh")


def test_counts_by_evidence_add_up(informative):
    frame = informative.frame
    parts = ("able", "proxy", "unable", "unknown")
    assert (frame.select(pl.sum_horizontal(parts)).to_series() == frame["regions"]).all()
    assert (frame.select(pl.sum_horizontal(f"named_{one}" for one in parts)).to_series() == frame["named"]).all()
    assert (
        informative.regions.select(pl.sum_horizontal(f"named_{one}" for one in parts)).to_series()
        == informative.regions["length"]
    ).all()


def test_the_remedy_contradicts_only_on_complete_series_and_leaves_unknown_alone(informative):
    rows = informative.without_herd(2026)
    assert set(rows["change"]) == {"made", "proxy", "designated", "unproven", "contradicted", "open", "none"}
    assert set(rows.filter(change="contradicted")["able"]) == {"not able"}
    assert set(rows.filter(change="unproven")["able"]) == {"unknown"}
    assert set(rows.filter(change="open")["able"]) == {"able"}
    assert not rows.filter(change="open")["named"].any()
    beijing = rows.filter(region="110000")
    assert beijing.filter(category="ai")["change"].item() == "made"
    named = rows.filter("named")
    assert set(named.filter(change="made")["able"]) == {"able"}
    assert set(named.filter(pl.col("change").is_in(["proxy", "designated"]))["able"]) == {"by proxy"}
    assert beijing.filter(category="steel")["able"].item() == "not able"


def test_what_is_made_and_what_is_by_proxy_are_told_apart(informative):
    told = informative.remedy_fact().values
    assert told["made"] > told["proxy"] > told["designated"] > 0
    assert f"{told['proxy']} by proxy alone, {told['designated']} a designation only" in informative.summary("en")
    jilin = informative.explain("Jilin").facts
    assert [one.en.split(" (")[0] for one in jilin["explain.designated"]["cells"]] == ["Hydrogen"]
    assert "Hydrogen" not in str(jilin["explain.made"]["cells"]) + str(jilin["explain.proxy"]["cells"])


def test_without_evidence_everything_is_unknown_and_that_is_said(package):
    bare = xinzhi.load({name: package.tables[name] for name in ("regions", "plans", "plan_categories")})
    result = choices(bare, draws=5)
    assert set(result.cells["able"]) == {"unknown"}
    assert set(result.frame["verdict"]) == {"not judged"}
    assert [one.rule for one in result.findings] == ["no-capability"]
    assert "nothing can be judged" in result.summary("en")


def test_explain_gives_every_category_and_the_text_in_both_languages(informative):
    why = informative.explain("吉林", 2025)
    assert why.region == "220000"
    assert why.cells.height == 34
    assert why.cells["named"].sum() == 15
    assert "New-energy vehicles" in why.text("en")
    assert "新能源汽车" in why.text("zh")
    assert repr(why) == why.text()


def test_pairs_and_regions_are_complete(informative):
    assert informative.pairs.height == 2 * 31 * 30 // 2
    assert informative.regions.height == 62
    row = informative.overlap.row(0, named=True)
    assert row["evidence_expected"] < row["evidence"]
    assert row["p_evidence"] == pytest.approx(1 / (DRAWS + 1), abs=0.05)


def test_the_same_seed_gives_the_same_result(package):
    first, again = (choices(package, years=2026, draws=10, seed=3).overlap for _ in range(2))
    assert first.equals(again)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categories": ["ai", "ships"]}, "no category 'ships'"),
        ({"categories": ["ai"]}, "name at least two"),
        ({"years": 2019}, "no year 2019; it has 2025 to 2026"),
        ({"draws": 0}, "0 draws"),
    ],
)
def test_bad_calls_are_named(package, options, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        choices(package, **options)


def test_unknown_region_and_year_are_named(informative):
    with pytest.raises(UsageError, match="Atlantis"):
        informative.explain("Atlantis")
    with pytest.raises(UsageError, match="no year with lists '2019'"):
        informative.without_herd(2019)


def with_plans(package, plans):
    names = ("regions", "activity", "plan_categories", "capability")
    return xinzhi.load({**{name: package.tables[name] for name in names}, "plans": plans})


def test_a_region_that_was_not_read_in_full_is_left_out_and_named(package):
    plans = package.tables["plans"].filter(pl.col("year") == 2025)
    gap = (pl.col("region") == "220000") & (pl.col("category") == "ai")
    holes = plans.with_columns(named=pl.when(gap).then(None).otherwise("named"))
    result = choices(with_plans(package, holes), draws=10)
    assert "220000" not in result.lists[2025].regions
    assert [one.key for one in result.findings] == ["220000/2025"]
    assert cell(result, 2025, "computing", "regions") == 30


def test_an_empty_list_is_named_and_stays(package):
    plans = package.tables["plans"].filter(pl.col("year") == 2025)
    silent = plans.with_columns(named=pl.when(pl.col("region") == "540000").then(0).otherwise("named"))
    result = choices(with_plans(package, silent), draws=10)
    assert [one.rule for one in result.findings] == ["empty-list"]
    assert result.regions.filter(pl.col("region") == "540000")["mean_jaccard"].item() == 0.0


def test_one_list_alone_cannot_be_compared(package):
    plans = package.tables["plans"].filter(pl.col("year") == 2025, pl.col("region") == "110000")
    with pytest.raises(InputError, match="at least two are needed"):
        choices(with_plans(package, plans), draws=10)


def test_lists_that_are_all_the_same_or_nested_claim_nothing_of_pairs(package):
    plans = package.tables["plans"].filter(pl.col("year") == 2025).with_columns(named=pl.lit(1))
    result = choices(with_plans(package, plans), draws=5)
    assert result.overlap["mean_jaccard"].item() == 1.0
    assert (result.frame["verdict"] == "not judged").all()
    assert (result.pairs["p_more"] == 1.0).all()


def test_a_package_without_plans_says_so(package):
    bare = xinzhi.load({name: package.tables[name] for name in ("regions", "activity")})
    with pytest.raises(InputError, match="needs the table 'plans'"):
        choices(bare)
    result = isomorphism(bare, years=[2016], draws=10)
    assert result.choice is None
    assert [one.rule for one in result.findings] == ["no-plans"]
