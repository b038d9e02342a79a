"""The verbs `check_claim` and `check_claims`: from published figures to verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import polars as pl

from xinzhi import words
from xinzhi.core import flags
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.provenance import provenance
from xinzhi.core.result import Facts, Result
from xinzhi.core.schema import describe
from xinzhi.core.text import LANGUAGES, Language, Text, Values, join_with_commas, same, span_text
from xinzhi.data import NATION, Package, as_package, national_package
from xinzhi.protocol import Protocol, specification
from xinzhi.yardstick.audit.choices import Grid, departures_text, value_text
from xinzhi.yardstick.claims.figures import (
    COMPOUND,
    LOG,
    Claim,
    StatedGrowth,
    choices_text,
    convention,
    percent_text,
    read_claim,
    read_claims,
    read_figure,
)
from xinzhi.yardstick.claims.survey import (
    TYPES,
    UNJUDGED,
    Judgement,
    MeasuredClaims,
    Survey,
    departure_rows,
    estimates,
    judge,
    judged_cells,
    protocol_rows,
    source_choice_cells,
    survey,
    trusted_cells,
    unjudged_row,
)
from xinzhi.yardstick.estimates.bands import bands
from xinzhi.yardstick.estimates.results import Bands
from xinzhi.yardstick.estimating import estimated_cells
from xinzhi.yardstick.growth_accounts import IDENTITY_TOLERANCE
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL, Ruler, Source, under
from xinzhi.yardstick.periods import FAILED, RegionSet

VERDICTS = ("supported", "superseded", "reachable", "unreachable", UNJUDGED)


@dataclass(frozen=True, repr=False, kw_only=True)
class Claims(Result, verb="claim", topic="yardstick", key=("region", "start", "end", "source")):
    """What became of claims about TFP growth, one row each.

    Growth is mean TFP growth in log points per year, 0.034 being 3.4 %; a claim is taken as it is printed, 100 times
    that. The verdict is ``supported`` (the reference protocol gives the figure within its rounding), ``superseded`` (it
    does so on an older vintage of the data), ``reachable`` (another admissible protocol does), ``unreachable``, or
    ``unjudged`` where the claim is none that this ruler and these data can be held to; `reason` then says why.

    Where the source states choices that the protocol knows, `own_growth` is what these data give under them
    (`own_choices`; `own_left` could not be followed): `method_part` leads there from the reference, and `data_part`
    from there to the claim. They explain a verdict and change none.

    `rate` says whether a claim is a rate in logarithms (``log``) or a ``compound`` one; where it is ``unknown``, either
    counts, under every protocol. `band_low` and `band_high` are the band of the reference growth (`bands`) in a span
    with estimated inputs, at probability `level`; `grade` is that of its data.

    `protocols` give a claim, the fewest departures first, numbered as in `audit`; none for an unreachable one.
    `departures` is what each departure of the first of them (or of the nearest) contributes; they sum to its growth
    less that of the reference protocol. `sum_and_nation` has the growth of all regions together and of the nation's
    own output by year, where a claim is about the nation.
    """

    protocols: pl.DataFrame
    departures: pl.DataFrame
    grid: Grid
    regions: pl.DataFrame
    regions_declared: RegionSet
    national_grid: Grid | None = None
    level: float | None = None
    sum_and_nation: pl.DataFrame | None = None

    @property
    def supported(self) -> bool:
        """Whether the reference protocol gives every claim."""
        return bool((self.frame["verdict"] == "supported").all())

    def protocol(self, number: int, region: str | None = None) -> Protocol:
        """Return one of the protocols that were tried on a region, ready to measure with; one beyond is a `UsageError`.

        Those that are tried on the nation have numbers of their own: `region` says whose are meant.
        """
        tried = self.grid_of(region)
        rows = tried.rows
        if not 0 <= number < len(rows):
            raise UsageError("yardstick.no-such-claim-protocol", number=number, last=len(rows) - 1)
        values, departed = tried.values(rows[number]), tried.departures(rows[number])
        return tried.protocol.replace({path: values[path] for path in departed})

    def grid_of(self, region: str | None) -> Grid:
        """Return the protocols that were tried on a region."""
        return self.national_grid if region == NATION and self.national_grid is not None else self.grid

    def departures_of(self, row: Mapping[str, Any]) -> Text:
        """Return in words how the first (or nearest) protocol of a claim departs from the reference one."""
        tried = self.grid_of(row["region"])
        return departures_text(tried.choices, tried.rows[row["protocol"]])

    def part_of(self, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
        """Return in words a row of `departures`: the parameters, what the reference protocol says, and the other."""
        tried = self.grid_of(row["region"])
        picked, reference = tried.values(tried.rows[row["number"]]), tried.protocol.parameters
        paths = row["parameter"].split(", ")
        return (
            join_with_commas([specification(path).title for path in paths]),
            join_with_commas([value_text(path, reference[path].value) for path in paths]),
            join_with_commas([value_text(path, picked[path]) for path in paths]),
        )

    def in_words(self, part: str) -> pl.DataFrame:
        """Return a frame of the result with its departures in words; the list of protocols keeps the codes."""
        frame: pl.DataFrame = getattr(self, part)
        if part != "protocols":
            names = (
                ("departures", "own_choices", "own_left") if part == "frame" else ("parameter", "reference", "value")
            )
            texts = [(self._explained if part == "frame" else self.part_of)(row) for row in frame.iter_rows(named=True)]
            columns = [
                pl.Series(f"{name}_{language}", [row[place].lang(language) for row in texts], dtype=pl.String)
                for place, name in enumerate(names)
                for language in LANGUAGES
            ]
            frame = frame.drop(names).with_columns(columns)
        return frame.with_columns(pl.col(pl.String).replace("", None))

    def _explained(self, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
        """Return how the nearest protocol to a claim departs, what its source says of its own choices, what is left."""
        departures = self.departures_of(row) if row["departures"] else Text(zh="", en="")
        return departures, choices_text(row["own_choices"]), choices_text(row["own_left"])

    def facts(self) -> Facts:
        """Return verdict and evidence on every claim."""
        facts: Facts = dict(self.regions_declared.abroad())
        judged = pl.col("verdict") != UNJUDGED
        if rows := [claim_facts(self, row) for row in self.frame.filter(judged).iter_rows(named=True)]:
            facts["claims.head"] = rows
        if rows := [unjudged_facts(self, row) for row in self.frame.filter(~judged).iter_rows(named=True)]:
            facts["claims.unjudged"] = rows
        return facts | self.regions_declared.facts()


def claim_facts(result: Claims, row: Mapping[str, Any]) -> Values:
    """Return what is said of one claim."""
    facts: Values = {
        **row,
        "written": row["written"].replace("-", "−"),
        "name": result.names.region(row["region"]),
        "rounding": f"{100 * row['rounding']:.10g}",
        "growth": row["protocol_growth"],
        "departures": result.departures_of(row) if row["departures"] else words.yardstick.claims_reference(),
        "older": row["older_vintages"].split(";"),
    }
    clause_keys = ["together"] if (sum_facts := _regional_sum(result, row)) else []
    facts |= sum_facts
    clause_keys += ["vintages"] if row["older_vintages"] and row["verdict"] != "supported" else []
    clause_keys += {"superseded": ["also"], "reachable": ["reachable"], "unreachable": ["nearest"]}.get(
        row["verdict"], []
    )
    if is_compound_rate(row):
        clause_keys.append("compound")
        facts["compound"] = math.expm1(row["protocol_growth"])
    if row["own_growth"] is not None:
        unmet = words.yardstick.claims_own_left(choices=choices_text(row["own_left"])) if row["own_left"] else same("")
        facts |= {"choices": choices_text(row["own_choices"]), "left": unmet}
        clause_keys.append("own")
    verdict = words.yardstick.claims_verdict_of(row["verdict"])
    if row["band_low"] is None:
        key = "no_band_nation" if row["region"] == NATION else "no_band"
        clause_keys += [key] * flags.is_extrapolated(row["flags"])
    else:
        rates = [row["growth"]] * (row["rate"] != COMPOUND) + [math.log1p(row["growth"])] * (row["rate"] != LOG)
        inside = any(row["band_low"] - row["rounding"] <= rate <= row["band_high"] + row["rounding"] for rate in rates)
        clause_keys.append("band_inside" if inside else "band_outside")
        facts["level"] = result.level
        verdict = words.yardstick.claims_within() if inside and row["verdict"] == "unreachable" else verdict
    if row["grade"] == FAILED:
        clause_keys.append("failed")
    rest = [words.yardstick.claims_of(key, **facts) for key in clause_keys]
    return facts | {
        "said": verdict,
        "rest": Text(zh="".join(clause.zh for clause in rest), en="".join(clause.en for clause in rest)),
    }


def _regional_sum(result: Claims, row: Mapping[str, Any]) -> dict[str, float]:
    """Return what the regions together give where the reference is the nation's own, and with its growth of output."""
    if row["region"] != NATION or result.sum_and_nation is None:
        return {}
    years = result.sum_and_nation.filter(pl.col("year") > row["start"], pl.col("year") <= row["end"])
    if years.height < row["end"] - row["start"]:
        return {}
    added, sum_growth, nation = (float(years[name].mean()) for name in ("output_growth", "tfp_growth", "nation"))  # type: ignore[arg-type] # of numbers
    return {"together": sum_growth, "implied": sum_growth - added + nation}


