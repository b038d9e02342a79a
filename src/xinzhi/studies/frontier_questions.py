"""The questions about a frontier: each is a class of its own options, so that those of another cannot be among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import xinzhi.frontier as verbs
from xinzhi import words
from xinzhi.core.errors import UsageError
from xinzhi.core.text import same
from xinzhi.frontier import internal
from xinzhi.studies.frontier_inside import (
    KINDS,
    above_zero,
    dynamic,
    materials,
    network,
    notes_of_flows,
    notes_of_goods,
)

if TYPE_CHECKING:
    from xinzhi.core.lazy import pl
    from xinzhi.core.text import Text
    from xinzhi.frontier.internal import Labelled
    from xinzhi.studies.frontier_source import Source

Columns = tuple[str, ...]
Count = Callable[[int, int], None]
MEASURES = {"radial": "radial", "non-radial": "nonradial", "sbm": "sbm"}  # models that an index of distances knows
BOOTED = ("malmquist", "contemporaneous")
GOODS = {"inputs": ("capital", "labour"), "outputs": ("output",)}  # of the growth accounts
COLUMN_OF = {"employment": "labour", "output_real": "output"}  # the columns of a package that levels are made from
STONED = "stoned"


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """What every question asks: of which goods, under which returns to scale.

    `refuses` has options that another question takes, where there is more to say to whoever gives them to this one.
    """

    name: ClassVar[str]
    unused: ClassVar[frozenset[str]] = frozenset()  # fields of all questions that have no part in this one
    refuses: ClassVar[Mapping[str, str]] = {
        "link": "studies.inside-of",
        "retained": "studies.inside-of",
        "form": "studies.form-of-sfa",
        "disposability": "studies.disposability-of-bad",
    }

    inputs: Columns = ()
    outputs: Columns = ()
    rts: str | None = None
    orientation: str | None = None

    def check(self) -> None:  # noqa: B027 - most questions have nothing to refuse
        """Refuse values that do not go together."""

    @abstractmethod
    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the result."""

    def choices(self, *names: str) -> dict[str, Any]:
        """Return the options that were given; the verb has its own default of each."""
        return {name: value for name in names if (value := getattr(self, name)) not in (None, ())}

    def goods(self, frame: pl.DataFrame, *, units: bool = True) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return inputs and outputs, with the names of the units."""
        keys = ["region"] if units else []
        return frame.select(*keys, *self.inputs), frame.select(*keys, *self.outputs)


@dataclass(frozen=True, kw_only=True)
class WithBad(Question):
    """A question that knows bad outputs."""

    bad: Columns = ()

    def bads(self, frame: pl.DataFrame, *, units: bool = True) -> pl.DataFrame | None:
        """Return the bad outputs, with the names of the units; None without any."""
        names = ["region"] if units else []
        return frame.select(*names, *self.bad) if self.bad else None


OVER_YEARS = {
    **Question.refuses,
    "year": "studies.year-of-one",
}
OF_A_YEAR = {**Question.refuses, "years": "studies.years-of-span"}
PARTIAL = dict.fromkeys(("order_m", "order_alpha"), "studies.partial-of-year")


@dataclass(frozen=True, kw_only=True)
class Change(WithBad):
    """How productivity changes over years: an index with its parts."""

    name: ClassVar[str] = "change"
    refuses: ClassVar[Mapping[str, str]] = {
        **{option: code for option, code in OVER_YEARS.items() if option != "disposability"},
        **PARTIAL,
        "returns": "studies.returns-of-year",
        "explain": "studies.explain-of-year",
    }

    index: str
    reference: str | None = None
    decomposition: str | None = None
    disposability: str | None = None
    model: str | None = None
    window: int | None = None
    input_prices: Columns = ()
    output_prices: Columns = ()
    group: str | None = None
    years: str | None = None
    boot: int = 0
    seed: int = 0
    jobs: int = 1

    def check(self) -> None:
        """Refuse an index that does not know the bad outputs, model, window, bootstrap or groups."""
        if self.model is not None and self.model not in MEASURES:
            raise UsageError("studies.index-model", model=self.model, known=list(MEASURES))
        if self.disposability is not None and (not self.bad or self.group is not None):
            raise UsageError("studies.disposability-of-bad")
        if self.bad and self.index not in internal.DIRECTIONAL:
            raise UsageError("studies.bad-index", index=self.index, known=[same(name) for name in internal.DIRECTIONAL])
        if (self.reference == "window") != (self.window is not None):
            raise UsageError("studies.window-reference")
        if self.boot > 0 and (self.index, self.reference or "contemporaneous") != BOOTED:
            raise UsageError("studies.boot-malmquist")
        if self.group is not None and self.reference not in {None, "metafrontier"}:
            raise UsageError("studies.group-index")

    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the index, beside the growth accounts where it is of their goods."""
        frame, labels = source.goods.take(source.span(self.years))
        options = self.choices("rts", "orientation", "decomposition", "disposability", "window")
        options |= self.choices("input_prices", "output_prices", "reference")
        if self.group is not None:
            options |= {"group": "group", "reference": "metafrontier"}
        if self.model is not None:
            options["measure"] = MEASURES[self.model]
        if self.boot:
            options |= {"draws": self.boot, "seed": self.seed, "n_jobs": self.jobs, "progress": count}
        roles = ("region", "year", self.inputs, self.outputs, self.bad)
        change = verbs.productivity_change(source.rows(frame), *roles, index=self.index, **options)
        if source.measured and not self.bad and self.group is None and self._of_accounts() and not change.additive:
            growth = source.measured[0].frame.fill_nan(None).rename({"region": "unit", "year": "period"})
            change = replace(change, accounts=growth.select("unit", "period", *change.compared, "labour_share"))
        return source.with_labels(change, labels)

    def _of_accounts(self) -> bool:
        """Return whether the goods are those of the growth accounts."""
        sides = {"inputs": self.inputs, "outputs": self.outputs}
        return all(
            sorted(COLUMN_OF.get(name, name) for name in names) == sorted(GOODS[side]) for side, names in sides.items()
        )


