"""The verb `productivity_change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from xinzhi.core.result import Provenance
from xinzhi.frontier.change.call import ALIASES, DEFAULTS, FIXED_WEIGHTS, RTS, Call, Options, fill_in, measure_of
from xinzhi.frontier.change.decompositions import NEEDS_SCALE
from xinzhi.frontier.change.distances import Frontier, Goods
from xinzhi.frontier.change.families import distance_family, fixed_weight_family, hicks_moorsteen_family
from xinzhi.frontier.change.panel import Columns, read_panel
from xinzhi.frontier.change.references import benchmarks
from xinzhi.frontier.change.result import ProductivityChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.change.families import Outcome
    from xinzhi.frontier.change.panel import Panel


def productivity_change(  # noqa: PLR0913 - the design's signature: roles of columns, then the choices of the index
    frame: Any,  # noqa: ANN401 - a frame of any kind
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
        ``n_boot``, ``confidence``, ``bandwidth``, ``seed``, ``n_jobs``, ``progress``: bootstrap intervals (Simar and
        Wilson 1999) of the Malmquist index; ``progress(done, total)`` is called after each block.

    Returns
    -------
    ProductivityChange
        One row per unit and pair of periods: index, parts, status.

    Raises
    ------
    UsageError
        When options are unknown or do not go together.
    InputError
        When the frame cannot be used.
    IdentityError
        When parts do not add up to the index: a defect.

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
    chosen = fill_in(options)
    call = Call(index, reference, RTS.get(rts, rts), orientation, ALIASES.get(decomposition, decomposition), chosen)
    call.check(bool(bad))
    columns = Columns(
        unit, period, inputs, outputs, bad, chosen["group"], chosen["input_prices"], chosen["output_prices"]
    )
    panel = read_panel(frame, columns)
    outcome = _measure(call, panel, columns)
    return _pack(call, panel, columns, outcome)


def _measure(call: Call, panel: Panel, columns: Columns) -> Outcome:
    """Work the index out."""
    marks = benchmarks(panel, call.reference, call.options["window"])
    goods = Goods(panel.x, panel.y, panel.b)
    if call.index == "hicks-moorsteen":
        return hicks_moorsteen_family(goods, panel, marks, call.rts, call.orientation)
    if call.index in FIXED_WEIGHTS:
        return fixed_weight_family(goods, panel, marks, call.rts, (call.index, call.orientation))
    frontier = Frontier(goods, measure_of(call, columns))
    return distance_family(frontier, panel, marks, call.plan(), call.index, call.options)


def _pack(call: Call, panel: Panel, columns: Columns, outcome: Outcome) -> ProductivityChange:
    """Return the result as frames."""
    import polars as pl

    from xinzhi import __version__

    keys = {
        "unit": panel.units.gather(panel.unit[panel.after]),
        "period": panel.periods.gather(panel.period[panel.after]),
    }
    numbers = {name: pl.Series(values, dtype=pl.Float64, nan_to_null=True) for name, values in outcome.numbers.items()}
    frame = pl.DataFrame({**keys, **numbers, "status": outcome.status})
    observed = {"unit": panel.units.gather(panel.unit), "period": panel.periods.gather(panel.period)}
    return ProductivityChange(
        frame=frame,
        levels=pl.DataFrame(
            observed | {k: pl.Series(v, dtype=pl.Float64, nan_to_null=True) for k, v in outcome.levels.items()}
        ).sort("unit", "period"),
        distances=outcome.distances,
        left_out=panel.left_out,
        weights=None if outcome.weights is None else _weight_frame(columns, *outcome.weights),
        additive=call.index == "luenberger",
        programs=outcome.programs,
        kind=panel.kind,
        provenance=Provenance(
            verb="productivity_change",
            version=__version__,
            inputs={"frame": panel.fingerprint},
            options=_said(call, columns),
        ),
    )


def _weight_frame(columns: Columns, weights: FloatArray, ranges: FloatArray) -> pl.DataFrame:
    """Return the weights of goods."""
    import polars as pl

    roles = ["input"] * len(columns.inputs) + ["output"] * len(columns.outputs)
    return pl.DataFrame(
        {
            "good": [*columns.inputs, *columns.outputs],
            "role": roles,
            "weight": weights,
            "lowest": ranges[:, 0],
            "highest": ranges[:, 1],
        }
    )


def _said(call: Call, columns: Columns) -> dict[str, Any]:
    """Return the choices of the call for the provenance: those of the design, and the options that differ."""
    rts = call.plan().rts if call.decomposition in NEEDS_SCALE else call.rts
    said: dict[str, Any] = {
        "inputs": list(columns.inputs), "outputs": list(columns.outputs), "bad": list(columns.bad),
        "index": call.index, "reference": call.reference, "rts": rts, "orientation": call.orientation,
        "decomposition": call.decomposition,
    }  # fmt: skip
    skip = {"progress", "n_jobs"}
    return said | {k: v for k, v in call.options.items() if k not in skip and v != DEFAULTS.get(k)}
