"""The Hicks-Moorsteen index: an output quantity index over an input quantity index, both by distance functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.frontier.change.decompositions import Parts
from xinzhi.frontier.change.terms import Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.arrays import FloatArray
    from xinzhi.frontier.change.terms import When, Where

_ENDS: tuple[tuple[When, Where], ...] = ((0, "earlier"), (1, "later"))


def output_terms(rts: str) -> list[Term]:
    """Return the output distances of the output quantity index: each period's inputs, both periods' outputs."""
    return [Term(rts, where, k, y) for k, where in _ENDS for y in (0, 1)]


def input_terms(rts: str) -> list[Term]:
    """Return the input distances of the input quantity index: each period's outputs, both periods' inputs."""
    return [Term(rts, where, x, k) for k, where in _ENDS for x in (0, 1)]


def factor_terms(rts: str) -> list[Term]:
    """Return the distances of efficiency change and technical change in the chosen orientation."""
    return [
        *(Term(rts, where, k, k) for _, where in _ENDS for k in (0, 1)),
        Term(rts, "own", 0, 0),
        Term(rts, "own", 1, 1),
    ]


def hicks_moorsteen(
    rts: str, output: Mapping[Term, FloatArray], input_: Mapping[Term, FloatArray], chosen: Mapping[Term, FloatArray]
) -> Parts:
    """Return the index and its parts in logarithms.

    Parameters
    ----------
    rts
        Returns to scale.
    output, input_
        Logarithms of output efficiencies (Shephard's output distance) and of input efficiencies (the inverse of his
        input distance) of `output_terms` and `input_terms`.
    chosen
        Logarithms of efficiencies of `factor_terms` in the chosen orientation.

    Notes
    -----
    Bjurek (1996): the geometric mean of the indices of both periods. Efficiency change and technical change are those
    of Diewert and Fox (2017); what is left is the effect of scale and mix together, O'Donnell's (2012) scale-mix
    efficiency change.
    """
    halves_out = [output[Term(rts, where, k, 1)] - output[Term(rts, where, k, 0)] for k, where in _ENDS]
    halves_in = [input_[Term(rts, where, 0, k)] - input_[Term(rts, where, 1, k)] for k, where in _ENDS]
    outputs, inputs = 0.5 * (halves_out[0] + halves_out[1]), 0.5 * (halves_in[0] + halves_in[1])
    efficiency = chosen[Term(rts, "own", 1, 1)] - chosen[Term(rts, "own", 0, 0)]
    moved = [chosen[Term(rts, where, 1, 1)] - chosen[Term(rts, where, 0, 0)] - efficiency for _, where in _ENDS]
    technical = 0.5 * (moved[0] + moved[1])
    index = outputs - inputs
    parts = {
        "output_change": outputs,
        "input_change": inputs,
        "efficiency_change": efficiency,
        "technical_change": technical,
        "scale_mix_change": index - efficiency - technical,
    }
    return Parts(index, parts, ())