@dataclass(frozen=True, kw_only=True)
class Stochastic(Question):
    """How far units are from a stochastic frontier."""

    name: ClassVar[str] = "sfa"
    unused: ClassVar[frozenset[str]] = frozenset({"orientation"})
    refuses: ClassVar[Mapping[str, str]] = {
        **{option: code for option, code in Question.refuses.items() if option != "form"},
        **PARTIAL,
        "bad": "studies.sfa-bad",
        "boot": "studies.sfa-boot",
        "returns": "studies.returns-of-year",
    }

    sfa: str
    form: str | None = None
    explain: Columns = ()
    year: str | int | None = None
    years: str | None = None

    def check(self) -> None:
        """Refuse several outputs, a year beside a span, and what the model does not take."""
        if self.year is not None and self.years is not None:
            raise UsageError("studies.year-or-years")
        if len(self.outputs) > 1:
            raise UsageError("studies.sfa-one-output")
        unused = {"--form": self.form, "--explain": self.explain} if self.sfa == STONED else {"--rts": self.rts}
        if idle := [option for option, value in unused.items() if value]:
            raise UsageError("studies.option-of-model", option=idle[0], model=self.sfa)

    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the stochastic frontier of a panel, or of one year."""
        del count
        single = self.year is not None or (self.sfa == STONED and self.years is None)
        timed = source.timed and not single
        frame, labels = source.goods.take(source.span(self.years) if timed else [source.year(self.year, self.years)])
        keys = (self.outputs[0], self.inputs, "region", "year" if timed else None)
        if self.sfa == STONED:
            return source.with_labels(verbs.stoned(source.rows(frame), *keys, **self.choices("rts")), labels)
        options = self.choices("form")
        options |= {"determinants": list(self.explain)} if self.explain else {}
        options |= {"trend": True} if timed else {}
        return source.with_labels(verbs.sfa(source.rows(frame), *keys, model=self.sfa, **options), labels)


@dataclass(frozen=True, kw_only=True)
class Window(WithBad):
    """How efficient units are within windows of years."""

    name: ClassVar[str] = "window"
    refuses: ClassVar[Mapping[str, str]] = OVER_YEARS

    window: int
    years: str | None = None

    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the efficiencies of every window."""
        del count
        frame, labels = source.goods.take(source.span(self.years))
        result = verbs.window_analysis(
            *self.goods(frame, units=False),
            frame["region"].to_list(),
            frame["year"].to_list(),
            self.bads(frame, units=False),
            width=self.window,
            measure=self.orientation or ("directional" if self.bad else "output"),
            rts=self.rts or "crs",
        )
        return source.with_labels(result, labels)


