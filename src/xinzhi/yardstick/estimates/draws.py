"""Growth of total factor productivity as it may have been: the accounts of estimated years under drawn errors.

Relative errors of investment are drawn for all regions at once: the years in which they were made in blocks, the
regions that made them exchanged, each scaled to the region that receives it. The sum keeps to the control total.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth
from xinzhi.core.errors import UsageError
from xinzhi.core.inventory import Timing, at_timing
from xinzhi.protocol import Protocol
from xinzhi.yardstick.breaking import link
from xinzhi.yardstick.capital import depreciation_rates, investment
from xinzhi.yardstick.estimates.errors import Errors, Exchange, closing_errors, conventions
from xinzhi.yardstick.estimating import common_end, estimated_cells
from xinzhi.yardstick.growth_accounts import Inputs, account, build_inputs
from xinzhi.yardstick.inputs import deflator, labour_share, quality
from xinzhi.yardstick.panel import TOTAL_ASSET, Panel

INVESTMENT, PRICE, SHARE, SCHOOLING, EMPLOYMENT = (
    "investment",
    "investment_price",
    "labour_share",
    "schooling",
    "employment",
)
DRIFT, REVISION, RECOUNT = "control_total", "output_revision", "employment_revision"
ESTIMATED = (INVESTMENT, PRICE, SHARE, SCHOOLING, EMPLOYMENT)
EVERYTHING = (*ESTIMATED, DRIFT, REVISION, RECOUNT)


def generator(protocol: Protocol, *more: int) -> np.random.Generator:
    """Return random numbers that depend on the seed of the protocol and nothing else.

    Other data or another value of a parameter then move a band by what they are worth, not by other draws.
    """
    return np.random.default_rng([int(protocol.value("estimates.seed")), *more])


@dataclass(frozen=True, slots=True)
class Path:
    """The accounts of the last official year and the estimated years `(R, H + 1)` as the rules make them.

    `real` is investment, `worth` what a unit of it counts in the control total, `cells` where it is estimated;
    `survival` the part of the stock that outlives a year `(H + 1,)`; `rows` the regions with every year.
    """

    rows: IntArray
    at: IntArray
    inputs: Inputs
    real: FloatArray
    worth: FloatArray
    cells: BoolArray
    by_price: bool
    survival: FloatArray
    timing: Timing

    @property
    def shape(self) -> tuple[int, int]:
        """Number of regions and of estimated years."""
        return len(self.rows), len(self.at) - 1


def path(panel: Panel, protocol: Protocol, end: int) -> Path:
    """Return the accounts from the last official year to the position `end`, built by the builders of the yardstick."""
    # refuse yardsticks whose capital is not one stock that falls at a rate
    rules = set(protocol.values("capital.depreciation_rule", panel.years))
    if protocol.value("capital.measure") != "stock" or rules != {"geometric"} or panel.assets != (TOTAL_ASSET,):
        raise UsageError("yardstick.bands-need-one-stock", id=protocol.id)
    at = np.arange(common_end(panel), end + 1)
    inputs, _ = build_inputs(panel, protocol)
    rows = np.flatnonzero(inputs.complete()[:, at].all(axis=1))
    invested = investment(panel, protocol, deflator(panel), list(panel.assets))
    real, price = invested.real[0][np.ix_(rows, at)], invested.price[0][np.ix_(rows, at)]
    by_volume = protocol.choice("estimates.control_total") == "national_volume"
    rate = depreciation_rates(panel, protocol, invested.assets)[0, 0, at]
    levels: dict[str, Any] = {name: values[np.ix_(rows, at)] for name, values in inputs.levels().items()}
    return Path(
        rows=rows,
        at=at,
        inputs=Inputs(**levels),
        real=real,
        worth=np.broadcast_to(price[:, :1], price.shape) if by_volume else price,
        cells=estimated_cells(panel)[np.ix_(rows, at)],
        by_price=by_volume,
        survival=1 - rate,
        timing=protocol.value("capital.timing"),
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What the draws change, in logs, each `(B, R, H)` or `(B, 1, H)` over the estimated years; None where nothing."""

    investment: FloatArray | None = None
    price: FloatArray | None = None
    control: FloatArray | None = None
    share: FloatArray | None = None
    schooling: FloatArray | None = None
    employment: FloatArray | None = None
    output: FloatArray | None = None
    recount: FloatArray | None = None


