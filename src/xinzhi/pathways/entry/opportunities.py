"""The verb `opportunities`: what each place could enter, how near it is, what it gains, and whether it suits it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.data import Field, tidy
from xinzhi.data.frames import read_any
from xinzhi.pathways.complexity.cells import cell_frame
from xinzhi.pathways.complexity.complexity import Complexity
from xinzhi.pathways.complexity.relatedness import revealed_advantage
from xinzhi.pathways.conventions import conventions
from xinzhi.pathways.entry.forecast import Evidence, Skill
from xinzhi.pathways.industries import word

QUADRANTS = ("near-complex", "far-complex", "near-simple", "far-simple")
_SHOWN, _TIES = 3, 8


@dataclass(frozen=True, repr=False, kw_only=True)
class Opportunities(Result, verb="opportunities", topic="pathways", key=("place", "activity")):
    """What each place could enter: a row for each place and activity that is absent (or weak) there.

    Ranks are percentiles within the place; `medians` are the density and complexity that part the quadrants.
    `endowment_fit` has factor intensities and how much they predict, None without endowments. `skill` says whether
    relatedness foretold entry better than the plain location quotient; where it did not, `best` names nothing, and what
    evidence shows region by region is shown in its place where a study supplies it (`choices`).
    """

    medians: tuple[float, float]
    endowment_fit: Fit | None
    findings: tuple[Finding, ...]
    measured: Complexity
    skill: Skill | None = None
    choices: Evidence | None = None

    @property
    def silent(self) -> bool:
        """Whether nothing can be recommended: a test on entries that it has not seen found no skill."""
        return self.skill is not None and not self.skill.beats

    def answer(self) -> Iterator[Fact]:
        """Yield how many chances there are, where most are both near and complex, and how far the endowments speak."""
        if self.skill is not None and self.silent:
            yield from self.skill.answer()
            yield from () if self.choices is None else self.choices.evidence()
            return
        if not self.measured.signed:
            yield words.pathways.summary_near_only(n=self.frame.height)
            yield from self._fitted()
            return
        shares = dict(self.frame["quadrant"].value_counts(normalize=True).iter_rows())
        counts = self.quadrants()
        first = counts.filter(pl.col("near-complex") > 0).height
        yield words.pathways.summary_quadrants(
            n=self.frame.height,
            places=counts.height,
            near=shares.get("near-complex", 0.0),
            far=shares.get("far-complex", 0.0),
        )
        yield words.pathways.headline_regions(
            top=[self.names.region(code) for code in counts["place"][:_SHOWN]],
            most=counts["near-complex"][0],
            none=counts.height - first,
            n=counts.height,
        )
        yield from self._fitted()

    def _fitted(self) -> Iterator[Fact]:
        fit = self.endowment_fit
        if fit is not None and np.isfinite(fit.explained):
            yield words.pathways.summary_fit(factors=[word("chart", name) for name in fit.factors], share=fit.explained)

    def quadrants(self) -> pl.DataFrame:
        """Return ``place`` and how many activities of each quadrant it could enter, most near and complex first."""
        counts = self.frame.pivot(on="quadrant", index="place", values="activity", aggregate_function="len")
        lacking = [name for name in QUADRANTS if name not in counts.columns]
        counts = counts.with_columns(pl.lit(0, pl.UInt32).alias(name) for name in lacking).fill_null(0)
        order = [name for name in QUADRANTS if name not in lacking]
        return counts.select("place", *QUADRANTS).sort(*order, "place", descending=[*(True for _ in order), False])

    def nearest(self, count: int) -> pl.DataFrame:
        """Return the activities that are nearest to each place, so many of them."""
        return self.frame.sort("density", descending=True).group_by("place", maintain_order=True).head(count)

    def best_of_all(self, count: int) -> pl.DataFrame:
        """Return the best chances of every place, so many of them."""
        return pl.concat(self.best(place, count) for place in self.measured.matrix.places)

    def of_place(self, place: str) -> pl.DataFrame:
        """Return what a place could enter, largest gain first."""
        return self.frame.filter(pl.col("place") == place).sort("gain", descending=True)

    def best(self, place: str, count: int = 10) -> pl.DataFrame:
        """Return the chances of a place that are both near and complex, largest gain first; none without skill."""
        self._require_place(place)
        if self.silent:
            return self.frame.clear()
        rows = self.frame.filter((pl.col("place") == place) & (pl.col("quadrant") == "near-complex"))
        return rows.sort("gain", descending=True).head(count)

    def explain(self, place: str, activity: str | None = None) -> pl.DataFrame:
        """Return ``activity, kind, name, there, contribution``: what an opportunity rests on.

        Without an activity it is the best, else the nearest. `kind` ``related`` names the activities nearest to it,
        whether they are there, and what they add to the density; ``endowment`` the factors and what they add to the
        fit; ``gain`` and ``complexity`` have one row each. A usage error where place or activity is unknown, or the
        activity is there already.
        """
        self._require_place(place)
        rows = self.frame.filter(pl.col("place") == place)
        if activity is None:
            best = self.best(place, 1)
            activity = (best if best.height else rows.sort("density", descending=True))["activity"][0]
        row = rows.filter(pl.col("activity") == activity)
        if not row.height:
            raise UsageError("pathways.no-opportunity", activity=activity, place=place)
        cell = row.row(0, named=True)
        worth = [_rows(activity, kind, [cell["quadrant"]], [None], [cell[kind]]) for kind in ("gain", "complexity")]
        return pl.concat([self._related(place, activity), self._endowed(place, activity), *worth])

    def _require_place(self, place: str) -> None:
        if place not in self.measured.matrix.places:
            raise UsageError("pathways.unknown", what="place", asked=place, known=list(self.measured.matrix.places))

    def _related(self, place: str, activity: str) -> pl.DataFrame:
        measured = self.measured
        c, a = measured.matrix.places.index(place), measured.matrix.activities.index(activity)
        proximities = measured.proximity[:, a].astype(float)
        proximities[a] = 0.0
        nearest = np.argsort(-proximities, kind="stable")[:_TIES]
        presence = measured.present[c, nearest]
        return _rows(
            activity,
            "related",
            [measured.matrix.activities[i] for i in nearest],
            presence.tolist(),
            (proximities[nearest] * presence / measured.proximity[:, a].sum()).tolist(),
        )

    def _endowed(self, place: str, activity: str) -> pl.DataFrame:
        fit = self.endowment_fit
        if fit is None:
            return _rows(activity, "endowment", [], [], [])
        c, a = self.measured.matrix.places.index(place), self.measured.matrix.activities.index(activity)
        parts = fit.parts[c, a]
        order = [k for k in np.argsort(-np.abs(parts)) if np.isfinite(parts[k])]
        return _rows(activity, "endowment", [fit.factors[k] for k in order], [None] * len(order), parts[order].tolist())


def _rows(activity: str, kind: str, names: list[str], presences: list[object], parts: list[float]) -> pl.DataFrame:
    schema = {"name": pl.String, "there": pl.Boolean, "contribution": pl.Float64}
    rows = pl.DataFrame({"name": names, "there": presences, "contribution": parts}, schema=schema)
    return rows.with_columns(activity=pl.lit(activity), kind=pl.lit(kind)).select("activity", "kind", *schema)


def opportunities(
    complexity: Complexity,
    *,
    endowments: AnyFrame = None,
    intensities: AnyFrame = None,
    emerging: Collection[str] | None = None,
    weak: float = 1.0,
) -> Opportunities:
    """Return, for each place, the activities it does not have: nearness, complexity, exact gain, fit and quadrant.

    Parameters
    ----------
    complexity
        What `complexity` returned; where nothing fixes its sign, complexity, gain and quadrant are null.
    endowments
        One row per place: its name, then one column a factor (schooling, energy, capital a worker, science); None: no
        fit.
    intensities
        One row per activity: its name, then the same factors; None: estimated from the data across the places, which
        with few places says little: see `Opportunities.endowment_fit.explained`.
    emerging
        Names of the activities that count as emerging, such as the industries of `scope`; None: no flag.
    weak
        Of the absent activities, list those with a location quotient below this; 0.5 leaves out those on the threshold.

    Raises
    ------
    UsageError
        When intensities come without endowments, factors differ, or an emerging activity is unknown.
    InputError
        When more than half of the places lack endowments, or an activity its intensity.

    Examples
    --------
    >>> import xinzhi
    >>> from xinzhi.pathways import complexity
    >>> package = xinzhi.load("china-provinces")
    >>> jobs = package.tables["activity"].filter(pl.col("year") == 2016)
    >>> accounts = package.tables["accounts"].filter(pl.col("year") == 2016)
    >>> anchor = dict(accounts.select("region", pl.col("output_nominal") / pl.col("population")).rows())
    >>> measured = complexity(jobs, place="region", activity="industry", value="employment", anchor=anchor)
    >>> table = opportunities(measured, endowments=accounts.select("region", "schooling", "urbanisation"))
    >>> table.frame.columns[:4], sorted(table.frame["quadrant"].unique())
    (['place', 'activity', 'advantage', 'density'], ['far-complex', 'far-simple', 'near-complex', 'near-simple'])
    """
    advantage = revealed_advantage(complexity.matrix.values)
    rows, columns = np.nonzero(~complexity.present & (advantage < weak))
    if not len(rows):
        raise UsageError("pathways.nothing-absent", weak=weak)
    fit = _fit(complexity, endowments, intensities)
    if strange := sorted(set(emerging or ()) - set(complexity.matrix.activities)):
        raise UsageError("pathways.emerging-unknown", activities=strange)
    new = np.isin(np.array(complexity.matrix.activities, dtype=object), list(emerging or ()))
    density, worth = complexity.density.astype(float), complexity.activities["complexity"].to_numpy()
    middle = (float(np.median(density[rows, columns])), float(np.median(worth[columns])))
    table = cell_frame(
        complexity.matrix,
        rows,
        columns,
        advantage=advantage[rows, columns],
        density=density[rows, columns],
        complexity=worth[columns],
        gain=complexity.gain[rows, columns].astype(float),
        fit=np.full(len(rows), np.nan) if fit is None else fit.fit[rows, columns],
    ).with_columns(pl.col("fit", "complexity", "gain").fill_nan(None))
    near_too, complex_too = pl.col("density") >= middle[0], pl.col("complexity") >= middle[1]
    frame = table.with_columns(
        density_rank=_percentile("density"),
        fit_rank=_percentile("fit"),
        quadrant=pl.when(pl.col("complexity").is_null())
        .then(None)
        .when(near_too & complex_too)
        .then(pl.lit("near-complex"))
        .when(complex_too)
        .then(pl.lit("far-complex"))
        .when(near_too)
        .then(pl.lit("near-simple"))
        .otherwise(pl.lit("far-simple")),
        emerging=pl.lit(None, dtype=pl.Boolean) if emerging is None else pl.Series(new[columns]),
    )
    return Opportunities(
        frame=frame.select(
            "place",
            "activity",
            "advantage",
            "density",
            "density_rank",
            "complexity",
            "gain",
            "fit",
            "fit_rank",
            "quadrant",
            "emerging",
        ),
        medians=middle,
        endowment_fit=fit,
        findings=(*complexity.findings, *(() if fit is None else fit.findings)),
        measured=complexity,
        kind=complexity.kind,
        provenance=provenance("opportunities", complexity.provenance, weak=weak, **dict(complexity.provenance.options)),
    )


def _percentile(column: str) -> pl.Expr:
    """Return the rank within the place as a share of its rows: 1 is the highest."""
    return pl.col(column).rank("average").over("place") / pl.col(column).count().over("place")


def _fit(complexity: Complexity, endowments: AnyFrame, intensities: AnyFrame) -> Fit | None:
    if endowments is None:
        if intensities is None:
            return None
        raise UsageError("pathways.intensities-alone")
    factors, have = read_factors(endowments, complexity.matrix.places, "place")
    mask, findings = complete(have, complexity.matrix.places, factors, complexity.names)
    if intensities is None:
        level = np.log(revealed_advantage(complexity.matrix.values, shrunk=True))
        return spread_out(estimated_fit(level[mask], have[mask], factors), mask, findings)
    intensity_factors, need = read_factors(intensities, complexity.matrix.activities, "activity")
    if set(intensity_factors) != set(factors):
        raise UsageError("pathways.factors-differ", have=list(factors), need=list(intensity_factors))
    if not np.isfinite(need).all():
        i, k = np.argwhere(~np.isfinite(need))[0]
        raise InputError("pathways.no-intensity", factor=intensity_factors[k], activity=complexity.matrix.activities[i])
    in_order = need[:, [intensity_factors.index(name) for name in factors]]
    return spread_out(given_fit(in_order, have[mask], factors), mask, findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How well each activity suits each place."""

    fit: FloatArray
    parts: FloatArray
    factors: tuple[str, ...]
    intensity: FloatArray
    explained: float
    findings: tuple[Finding, ...] = ()


