"""Indices worked out by hand on three units, and what the verb says about panels and calls that do not fit.

One input of 1 unless said otherwise, so that under constant returns the frontier of a period is its best ratio.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from xinzhi.core.errors import IdentityError, InputError, UsageError
from xinzhi.frontier import productivity_change
from xinzhi.frontier.change.decompositions import Frontier, Parts, Tally

TOLERANCE = 1e-12


def panel(rows: list[tuple[str, int, float, float]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["id", "year", "x", "y"], orient="row")


THREE = panel(
    [
        ("a", 1, 1.0, 4.0),
        ("b", 1, 1.0, 2.0),
        ("c", 1, 2.0, 2.0),
        ("a", 2, 1.0, 5.0),
        ("b", 2, 1.0, 4.0),
        ("c", 2, 2.0, 8.0),
    ]
)


def rows(frame: pl.DataFrame, **options: object) -> dict[tuple[str, int], dict[str, float]]:
    change = productivity_change(frame, "id", "year", ["x"], ["y"], **options)
    return {(row["unit"], row["period"]): row for row in change.frame.iter_rows(named=True)}


def test_malmquist_of_three_units() -> None:
    """Best ratios 4 and 5: the frontier moves by 5/4, the rest is catching up."""
    found = rows(THREE)
    for unit, ratio in (("a", 5 / 4), ("b", 2.0), ("c", 4.0)):
        row = found[unit, 2]
        assert row["index"] == pytest.approx(ratio, rel=TOLERANCE)
        assert row["technical_change"] == pytest.approx(5 / 4, rel=TOLERANCE)
        assert row["efficiency_change"] == pytest.approx(ratio / (5 / 4), rel=TOLERANCE)
        assert row["status"] == "optimal"


def test_sequential_technology_never_falls_back() -> None:
    """A frontier that shrinks from 5 to 4 is regress when each year stands alone, and none with memory."""
    frame = panel([("a", 1, 1.0, 5.0), ("b", 1, 1.0, 2.0), ("a", 2, 1.0, 4.0), ("b", 2, 1.0, 3.0)])
    alone, memory = rows(frame), rows(frame, reference="sequential")
    assert alone["a", 2]["technical_change"] == pytest.approx(4 / 5, rel=TOLERANCE)
    assert memory["a", 2]["technical_change"] == pytest.approx(1.0, rel=TOLERANCE)
    assert memory["a", 2]["efficiency_change"] == pytest.approx(4 / 5, rel=TOLERANCE)
    assert alone["a", 2]["index"] == pytest.approx(memory["a", 2]["index"], rel=TOLERANCE)


def test_pure_and_scale_efficiency() -> None:
    """Inputs 1 to 4. Year 1: points (1, 1), (2, 4), (4, 5): the best ratio is 2, at the middle unit.

    Unit c at (4, 5) is on the variable-returns frontier; constant returns ask for 8: its efficiency is 5/8, all scale.
    In year 2 it makes 8 with 4 and has the best ratio, 2, as b does.
    """
    frame = panel(
        [
            ("a", 1, 1.0, 1.0),
            ("b", 1, 2.0, 4.0),
            ("c", 1, 4.0, 5.0),
            ("a", 2, 1.0, 1.0),
            ("b", 2, 2.0, 4.0),
            ("c", 2, 4.0, 8.0),
        ]
    )
    found = rows(frame, rts="vrs")["c", 2]
    assert found["index"] == pytest.approx(8 / 5, rel=TOLERANCE)
    assert found["pure_efficiency_change"] == pytest.approx(1.0, rel=TOLERANCE)
    assert found["scale_efficiency_change"] == pytest.approx(8 / 5, rel=TOLERANCE)
    assert found["technical_change"] == pytest.approx(1.0, rel=TOLERANCE)
    # Ray and Desli with year 1's frontier: at an input of 4 it gives 5, so 8 is 8/5 of it: all technology, no scale.
    other = rows(frame, decomposition="ray-desli", base="earlier")["c", 2]
    assert other["pure_technical_change"] == pytest.approx(8 / 5, rel=TOLERANCE)
    assert other["scale_change"] == pytest.approx(1.0, rel=TOLERANCE)


def test_luenberger_and_malmquist_luenberger_of_three_units() -> None:
    """With an input of 1 and (good, bad) of a: (4, 2), b: (2, 2), c: (2, 1); direction (good, -bad).

    Under constant returns and weak disposability with the input held at 1, the frontier runs from the origin along c
    and a's ray 2 good a bad to a. Unit b moves to (2 + 2s, 2 - 2s): on the ray when 2 + 2s = 2 (2 - 2s), s = 1/3; that
    is (8/3, 4/3), inside the input limit. So the distance of b is 1/3, of a and c nought.
    In year 2 b makes (4, 2) as a does; nothing else changes, so b catches up by 4/3, or 1/3 in Luenberger's sum.
    """
    frame = pl.DataFrame(
        {
            "id": list("abcabc"),
            "year": [1, 1, 1, 2, 2, 2],
            "x": [1.0] * 6,
            "y": [4.0, 2.0, 2.0, 4.0, 4.0, 2.0],
            "b": [2.0, 2.0, 1.0, 2.0, 2.0, 1.0],
        }
    )
    for index, gain, one in (("malmquist-luenberger", 4 / 3, 1.0), ("luenberger", 1 / 3, 0.0)):
        change = productivity_change(frame, "id", "year", ["x"], ["y"], ["b"], index=index)
        found = {row["unit"]: row for row in change.frame.iter_rows(named=True)}
        assert found["b"]["index"] == pytest.approx(gain, abs=TOLERANCE)
        assert found["b"]["efficiency_change"] == pytest.approx(gain, abs=TOLERANCE)
        assert found["b"]["technical_change"] == pytest.approx(one, abs=TOLERANCE)
        assert found["a"]["index"] == pytest.approx(one, abs=TOLERANCE)
        levels = change.levels.filter(unit="b", period=1)["technical_inefficiency"].item()
        assert levels == pytest.approx(1 / 3, abs=TOLERANCE)


def test_nonradial_distance_of_three_units() -> None:
    """The same three units, each good with its own step and weight 1/2: b can reach a.

    From (2, 2) with an input of 1: (4, 2) is a step of 1 in the good alone, worth 1/2; (2, 1) is 1/2 in the bad alone,
    worth 1/4; on the ray between them good falls by 2 for a bad of 1, worth -1/2 + 1/4. So a is best: 1/2.
    """
    frame = pl.DataFrame(
        {
            "id": list("abcabc"),
            "year": [1, 1, 1, 2, 2, 2],
            "x": [1.0] * 6,
            "y": [4.0, 2.0, 2.0, 4.0, 4.0, 2.0],
            "b": [2.0, 2.0, 1.0, 2.0, 2.0, 1.0],
        }
    )
    change = productivity_change(frame, "id", "year", ["x"], ["y"], ["b"], index="luenberger", measure="nonradial")
    assert change.levels.filter(unit="b", period=1)["technical_inefficiency"].item() == pytest.approx(
        0.5, abs=TOLERANCE
    )
    assert change.frame.filter(unit="b")["index"].item() == pytest.approx(0.5, abs=TOLERANCE)


def test_metafrontier_of_two_groups() -> None:
    """Group g's best ratio goes from 2 to 3 and h's stays at 4: over all years g's own best is 3, everyone's 4."""
    frame = panel(
        [
            ("a", 1, 1.0, 2.0),
            ("b", 1, 1.0, 1.0),
            ("h", 1, 1.0, 4.0),
            ("a", 2, 1.0, 3.0),
            ("b", 2, 1.0, 3.0),
            ("h", 2, 1.0, 4.0),
        ]
    ).with_columns(kind=pl.Series(["g", "g", "h"] * 2))
    row = rows(frame, reference="metafrontier", group="kind")["b", 2]
    assert row["index"] == pytest.approx(3.0, rel=TOLERANCE)
    assert row["efficiency_change"] == pytest.approx(1.0 / (1 / 2), rel=TOLERANCE)
    assert row["best_practice_change"] == pytest.approx((3 / 3) / (2 / 3), rel=TOLERANCE)
    assert row["technology_gap_change"] == pytest.approx(1.0, rel=TOLERANCE)


def test_hicks_moorsteen_of_one_good_each_is_the_ratio_of_ratios() -> None:
    """With one input and one output every quantity index is a ratio, whatever the technology."""
    for rts in ("crs", "vrs"):
        found = rows(THREE, index="hicks-moorsteen", rts=rts)
        feasible = [row for row in found.values() if row["status"] == "optimal"]
        assert feasible
        for row in feasible:
            wide = THREE.filter(id=row["unit"]).sort("year")
            outputs, inputs = wide["y"][1] / wide["y"][0], wide["x"][1] / wide["x"][0]
            assert row["output_change"] == pytest.approx(outputs, rel=TOLERANCE)
            assert row["input_change"] == pytest.approx(inputs, rel=TOLERANCE)
            assert row["index"] == pytest.approx(outputs / inputs, rel=TOLERANCE)


PRICES = pl.DataFrame(
    {
        "id": list("aabb"),
        "year": [1, 2, 1, 2],
        "x1": [2.0, 2.0, 4.0, 3.0],
        "x2": [1.0, 2.0, 2.0, 2.0],
        "y1": [4.0, 6.0, 3.0, 6.0],
        "y2": [2.0, 2.0, 4.0, 3.0],
        "w1": [1.0, 2.0, 1.0, 2.0],
        "w2": [3.0, 3.0, 3.0, 3.0],
        "p1": [2.0, 1.0, 2.0, 1.0],
        "p2": [1.0, 2.0, 1.0, 2.0],
    }
)


def priced(index: str, **options: object) -> pl.DataFrame:
    return productivity_change(
        PRICES,
        "id",
        "year",
        ["x1", "x2"],
        ["y1", "y2"],
        index=index,
        input_prices=["w1", "w2"],
        output_prices=["p1", "p2"],
        **options,
    ).frame


def test_priced_indices_of_two_units() -> None:
    """Unit a: outputs (4, 2) to (6, 2), inputs (2, 1) to (2, 2).

    Laspeyres: prices (2, 1) give 10 to 14, (1, 3) give 5 to 8: 1.4 over 1.6. Paasche: (1, 2) give 8 to 10, (2, 3)
    give 7 to 10: 1.25 over 10/7. Lowe, mean prices (1.5, 1.5) and (1.5, 3): 9 to 12 and 6 to 9.
    """
    laspeyres, paasche, lowe = 1.4 / 1.6, 1.25 / (10 / 7), (12 / 9) / (9 / 6)
    truth = {"laspeyres": laspeyres, "paasche": paasche, "fisher": np.sqrt(laspeyres * paasche), "lowe": lowe}
    for index, value in truth.items():
        row = priced(index, rts="vrs").filter(unit="a").row(0, named=True)
        assert row["index"] == pytest.approx(value, rel=TOLERANCE)
        assert row["output_change"] / row["input_change"] == pytest.approx(value, rel=TOLERANCE)


def test_best_productivity_is_that_of_the_best_unit() -> None:
    """At Laspeyres' prices for a, year 1 has a: 10/5, b: 10/10, year 2 a: 14/8, b: 15/9: the best falls by 7/8."""
    row = priced("laspeyres", rts="vrs").filter(unit="a").row(0, named=True)
    assert row["technical_change"] == pytest.approx((14 / 8) / (10 / 5), rel=TOLERANCE)
    assert row["productivity_efficiency_change"] == pytest.approx(1.0, rel=TOLERANCE)


