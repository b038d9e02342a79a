"""Coverage: what could be computed and what could not, and what does not add up in the figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.finding import Finding, finding
from xinzhi.core.text import Text, words
from xinzhi.data import Package
from xinzhi.sources.assumptions import Assumptions
from xinzhi.sources.best_practice import Parts
from xinzhi.sources.detail import Detail, Measured
from xinzhi.sources.given import TABLE
from xinzhi.sources.identity import Accounts

_SHOWN = 8


def coverage(
    detail: Detail, parts: Parts, assume: Assumptions, refused: Sequence[Text], outside: Sequence[str] = ()
) -> pl.DataFrame:
    """Return ``quantity, status, reason_zh, reason_en``, one row per quantity."""
    seen = np.isfinite(parts.within)
    level = _reason(detail.level)
    moved = "not_computed" if detail.level == "total" else "computed"
    rows = [
        _front("breakthrough", detail, parts.breakthrough, seen),
        ("allocation_capital", moved, level),
        ("allocation_labour", moved, level),
        _front("upgrading_traditional", detail, parts.traditional, seen),
        _emerging(detail, parts, seen, outside),
        ("human_capital", *_skill(detail)),
        ("labour_shares", *_shares(detail, assume)),
        ("gross_output", *_gross(detail)),
    ]
    rows += [("finer_detail", "not_computed", _reason("finer", why=why)) for why in refused]
    return pl.DataFrame(
        [
            {"quantity": name, "status": status, "reason_zh": text.zh, "reason_en": text.en}
            for name, status, text in rows
        ]
    )


def _front(name: str, detail: Detail, values: FloatArray, seen: BoolArray) -> tuple[str, str, Text]:
    """Return how far a part that needs the frontier is known."""
    known = np.isfinite(values) & seen
    if not known.any():
        return name, "not_computed", _reason("lone" if detail.comparable else "indices")
    if (seen & ~known).any():
        return name, "partly", _reason("lone")
    return name, "computed", _reason(detail.level)


def _emerging(detail: Detail, parts: Parts, seen: BoolArray, outside: Sequence[str]) -> tuple[str, str, Text]:
    """Return what stands behind the upgrading of emerging industries."""
    name = "upgrading_emerging"
    if parts.mask.any():
        known = _front(name, detail, parts.emerging, seen)
        if not outside or known[1] != "computed":
            return known
        codes = ", ".join(outside[:_SHOWN]) + (", ..." if len(outside) > _SHOWN else "")
        return name, "partly", _reason("some_emerging", codes=codes)
    return name, "not_computed", _reason("no_emerging" if detail.level == "industry" else "no_detail")


def _skill(detail: Detail) -> tuple[str, Text]:
    """Say whose human capital it is."""
    regional = detail.human_capital.strides[0] == 0 or detail.level == "total"
    if regional:
        return "partly", _reason("regional_skill")
    return "computed", _reason("own_skill")


def _shares(detail: Detail, assume: Assumptions) -> tuple[str, Text]:
    """Say where the labour shares of the industries come from."""
    if detail.labour_share is not None:
        return "computed", _reason("own_shares")
    if assume["shares"] == "common":
        return "partly", _reason("common_shares")
    return "partly", _reason("sector_shares")


def _gross(detail: Detail) -> tuple[str, Text]:
    """Say whether residuals are on gross output."""
    if detail.gross is not None:
        return "computed", _reason("gross")
    return "not_computed", _reason("no_gross")


def findings(
    data: Package, measured: Measured, detail: Detail, accounts: Accounts, assume: Assumptions
) -> tuple[Finding, ...]:
    """Return what does not add up: one finding per region and series, at its worst year."""
    # Levels are those of output at current prices, employment and capital against the region's totals; growth is that
    # of real output.
    if detail.level == "total":
        return ()
    table = TABLE if detail.level == "industry" else "sector_accounts"
    seen = np.isfinite(accounts.within)
    found = [
        one
        for name, gap in detail.gaps.items()
        for one in _worst(data, measured, table, np.expm1(gap), seen, (name, assume["level_limit"]))
    ]
    growth = _worst(data, measured, table, accounts.output_gap, seen, ("growth", assume["gap_limit"]))
    return (*found, *growth)


_COLUMNS = {"output": "output_nominal", "labour": "employment", "capital": "capital", "growth": "output_real"}
_RULES = {
    "output": "industries-do-not-add-up",
    "labour": "labour-does-not-add-up",
    "capital": "capital-does-not-add-up",
    "growth": "growth-does-not-add-up",
}


def _worst(
    data: Package, measured: Measured, table: str, gap: FloatArray, seen: BoolArray, rule: tuple[str, float]
) -> list[Finding]:
    """Return a finding for every region whose gap passes the limit in a year that was decomposed."""
    name, limit = rule
    size = np.where(seen & np.isfinite(gap), np.abs(gap), 0.0)
    out = []
    for row in np.flatnonzero((size > limit).any(axis=1)).tolist():
        at = int(size[row].argmax())
        year, region = int(measured.panel.years[at]), measured.panel.regions[row]
        count = int((size[row] > limit).sum())
        worst = float(gap[row, at])
        out.append(
            finding(
                f"sources.{_RULES[name]}",
                words={"gap": worst, "count": count, "limit": limit},
                table=table,
                file=data.origins[table].file if table in data.origins else None,
                column=_COLUMNS[name],
                key=f"{region}/{year}",
                value=f"{worst:+.4f}",
            )
        )
    return out


def _reason(key: str, **values: object) -> Text:
    return words(f"sources.reason.{key}", **values)