def is_compound_rate(row: Mapping[str, Any]) -> bool:
    """Return whether a claim is given as a compound rate alone, and not as one in logarithms."""
    has_growth = row["verdict"] in {"supported", "superseded", "reachable"}
    return has_growth and bool(abs(row["growth"] - row["protocol_growth"]) > row["rounding"] + IDENTITY_TOLERANCE)


def unjudged_facts(result: Claims, row: Mapping[str, Any]) -> Values:
    """Return what is said of a claim that cannot be judged."""
    words_of_claim = {
        column: describe(result.verb, column).values.get(row[column], same(row[column]))
        for column in ("scope", "method")
    }
    why = words.yardstick.claims_why_of(row["reason"], **words_of_claim)
    written = row["written"].replace("-", "−")
    return {**row, **words_of_claim, "written": written, "name": result.names.region(row["region"]), "why": why}


@dataclass(frozen=True, repr=False, kw_only=True)
class ClaimCheck(Claims):
    """What became of one claim; the same as `Claims`, with its verdict at hand."""

    @property
    def verdict(self) -> str:
        """``supported``, ``reachable``, ``superseded`` or ``unreachable``."""
        return str(self.frame["verdict"][0])


def check_claim(
    package: Source,
    *,
    region: str,
    start: int,
    end: int,
    growth: str | float | Decimal,
    protocol: Ruler = DEFAULT_PROTOCOL,
    rounding: str | float | Decimal | None = None,
) -> ClaimCheck:
    """Say whether the reference protocol gives a published TFP growth rate, and if not, what would.

    Parameters
    ----------
    package, protocol
        As in `measure`.
    region, start, end
        Whose figure it is: the mean of the years after `start` up to `end`. ``nation``, 全国 or China is the nation,
        measured by `measure_nation`.
    growth
        Text is percent per year as printed (``"3.4%"``, ``"3.4"``), a number a ratio (``0.034``).
    rounding
        Half of what the last digit counts (``"0.05pp"``, or ``0.0005``); by default that of `growth` as printed.

    Examples
    --------
    >>> check = check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.6%")
    >>> check.verdict
    'supported'
    """
    data = as_package(package)
    claim = read_claim(str(region), start, end, read_figure(percent_text(growth), rounding))
    measured_claims = MeasuredClaims.measure(data, protocol, [claim])
    if reason := measured_claims.reasons.get(0):
        raise reason.error
    return ClaimCheck(**_result(data, measured_claims))