def test_fare_primont_with_one_good_each() -> None:
    change = productivity_change(THREE, "id", "year", ["x"], ["y"], index="fare-primont", rts="vrs")
    for row in change.frame.iter_rows(named=True):
        wide = THREE.filter(id=row["unit"]).sort("year")
        ratio = (wide["y"][1] / wide["y"][0]) / (wide["x"][1] / wide["x"][0])
        assert row["index"] == pytest.approx(ratio, rel=1e-9)
    assert change.weights is not None
    assert change.weights["good"].to_list() == ["x", "y"]
    assert (change.weights["highest"] - change.weights["lowest"]).max() <= 1e-9
    assert change.levels["best_productivity"].n_unique() <= 2


def test_programs_without_solution_are_named() -> None:
    """Under variable returns a unit smaller than all of the other year has no input there that makes its output."""
    frame = panel([("a", 1, 2.0, 2.0), ("b", 1, 4.0, 3.0), ("a", 2, 1.0, 1.0), ("b", 2, 4.0, 3.0)])
    row = rows(frame, rts="vrs", decomposition="none")["a", 2]
    assert row["index"] is None
    assert row["technical_change"] is None
    assert row["efficiency_change"] == pytest.approx(1.0, rel=TOLERANCE)
    assert row["status"] == "infeasible: unit of 2 against the vrs technology of 1"


