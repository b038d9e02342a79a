"""The verbs `debt`, which holds the debt of regions against output and revenue, and `grade`, which bands the ratios."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

import polars as pl

from xinzhi import words
from xinzhi.core.arrays import AnyFrame
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.finding import Finding, finding
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.text import Language, Text, Values, has, listing, same
from xinzhi.data import Field, Package, as_package, is_package, names_of, tidy
from xinzhi.data.tidy import Sign
from xinzhi.risks.inputs import GAPS, conventions, setting

Grade = TypedDict("Grade", {"name": str, "from": float})


class BandSet(TypedDict, total=False):
    """A set of bands as in ``bands.yaml``: what is held against what, and the grades, the lowest first."""

    name: str
    zh: str
    en: str
    dated: str
    source: str
    status: str
    numerator: Sequence[str]
    denominator: str
    grades: Sequence[Grade]


_NEEDED = ("numerator", "denominator", "grades", "source", "dated")


def band_set(bands: str | BandSet | None) -> tuple[str, BandSet]:
    """Return a set of bands of ``bands.yaml`` (None: the default) or of the caller's own, and its name."""
    file = conventions("bands")
    if bands is not None and not isinstance(bands, str):
        if missing := [name for name in _NEEDED if name not in bands]:
            raise UsageError("debt.bands-lack", missing=missing)
        starts = [float(grade["from"]) for grade in bands["grades"]]
        if starts != sorted(set(starts)):
            raise UsageError("debt.bands-fall", starts=starts)
        return str(bands.get("name", "own")), bands
    name = file["default"] if bands is None else bands
    if name not in file["sets"]:
        raise UsageError("debt.no-bands", asked=name, known=list(file["sets"]))
    return name, file["sets"][name]


def grade(frame: pl.DataFrame, bands: str | BandSet | None = None) -> pl.DataFrame:
    """Return a frame with ``band, band_ratio, band_status_zh, band_status_en``.

    Parameters
    ----------
    frame
        With the columns that the set asks for as numerator (all of them) and denominator, as amounts in one unit.
    bands
        The name of a set of ``bands.yaml``, one of the caller's own with the same entries, or None for the default.

    Notes
    -----
    Where a part of numerator or denominator is missing there is no band: bonds alone over revenue alone would colour
    a region by a ratio that the authors of the thresholds did not mean.

    Examples
    --------
    >>> rows = pl.DataFrame({"explicit": [100.0], "hidden": [None], "resources": [50.0]},
    ...                     schema={"explicit": pl.Float64, "hidden": pl.Float64, "resources": pl.Float64})
    >>> grade(rows)["band_status_en"][0]
    'not graded: hidden debt not given'
    >>> grade(rows.with_columns(hidden=pl.lit(20.0)))["band"][0]
    'orange'
    """
    _, rule = band_set(bands)
    parts, denominator = list(rule["numerator"]), str(rule["denominator"])
    rows = with_nulls(frame, _parts(rule))
    ratio = pl.sum_horizontal(parts, ignore_nulls=False) / pl.when(pl.col(denominator) > 0).then(pl.col(denominator))
    band = pl.lit(None, dtype=pl.String)
    for step in rule["grades"]:
        band = pl.when(pl.col("band_ratio") >= float(step["from"])).then(pl.lit(step["name"])).otherwise(band)
    done, without = words.debt.status_graded(), words.debt.status_not_graded(why="{}")
    graded = rows.with_columns(band_ratio=ratio).with_columns(
        band=band,
        **{
            f"band_status_{name}": pl.when(pl.col("band_ratio").is_null())
            .then(pl.format(without.lang(name), lacking(rule, name)))
            .otherwise(pl.lit(done.lang(name)))
            for name in ("zh", "en")
        },
    )
    return graded.drop([name for name in rows.columns if name not in frame.columns])