PARTS = {name: name for name in (INVESTMENT, SCHOOLING, EMPLOYMENT)} | {
    PRICE: "price",
    SHARE: "share",
    DRIFT: "control",
    REVISION: "output",
    RECOUNT: "recount",
}


BLOCK, CELLS = 500, 15_500  # draws, and regions in them, that are held in memory at once
_AT_ONCE = 1_000_000  # changes of a part, up to which it is made once for all components
Part = Callable[[slice], FloatArray]


@dataclass(frozen=True, slots=True)
class Draws:
    """The random numbers of every part that moves anything, which give its changes for some of the draws at a time."""

    count: int
    parts: Mapping[str, Part]

    def changes(self, components: Collection[str] = EVERYTHING, at: slice = slice(None)) -> Changes:
        """Return what some components change in some of the draws, in all where no slice is given."""
        names = {PARTS[component] for component in components}
        return Changes(**{name: part(at) for name, part in self.parts.items() if name in names})


def draw(
    panel: Panel,
    protocol: Protocol,
    projection: Path,
    errors: Errors,
    count: int,
    rng: np.random.Generator,
    *,
    learned: Panel | None = None,
) -> Draws:
    """Draw the errors of every estimated input, `count` times; `learned` has the past where the panel has a part."""
    past = panel if learned is None else learned
    regions, years = projection.shape
    source = _blocks(rng, len(errors.years), (count, years), int(protocol.value("estimates.block")))
    donors = np.flatnonzero(errors.investment.complete)
    pool = np.resize(donors, max(len(panel.regions), len(donors)))
    giver = rng.permuted(np.broadcast_to(pool, (count, len(pool))), axis=1)[:, : len(panel.regions)][:, projection.rows]
    after = projection.cells[:, 1:]
    freedom = len(errors.years) + float(protocol.value("estimates.shrinkage"))
    tail = np.sqrt(freedom / rng.chisquare(freedom, (count, regions)))
    widening = float(protocol.value("estimates.widening"))

    def invested(at: slice) -> FloatArray:
        steps = _donor_errors(errors.investment, giver[at], source[at], projection.rows)
        return -np.cumsum(steps * (tail[at] * widening)[:, :, None] * after, axis=2)

    parts = {
        "investment": invested,
        "price": _prices(panel, protocol, projection, errors, giver, source),
        "control": lambda at: -np.cumsum(errors.drift[source[at]], axis=1)[:, None, :],
        "share": _shares(panel, protocol, projection, errors, source),
        "schooling": _schooling(panel, past, protocol, projection, giver, rng),
        "employment": _employment(panel, protocol, projection, count, rng),
        "output": _revisions(past, projection, count, giver, rng),
        "recount": _recounts(panel, past, protocol, projection, giver, rng),
    }
    keep = _remembered if count * regions * years <= _AT_ONCE else lambda part: part
    return Draws(count, {name: keep(part) for name, part in parts.items() if part is not None})


def _remembered(part: Part) -> Part:
    """Return a part that makes the changes of the same draws once."""
    of_draws = cache(lambda start, stop: part(slice(start, stop)))
    return lambda at: of_draws(at.start, at.stop)


def _blocks(rng: np.random.Generator, length: int, shape: tuple[int, int], block: int) -> IntArray:
    """Draw positions `(B, H)` of source years in blocks of neighbours (Künsch 1989)."""
    count, years = shape
    out = np.empty(shape, dtype=np.int64)
    block = min(block, length)
    for first in range(0, years, block):
        size = min(block, years - first)
        out[:, first : first + size] = rng.integers(0, length - size + 1, count)[:, None] + np.arange(size)
    return out


def _donor_errors(errors: Exchange, giver: IntArray, source: IntArray, rows: IntArray) -> FloatArray:
    """Return the errors `(B, R, H)` that regions take from others in the source years, at their own scale."""
    shocks: FloatArray = errors.standard[giver[:, :, None], source[:, None, :]] * errors.scale[rows][:, None]
    return shocks