def test_unbalanced_panel_uses_the_pairs_there_are() -> None:
    frame = panel(
        [
            ("a", 1, 1.0, 4.0),
            ("a", 2, 1.0, 5.0),
            ("a", 3, 1.0, 5.0),
            ("b", 1, 1.0, 2.0),
            ("b", 3, 1.0, 4.0),
            ("c", 2, 1.0, 1.0),
            ("c", 3, 1.0, 2.0),
        ]
    )
    change = productivity_change(frame, "id", "year", ["x"], ["y"])
    assert change.frame.select("unit", "period").rows() == [("a", 2), ("a", 3), ("c", 3)]
    assert change.left_out.rows() == [("b", 3, "not observed in 2; last in 1")]
    assert "1 observation that follows a gap is left out" in change.summary()
    chained = change.cumulative().filter(unit="a")
    assert chained["index"].to_list() == pytest.approx([5 / 4, 5 / 4], rel=TOLERANCE)


def test_result_speaks_and_explains() -> None:
    change = productivity_change(THREE, "id", "year", ["x"], ["y"], rts="vrs")
    assert "% a period, of which pure efficiency change" in change.summary()
    assert "it rose in 3 of 3 units" in change.summary()
    assert "技术进步" in change.summary("zh")
    behind = change.explain("b", 2)
    assert set(behind["technology"]) == {"1", "2"}
    assert behind.filter(technology="1", outputs_of=2, rts="crs")["value"].item() == pytest.approx(1.0, rel=TOLERANCE)
    with pytest.raises(UsageError, match="no change of b into 1"):
        change.explain("b", 1)
    additive = productivity_change(THREE, "id", "year", ["x"], ["y"], index="luenberger")
    assert "+" in additive.summary()
    assert additive.mean()["index"].item() == pytest.approx(additive.frame["index"].mean(), rel=TOLERANCE)
    assert additive.cumulative()["index"].to_list() == additive.frame["index"].to_list()


