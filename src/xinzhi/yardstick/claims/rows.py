"""What claims are held to, and the rows that verdicts make: protocols that give them, and what each departure gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same, span_text
from xinzhi.data import NATION, Package, names_of, nation_codes
from xinzhi.protocol import Protocol
from xinzhi.yardstick.claims.figures import ACCOUNTS, WHOLE, Claim, Own, convention, spelt
from xinzhi.yardstick.claims.survey import Judgement, Survey
from xinzhi.yardstick.estimates.results import TOGETHER, Bands
from xinzhi.yardstick.measure import measure, measure_nation
from xinzhi.yardstick.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a claim cannot be judged: the word of the column `reason`, and the error that says it of a single claim."""

    code: str
    error: UsageError


@dataclass(frozen=True, slots=True)
class Held:
    """Claims with the measurement that each is held to, of the regions or of the nation, and why some cannot be.

    `first` names protocol and package: the measurement of the regions, or of the nation where there is no other.
    """

    claims: list[Claim]
    reasons: dict[int, Reason]
    regions: Measurement | None
    nation: Measurement | None
    first: Measurement

    @classmethod
    def of(cls, data: Package, protocol: Protocol | str | Path, claims: Sequence[Claim]) -> Held:
        """Find the region of every claim, measure what is asked for, and say what cannot be judged."""
        codes = data.tables["accounts"]["region"].unique().sort().to_list() if "accounts" in data.tables else []
        found, reasons = list(claims), dict[int, Reason]()
        for at, claim in enumerate(claims):
            if said := _out_of_scope(claim):
                reasons[at] = said
            try:
                found[at] = replace(claim, region=_region(data, codes, claim.region))
            except UsageError as error:
                reasons.setdefault(at, Reason("region", error))
        asked = {claim.region == NATION and NATION not in codes for at, claim in enumerate(found) if at not in reasons}
        nation = measure_nation(data, protocol) if True in asked else None
        regions = measure(data, protocol) if nation is None or False in asked else None
        held = cls(found, reasons, regions, nation, regions or nation or measure(data, protocol))
        for at, claim in enumerate(found):
            late = _unmeasured(held.ruler(claim), claim) if at not in reasons else None
            if late:
                reasons[at] = Reason("years", late)
        return held

    def ruler(self, claim: Claim) -> Measurement:
        """Return the measurement that a claim is held to."""
        own = self.nation if self.nation is not None and claim.region == NATION else self.regions
        return own or self.first


def _region(data: Package, codes: Sequence[str], asked: str) -> str:
    """Return the code of the region meant; that of the nation where no region of the package is called so."""
    try:
        return names_of(data).resolve(asked, codes)
    except UsageError:
        if "nation" in data.tables and asked.strip().casefold() in nation_codes():
            return NATION
        raise


def _out_of_scope(claim: Claim) -> Reason | None:
    """Return why a claim is none about what the ruler measures; None where it is one."""
    if claim.scope != WHOLE:
        return Reason("scope", UsageError("yardstick.claim-scope", claim=claim.where(), scope=claim.scope))
    if claim.method != ACCOUNTS:
        return Reason("method", UsageError("yardstick.claim-method", claim=claim.where(), method=claim.method))
    if abs(claim.figure.growth) * 100 >= convention("largest_growth"):
        written, percent = claim.figure.written, claim.figure.growth * 100
        return Reason("size", UsageError("yardstick.growth-too-large", written=written, percent=percent))
    return None


def _unmeasured(reference: Measurement, claim: Claim) -> UsageError | None:
    """Return why the reference protocol does not measure the years of a claim; None where it does."""
    here = set(reference.frame.filter(region=claim.region)["year"].to_list())
    if not here:
        known = reference.frame["region"].unique(maintain_order=True).to_list()
        return UsageError("yardstick.claim-region", region=claim.region, known=known)
    missing = sorted(set(range(claim.start + 1, claim.end + 1)) - here)
    if not missing:
        return None
    years = same(missing[0]) if len(missing) == 1 else span_text(missing[0], missing[-1])
    return UsageError("yardstick.claim-years", claim=claim.where(), years=years, first=min(here) - 1, last=max(here))


UNJUDGED = "unjudged"

TYPES = {
    **dict.fromkeys(("reference", "lowest", "highest", "protocol_growth"), pl.Float64),
    **dict.fromkeys(("own_growth", "method_part", "data_part", "band_low", "band_high"), pl.Float64),
    **dict.fromkeys(("protocol", "departure_count"), pl.Int64),
    **dict.fromkeys(
        ("scope", "method", "rate", "stated", "reason", "departures", "older_vintages", "flags"), pl.String
    ),
    **dict.fromkeys(("own_choices", "own_left", "grade"), pl.String),
}