def _prices(
    panel: Panel, protocol: Protocol, projection: Path, errors: Errors, giver: IntArray, source: IntArray
) -> Part | None:
    """Return what the proxies of the price may have missed: of retail prices for some years, of the deflator later."""
    proxy = panel.marked("investment_price")[0]
    if not proxy[:, projection.at[1:]].any():
        return None
    used = proxy[np.ix_(projection.rows, projection.at[1:])]
    last = np.flatnonzero((~proxy & np.isfinite(panel.investment["investment_price"][0])).any(axis=0))[-1]
    early = projection.at[1:] <= last + int(protocol.value("estimates.retail_years"))
    # A region without an official index ever (Tibet) is taken to err only where the others' index has ended, too.
    used &= projection.at[1:] > last
    phases = [
        (kind, common, np.flatnonzero(when))
        for kind, common, when in zip(errors.price, errors.common, (early, ~early), strict=True)
        if (used & when).any()
    ]

    def part(at: slice) -> FloatArray:
        step = np.zeros((*giver[at].shape, projection.shape[1]))
        for kind, common, columns in phases:
            when = source[at][:, columns]
            regional = _donor_errors(kind, giver[at], when, projection.rows) if kind.complete.any() else 0.0
            step[:, :, columns] = common[when[:, None, :]] + np.where(np.isfinite(regional), regional, 0.0)
        return np.cumsum(step * used, axis=2)

    return part


def _shares(panel: Panel, protocol: Protocol, projection: Path, errors: Errors, source: IntArray) -> Part | None:
    """Return how far the labour share may have moved since it was last observed."""
    if protocol.value("shares.rule") == "constant":
        return None
    steps = errors.share[projection.rows]
    if (steps == steps[:1]).all():
        steps = steps[:1]
    # the last year in which the share moves: after it the share is carried
    series, nothing = labour_share(panel, protocol), np.zeros(panel.shape, dtype=np.bool_)
    carried = series.marks.get("carried:labour_share", nothing) | series.marks.get("proxy:labour_share", nothing)
    observed = np.flatnonzero(~carried.all(axis=0))
    last = int(observed[-1]) if observed.size else panel.shape[1]
    unobserved = projection.at[1:] > last
    return lambda at: np.cumsum(np.where(unobserved, steps.T[source[at]].transpose(0, 2, 1), 0.0), axis=2)


def _schooling(
    panel: Panel, past: Panel, protocol: Protocol, projection: Path, giver: IntArray, rng: np.random.Generator
) -> Part | None:
    """Return log human capital as it may have become, less that of the path: what all regions share, and the rest.

    The rest are whole windows of past changes, regions exchanged; what all share decides on the sum of the regions.
    """
    observed = np.isfinite(past.account("schooling"))
    if not observed.any() or protocol.value("labour.quality") != "schooling":
        return None
    observed_years = np.flatnonzero(observed.any(axis=0))
    first, last = int(observed_years[0]), int(observed_years[-1])
    length = int(projection.at[-1]) - last
    if length <= 0:
        return None
    level = np.log(quality(past, protocol).values)
    starts = np.arange(first, last - length + 1)
    if not starts.size:
        return None
    windows = np.stack(
        [level[:, start + 1 : start + length + 1] - level[:, start : start + 1] for start in starts], axis=1
    )
    relative = windows - windows.mean(axis=0)
    square = (relative[:, :, -1] ** 2).mean(axis=1)
    shrinkage = float(protocol.value("estimates.shrinkage"))
    scale = np.sqrt((len(starts) * square + shrinkage * np.median(square)) / (len(starts) + shrinkage))
    pick = rng.integers(0, len(starts), len(giver))
    standard = relative / np.where(scale > 0, scale, 1.0)[:, None, None]
    common = _common_schooling(np.diff(level[:, first : last + 1].mean(axis=0)), protocol, (len(giver), length), rng)
    tail = projection.at[1:] > last
    base = level if past is panel else np.log(quality(panel, protocol).values)
    path_level = np.log(projection.inputs.human_capital)[:, 1:][:, tail] - base[projection.rows, last][:, None]

    def part(at: slice) -> FloatArray:
        gain = common[at][:, None, :] + standard[giver[at], pick[at][:, None]] * scale[projection.rows][:, None]
        change = np.zeros((*giver[at].shape, projection.shape[1]))
        change[:, :, tail] = gain[:, :, -int(tail.sum()) :] - path_level
        return change

    return part


def _common_schooling(
    yearly: FloatArray, protocol: Protocol, shape: tuple[int, int], rng: np.random.Generator
) -> FloatArray:
    """Return paths `(B, H)` of what all regions share, from its past yearly changes `(n,)`.

    The drift is that of the years of the rule. Around it move the deviations of past years, in blocks, and the drift
    itself, which so few years do not tell exactly: a mean of m years is off by their deviation over the root of m.
    """
    n = len(yearly)
    if n == 1:
        return np.cumsum(np.broadcast_to(yearly.mean(), shape), axis=1)
    m = min(int(protocol.value("estimates.schooling_years")), n)
    rest = (yearly - yearly.mean()) * np.sqrt(n / (n - 1))
    source = _blocks(rng, n, shape, int(protocol.value("estimates.block")))
    tail = np.sqrt((n - 1) / rng.chisquare(n - 1, (shape[0], 1)))
    ahead = np.arange(1, shape[1] + 1)
    unsure = rng.standard_normal((shape[0], 1)) * np.sqrt((rest**2).mean() / m) * ahead
    return np.asarray(yearly[-m:].mean() * ahead + (np.cumsum(rest[source], axis=1) + unsure) * tail)