def test_means_and_chains_leave_out_what_has_no_solution() -> None:
    """Unit a is too small for year 1's technology in year 2 and back again in year 3: its chain ends at once."""
    frame = panel(
        [
            ("a", 1, 2.0, 2.0),
            ("b", 1, 4.0, 3.0),
            ("a", 2, 1.0, 1.0),
            ("b", 2, 4.0, 3.0),
            ("a", 3, 1.0, 1.0),
            ("b", 3, 4.0, 6.0),
        ]
    )
    change = productivity_change(frame, "id", "year", ["x"], ["y"], rts="vrs", decomposition="none")
    assert change.frame["index"].null_count() == 1
    assert change.cumulative().filter(unit="a")["index"].to_list() == [None, None]
    means = change.mean()
    assert means["pairs"].to_list() == [1, 2]
    product = means["efficiency_change"] * means["technical_change"]
    assert product.to_list() == pytest.approx(means["index"].to_list(), rel=TOLERANCE)
    assert (
        "1 of 4 pairs need a cross-period program that has no solution; they are not in the means" in change.summary()
    )


def test_fixed_weights_explain_by_levels() -> None:
    change = productivity_change(THREE, "id", "year", ["x"], ["y"], index="fare-primont")
    assert change.explain("a", 2).is_empty()
    table = change.levels.filter(unit="b").sort("period")
    product = table["best_productivity"] * table["productivity_efficiency"]
    assert product.to_list() == pytest.approx(table["productivity"].to_list(), rel=TOLERANCE)
    assert len(change.provenance.inputs["frame"]) == 64


