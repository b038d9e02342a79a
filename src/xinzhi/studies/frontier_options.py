"""What can be asked of the frontier, and what does not go together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.frontier import DIRECTIONAL, INDICES, MODELS, REFERENCES

if TYPE_CHECKING:
    from xinzhi.protocol import Protocol

MEASURES = {"radial": "radial", "non-radial": "nonradial", "sbm": "sbm"}  # models that an index of distances knows
BOOTED = ("malmquist", "contemporaneous")
COLUMNS = ("inputs", "outputs", "bad", "explain", "input_prices", "output_prices")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierOptions:
    """What can be asked of `frontier`."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    index: str | None = None
    reference: str | None = None
    rts: str | None = None
    orientation: str | None = None
    model: str | None = None
    decomposition: str | None = None
    year: str | int | None = None
    years: str | None = None
    window: int | None = None
    boot: int = 0
    seed: int = 0
    sfa: str | None = None
    form: str | None = None
    group: str | None = None
    explain: tuple[str, ...] = ()
    polluting: tuple[str, ...] = ()
    input_prices: tuple[str, ...] = ()
    output_prices: tuple[str, ...] = ()
    returns: bool = False
    order_m: int | None = None
    order_alpha: float | None = None
    jobs: int = 1
    unit: str | None = None
    period: str | None = None
    region: str | None = None
    protocol: Protocol | str = "xinzhi-cn-2026"
    encoding: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of figures that takes part."""
        return tuple(name for part in COLUMNS for name in getattr(self, part))

    def settled(self) -> FrontierOptions:
        """Return the call with the index by its own name and its reference; refuse what does not go together."""
        if not self.inputs or not self.outputs:
            raise UsageError("studies.name-goods")
        wish = self._named()
        if twice := sorted({name for name in wish.columns if wish.columns.count(name) > 1}):
            raise UsageError("studies.named-twice", column=twice[0])
        for wrong, code, values in _clashes(wish):
            if wrong:
                raise UsageError(code, **values)
        return wish

    def _named(self) -> FrontierOptions:
        """Return the call with a reference in the place of the index taken for what it is."""
        index, reference = self.index, self.reference
        if index in REFERENCES:
            if reference not in {None, index}:
                raise UsageError("studies.two-references", index=index, reference=reference)
            index, reference = None, index
        if index is None and (reference is not None or self.decomposition is not None):
            index = "malmquist-luenberger" if self.bad else "malmquist"
        if index is not None and index not in INDICES:
            raise UsageError(
                "studies.no-index", index=index, known=", ".join(INDICES), references=", ".join(REFERENCES)
            )
        return replace(self, index=index, reference=reference)


def _clashes(wish: FrontierOptions) -> list[tuple[bool, str, dict[str, Any]]]:
    """Return what does not go together, each with its message."""
    indexed, stochastic = wish.index is not None, wish.sfa is not None
    measure = wish.model is None or wish.model in MEASURES
    radial = wish.model in {None, "radial"} and not wish.bad
    plain = radial and not indexed and not stochastic
    partial = [part for part in (wish.order_m, wish.order_alpha) if part is not None]
    directional = {"index": wish.index, "known": [same(one) for one in DIRECTIONAL]}
    return [
        (len(partial) > 1, "studies.two-partial", {}),
        (bool(partial) and not plain, "studies.partial-of-year", {}),
        (indexed and stochastic, "studies.index-and-sfa", {}),
        (indexed and wish.year is not None, "studies.index-of-years", {}),
        (wish.model not in {None, *MODELS}, "studies.no-model", {"model": wish.model, "known": ", ".join(MODELS)}),
        (indexed and not measure, "studies.index-model", {"model": wish.model, "known": ", ".join(MEASURES)}),
        (stochastic and bool(wish.bad), "studies.sfa-bad", {}),
        (stochastic and len(wish.outputs) > 1, "studies.sfa-one-output", {}),
        (stochastic and wish.boot > 0, "studies.sfa-boot", {}),
        (wish.form is not None and not stochastic, "studies.form-of-sfa", {}),
        (wish.boot == 1, "studies.boot-one", {}),
        (wish.boot > 0 and not indexed and not radial, "studies.boot-radial", {}),
        (wish.returns and not plain, "studies.returns-of-year", {}),
        (bool(wish.explain) and indexed, "studies.explain-of-year", {}),
        (indexed and bool(wish.bad) and wish.index not in DIRECTIONAL, "studies.bad-index", directional),
        ((wish.reference == "window") != (indexed and wish.window is not None), "studies.window-reference", {}),
        (
            indexed and wish.boot > 0 and (wish.index, wish.reference or "contemporaneous") != BOOTED,
            "studies.boot-malmquist", {},
        ),
        (
            indexed and wish.group is not None and wish.reference not in {None, "metafrontier"},
            "studies.group-index", {},
        ),
        (wish.window is not None and wish.window < 1, "studies.window", {}),
    ]  # fmt: skip
