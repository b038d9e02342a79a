"""The frontier: efficiency of a year, productivity change over years, stochastic frontiers; and what can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, TypeAlias

import polars as pl

import xinzhi.frontier as verbs
from xinzhi.core.arrays import AnyFrame, AnyPackage
from xinzhi.core.errors import UsageError
from xinzhi.core.finding import Finding
from xinzhi.core.text import Text, same, words
from xinzhi.data import Package, RawTable
from xinzhi.frontier import DIRECTIONAL, INDICES, MODELS, REFERENCES, Labelled, Labels, PackageGoods, conventions
from xinzhi.protocol import Protocol
from xinzhi.protocol import load as read_protocol
from xinzhi.studies.frontier_inside import above_zero, dynamic, inside_clashes, inside_notes, materials, network
from xinzhi.studies.frontier_table import at_lines, read_goods
from xinzhi.studies.study import PROTOCOL, SILENT, Asked, Draft, Progress, Study, options, title
from xinzhi.studies.tables import in_order, is_plain, load, period_of, read_plain
from xinzhi.yardstick import Measurement, measure

Count = Callable[[int, int], None]
Made: TypeAlias = Any  # a result of the frontier
MEASURES = {"radial": "radial", "non-radial": "nonradial", "sbm": "sbm"}  # models that an index of distances knows
BOOTED = ("malmquist", "contemporaneous")
COLUMNS = ("inputs", "outputs", "bad", "explain", "input_prices", "output_prices")
GOODS = {"inputs": ("capital", "labour"), "outputs": ("output",)}  # of the growth accounts
COLUMN_OF = {"employment": "labour", "output_real": "output"}  # the columns of a package that levels are made from
REFERENCE = "sequential"  # best practice once reached is not lost: what falls short of it is inefficiency
STONED = "stoned"


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
    disposability: str | None = None
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
    flow: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None
    carry: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, float] = field(default_factory=dict)
    retained: Mapping[str, float] = field(default_factory=dict)
    jobs: int = 1
    unit: str | None = None
    period: str | None = None
    region: str | None = None
    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of figures that takes part."""
        return tuple(name for part in (*COLUMNS, "flow", "carry") for name in getattr(self, part))

    def of_package(self) -> FrontierOptions:
        """Return the call with the goods of the growth accounts where none is named, and their index over the years."""
        if any(self.columns):
            return self
        kinds = (
            self.index,
            self.reference,
            self.decomposition,
            self.disposability,
            self.model,
            self.year,
            self.window,
            self.sfa,
            self.group,
            self.order_m,
            self.order_alpha,
        )
        asked = self.boot > 0 or self.returns or any(one is not None for one in kinds)
        wish = replace(self, inputs=GOODS["inputs"], outputs=GOODS["outputs"])
        return wish if asked else replace(wish, index="malmquist", reference=REFERENCE)

    def settled(self) -> FrontierOptions:
        """Return the call with the index by its own name and its reference; refuse what does not go together."""
        if not self.flow and not (self.inputs and self.outputs):
            raise UsageError("studies.name-goods")
        wish = self._named()
        if twice := sorted({name for name in wish.columns if wish.columns.count(name) > 1}):
            raise UsageError("studies.named-twice", column=twice[0])
        if error := next((error for wrong, error in _clashes(wish) if wrong), None):
            raise error
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
            known = {"known": list(INDICES), "references": list(REFERENCES)}
            raise UsageError("studies.no-index", index=index, **known)
        return replace(self, index=index, reference=reference)


