"""Every admissible protocol at once: each input is built once per distinct branch, and combined as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from xinzhi import words
from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth, year_before
from xinzhi.core.errors import XinzhiError
from xinzhi.core.index_numbers import Formula
from xinzhi.core.labour import two_year_mean
from xinzhi.core.parameters import setting
from xinzhi.core.text import Text
from xinzhi.protocol import Protocol
from xinzhi.yardstick import capital as capitals
from xinzhi.yardstick import inputs as inputs_
from xinzhi.yardstick.audit.choices import Choice, Grid, within
from xinzhi.yardstick.audit.outcomes import ALL, CONVENTIONS, Distinct, Index, Outcomes, blocks
from xinzhi.yardstick.panel import Panel

GROUPS = ("output", "capital", "labour", "shares", "index")
ESTIMATED = {
    "estimates.investment_rule": "capital", "estimates.control_total": "capital", "estimates.schooling_rule": "labour",
}  # fmt: skip
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An alternative that this package cannot compute, and why."""

    values: Mapping[str, object]
    reason: Text


def computable(
    panel: Panel, protocol: Protocol, selection: tuple[Choice, ...], *, strict: bool = True
) -> tuple[tuple[Choice, ...], list[LeftOut]]:
    """Drop the levels that the package cannot compute, and choices of which only the reference level is left.

    Ranks compare all regions, so that a level has to measure every one; where not `strict`, one is enough.
    """
    usable: list[Choice] = []
    left_out: list[LeftOut] = []
    for choice in selection:
        bad = set()
        for at, level in enumerate(choice.levels[1:], start=1):
            try:
                rules = protocol.replace(level.values)
                rules.require()
                _build(panel, rules, _group(choice), strict=strict)
            except XinzhiError as error:
                bad.add(at)
                values = {path: level.values[path] for path in level.departs}
                # A level that only adds to one already left out says nothing new.
                if not any(omission.values.items() <= values.items() for omission in left_out):
                    left_out.append(LeftOut(values, error.text))
        reduced = choice.without(bad)
        if len(reduced.levels) > 1:
            usable.append(reduced)
    return tuple(usable), left_out


def settle(protocol: Protocol, selection: tuple[Choice, ...]) -> tuple[tuple[Choice, ...], list[LeftOut]]:
    """Close the choices that ``audit.yaml`` closes first where all combinations would be too many."""
    most, order = (setting(CONVENTIONS, name) for name in ("most_protocols", "closed_first"))
    rest, closed = within(protocol, selection, most, order)
    reason = words.yardstick.audit_closed(most=f"{most:,}")
    return rest, [LeftOut({path: protocol.parameters[path].value}, reason) for path in closed]


def _build(panel: Panel, rules: Protocol, group: str, *, strict: bool) -> None:
    """Build the inputs that a group of choices changes, to learn whether the package has what the rules need."""
    if group in {"output", "capital"}:  # a first stock may follow from output
        output_series = inputs_.output(panel, rules)
        capitals.capital(panel, rules, output_series.values, inputs_.deflator(panel), strict=strict)
    if group == "labour":
        inputs_.labour(panel, rules)
        inputs_.quality(panel, rules)
    if group == "shares":
        inputs_.labour_share(panel, rules)