def _employment(
    panel: Panel, protocol: Protocol, projection: Path, count: int, rng: np.random.Generator
) -> Part | None:
    """Return how far the growth of a mended year may lie from that of the other regions, as theirs do."""
    _, linked = link(panel, protocol, panel.account("employment"))
    mended = linked[np.ix_(projection.rows, projection.at[1:])]
    if not mended.any():
        return None
    growth = log_growth(panel.account("employment"))[np.ix_(projection.rows, projection.at[1:])]
    usable = ~mended & ~panel.breaks[np.ix_(projection.rows, projection.at[1:])] & np.isfinite(growth)
    mean = np.where(usable, growth, 0.0).sum(axis=0) / np.maximum(usable.sum(axis=0), 1)
    pool = (growth - mean)[usable]
    row, column = np.nonzero(mended)
    jumps = rng.choice(pool, (count, len(row)))

    def part(at: slice) -> FloatArray:
        steps = np.zeros((len(jumps[at]), *projection.shape))
        steps[:, row, column] = jumps[at]
        return np.cumsum(steps, axis=2)

    return part


def _revisions(panel: Panel, projection: Path, count: int, giver: IntArray, rng: np.random.Generator) -> Part | None:
    """Return revisions of output as the last economic census made them: windows of its years, regions exchanged."""
    if not {"census4", "census5"} <= set(panel.vintages):
        return None
    revised = panel.vintages["census5"] - panel.vintages["census4"]
    revised_years = np.flatnonzero(np.isfinite(revised).all(axis=0) & (revised != 0).any(axis=0))
    if not revised_years.size:
        return None
    past, years = revised[:, revised_years], projection.shape[1]
    start = rng.integers(0, max(len(revised_years) - years, 0) + 1, count)
    when = np.minimum(start[:, None] + np.arange(years), len(revised_years) - 1)
    return lambda at: np.cumsum(past[giver[at][:, :, None], when[at][:, None, :]], axis=2)


def _recounts(
    panel: Panel, past: Panel, protocol: Protocol, projection: Path, giver: IntArray, rng: np.random.Generator
) -> Part | None:
    """Return what the next census may revise of employment: the errors that the last one closed, regions exchanged.

    The error of a region grows evenly from one census to the next. Nobody knows which way the next one goes, so that
    the errors of a draw have one sign in all regions together.
    """
    terms, closing = conventions()["employment_revision"], closing_errors(past, protocol)
    if closing is None:
        return None
    _, linked = link(panel, protocol, panel.account(EMPLOYMENT))
    # A region that came to the base of the last census by a break, and not by a revision, was extrapolated until then.
    unrevised = linked[projection.rows][:, np.isin(panel.years, terms["last"])].any(axis=1, keepdims=True)
    unsettled = unrevised | (panel.years[projection.at[1:]] > terms["last"][0])
    years = terms["closes"][0] - terms["before"]
    sign = rng.choice((-1.0, 1.0), (len(giver), 1))

    def part(at: slice) -> FloatArray:
        yearly = terms["spread"] * closing[giver[at]] / years
        return np.cumsum((sign[at] * yearly)[:, :, None] * unsettled, axis=2)

    return part


