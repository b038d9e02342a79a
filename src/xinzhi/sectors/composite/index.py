"""The verb `index`: a composite indicator from a declared system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame, BoolArray, FloatArray, IntArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.finding import Finding
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Result
from xinzhi.core.schema import Column, describe, described, text_columns
from xinzhi.core.text import Language, ranks_text, unit_text
from xinzhi.data import Package, names_of
from xinzhi.sectors.composite import build
from xinzhi.sectors.composite.gaming import Gaming, Sensitivity, gaming, sensitivity
from xinzhi.sectors.composite.load_system import load_system
from xinzhi.sectors.composite.system import System, finding, listed_errors
from xinzhi.sectors.composite.transform import Normalisation, handed_findings, impute
from xinzhi.sectors.composite.uncertainty import Uncertainty, uncertainty
from xinzhi.sectors.conventions import convention, method
from xinzhi.sectors.figures import as_package, with_names

_CHOICES = ("weights", "aggregation", "normalisation", "treatment", "imputation", "pooled")
_SHOWN = 3  # regions named at either end


@dataclass(frozen=True, repr=False, kw_only=True)
class Index(build.Ranking, verb="index", topic="sectors", key=("region", "year")):
    """A composite index under a declared system and convention.

    `frame` has index and rank (within the year, 1 for the highest) by region and year, then the score of every sector
    and dimension; its `status` is ``observed``, ``imputed`` or ``incomplete``. `weights` sum to one, by year where they
    are set anew; `coverage` has every indicator of the system; `normalised` one column per indicator, for the rows that
    have an index; `treatment` what was done about outliers. `table, filled, complete, built` are the data before and
    after imputation, the rows that have an index, and the computation; `findings` warn of what system and data lack.
    Sentences name regions with the `ranges` of their ranks in the last year, where these are known (`uncertainty`).
    """

    weights: pl.DataFrame
    coverage: pl.DataFrame
    normalised: pl.DataFrame
    treatment: pl.DataFrame
    findings: tuple[Finding, ...]
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions of the columns of a frame; scores are called after sector, dimension or indicator."""
        scores = self.names.by_kind.get("indicator", {})
        return [
            Column(name=name, title=scores[name], kind="score")
            if name in scores and not described(self.verb, name, frame)
            else describe(self.verb, name, frame)
            for name in getattr(self, frame).columns
        ]

    def uncertainty(self, draws: int = convention("draws"), seed: int = 0) -> Uncertainty:
        """Return the interval of every rank over `draws` of all choices, and noise in the weights."""
        return uncertainty(self, draws=draws, seed=seed)

    def sensitivity(self, method: str = "exact", *, draws: int = convention("draws"), seed: int = 0) -> Sensitivity:
        """Return how much of the variance of every rank each choice makes.

        ``exact`` goes over every combination of the choices, without noise; ``sobol`` estimates from base draws, with
        it.
        """
        return sensitivity(self, method, draws=draws, seed=seed)

    def gaming(self) -> Gaming:
        """Return how far every region could move by convention alone, and by which."""
        return gaming(self)

    def name(self, region: str, language: Language = "en") -> str:
        """Return the name of a region: that of the data, of a province of China, or its code."""
        return self.names.region(region).lang(language)

    def explain(self, region: str, year: int | None = None) -> pl.DataFrame:
        """Return every indicator behind the index of a region and year, by default its last; an error says what lacks.

        The contributions of means add up to the index (``arithmetic``), its logarithm (``geometric``) or inverse
        (``harmonic``).
        """
        at = self._position(region, year)
        row = int(np.flatnonzero(self.complete)[at])
        scores, weights = self.built.scores[at], self.built.weights[at]
        about = ("indicator", "name_zh", "name_en", "sector", "dimension", "unit", "direction")
        rows = self.system.to_frame().head(len(scores)).select(about)
        columns = {
            "value": self.filled[row],
            "imputed": ~np.isfinite(self.table.values[row]),
            "treated": self.built.treated[at],
            "score": scores,
            "weight": weights,
        }
        match self.convention.aggregation:
            case "arithmetic":
                columns["contribution"] = weights * scores
            case "geometric":
                columns["contribution"] = weights * np.log(scores)
            case "harmonic":
                columns["contribution"] = weights / scores
        return rows.hstack(pl.DataFrame(columns))

    def last_ranks(self, uncertainty: Result | None, gaming: Result | None) -> pl.DataFrame:
        """Return the ranking of the last year with the interval of each rank and the ranks by convention, where known.

        The columns are ``region, year, index, rank, rank_p05, rank_p95, best_rank, worst_rank``.
        """
        keys = ["region", "year"]
        rows = self.frame.drop_nulls("index").select(*keys, "index", "rank")
        rows = rows.filter(pl.col("year") == pl.col("year").max())
        for result, names in ((uncertainty, ("rank_p05", "rank_p95")), (gaming, ("best_rank", "worst_rank"))):
            if result is None:
                rows = rows.with_columns(pl.lit(None, pl.Int64).alias(name) for name in names)
            else:
                rows = rows.join(result.frame.select(*keys, *names), on=keys)
        return rows.sort("rank", "region")

    def _position(self, region: str, year: int | None) -> int:
        keys = self.table.keys.filter(self.complete)
        regions, years = keys["region"].to_numpy(), keys["year"].to_numpy()
        if year is None:
            region_years = years[regions == region]
            year = int(region_years.max()) if len(region_years) else None
        positions = np.flatnonzero((regions == region) & (years == year))
        if positions.size:
            return int(positions[0])
        row = self.frame.filter(region=region, year=year) if year is not None else self.frame.filter(region=region)
        if row.height:
            gaps = row["missing"][-1].split(";")
            raise UsageError("sectors.no-index", region=self.names.region(region), year=row["year"][-1], names=gaps)
        raise UsageError("sectors.no-such-row", region=region, year=year)

    @property
    def last(self) -> pl.DataFrame:
        """The rows of the last year that has an index, best first."""
        done = self.frame.drop_nulls("index")
        return done.filter(pl.col("year") == pl.col("year").max()).sort("rank", "region")

    @property
    def by_year(self) -> pl.DataFrame:
        """The index by region, one column a year."""
        done = self.frame.drop_nulls("index").sort("year", "region")
        return done.pivot("year", index="region", values="index").sort("region")

    @property
    def coverage_gaps_first(self) -> pl.DataFrame:
        """The coverage, what the data lack first."""
        return self.coverage.sort("covered", maintain_order=True)

    @property
    def weight_table(self) -> pl.DataFrame:
        """The weights, heaviest first, with direction, unit, denominator and note of each indicator in words."""
        by_code, rows = {item.code: item for item in self.system.indicators}, self.mean_weights()
        items = [by_code[code] for code in rows["indicator"]]
        more, less = words.sectors.chart_more(), words.sectors.chart_less()
        return rows.with_columns(
            text_columns(
                direction=[more if item.direction > 0 else less for item in items],
                unit=[unit_text(item.unit) for item in items],
                denominator=[method("denominator", item.denominator) for item in items],
                note=[item.note if item.note.en else None for item in items],
            )
        )

    @property
    def sectors(self) -> list[str]:
        """The sectors that have indicators, in the order of the system."""
        return list(dict.fromkeys(item.sector for item in self.system.indicators))

    @property
    def leads(self) -> list[str]:
        """The sectors in which the region that is first by the index is first too."""
        return [name for name in self.sectors if self.last[name][0] == self.last[name].max()]

    def sector_places(self, most: int, end: int) -> pl.DataFrame:
        """Return ``region, sector, position, standing`` of the last year; of more than `most`, those at the ends.

        `standing` is the percentage of the other regions that do not stand above.
        """
        ranks = self.last.select("region", pl.col(self.sectors).rank("min", descending=True).cast(pl.Int64))
        rows = ranks if ranks.height <= most else pl.concat([ranks.head(end), ranks.tail(end)])
        tall = rows.with_row_index("row").unpivot(
            self.sectors, index=["row", "region"], variable_name="sector", value_name="position"
        )
        standing = 100 * (ranks.height - pl.col("position")) / max(ranks.height - 1, 1)
        return tall.sort("row", maintain_order=True).drop("row").with_columns(standing=standing)

    def places(self, region: str) -> pl.DataFrame:
        """Return the indicators of a region with its place among the regions of the last year, best first."""
        year = int(self.last["year"][0])
        scores = self.normalised.filter(year=year)
        ranks = scores.select("region", pl.col(self.system.codes).rank("min", descending=True).cast(pl.Int64))
        places = ranks.filter(region=region).drop("region").unpivot(variable_name="indicator", value_name="place")
        return self.explain(region, year).join(places, on="indicator").sort("place", "indicator")

    def answer(self) -> Iterator[Fact]:
        """Yield which regions lead and trail, on how much of the system, and what to beware of."""
        now, done = self.last, self.frame.drop_nulls("index")
        labels = self.names.distinct("region", self.frame["region"].unique().sort())
        order = [
            words.sectors.answer_ranged(name=labels[code], ranks=ranks_text(*self.ranges[code]))
            if code in self.ranges
            else labels[code]
            for code in now["region"]
        ]
        year = now["year"][0]
        if len(order) > _SHOWN:
            top, bottom = order[:_SHOWN], order[: -_SHOWN - 1 : -1]
            yield words.sectors.answer_index(year=year, regions=len(order), top=top, bottom=bottom)
        else:
            yield words.sectors.answer_index_few(year=year, order=order)
        heavy, light = (self.mean_weights().row(at, named=True) for at in (0, -1))
        names = self.system.words()
        yield words.sectors.answer_weights(
            method=method("weights", self.convention.label("weights")),
            heavy=names[heavy["indicator"]],
            heavy_value=heavy["weight"],
            light=names[light["indicator"]],
            light_value=light["weight"],
        )
        covered = len(self.system.indicators)
        if missing := [names[item.code] for item in self.system.missing]:
            yield words.sectors.answer_covered(covered=covered, total=covered + len(missing), names=missing)
        incomplete = self.frame.height - done.height
        if incomplete or self.coverage["imputed"].sum():
            yield words.sectors.answer_imputed(imputed=int(self.coverage["imputed"].sum()), left=incomplete)
        if sizes := [names[item.code] for item in self.system.indicators if item.denominator == "none"]:
            yield words.sectors.answer_sizes(count=len(sizes), names=sizes)
        if not self.convention.pooled:
            yield words.sectors.note_yearly()

    def mean_weights(self) -> pl.DataFrame:
        """Return ``indicator, sector, weight``, the mean of the years where every year has its own, heaviest first."""
        rows = self.weights.group_by("indicator", "sector", maintain_order=True).agg(pl.col("weight").mean())
        return rows.sort("weight", descending=True, maintain_order=True)


