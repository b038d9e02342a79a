"""The verbs `check_claim`, `check_claims` and `note`: from published figures to verdicts and a report on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.result import Facts, Provenance, Result
from xinzhi.core.text import Language, Text, words
from xinzhi.data import Package, as_package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.audit.choices import Grid
from xinzhi.yardstick.claims.figures import Claim, convention, lines_of, read_claim, read_claims, read_figure
from xinzhi.yardstick.claims.survey import Judgement, Survey, estimates, judge, survey
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import DEFAULT_PROTOCOL
from xinzhi.yardstick.region_set import RegionSet

Source = Package | str | Path | Mapping[str, object]


@dataclass(frozen=True, repr=False, kw_only=True)
class Claims(Result, verb="claim", topic="yardstick", key=("region", "start", "end", "source")):
    """What became of claims about TFP growth, one row each.

    Growth is mean TFP growth in log points per year, 0.034 being 3.4 %; a claim is taken as it is printed, 100 times
    that. The verdict is ``supported`` (the reference protocol gives the figure within its rounding), ``superseded`` (it
    does so on an older vintage of the data), ``reachable`` (another admissible protocol does) or ``unreachable``.

    `protocols` give a claim, the fewest departures first, numbered as in `audit`; none for an unreachable one.
    `departures` is what each departure of the first of them (or of the nearest) contributes; they sum to its growth
    less that of the reference protocol.
    """

    protocols: pl.DataFrame
    departures: pl.DataFrame
    grid: Grid
    regions: pl.DataFrame
    regions_declared: RegionSet

    @property
    def supported(self) -> bool:
        """Whether the reference protocol gives every claim."""
        return bool((self.frame["verdict"] == "supported").all())

    def protocol(self, number: int) -> Protocol:
        """Return one of the protocols that were tried, ready to measure with; one beyond is a `UsageError`."""
        rows = self.grid.rows
        if not 0 <= number < len(rows):
            raise UsageError("yardstick.no-such-claim-protocol", number=number, last=len(rows) - 1)
        values, departed = self.grid.values(rows[number]), self.grid.departures(rows[number])
        return self.grid.protocol.replace({path: values[path] for path in departed})

    def facts(self) -> Facts:
        """Return verdict and evidence on every claim."""
        names = [self.names.region(code) for code in self.regions["region"]]
        return {"claims.head": [claim_facts(self, row) for row in self.frame.iter_rows(named=True)]} | (
            self.regions_declared.facts(names)
        )


def claim_facts(result: Claims, row: Mapping[str, Any]) -> dict[str, object]:
    """Return what is said of one claim."""
    facts: dict[str, object] = {
        **row,
        "name": result.names.region(row["region"]),
        "rounding": f"{100 * row['rounding']:.10g}",
        "growth": row["protocol_growth"],
        "departures": row["departures"] or words("yardstick.claims.reference"),
        "older": row["older_vintages"].split(";"),
    }
    said = ["vintages"] if row["older_vintages"] and row["verdict"] != "supported" else []
    said += {"superseded": ["also"], "reachable": ["reachable"], "unreachable": ["nearest"]}.get(row["verdict"], [])
    rest = [words(f"yardstick.claims.{key}", **facts) for key in said]
    return facts | {"rest": Text(zh="".join(one.zh for one in rest), en="".join(one.en for one in rest))}


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
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
    rounding: str | float | Decimal | None = None,
) -> ClaimCheck:
    """Say whether the reference protocol gives a published TFP growth rate, and if not, what would.

    Parameters
    ----------
    package, protocol
        As in `measure`.
    region, start, end
        Whose figure it is: the mean of the years after `start` up to `end`.
    growth
        Percent per year as printed (``"3.4%"``), or a ratio (``0.034``).
    rounding
        Half of what the last digit counts (``"0.05pp"``, or ``0.0005``); by default that of `growth` as printed.

    Returns
    -------
    ClaimCheck
        Its `verdict`, and the `departures` from the reference protocol that give the figure.

    Raises
    ------
    UsageError, ProtocolError, InputError
        When the region, the years or a figure cannot be used, or the admissible set is empty; as in `measure`.

    Examples
    --------
    >>> check = check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.6%")
    >>> check.verdict
    'supported'
    """
    claim = read_claim(str(region), start, end, read_figure(growth, rounding))
    data = as_package(package)
    reference = measure(data, protocol)
    known = reference.frame["region"].unique(maintain_order=True)
    claim = replace(claim, region=reference.names.resolve(claim.region, known))
    if reason := _unmeasured(reference, [claim]).get(0):
        raise reason
    return ClaimCheck(**_check(data, reference, [claim]))


def check_claims(
    package: Source,
    claims: object = None,
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
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
        and ``source``. Text keeps its digits (``3.40``); in a column of numbers, the one with most decimals says how
        many all were printed with.
    encoding
        The encoding of a CSV file that is not UTF-8.

    Raises
    ------
    InputError, UsageError
        When the table lacks a column, or a claim cannot be checked: all such rows are named; when the admissible set is
        empty.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"region": ["220000"], "start": [2012], "end": [2017], "growth": ["9.9"]})
    >>> check_claims("china-provinces", table).frame["verdict"].to_list()
    ['unreachable']
    """
    data = as_package(package)
    found = read_claims(data, claims, encoding)
    reference = measure(data, protocol)
    if wrong := _unmeasured(reference, found):
        raise InputError("yardstick.claims-unusable", what=lines_of({at + 1: why.text for at, why in wrong.items()}))
    return Claims(**_check(data, reference, found))


