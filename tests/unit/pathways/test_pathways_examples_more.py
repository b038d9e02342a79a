"""Small examples of what is inside pathways, each with a result that one can check by hand."""

from __future__ import annotations

import numpy as np
import polars as pl

from xinzhi.pathways import choices, isomorphism, plan
from xinzhi.pathways.internal import conventions
from xinzhi.pathways.plans.lists import chosen_categories, divisions_of, plan_years, read_lists
from xinzhi.pathways.plans.plan import own_ranks
from xinzhi.pathways.plans.plan_constraints import Limits, caps_of, fit_entry, sizes_of, spread
from xinzhi.pathways.plans.similarity import (
    add_up,
    chosen_levels,
    hhi,
    hypergeometric_at_most,
    jaccard,
    krugman_to_rest,
    mean_of_pairs,
    parents,
    permuted_structures,
    sampled_structures,
    theil,
)


def test_hypergeometric_at_most() -> None:
    assert round(hypergeometric_at_most(0, 4, 2, 2), 6) == 0.166667


def test_caps_of() -> None:
    assert caps_of(None, ["26", "36"], 10, {"36": 72.2}).tolist() == [10, 5]


def test_sizes_of() -> None:
    assert sizes_of(Limits(), ["a", "b"], 3, {"a": 0.2, "b": 0.7})[0].tolist() == [3, 1]


def test_fit_entry() -> None:
    from xinzhi.data import load

    odds = fit_entry(load("china-provinces"), 2016, 5)
    assert (odds.windows, odds.slope > 0) == (((2006, 2011), (2011, 2016)), True)


def test_chosen_categories() -> None:
    from xinzhi.data import load

    assert len(chosen_categories(load("china-provinces"), "informative", verb="show")) == 34


def test_plan_years() -> None:
    from xinzhi.data import load

    assert plan_years(load("china-provinces"), None, verb="show") == [2025, 2026]


def test_read_lists() -> None:
    from xinzhi.data import load

    lists = read_lists(load("china-provinces"), 2025, ("ai", "computing", "nev"), verb="show")
    assert lists.entries.sum(axis=0).tolist() == [22, 25, 17]


def test_divisions_of() -> None:
    from xinzhi.data import load

    assert divisions_of(load("china-provinces"), verb="show")["nev"] == ("36", "38")


def test_permuted_structures() -> None:
    drawn = next(permuted_structures(np.array([[3.0, 1.0], [1.0, 3.0]]), 1))
    assert drawn.sum(axis=-1).tolist() == [[1.0, 1.0]]


def test_sampled_structures() -> None:
    assert next(sampled_structures(np.array([[3.0, 1.0], [1.0, 3.0]]), 1, seed=1)).sum(axis=-1).tolist() == [[1.0, 1.0]]


def test_own_ranks() -> None:
    assert own_ranks(np.array([[0.1, np.nan, 0.3]])).tolist() == [[2, 0, 1]]


def test_krugman_to_rest() -> None:
    assert krugman_to_rest(np.array([[3.0, 1.0], [1.0, 3.0]])).tolist() == [1.0, 1.0]


def test_hhi() -> None:
    assert hhi(np.array([[1.0, 1.0], [0.0, 5.0]])).tolist() == [0.5, 1.0]


def test_jaccard() -> None:
    assert jaccard(np.array([[True, True], [False, True]])).tolist() == [[1.0, 0.5], [0.5, 1.0]]


def test_mean_of_pairs() -> None:
    assert mean_of_pairs(np.array([[1.0, 0.2], [0.2, 1.0]])) == 0.2


def test_parents() -> None:
    assert parents(["0610", "3610", "3620"]) == {
        "section": ("B", "C", "C"),
        "group": ("BA", "CF", "CF"),
        "2-digit": ("06", "36", "36"),
        "3-digit": ("061", "361", "362"),
        "4-digit": ("0610", "3610", "3620"),
    }
    assert parents(["ships", "cars"]) == {"as given": ("ships", "cars")}


def test_add_up() -> None:
    assert add_up(np.array([[1.0, 2.0, 3.0]]), ("a", "b", "a"))[0].tolist() == [[4.0, 2.0]]


def test_chosen_levels() -> None:
    assert list(chosen_levels(parents(["06", "36"]), ["2-digit"])) == ["2-digit"]


def test_what_regions_are_told() -> None:
    found = choices("china-provinces", draws=20)
    first = found.explain("Jilin", 2025).text().splitlines()[0]
    assert first == "Jilin 2025: names 15 of 34 categories."
    assert found.without_herd(2025).filter(pl.col("category") == "ai")["named"].sum() == 22
    alike = isomorphism("china-provinces", years=[2016], draws=20, plans=False)
    first = alike.explain("Jilin").text().splitlines()[0]
    assert first == "Jilin 2016, 2-digit: most alike Hubei (cosine 0.86), least Guangdong (0.23)."
    assert alike.matrix().height == 961
    planned = plan("china-provinces", untested=True)
    assert planned.explain("Jilin").text().startswith("Jilin: ")
    assert planned.sensitivity([1.0])["beside_plan"].round(9).to_list() == [0.0]


def test_conventions_and_theil() -> None:
    assert conventions("uncertainty")["lump"] == 500
    assert theil(np.array([[1.0, 0.0], [0.0, 1.0]])).round(4).tolist() == [0.6931, 0.6931]


def test_spread() -> None:
    frame = pl.DataFrame({"region": ["a", "b"], "industry": ["x", "y"], "gain": [1.0, 2.0]})
    assert repr(spread(frame, "gain", ("a", "b"), ("x", "y")).tolist()) == "[[1.0, nan], [nan, 2.0]]"