def index(
    frame: AnyFrame,
    system: System | str | Path | Mapping[str, object] = "xinzhi-sectors",
    *,
    weights: str | Mapping[str, float] = "entropy",
    aggregation: str = "arithmetic",
    normalisation: str | Normalisation = "min-max",
    treatment: str = "none",
    imputation: str = "none",
    pooled: bool = True,
) -> Index:
    """Build a composite index from an indicator system.

    Parameters
    ----------
    frame
        A frame of any kind with ``region``, ``year`` and one column per indicator (or the columns that it is made
        from), or the path of such a file (.csv, .parquet, .xlsx); or a data package, of which the system takes what it
        can reach.
    system
        The id of a system that ships with xinzhi, the path of a YAML file, its text or content, or a system.
    weights
        ``equal`` (within every group), ``expert`` (given in the system), ``ahp`` (its pairwise comparisons),
        ``entropy``, ``critic``, ``deviation``, ``pca``, ``merec``, or weights by indicator, which are divided by their
        sum.
    aggregation
        ``arithmetic``, ``geometric``, ``harmonic``, ``topsis``, ``vikor`` or ``grey``.
    normalisation
        A method, or a `Normalisation` with its scale.
    treatment
        Of outliers: ``none``, ``winsorise``, ``log`` or ``box-cox``.
    imputation
        ``none`` (what is incomplete has no index), ``mean``, ``median``, ``group-mean``, ``linear`` or ``nearest``.
    pooled
        One set of bounds and weights for all years, so that levels compare over time; False sets them anew every year.

    Notes
    -----
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, for the steps and their order.

    Examples
    --------
    >>> result = index("china-provinces", "xinzhi-sectors")
    >>> result.frame.filter(year=2017, rank=1)["region"].to_list()
    ['110000']
    """
    rules = load_system(system)
    package = _package(frame)
    if package is None and build.is_table(frame):
        frame = build.read_indicators(frame)
    if package is not None:
        frame = build.from_package(package, rules)
        rules = rules.within(frame.columns)
    scale = normalisation if isinstance(normalisation, Normalisation) else Normalisation(normalisation)
    how = build.Convention(
        weights=weights,
        aggregation=aggregation,
        normalisation=scale,
        treatment=treatment,
        imputation=imputation,
        pooled=pooled,
    )
    table = build.read_table(frame, rules)
    filled = impute(table.values, table.keys, imputation)
    few_filled = np.isnan(table.values).mean(axis=1) <= convention("imputed_most")
    complete = np.asarray(np.isfinite(filled).all(axis=1) & few_filled)
    if not complete.any():
        fewest = int(np.isnan(filled).sum(axis=1).argmin())
        names = [rules.codes[at] for at in np.flatnonzero(np.isnan(filled[fewest])).tolist()]
        wrong = [finding("nothing-complete", count=len(rules.codes), names=names)]
        raise InputError("sectors.no-index-at-all", wrong, problems=listed_errors(wrong))
    parts = [part for item in rules.indicators for part in (item.numerator, item.divisor)]
    tables = sorted({part.table for part in parts if part and part.table}) if package else []
    built = build.build(filled[complete], table.years[complete], rules, how)
    warnings = [*handed_findings(rules, weights), *([] if pooled else [finding("not-comparable")])]
    return Index(
        frame=_frame(table, filled, complete, built, rules),
        provenance=provenance(
            "index", package, tables, system=rules.id, **{name: how.label(name) for name in _CHOICES}
        ),
        kind=table.kind if package is None else package.kind,
        weights=_weights(built, table.years[complete], rules, pooled=pooled),
        coverage=_coverage(table, filled, complete, rules),
        normalised=table.keys.filter(complete).select("region", "year").hstack(pl.DataFrame(built.scores, rules.codes)),
        treatment=_treatment(built, rules),
        names=with_names(names_of(package), indicator=rules.words().items()),
        system=rules,
        convention=how,
        findings=(*rules.findings, *table.findings, *warnings),
        table=table,
        built=built,
        filled=filled,
        complete=complete,
    )


