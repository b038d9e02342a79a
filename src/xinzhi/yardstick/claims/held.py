"""What every claim is held to: the measurement of its region or of the nation, or why it cannot be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same, span_text
from xinzhi.data import NATION, Package, names_of, nation_codes
from xinzhi.protocol import Protocol
from xinzhi.yardstick.claims.figures import ACCOUNTS, WHOLE, Claim, convention
from xinzhi.yardstick.measure import measure
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.nation import measure_nation


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
