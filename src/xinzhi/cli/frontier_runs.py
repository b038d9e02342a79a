"""What `xinzhi frontier` was asked, where its figures come from, and which verb of the room answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from xinzhi.cli.speech import say
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import Text
from xinzhi.frontier import DIRECTIONAL, INDICES, MODELS, REFERENCES, Labelled, Labels, labelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.frontier import PackageGoods
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick import Measurement

# The orientation of a model that the call does not give one; models that are not here say themselves what moves.
ORIENTATIONS = {
    **dict.fromkeys(("radial", "super", "russell", "ebm", "seiford-zhu"), "output"),
    **dict.fromkeys(("sbm", "super-sbm", "range-directional"), "none"),
}
MEASURES = {"radial": "radial", "non-radial": "nonradial", "sbm": "sbm"}  # models that an index of distances knows
STONED = "stoned"
BOOTED = ("malmquist", "contemporaneous")
BOOT = 1000  # replications of a test or a second stage when --boot says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the call."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bad: tuple[str, ...] = ()
    index: str | None = None
    reference: str | None = None
    rts: str | None = None
    orientation: str | None = None
    model: str | None = None
    decomposition: str | None = None
    year: str | None = None
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

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of figures that takes part."""
        return (*self.inputs, *self.outputs, *self.bad, *self.explain, *self.input_prices, *self.output_prices)

    def settled(self) -> Asked:
        """Return the call with the index by its own name and its reference; refuse what does not go together.

        Raises
        ------
        UsageError
            When options clash or a name is unknown.
        """
        asked = self._named()
        twice = sorted({name for name in asked.columns if asked.columns.count(name) > 1})
        if twice:
            message = f"the column '{twice[0]}' is named twice; a good is an input, an output or a bad output."
            raise UsageError(message)
        for wrong, message in _clashes(asked):
            if wrong:
                raise UsageError(message)
        return asked

    def _named(self) -> Asked:
        """Return the call with a reference in the place of the index taken for what it is."""
        index, reference = self.index, self.reference
        if index in REFERENCES:
            if reference not in {None, index}:
                message = f"--index {index} is a reference, and --reference says {reference}: name one of them."
                raise UsageError(message)
            index, reference = None, index
        if index is None and (reference is not None or self.decomposition is not None):
            index = "malmquist-luenberger" if self.bad else "malmquist"
        if index is not None and index not in INDICES:
            message = (
                f"--index {index}: choose an index ({', '.join(INDICES)}) or a reference ({', '.join(REFERENCES)})."
            )
            raise UsageError(message)
        return replace(self, index=index, reference=reference)


