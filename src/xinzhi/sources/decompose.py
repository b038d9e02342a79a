"""The verb `decompose`: the three sources of every region's residual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from xinzhi import words
from xinzhi.core.arrays import BoolArray
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Provenance
from xinzhi.core.text import Text, same
from xinzhi.data import Package, as_package, names_of
from xinzhi.protocol import Protocol
from xinzhi.sources.assumptions import Assumptions, Emerging, assumptions, catalogue, emerging_mask
from xinzhi.sources.best_practice import Parts, best_practice, industry_accounts
from xinzhi.sources.detail import Detail, Level, MeasuredInputs, of_totals
from xinzhi.sources.given import TABLE, from_industries, from_sectors
from xinzhi.sources.result import Sources
from xinzhi.sources.tables import (
    coverage,
    cumulative,
    findings,
    group_frame,
    industry_frame,
    input_frame,
    omitted_frame,
    period_means,
    region_frame,
    with_measured_flags,
    with_productivity_index,
)
from xinzhi.yardstick import Measurement, measure
from xinzhi.yardstick.internal import (
    DEFAULT_PROTOCOL,
    GrowthAccounts,
    account,
    build_inputs,
    require_value_added,
    require_yearly,
)

LEVELS = ("industry", "sector", "total")
_BRANCHES = "branch_output"


def decompose(
    package: Package | str | Path | Mapping[str, object],
    protocol: Protocol | str | Path = DEFAULT_PROTOCOL,
    emerging: Emerging = (),
    *,
    detail: Level | None = None,
    assume: Mapping[str, object] | None = None,
    frontier: object | None = None,
    measurement: Measurement | None = None,
) -> Sources:
    """Split the total factor productivity growth of every region into what is measured of its three sources.

    `allocation` is the reallocation of capital and labour between industries, `upgrading` the distance to best practice
    that the region's industries closed, traditional and emerging, `breakthrough` the shift of best practice itself,
    which is much the same in every region.

    Parameters
    ----------
    package, protocol
        As in `measure`.
    emerging
        Codes of the industries that count as emerging, as `Scope.mask` gives them, or the scope itself; or true and
        false for every industry in the order of their codes, or by code. Codes that the decomposition does not have
        stand in `coverage`.
    detail
        ``industry``, ``sector`` or ``total``; by default the finest that the package can fill.
    assume
        Assumptions that depart from the file, such as ``{"shares": "by_sector"}``; see `assumptions`.
    frontier
        The result of a frontier analysis of the same regions and years (or its frame), with ``unit, period,
        efficiency_change, technical_change``, to be shown with_productivity_index.
    measurement
        What `measure` made of the same package, so that it is not measured again; it brings its protocol.

    Returns
    -------
    Sources
        Parts in log points per year that add up to the residual of `measure` in every region-year. Where the data leave
        the labour shares of sectors open, `Sources.alternative` has them under the other assumption that ships.

    Raises
    ------
    UsageError
        When an assumption or the detail is unknown, or none of the emerging industries is there.
    InputError
        When the package lacks what the detail that is asked for needs, or its figures have errors.
    IdentityError
        When the parts do not add up to the measured residual.

    Notes
    -----
    Massell (1961) and Jorgenson, Gollop and Fraumeni (1987) for reallocation; Caves, Christensen and Diewert (1982) for
    levels across regions; Griffith, Redding and Van Reenen (2004) for the frontier and the distance to it.

    Examples
    --------
    >>> from xinzhi.sources import decompose
    >>> result = decompose("china-provinces")
    >>> result.frame.columns[2:7]
    ['tfp_growth', 'breakthrough', 'allocation', 'upgrading_traditional', 'upgrading_emerging']
    >>> result.identity_gap < 1e-12
    True
    """
    data = as_package(package)
    assumed = assumptions(assume)
    result = measure(data, protocol) if measurement is None else measurement
    for name, digest in result.provenance.inputs.items() if measurement is not None else ():
        if name not in data.tables or data.fingerprint(name) != digest:  # a measurement of other figures
            raise UsageError("sources.other-data", name=data.name, other=result.provenance.package)
    rules = result.protocol
    require_value_added(rules, "sources")
    require_yearly(result.panel, "sources")
    measures = result.accounts
    if measures is None:  # a measurement put together by hand
        inputs, _ = build_inputs(result.panel, rules)
        measures = GrowthAccounts(inputs, account(inputs, rules))
    measured = MeasuredInputs(result.panel, rules, measures.inputs, measures.growth, result.price_base)
    industries, refused = _detail(data, measured, assumed, detail)
    if industries.level == "sector" and _BRANCHES in data.tables:
        refused.append(words.sources.reason_branches())
    mask, outside = emerging_mask(industries.names, industries.level, emerging)
    periods = rules.value("reporting.periods")
    industry_names = names_of(data).by_kind.get("industry", {}) if TABLE in data.tables else {}
    sectors = {name: words.sources.sector_of(name) for name in ("1", "2", "3", "total")}
    labels = {code: industry_names.get(code) or sectors.get(code) or same(code) for code in industries.names}

    def split(assumed: Assumptions) -> Sources:
        accounts = industry_accounts(industries, measured, assumed)
        best = best_practice(industries, accounts, assumed)
        parts = Parts.from_accounts(industries, accounts, best, mask)
        frame = with_measured_flags(region_frame(measured, industries, accounts, parts), result)
        groups = group_frame(frame, result)
        return Sources(
            frame=frame,
            industries=industry_frame(measured, industries, accounts, best, parts),
            inputs=input_frame(measured, industries, accounts),
            periods=period_means(frame, periods),
            cumulative=cumulative(frame),
            groups=groups,
            group_periods=period_means(groups, periods),
            coverage=coverage(industries, parts, assumed, refused, outside),
            omitted=omitted_frame(measured, industries, parts),
            beside=None if frontier is None else with_productivity_index(frame, frontier),
            findings=findings(data, measured, industries, accounts, assumed),
            names=Names({**result.names.by_kind, "industry": labels}),
            measurement=result,
            identity_gap=parts.check(measured.growth.tfp_growth),
            kind=data.kind,
            provenance=_provenance(data, result, industries, mask, assumed),
        )

    alternative = _alternative_labour_shares(industries, measured, assumed)
    return replace(split(assumed), alternative=None if alternative is None else split(alternative))


def _alternative_labour_shares(detail: Detail, measured: MeasuredInputs, assume: Assumptions) -> Assumptions | None:
    """Return the assumptions with the other labour shares that ship; None where the data leave no choice."""
    entry, regional_share = catalogue()["shares"], measured.growth.labour_share
    if (
        (regional_share <= 0) | (regional_share >= 1)
    ).any():  # a whole that is all labour or all capital leaves nothing to spread
        return None
    if detail.labour_share is not None or not set(detail.names) <= set(assume["sector_labour_shares"]):
        return None
    (alternative,) = {entry["value"], *entry["alternatives"]} - {assume["shares"]}
    departs = {name: assume[name] for name in assume.departs}
    return assumptions(departs | {"shares": alternative})


def _detail(
    data: Package, measured: MeasuredInputs, assume: Assumptions, requested: Level | None
) -> tuple[Detail, list[Text]]:
    """Return the finest detail that the package fills, and why finer ones were refused."""
    if requested is not None and requested not in LEVELS:
        raise UsageError("sources.unknown-detail", wanted=requested, levels=list(LEVELS))
    refused: list[Text] = []
    for level, table in (("industry", TABLE), ("sector", "sector_accounts")):
        if requested == level or (requested is None and table in data.tables):
            try:
                if level == "industry":
                    return from_industries(data, measured), refused
                return from_sectors(data, measured, assume), refused
            except InputError as error:
                if requested is not None or error.findings:
                    raise
                refused.append(error.text)
    return of_totals(measured), refused


def _provenance(
    data: Package, measured: Measurement, detail: Detail, mask: BoolArray, assume: Assumptions
) -> Provenance:
    """Return where the result came from."""
    tables = {"industry": [TABLE], "sector": ["sector_accounts", "sector_investment"], "total": []}[detail.level]
    return replace(
        measured.provenance,
        verb="sources",
        package=data.name,
        inputs={**measured.provenance.inputs, **{name: data.fingerprint(name) for name in tables}},
        options={
            "detail": detail.level,
            "emerging": [name for name, counts in zip(detail.names, mask.tolist(), strict=True) if counts],
            **{f"assume.{name}": assume[name] for name in assume.departs},
            **measured.provenance.options,
        },
    )