def check_claims(
    package: Source,
    claims: object = None,
    protocol: Ruler = DEFAULT_PROTOCOL,
    *,
    encoding: str | None = None,
) -> Claims:
    """Check a table of claims; every one of them as `check_claim` would.

    Parameters
    ----------
    package, protocol
        As in `measure`.
    claims
        By default the table `claims` of the package; else the path of a CSV file or a frame of any kind, with the
        columns ``region, start, end, growth`` in percent per year and, where known, ``rounding`` in percentage points
        and ``source``; ``scope`` and ``method`` where a claim is about something else than the whole economy or was
        not made by growth accounting; ``rate``, whether it is a rate in logarithms (``log``) or ``compound``, where
        known; ``capital, labour, shares, data``, what its source states of them, in words. Text
        keeps its digits (``3.40``); in a column of numbers, the one with most decimals says how many all were printed
        with.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Raises
    ------
    InputError
        When a column is missing or cells cannot be read: all such rows are named. A claim about another scope, method,
        region or period is no error: it is ``unjudged``.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"region": ["220000"], "start": [2012], "end": [2017], "growth": ["9.9"]})
    >>> check_claims("china-provinces", table).frame["verdict"].to_list()
    ['unreachable']
    """
    data = as_package(package)
    return Claims(**_result(data, MeasuredClaims.measure(data, protocol, read_claims(data, claims, encoding))))


