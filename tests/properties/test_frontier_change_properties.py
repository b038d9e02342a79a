"""What must hold of every index on every panel: circularity, units of measurement, order, names, time, products."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from xinzhi.frontier import productivity_change

TOLERANCE = 1e-9
SEED = st.integers(0, 10_000)
CASE = st.sampled_from(
    [
        {"index": "malmquist", "decomposition": "fgnz"},
        {"index": "malmquist", "decomposition": "ray-desli"},
        {"index": "malmquist", "decomposition": "grifell-lovell"},
        {"index": "malmquist", "decomposition": "balk", "orientation": "input"},
        {"index": "malmquist", "decomposition": "bias", "reference": "sequential"},
        {"index": "malmquist", "reference": "biennial", "orientation": "input"},
        {"index": "malmquist", "reference": "window", "window": 1, "decomposition": "balk"},
        {"index": "malmquist", "reference": "metafrontier", "group": "kind", "decomposition": "none"},
        {"index": "malmquist-luenberger", "direction": "full"},
        {"index": "luenberger", "reference": "global"},
        {"index": "luenberger", "reference": "global", "measure": "nonradial", "direction": "full"},
        {"index": "hicks-moorsteen"},
        {"index": "fare-primont"},
        {"index": "fisher", "input_prices": ["w1", "w2"], "output_prices": ["p1", "p2"]},
    ]
)


def panel(seed: int, units: int = 6, periods: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    count = units * periods
    names = ["x1", "x2", "y1", "y2", "b", "w1", "w2", "p1", "p2"]
    table = np.exp(rng.normal(0, 0.5, (count, len(names))))
    frame = pl.DataFrame(table, schema=names, orient="row")
    unit, period = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    kind = np.where(unit % 2 == 0, "even", "odd")
    return frame.with_columns(unit=pl.Series(unit), period=pl.Series(period), kind=pl.Series(kind))


def run(frame: pl.DataFrame, case: dict[str, object], **options: object) -> pl.DataFrame:
    bad = ["b"] if "luenberger" in str(case["index"]) else []
    merged = {"rts": "vrs"} | case | options
    return productivity_change(frame, "unit", "period", ["x1", "x2"], ["y1", "y2"], bad, **merged).frame


def numbers(frame: pl.DataFrame) -> np.ndarray:
    return frame.drop("unit", "period", "status").to_numpy().astype(float)


def same(one: np.ndarray, two: np.ndarray) -> None:
    assert one.shape == two.shape
    assert (np.isnan(one) == np.isnan(two)).all()
    assert np.nanmax(np.abs(one - two) / (1 + np.abs(one)), initial=0.0) <= TOLERANCE


@settings(deadline=None, max_examples=25)
@given(seed=SEED, case=CASE)
def test_parts_multiply_to_the_index(seed: int, case: dict[str, object]) -> None:
    """The products, worked out here from the columns of the frame alone."""
    found = run(panel(seed), case)
    ways = {
        "ray-desli": ["pure_efficiency_change", "pure_technical_change", "scale_change"],
        "grifell-lovell": ["pure_efficiency_change", "pure_technical_change", "scale_change"],
        "balk": ["pure_efficiency_change", "pure_technical_change", "scale_change", "mix_change"],
        "bias": ["efficiency_change", "output_bias", "input_bias", "magnitude"],
    }
    parts = ways.get(str(case.get("decomposition")), ["efficiency_change", "technical_change"])
    if case.get("reference") == "metafrontier":
        parts = ["efficiency_change", "best_practice_change", "technology_gap_change"]
    if case["index"] == "hicks-moorsteen":
        parts = ["efficiency_change", "technical_change", "scale_mix_change"]
    if case["index"] in {"fare-primont", "fisher"}:
        parts = ["technical_change", "technical_efficiency_change", "mix_efficiency_change", "residual_scale_change"]
    rows = found.drop_nulls()
    values = rows.select(parts).to_numpy()
    total = values.sum(axis=1) if case["index"] == "luenberger" else values.prod(axis=1)
    assert np.abs(total - rows["index"].to_numpy()).max(initial=0.0) <= TOLERANCE * (
        1 + rows["index"].abs().max() if rows.height else 1
    )


@settings(deadline=None, max_examples=25)
@given(seed=SEED, case=CASE, powers=st.lists(st.integers(-6, 9), min_size=5, max_size=5))
def test_units_of_measurement_do_not_matter(seed: int, case: dict[str, object], powers: list[int]) -> None:
    """Quantities in other units, and prices the other way round."""
    frame = panel(seed)
    goods, prices = ["x1", "x2", "y1", "y2", "b"], {"x1": "w1", "x2": "w2", "y1": "p1", "y2": "p2"}
    scaled = frame.with_columns(pl.col(name) * 10.0**power for name, power in zip(goods, powers, strict=True))
    scaled = scaled.with_columns(
        pl.col(prices[name]) / 10.0**power for name, power in zip(goods[:4], powers[:4], strict=True)
    )
    if case["index"] in {"fare-primont", "fisher"}:  # their aggregates are amounts, in the unit of measurement
        keep = ["unit", "period", "status", "index", "technical_change", "technical_efficiency_change"]
        same(numbers(run(frame, case).select(keep)), numbers(run(scaled, case).select(keep)))
    else:
        same(numbers(run(frame, case)), numbers(run(scaled, case)))


@settings(deadline=None, max_examples=15)
@given(seed=SEED, case=CASE)
def test_order_and_names_do_not_matter(seed: int, case: dict[str, object]) -> None:
    frame = panel(seed)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=seed).with_columns(unit=5 - pl.col("unit"))
    back = run(shuffled, case).with_columns(unit=5 - pl.col("unit")).sort("unit", "period")
    same(numbers(run(frame, case)), numbers(back))


@settings(deadline=None, max_examples=15)
@given(
    seed=SEED,
    index=st.sampled_from(["malmquist", "malmquist-luenberger", "luenberger"]),
    measure=st.sampled_from(["radial", "sbm"]),
)
def test_global_indices_are_circular(seed: int, index: str, measure: str) -> None:
    """From 0 to 1 and from 1 to 2 make 0 to 2, when the same observations span the technology."""
    frame = panel(seed)
    case: dict[str, object] = {"index": index, "reference": "global", "rts": "crs"}
    if index != "malmquist":
        case |= {"measure": measure, "direction": "full"}
    bad = [] if index == "malmquist" else ["b"]
    options = {name: value for name, value in case.items() if name != "rts"}
    change = productivity_change(frame, "unit", "period", ["x1", "x2"], ["y1", "y2"], bad, **options)
    chained = change.cumulative().filter(period=2)["index"].to_numpy()
    # The same level of technology by renaming period 2 to 1 and period 1 to 2: the pair (0, 1) is then the old (0, 2).
    swapped = frame.with_columns(period=pl.col("period").replace({1: 2, 2: 1}))
    direct = productivity_change(swapped, "unit", "period", ["x1", "x2"], ["y1", "y2"], bad, **options)
    same(chained[:, None], direct.frame.filter(period=1)["index"].to_numpy()[:, None])


@settings(deadline=None, max_examples=15)
@given(seed=SEED, case=CASE)
def test_time_backwards_gives_the_inverse(seed: int, case: dict[str, object]) -> None:
    """Holds of all that treat both periods alike; a sequential technology and Paasche do not, nor the magnitude."""
    if case.get("reference") == "sequential":
        return
    frame = panel(seed, periods=2)
    forward = run(frame, case).sort("unit")
    backward = run(frame.with_columns(period=1 - pl.col("period")), case).sort("unit")
    one, two = (numbers(found) for found in (forward, backward))
    same(one, -two if case["index"] == "luenberger" else 1 / two)


@settings(deadline=None, max_examples=15)
@given(seed=SEED, rts=st.sampled_from(["crs", "vrs"]))
def test_orientations_agree_under_constant_returns(seed: int, rts: str) -> None:
    frame = panel(seed)
    output, input_ = (
        productivity_change(frame, "unit", "period", ["x1", "x2"], ["y1", "y2"], rts=rts, orientation=way).frame
        for way in ("output", "input")
    )
    columns = ["index", "efficiency_change", "technical_change"]
    same(output.select(columns).to_numpy(), input_.select(columns).to_numpy())


@settings(deadline=None, max_examples=10)
@given(seed=SEED, factor=st.floats(0.5, 2.0))
def test_more_output_of_everything_is_that_much_progress(seed: int, factor: float) -> None:
    """All outputs of the second period times a factor: index and technical change rise by it, efficiency does not."""
    frame = panel(seed, periods=2)
    grown = frame.with_columns(
        pl.when(pl.col("period") == 1).then(pl.col(name) * factor).otherwise(name).alias(name) for name in ("y1", "y2")
    )
    before, after = (run(one, {"index": "malmquist"}) for one in (frame, grown))
    same((before["index"] * factor).to_numpy()[:, None], after["index"].to_numpy()[:, None])
    same((before["technical_change"] * factor).to_numpy()[:, None], after["technical_change"].to_numpy()[:, None])
    same(before["efficiency_change"].to_numpy()[:, None], after["efficiency_change"].to_numpy()[:, None])
