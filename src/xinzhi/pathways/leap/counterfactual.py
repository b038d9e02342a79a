"""The verb `counterfactual`: what would have become of a unit, had it gone the way of others that were like it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.pathways.conventions import options_of
from xinzhi.pathways.convergence.unit_years import Gaps, UnitYears, balanced, read_unit_years

_SHOWN = 5
_TINY = 1e-6
_EXACT = 1e-12  # of the unit's own level: rounding, no gap


@dataclass(frozen=True, repr=False, kw_only=True)
class Counterfactual(Result, verb="counterfactual", topic="pathways", key=("year",)):
    """A unit beside its synthetic control, a row for each year; the gap is actual less synthetic.

    `weights` of the donors, largest first, are not negative and add up to 1; `balance` says how like the control is,
    beside their plain mean. `placebos` has a row for each unit taken for the treated one, which stands first; `ratio`
    is empty where a unit fits exactly before. `fit_before` is the root mean squared gap before the date. `p` is the
    share of units whose ratio is at least that of the treated one, exact fits among them: the smallest possible is one
    over their number; `p_gap` the same with the gap after the date alone, whatever the fit before.
    """

    weights: pl.DataFrame
    balance: pl.DataFrame
    placebos: pl.DataFrame
    fit_before: float
    p: float
    p_gap: float
    treated: str
    start: int
    findings: tuple[Finding, ...]

    def answer(self) -> Iterator[Fact]:
        """Yield the gap at the end, who makes up the control, how well it fits, and the placebo p."""
        last = self.frame.row(-1, named=True)
        yield words.pathways.summary_counterfactual(
            name=self.names.region(self.treated),
            start=self.start,
            year=last["year"],
            actual=last["actual"],
            synthetic=last["synthetic"],
            gap=last["gap"],
            fit=self.fit_before,
            p=self.p,
        )
        donors = [
            words.pathways.summary_donor(name=self.names.region(unit), weight=weight)
            for unit, weight in self.weights.head(_SHOWN).rows()
        ]
        yield words.pathways.summary_weights(donors=donors)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRules:
    """What the control is matched on.

    Parameters
    ----------
    history
        Also match the outcome in every year before the date.
    history_weight
        Weight of the whole history against that of all other predictors together.
    gaps
        ``refuse`` or ``drop`` donors with gaps.
    """

    history: bool = True
    history_weight: float = 1.0
    gaps: Gaps = "refuse"


def simplex_weights(target: FloatArray, donors: FloatArray) -> FloatArray:
    """Return the weights, not negative and adding up to 1, with which donors come nearest to a target."""
    # For weights that add up to 1 the distance is ``|A w|`` with ``A = donors - target``. The minimum of ``|A z|^2 + (1
    # - sum z)^2`` over ``z >= 0``, scaled to add up to 1, has the same direction: for a given direction the best length
    # leaves ``q / (1 + q)`` of it, which rises in ``q = |A w|^2``. So non-negative least squares (Lawson and Hanson
    # 1974, chapter 23) solves the quadratic program exactly.
    from scipy.optimize import nnls

    gaps = donors - target[:, None]
    scale = float(np.abs(gaps).max()) or 1.0
    system = np.vstack([gaps / scale, np.ones(donors.shape[1])])
    solution, _ = nnls(system, np.append(np.zeros(len(target)), 1.0))
    return np.asarray(solution / solution.sum())


def counterfactual(
    frame: AnyFrame,
    *,
    unit: str,
    time: str,
    value: str,
    treated: str,
    start: int,
    predictors: AnyFrame = None,
    rules: MatchRules | None = None,
) -> Counterfactual:
    """Build the synthetic control of a unit and measure the gap that opened since a date.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year; all units but the treated one are donors: leave out those that met the same fate. The
        others name its columns.
    treated
        The unit.
    start
        First year after what happened; the control is chosen on the years before.
    predictors
        A frame with the unit and any number of columns to match on, each with the same weight after dividing by its
        standard deviation; only the history of the outcome when None.
    rules
        What is matched.

    Raises
    ------
    InputError
        When there are gaps, fewer than two donors, or a predictor is missing or the same everywhere.

    Notes
    -----
    Abadie, Diamond and Hainmueller (2010), Journal of the American Statistical Association 105: weights, placebos in
    space and the ratio of root mean squares. Predictors have declared weights, not ones fitted to the outcome, so that
    nothing is chosen after looking.

    Examples
    --------
    >>> paths = {"a": 1.0, "b": 3.0, "c": 2.0, "d": 6.0}
    >>> rows = [(u, y, x * (y - 1990)) for u, x in paths.items() for y in range(1995, 2005)]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = counterfactual(data, unit="unit", time="year", value="income", treated="c", start=2000)
    >>> round(found.fit_before, 9), round(found.frame["gap"].abs().max(), 9)
    (0.0, 0.0)
    """
    rules = rules or MatchRules()
    panel = read_unit_years(frame, unit=unit, time=time, value=value, verb="counterfactual")
    panel.row(treated)
    panel = balanced(panel, verb="counterfactual", gaps=rules.gaps)
    if treated not in panel.units:
        raise InputError("pathways.treated-gaps", panel.findings, unit=treated)
    before = panel.years < start
    if not before.any() or before.all():
        raise UsageError("pathways.start-outside", start=start, first=panel.years[0], last=panel.years[-1])
    names, predictor_values = _predictors(predictors, panel, unit)
    if not names and not rules.history:
        raise UsageError("pathways.nothing-matched")
    # what is matched, each block with its weight
    blocks = [predictor_values / predictor_values.std(axis=0) / np.sqrt(predictor_values.shape[1])] if names else []
    if rules.history:
        history = panel.values[:, before]
        blocks.append(np.sqrt(rules.history_weight / history.shape[1]) * history / (history.std() or 1.0))
    features = np.concatenate(blocks, axis=1)
    order = [panel.units.index(treated), *(row for row, name in enumerate(panel.units) if name != treated)]
    donors = np.array(order[1:])
    weights = simplex_weights(features[order[0]], features[donors].T)
    placebos = _placebos(panel, features, order, weights, before)
    synthetic, actual = weights @ panel.values[donors], panel.values[order[0]]
    traits = np.column_stack([predictor_values, panel.values[:, before].mean(axis=1)])
    return Counterfactual(
        frame=pl.DataFrame(
            {"year": panel.years, "actual": actual, "synthetic": synthetic, "gap": actual - synthetic, "after": ~before}
        ),
        weights=pl.DataFrame({"unit": [panel.units[row] for row in donors], "weight": weights})
        .filter(pl.col("weight") > _TINY)
        .sort("weight", descending=True),
        balance=pl.DataFrame(
            {
                "predictor": [*names, "outcome before (mean)"],
                "actual": traits[order[0]],
                "synthetic": weights @ traits[donors],
                "donors": traits[donors].mean(axis=0),
            }
        ),
        placebos=placebos,
        fit_before=float(placebos["fit_before"].item(0)),
        p=_standing_out(placebos["ratio"].fill_null(np.inf).to_numpy()),
        p_gap=_standing_out(placebos["gap_after"].to_numpy()),
        treated=treated,
        start=start,
        findings=panel.findings,
        kind=panel.kind,
        provenance=provenance(
            "counterfactual",
            panel,
            value=value,
            treated=treated,
            start=start,
            predictors=list(names),
            **options_of(rules),
        ),
    )


def _predictors(predictors: AnyFrame, panel: UnitYears, unit: str) -> tuple[list[str], FloatArray]:
    """Return the names of the predictors and their values by unit `(N, k)`."""
    if predictors is None:
        return [], np.empty((len(panel.units), 0))
    table, _ = read_any(predictors, "predictors")
    names = [name for name in table.cells.columns if name != unit]
    fields = [Field("unit", "code", column=unit), *(Field(name) for name in names)]
    rows = tidy(
        predictors, fields, key=("unit",), verb="counterfactual", table="predictors", columns_from_caller=True
    ).frame
    values = {row[0]: row[1:] for row in rows.iter_rows()}
    lacking = [name for name in panel.units if name not in values or any(item is None for item in values[name])]
    if lacking:
        raise InputError("pathways.no-predictors", units=lacking)
    matrix = np.array([values[name] for name in panel.units], dtype=np.float64)
    same = [name for name, column in zip(names, matrix.T, strict=True) if np.ptp(column) == 0]
    if same:
        raise InputError("pathways.same-predictor", predictors=same)
    return names, matrix


def _placebos(
    panel: UnitYears, features: FloatArray, order: Sequence[int], weights: FloatArray, before: BoolArray
) -> pl.DataFrame:
    """Return the fit before and the gap after, with each unit taken for the treated one; the true one stands first."""
    # The treated unit is no donor of the placebos: what happened to it must not be in their controls.
    rows = []
    pool = np.array(order[1:])
    for row in order:
        donors = pool[pool != row]
        share = weights if row == order[0] else simplex_weights(features[row], features[donors].T)
        gap = panel.values[row] - share @ panel.values[donors]
        fit, after = (float(np.sqrt((gap[mask] ** 2).mean())) for mask in (before, ~before))
        exact = fit <= _EXACT * np.abs(panel.values[row]).max()
        rows.append((panel.units[row], fit, after, None if exact else after / fit))
    schema = {"unit": pl.String} | dict.fromkeys(("fit_before", "gap_after", "ratio"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _standing_out(values: FloatArray) -> float:
    """Return the share of units that stand out at least as much as the first."""
    return float((values >= values[0] * (1 - _TINY)).mean())
