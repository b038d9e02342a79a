"""Which questions about a frontier options ask, and what is said of an option that goes with none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from typing import Any

from xinzhi.core.errors import UsageError
from xinzhi.frontier import internal
from xinzhi.studies.frontier_questions import (
    PARTIAL,
    Bootstrap,
    Change,
    Dynamic,
    Economic,
    Efficiency,
    Materials,
    Metafrontier,
    Network,
    OfYear,
    Partial,
    Question,
    ReturnsTest,
    Stochastic,
    TwoStage,
    Window,
)

SPANNING: Mapping[type[Question], str] = {Change: "--index", Window: "--window", Dynamic: "--carry"}
LEADS: Mapping[str, type[Question]] = {  # by the option that asks the question; the first that is given leads
    "flow": Network,
    "carry": Dynamic,
    "contents": Materials,
    "index": Change,
    "sfa": Stochastic,
    "window": Window,
    "input_prices": Economic,
    "output_prices": Economic,
    "group": Metafrontier,
}
INSIDE = (Network, Dynamic, Materials)
BESIDES: Mapping[type[Question], tuple[str, ...]] = {  # of the efficiencies of a year
    Bootstrap: ("boot",),
    ReturnsTest: ("returns",),
    Partial: ("order_m", "order_alpha"),
    TwoStage: ("explain",),
}
WITH_INSIDE = {"link", "retained", "year", "years", "seed", "jobs"}  # options that have their own refusals
RADIAL = {**PARTIAL, "boot": "studies.boot-radial", "returns": "studies.returns-of-year"}  # of radial models alone


_refusal = partial(UsageError)  # its codes stand in the tables of the questions


def questions_of(options: Mapping[str, Any]) -> list[Question]:
    """Return the questions that options ask, the leading one first; refuse an option that goes with none of them."""
    kind = next((kind for option, kind in LEADS.items() if option in options), Efficiency)
    stray = [name for name in options if name not in _names(kind)]
    if kind in INSIDE and not WITH_INSIDE.issuperset(stray):
        raise UsageError("studies.inside-alone")
    if kind is Change and "sfa" in options:
        raise UsageError("studies.index-and-sfa")
    _check_values(options)
    for option in stray:
        if option in kind.refuses:
            raise _refusal(kind.refuses[option], option=SPANNING.get(kind, ""))
    kinds = [kind]
    if issubclass(kind, OfYear):
        _check_radial(options)
        kinds += [extra for extra, names in BESIDES.items() if any(name in options for name in names)]
    questions = [kind(**{name: options[name] for name in _names(kind) if name in options}) for kind in kinds]
    for question in questions:
        question.check()
    return questions


def _names(kind: type[Question]) -> list[str]:
    """Return the options of a question; a network names its goods by its flows, materials have one orientation."""
    idle = {Network: {"inputs", "outputs"}, Materials: {"orientation"}}.get(kind, set())
    return [option.name for option in fields(kind) if option.name not in idle]


def _check_values(options: Mapping[str, Any]) -> None:
    """Refuse values that no question takes."""
    model = options.get("model")
    if model is not None and model not in internal.MODELS:
        raise UsageError("studies.no-model", model=model, known=list(internal.MODELS))
    if options.get("boot") == 1:
        raise UsageError("studies.boot-one")
    if options.get("window", 1) < 1:
        raise UsageError("studies.window")


def _check_radial(options: Mapping[str, Any]) -> None:
    """Refuse what is answered of radial models without bad outputs alone."""
    if options.get("model") in {None, "radial"} and "bad" not in options:
        return
    for option, code in RADIAL.items():
        if option in options:
            raise _refusal(code)