def _package(frame: object) -> Package | None:
    """Return the package that a caller passes, as an object or by name."""
    if isinstance(frame, str | Path) and build.is_table(frame):
        return None
    return as_package(frame) if isinstance(frame, str | Path | Package) else None


def _frame(
    table: build.Indicators, filled: FloatArray, complete: BoolArray, built: build.Built, system: System
) -> pl.DataFrame:
    gaps = np.isnan(table.values)
    names = np.array(system.codes, dtype=object)
    missing = [None if done else ";".join(names[gap]) for done, gap in zip(complete, gaps, strict=True)]
    imputed = np.where(complete, gaps.sum(axis=1), 0)
    status = np.where(complete, np.where(imputed > 0, "imputed", "observed"), "incomplete")
    done = np.flatnonzero(complete)
    columns = {"index": built.index, **built.groups}
    scores = {name: _spread(values, done, len(filled)) for name, values in columns.items()}
    rank = _spread(build.yearly_ranks(built.index, table.years[complete]).astype(np.float64), done, len(filled))
    return table.keys.select("region", "year").with_columns(
        index=scores.pop("index"),
        rank=rank.cast(pl.Int64),
        status=pl.Series(status.tolist(), dtype=pl.String),
        imputed=pl.Series(imputed),
        missing=pl.Series(missing, dtype=pl.String),
        **scores,
    )


