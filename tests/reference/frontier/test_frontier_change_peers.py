"""Malmquist indices against deaR 1.5.3, Benchmarking 0.33 and productivity 1.1.0 (R), on two data sets of theirs.

Tolerance 1e-9, absolute; the references are printed to 12 significant digits. Calls (``ref_malm.R`` beside the values):
``malmquist_index(md, orientation, rts, type1, type2)``, ``malmquist(X, Y, ID, TIME, RTS, ORIENTATION)``,
``malm(data, id, time, x, y, rts = "vrs", orientation, tech.reg)``.

Known differences, each tested here:

- deaR's ``rd`` and ``gl`` take the earlier technology alone: ``base="earlier"``; they take variable returns even when
  told ``crs``, as we do. A cross-period program without a solution makes its index NaN; here the parts that do not need
  it stay.
- deaR's ``gl`` takes the later inputs with the earlier outputs in the input orientation as well: ``corner="inputs"``.
- deaR's global index under ``vrs`` multiplies the global technical change with the scale change of the earlier period's
  own technology; that product is no global index (it is not circular). Its factors agree; the index is ours.
- Benchmarking's output-oriented index is the inverse; under ``vrs`` a program without a solution gives it Inf or 0.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from xinzhi.frontier import productivity_change

if TYPE_CHECKING:
    from pathlib import Path

    from xinzhi.frontier import ProductivityChange

pytestmark = pytest.mark.shared

TOLERANCE = 1e-9
ORIENTATION = {"io": "input", "oo": "output"}
REFERENCE = {"cont": "contemporaneous", "seq": "sequential", "glob": "global"}
DECOMPOSITION = {"fgnz": "fgnz", "rd": "ray-desli", "gl": "grifell-lovell", "bias": "bias"}
NAMES = {
    "mi": "index",
    "ec": "efficiency_change",
    "tc": "technical_change",
    "pech": "pure_efficiency_change",
    "sech": "scale_efficiency_change",
    "obtech": "output_bias",
    "ibtech": "input_bias",
    "matech": "magnitude",
}
SCALE_NAMES = NAMES | {"tc": "pure_technical_change", "sech": "scale_change"}


@pytest.fixture(scope="module")
def economy(shared: Path) -> pl.DataFrame:
    return pl.read_csv(shared / "ref/dea/EconomyLong_input.csv")


@pytest.fixture(scope="module")
def dear(shared: Path) -> pl.DataFrame:
    frame = pl.read_csv(shared / "ref/dea/EconomyLong_deaR_malmquist.csv.gz", infer_schema_length=0)
    return _numbers(frame, ["value"]).with_columns(pl.col("period").cast(int))


def _numbers(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return columns of R's numbers as floats; NA, NaN and infinities become null."""
    cells = [pl.col(name).cast(pl.String).cast(pl.Float64, strict=False) for name in columns]
    return frame.with_columns(pl.when(cell.is_finite()).then(cell) for cell in cells)


def change(frame: pl.DataFrame, **options: object) -> ProductivityChange:
    return productivity_change(frame, "DMUs", "Period", ["Capital", "Labor"], ["GIOV"], **options)