def drawn_growth(
    projection: Path, protocol: Protocol, draws: Draws, components: Collection[str]
) -> Iterator[FloatArray]:
    """Yield growth of TFP `(b, R + 1, H)` under some components, some draws at a time.

    What is made of few draws is written to the same little memory again; thousands of regions then need no more of it.
    """
    size = max(1, min(BLOCK, CELLS // max(len(projection.rows), 1)))
    for first in range(0, draws.count, size):
        at = slice(first, min(first + size, draws.count))
        growth = tfp_growth(projection, protocol, draws.changes(components, at))
        yield np.broadcast_to(growth, (at.stop - at.start, *growth.shape[1:]))


def tfp_growth(projection: Path, protocol: Protocol, changes: Changes) -> FloatArray:
    """Return growth of TFP `(B, R + 1, H)` under the changes, the sum of the regions last."""
    stock = _stock(projection, _real(projection, changes))
    base = projection.inputs

    def moved(level: FloatArray, change: FloatArray | None) -> FloatArray:
        if change is None:
            return level[None]
        out = np.repeat(level[None], len(change), axis=0)
        out[:, :, 1:] *= np.exp(change)
        return out

    output, labour = (
        moved(base.output, changes.output),
        moved(base.labour, _sum_of_changes(changes.employment, changes.recount)),
    )
    quality, share = moved(base.human_capital, changes.schooling), base.labour_share[None]
    if changes.share is not None:
        share = np.repeat(share[:, :1] if (share == share[:, :1]).all() else share, len(changes.share), axis=0)
        share[:, :, 1:] += changes.share
    regional = _growth(protocol, output, stock, labour, quality, share)
    persons, total = labour.sum(axis=1, keepdims=True), output.sum(axis=1, keepdims=True)
    aggregate = _growth(
        protocol,
        total,
        stock.sum(axis=1, keepdims=True),
        persons,
        (quality * labour).sum(axis=1, keepdims=True) / persons,
        (share * output).sum(axis=1, keepdims=True) / total,
    )
    count = max(len(regional), len(aggregate))
    return np.concatenate(
        [np.broadcast_to(growth, (count, *growth.shape[1:])) for growth in (regional, aggregate)], axis=1
    )


def _real(projection: Path, changes: Changes) -> FloatArray:
    """Return real investment `(B, R, H + 1)` of the draws, the sum at the control total in every one."""
    if changes.investment is None and changes.price is None and changes.control is None:
        return projection.real[None]
    logs = 0.0 if changes.investment is None else changes.investment
    priced = logs if changes.price is None else logs - changes.price
    factor = np.exp(priced)
    counted = factor if projection.by_price else np.exp(logs)
    worth, cells = (projection.real * projection.worth)[:, 1:], projection.cells[:, 1:]
    target = worth.sum(axis=0) * (1.0 if changes.control is None else np.exp(changes.control[:, 0]))
    official = np.where(cells, 0.0, worth * counted).sum(axis=-2)
    scale = (target - official) / np.where(cells, worth * counted, 0.0).sum(axis=-2)
    estimates = projection.real[:, 1:] * factor * np.where(cells, np.asarray(scale)[..., None, :], 1.0)
    first = np.broadcast_to(projection.real[:, :1], (*estimates.shape[:-1], 1))
    return np.concatenate([first, estimates], axis=-1)


def drawn_capital(projection: Path, changes: Changes) -> tuple[FloatArray, FloatArray]:
    """Return the stock and real investment of the last year `(B, R)` under the changes."""
    real = _real(projection, changes)
    return _stock(projection, real)[..., -1], real[..., -1]


def _sum_of_changes(first: FloatArray | None, second: FloatArray | None) -> FloatArray | None:
    """Return the sum of two changes, of which either may be none."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _stock(projection: Path, real: FloatArray) -> FloatArray:
    """Return the stock `(B, R, H + 1)`: that of the path, and what the change of investment adds to it."""
    added = np.zeros(real.shape)
    change = real - projection.real
    for year in range(1, real.shape[-1]):
        added[..., year] = projection.survival[year] * added[..., year - 1] + change[..., year]
    difference = at_timing(added, projection.timing)
    difference[..., 0] = 0.0
    return np.asarray(projection.inputs.capital + difference)


def _growth(
    protocol: Protocol,
    output: FloatArray,
    capital: FloatArray,
    labour: FloatArray,
    quality: FloatArray,
    share: FloatArray,
) -> FloatArray:
    """Return growth of TFP over the last axis, without its first year: that of `account`, without its checks."""
    if protocol.value("index.formula") != "tornqvist" or protocol.choice("shares.averaging") == "current":
        output, capital, labour, quality, share = np.broadcast_arrays(output, capital, labour, quality, share)
        return account(Inputs(output, capital, labour, quality, share), protocol).tfp_growth[..., 1:]
    weight = (share[..., 1:] + share[..., :-1]) / 2
    machines = np.diff(np.log(capital), axis=-1)
    work = np.diff(np.log(labour), axis=-1) + np.diff(np.log(quality), axis=-1)
    return np.asarray(np.diff(np.log(output), axis=-1) - machines - weight * (work - machines))