@dataclass(frozen=True, slots=True, repr=False)
class Multiverse:
    """Mean TFP growth `(N, R, P)` under every protocol of a grid, computed where it is indexed.

    What is kept grows with regions and branches, not with protocols: `gain` is the growth of output under every
    output `(V, R, T)`, `machines` that of capital `(C, R, T)`, once or once an output, `work` that of labour
    `(L, R, T)`, `share` the labour shares `(S, R, T)`.
    """

    grid: Grid
    spans: tuple[Span, ...]
    years: IntArray
    axes: Mapping[str, list[int]]
    rules: Mapping[str, list[Protocol]]
    gain: FloatArray
    machines: tuple[FloatArray, ...]
    work: FloatArray
    share: FloatArray

    @classmethod
    def build(
        cls,
        panel: Panel,
        grid: Grid,
        spans: Sequence[Span],
        *,
        strict: bool = True,
        invest: capitals.Invest | None = None,
    ) -> Multiverse:
        """Build every input once per distinct branch, over the years that the spans reach."""
        invest = invest or capitals.invest_once(grid.protocol)
        axes = {group: [at for at, choice in enumerate(grid.choices) if _group(choice) == group] for group in GROUPS}
        rules = {group: _branches(grid, axes[group]) for group in GROUPS}
        outputs = [inputs_.output(panel, branch).values for branch in rules["output"]]
        work = [
            inputs_.labour(panel, branch).values * inputs_.quality(panel, branch).values for branch in rules["labour"]
        ]
        inside = (panel.years >= min(start for start, _ in spans)) & (panel.years <= max(end for _, end in spans))
        share = np.stack([inputs_.labour_share(panel, branch).values for branch in rules["shares"]])
        stocks = _capital(panel, rules, outputs, inside, invest, strict=strict)
        return cls(
            grid=grid,
            spans=tuple(spans),
            years=panel.years[inside],
            axes=axes,
            rules=rules,
            gain=log_growth(np.stack(outputs)[..., inside]),
            machines=tuple(log_growth(stock) for stock in stocks),
            work=log_growth(np.stack(work)[..., inside]),
            share=share[..., inside],
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of protocols, regions and spans."""
        return int(self.grid.admissible.sum()), self.gain.shape[1], len(self.spans)

    def cells(self, spans: Sequence[int], regions: IntArray | slice = ALL) -> FloatArray:
        """Return the mean growth of some spans and regions over the grid, admissible or not `(n_1, ..., n_d, R, P)`."""
        first, last = min(self.spans[at][0] for at in spans), max(self.spans[at][1] for at in spans)
        inside = (self.years >= first) & (self.years <= last)
        years = _masks(self.years[inside], [self.spans[at] for at in spans])
        gain, work, share = (values[:, regions][..., inside] for values in (self.gain, self.work, self.share))
        stock = [values[:, regions][..., inside] for values in self.machines]
        joint = np.stack([_joint(capital, work, share, self.rules, years) for capital in stock])
        # (V, C, L, S, F, R, P): output less the index of inputs.
        return _in_order(_means(gain, years)[:, None, None, None, None] - joint, self.grid, self.axes)

    def of_protocol(self, number: int) -> FloatArray:
        """Return the growth of every region and span under one admissible protocol `(R, P)`."""
        at = {group: branch.item() for group, branch in self._branches(self.grid.rows[[number]]).items()}
        rules = {group: [branches[at[group]]] for group, branches in self.rules.items()}
        machines, work, share = self.machines[at["output"] % len(self.machines)], self.work, self.share
        picked = [values[[at[name]]] for name, values in (("capital", machines), ("labour", work), ("shares", share))]
        years = _masks(self.years, self.spans)
        joint: FloatArray = _joint(picked[0], picked[1], picked[2], rules, years)[0, 0, 0, 0]
        return _means(self.gain[at["output"]], years) - joint

    def of_span(self, at: int) -> FloatArray:
        """Return the growth of one span under every admissible protocol `(N, R)`."""
        outcomes = self.distinct(at)
        return outcomes.values[outcomes.which]

    def distinct(self, at: int) -> Distinct:
        """Return one span under every admissible protocol, each outcome computed once."""
        span = self.spans[at]
        inside = (self.years >= span[0]) & (self.years <= span[1])
        years = _masks(self.years[inside], [span])
        gain, work, share = (values[..., inside] for values in (self.gain, self.work, self.share))
        stock = np.concatenate([values[..., inside] for values in self.machines])
        # What the branches give over these years, each under the first branch that gives the same.
        picked = self._branches(self.grid.rows)
        branch = picked["output"] % len(self.machines) * len(self.machines[0]) + picked["capital"]
        parts = [
            _first_equal(gain[..., years[0]])[picked["output"]],
            _first_equal(stock[..., years[0]])[branch],
            _first_equal(work[..., years[0]])[picked["labour"]],
            self._first_shares(share)[picked["shares"], picked["index"]],
            picked["index"],
        ]
        lead, which = group_equal_rows(np.stack(parts, axis=1), self.grid.departure_counts()[self.grid.admissible])
        used, places = zip(*(np.unique(part[lead], return_inverse=True) for part in parts), strict=True)
        output, machines, labour, shares, index = used
        rules = {"shares": [self.rules["shares"][s] for s in shares], "index": [self.rules["index"][f] for f in index]}
        gain, stock, work, share = gain[output], stock[machines], work[labour], share[shares]
        tables = [
            _tables(gain[:, block], stock[:, block], work[:, block], share[:, block], rules, years)
            for block in blocks(gain.shape[1])
        ]
        terms = tuple(np.concatenate(parts, axis=-1) for parts in zip(*tables, strict=True))
        at_output, at_capital, at_labour, at_share, _ = places
        at_inputs = [(at_capital, at_share), (at_labour, at_share)] if terms[1:-1] else [places[1:]]
        return Distinct(_outcomes(terms, [(at_output,), *at_inputs]), lead, which)

    def _branches(self, rows: IntArray) -> dict[str, IntArray]:
        """Return the branch of every group of choices that some protocols, rows of the grid, take."""
        sizes = self.grid.admissible.shape
        return {
            group: np.ravel_multi_index(rows[:, axes].T.tolist(), [sizes[axis] for axis in axes])
            if axes
            else np.zeros(len(rows), dtype=np.int64)
            for group, axes in self.axes.items()
        }

    def _first_shares(self, share: FloatArray) -> IntArray:
        """Return the first branch that weighs the same as each, by formula `(S, F)`; only Tornqvist's takes means."""
        same, rules = _first_equal(share), self.rules["shares"]
        current = [branch.choice("shares.averaging") == "current" for branch in rules]
        alike = [[(s, current[at]) for at, s in enumerate(same)].index((s, current[at])) for at, s in enumerate(same)]
        means = [index.value("index.formula") == "tornqvist" for index in self.rules["index"]]
        return np.stack([alike if averages else same for averages in means], axis=1)

    def __getitem__(self, key: tuple[Index, Index, Index]) -> FloatArray:
        number, region, span = key
        regions, spans = (
            np.arange(size)[selection] for size, selection in zip(self.shape[1:], (region, span), strict=True)
        )
        growth = self.cells(np.atleast_1d(spans).tolist(), np.atleast_1d(regions))[self.grid.admissible][number]
        growth = growth if np.ndim(spans) else growth[..., 0]
        return growth if np.ndim(regions) else np.asarray(np.take(growth, 0, axis=growth.ndim - 1 - np.ndim(spans)))

    def __array__(self, dtype: object = None, copy: object = None) -> FloatArray:
        del dtype, copy
        return self[:, :, :]


def _group(choice: Choice) -> str:
    """Return the input that a choice changes: that of the group `estimates` is the input estimated."""
    return ESTIMATED.get(choice.name, choice.name.partition(".")[0])


def evaluate(panel: Panel, grid: Grid, spans: list[Span], *, strict: bool = True) -> FloatArray:
    """Return mean TFP growth of every combination, region and period; where not `strict`, NaN of what cannot be had."""
    return Multiverse.build(panel, grid, spans, strict=strict).cells(range(len(spans)))


def _branches(grid: Grid, axes: list[int]) -> list[Protocol]:
    """Return the reference protocol under every combination of the choices on some axes."""
    out = []
    for levels in product(*(grid.choices[axis].levels for axis in axes)):
        changed = {path: level.values[path] for level in levels for path in level.departs}
        out.append(grid.protocol.replace(changed) if changed else grid.protocol)
    return out


def _capital(
    panel: Panel,
    rules: Mapping[str, list[Protocol]],
    outputs: list[FloatArray],
    inside: BoolArray,
    invest: capitals.Invest,
    *,
    strict: bool,
) -> list[FloatArray]:
    """Return capital `(C, R, T)` of the years inside: once, or for every output where it changes it.

    Output changes it by a first capital-output ratio.
    """
    deflator = inputs_.deflator(panel)
    by_output = [branch.choice("capital.initial_rule") == "capital_output_ratio" for branch in rules["capital"]]
    out: list[FloatArray] = []
    for output in outputs if any(by_output) else outputs[:1]:
        branches = [
            out[0][at]
            if out and not by_output[at]
            else capitals.capital(panel, branch, output, deflator, strict=strict, invest=invest).values[..., inside]
            for at, branch in enumerate(rules["capital"])
        ]
        out.append(np.stack(branches))
    return out[:1] if all(np.array_equal(stock, out[0], equal_nan=True) for stock in out[1:]) else out


def _first_equal(items: FloatArray) -> IntArray:
    """Return for every item the place of the first one that is the same to the last bit."""
    firsts: dict[bytes, int] = {}
    return np.array([firsts.setdefault(row.tobytes(), at) for at, row in enumerate(items)])


def group_equal_rows(keys: IntArray, departures: IntArray) -> tuple[IntArray, IntArray]:
    """Return for every distinct row of keys the row with the fewest departures, in order, and the group of each row."""
    group = np.unique(keys, axis=0, return_inverse=True)[1].ravel()
    least = np.full(group.max() + 1, departures.max())
    np.minimum.at(least, group, departures)
    candidates = np.flatnonzero(departures == least[group])
    lead = candidates[np.unique(group[candidates], return_index=True)[1]]
    order = np.argsort(lead)
    return lead[order], np.argsort(order)[group]


def _means(growth: FloatArray, years: list[BoolArray]) -> FloatArray:
    """Return the mean over every period on a new last axis; NaN where a year is missing."""
    return np.stack([growth[..., inside].mean(axis=-1) for inside in years], axis=-1)


def _masks(years: IntArray, spans: Sequence[Span]) -> list[BoolArray]:
    """Return the years whose growth each span takes in."""
    return [(years > start) & (years <= end) for start, end in spans]


def _joint(
    machines: FloatArray,
    work: FloatArray,
    share: FloatArray,
    rules: Mapping[str, list[Protocol]],
    years: list[BoolArray],
) -> FloatArray:
    """Return the mean growth of the index of inputs `(C, L, S, F, R, P)`."""
    relatives = [(np.exp(sign * machines), np.exp(sign * work)) for sign in (1, -1)]
    out = np.empty((len(machines), len(work), len(share), len(rules["index"]), machines.shape[1], len(years)))
    for s, (labour_share, share_rule) in enumerate(zip(share, rules["shares"], strict=True)):
        formulas = [index.value("index.formula") for index in rules["index"]]
        for f in (at for at, formula in enumerate(formulas) if formula == "tornqvist"):
            of_capital, of_labour = _weighted(machines, work, labour_share, share_rule, years)
            out[:, :, s, f] = of_capital[:, None] + of_labour[None]
        other_formulas = [at for at, formula in enumerate(formulas) if formula != "tornqvist"]
        shares = np.stack([1 - labour_share, labour_share])
        for labour_branch in range(len(work) if other_formulas else 0):
            indices = _log_indices(
                [(relative[0], relative[1][labour_branch]) for relative in relatives],
                shares,
                {formulas[at] for at in other_formulas},
            )
            for f in other_formulas:
                out[:, labour_branch, s, f] = _means(indices[formulas[f]], years)
    return out


def _weighted(
    machines: FloatArray, work: FloatArray, labour_share: FloatArray, rule: Protocol, years: list[BoolArray]
) -> tuple[FloatArray, FloatArray]:
    """Return what capital `(C, R, P)` and labour `(L, R, P)` add to Tornqvist's index of inputs, by one share rule."""
    weight = labour_share if rule.choice("shares.averaging") == "current" else two_year_mean(labour_share)
    return _means((1 - weight) * machines, years), _means(weight * work, years)


def _tables(
    gain: FloatArray,
    machines: FloatArray,
    work: FloatArray,
    share: FloatArray,
    rules: Mapping[str, list[Protocol]],
    years: list[BoolArray],
) -> list[FloatArray]:
    """Return the mean growth of output in a span, and what to take from it: of capital and labour, or of both."""
    growth = _means(gain, years)[..., 0]
    if [rule.value("index.formula") for rule in rules["index"]] != ["tornqvist"]:
        return [growth, _joint(machines, work, share, rules, years)[..., 0]]
    pairs = [
        _weighted(machines, work, labour_share, rule, years)
        for labour_share, rule in zip(share, rules["shares"], strict=True)
    ]
    return [growth, *(np.stack(of_input, axis=1)[..., 0] for of_input in zip(*pairs, strict=True))]


def _outcomes(tables: Sequence[FloatArray], places: Sequence[tuple[IntArray, ...]]) -> Outcomes:
    """Return the outcomes of tables `(.., R)`, each taken at its places."""
    at = tuple(np.ravel_multi_index(place, table.shape[:-1]) for table, place in zip(tables, places, strict=True))
    return Outcomes(tuple(table.reshape(-1, table.shape[-1]) for table in tables), at)


def _log_indices(
    relatives: list[tuple[FloatArray, FloatArray]], shares: FloatArray, formulas: set[Formula]
) -> dict[Formula, FloatArray]:
    """Return log changes of indices of two inputs by several formulas, from their relatives `relatives`."""
    before, current = year_before(shares), shares
    (up, more), (down, fewer) = relatives
    two: dict[Formula, FloatArray] = {}
    if formulas & {"laspeyres", "fisher"}:
        two["laspeyres"] = np.log(before[0] * up + before[1] * more)
    if formulas & {"paasche", "fisher"}:
        two["paasche"] = -np.log(current[0] * down + current[1] * fewer)
    return two | {"fisher": (two["laspeyres"] + two["paasche"]) / 2} if "fisher" in formulas else two


def _in_order(tfp: FloatArray, grid: Grid, axes: Mapping[str, list[int]]) -> FloatArray:
    """Split the branch axes into one per choice, and bring these into the order of the grid."""
    sizes = [
        len(grid.choices[axis].levels)
        for group in ("output", "capital", "labour", "shares", "index")
        for axis in axes[group]
    ]
    order = [axis for group in GROUPS for axis in axes[group]]
    split = tfp.reshape(*sizes, *tfp.shape[-2:])
    return split.transpose([*np.argsort(order).tolist(), split.ndim - 2, split.ndim - 1])
