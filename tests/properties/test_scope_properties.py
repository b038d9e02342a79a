"""Whatever the numbers: bounds hold the share, unions count once, translations keep totals, units do not matter."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.scope import classify, concordance, digital_dependence, input_output, standard
from xinzhi.scope.membership import Interval, union

GBT = standard("GB/T 4754-2017")
SHARES = st.floats(0, 1)
QUICK = settings(deadline=None, max_examples=30)


@st.composite
def intervals(draw, size: int = 4) -> Interval:
    rows = np.sort(np.array([[draw(SHARES) for _ in range(3)] for _ in range(size)]), axis=1)
    return Interval(rows[:, 0].copy(), rows[:, 1].copy(), rows[:, 2].copy())


@QUICK
@given(st.lists(intervals(), min_size=1, max_size=4))
def test_the_union_holds_every_part_and_no_more_than_all(parts: list[Interval]) -> None:
    found = union(parts, 4)
    assert (found.lower <= found.share).all()
    assert (found.share <= found.upper).all()
    assert (found.upper <= 1).all()
    for part in parts:
        assert (found.lower >= part.lower).all()
        assert (found.upper >= part.upper - 1e-15).all()
    again = union(parts[::-1], 4)
    np.testing.assert_allclose(found.share, again.share, atol=1e-12)


@QUICK
@given(intervals())
def test_a_list_alone_is_its_own_union(part: Interval) -> None:
    found = union([part], 4)
    for name in ("lower", "share", "upper"):
        np.testing.assert_allclose(getattr(found, name), getattr(part, name), atol=1e-15)


@QUICK
@given(st.dictionaries(st.sampled_from(GBT.classes), st.floats(0, 1e6), min_size=1, max_size=40))
def test_translation_keeps_the_total_both_ways(values: dict[str, float]) -> None:
    series = pl.DataFrame({"code": list(values), "value": list(values.values())})
    there = concordance().translate(series)
    total = sum(values.values())
    np.testing.assert_allclose(there.frame["value"].sum() + there.unmapped["value"].sum(), total, rtol=1e-9, atol=1e-6)
    assert (there.frame["lower"] <= there.frame["value"] + 1e-9).all()
    assert (there.frame["value"] <= there.frame["upper"] + 1e-9).all()
    back = concordance().translate(there.frame.select("code", "value"), to="gbt")
    np.testing.assert_allclose(back.frame["value"].sum(), there.frame["value"].sum(), rtol=1e-9, atol=1e-6)


@QUICK
@given(st.dictionaries(st.sampled_from(["3092", "3240", "2220", "0149", "0322"]), st.floats(0.01, 100)))
def test_shares_of_a_class_sum_to_one(weights: dict[str, float]) -> None:
    sums = concordance().shares(weights=weights).group_by("source").agg(pl.col("share").sum())["share"]
    np.testing.assert_allclose(sums, 1, atol=1e-12)


@st.composite
def economies(draw, size: int = 4):
    cells = np.array([[draw(st.floats(0, 20)) for _ in range(size)] for _ in range(size)])
    extra = np.array([draw(st.floats(1, 100)) for _ in range(size)])
    return cells, np.maximum(cells.sum(axis=0), cells.sum(axis=1)) + extra


@QUICK
@given(economies(), st.floats(1e-3, 1e6), st.permutations(range(4)))
def test_units_and_order_do_not_matter(economy, scale: float, order: list[int]) -> None:
    cells, output = economy
    names = ["a", "b", "c", "d"]
    first = digital_dependence(input_output(cells, output, industries=names), digital=["a"], threshold=0.1).frame
    mixed = input_output(
        scale * cells[np.ix_(order, order)], scale * output[order], industries=[names[at] for at in order]
    )
    other = digital_dependence(mixed, digital=["a"], threshold=0.1).frame.sort("industry")
    np.testing.assert_allclose(other["total"], first["total"], atol=1e-9)
    assert (first["total"] >= first["direct"] - 1e-12).all()
    assert (first["direct"] >= 0).all()


@QUICK
@given(economies())
def test_dependence_adds_up_over_the_core(economy) -> None:
    """Dependence on two industries is the sum of that on each; on all industries it is the column sum of L - I."""
    cells, output = economy
    table = input_output(cells, output, industries=["a", "b", "c", "d"])
    parts = [digital_dependence(table, digital=[name], threshold=0.1).frame["total"].to_numpy() for name in "abcd"]
    whole = digital_dependence(table, digital=list("abcd"), threshold=0.1).frame["total"].to_numpy()
    np.testing.assert_allclose(sum(parts), whole, atol=1e-9)
    np.testing.assert_allclose(whole, table.inverse.sum(axis=0) - 1, atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(st.sampled_from([code for code in GBT.names if GBT.level(code) == "group"]), st.floats(0.1, 100))
def test_splitting_an_industry_into_its_classes_keeps_the_bounds(group: str, scale: float) -> None:
    """The classes' total lies within the bounds of the group, whatever the group's own weights."""
    classes = GBT.below(group)
    values = [scale * (1 + at) for at in range(len(classes))]
    whole = classify(pl.DataFrame({"code": [group], "output": [sum(values)]}), as_of=2024).totals.row(0, named=True)
    parts = classify(pl.DataFrame({"code": classes, "output": values}), as_of=2024).totals.row(0, named=True)
    assert whole["in_scope_lower"] <= parts["in_scope_lower"] + 1e-9
    assert parts["in_scope_upper"] <= whole["in_scope_upper"] + 1e-9
    weights = dict(zip(classes, values, strict=True))
    exact = classify(pl.DataFrame({"code": [group], "output": [sum(values)]}), as_of=2024, weights=weights).totals
    np.testing.assert_allclose(exact["in_scope"].item(), parts["in_scope"], rtol=1e-9, atol=1e-9)
