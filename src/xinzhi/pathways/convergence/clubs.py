"""The verb `clubs`: groups of units that converge among themselves, each passes a test of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding, finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.text import Text
from xinzhi.pathways.conventions import check_option, conventions, options_of
from xinzhi.pathways.convergence import log_t_test as log_t
from xinzhi.pathways.convergence.log_t_test import LogTRules, Placebo, growing_variation, regress, variation
from xinzhi.pathways.convergence.unit_years import UnitYears

Merging = Literal["ps", "vlt"]
Order = Literal["last", "last-half"]
_TWO = 2
_TABLE: dict[str, type[pl.DataType]] = dict.fromkeys(("club", "units"), pl.Int64)
_TABLE |= dict.fromkeys(("slope", "standard_error", "t", "p"), pl.Float64)
_TABLE |= {"converges": pl.Boolean, "sieve": pl.Float64, "merged_from": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClubRules:
    """How clubs are found.

    Parameters
    ----------
    test
        How each log t regression is run.
    sieve
        Least t of a unit together with the core group (c*).
    raising
        Raise c* until the club passes its own test, as the papers ask; without it a club may be returned that rejects
        convergence, as the usual program does, and a finding names it.
    order
        By the ``last`` observation, or by the mean of the ``last-half`` where that is erratic.
    merge
        Join neighbouring clubs that converge together: ``ps``, ``vlt``, or not at all.
    placebo, seed
        Draws of a continuum of the same spread against which several clubs are held, and their seed; 0: none. A study
        of a package runs them.
    """

    test: LogTRules = field(default_factory=LogTRules)
    sieve: float = 0.0
    raising: bool = True
    order: Order = "last"
    merge: Merging | None = None
    placebo: int = 0
    seed: int = 0

    @classmethod
    def yearly(cls) -> ClubRules:
        """Return the rules for yearly levels of a package: their trend first, and neighbouring clubs joined."""
        usual = conventions("clubs")
        return cls(test=LogTRules(smoothing=float(usual["smoothing"])), merge=usual["merge"], placebo=usual["placebo"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Club:
    members: IntArray
    core: IntArray
    sieve: float
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, repr=False, kw_only=True)
class Clubs(Result, verb="clubs", topic="pathways", key=("unit",)):
    """Convergence clubs: `frame` has a row for each unit, `table` for each club, `paths` relative transition paths.

    A unit's club is 1 for the highest last observation, empty where it converges with no other; a club's `sieve` is the
    c* that it took. `placebo` says what the same search finds in a continuum of the same spread. `panel_test` is
    ``slope, standard_error, t`` of all units together, `panel` what the clubs were found in. `findings` name units left
    out, and clubs that reject convergence (a pair that coincides in a year cannot be tested: no core).
    """

    table: pl.DataFrame
    panel_test: dict[str, float]
    paths: pl.DataFrame
    findings: tuple[Finding, ...]
    panel: UnitYears
    rules: ClubRules
    placebo: Placebo | None = None

    def members(self, club: int) -> list[str]:
        """Return the units of a club, the highest last observation first; a usage error where there is no such club."""
        units: list[str] = self.frame.filter(club=club).sort("position")["unit"].to_list()
        if not units:
            raise UsageError("pathways.unknown", what="club", asked=club, known=list(range(1, self.table.height + 1)))
        return units

    @property
    def club_paths(self) -> pl.DataFrame:
        """The mean transition path of each club with its lowest and highest, ``group`` in words."""
        path = pl.col("path")
        rows = self.paths.join(self.frame.select("unit", "club"), on="unit")
        means = rows.group_by("club", "time").agg(mean=path.mean(), low=path.min(), high=path.max())
        means = means.sort("club", "time", nulls_last=True)
        groups = [
            words.pathways.chart_diverging() if club is None else words.pathways.chart_club(k=club)
            for club in means["club"]
        ]
        return means.with_columns(
            group_zh=pl.Series([group.zh for group in groups], dtype=pl.String),
            group_en=pl.Series([group.en for group in groups], dtype=pl.String),
        )

    @property
    def with_members(self) -> pl.DataFrame:
        """`table` with the units of each club."""
        members = [self.members(club) for club in self.table["club"]]
        return self.table.with_columns(members=pl.Series(members, dtype=pl.List(pl.String)))

    @property
    def divergent(self) -> list[str]:
        """Return the units that converge with no other."""
        units: list[str] = self.frame.filter(pl.col("club").is_null()).sort("position")["unit"].to_list()
        return units

    def answer(self) -> Iterator[Fact]:
        """Yield the clubs, who leads each, and whether one of them fails its own test."""
        rows = self.table.rows(named=True)
        if not rows:
            yield words.pathways.headline_no_clubs(n=self.frame.height)
            return
        clubs = [
            words.pathways.chart_club_of(k=row["club"], n=row["units"], first=self._member_names(row["club"])[:2])
            for row in rows
        ]
        yield words.pathways.headline_clubs(n=self.frame.height, k=len(rows), clubs=clubs, alone=len(self.divergent))
        for row in rows:
            yield words.pathways.summary_club(
                club=row["club"],
                converges=row["converges"],
                slope=row["slope"],
                t=row["t"],
                members=self._member_names(row["club"]),
            )
        yield from self._doubts(len(rows))

    def _doubts(self, count: int) -> Iterator[Fact]:
        """Yield how often a continuum gives as many clubs, how far c* was raised, and that the panel is short."""
        placebo = self.placebo
        if placebo is not None:
            yield words.pathways.summary_of(
                "placebo_passed" if placebo.passes else "placebo_failed",
                draws=placebo.draws,
                share=placebo.as_many,
                p=placebo.p,
                k=placebo.groups,
                middle=float(np.median(placebo.clubs)),
            )
        elif count > 1:
            yield words.pathways.summary_placebo_none(k=count)
        if (most := float(self.table["sieve"].max() or 0.0)) > self.rules.sieve:  # type: ignore[arg-type] # figures
            raised = self.table.filter(pl.col("sieve") > self.rules.sieve).height
            yield words.pathways.summary_sieve(k=raised, most=most, usual=self.rules.sieve)
        if (years := len(self.panel.years)) < (enough := int(conventions("clubs")["short"])):
            yield words.pathways.summary_short(years=years, enough=enough)

    def _member_names(self, club: int) -> list[Text]:
        return [self.names.region(unit) for unit in self.members(club)]

    def explain(self, unit: str) -> pl.DataFrame:
        """Return ``club, own, t``: the t of a unit together with each club, and so where else it would have fitted."""
        self.panel.row(unit)
        names = self.panel.units
        rows = []
        for club in self.table["club"].to_list():
            members = self.members(club)
            positions = [names.index(name) for name in dict.fromkeys([*members, unit])]
            rows.append((club, unit in members, _test(self.panel.values, positions, self.rules.test)[2]))
        schema = {"club": pl.Int64, "own": pl.Boolean, "t": pl.Float64}
        return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def clubs(frame: AnyFrame, unit: str, time: str, value: str, *, rules: ClubRules | None = None) -> Clubs:
    """Find the groups of units that converge among themselves.

    Parameters
    ----------
    frame, unit, time, value
        One row per unit and year, without gaps. The others name its columns; `value` usually in logarithms with the
        business cycle taken out (the rules can do both).
    rules
        How; the conventions of the papers when None.

    Raises
    ------
    InputError
        When the panel has gaps, too few units or years, or all units coincide.

    Notes
    -----
    Phillips and Sul (2007), Econometrica 75(6), section 4.3: order; the core group is the run of leading units with the
    largest t; every other unit joins whose t with the core passes c*, which is raised until the club passes; the same
    among the rest. What joins no group diverges.

    Examples
    --------
    >>> years = list(range(2000, 2030))
    >>> homes = {"a": (2.0, 0.4), "b": (2.0, -0.3), "c": (2.0, 0.2), "x": (1.0, 0.3), "y": (1.0, -0.2), "z": (1.0, 0.1)}
    >>> rows = [(u, y, 1 + m * (y - 1990) + 9 * g * 0.8 ** (y - 2000)) for u, (m, g) in homes.items() for y in years]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> found = clubs(data, unit="unit", time="year", value="income")
    >>> sorted(found.members(1)), sorted(found.members(2))
    (['a', 'b', 'c'], ['x', 'y', 'z'])
    """
    rules = rules or ClubRules()
    check_option("order", rules.order, Order)
    panel = log_t.prepared(frame, unit=unit, time=time, value=value, rules=rules.test, verb="clubs")
    order = _order(panel.values, rules)
    # two neighbours in the order with the same path throughout have no variance
    ordered = panel.values[order]
    for place in np.flatnonzero((ordered[1:] == ordered[:-1]).all(axis=1))[:1]:
        raise InputError("pathways.identical-paths", units=[panel.units[row] for row in order[place : place + 2]])
    log_t.refuse_identical(panel, variation(panel.values))
    groups = _search(panel.values, order, rules)
    result = _result(panel, order, groups, rules, value)
    result = merge_clubs(result, rules.merge) if rules.merge else result
    if rules.placebo < 1 or result.table.height < _TWO:
        return result
    names = {name: row for row, name in enumerate(panel.units)}
    members = [np.array([names[member] for member in result.members(club)]) for club in result.table["club"]]
    placebo = log_t.placebo(
        panel.values,
        log_t.numbered(len(panel.units), members),
        partial(_numbers, rules=rules),
        draws=rules.placebo,
        seed=rules.seed,
    )
    return replace(result, placebo=placebo)


def _order(values: FloatArray, rules: ClubRules) -> IntArray:
    """Return the units, the highest first."""
    count = values.shape[1]
    key = values[:, -1] if rules.order == "last" else values[:, count - (count + 1) // 2 :].mean(axis=1)
    return np.argsort(-key, kind="stable")


def _numbers(values: FloatArray, *, rules: ClubRules) -> IntArray:
    """Return the club of every unit, 0 for none."""
    groups = _search(values, _order(values, rules), rules)
    groups = _search(values, _order(values, rules), rules)
    groups = _merged(groups, values, rules.test, rules.merge) if rules.merge else groups
    return log_t.numbered(len(values), [group.members for group in groups])


def merge_clubs(result: Clubs, method: Merging = "ps") -> Clubs:
    """Join neighbouring clubs that converge together.

    Parameters
    ----------
    result
        Clubs.
    method
        ``ps``: from the top, a club takes in the next as long as both together pass (Phillips and Sul 2009, Journal of
        Applied Econometrics 24(7), section 4). ``vlt``: a club takes in the next only when the two fit better than the
        next and the one after it, and the search starts again after each merger (von Lyncker and Thoennessen 2017,
        Empirical Economics 52(2)).

    Examples
    --------
    >>> years = list(range(2000, 2030))
    >>> homes = {"a": 0.4, "b": -0.3, "c": 0.2, "x": 0.3}
    >>> rows = [(u, y, 50 + 9 * g * 0.8 ** (y - 2000)) for u, g in homes.items() for y in years]
    >>> data = pl.DataFrame(rows, schema=["unit", "year", "income"], orient="row")
    >>> merge_clubs(clubs(data, unit="unit", time="year", value="income")).table.height
    1
    """
    check_option("merge", method, Merging)
    names = {name: row for row, name in enumerate(result.panel.units)}
    groups = [
        _Club(
            members=np.array([names[name] for name in result.members(number)]),
            core=np.array([names[name] for name in result.frame.filter(club=number, core=True)["unit"].to_list()], int),
            sieve=sieve,
            parts=(number,),
        )
        for number, sieve in result.table.select("club", "sieve").rows()
    ]
    groups = _merged(groups, result.panel.values, result.rules.test, method)
    order = np.array([names[name] for name in result.frame.sort("position")["unit"].to_list()])
    rules = replace(result.rules, merge=method)
    other_findings = tuple(item for item in result.findings if item.rule != "club-rejects")
    merged = _result(result.panel, order, groups, rules, str(result.provenance.options["value"]))
    return replace(
        merged, findings=(*other_findings, *(item for item in merged.findings if item.rule == "club-rejects"))
    )


def _test(values: FloatArray, members: Sequence[int] | IntArray, rules: LogTRules) -> tuple[float, float, float]:
    fit = regress(variation(values[np.asarray(members)])[None, :], rules)
    return float(fit.slope[0]), float(fit.standard_error[0]), float(fit.t[0])


def _search(values: FloatArray, order: IntArray, rules: ClubRules) -> list[_Club]:
    """Return the clubs, the highest first."""
    groups: list[_Club] = []
    rest = order
    while len(rest) >= _TWO:
        if _test(values, rest, rules.test)[2] > rules.test.critical:
            groups.append(_Club(members=rest, core=rest, sieve=rules.sieve))
            break
        core = _core(values, rest, rules.test)
        if core is None:
            break
        club = _sieved(values, rest, core, rules)
        groups.append(club)
        rest = rest[~np.isin(rest, club.members)]
    return groups


def _core(values: FloatArray, rest: IntArray, rules: LogTRules) -> IntArray | None:
    """Return the core group: from the first pair that converges on, the run of units with the largest t."""
    pairs = np.stack([variation(values[rest[start : start + 2]]) for start in range(len(rest) - 1)])
    passing = np.flatnonzero(np.nan_to_num(regress(pairs, rules).t, nan=-np.inf) > rules.critical)
    if not len(passing):
        return None
    line = rest[passing[0] :]
    t = np.nan_to_num(regress(growing_variation(values[line]), rules).t, nan=-np.inf)
    failing = np.flatnonzero(t <= rules.critical)
    run = t[: failing[0]] if len(failing) else t
    return line[: int(np.argmax(run)) + 2]


def _sieved(values: FloatArray, rest: IntArray, core: IntArray, rules: ClubRules) -> _Club:
    """Return the core with those who pass the sieve; c* rises just enough for the club to pass its own test."""
    candidates = rest[~np.isin(rest, core)]
    if not len(candidates):
        return _Club(members=core, core=core, sieve=rules.sieve)
    more = log_t.variation_with_one_more(values[core], values[candidates])
    t = np.nan_to_num(regress(more, rules.test).t, nan=-np.inf)
    best = np.argsort(-t, kind="stable")
    best = best[t[best] > rules.sieve]
    sieve, joining = rules.sieve, len(best)
    if rules.raising and joining:
        grown = regress(growing_variation(values[candidates[best]], values[core]), rules.test).t
        passing = np.flatnonzero(np.nan_to_num(grown, nan=-np.inf) > rules.test.critical)
        joining = int(passing[-1]) + 1 if len(passing) else 0
        sieve = float(t[best[joining]]) if joining < len(best) else rules.sieve
    selected = np.isin(rest, np.concatenate([core, candidates[best[:joining]]]))
    return _Club(members=rest[selected], core=core, sieve=sieve)


def _merged(groups: list[_Club], values: FloatArray, rules: LogTRules, method: Merging) -> list[_Club]:
    """Join neighbours that pass together: from the top (``ps``), or where two fit best, again and again (``vlt``)."""
    groups = list(groups)
    if method == "ps":
        merged = groups[:1]
        for club in groups[1:]:
            joint = _join(merged[-1], club)
            passes = _test(values, joint.members, rules)[2] > rules.critical
            merged = [*merged[:-1], joint] if passes else [*merged, club]
        return merged
    while len(groups) > 1:
        pairs = [_join(upper, lower) for upper, lower in itertools.pairwise(groups)]
        t = [*(_test(values, pair.members, rules)[2] for pair in pairs), -np.inf]
        place = next((k for k in range(len(pairs)) if t[k] > rules.critical and t[k] > t[k + 1]), None)
        if place is None:
            break
        groups[place : place + 2] = [pairs[place]]
    return groups


def _join(upper: _Club, lower: _Club) -> _Club:
    return _Club(
        members=np.concatenate([upper.members, lower.members]),
        core=np.concatenate([upper.core, lower.core]),
        sieve=max(upper.sieve, lower.sieve),
        parts=(*upper.parts, *lower.parts),
    )


def _result(panel: UnitYears, order: IntArray, groups: list[_Club], rules: ClubRules, value: str) -> Clubs:
    from scipy.special import ndtr

    number = np.zeros(len(order), dtype=np.int64)
    core = np.zeros(len(order), dtype=np.bool_)
    rows = []
    for place, club in enumerate(groups, 1):
        number[club.members], core[club.core] = place, True
        slope, error, t = _test(panel.values, club.members, rules.test)
        passes = bool(t > rules.test.critical)
        parts = ";".join(str(part) for part in club.parts)
        rows.append((place, len(club.members), slope, error, t, float(ndtr(t)), passes, club.sieve, parts or None))
    table = pl.DataFrame(rows, schema=_TABLE, orient="row")
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(1, len(order) + 1)
    frame = pl.DataFrame({"unit": list(panel.units), "club": number, "core": core, "position": position}).with_columns(
        pl.when(pl.col("club") > 0).then("club")
    )
    slope, error, t = _test(panel.values, order, rules.test)
    options = {name: getattr(rules, name) for name in ("sieve", "raising", "order", "merge")}
    return Clubs(
        frame=frame.sort("position"),
        table=table,
        panel_test={"slope": slope, "standard_error": error, "t": t},
        paths=log_t.paths_frame(panel),
        # the self-test of the result: a club that rejects convergence is named
        findings=(
            *panel.findings,
            *(
                finding("pathways.club-rejects", key=str(row["club"]), words=row)
                for row in table.iter_rows(named=True)
                if not row["converges"]
            ),
        ),
        panel=panel,
        rules=rules,
        kind=panel.kind,
        provenance=provenance("clubs", panel, value=value, **options, **options_of(rules.test)),
    )