def _unmeasured(reference: Measurement, claims: Sequence[Claim]) -> dict[int, UsageError]:
    """Say by position which claims ask for a region or year that the reference protocol does not measure."""
    years = reference.frame.group_by("region", maintain_order=True).agg(pl.col("year"))
    measured: dict[str, set[int]] = {region: set(values) for region, values in years.iter_rows()}
    reasons = {at: _reason(claim, measured) for at, claim in enumerate(claims)}
    return {at: reason for at, reason in reasons.items() if reason is not None}


def _reason(claim: Claim, measured: Mapping[str, set[int]]) -> UsageError | None:
    """Return why a claim cannot be checked; None where it can."""
    if claim.region not in measured:
        return UsageError("yardstick.claim-region", region=claim.region, known=list(measured))
    here = measured[claim.region]
    missing = sorted(set(range(claim.start + 1, claim.end + 1)) - here)
    if not missing:
        return None
    years = str(missing[0]) if len(missing) == 1 else f"{missing[0]}-{missing[-1]}"
    return UsageError("yardstick.claim-years", claim=claim.where(), years=years, first=min(here) - 1, last=max(here))


def _check(data: Package, reference: Measurement, claims: Sequence[Claim]) -> dict[str, Any]:
    """Return the fields of the result."""
    from xinzhi import __version__

    panel, rules = reference.panel, reference.protocol
    found = survey(panel, rules)
    spans = list(dict.fromkeys((claim.start, claim.end) for claim in claims))
    judged: dict[int, Judgement] = {}
    for span, values in estimates(panel, found, spans):
        for at, claim in enumerate(claims):
            if (claim.start, claim.end) == span:
                own = values[..., panel.region_index(claim.region)]
                judged[at] = judge(claim.figure, found, own, convention("listed"))
    read = ["vintages"] if panel.vintages else []
    ordered = [(claim, judged[at]) for at, claim in enumerate(claims)]
    return {
        "frame": _frame(ordered, found, reference),
        "protocols": _protocols(ordered, found),
        "departures": _departures(ordered),
        "grid": found.grid,
        "regions": reference.regions,
        "regions_declared": reference.regions_declared,
        "kind": reference.kind,
        "names": reference.names,
        "provenance": Provenance(
            verb="claim",
            version=__version__,
            protocol=rules.label,
            protocol_fingerprint=rules.fingerprint,
            standing=rules.standing,
            package=data.name,
            inputs={**reference.provenance.inputs, **{name: data.fingerprint(name) for name in read}},
            regions=reference.provenance.regions,
        ),
    }


def _frame(judged: Sequence[tuple[Claim, Judgement]], found: Survey, reference: Measurement) -> pl.DataFrame:
    """Return one row per claim."""
    labels = found.labels(np.array([item.nearest for _, item in judged]))
    return pl.DataFrame(
        [
            {
                "region": claim.region,
                "start": claim.start,
                "end": claim.end,
                "written": claim.figure.written,
                "growth": float(claim.figure.growth),
                "rounding": float(claim.figure.rounding),
                "source": claim.source,
                "verdict": item.verdict,
                "reference": item.reference,
                "lowest": item.lowest,
                "highest": item.highest,
                "tried": item.tried,
                "giving": item.giving.size,
                "protocol": item.nearest,
                "protocol_growth": float(item.growth[item.nearest]),
                "departures": label,
                "departure_count": int(found.departures[item.nearest]),
                "older_vintages": ";".join(item.older),
                "flags": _flags(reference, claim),
            }
            for (claim, item), label in zip(judged, labels, strict=True)
        ]
    )


def _flags(reference: Measurement, claim: Claim) -> str:
    """Return the marks of the figures that the reference answer rests on."""
    inside = (pl.col("region") == claim.region) & pl.col("year").is_between(claim.start + 1, claim.end)
    words = reference.frame.filter(inside)["flags"].str.split(";").explode().unique().sort()
    return ";".join(word for word in words.to_list() if word)