def with_nulls(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return a frame that has all these figures, null where it had none."""
    return frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in names if name not in frame.columns)


def lacking(rule: BandSet, language: Language) -> pl.Expr:
    """Return which parts of a ratio are not given, in words; empty where all are."""
    part_names = {name: part_name(name).lang(language) for name in _parts(rule)}
    joined = pl.concat_str(
        [pl.when(pl.col(name).is_null()).then(pl.lit(label)) for name, label in part_names.items()],
        separator="、" if language == "zh" else ", ",
        ignore_nulls=True,
    )
    return pl.format(words.debt.status_lacking(parts="{}").lang(language), joined)


def part_name(name: str) -> Text:
    """Return what a part of a graded ratio is called."""
    key = f"debt.chart.part_{name}"
    return words.by_key(key) if has(key) else same(name)


def _parts(rule: BandSet) -> Sequence[str]:
    return [*rule["numerator"], str(rule["denominator"])]


KEYS, _HALF_UNIT = ("region", "year"), 0.05
_SET = ("zh", "en", "dated", "source", "status", "numerator", "denominator", "grades")
_NAMED = 3  # regions of the highest band that are named
_RATIOS = {
    "to_output": (("explicit",), ("output",)),
    "to_revenue": (("explicit",), ("revenue",)),
    "to_revenue_and_funds": (("explicit",), ("revenue", "fund_revenue")),
    "to_expenditure": (("explicit",), ("expenditure",)),
    "fund_share": (("fund_revenue",), ("revenue", "fund_revenue")),
    "vehicles_to_output": (("vehicles",), ("output",)),
    "with_vehicles_to_output": (("explicit", "vehicles"), ("output",)),
}


@dataclass(frozen=True, repr=False, kw_only=True)
class Debt(Result, verb="debt", topic="debt", key=KEYS):
    """Debt of regions and what it is held against; one row a region and year.

    Ratios are null where a part is missing. Explicit and vehicle debt are never added except in the column that says
    so. `bands` is the set of bands, as in ``bands.yaml``; `findings` name debt without revenue or output, gaps, and
    balances that jump or are on another scope.
    """

    bands: BandSet
    findings: tuple[Finding, ...]

    def last_year(self, *columns: str) -> int | None:
        """Return the last of the years in which the most regions have all of these figures; None: no year has them."""
        counts = self.frame.drop_nulls(columns).group_by("year").len().sort("len", "year")
        return int(counts["year"][-1]) if counts.height else None

    def shown_year(self) -> int | None:
        """Return the year whose ratios are shown: one with output and revenue, else with output, else with revenue."""
        for columns in (("to_output", "to_revenue"), ("to_output",), ("to_revenue",)):
            if (year := self.last_year(*columns)) is not None:
                return year
        return None

    def regions_by_ratio(self, ratio: str, year: int | None) -> pl.DataFrame:
        """Return the regions of a year that have a ratio, the highest first."""
        rows = self.frame.filter(pl.col("year") == year) if year is not None else self.frame.clear()
        return rows.drop_nulls(ratio).sort(ratio, "region", descending=[True, False])

    def ratios_of(self, year: int) -> pl.DataFrame:
        """Return the ratios of a year."""
        return self.frame.filter(year=year)

    def without(self, what: str) -> dict[int, list[str]]:
        """Return the regions with debt and without output or revenue, by year; none where nobody has it."""
        rows = self.frame.drop_nulls("explicit")
        rows = rows.filter(pl.col(what).is_null()) if rows[what].count() else rows.clear()
        return {
            int(str(year)): part["region"].to_list() for (year,), part in rows.group_by("year", maintain_order=True)
        }

    def absent_in(self, year: int) -> list[str]:
        """Return the regions with debt in some year that have none in this one."""
        rows = self.frame.drop_nulls("explicit")
        return sorted(set(rows["region"]) - set(rows.filter(pl.col("year") == year)["region"]))

    def facts(self) -> Facts:
        """Return how heavy debt is against output and revenue, how it is graded, and how the ratio went."""
        year = self.shown_year()
        if year is None:
            return {"answer.no_ratio": {}}
        facts = self._ratio("output", year) | self._ratio("revenue", year) | self._vehicles() | self._band_counts()
        if series := self.history(self.spread(year)):
            facts["headline.history"] = {"parts": self.paths(series)}
        region_count = self.frame["region"].n_unique()
        reasons = [
            why for why, codes in self.missing_bands(self.last_year("band") or year) if len(codes) == region_count
        ]
        return facts | ({"note.ungraded": {"set": self.set_name(), "why": reasons[0]}} if reasons else {})

    def _ratio(self, below: str, year: int) -> Facts:
        rows = self.regions_by_ratio(f"to_{below}", year)
        if not rows.height:
            return {}
        first, last = rows.row(0, named=True), rows.row(-1, named=True)
        values = {
            "year": year,
            "n": rows.height,
            "total": _share(rows, "explicit", below),
            "most": self.names.region(first["region"]),
            "high": first[f"to_{below}"],
            "least": self.names.region(last["region"]),
            "low": last[f"to_{below}"],
        }
        return {f"headline.to_{below}" if rows.height > 1 else f"headline.to_{below}_one": values}

    def _vehicles(self) -> Facts:
        year = self.last_year("with_vehicles_to_output")
        rows = self.regions_by_ratio("vehicles_to_output", year).drop_nulls("with_vehicles_to_output")
        if not rows.height:
            return {}
        values = {
            "year": year,
            "n": rows.height,
            "vehicles": _share(rows, "vehicles", "output"),
            "explicit": _share(rows, "explicit", "output"),
            "name": self.names.region(rows["region"][0]),
            "most": rows["vehicles_to_output"][0],
        }
        return {"headline.vehicles": values}

    def _band_counts(self) -> Facts:
        """Return how many regions are in each band, the heaviest first and with its regions."""
        rows = self.regions_by_ratio("band_ratio", self.last_year("band"))
        if not rows.height:
            return {}
        tally: list[Text] = []
        for name, band in reversed(self.grades().items()):
            codes = rows.filter(band=name)["region"].to_list()
            values: Values = {"band": band, "n": len(codes)}
            if codes and tally:
                tally.append(words.debt.chart_tally(**values))
            elif codes:
                region_names = listing([self.names.region(code) for code in codes], limit=_NAMED)
                tally.append(words.debt.chart_tally_first(**values, names=region_names))
        headline = {"set": self.set_name(), "dated": self.bands["dated"], "year": rows["year"][0], "tally": tally}
        return {"headline.graded": headline}

    def missing_bands(self, year: int | None) -> list[tuple[Text, list[str]]]:
        """Return why regions of a year have no band, and which they are."""
        rows = self.frame.filter(pl.col("year") == year) if year is not None else self.frame
        why = [lacking(self.bands, name).alias(name) for name in ("zh", "en")]
        without = with_nulls(rows.filter(pl.col("band").is_null()), _parts(self.bands)).with_columns(why)
        return [
            (Text(zh=str(zh), en=str(en)), group["region"].unique().sort().to_list())
            for (zh, en), group in without.group_by("zh", "en", maintain_order=True)
        ]

    def history(self, codes: Iterable[str]) -> dict[str, dict[int, float]]:
        """Return debt to output by year of those of the regions that have it in more than one year."""
        ratios = self.frame.drop_nulls("to_output").sort("year")
        series = {code: dict(ratios.filter(region=code).select("year", "to_output").rows()) for code in codes}
        return {code: series for code, series in series.items() if len(series) > 1}

    def spread(self, year: int | None) -> list[str]:
        """Return the regions that are highest, in the middle and lowest in a year."""
        order = self.regions_by_ratio("to_output", year)["region"].to_list()
        return list(dict.fromkeys((order[0], order[len(order) // 2], order[-1]))) if order else []

    def paths(self, series: Mapping[str, Mapping[int, float]]) -> Text:
        """Return from where to where ratios went, in words."""
        sentences = []
        for code, ratios in series.items():
            start, end = min(ratios), max(ratios)
            key = "went_up" if ratios[end] >= ratios[start] else "went_down"
            values = {"start": start, "end": end, "first": ratios[start], "last": ratios[end]}
            sentences.append(words.debt.chart_of(key, name=self.names.region(code), **values))
        return Text(
            zh="；".join(sentence.zh for sentence in sentences), en="; ".join(sentence.en for sentence in sentences)
        )

    def set_name(self) -> Text:
        """Return what the set of bands is called."""
        entry = conventions("bands")["sets"].get(self.bands["name"], {})
        return Text(**{language: str(entry.get(language, self.bands["name"])) for language in ("zh", "en")})

    def grades(self) -> dict[str, Text]:
        """Return what the bands are called, the lowest first."""
        return {
            str(grade_entry["name"]): Text(
                zh=str(grade_entry.get("zh") or grade_entry["name"]),
                en=str(grade_entry.get("en") or grade_entry["name"]),
            )
            for grade_entry in self.bands["grades"]
        }

    def graded_ratio(self) -> Text:
        """Return what the bands hold against what."""
        above = [part_name(name) for name in self.bands["numerator"]]
        joined = Text(zh="＋".join(part.zh for part in above), en=" + ".join(part.en for part in above))
        return words.debt.chart_held(above=joined, below=part_name(self.bands["denominator"]))

    def explain(self, region: str) -> pl.DataFrame:
        """Return the years of one region (code or name); `UsageError` when it is not here."""
        code = self.names.resolve(region, self.frame["region"].unique().sort())
        return self.frame.filter(pl.col("region") == code)


def _share(rows: pl.DataFrame, above: str, below: str) -> float:
    """Return a ratio of sums over the same regions."""
    return float(rows[above].to_numpy().sum() / rows[below].to_numpy().sum())


def debt(
    source: AnyFrame,
    *,
    vehicles: AnyFrame = None,
    hidden: AnyFrame = None,
    resources: AnyFrame = None,
    bands: str | BandSet | None = None,
) -> Debt:
    """Hold the debt of regions against output, revenue and spending, with vehicles apart.

    Parameters
    ----------
    source
        A package with ``debt, fiscal, accounts``, or a frame with ``region, year``, ``explicit`` (or ``debt``),
        ``output`` and what there is of ``revenue, fund_revenue, expenditure, vehicles, hidden, resources``.
    vehicles, hidden, resources
        Frames ``region, year`` and a column of that name: interest-bearing debt of financing vehicles, hidden debt, and
        total fiscal resources (with transfers), in the unit of the debt.
    bands
        As in `grade`.

    Notes
    -----
    The ministry's grades are known from the press; their numerator holds hidden debt and their denominator transfers.
    Neither is disclosed by province, so bonds alone colour no region. Debt to own revenue overstates the burden where
    transfers are large.

    Examples
    --------
    >>> found = debt("china-provinces")
    >>> row = found.frame.filter(region="630000", year=2024).row(0, named=True)
    >>> round(100 * row["to_output"], 1), row["band"]
    (90.1, None)
    """
    package = as_package(source) if is_package(source) else None
    source_table = tidy(
        source if package is None else _of_package(package), _FIELDS, key=KEYS, verb="debt", table="debt"
    )
    if not {"explicit", "debt"} & set(source_table.frame.columns):
        raise InputError("debt.no-column", have=source_table.frame.columns)
    owed = (
        source_table.frame
        if "explicit" in source_table.frame.columns
        else source_table.frame.rename({"debt": "explicit"})
    )
    frame, notes = _same_scope(with_nulls(owed, _COLUMNS))
    for name, extra_source in (("vehicles", vehicles), ("hidden", hidden), ("resources", resources)):
        if extra_source is None:
            continue
        sign: Sign = "positive" if name == "resources" else "non-negative"
        fields = [Field("region", "code"), Field("year", "year"), Field(name, sign=sign)]
        extra = tidy(extra_source, fields, key=KEYS, verb="debt", table=name).frame
        if unknown := sorted(set(extra["region"]) - set(frame["region"])):
            raise InputError("debt.other-regions", table=name, regions=unknown)
        frame = frame.drop(name).join(extra, on=KEYS, how="left")
    if not frame["explicit"].count():
        raise InputError("debt.no-debt")
    names = names_of(package)
    name, rule = band_set(bands)
    rows = frame.with_columns(_ratio(*parts).alias(ratio) for ratio, parts in _RATIOS.items())
    graded = grade(rows, bands).select(*_COLUMNS, *_RATIOS, "band", "band_ratio", "band_status_zh", "band_status_en")
    return Debt(
        frame=graded.sort(KEYS),
        bands=cast("BandSet", {"name": name} | {field_name: rule.get(field_name) for field_name in _SET}),
        findings=(*notes, *_findings(graded, names)),
        names=names,
        kind=source_table.kind if package is None else package.kind,
        provenance=provenance("debt", package or source_table, ["debt", "fiscal", "accounts"], bands=name),
    )


_COLUMNS = (
    *KEYS, "explicit", "general", "special", "vehicles", "hidden", "resources", "output", "output_real", "revenue",
    "fund_revenue", "expenditure",
)  # fmt: skip
_AMOUNTS = ("explicit", "debt", "general", "special", "vehicles", "hidden", "fund_revenue")
_BELOW = ("resources", "revenue", "expenditure")
_FIELDS = (
    Field("region", "code"),
    Field("year", "year"),
    Field("output", sign="positive"),
    Field("output_real", required=False),
    *(Field(name, required=False, sign="non-negative") for name in _AMOUNTS),
    *(Field(name, required=False, sign="positive") for name in _BELOW),
)


def _of_package(package: Package) -> pl.DataFrame:
    """Return the debt of a package beside its revenue and output."""
    columns: dict[str, tuple[str, Mapping[str, str]]] = {
        "debt": (
            "debt_total",
            {
                "debt_total": "explicit",
                "debt_general": "general",
                "debt_special": "special",
                "fund_revenue": "fund_revenue",
            },
        ),
        "fiscal": ("revenue", {name: name for name in ("revenue", "fund_revenue", "expenditure")}),
        "accounts": ("output_nominal", {"output_nominal": "output", "output_real": "output_real"}),
    }
    joined: pl.DataFrame | None = None
    for name, (needed, renames) in columns.items():
        table = package.require(name, [*KEYS, needed], verb="debt", despite=GAPS)
        columns_of_table = table.select(
            *KEYS,
            *(
                pl.col(source_column).alias(new)
                for source_column, new in renames.items()
                if source_column in table.columns
            ),
        )
        joined = columns_of_table if joined is None else joined.join(columns_of_table, on=KEYS, how="left")
    return joined if joined is not None else pl.DataFrame()


def _same_scope(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Return balances without those that are known to cover less than the years before, and what was left out."""
    notes = []
    for entry in setting("public_debt", "other_scope"):
        affected = (pl.col("region") == entry["region"]) & (pl.col("year") == entry["year"])
        affected &= (pl.col("explicit") - entry["balance"]).abs() < _HALF_UNIT
        if not frame.filter(affected).height:
            continue
        cleared = [column for column in ("explicit", "general", "special") if column in frame.columns]
        frame = frame.with_columns(
            pl.when(~affected.fill_null(value=False)).then(pl.col(column)).alias(column) for column in cleared
        )
        values = {"year": entry["year"], "what": Text(zh=entry["zh"], en=entry["en"])}
        place = f"{entry['region']}/{entry['year']}"
        notes.append(finding("debt.other-scope", words=values, table="debt", column="explicit", key=place))
    return frame, notes


def _ratio(above: tuple[str, ...], below: tuple[str, ...]) -> pl.Expr:
    """Return a ratio that is null where a part is missing."""
    total = pl.sum_horizontal(below, ignore_nulls=False)
    return pl.sum_horizontal(above, ignore_nulls=False) / pl.when(total > 0).then(total)


def _findings(frame: pl.DataFrame, names: Names) -> tuple[Finding, ...]:
    """Return debt that nothing stands against, gaps in years, and balances that jump."""
    notes = []
    has = frame.drop_nulls("explicit")
    for column, code in (("revenue", "debt.debt-without-revenue"), ("output", "debt.debt-without-output")):
        for (year,), rows in has.filter(pl.col(column).is_null()).group_by("year", maintain_order=True):
            regions = [names.region(code) for code in rows["region"]]
            values = {"year": year, "n": rows.height, "regions": regions}
            notes.append(finding(code, words=values, table="debt", column=column, key=str(year)))
    # balances that move by more in a year than limits on debt do
    step = (pl.col("explicit") / pl.col("explicit").shift(1).over("region")).log()
    jumps = has.sort(KEYS).with_columns(step=step).filter(pl.col("step").abs() > setting("public_debt", "jump"))
    notes += [
        finding("debt.jump", words={"step": step}, table="debt", column="explicit", key=f"{region}/{year}")
        for region, year, step in jumps.select(*KEYS, "step").iter_rows()
    ]
    return (*notes, *missing_years(has))


def missing_years(balances: pl.DataFrame) -> list[Finding]:
    """Return the years that regions lack between others."""
    notes = []
    for (region,), rows in balances.group_by("region", maintain_order=True):
        years = rows["year"].sort().to_list()
        if missing := sorted(set(range(years[0], years[-1])) - set(years)):
            notes.append(finding("debt.missing-year", words={"years": missing}, table="debt", key=str(region)))
    return notes