def unjudged(claim: Claim, why: Reason | None) -> dict[str, Any]:
    """Return the row of a claim of which no verdict is known, in the order of the columns."""
    return {
        "region": claim.region,
        "start": claim.start,
        "end": claim.end,
        "written": claim.figure.written,
        "growth": float(claim.figure.growth),
        "rounding": float(claim.figure.rounding),
        "source": claim.source,
        "scope": claim.scope,
        "method": claim.method,
        "rate": claim.rate,
        "stated": claim.stated,
        "verdict": UNJUDGED,
        "reason": why.code if why else None,
        "reference": None,
        "lowest": None,
        "highest": None,
        "tried": 0,
        "giving": 0,
        "protocol": None,
        "protocol_growth": None,
        "departures": "",
        "departure_count": None,
        "older_vintages": "",
        "flags": "",
        "own_choices": "",
        "own_left": spelt(claim.choices),
        "own_growth": None,
        "method_part": None,
        "data_part": None,
        "band_low": None,
        "band_high": None,
        "grade": None,
    }


def judged(claim: Claim, item: Judgement, found: Survey, reference: Measurement) -> dict[str, Any]:
    """Return what the verdict puts into the row of a claim."""
    # the marks of the figures that the reference answer rests on
    inside = (pl.col("region") == claim.region) & pl.col("year").is_between(claim.start + 1, claim.end)
    words = reference.frame.filter(inside)["flags"].str.split(";").explode().unique().sort()
    return {
        "verdict": item.verdict,
        "reference": item.reference,
        "lowest": item.lowest,
        "highest": item.highest,
        "tried": item.tried,
        "giving": item.giving.size,
        "protocol": item.nearest,
        "protocol_growth": float(item.growth[item.nearest]),
        "departures": found.labels(np.array([item.nearest]))[0],
        "departure_count": int(found.departures[item.nearest]),
        "older_vintages": ";".join(item.older),
        "flags": ";".join(word for word in words.to_list() if word),
    }


def owned(claim: Claim, made: Own, reference: float) -> dict[str, Any]:
    """Return what our data give under the choices that the source states, and what that explains of the difference."""
    growth, kept = made.growth(claim.choices, claim.region, claim.start, claim.end)
    if growth is None:
        return {}
    return {
        "own_choices": spelt(kept),
        "own_left": spelt({path: value for path, value in claim.choices.items() if path not in kept}),
        "own_growth": growth,
        "method_part": growth - reference,
        "data_part": claim.growth - growth,
    }


def trusted(claim: Claim, reference: Measurement, estimates: Bands | None) -> dict[str, Any]:
    """Return how far the reference growth may be trusted: its band where inputs are estimated, and its grade."""
    place = {"region": claim.region, "start": claim.start, "end": claim.end}
    told: dict[str, Any] = {}
    if estimates is not None:
        band = (
            estimates.frame.filter(component=TOGETHER, **place).fill_nan(None).drop_nulls("low").select("low", "high")
        )
        told |= dict(zip(("band_low", "band_high"), band.row(0), strict=True)) if band.height else {}
    if "grade" in reference.periods.columns:
        graded = reference.periods.filter(**place)["grade"].to_list()
        told |= {"grade": graded[0]} if graded else {}
    return told


_KEY = {"region": pl.String, "start": pl.Int64, "end": pl.Int64, "source": pl.String, "order": pl.Int64}
Ordered = Sequence[tuple[Claim, Judgement, Survey]]


def protocols(judged: Ordered) -> pl.DataFrame:
    """Return the protocols that give each claim."""
    schema = {**_KEY, "number": pl.Int64, "departures": pl.String, "departure_count": pl.Int64, "vintage": pl.String}
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
                # -1, the current data, is the last
                "vintage": [[*found.vintages, ""][at] for at in found.vintage[item.giving].tolist()],
                "growth": item.growth[item.giving],
            },
            schema={**schema, "growth": pl.Float64},
        )
        for claim, item, found in judged
    ]
    return pl.concat(frames) if frames else pl.DataFrame(schema={**schema, "growth": pl.Float64})


def departures(judged: Ordered) -> pl.DataFrame:
    """Return what each departure contributes."""
    schema = {**_KEY, "number": pl.Int64, "parameter": pl.String, "reference": pl.String, "value": pl.String}
    rows = [
        (claim.region, claim.start, claim.end, claim.source, order, number, *astuple(part))
        for claim, item, _ in judged
        for order, (number, found) in enumerate(item.parts.items(), start=1)
        for part in found
    ]
    return pl.DataFrame(rows, schema={**schema, "contribution": pl.Float64}, orient="row")