def read_factors(frame: AnyFrame, names: Sequence[str], what: str) -> tuple[tuple[str, ...], FloatArray]:
    """Return a frame of factors as a matrix in the order of some names: first column the name, one column a factor."""
    # What is missing is not a number; the caller decides whether it can do without.
    table, _ = read_any(frame, what)
    key, *factors = table.cells.columns
    if not factors:
        raise InputError("pathways.no-factors", what=what, column=key)
    fields = [Field(key, "code"), *(Field(name) for name in factors)]
    rows = tidy(table.cells, fields, key=(key,), verb="opportunities", table=f"{what}s").frame
    aligned = pl.DataFrame({key: list(names)}).join(rows, on=key, how="left", maintain_order="left")
    values = aligned.select(factors).to_numpy().astype(float)
    return tuple(factors), values


def complete(
    have: FloatArray, names: Sequence[str], factors: Sequence[str], labels: Names
) -> tuple[BoolArray, tuple[Finding, ...]]:
    """Return which places have every factor, and a finding that names the others: they get no fit."""
    bad = ~np.isfinite(have)
    mask: BoolArray = np.asarray(~bad.any(axis=1))
    out = np.flatnonzero(~mask).tolist()
    lacking = {names[i]: [factors[k] for k in np.flatnonzero(bad[i]).tolist()] for i in out}
    if 2 * mask.sum() < len(names):
        places = [f"{place} ({', '.join(absent)})" for place, absent in lacking.items()]
        raise InputError("pathways.no-endowments", n=len(lacking), of=len(names), places=places)
    findings = []
    for place, absent in lacking.items():
        facts = {"place": labels.region(place), "factors": [word("chart", factor) for factor in absent]}
        findings.append(finding("pathways.no-fit", table="endowments", key=place, words=facts))
    return mask, tuple(findings)