@dataclass(frozen=True, kw_only=True)
class Dynamic(Question):
    """How efficient units are over periods that hand something on."""

    name: ClassVar[str] = "dynamic"
    refuses: ClassVar[Mapping[str, str]] = OVER_YEARS

    carry: Mapping[str, str] = field(default_factory=dict)
    years: str | None = None

    def check(self) -> None:
        """Refuse a kind of carry-over that there is not."""
        for column, kind in self.carry.items():
            if kind not in KINDS:
                raise UsageError("studies.carry", column=column, given=kind, known=list(KINDS))

    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the efficiency over all periods."""
        del count
        frame, labels = source.goods.take(source.span(self.years))
        options = self.choices("rts", "orientation")
        return source.with_labels(*dynamic(frame, labels, self.inputs, self.outputs, self.carry, options))


@dataclass(frozen=True, kw_only=True)
class OfYear(Question):
    """A question about one year."""

    refuses: ClassVar[Mapping[str, str]] = OF_A_YEAR

    year: str | int | None = None

    def answer(self, source: Source, count: Count) -> Labelled:
        """Return the result of the year, with a note which one it is."""
        frame, labels = source.goods.take([source.year(self.year)])
        if source.timed:
            labels = replace(labels, notes=(words.studies.note_figures_of(year=frame["year"][0]), *labels.notes))
        labels = replace(labels, notes=(*labels.notes, *self.notes()))
        return source.with_labels(self.score(frame, count), labels)

    def notes(self) -> tuple[Text, ...]:
        """Return what was assumed of the goods."""
        return ()

    @abstractmethod
    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return what the verb says of the rows of the year."""


@dataclass(frozen=True, kw_only=True)
class Network(OfYear):
    """How efficient units are that are networks of divisions."""

    name: ClassVar[str] = "network"
    unused: ClassVar[frozenset[str]] = frozenset({"inputs", "outputs"})

    flow: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None

    def notes(self) -> tuple[Text, ...]:
        """Return which column flows where."""
        return notes_of_flows(self.flow)

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the efficiency of units and divisions."""
        del count
        return network(frame, self.flow, self.choices("rts", "orientation", "link"))


@dataclass(frozen=True, kw_only=True)
class Materials(OfYear):
    """How efficient units are by the balance of their materials."""

    name: ClassVar[str] = "materials"
    unused: ClassVar[frozenset[str]] = frozenset({"orientation"})

    contents: Mapping[str, float] = field(default_factory=dict)
    retained: Mapping[str, float] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse contents of what is no input, and retained amounts of what is no output."""
        for option, amounts, goods in (
            ("contents", self.contents, self.inputs),
            ("retained", self.retained, self.outputs),
        ):
            if unknown := [name for name in amounts if name not in goods]:
                raise UsageError("studies.content-of", option=option, unknown=unknown, known=list(goods))

    def notes(self) -> tuple[Text, ...]:
        """Return what goods contain."""
        return notes_of_goods(self.contents, self.retained)

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return environmental efficiency."""
        del count
        return materials(frame, (self.inputs, self.contents), (self.outputs, self.retained), self.rts or "vrs")


@dataclass(frozen=True, kw_only=True)
class Economic(OfYear):
    """How efficient units are at the prices they face: cost, revenue or profit."""

    name: ClassVar[str] = "economic"
    unused: ClassVar[frozenset[str]] = frozenset({"orientation"})

    input_prices: Columns = ()
    output_prices: Columns = ()

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the efficiency of the sides that have prices."""
        del count
        sides = {"input": (self.input_prices, self.inputs), "output": (self.output_prices, self.outputs)}
        for side, (prices, goods) in sides.items():
            if prices and len(prices) != len(goods):
                raise UsageError("studies.prices", option=f"--{side}-prices", n=len(prices), goods=len(goods))
        tables = [frame.select(prices).to_numpy() for prices, _ in sides.values() if prices]
        options: dict[str, Any] = {"rts": self.rts or "vrs", "units": "region"}
        if self.input_prices and self.output_prices:
            return verbs.profit_efficiency(*self.goods(frame), *tables, **options)
        if self.input_prices:
            return verbs.cost_efficiency(*self.goods(frame), *tables, **options)
        return verbs.revenue_efficiency(*self.goods(frame), *tables, **options)