def _judge(reference: Measurement, claims: Mapping[int, Claim]) -> tuple[Survey, dict[int, Judgement]]:
    """Return the protocols tried on one measurement, and the verdict on each of its claims."""
    panel = reference.panel
    tried = survey(panel, reference.protocol)
    spans = list(dict.fromkeys((claim.start, claim.end) for claim in claims.values()))
    judged: dict[int, Judgement] = {}
    for span, values in estimates(panel, tried, spans):
        for at, claim in claims.items():
            if (claim.start, claim.end) == span:
                growth_of_region = values[..., panel.region_index(claim.region)]
                judged[at] = judge(claim, tried, growth_of_region, convention("listed"))
    return tried, judged


def _bands(reference: Measurement, claims: Iterable[Claim]) -> Bands | None:
    """Return the bands of a measurement in the spans of claims with estimated years; None where none can be had."""
    years = reference.panel.years[estimated_cells(reference.panel).any(axis=0)]
    spans = {(claim.start, claim.end) for claim in claims if ((years > claim.start) & (years <= claim.end)).any()}
    if not spans:
        return None
    try:
        return bands(reference, spans=sorted(spans))
    except (InputError, UsageError):  # there is too little to learn errors from
        return None


def _sum_and_nation(data: Package, measured_claims: MeasuredClaims) -> pl.DataFrame | None:
    """Return growth of all regions together and of the nation's own output by year; None where there is no sum."""
    if measured_claims.nation is None or "accounts" not in data.tables:
        return None
    try:
        regions = measured_claims.regions or measure(data, measured_claims.nation.protocol)
    except InputError:
        return None
    national_output = measured_claims.nation.frame.select("year", nation="output_growth")
    return regions.national.select("year", "output_growth", "tfp_growth").drop_nulls().join(national_output, on="year")


def _result(data: Package, measured_claims: MeasuredClaims) -> dict[str, Any]:
    """Return the fields of the result."""
    first, rules = measured_claims.first, measured_claims.first.protocol
    surveys: dict[int, tuple[Survey, dict[int, Judgement]]] = {}
    level: float | None = None
    rows: list[dict[str, Any]] = [
        unjudged_row(claim, measured_claims.reasons.get(at)) for at, claim in enumerate(measured_claims.claims)
    ]
    protocols, departures = [protocol_rows(())], [departure_rows(())]
    for side in (measured_claims.regions, measured_claims.nation):
        if side is None:
            continue
        claims_of_side = {
            at: claim
            for at, claim in enumerate(measured_claims.claims)
            if at not in measured_claims.reasons and measured_claims.ruler(claim) is side
        }
        tried, judged = surveys[id(side)] = _judge(side, claims_of_side)
        estimated = _bands(side, claims_of_side.values()) if side is measured_claims.regions else None
        level = level if estimated is None else estimated.level
        stated = StatedGrowth(national_package(data) if side is measured_claims.nation else data, side.protocol)
        for at, verdict in judged.items():
            rows[at] |= judged_cells(claims_of_side[at], verdict, tried, side)
            rows[at] |= source_choice_cells(claims_of_side[at], stated, verdict.reference) | trusted_cells(
                claims_of_side[at], side, estimated
            )
        ordered = [(claims_of_side[at], judged[at], tried) for at in claims_of_side]
        protocols.append(protocol_rows(ordered))
        departures.append(departure_rows(ordered))
    digests = dict(measured_claims.regions.provenance.inputs) if measured_claims.regions is not None else {}
    tables = ["vintages"] if measured_claims.regions is not None and measured_claims.regions.panel.vintages else []
    tables += ["nation"] if measured_claims.nation is not None else []
    sides = [side for side in (measured_claims.regions, measured_claims.nation) if side is not None]
    base_provenance = under(rules, provenance("claim", data, tables))
    merged = {kind: dict(texts) for kind, texts in first.names.by_kind.items()}
    for side in sides:
        merged.setdefault("region", {}).update(side.names.by_kind.get("region", {}))
    return {
        "frame": pl.DataFrame(rows, schema_overrides=TYPES, infer_schema_length=None),
        "protocols": pl.concat(protocols),
        "departures": pl.concat(departures),
        "grid": surveys[id(first)][0].grid,
        "national_grid": surveys[id(measured_claims.nation)][0].grid if measured_claims.nation is not None else None,
        "regions": pl.concat([side.regions for side in sides], how="diagonal_relaxed"),
        "regions_declared": first.regions_declared,
        "level": level,
        "sum_and_nation": _sum_and_nation(data, measured_claims),
        "kind": first.kind,
        "names": Names(merged),
        "provenance": replace(
            base_provenance, inputs={**digests, **base_provenance.inputs}, regions=first.provenance.regions
        ),
    }