def _spread(values: FloatArray, rows: IntArray, size: int) -> pl.Series:
    column = np.full(size, np.nan)
    column[rows] = values
    return pl.Series(column, nan_to_null=True)


def _weights(built: build.Built, years: IntArray, system: System, *, pooled: bool) -> pl.DataFrame:
    base = system.to_frame().head(len(system.indicators))
    base = base.select("indicator", "name_zh", "name_en", "sector", "dimension")
    if pooled:
        return base.with_columns(weight=pl.Series(built.weights[0]))
    firsts = np.unique(years, return_index=True)[1].tolist()
    return pl.concat(
        base.with_columns(weight=pl.Series(built.weights[row]), year=pl.lit(int(years[row]))) for row in firsts
    )


def _coverage(table: build.Indicators, filled: FloatArray, complete: BoolArray, system: System) -> pl.DataFrame:
    observed = np.isfinite(table.values)
    counted = (np.isfinite(filled) & ~observed)[complete].sum(axis=0).tolist()
    rows = []
    for at, item in enumerate((*system.indicators, *system.missing)):
        covered = at < len(system.indicators)
        years = table.years[observed[:, at]] if covered else np.empty(0, dtype=np.int64)
        rows.append(
            {
                "indicator": item.code,
                "name_zh": item.name.zh,
                "name_en": item.name.en,
                "sector": item.sector,
                "covered": covered,
                "observations": len(years),
                "missing": len(observed) - len(years),
                "imputed": counted[at] if covered else 0,
                "first_year": int(years.min()) if len(years) else None,
                "last_year": int(years.max()) if len(years) else None,
            }
        )
    return pl.DataFrame(rows, schema_overrides={"first_year": pl.Int64, "last_year": pl.Int64})


def _treatment(built: build.Built, system: System) -> pl.DataFrame:
    rows = [
        {
            "year": year,
            "indicator": code,
            "treatment": item.done,
            "winsorised": item.count,
            "exponent": item.exponent if np.isfinite(item.exponent) else None,
        }
        for year, items in built.treatments.items()
        for code, item in zip(system.codes, items, strict=True)
    ]
    return pl.DataFrame(rows, schema_overrides={"year": pl.Int64, "exponent": pl.Float64})