def test_metafrontier_takes_its_returns_to_scale() -> None:
    """Under variable returns a unit at another size is efficient; under constant returns it is not."""
    frame = panel(
        [
            ("a", 1, 1.0, 2.0),
            ("h", 1, 4.0, 4.0),
            ("a", 2, 1.0, 2.0),
            ("h", 2, 4.0, 6.0),
        ]
    ).with_columns(kind=pl.Series(["g", "h"] * 2))
    options = {"reference": "metafrontier", "group": "kind"}
    # Largest output at an input of 4 is 6 with variable returns and 8 with constant ones: h is at 4/6, or 4/8.
    for rts, first in (("vrs", 4 / 6), ("crs", 4 / 8)):
        change = productivity_change(frame, "id", "year", ["x"], ["y"], rts=rts, **options)
        rows = change.distances.filter(unit="h", technology="1-2", outputs_of=1)
        assert rows["value"].item() == pytest.approx(first, rel=TOLERANCE)


def test_frames_of_any_kind_come_back() -> None:
    pandas = THREE.to_pandas()
    change = productivity_change(pandas, "id", "year", ["x"], ["y"])
    assert type(change.to_native()).__module__.startswith("pandas")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": "tornqvist"}, "choose one of malmquist"),
        ({"reference": "moving"}, "choose one of contemporaneous"),
        ({"rts": "increasing"}, "unknown rts 'increasing'"),
        ({"orientation": "graph"}, "unknown orientation 'graph'"),
        ({"decomposition": "zofio"}, "unknown decomposition 'zofio'"),
        ({"reference": "window"}, "window=K"),
        ({"window": 1}, "no other reference takes it"),
        ({"reference": "window", "window": 0}, "at least one period"),
        ({"reference": "metafrontier"}, "group=COLUMN"),
        ({"index": "luenberger", "bad": ["y"]}, "two roles"),
        ({"index": "lowe"}, "input_prices"),
        ({"input_prices": ["x"]}, "takes no prices"),
        ({"measure": "sbm"}, "radial"),
        ({"direction": "full"}, "no direction"),
        ({"index": "luenberger", "orientation": "input"}, "moves along direction"),
        ({"index": "luenberger", "direction": {"z": 1.0}}, "z is no input"),
        ({"index": "luenberger", "direction": {"x": -1.0}}, "none negative"),
        ({"index": "luenberger", "weights": {"y": 1.0}}, "weights go with"),
        ({"index": "luenberger", "measure": "nonradial", "weights": {"x": 1.0}}, "moves along the direction"),
        ({"index": "fare-primont", "decomposition": "bias"}, "O'Donnell"),
        ({"index": "fare-primont", "reference": "biennial"}, "has levels"),
        ({"decomposition": "odonnell"}, "goes with hicks-moorsteen"),
        ({"decomposition": "bias", "reference": "global"}, "two technologies"),
        ({"draws": 10, "reference": "global"}, "contemporaneous"),
        ({"draws": 10, "rts": "vrs", "decomposition": "none"}, "needs rts 'crs'"),
        ({"draws": 10, "decomposition": "balk"}, "'fgnz' or 'none'"),
        ({"draws": 1}, "at least 2"),
        ({"confidence": 95}, "share between 0 and 1"),
        ({"corner": "both"}, "unknown corner 'both'"),
        ({"colour": "red"}, "unknown option colour"),
    ],
)
def test_calls_that_do_not_fit(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        productivity_change(THREE, "id", "year", ["x"], ["y"], **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: THREE.drop("x"), "no column 'x'"),
        (lambda: pl.concat([THREE, THREE.head(1)]), "the key a/1 occurs again"),
        (
            lambda: THREE.with_columns(x=pl.when(pl.col("id") == "b").then(None).otherwise("x")),
            "column 'x' .b/1.: the figure is missing",
        ),
        (lambda: THREE.with_columns(y=-pl.col("y")), "column 'y' .a/1.: -4 is negative"),
        (lambda: THREE.with_columns(x=pl.lit(0.0)), "every input is zero"),
        (lambda: THREE.with_columns(x=pl.lit("much")), "much"),
        (lambda: THREE.with_columns(id=pl.lit(None, pl.String)), "column 'id' .*the key is empty"),
        (lambda: THREE.filter(year=1), "no unit is observed in two adjacent periods"),
    ],
)
def test_frames_that_cannot_be_used(change: Callable[[], pl.DataFrame], message: str) -> None:
    with pytest.raises(InputError, match=message):
        productivity_change(change(), "id", "year", ["x"], ["y"])


