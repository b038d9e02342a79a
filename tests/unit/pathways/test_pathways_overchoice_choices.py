"""What plans name: counts as published, exact chances, fit, and what cannot be judged."""

from __future__ import annotations

import re

import numpy as np
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


def test_tails_are_those_of_lists_of_these_lengths(informative):
    lists = informative.lists[2025]
    chance = lists.named.mean(axis=1)
    for category in ("ai", "computing", "nev"):
        number = lists.categories.index(category)
        seen = int(lists.named[:, number].sum())
        reference = stats.poisson_binom(chance).sf(seen - 1)
        assert cell(informative, 2025, category, "p_more") == pytest.approx(reference, rel=1e-9)


def test_simulated_lists_agree_with_the_exact_tail(informative):
    # 4,000 draws of whole lists: the standard error of a chance of 0.016 is 0.002.
    lists = informative.lists[2025].named
    number = informative.lists[2025].categories.index("ai")
    rng = np.random.default_rng(11)
    drawn = np.array([rng.permuted(lists, axis=1)[:, number].sum() for _ in range(4000)])
    assert (drawn >= 22).mean() == pytest.approx(cell(informative, 2025, "ai", "p_more"), abs=0.008)


def test_the_answer_to_the_essay(informative):
    for year in (2025, 2026):
        verdicts = {code: cell(informative, year, code, "verdict") for code in ("ai", "computing", "nev", "lowalt")}
        assert verdicts == {"ai": "as expected", "computing": "more", "nev": "as expected", "lowalt": "more"}
    text = informative.summary("en")
    assert "Artificial intelligence 22 (15.8 by chance: not beyond chance" in text
    assert "算力/数据中心 25" in informative.summary("zh")


def test_over_choice_is_named_over_able_and_unfit_comes_from_low_deciles(informative):
    rows = informative.cells.filter(pl.col("year") == 2025, pl.col("category") == "computing")
    able, named = int(rows["able"].sum()), int(rows["named"].sum())
    assert cell(informative, 2025, "computing", "over_choice") == pytest.approx(named / able)
    unfit = rows.filter(pl.col("named") & (pl.col("decile") <= 3))
    assert cell(informative, 2025, "computing", "unfit") == unfit.height
    assert cell(informative, 2025, "computing", "unfit_absent") == unfit.filter(~pl.col("present")).height


def test_what_cannot_be_judged_says_why(informative):
    row = informative.frame.filter(pl.col("year") == 2025, pl.col("category") == "finance").row(0, named=True)
    assert row["able"] is None
    assert row["over_choice"] is None
    assert "66, 67, 68" in row["status_en"]
    assert cell(informative, 2025, "marine", "status_en") == "the category falls in no division"


def test_without_the_herd_no_list_grows_and_nothing_unfit_stays(informative):
    after = informative.without_herd(2025)
    sizes = after.group_by("region").agg(pl.col("named", "without").cast(pl.Int64).sum())
    assert (sizes["without"] <= sizes["named"]).all()
    judged = after.filter(pl.col("able").is_not_null())
    assert judged.filter(pl.col("without"))["able"].all()
    unjudged = after.filter(pl.col("able").is_null())
    assert (unjudged["named"] == unjudged["without"]).all()


def test_what_is_added_is_the_nearest_that_the_region_is_able_to_build(informative):
    after = informative.without_herd(2025)
    free = after.filter(pl.col("able"), ~pl.col("named"))
    added = free.filter(change="add").group_by("region").agg(least=pl.col("density").min())
    left = free.filter(change="none").group_by("region").agg(most=pl.col("density").max())
    both = added.join(left, on="region")
    assert both.height > 5
    assert (both["least"] >= both["most"]).all()


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
    assert row["by_length"] < row["mean_jaccard"]
    assert row["p_length"] == pytest.approx(1 / (DRAWS + 1))


def test_the_same_seed_gives_the_same_result(package):
    first, again = (choices(package, years=2026, draws=10, seed=3).overlap for _ in range(2))
    assert first.equals(again)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"categories": ["ai", "ships"]}, "no category 'ships'"),
        ({"categories": ["ai"]}, "name at least two"),
        ({"years": 2019}, "no year 2019; it has 2025 to 2026"),
        ({"activity_year": 2030}, "no year 2030"),
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
    names = ("regions", "activity", "plan_categories")
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
    assert (result.frame["verdict"] == "as expected").all()
    assert (result.pairs["p_more"] == 1.0).all()


def test_a_package_without_plans_says_so(package):
    bare = xinzhi.load({name: package.tables[name] for name in ("regions", "activity")})
    with pytest.raises(InputError, match="needs the table 'plans'"):
        choices(bare)
    result = isomorphism(bare, years=[2016], draws=10)
    assert result.choice is None
    assert [one.rule for one in result.findings] == ["no-plans"]
