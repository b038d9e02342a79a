"""Models of efficiency: what each is, which orientations and options it takes, and where it is solved."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from xinzhi.core.errors import UsageError
from xinzhi.frontier.technology.technology import CONVEX, RTS, choose, rts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.frontier.reading import Data
    from xinzhi.frontier.technology.distance import Solution

_OPTIONS = ("direction", "disposability", "slacks", "bounds")  # options that several models share
_ORIENTATIONS = ("input", "output", "directional", "hyperbolic", "none", "graph")
_SAME = {name: name for name in ("input", "output")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of efficiency."""

    home: str  # module and function
    # The orientations that the caller may give, and what the function calls them. The default of the call is `input`:
    # a model that moves everything at once, or along a direction, takes it for none.
    orientations: Mapping[str, str | None] = field(default_factory=lambda: {"input": None})
    takes: tuple[str, ...] = ()
    rts: tuple[str, ...] | None = CONVEX  # None: the function checks them itself
    bad: Literal["none", "some", "any"] = "none"
    fixed: Mapping[str, object] = field(default_factory=dict)
    reference: bool = True
    names: bool = False  # whether messages or options speak of units and goods by name

    def solve(self, name: str, data: Data, rts: str, orientation: str, options: Mapping[str, object]) -> Solution:
        """Check the call against what the model takes, and solve it."""
        self._check(name, data, orientation, options)
        goods, how = data.goods, {**self.fixed, **options}
        if self.rts is None:
            how["rts"] = rts
        elif rts_of(rts, self.rts) and len(self.rts) > 1:
            how["rts"] = rts_of(rts)
        if self.orientations[orientation] is not None:
            how["orientation"] = self.orientations[orientation]
        if data.reference is not None:
            how["reference"] = (data.reference.x, data.reference.y, data.reference.bad)
        if self.names:
            how["names"] = data
        module, _, name_of = self.home.partition(":")
        arguments = (goods.x, goods.y) if self.bad == "none" else (goods.x, goods.y, goods.bad)
        function = getattr(importlib.import_module(f"xinzhi.frontier.models.{module}"), name_of)
        solution: Solution = function(*arguments, **how)
        return solution

    def _check(self, name: str, data: Data, orientation: str, options: Mapping[str, object]) -> None:
        unknown = sorted(set(options) - set(self.takes))
        if unknown:
            raise UsageError("frontier.option", model=name, option=unknown[0], known=list(self.takes))
        choose("orientation", orientation, _ORIENTATIONS)
        if orientation not in self.orientations:
            along = "output" not in self.orientations and "direction" in self.takes
            raise UsageError(
                "frontier.orientation-by-direction" if along else "frontier.orientation",
                model=name,
                orientation=orientation,
                known=list(self.orientations),
            )
        if self.bad == "none" and data.goods.bad is not None:
            raise UsageError("frontier.no-bad", model=name)
        if self.bad == "some" and data.goods.bad is None:
            raise UsageError("frontier.needs-bad", model=name)
        if data.reference is not None and not self.reference:
            raise UsageError("frontier.no-reference", model=name)


_DIRECTIONAL = {"input": "directional", "directional": "directional"}
_ALONG: Mapping[str, str | None] = {"input": None, "directional": None}
_NO_DIRECTION = {"input": "input", "output": "output", "none": "none", "graph": "none"}

MODELS: dict[str, Model] = {
    "radial": Model(
        home="radial:radial",
        orientations={name: name for name in ("input", "output", "directional", "hyperbolic")},
        takes=(*_OPTIONS, "scale"),
        rts=None,
        bad="any",
    ),
    "directional": Model(
        home="radial:radial",
        orientations=_DIRECTIONAL,
        takes=(*_OPTIONS, "scale"),
        rts=None,
        bad="any",
    ),
    "hyperbolic": Model(
        home="radial:radial",
        orientations={"input": "hyperbolic", "hyperbolic": "hyperbolic"},
        takes=(*_OPTIONS, "scale"),
        rts=None,
        bad="any",
    ),
    "additive": Model(
        home="additive:additive",
        orientations={"input": None, "none": None},
        takes=("weights", "disposability", "bounds"),
        rts=None,
        bad="any",
        names=True,
    ),
    "super": Model(
        home="radial:radial",
        orientations={name: name for name in ("input", "output", "directional", "hyperbolic")},
        takes=_OPTIONS,
        rts=None,
        bad="any",
        reference=False,
        fixed={"exclude_self": True},
    ),
    "cross": Model(
        home="radial:cross_efficiency",
        takes=("method", "second", "self_rating"),
        rts=("crs",),
        reference=False,
        names=True,
    ),
    "sbm": Model(home="slacks_based:slacks_based", orientations=_NO_DIRECTION, bad="any"),
    "super-sbm": Model(
        home="slacks_based:super_slacks_based",
        orientations=_NO_DIRECTION,
        takes=("inefficient",),
        bad="any",
        reference=False,
    ),
    "russell": Model(
        home="slacks_based:russell",
        orientations={**_SAME, "graph": "graph", "none": "graph"},
    ),
    "ebm": Model(
        home="slacks_based:epsilon_based",
        orientations={**_SAME, "none": "none"},
        takes=("affinity", "epsilon"),
    ),
    "non-radial": Model(
        home="environmental:non_radial", orientations=_ALONG, takes=("direction", "disposability", "weights"), bad="any"
    ),
    "environmental": Model(
        home="environmental:directional",
        orientations=_ALONG,
        takes=("direction", "disposability", "price", "good"),
        bad="some",
    ),
    "by-production": Model(home="environmental:by_production", takes=("polluting", "measure"), bad="some", names=True),
    "seiford-zhu": Model(
        home="additive:seiford_zhu", orientations=_SAME, takes=("translation",), rts=("vrs",), bad="some"
    ),
    "range-directional": Model(home="additive:range_directional", orientations={**_SAME, "none": "none"}, rts=("vrs",)),
}


def model_of(name: str) -> Model:
    """Return a model by its name."""
    if name not in MODELS:
        raise UsageError("frontier.choice", name="model", value=name, known=list(MODELS))
    return MODELS[name]


__all__ = ["MODELS", "RTS", "Model", "model_of"]