def test_years_that_are_text_are_read_as_numbers() -> None:
    """As words '8' stands behind '11', and neither is the year after the other."""
    rows = [("a", year, 1.0, 2.0 + year) for year in (8, 9, 10, 11)]
    frame = panel(rows)
    change = productivity_change(frame.with_columns(pl.col("year").cast(pl.String)), "id", "year", ["x"], ["y"])
    assert change.frame.equals(productivity_change(frame, "id", "year", ["x"], ["y"]).frame)
    assert change.frame["period"].to_list() == [9, 10, 11]
    weeks = frame.with_columns(year=pl.format("week {}", "year"))
    with pytest.raises(InputError, match="week"):
        productivity_change(weeks, "id", "year", ["x"], ["y"])


def test_bad_outputs_need_an_index_that_takes_them() -> None:
    with pytest.raises(UsageError, match="takes no bad outputs"):
        productivity_change(THREE.with_columns(b=pl.col("y")), "id", "year", ["x"], ["y"], ["b"])
    with pytest.raises(UsageError, match="hand in a list"):
        productivity_change(THREE, "id", "year", "x", ["y"])


def test_parts_that_miss_the_index_are_a_defect() -> None:
    parts = Parts(np.array([0.0, 1.0]), {"a": np.array([0.0, 1.0 + 2e-9])}, (("a",),))
    with pytest.raises(IdentityError, match=r"miss the index by 2\.0e.09 for unit 1"):
        parts.check(lambda pair: f"unit {pair}")
    Parts(np.array([0.0]), {"a": np.array([5e-10])}, (("a",),)).check(str)
    Parts(np.array([np.nan]), {"a": np.array([1.0])}, (("a",),)).check(str)


@pytest.mark.parametrize(
    ("years", "gaps"),
    [
        ((1, 2, 4), [(2, 4)]),
        ((1990, 1995, 2000), []),
        ((2000, 2001), []),
        ((2000, 2003, 2004, 2010), [(2000, 2003), (2004, 2010)]),
    ],
)
def test_a_step_that_is_longer_than_the_others_is_named(years, gaps):
    frame = panel([(unit, year, 1.0, 2.0 + at + (unit == "b")) for unit in "ab" for at, year in enumerate(years)])
    change = productivity_change(frame, "id", "year", ["x"], ["y"])
    assert change.gaps == gaps
    for language, opening in (("en", "Steps are not equally long: "), ("zh", "各步长短不一：")):
        said = change.summary(language)
        assert (opening in said) is bool(gaps)
        assert all(f"{before}{'–' if language == 'en' else '—'}{after}" in said for before, after in gaps)


def test_periods_that_are_no_numbers_have_no_gaps():
    frame = panel([("a", 1, 1.0, 2.0), ("a", 2, 1.0, 3.0), ("b", 1, 1.0, 2.0), ("b", 2, 1.0, 2.5)])
    text = frame.with_columns(pl.col("year").cast(pl.String))
    assert productivity_change(text, "id", "year", ["x"], ["y"]).gaps == []


def test_programs_of_two_tallies_are_added_and_the_largest_size_stands():
    first, second = Tally(count=2, rows=3, columns=9, general=1), Tally(count=4, rows=5, columns=7, general=2)
    first.include(second)
    assert (first.count, first.rows, first.columns, first.general) == (6, 5, 9, 3)
    first.add(1, (6, 10))
    assert (first.count, first.rows, first.columns, first.general) == (7, 6, 10, 3)


@pytest.mark.parametrize(
    ("disposability", "bad", "moves"), [("strong", -1.0, [1.0, 2.0, 3.0]), ("weak", 1.0, [1.0, 2.0, -3.0])]
)
def test_bads_are_used_up_as_inputs_are_or_made_less_as_goods_are_made_more(disposability, bad, moves):
    frontier = SimpleNamespace(
        goods=SimpleNamespace(widths=(1, 1, 1)), measure=SimpleNamespace(disposability=disposability)
    )
    target, way = Frontier.netputs(frontier, np.array([[4.0, 5.0, 6.0]]), np.array([[1.0, 2.0, 3.0]]))
    assert target.tolist() == [[-4.0, 5.0, 6.0 * bad]]
    assert way.tolist() == [moves]