def _clashes(asked: Asked) -> list[tuple[bool, str]]:
    """Return what does not go together, each with its message."""
    indexed, stochastic = asked.index is not None, asked.sfa is not None
    measure = asked.model is None or asked.model in MEASURES
    alone = "the efficiency of a year"
    radial = asked.model in {None, "radial"} and not asked.bad
    plain = radial and not indexed and not stochastic
    partial = [part for part in (asked.order_m, asked.order_alpha) if part is not None]
    return [
        (len(partial) > 1, "--order-m and --order-alpha are two partial frontiers: ask for one of them."),
        (bool(partial) and not plain, f"--order-m and --order-alpha go with {alone}, --model radial, no bad outputs."),
        (indexed and stochastic, "--index and --sfa are two methods: ask for one of them."),
        (indexed and asked.year is not None, "--index compares years: say --years A:B instead of --year."),
        (
            asked.model is not None and asked.model not in MODELS,
            f"--model {asked.model}: choose one of {', '.join(MODELS)}.",
        ),
        (
            indexed and not measure,
            f"--index takes --model {', '.join(MEASURES)}; {asked.model} is a model of {alone}.",
        ),
        (stochastic and bool(asked.bad), "--sfa takes no bad outputs."),
        (stochastic and len(asked.outputs) > 1, "--sfa has one output; name one with --outputs."),
        (stochastic and asked.boot > 0, "--boot does not go with --sfa, whose intervals come from its likelihood."),
        (asked.form is not None and not stochastic, "--form goes with --sfa."),
        (asked.boot == 1, "--boot 1 gives no interval: take 1000 or more."),
        (asked.boot > 0 and not indexed and not radial, "--boot goes with --model radial and no bad outputs."),
        (asked.returns and not plain, f"--returns goes with {alone}, --model radial and no bad outputs."),
        (bool(asked.explain) and indexed, f"--explain goes with {alone} or with --sfa bc95."),
        (
            indexed and bool(asked.bad) and asked.index not in DIRECTIONAL,
            f"--bad goes with --index {' or '.join(DIRECTIONAL)}; {asked.index} takes no bad outputs.",
        ),
        (
            (asked.reference == "window") != (indexed and asked.window is not None),
            "--reference window and --window K, the periods on each side, go together.",
        ),
        (
            indexed and asked.boot > 0 and (asked.index, asked.reference or "contemporaneous") != BOOTED,
            "--boot goes with --index malmquist and the contemporaneous reference.",
        ),
        (
            indexed and asked.group is not None and asked.reference not in {None, "metafrontier"},
            "--group with --index goes with --reference metafrontier, or none.",
        ),
        (asked.window is not None and asked.window < 1, "--window is a number of periods, at least 1."),
    ]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the figures come from: a data package with its protocol, or a plain table."""

    line: Text
    goods: PackageGoods
    timed: bool
    package: Package | None = None
    rules: Protocol | None = None
    measured: list[Measurement] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        data: str,
        asked: Asked,
        *,
        unit: str | None,
        period: str | None,
        encoding: str | None,
        rules: Callable[[], Protocol],
    ) -> Source:
        """Read a plain table, or a data package and what is measured from it."""
        from xinzhi.cli.plain import is_plain, plain_goods, read_plain

        if is_plain(data):
            goods, timed = plain_goods(read_plain(data, encoding), asked.columns, unit, period, asked.group)
            return cls(line=Text(zh=Path(data).name, en=Path(data).name), goods=goods, timed=timed)
        found = cls._of_package(data, asked, encoding, rules())
        if unit is not None or period is not None:
            message = "--unit and --period are columns of a plain table; a data package has region and year."
            raise UsageError(message)
        return found

    @classmethod
    def _of_package(cls, data: str, asked: Asked, encoding: str | None, rules: Protocol) -> Source:
        from xinzhi.data import load
        from xinzhi.frontier import package_goods
        from xinzhi.report.page import package_line
        from xinzhi.yardstick import measure

        package = load(data, encoding=encoding)
        measured: list[Measurement] = []

        @cache
        def measurement() -> Measurement:
            measured.append(measure(package, rules))
            return measured[0]

        goods = package_goods(package, asked.columns, measurement, group=asked.group)
        labels = replace(goods.labels, measures=_measures(package, rules, goods))
        return cls(
            line=package_line(package), goods=replace(goods, labels=labels), timed=True, package=package, rules=rules,
            measured=measured,
        )  # fmt: skip

    @property
    def has_errors(self) -> bool:
        """Whether the package has findings that are errors."""
        return self.package is not None and any(found.severity == "error" for found in self.package.findings)

    def year(self, asked: Asked) -> Any:  # noqa: ANN401 - a year, or a period of another kind
        """Return the year of the efficiencies: the one asked for, else the latest official one."""
        if not self.timed:
            if asked.year or asked.years:
                message = "the table has no period; name its column with --period."
                raise UsageError(message)
            return 0
        return self.goods.official_years()[-1] if asked.year is None else self._one(asked.year)

    def _one(self, text: str) -> Any:  # noqa: ANN401 - a period
        known = self.goods.frame["year"].unique().sort().to_list()
        found = next((one for one in known if str(one) == text.strip()), None)
        if found is None:
            message = f"there is no year {text}; the figures reach from {known[0]} to {known[-1]}."
            raise UsageError(message)
        return found

    def span(self, asked: Asked) -> list[Any]:
        """Return the years of a panel: those asked for, else all that are official."""
        if not self.timed:
            message = "productivity change, panels and windows need a period; name its column with --period."
            raise UsageError(message)
        if asked.years is None:
            found = self.goods.official_years() if self.package is not None else self._complete()
        else:
            first, colon, last = asked.years.replace("：", ":").partition(":")
            if not colon:
                message = f"--years {asked.years}: write it as A:B, such as 2005:2017."
                raise UsageError(message)
            start, end = self._one(first), self._one(last)
            found = [one for one in self._complete() if start <= one <= end]
        if len(found) <= 1:
            message = "a change needs at least two years that have figures of every column; widen --years."
            raise UsageError(message)
        return found

    def _complete(self) -> list[Any]:
        """Return the periods in which any unit has all figures."""
        return self.goods.frame.drop_nulls(list(self.goods.goods))["year"].unique().sort().to_list()

    def sealed(self, result: Labelled, labels: Labels) -> Labelled:
        """Return a result with the names of its units and what it was computed from."""
        provenance = result.provenance
        if self.package is not None:
            read = {table: self.package.fingerprint(table) for table in self.goods.tables}
            provenance = replace(provenance, package=self.package.name, inputs=read)
        if self.measured:
            of = self.measured[0].provenance
            provenance = replace(
                provenance,
                protocol=of.protocol,
                protocol_fingerprint=of.protocol_fingerprint,
                inputs={**of.inputs, **provenance.inputs},
            )
        return replace(labelled(result, labels), provenance=provenance)

    def names(self) -> dict[str, dict[str, str]]:
        """Return the names of the units for machines."""
        named = self.goods.labels.names.by_kind.get("region", {})
        return {code: {"zh": name.zh, "en": name.en} for code, name in named.items()}

    def notes(self, results: Sequence[Result]) -> tuple[Text, ...]:
        """Return what the data rest on and what was left out."""
        return tuple(dict.fromkeys(note for one in results for note in cast("Labelled", one).labels.notes))

    def code(self, result: Result, region: str | None) -> str | None:
        """Return the code of the region that was asked for by code or name."""
        if region is None:
            return None
        return result.names.resolve(region, self.goods.frame["region"].unique())


def _measures(package: Package, rules: Protocol, goods: PackageGoods) -> dict[str, str]:
    """Return the units of measurement of the goods, as far as the package tells."""
    from xinzhi.report.pages.yardstick.assessment import input_units

    indicators = package.descriptor.get("resources", [])
    listed: dict[str, Any] = next(
        (one.get("indicators", {}) for one in indicators if one.get("name") == "indicators"), {}
    )
    known = {name: about.get("unit") for name, about in listed.items()}
    known |= input_units(rules, package) | dict(package.units.get("accounts", {}))
    return {name: known[name] for name in goods.goods if known.get(name)}


def run(asked: Asked, source: Source, *, quiet: bool) -> list[Labelled]:
    """Return what the verbs of the room answer, the leading result first."""
    if asked.index is not None:
        return [_change(asked, source, quiet=quiet)]
    if asked.sfa is not None:
        return [_stochastic(asked, source)]
    if asked.window is not None:
        return [_window(asked, source)]
    return _of_a_year(asked, source, quiet=quiet)


def _change(asked: Asked, source: Source, *, quiet: bool) -> Labelled:
    from xinzhi.cli.progress import counting
    from xinzhi.frontier import productivity_change

    frame, labels = source.goods.take(source.span(asked))
    choices = {
        "reference": asked.reference, "rts": asked.rts, "orientation": asked.orientation,
        "decomposition": asked.decomposition, "window": asked.window,
        "measure": MEASURES.get(asked.model or "radial") if asked.model else None,
        "input_prices": asked.input_prices or None, "output_prices": asked.output_prices or None,
        "group": "group" if asked.group else None,
    }  # fmt: skip
    options: dict[str, Any] = {name: value for name, value in choices.items() if value is not None}
    if asked.group:
        options["reference"] = "metafrontier"
    with counting(say("自助法抽样", "bootstrap"), quiet=quiet or not asked.boot) as count:
        if asked.boot:
            options |= {"n_boot": asked.boot, "seed": asked.seed, "n_jobs": asked.jobs, "progress": count}
        result = productivity_change(
            frame, "region", "year", asked.inputs, asked.outputs, asked.bad, index=asked.index or "malmquist", **options
        )
    return source.sealed(result, labels)


def _stochastic(asked: Asked, source: Source) -> Labelled:
    from xinzhi.frontier import sfa, stoned

    alone = asked.year is not None or (asked.sfa == STONED and asked.years is None)
    timed = source.timed and not alone
    years = source.span(asked) if timed else [source.year(asked)]
    frame, labels = source.goods.take(years)
    period = "year" if timed else None
    if asked.sfa == STONED:
        choices: dict[str, Any] = {"rts": asked.rts} if asked.rts else {}
        return source.sealed(stoned(frame, asked.outputs[0], asked.inputs, "region", period, **choices), labels)
    options: dict[str, Any] = {"form": asked.form} if asked.form else {}
    options |= {"determinants": list(asked.explain)} if asked.explain else {}
    options |= {"trend": True} if timed else {}
    model = asked.sfa or "half-normal"
    return source.sealed(sfa(frame, asked.outputs[0], asked.inputs, "region", period, model=model, **options), labels)


def _window(asked: Asked, source: Source) -> Labelled:
    from xinzhi.frontier import window_analysis

    frame, labels = source.goods.take(source.span(asked))
    x, y, bad = _goods(frame, asked, named=False)
    measure = asked.orientation or ("directional" if asked.bad else "output")
    result = window_analysis(
        x, y, frame["region"].to_list(), frame["year"].to_list(), bad, width=asked.window or 1, measure=measure,
        rts=asked.rts or "crs",
    )  # fmt: skip
    return source.sealed(result, labels)


def _goods(frame: pl.DataFrame, asked: Asked, *, named: bool = True) -> tuple[Any, Any, Any]:
    """Return inputs, outputs and bad outputs, with the names of the units."""
    keys = ["region"] if named else []
    bad = frame.select(*keys, *asked.bad) if asked.bad else None
    return frame.select(*keys, *asked.inputs), frame.select(*keys, *asked.outputs), bad


def _of_a_year(asked: Asked, source: Source, *, quiet: bool) -> list[Labelled]:
    """Return the efficiencies of one year and what was asked for beside them."""
    frame, labels = source.goods.take([source.year(asked)])
    if source.timed:
        year = frame["year"][0]
        labels = replace(labels, notes=(Text(zh=f"数据年份：{year}。", en=f"Figures of {year}."), *labels.notes))
    verbs: list[Callable[[], Any]] = []
    if asked.input_prices or asked.output_prices:
        verbs.append(lambda: _economic(frame, asked))
    elif asked.group is not None:
        verbs.append(lambda: _metafrontier(frame, asked))
    else:
        verbs.append(lambda: _efficiency(frame, asked))
    if asked.boot:
        verbs.append(lambda: _drawn("bootstrap", frame, asked, quiet=quiet))
    if asked.returns:
        verbs.append(lambda: _drawn("returns_test", frame, asked, quiet=quiet))
    if asked.order_m is not None or asked.order_alpha is not None:
        verbs.append(lambda: _partial(frame, asked))
    if asked.explain:
        verbs.append(lambda: _drawn("two_stage", frame, asked, quiet=quiet))
    return [source.sealed(verb(), labels) for verb in verbs]


def _efficiency(frame: pl.DataFrame, asked: Asked) -> Any:  # noqa: ANN401 - a result
    from xinzhi.frontier import efficiency

    model = asked.model or ("environmental" if asked.bad else "radial")
    rts = asked.rts or ("crs" if model == "cross" else "vrs")
    options: dict[str, Any] = {"model": model, "rts": rts, "units": "region"}
    orientation = asked.orientation or ORIENTATIONS.get(model)
    options |= {"orientation": orientation} if orientation else {}
    options |= {"polluting": list(asked.polluting)} if asked.polluting else {}
    goods = _goods(frame, asked)
    if model == "radial" and not asked.bad and orientation in {"input", "output"} and rts in {"crs", "vrs"}:
        scaled = rts == "vrs" and (frame.select(*asked.inputs, *asked.outputs).to_numpy() >= 0).all()
        options |= {"slacks": True, "scale": bool(scaled)}
    return efficiency(*goods, **options)


def _metafrontier(frame: pl.DataFrame, asked: Asked) -> Any:  # noqa: ANN401 - a result
    from xinzhi.frontier import metafrontier

    measure = "sbm" if asked.model == "sbm" else asked.orientation or ("directional" if asked.bad else "output")
    x, y, bad = _goods(frame, asked)
    return metafrontier(x, y, frame["group"].to_list(), bad, measure=measure, rts=asked.rts or "crs", units="region")


def _economic(frame: pl.DataFrame, asked: Asked) -> Any:  # noqa: ANN401 - a result
    from xinzhi.frontier import cost_efficiency, profit_efficiency, revenue_efficiency

    x, y, _ = _goods(frame, asked)
    rts = asked.rts or "vrs"
    costs, values = (frame.select(names).to_numpy() for names in (asked.input_prices, asked.output_prices))
    for option, prices, goods in (("--input-prices", asked.input_prices, asked.inputs),
                                  ("--output-prices", asked.output_prices, asked.outputs)):  # fmt: skip
        if prices and len(prices) != len(goods):
            message = (
                f"{option} names {len(prices)} columns for {len(goods)} goods: one price for each, in their order."
            )
            raise UsageError(message)
    if asked.input_prices and asked.output_prices:
        return profit_efficiency(x, y, costs, values, rts=rts, units="region")
    if asked.input_prices:
        return cost_efficiency(x, y, costs, rts=rts, units="region")
    return revenue_efficiency(x, y, values, rts=rts, units="region")


def _positive(frame: pl.DataFrame, goods: Sequence[str]) -> None:
    """Refuse figures that are not above nought, by unit and column: distances are divided by them."""
    for name in goods:
        low = frame.filter(frame[name] <= 0)
        if low.height:
            unit, value = low["region"][0], low[name][0]
            message = f"'{name}' of {unit} is {value:g} ({low.height} such values); a bootstrap needs figures above 0."
            raise InputError(message)


def _partial(frame: pl.DataFrame, asked: Asked) -> Any:  # noqa: ANN401 - a result
    from xinzhi.frontier import order_alpha, order_m

    x, y, _ = _goods(frame, asked)
    options: dict[str, Any] = {"orientation": asked.orientation or "output", "units": "region"}
    if asked.order_m is not None:
        return order_m(x, y, m=asked.order_m, **options)
    return order_alpha(x, y, alpha=asked.order_alpha or 0.0, **options)


def _drawn(verb: str, frame: pl.DataFrame, asked: Asked, *, quiet: bool) -> Any:  # noqa: ANN401 - a result
    """Return the answer of a verb that draws samples, with a progress bar."""
    from xinzhi import frontier
    from xinzhi.cli.progress import counting

    _positive(frame, (*asked.inputs, *asked.outputs))
    x, y, _ = _goods(frame, asked)
    words = {
        "bootstrap": say("自助法抽样", "bootstrap"),
        "returns_test": say("检验规模报酬", "testing returns to scale"),
        "two_stage": say("两阶段回归", "two-stage regression"),
    }
    options: dict[str, Any] = {"orientation": asked.orientation or "output", "seed": asked.seed, "n_jobs": asked.jobs}
    options |= {"replications": asked.boot or BOOT, "units": "region"}
    options |= {"rts": asked.rts or "vrs"} if verb != "returns_test" else {}
    given = (x, y, frame.select("region", *asked.explain)) if verb == "two_stage" else (x, y)
    with counting(words[verb], quiet=quiet) as count:
        return getattr(frontier, verb)(*given, **options, progress=count)