def _clashes(wish: FrontierOptions) -> list[tuple[bool, UsageError]]:
    """Return what does not go together, each with its error."""
    indexed, stochastic = wish.index is not None, wish.sfa is not None
    measure = wish.model is None or wish.model in MEASURES
    radial = wish.model in {None, "radial"} and not wish.bad
    plain = radial and not indexed and not stochastic
    partial = [part for part in (wish.order_m, wish.order_alpha) if part is not None]
    directional = {"index": wish.index, "known": [same(one) for one in DIRECTIONAL]}
    known, of_model = list(MODELS), {"model": wish.model, "known": list(MEASURES)}
    over = {"--index": indexed, "--window": wish.window is not None, "--carry": bool(wish.carry)}
    spans = [option for option, asked in over.items() if asked]  # all of several years
    booted = (wish.index, wish.reference or "contemporaneous") == BOOTED
    priced = bool(wish.input_prices or wish.output_prices)
    disposing = not stochastic and wish.group is None and (indexed or not (wish.window or priced))
    return [
        *inside_clashes(wish),
        (len(partial) > 1, UsageError("studies.two-partial")),
        (bool(partial) and not plain, UsageError("studies.partial-of-year")),
        (indexed and stochastic, UsageError("studies.index-and-sfa")),
        (wish.year is not None and bool(spans), UsageError("studies.year-of-one", option=(spans or [""])[0])),
        (wish.years is not None and not spans and not stochastic, UsageError("studies.years-of-span")),
        (wish.year is not None and wish.years is not None, UsageError("studies.year-or-years")),
        (wish.model not in {None, *MODELS}, UsageError("studies.no-model", model=wish.model, known=known)),
        (indexed and not measure, UsageError("studies.index-model", **of_model)),
        (stochastic and bool(wish.bad), UsageError("studies.sfa-bad")),
        (stochastic and len(wish.outputs) > 1, UsageError("studies.sfa-one-output")),
        (stochastic and wish.boot > 0, UsageError("studies.sfa-boot")),
        (wish.disposability is not None and not (wish.bad and disposing), UsageError("studies.disposability-of-bad")),
        (wish.form is not None and not stochastic, UsageError("studies.form-of-sfa")),
        (wish.boot == 1, UsageError("studies.boot-one")),
        (wish.boot > 0 and not indexed and not radial, UsageError("studies.boot-radial")),
        (wish.returns and not plain, UsageError("studies.returns-of-year")),
        (bool(wish.explain) and indexed, UsageError("studies.explain-of-year")),
        (indexed and bool(wish.bad) and wish.index not in DIRECTIONAL, UsageError("studies.bad-index", **directional)),
        ((wish.reference == "window") != (indexed and wish.window is not None), UsageError("studies.window-reference")),
        (indexed and wish.boot > 0 and not booted, UsageError("studies.boot-malmquist")),
        (
            indexed and wish.group is not None and wish.reference not in {None, "metafrontier"},
            UsageError("studies.group-index"),
        ),
        (wish.window is not None and wish.window < 1, UsageError("studies.window")),
    ]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the figures come from: a data package with its protocol, or a plain table."""

    line: Text
    goods: PackageGoods
    timed: bool
    package: Package | None = None
    findings: tuple[Finding, ...] = ()  # warnings on the cells of a plain table
    measured: list[Measurement] = field(default_factory=list)

    def year(self, wish: FrontierOptions) -> Any:  # noqa: ANN401 - a year, or a period of another kind
        """Return the year of the efficiencies: the one asked for, else the latest official one."""
        if not self.timed:
            if wish.year or wish.years:
                raise UsageError("studies.no-period")
            return 0
        return self.goods.official_years()[-1] if wish.year is None else self._known(wish.year)

    def _known(self, asked: object) -> Any:  # noqa: ANN401 - a period
        known = self.goods.frame["year"].unique().sort().to_list()
        spelt = {str(asked).strip(), *map(str, in_order(pl.Series([str(asked).strip()])))}
        found = next((one for one in known if str(one) in spelt), None)
        if found is None:
            raise UsageError("studies.no-such-year", year=str(asked), first=known[0], last=known[-1])
        return found

    def span(self, wish: FrontierOptions) -> list[Any]:
        """Return the years of a panel: those asked for, else all that are official."""
        if not self.timed:
            raise UsageError("studies.needs-period")
        complete = self.goods.frame.drop_nulls(list(self.goods.goods))["year"].unique().sort().to_list()
        if wish.years is None:
            found = self.goods.official_years() if self.package is not None else complete
        else:
            first, colon, last = wish.years.replace("：", ":").partition(":")
            if not colon:
                raise UsageError("studies.span", years=wish.years)
            start, end = self._known(first), self._known(last)
            if start > end:
                raise UsageError("studies.span-reversed", years=wish.years)
            found = [one for one in complete if start <= one <= end]
        if len(found) <= 1:
            raise UsageError("studies.two-years")
        return found

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame | RawTable:
        """Return rows of the goods as a verb takes them that names lines."""
        return at_lines(frame, self.line.en)

    def sealed(self, result: Labelled, labels: Labels) -> Labelled:
        """Return a result with the names of its units and what it was computed from."""
        provenance = result.provenance
        labels = replace(labels, notes=(*(one.text for one in self.findings), *labels.notes))
        if self.package is not None:
            read = {table: self.package.fingerprint(table) for table in self.goods.tables}
            provenance = replace(provenance, package=self.package.name, inputs=read)
        if self.measured:
            of = self.measured[0].provenance
            provenance = replace(
                provenance,
                protocol=of.protocol,
                protocol_fingerprint=of.protocol_fingerprint,
                standing=of.standing,
                inputs={**of.inputs, **provenance.inputs},
            )
        return replace(verbs.labelled(result, labels), provenance=provenance)


def frontier(
    source: AnyFrame, *, measurement: Measurement | None = None, progress: Progress = SILENT, **asked: Asked
) -> Study:
    """Study how far units are from the best of them: in a year, over years, or by a stochastic frontier.

    Parameters
    ----------
    source, progress, asked
        As in `study`; also a table with a row a unit, or a unit and period. The options are the fields of
        `FrontierOptions`; `inputs` and `outputs` name columns. Of a package both are by default those of the growth
        accounts, and with nothing else asked the Malmquist index over the years stands beside them.
    measurement
        The measurement of the package where it is at hand.

    Examples
    --------
    >>> import xinzhi
    >>> goods = {"inputs": ("capital", "employment"), "outputs": ("output_real",)}
    >>> list(xinzhi.studies.frontier("china-provinces", **goods).results)
    ['efficiency']
    """
    wish: FrontierOptions = options(FrontierOptions, asked)
    plain = is_plain(source)
    wish = (wish if plain else wish.of_package()).settled()
    progress.step("read")
    read = _of_table(source, wish) if plain else _of_package(source, wish, measurement)
    progress.step("score")
    draft = Draft(name="frontier", source=read.line, package=read.package)
    draft.results = dict(_results(wish, read, progress.count))
    lead: Any = next(iter(draft.results.values()))
    draft.notes = list(dict.fromkeys(note for one in draft.results.values() for note in one.labels.notes))  # type: ignore[attr-defined] # results of the frontier have labels
    names, known = lead.names, read.goods.frame["region"].unique().sort()
    region = None if wish.region is None else names.resolve(wish.region, known)
    told: dict[str, Any] = {"findings": list(read.findings)} if read.findings else {}
    made = draft.done(region=region, names=dict(names.by_kind.get("region", {})), **told)
    return replace(made, findings=(*read.findings, *made.findings))


def _of_package(source: AnyPackage, wish: FrontierOptions, measurement: Measurement | None) -> Source:
    package = load(source, wish.encoding)
    rules = read_protocol(wish.protocol) if measurement is None else measurement.protocol
    if wish.unit is not None or wish.period is not None:
        raise UsageError("studies.columns-of-table", options="--unit, --period", source=package.name)
    measured: list[Measurement] = []

    @cache
    def take() -> Measurement:
        measured.append(measurement or measure(package, rules))
        return measured[0]

    goods = verbs.package_goods(package, wish.columns, take, group=wish.group)
    # the units of measurement of the goods, as far as the package tells
    tables = {one.get("name"): one for one in package.descriptor.get("resources", [])}
    known = {name: about.get("unit") for name, about in tables.get("indicators", {}).get("indicators", {}).items()}
    known |= input_units(rules, package) | dict(package.units.get("accounts", {}))
    labels = replace(goods.labels, measures={name: known[name] for name in goods.goods if known.get(name)})
    return Source(
        line=title(package), goods=replace(goods, labels=labels), timed=True, package=package, measured=measured
    )


def input_units(protocol: Protocol, package: Package) -> dict[str, str]:
    """Return the units of the levels behind the accounts, as far as the package's units tell.

    A capital stock built from investment is at the prices of the base year of the investment price index.
    """
    accounts = package.units.get("accounts", {})
    investment = package.units.get("investment", {})
    units = {"output": accounts.get("output_real"), "capital": accounts.get("capital")}
    if protocol.value("labour.unit") == "persons":
        units["labour"] = accounts.get("employment")
    price, nominal = investment.get("investment_price", ""), investment.get("investment_nominal")
    if units["capital"] is None and nominal and price.startswith("index ") and "=" in price:
        units["capital"] = f"{nominal} at {price.removeprefix('index ').partition('=')[0]} prices"
    return {name: unit for name, unit in units.items() if unit}


def _of_table(source: AnyFrame, wish: FrontierOptions) -> Source:
    """Return the goods of a plain table."""
    table = read_plain(source, wish.encoding)
    table.require(*wish.columns, wish.unit, wish.period, wish.group)
    period = wish.period or period_of(table.frame)
    goods, findings = read_goods(table, wish, period)
    return Source(line=table.source, goods=goods, timed=period is not None, findings=findings)


def _results(wish: FrontierOptions, source: Source, count: Count) -> list[tuple[str, Any]]:
    """Return what the verbs answer, the leading result first."""
    if wish.index is not None:
        return [("change", _change(wish, source, count))]
    if wish.sfa is not None:
        return [("sfa", _stochastic(wish, source))]
    if wish.window is not None:
        return [("window", _window(wish, source))]
    if wish.carry:
        frame, labels = source.goods.take(source.span(wish))
        return [("dynamic", source.sealed(*dynamic(frame, labels, wish)))]
    return _of_a_year(wish, source, count)


def _change(wish: FrontierOptions, source: Source, count: Count) -> Labelled:
    frame, labels = source.goods.take(source.span(wish))
    given = _made(
        reference="metafrontier" if wish.group else wish.reference,
        rts=wish.rts,
        orientation=wish.orientation,
        decomposition=wish.decomposition,
        disposability=wish.disposability,
        window=wish.window,
        measure=MEASURES.get(wish.model or ""),
        input_prices=wish.input_prices,
        output_prices=wish.output_prices,
        group="group" if wish.group else None,
    )
    if wish.boot:
        given |= {"n_boot": wish.boot, "seed": wish.seed, "n_jobs": wish.jobs, "progress": count}
    roles = ("region", "year", wish.inputs, wish.outputs, wish.bad)
    change = verbs.productivity_change(source.rows(frame), *roles, index=wish.index or "malmquist", **given)
    goods = {side: sorted(COLUMN_OF.get(name, name) for name in getattr(wish, side)) for side in GOODS}
    alike = goods == {side: sorted(names) for side, names in GOODS.items()}
    if source.measured and not wish.bad and wish.group is None and alike and not change.additive:
        growth = source.measured[0].frame.fill_nan(None).rename({"region": "unit", "year": "period"})
        change = replace(change, accounts=growth.select("unit", "period", *change.compared, "labour_share"))
    return source.sealed(change, labels)


def _made(**choices: Asked) -> dict[str, Any]:
    """Return the choices that were made; the verb has its own for the others."""
    return {name: value for name, value in choices.items() if value not in (None, ())}


def _stochastic(wish: FrontierOptions, source: Source) -> Labelled:
    alone = wish.year is not None or (wish.sfa == STONED and wish.years is None)
    timed = source.timed and not alone
    frame, labels = source.goods.take(source.span(wish) if timed else [source.year(wish)])
    keys = (wish.outputs[0], wish.inputs, "region", "year" if timed else None)
    if wish.sfa == STONED:
        return source.sealed(verbs.stoned(source.rows(frame), *keys, **_made(rts=wish.rts)), labels)
    explain = list(wish.explain) or None
    given = _made(form=wish.form, determinants=explain, trend=timed or None)
    return source.sealed(verbs.sfa(source.rows(frame), *keys, model=wish.sfa or "half-normal", **given), labels)


def _window(wish: FrontierOptions, source: Source) -> Labelled:
    frame, labels = source.goods.take(source.span(wish))
    x, y, bad = _goods(frame, wish, named=False)
    measure = wish.orientation or ("directional" if wish.bad else "output")
    result = verbs.window_analysis(
        x,
        y,
        frame["region"].to_list(),
        frame["year"].to_list(),
        bad,
        width=wish.window or 1,
        measure=measure,
        rts=wish.rts or "crs",
    )
    return source.sealed(result, labels)


def _goods(frame: pl.DataFrame, wish: FrontierOptions, *, named: bool = True) -> tuple[Any, Any, Any]:
    """Return inputs, outputs and bad outputs, with the names of the units."""
    keys = ["region"] if named else []
    bad = frame.select(*keys, *wish.bad) if wish.bad else None
    return frame.select(*keys, *wish.inputs), frame.select(*keys, *wish.outputs), bad


def _of_a_year(wish: FrontierOptions, source: Source, count: Count) -> list[tuple[str, Any]]:
    """Return the efficiencies of one year and what was asked for beside them."""
    frame, labels = source.goods.take([source.year(wish)])
    if source.timed:
        labels = replace(labels, notes=(words("studies.note.figures-of", year=frame["year"][0]), *labels.notes))
    labels = replace(labels, notes=(*labels.notes, *inside_notes(wish)))
    further = {
        "bootstrap": wish.boot > 0,
        "returns_test": wish.returns,
        "partial": wish.order_m is not None or wish.order_alpha is not None,
        "two_stage": bool(wish.explain),
    }
    lead = "efficiency" if wish.group is None else "metafrontier"
    lead = "economic" if wish.input_prices or wish.output_prices else lead
    lead = "network" if wish.flow else "materials" if wish.contents else lead
    plain = {
        "economic": _economic,
        "efficiency": _efficiency,
        "metafrontier": _metafrontier,
        "partial": _partial,
        "network": network,
        "materials": materials,
    }
    return [
        (name, source.sealed(plain[name](frame, wish) if name in plain else _drawn(name, frame, wish, count), labels))
        for name in (lead, *(name for name, wanted in further.items() if wanted))
    ]


def _efficiency(frame: pl.DataFrame, wish: FrontierOptions) -> Made:
    model = wish.model or ("environmental" if wish.bad else "radial")
    rts = wish.rts or ("crs" if model == "cross" else "vrs")
    orientation = wish.orientation or conventions()["orientations"]["value"].get(model)
    given = _made(
        model=model,
        rts=rts,
        units="region",
        orientation=orientation,
        polluting=list(wish.polluting) or None,
        disposability=wish.disposability,
    )
    if model == "radial" and not wish.bad and orientation in {"input", "output"} and rts in {"crs", "vrs"}:
        scaled = rts == "vrs" and (frame.select(*wish.inputs, *wish.outputs).to_numpy() >= 0).all()
        given |= {"slacks": True, "scale": bool(scaled)}
    return verbs.efficiency(*_goods(frame, wish), **given)


def _metafrontier(frame: pl.DataFrame, wish: FrontierOptions) -> Made:
    measure = "sbm" if wish.model == "sbm" else wish.orientation or ("directional" if wish.bad else "output")
    x, y, bad = _goods(frame, wish)
    return verbs.metafrontier(
        x, y, frame["group"].to_list(), bad, measure=measure, rts=wish.rts or "crs", units="region"
    )


def _economic(frame: pl.DataFrame, wish: FrontierOptions) -> Made:
    x, y, _ = _goods(frame, wish)
    sides = {"input": (wish.input_prices, wish.inputs), "output": (wish.output_prices, wish.outputs)}
    for side, (prices, goods) in sides.items():
        if prices and len(prices) != len(goods):
            raise UsageError("studies.prices", option=f"--{side}-prices", n=len(prices), goods=len(goods))
    tables = [frame.select(prices).to_numpy() for prices, _ in sides.values() if prices]
    verb: Callable[..., Any] = verbs.cost_efficiency if wish.input_prices else verbs.revenue_efficiency
    verb = verbs.profit_efficiency if len(tables) > 1 else verb
    return verb(x, y, *tables, rts=wish.rts or "vrs", units="region")


def _partial(frame: pl.DataFrame, wish: FrontierOptions) -> Made:
    x, y, _ = _goods(frame, wish)
    given: dict[str, Any] = {"orientation": wish.orientation or "output", "units": "region"}
    if wish.order_m is not None:
        return verbs.order_m(x, y, m=wish.order_m, **given)
    return verbs.order_alpha(x, y, alpha=wish.order_alpha or 0.0, **given)


def _drawn(verb: str, frame: pl.DataFrame, wish: FrontierOptions, count: Count) -> Made:
    """Return the answer of a verb that draws samples."""
    above_zero(frame, (*wish.inputs, *wish.outputs), "--boot")  # distances are divided by them
    x, y, _ = _goods(frame, wish)
    given: dict[str, Any] = {"orientation": wish.orientation or "output", "seed": wish.seed, "n_jobs": wish.jobs}
    given |= {"replications": wish.boot or conventions()["tests"]["value"], "units": "region"}
    given |= {"rts": wish.rts or "vrs"} if verb != "returns_test" else {}
    tables = (x, y, frame.select("region", *wish.explain)) if verb == "two_stage" else (x, y)
    return getattr(verbs, verb)(*tables, **given, progress=count)