def _protocols(judged: Sequence[tuple[Claim, Judgement]], found: Survey) -> pl.DataFrame:
    """Return the protocols that give each claim."""
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, "source": pl.String, "order": pl.Int64}
    schema |= {"number": pl.Int64, "departures": pl.String, "departure_count": pl.Int64, "vintage": pl.String}
    names = [*found.vintages, ""]  # -1, the current data, is the last
    frames = [
        pl.DataFrame(
            {
                "region": [claim.region] * item.giving.size,
                "start": [claim.start] * item.giving.size,
                "end": [claim.end] * item.giving.size,
                "source": [claim.source] * item.giving.size,
                "order": range(1, item.giving.size + 1),
                "number": item.giving,
                "departures": found.labels(item.giving),
                "departure_count": found.departures[item.giving],
                "vintage": [names[at] for at in found.vintage[item.giving].tolist()],
                "growth": item.growth[item.giving],
            },
            schema={**schema, "growth": pl.Float64},
        )
        for claim, item in judged
    ]
    return pl.concat(frames)


def _departures(judged: Sequence[tuple[Claim, Judgement]]) -> pl.DataFrame:
    """Return what each departure contributes."""
    schema = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, "source": pl.String, "order": pl.Int64}
    schema |= {"number": pl.Int64, "parameter": pl.String, "reference": pl.String, "value": pl.String}
    rows = [
        (claim.region, claim.start, claim.end, claim.source, order, number, *astuple(part))
        for claim, item in judged
        for order, (number, found) in enumerate(item.parts.items(), start=1)
        for part in found
    ]
    return pl.DataFrame(rows, schema={**schema, "contribution": pl.Float64}, orient="row")


VERDICTS = ("supported", "superseded", "reachable", "unreachable")


def note(result: Claims, language: Language = "en") -> str:
    """Return the claims report as Markdown: the verdicts in a table, then the evidence on every claim.

    Examples
    --------
    >>> from xinzhi.yardstick import check_claim
    >>> print(note(check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.6%"))[:24])
    # Claims about total fac
    """

    def said(key: str, **values: object) -> str:
        return words(f"yardstick.claims.{key}", **values).lang(language).replace("\u00a0%", " %")

    standing = result.grid.protocol.standing.lang(language)
    lines = [f"# {said('title')}", "", said("standing", standing=standing), "", *_head(said("columns"))]
    called = {region: result.names.region(region).lang(language) for region in result.frame["region"].unique()}
    for row in result.frame.iter_rows(named=True):
        numbers = [f"{100 * row[name]:.2f} %" for name in ("reference", "lowest", "highest")]
        span, verdict = f"{row['start']}–{row['end']}", said(f"verdict.{row['verdict']}")
        lines.append(_row((called[row["region"]], span, row["written"], *numbers, verdict, row["source"])))
    lines += ["", *(f"- **{said(f'verdict.{name}')}**: {said(f'means.{name}')}" for name in VERDICTS)]
    for row in result.frame.iter_rows(named=True):
        title = f"## {called[row['region']]} {row['start']}–{row['end']}"
        lines += ["", title, "", said("head", **claim_facts(result, row)), *_evidence(result, row, said("parts"))]
        if row["flags"]:
            lines += ["", said("marks", marks=", ".join(f"`{mark}`" for mark in row["flags"].split(";")))]
    lines += [
        "",
        said("set", **_declared(result)),
        "",
        said("unit"),
        "",
        f"{result.provenance.package} · {result.provenance.foot(language)}",
    ]
    lines += ["", *(f"- sha256 {table}: `{digest}`" for table, digest in result.provenance.inputs.items())]
    return "\n".join(lines) + "\n"


def _declared(result: Claims) -> dict[str, object]:
    """Return what the report says of the set of regions that the ruler was held to."""
    found = result.regions_declared
    return {"n": len(found.declared), "k": len(found.declared) - len(found.missing), "by": found.by}


def _evidence(result: Claims, row: Mapping[str, Any], head: str) -> list[str]:
    """Return the table of departures of one claim; nothing where the reference protocol is all there is."""
    here = result.departures.filter(**{name: row[name] for name in result.key})
    parts = here.select("number", "parameter", "reference", "value", "contribution").iter_rows()
    rows = [_row((number, f"`{path}`", own, value, f"{100 * gain:+.3f}")) for number, path, own, value, gain in parts]
    return ["", *_head(head), *rows] if rows else []


def _head(titles: str) -> list[str]:
    cells = titles.split("|")
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[object]) -> str:
    """Return a row of a Markdown table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