def spread_out(fit: Fit, mask: BoolArray, findings: tuple[Finding, ...]) -> Fit:
    """Return a fit of some places as one of all: the others have none (not a number)."""
    parts = np.full((len(mask), *fit.parts.shape[1:]), np.nan)
    parts[mask] = fit.parts
    return replace(fit, parts=parts, fit=parts.sum(axis=2), findings=(*findings, *fit.findings))


def estimated_fit(advantage: FloatArray, endowment: FloatArray, factors: Sequence[str]) -> Fit:
    r"""Return the fit by a ridge regression of the log quotient of each activity on the endowments of the places."""
    # A place is left out of the regression that judges it, so that what it has does not speak for itself. One penalty
    # for all activities, the one that predicts places left out best: :math:`\hat y_{-i} = y_i - (y_i - \hat y_i)/(1 -
    # h_i)` with the leverage :math:`h_i` (Allen 1974).
    n, k = endowment.shape
    if n <= k + 2:
        raise UsageError("pathways.many-factors", places=n, factors=k)
    x = standardised(endowment, factors)
    middle = advantage.mean(axis=0)
    spread = advantage - middle
    left_vectors, strength, right_vectors = np.linalg.svd(x, full_matrices=False)
    rules = conventions("endowments")
    best, error = 0.0, np.inf
    lowest, highest = (float(end) for end in rules["penalties"])
    for ridge in n * np.geomspace(lowest, highest, 25):
        shrinkage = strength**2 / (strength**2 + ridge)
        leverage = (left_vectors**2 * shrinkage).sum(axis=1) + 1 / n
        missed = (spread - (left_vectors * shrinkage) @ (left_vectors.T @ spread)) / (1 - leverage)[:, None]
        if (missed**2).sum() < error:
            best, error = float(ridge), float((missed**2).sum())
    baseline_error = float(((spread * n / (n - 1)) ** 2).sum())  # what the mean of the other places misses
    intensity = (right_vectors.T * (strength / (strength**2 + best))) @ (left_vectors.T @ spread)
    explained = 1 - error / baseline_error
    parts = _without_itself(x, spread, best)
    least = float(rules["least_explained"])
    weak = finding("pathways.weak-endowments", words={"explained": explained, "n": n})
    return Fit(
        fit=parts.sum(axis=2),
        parts=parts,
        factors=tuple(factors),
        intensity=intensity.T,
        explained=explained,
        findings=(weak,) if explained < least else (),
    )