def values(reference: pl.DataFrame, ours: pl.DataFrame, component: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    rows = reference.filter(comp=component).join(ours, left_on=["dmu", "period"], right_on=["unit", "period"])
    assert rows.height == ours.height
    return rows["value"].to_numpy(), rows[column].to_numpy()


@pytest.mark.parametrize(("orientation", "rts"), list(product(("io", "oo"), ("crs", "vrs"))))
@pytest.mark.parametrize(("type1", "type2"), list(product(("cont", "seq"), ("fgnz", "rd", "gl", "bias"))))
def test_dear_contemporaneous_and_sequential(
    economy: pl.DataFrame, dear: pl.DataFrame, orientation: str, rts: str, type1: str, type2: str
) -> None:
    scale = type2 in {"rd", "gl"}
    options = {"base": "earlier"} if scale else {}
    ours = change(
        economy,
        reference=REFERENCE[type1],
        rts=rts,
        orientation=ORIENTATION[orientation],
        decomposition=DECOMPOSITION[type2],
        **options | ({"corner": "inputs"} if type2 == "gl" else {}),
    ).frame
    theirs = dear.filter(orientation=orientation, rts=rts, type1=type1, type2=type2)
    components = theirs["comp"].unique().to_list()
    assert {"mi", "tc"} <= set(components)
    for component in components:
        expected, found = values(theirs, ours, component, (SCALE_NAMES if scale else NAMES)[component])
        # deaR's solver gives 0 for a program without solution, so a part is NaN, 0 or infinite there.
        usable = np.isfinite(expected) & (expected != 0)
        assert (np.isfinite(found) | ~usable).all()
        both = usable & np.isfinite(found)
        assert both.sum() >= 112
        assert np.abs(expected - found)[both].max() <= TOLERANCE
    expected, _ = values(theirs, ours, "mi", "index")
    infeasible = values(theirs, ours, "mi", "status")[1] != "optimal"
    if scale:
        assert ((~np.isfinite(expected)) == infeasible).all()
        assert 0 < infeasible.sum() <= 12


@pytest.mark.parametrize(("orientation", "type2"), list(product(("io", "oo"), ("fgnz", "rd", "gl", "bias"))))
def test_dear_global_under_constant_returns(
    economy: pl.DataFrame, dear: pl.DataFrame, orientation: str, type2: str
) -> None:
    ours = change(economy, reference="global", orientation=ORIENTATION[orientation]).frame
    theirs = dear.filter(orientation=orientation, rts="crs", type1="glob", type2=type2)
    for component in ("mi", "ec", "tc"):
        expected, found = values(theirs, ours, component, NAMES[component])
        assert np.abs(expected - found).max() <= TOLERANCE


@pytest.mark.parametrize(("orientation", "type2"), list(product(("io", "oo"), ("fgnz", "rd", "gl", "bias"))))
def test_dear_global_under_variable_returns_agrees_factor_by_factor(
    economy: pl.DataFrame, dear: pl.DataFrame, orientation: str, type2: str
) -> None:
    options = {"orientation": ORIENTATION[orientation], "rts": "vrs", "decomposition": "ray-desli"}
    ours = change(economy, reference="global", **options).frame
    scale = change(economy, base="earlier", **options).frame
    theirs = dear.filter(orientation=orientation, rts="vrs", type1="glob", type2=type2)
    for component in ("pech", "tc"):
        expected, found = values(theirs, ours, component, SCALE_NAMES[component])
        assert np.abs(expected - found).max() <= TOLERANCE
    expected, found = values(theirs, scale, "sech", "scale_change")
    both = np.isfinite(found)
    assert both.sum() >= 112
    assert np.abs(expected - found)[both].max() <= TOLERANCE
    expected, found = values(theirs, ours, "mi", "index")
    assert np.nanmax(np.abs(expected - found)) > 0.1  # the deliberate difference


@pytest.mark.parametrize("orientation", ["in", "out"])
def test_benchmarking_constant_returns(shared: Path, economy: pl.DataFrame, orientation: str) -> None:
    file = shared / f"ref/dea/EconomyLong_Benchmarking_malmquist_crs_{orientation}.csv"
    theirs = pl.read_csv(file, null_values="NA", infer_schema_length=None)
    ours = change(economy, orientation=f"{orientation}put")
    rows = ours.frame.join(theirs, left_on=["unit", "period"], right_on=["id", "time"])
    assert rows.height == 124
    for mine, column in (("index", "m"), ("technical_change", "tc"), ("efficiency_change", "ec")):
        other = rows[column] if orientation == "in" else 1 / rows[column]
        assert (rows[mine] - other).abs().max() <= TOLERANCE
    distances = ours.distances.with_columns(
        (pl.col("technology").cast(int) == pl.col("period")).alias("later_technology"),
        (pl.col("outputs_of") == pl.col("period")).alias("later_unit"),
    )
    for column, technology, unit in (("e00", 0, 0), ("e01", 1, 0), ("e10", 0, 1), ("e11", 1, 1)):
        mine = distances.filter(later_technology=bool(technology), later_unit=bool(unit))
        both = mine.join(theirs, left_on=["unit", "period"], right_on=["id", "time"])
        assert both.height == 124
        score = both["value"] if orientation == "in" else 1 / both["value"]
        assert (score - both[column]).abs().max() <= TOLERANCE


def test_benchmarking_variable_returns(shared: Path, economy: pl.DataFrame) -> None:
    file = shared / "ref/dea/EconomyLong_Benchmarking_malmquist_vrs_in.csv"
    theirs = _numbers(pl.read_csv(file, infer_schema_length=0), ["m", "tc", "ec"]).with_columns(
        pl.col("time").cast(int)
    )
    ours = change(economy, orientation="input", rts="vrs", decomposition="none").frame
    rows = ours.join(theirs, left_on=["unit", "period"], right_on=["id", "time"])
    assert rows.height == 124
    # Where a program has no solution, Benchmarking's index is infinite and ours is null with its reason.
    assert rows["index"].is_null().sum() == 12
    assert (rows["index"].is_null() == rows["m"].is_null()).all()
    assert (rows["index"].is_null() == rows["status"].str.starts_with("infeasible")).all()
    for mine, column in (("index", "m"), ("technical_change", "tc"), ("efficiency_change", "ec")):
        assert (rows[mine] - rows[column]).abs().max() <= TOLERANCE


@pytest.mark.parametrize(
    ("orientation", "file", "reference"),
    [
        ("input", "in", "contemporaneous"),
        ("output", "out", "contemporaneous"),
        ("output", "out_noregress", "sequential"),
    ],
)
def test_productivity_changes(shared: Path, economy: pl.DataFrame, orientation: str, file: str, reference: str) -> None:
    theirs = pl.read_csv(shared / f"ref/dea/EconomyLong_productivity_malm_vrs_{file}_changes.csv", null_values="NA")
    ours = change(economy, orientation=orientation, rts="vrs", decomposition="bias", reference=reference).frame
    rows = ours.with_columns(later=pl.col("period").rank("dense").cast(int) + 1).join(
        theirs, left_on=["unit", "later"], right_on=["id", "Year.1"]
    )
    assert rows.height == 124
    side = "inp" if orientation == "input" else "out"
    for mine, column in (
        ("index", "malmquist"),
        ("efficiency_change", "effch"),
        ("technical_change", "tech"),
        ("output_bias", "obtech"),
        ("input_bias", "ibtech"),
        ("magnitude", "matech"),
        ("pure_efficiency_change", f"pure.{side}.effch"),
        ("scale_efficiency_change", f"{side}.scalech"),
    ):
        assert (rows[mine] - rows[column]).abs().max() <= TOLERANCE


@pytest.mark.parametrize("orientation", ["input", "output"])
def test_productivity_levels(shared: Path, economy: pl.DataFrame, orientation: str) -> None:
    side = orientation.removesuffix("put")
    theirs = pl.read_csv(shared / f"ref/dea/EconomyLong_productivity_malm_vrs_{side}_levels.csv", null_values="NA")
    ours = change(economy, orientation=orientation, rts="vrs", decomposition="bias").distances
    flags = ours.with_columns(
        later=pl.col("period") - 2004,
        technology_=(pl.col("technology").cast(int) == pl.col("period")).cast(int),
        x=(pl.col("inputs_of") == pl.col("period")).cast(int),
        y=(pl.col("outputs_of") == pl.col("period")).cast(int),
    )
    names = [name for name in theirs.columns if name[0] in "cv" and name[1:4].isdigit()]
    assert len(names) == 8
    for name in names:
        rts, (technology, x, y) = {"c": "crs", "v": "vrs"}[name[0]], map(int, name[1:4])
        mine = flags.filter(rts=rts, technology_=technology, x=x, y=y)
        rows = mine.join(theirs, left_on=["unit", "later"], right_on=["id", "Year.1"])
        assert rows.height == 124
        value = 1 / rows["value"] if orientation == "input" else rows["value"]  # Shephard's distances
        assert (value - rows[name]).abs().max() <= TOLERANCE


@pytest.mark.parametrize("type2", ["fgnz", "rd", "gl", "bias"])
def test_grifell_lovell_1999(shared: Path, type2: str) -> None:
    frame = pl.read_csv(shared / "ref/dea/Grifell_Lovell_1999_input.csv")
    theirs = pl.read_csv(shared / "ref/dea/Grifell_Lovell_1999_deaR_malmquist_oo_vrs.csv").filter(type2=type2)
    scale = type2 in {"rd", "gl"}
    ours = productivity_change(
        frame,
        "DMU",
        "Year",
        ["X"],
        ["Y"],
        rts="vrs",
        decomposition=DECOMPOSITION[type2],
        **{"base": "earlier"} if scale else {},
    ).frame
    for component in theirs["comp"].unique().to_list():
        expected, found = values(theirs, ours, component, (SCALE_NAMES if scale else NAMES)[component])
        assert np.abs(expected - found).max() <= TOLERANCE
