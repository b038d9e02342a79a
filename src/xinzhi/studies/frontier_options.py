"""Which questions about a frontier options ask, and what is said of an option that goes with none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, same
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
ASKED_BY: Mapping[type[Question], str] = {
    kind: next(name for name, question in LEADS.items() if question is kind) for kind in LEADS.values()
} | {kind: names[0] for kind, names in BESIDES.items()}
WITH_INSIDE = {"link", "retained", "year", "years", "seed", "jobs"}  # options that have their own refusals
DRAWS = 2  # of a bootstrap, at least
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
            raise _refusal(kind.refuses[option], option=_asked_by(kind))
    kinds = [kind]
    if issubclass(kind, OfYear):
        _check_radial(options)
        kinds += [extra for extra, names in BESIDES.items() if any(name in options for name in names)]
    _check_all_used(stray, kinds)
    questions = [kind(**{name: options[name] for name in _names(kind) if name in options}) for kind in kinds]
    for question in questions:
        question.check()
    return questions


def _names(kind: type[Question]) -> list[str]:
    """Return the options of a question."""
    return [option.name for option in fields(kind) if option.name not in kind.unused]


def _takes(kind: type[Question]) -> list[str]:
    """Return the options of a question with those that ask it."""
    return [*_names(kind), *BESIDES.get(kind, ())]


def _check_all_used(stray: Sequence[str], kinds: Sequence[type[Question]]) -> None:
    """Refuse an option that no question takes which is asked."""
    idle = [option for option in stray if not any(option in _takes(kind) for kind in kinds)]
    if not idle:
        return
    option = _spelt(idle[0])
    if option in map(_spelt, ASKED_BY.values()):
        raise UsageError("studies.two-questions", option=option, other=_asked_by(kinds[0]))
    questions: list[type[Question]] = [Efficiency, *ASKED_BY]
    takers = [_asked_by(kind) for kind in questions if idle[0] in _takes(kind)]
    raise UsageError("studies.option-unused", option=option, takers=takers)


def _asked_by(kind: type[Question]) -> Text:
    """Return how a question is asked: by an option, or by none."""
    return words.studies.label_efficiency() if kind is Efficiency else same(_spelt(ASKED_BY[kind]))


def _spelt(option: str) -> str:
    """Return an option as it is typed."""
    return f"--{option.replace('_', '-')}"


def _check_values(options: Mapping[str, Any]) -> None:
    """Refuse values that no question takes."""
    model = options.get("model")
    if model is not None and model not in internal.MODELS:
        raise UsageError("studies.no-model", model=model, known=list(internal.MODELS))
    if options.get("boot", DRAWS) < DRAWS:
        raise UsageError("studies.boot-few", boot=options["boot"])
    if options.get("window", 1) < 1:
        raise UsageError("studies.window")


def _check_radial(options: Mapping[str, Any]) -> None:
    """Refuse what is answered of radial models without bad outputs alone."""
    if options.get("model") in {None, "radial"} and "bad" not in options:
        return
    for option, code in RADIAL.items():
        if option in options:
            raise _refusal(code)