def note(result: Claims, language: Language = "en") -> str:
    """Return the claims report as Markdown: the verdicts in a table, then the evidence on every claim.

    >>> from xinzhi.yardstick import check_claim
    >>> print(note(check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.6%"))[:24])
    # Claims about total fac
    """

    def phrase(key: str, **values: object) -> str:
        return words.by_key(f"yardstick.claims.{key}", **values).lang(language).replace("\u00a0%", " %")

    def span(row: Mapping[str, Any]) -> str:
        return span_text(row["start"], row["end"]).lang(language)

    standing = result.grid.protocol.standing.lang(language)
    lines = [f"# {phrase('title')}", "", phrase("standing", standing=standing), "", *_head(phrase("columns"))]
    region_names = {region: result.names.region(region).lang(language) for region in result.frame["region"].unique()}
    for row in result.frame.iter_rows(named=True):
        figures = [row[name] for name in ("reference", "lowest", "highest")]
        numbers = ["" if value is None else f"{100 * value:.2f} %" for value in figures]
        verdict = phrase(f"verdict.{row['verdict']}")
        lines.append(_row((region_names[row["region"]], span(row), row["written"], *numbers, verdict, row["source"])))
    lines += ["", *(f"- **{phrase(f'verdict.{name}')}**: {phrase(f'means.{name}')}" for name in VERDICTS)]
    for row in result.frame.iter_rows(named=True):
        title = f"## {region_names[row['region']]} {span(row)}"
        if row["verdict"] == UNJUDGED:
            lines += ["", title, "", phrase("unjudged", **unjudged_facts(result, row))]
            continue
        lines += [
            "",
            title,
            "",
            phrase("head", **claim_facts(result, row)),
            *_evidence(result, row, phrase("parts"), language),
        ]
        if row["flags"]:
            lines += ["", phrase("marks", marks=", ".join(f"`{mark}`" for mark in row["flags"].split(";")))]
    declared_set = result.regions_declared  # the set of regions that the ruler was held to
    n, missing = len(declared_set.declared), len(declared_set.missing)
    lines += ["", phrase("set", n=n, k=n - missing, by=declared_set.by), "", phrase("unit"), ""]
    lines.append(f"{result.provenance.package} · {result.provenance.foot(language)}")
    lines += ["", *(f"- sha256 {table}: `{digest}`" for table, digest in result.provenance.inputs.items())]
    return "\n".join(lines) + "\n"


def _evidence(result: Claims, row: Mapping[str, Any], head: str, language: Language) -> list[str]:
    """Return the table of departures of one claim; nothing where the reference protocol is all there is."""
    departure_table = result.departures.filter(**{name: row[name] for name in result.key})
    rows = []
    for departure in departure_table.iter_rows(named=True):
        title, reference, value = (text.lang(language) for text in result.part_of(departure))
        gain = f"{100 * departure['contribution']:+.3f}"
        rows.append(_row((departure["number"], f"{title} `{departure['parameter']}`", reference, value, gain)))
    return ["", *_head(head), *rows] if rows else []


def _head(titles: str) -> list[str]:
    cells = titles.split("|")
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[object]) -> str:
    """Return a row of a Markdown table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