def given_fit(intensity: FloatArray, endowment: FloatArray, factors: Sequence[str]) -> Fit:
    r"""Return the fit with intensities from outside: :math:`\sum_k z(intensity)_{pk}\, z(endowment)_{ck} / K`."""
    # It is the interaction term of factor-proportions trade (Romalis 2004; Nunn 2007) as an index.
    z = standardised(intensity, factors)
    x = standardised(endowment, factors)
    parts = x[:, None, :] * z[None, :, :] / len(factors)
    return Fit(fit=parts.sum(axis=2), parts=parts, factors=tuple(factors), intensity=z, explained=float("nan"))


def standardised(values: FloatArray, factors: Sequence[str]) -> FloatArray:
    """Return columns with mean 0 and standard deviation 1."""
    spread = values.std(axis=0)
    if not (spread > 0).all():
        raise InputError("pathways.same-factor", factor=factors[int(np.argmin(spread))])
    return np.asarray((values - values.mean(axis=0)) / spread)


def _without_itself(x: FloatArray, spread: FloatArray, ridge: float) -> FloatArray:
    """Return what each factor makes expected of each cell (n, p, k), by regressions that leave the place out."""
    n, k = x.shape
    parts = np.empty((n, spread.shape[1], k))
    for i in range(n):
        mask = np.arange(n) != i
        rest, targets = x[mask] - x[mask].mean(axis=0), spread[mask] - spread[mask].mean(axis=0)
        slopes = np.linalg.solve(rest.T @ rest + ridge * np.eye(k), rest.T @ targets)
        parts[i] = ((x[i] - x[mask].mean(axis=0))[:, None] * slopes).T
    return parts