@dataclass(frozen=True, kw_only=True)
class WithModel(OfYear, WithBad):
    """A question about one year that knows models and bad outputs."""

    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class Metafrontier(WithModel):
    """How far the frontier of a group is from that of all."""

    name: ClassVar[str] = "metafrontier"

    group: str

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return efficiency within the group and the gap between the frontiers."""
        del count
        radial = self.orientation or ("directional" if self.bad else "output")
        measure = "sbm" if self.model == "sbm" else radial
        groups, rts = frame["group"].to_list(), self.rts or "crs"
        bads = self.bads(frame)
        return verbs.metafrontier(*self.goods(frame), groups, bads, measure=measure, rts=rts, units="region")


@dataclass(frozen=True, kw_only=True)
class Efficiency(WithModel):
    """How far units are from the best of them in a year."""

    name: ClassVar[str] = "efficiency"
    refuses: ClassVar[Mapping[str, str]] = {
        option: code for option, code in OF_A_YEAR.items() if option != "disposability"
    }

    polluting: Columns = ()
    disposability: str | None = None

    def check(self) -> None:
        """Refuse disposability without bad outputs."""
        if self.disposability is not None and not self.bad:
            raise UsageError("studies.disposability-of-bad")

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the efficiencies, of plain models with slacks and scale."""
        del count
        model = self.model or ("environmental" if self.bad else "radial")
        rts = self.rts or ("crs" if model == "cross" else "vrs")
        orientation = self.orientation or internal.setting("orientations").get(model)
        options: dict[str, Any] = {"model": model, "rts": rts, "units": "region", **self.choices("disposability")}
        options |= {} if orientation is None else {"orientation": orientation}
        options |= {"polluting": list(self.polluting)} if self.polluting else {}
        if model == "radial" and not self.bad and orientation in {"input", "output"} and rts in {"crs", "vrs"}:
            scaled = rts == "vrs" and (frame.select(*self.inputs, *self.outputs).to_numpy() >= 0).all()
            options |= {"slacks": True, "scale": bool(scaled)}
        return verbs.efficiency(*self.goods(frame), self.bads(frame), **options)


@dataclass(frozen=True, kw_only=True)
class Partial(OfYear):
    """How far units are from a frontier that does not envelop all of them."""

    name: ClassVar[str] = "partial"

    order_m: int | None = None
    order_alpha: float | None = None

    def check(self) -> None:
        """Refuse both orders at once."""
        if self.order_m is not None and self.order_alpha is not None:
            raise UsageError("studies.two-partial")

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the efficiencies of the order."""
        del count
        options: dict[str, Any] = {"orientation": self.orientation or "output", "units": "region"}
        if self.order_m is not None:
            return verbs.order_m(*self.goods(frame), m=self.order_m, **options)
        return verbs.order_alpha(*self.goods(frame), alpha=self.order_alpha or 0.0, **options)


@dataclass(frozen=True, kw_only=True)
class Sampling(OfYear):
    """A question that is answered by samples."""

    boot: int = 0
    seed: int = 0
    jobs: int = 1

    def samples(self, frame: pl.DataFrame, count: Count) -> dict[str, Any]:
        """Return how samples are drawn; refuse figures that distances cannot be divided by."""
        above_zero(frame, (*self.inputs, *self.outputs), "--boot")
        draws = self.boot or internal.setting("tests")
        options = {"orientation": self.orientation or "output", "seed": self.seed, "n_jobs": self.jobs}
        return {**options, "draws": draws, "units": "region", "progress": count}


@dataclass(frozen=True, kw_only=True)
class Bootstrap(Sampling):
    """How sure efficiencies are."""

    name: ClassVar[str] = "bootstrap"

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return efficiencies without bias, with intervals."""
        return verbs.bootstrap(*self.goods(frame), rts=self.rts or "vrs", **self.samples(frame, count))


@dataclass(frozen=True, kw_only=True)
class ReturnsTest(Sampling):
    """Whether returns to scale are constant."""

    name: ClassVar[str] = "returns_test"

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the tests."""
        return verbs.returns_test(*self.goods(frame), **self.samples(frame, count))


@dataclass(frozen=True, kw_only=True)
class TwoStage(Sampling):
    """What explains efficiencies."""

    name: ClassVar[str] = "two_stage"

    explain: Columns = ()

    def score(self, frame: pl.DataFrame, count: Count) -> Labelled:
        """Return the second stage."""
        factors, options = frame.select("region", *self.explain), self.samples(frame, count)
        return verbs.two_stage(*self.goods(frame), factors, rts=self.rts or "vrs", **options)
