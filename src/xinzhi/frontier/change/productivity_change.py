"""The verb `productivity_change`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypedDict, Unpack

import numpy as np
import polars as pl

from xinzhi.core.arrays import AnyFrame, FloatArray
from xinzhi.core.errors import UsageError
from xinzhi.core.provenance import provenance
from xinzhi.frontier.change.decompositions import DECOMPOSITIONS, NEEDS_SCALE, Frontier, Measure, Plan
from xinzhi.frontier.change.families import (
    Outcome,
    distance_family,
    fixed_weight_family,
    hicks_moorsteen_family,
    status_of,
)
from xinzhi.frontier.change.panel import Columns, Panel, benchmarks, read_panel
from xinzhi.frontier.change.points import INDICES
from xinzhi.frontier.change.result import ProductivityChange
from xinzhi.frontier.change.settings import Settings
from xinzhi.frontier.technology.technology import CONVEX, RTS, Goods, choose
from xinzhi.frontier.unit_names import number_or_null


class Options(TypedDict, total=False):
    """Further options of `productivity_change`; see there."""

    group: str | None
    window: int | None
    base: str
    corner: str | None
    direction: str | Mapping[str, float]
    measure: str
    weights: Mapping[str, float] | None
    disposability: str
    input_prices: Sequence[str]
    output_prices: Sequence[str]
    draws: int
    confidence: float
    bandwidth: float | None
    seed: int
    n_jobs: int
    progress: Callable[[int, int], None] | None


def productivity_change(  # noqa: PLR0913 - the design's signature: roles of columns, then the choices of the index
    frame: AnyFrame,
    unit: str,
    period: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    bad: Sequence[str] = (),
    *,
    index: str = "malmquist",
    reference: str = "contemporaneous",
    rts: str = "crs",
    orientation: str = "output",
    decomposition: str = "fgnz",
    **options: Unpack[Options],
) -> ProductivityChange:
    """Measure productivity change of units between adjacent periods, and where it came from.

    Parameters
    ----------
    frame
        A frame of any kind, one row per unit and period, in any order. Units may come and go: only pairs of adjacent
        periods count, and `left_out` names what follows a gap.
    unit, period
        Columns of the unit and the period.
    inputs, outputs, bad
        Columns of inputs, outputs and undesirable outputs, in any unit of measurement.
    index
        ``malmquist``, ``malmquist-luenberger``, ``luenberger``, ``hicks-moorsteen``, ``fare-primont``, ``lowe``,
        ``laspeyres``, ``paasche`` or ``fisher``.
    reference
        Whose observations span the technology: ``contemporaneous`` (each period alone, both compared), ``sequential``
        (a period and all before), ``window`` (with `window` periods to each side), ``biennial`` (both periods
        together), ``global`` (all), ``metafrontier`` (all, above the technologies of the groups in column `group`).
    rts
        Returns to scale of best practice: ``crs``, ``vrs``, ``nirs`` or ``ndrs``. The index itself is taken on the cone
        of constant returns, except with ``decomposition="none"`` and over a metafrontier.
    orientation
        ``output`` or ``input``.
    decomposition
        ``fgnz`` (efficiency, technology; with other than constant returns pure and scale efficiency), ``ray-desli``,
        ``grifell-lovell``, ``balk`` (scale and mix), ``bias``, or ``none`` (the index on the technology of `rts`, with
        its efficiency and technical change). The three that split off scale take variable returns when `rts` is
        ``crs``. Hicks-Moorsteen and fixed-weight indices are always decomposed as O'Donnell does.
    **options
        ``group``, ``window``: see `reference`.
        ``base``: ``mean`` of both benchmarks (default), ``earlier`` or ``later``.
        ``corner``: at which mixed point scale changes first: ``inputs`` (later inputs, earlier outputs) or ``outputs``;
        by default ``inputs`` in the output orientation and ``outputs`` in the input orientation.
        ``direction`` of the directional indices: ``output`` (more outputs, less bad), ``input``, ``full`` (both), or a
        mapping of columns to multiples of the observation's own amount.
        ``measure``: ``radial``, ``nonradial`` (Zhou, Ang and Wang 2012: inputs, outputs and bad outputs count alike)
        or ``sbm`` (Fukuyama and Weber 2009: inputs one half, all outputs the other).
        ``weights``: of a non-radial measure, by column.
        ``disposability`` of bad outputs: ``kuosmanen`` (weak; the default), ``equality`` or ``strong``; the first two
        are the same under constant returns.
        ``input_prices``, ``output_prices``: columns, in the order of inputs and outputs.
        ``draws``, ``confidence``, ``bandwidth``, ``seed``, ``n_jobs``, ``progress``: bootstrap intervals (Simar and
        Wilson 1999) of the Malmquist index; ``progress(done, total)`` is called after each block.

    Notes
    -----
    Färe, Grosskopf, Norris and Zhang (1994); Ray and Desli (1997); Grifell-Tatjé and Lovell (1999); Balk (2001); Färe,
    Grifell-Tatjé, Grosskopf and Lovell (1997); Shestalova (2003); Pastor and Lovell (2005); Pastor, Asmild and Lovell
    (2011); Oh and Lee (2010); Chung, Färe and Grosskopf (1997); Chambers, Färe and Grosskopf (1996); Bjurek (1996);
    O'Donnell (2008, 2012).

    Examples
    --------
    >>> import polars as pl
    >>> columns = {"id": list("aabb"), "t": [1, 2, 1, 2], "x": [2.0, 2.0, 4.0, 4.0], "y": [2.0, 3.0, 2.0, 2.0]}
    >>> panel = pl.DataFrame(columns)
    >>> change = productivity_change(panel, "id", "t", ["x"], ["y"])
    >>> change.frame.select("unit", pl.col("index", "efficiency_change", "technical_change").round(4)).rows()
    [('a', 1.5, 1.0, 1.5), ('b', 1.0, 0.6667, 1.5)]
    """
    choices = [field.name for field in fields(Settings)]
    if unknown := sorted(set(options) - set(choices)):
        raise UsageError("frontier.unknown-option", unknown=unknown, known=choices)
    settings = Settings(**options)
    call = Call(index, reference, RTS.get(rts, rts), orientation, ALIASES.get(decomposition, decomposition), settings)
    call.check(bool(bad))
    prices = settings.input_prices, settings.output_prices
    columns = Columns(unit, period, inputs, outputs, bad, settings.group, *prices)
    panel = read_panel(frame, columns)
    marks, goods = benchmarks(panel, reference, settings.window), Goods(panel.x, panel.y, panel.b)
    if index == "hicks-moorsteen":
        outcome = hicks_moorsteen_family(goods, panel, marks, call.rts, orientation)
    elif index in FIXED_WEIGHTS:
        outcome = fixed_weight_family(goods, panel, marks, call.rts, (index, orientation))
    else:
        measure = Measure("input" if orientation == "input" else "output", disposability=settings.disposability)
        if index in DIRECTIONAL:
            moves = _moves(settings.direction, columns)
            weights = None if settings.measure == "radial" else _weights(settings, columns, moves)
            measure = Measure("directional", moves, weights=weights, disposability=settings.disposability)
        frontier = Frontier(goods, measure)
        outcome = distance_family(frontier, panel, marks, call.plan(), index, settings)
    return _pack(call, panel, columns, outcome)


def _pack(call: Call, panel: Panel, columns: Columns, outcome: Outcome) -> ProductivityChange:
    """Return the result as frames."""
    observed = {"unit": panel.units.gather(panel.unit), "period": panel.periods.gather(panel.period)}
    keys = {name: labels.gather(panel.after) for name, labels in observed.items()}
    numbers, levels = (
        {name: number_or_null(values) for name, values in part.items()} for part in (outcome.numbers, outcome.levels)
    )
    status = [_NO_PROGRAM if part is None else status_of(part) for part in outcome.failures]
    frame = pl.DataFrame({**keys, **numbers, "status": status})
    weights, goods = None, [*columns.inputs, *columns.outputs]
    if outcome.weights is not None:
        worth, ranges = outcome.weights
        roles = ["input"] * len(columns.inputs) + ["output"] * len(columns.outputs)
        ends = {"lowest": ranges[:, 0], "highest": ranges[:, 1]}
        weights = pl.DataFrame({"good": goods, "role": roles, "weight": worth, **ends})
    # the choices of the call: those of the design, and the options that differ
    record: dict[str, object] = {
        "inputs": list(columns.inputs),
        "outputs": list(columns.outputs),
        "bad": list(columns.bad),
        "index": call.index,
        "reference": call.reference,
        "rts": call.plan().rts if call.decomposition in NEEDS_SCALE else call.rts,
        "orientation": call.orientation,
        "decomposition": call.decomposition,
    }
    chosen = {field.name: getattr(call.options, field.name) for field in fields(Settings) if field.name not in _HOW}
    record |= {name: value for name, value in chosen.items() if value != getattr(_DEFAULTS, name)}
    return ProductivityChange(
        frame=frame,
        levels=pl.DataFrame(observed | levels).sort("unit", "period"),
        distances=outcome.distances,
        left_out=panel.left_out,
        weights=weights,
        additive=call.index == "luenberger",
        programs=outcome.programs,
        failures=dict(zip(frame.select("unit", "period").rows(), outcome.failures, strict=True)),
        kind=panel.kind,
        provenance=provenance("productivity_change", {"frame": panel.fingerprint}, (), **record),
    )


_NO_PROGRAM = "failed: a program of this pair has no solution"
DIRECTIONAL = ("malmquist-luenberger", "luenberger")
FIXED_WEIGHTS = ("fare-primont", "lowe", "laspeyres", "paasche", "fisher")
PRICED = ("lowe", "laspeyres", "paasche", "fisher")
_HOW = {"progress", "n_jobs"}  # options that change no figure
_DEFAULTS = Settings()
ALIASES = {"rd": "ray-desli", "gl": "grifell-lovell", "scale-mix": "balk"}


@dataclass(frozen=True, slots=True)
class Call:
    """The choices of a call."""

    index: str
    reference: str
    rts: str
    orientation: str
    decomposition: str
    options: Settings

    def check(self, has_bad: bool) -> None:  # noqa: FBT001 - one question
        """Refuse unknown choices and those that do not go together."""
        choose("index", self.index, INDICES)
        choose("rts", self.rts, CONVEX)
        choose("orientation", self.orientation, ("output", "input"))
        choose("decomposition", self.decomposition, (*DECOMPOSITIONS, "odonnell"))
        for name, choices in (
            ("base", ("mean", "earlier", "later")),
            ("measure", ("radial", "nonradial", "sbm")),
            ("disposability", ("kuosmanen", "equality", "strong")),
        ):
            choose(name, str(getattr(self.options, name)), choices)
        for wrong, error in self._clashes(has_bad):
            if wrong:
                raise error

    def _clashes(self, has_bad: bool) -> list[tuple[bool, UsageError]]:  # noqa: FBT001 - one question
        """Return what does not go together, each with its error."""
        options, index, reference, name = self.options, self.index, self.reference, self.decomposition
        directional, priced, boot = index in DIRECTIONAL, index in PRICED, options.draws > 0
        distances, confidence = index == "malmquist" or directional, options.confidence
        has_prices = bool(options.input_prices or options.output_prices)
        both_prices = bool(options.input_prices and options.output_prices)
        two = reference in {"contemporaneous", "sequential", "window"} and options.base == "mean"
        facts: dict[str, object] = {"index": index, "directional": list(DIRECTIONAL), "priced": list(PRICED)}
        levels, split = index in FIXED_WEIGHTS, name in {"fgnz", "none"}
        grouped, plain_malmquist = reference == "metafrontier", index == "malmquist" and reference == "contemporaneous"
        return [
            (has_bad and not directional, UsageError("frontier.index-bad", **facts)),
            (not directional and options.measure != "radial", UsageError("frontier.index-radial", **facts)),
            (not directional and options.direction != "output", UsageError("frontier.index-direction", **facts)),
            (directional and self.orientation != "output", UsageError("frontier.index-orientation", **facts)),
            (options.weights is not None and options.measure == "radial", UsageError("frontier.weights-measure")),
            (priced and not both_prices, UsageError("frontier.index-prices", **facts)),
            (not priced and has_prices, UsageError("frontier.index-no-prices", **facts)),
            (not distances and name not in {"fgnz", "odonnell"}, UsageError("frontier.index-odonnell", **facts)),
            (distances and name == "odonnell", UsageError("frontier.odonnell-index", **facts)),
            (
                levels and reference in {"biennial", "metafrontier"},
                UsageError("frontier.index-levels", reference=reference, **facts),
            ),
            (name == "bias" and not two, UsageError("frontier.bias-technologies")),
            (grouped and not split, UsageError("frontier.metafrontier-decomposition")),
            (index == "hicks-moorsteen" and grouped, UsageError("frontier.hicks-moorsteen-metafrontier")),
            (boot and not plain_malmquist, UsageError("frontier.boot-index")),
            (boot and not split, UsageError("frontier.boot-decomposition")),
            (boot and name == "none" and self.rts != "crs", UsageError("frontier.boot-rts")),
            (options.draws < 0 or options.draws == 1, UsageError("frontier.boot-number", draws=options.draws)),
            (not 0 < confidence < 1, UsageError("frontier.boot-confidence", confidence=confidence)),
        ]

    def plan(self) -> Plan:
        """Return what to work out for an index of distances."""
        name, rts = self.decomposition, self.rts
        if self.reference == "metafrontier":
            name = "metafrontier"
        if name in NEEDS_SCALE and rts == "crs":
            rts = "vrs"
        corner = self.options.corner or ("inputs" if self.orientation == "output" else "outputs")
        choose("corner", corner, ("inputs", "outputs"))
        return Plan(name, rts, self.options.base, corner)


def _moves(direction: str | Mapping[str, float], columns: Columns) -> FloatArray:
    """Return by how much of itself each good moves."""
    names = [*columns.inputs, *columns.outputs, *columns.bad]
    p, q, r = len(columns.inputs), len(columns.outputs), len(columns.bad)
    if isinstance(direction, str):
        directions = {"output": (0.0, 1.0, 1.0), "input": (1.0, 0.0, 0.0), "full": (1.0, 1.0, 1.0)}
        choose("direction", direction, directions)
        return np.repeat(directions[direction], [p, q, r])
    _known_columns("direction", direction, names)
    moves = np.array([float(direction.get(name, 0.0)) for name in names])
    if (moves < 0).any() or not moves.any():
        raise UsageError("frontier.direction-multiples")
    return moves


def _weights(options: Settings, columns: Columns, moves: FloatArray) -> FloatArray:
    """Return the weights of a non-radial measure: given, or alike for each kind of good that moves."""
    p, q, r = len(columns.inputs), len(columns.outputs), len(columns.bad)
    names = [*columns.inputs, *columns.outputs, *columns.bad]
    by_good = options.weights
    if by_good is not None:
        _known_columns("weights", by_good, names)
        weights = np.array([float(by_good.get(name, 0.0)) for name in names]) * (moves > 0)
        if (weights < 0).any() or not weights.any():
            raise UsageError("frontier.weights-moving")
        return weights
    kind = np.repeat([0, 1, 1 if options.measure == "sbm" else 2], [p, q, r])
    share = np.zeros(p + q + r)
    present = np.unique(kind[moves > 0])
    for number in present:
        members = (kind == number) & (moves > 0)
        share[members] = 1.0 / len(present) / members.sum()
    return share


def _known_columns(option: str, values: Mapping[str, float], names: list[str]) -> None:
    unknown = sorted(set(values) - set(names))
    if unknown:
        raise UsageError("frontier.not-a-good", option=option, unknown=list(unknown))
