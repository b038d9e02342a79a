"""The set of regions that the errors of estimated years are learned from, around a package that holds a part of it.

The band of a region must not depend on which others are in its package. So the others come from the package that the
protocol names, and the regions at hand stand in their places among them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray
from xinzhi.core.errors import InputError
from xinzhi.data import load
from xinzhi.protocol import Protocol
from xinzhi.yardstick.estimating import of_declared_set
from xinzhi.yardstick.growth_accounts import GrowthAccounts, account, build_inputs
from xinzhi.yardstick.measurement import Measurement
from xinzhi.yardstick.panel import Panel, read_panel

PARAMETER = "estimates.learned_from"
CLOSE = 1e-9  # of the same region among all and alone


@dataclass(frozen=True, slots=True)
class Ground:
    """What bands stand on: the panel with its accounts, and the one that errors are learned from.

    `told` are the regions of the package where it holds a part of the declared set only; None where it is whole.
    `source` is the package that errors are learned from, `read` the fingerprints of its tables.
    """

    panel: Panel
    accounts: GrowthAccounts
    learned: Panel
    rules: Protocol
    periods: pl.DataFrame
    told: tuple[str, ...] | None
    source: str
    read: Mapping[str, str]

    @property
    def learned_from(self) -> str:
        """The package that errors are learned from, with a digest of the tables that they were learned from."""
        digest = hashlib.sha256(json.dumps(sorted(self.read.items())).encode()).hexdigest()
        return f"{self.source}@{digest[:12]}"


def ground(measurement: Measurement, accounts: GrowthAccounts) -> Ground:
    """Return what the bands of a measurement stand on."""
    panel, rules, own = measurement.panel, measurement.protocol, str(measurement.provenance.package)
    itself = Ground(panel, accounts, panel, rules, measurement.periods, None, own, panel.read)
    if not is_part(panel, rules) or not rules.declares(PARAMETER):
        return itself
    name = str(rules.value(PARAMETER))
    package = load(name)
    others = read_panel(package)
    if panel.assets != others.assets or set(rules.regions) - set(others.regions):
        return itself
    whole = among(panel, others)
    inputs, _ = build_inputs(whole, rules)
    made = GrowthAccounts(inputs, account(inputs, rules))
    elsewhere = ~np.isin(whole.regions, panel.regions)
    if not np.isfinite(made.growth.tfp_growth[elsewhere]).any(axis=1).all():
        raise InputError("yardstick.others-not-measured", package=name, id=rules.id)
    _refuse_another_figure(panel, accounts, whole, made)
    return Ground(whole, made, others, rules, measurement.periods, panel.regions, name, others.read)


def is_part(panel: Panel, protocol: Protocol) -> bool:
    """Return whether a package holds some regions of the declared set, and not all."""
    return of_declared_set(panel, protocol) and set(panel.regions) != set(protocol.regions)


def among(panel: Panel, others: Panel) -> Panel:
    """Return the panel of the others with the regions of a package in their places, in the years of the others."""
    rows = np.array([others.region_index(region) for region in panel.regions])
    years = panel.years[np.isin(panel.years, others.years)]
    to, out = years - others.years[0], years - panel.years[0]

    def put(theirs: FloatArray, ours: FloatArray | None) -> FloatArray:
        made = np.array(theirs)
        made[..., rows, :] = np.nan
        if ours is not None:
            made[..., rows[:, None], to] = ours[..., out]
        return made

    def mark(theirs: BoolArray | None, ours: BoolArray | None, shape: tuple[int, ...]) -> BoolArray:
        made = np.zeros(shape, dtype=np.bool_) if theirs is None else np.array(theirs)
        made[..., rows, :] = False
        if ours is not None:
            made[..., rows[:, None], to] = ours[..., out]
        return made

    marks = {
        name: mark(others.unofficial.get(name), panel.unofficial.get(name), _shape(name, others, panel))
        for name in {*others.unofficial, *panel.unofficial}
    }
    return replace(
        others,
        accounts={name: put(theirs, panel.accounts.get(name)) for name, theirs in others.accounts.items()},
        investment={name: put(theirs, panel.investment.get(name)) for name, theirs in others.investment.items()},
        vintages={name: put(theirs, panel.vintages.get(name)) for name, theirs in others.vintages.items()},
        unofficial=marks,
        preliminary=mark(others.preliminary, panel.preliminary, others.shape),
        breaks=mark(others.breaks, panel.breaks, others.shape),
    )


def _shape(name: str, others: Panel, panel: Panel) -> tuple[int, ...]:
    """Return the shape of a mask that the others may lack."""
    known = others.unofficial.get(name)
    if known is not None:
        return known.shape
    return (*panel.unofficial[name].shape[:-2], *others.shape)


def _refuse_another_figure(panel: Panel, accounts: GrowthAccounts, whole: Panel, made: GrowthAccounts) -> None:
    """Refuse where a region would have another figure among the others than alone."""
    for row, region in enumerate(panel.regions):
        alone = accounts.growth.tfp_growth[row][np.isin(panel.years, whole.years)]
        years = np.isin(whole.years, panel.years)
        there = made.growth.tfp_growth[whole.region_index(region)][years]
        known = np.isfinite(alone)
        if not (np.abs(alone - there)[known] <= CLOSE).all():
            raise InputError("yardstick.band-of-another-figure", region=region)
