"""Sectors: do education, culture and green keep up with the economy; or an index, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from xinzhi import sectors as verbs
from xinzhi.core.arrays import AnyFrame, AnyPackage
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.text import Text, same, words
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.sectors import Index, Normalisation, System
from xinzhi.studies.paths import measured_or_noted
from xinzhi.studies.study import PROTOCOL, SILENT, Asked, Draft, Progress, Study, first_line, options
from xinzhi.studies.tables import load
from xinzhi.yardstick import Measurement

FIGURE = "output_per_head"
OF_INDEX = ("weights", "aggregation", "normalisation", "draws")
Span = tuple[int, int]
Made = TypeVar("Made", bound=Result)


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorsOptions:
    """What can be asked of `sectors`; weights, aggregation, normalisation and draws go with `system`."""

    system: Any = None
    weights: Any = None
    aggregation: str | None = None
    normalisation: str | None = None
    draws: int | None = None
    years: Any = None
    region: str | None = None
    protocol: Protocol | str = PROTOCOL
    encoding: str | None = None

    def __post_init__(self) -> None:
        """Refuse options of an index without its indicators."""
        if self.system is None and (stray := [name for name in OF_INDEX if getattr(self, name) is not None]):
            raise UsageError("studies.of-index", options=[f"--{name}" for name in stray])

    @property
    def span(self) -> Span | None:
        """The first and the last year that were asked for."""
        if self.years is None or isinstance(self.years, tuple):
            return self.years
        first, colon, last = str(self.years).partition(":")
        try:
            span = int(first), int(last if colon else first)
        except ValueError:
            span = (1, 0)
        if span[0] > span[1]:
            raise UsageError("studies.years", years=self.years)
        return span


def sectors(
    source: AnyFrame,
    *,
    measurement: Measurement | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
    **asked: Asked,
) -> Study:
    """Study whether the sectors keep up with the economy; with `system` build an index and try other conventions.

    Parameters
    ----------
    source, progress, asked
        As in `study`; with `system` also a table of indicators. The options are the fields of `SectorsOptions`.
    measurement
        The measurement of the package where it is at hand.
    deeper
        Whether every sector is looked at by itself, and how far regions are apart, beside the sectors together.

    Examples
    --------
    >>> import xinzhi
    >>> made = xinzhi.studies.sectors("china-provinces", system="xinzhi-sectors", draws=20)
    >>> list(made.results)
    ['index', 'uncertainty', 'sensitivity', 'gaming']
    """
    wish: SectorsOptions = options(SectorsOptions, asked)
    _ = wish.span
    if wish.system is not None:
        return _index_study(source, wish, progress)
    return _together(source, wish, measurement, progress, deeper=deeper)


def _together(
    source: AnyPackage, wish: SectorsOptions, measurement: Measurement | None, progress: Progress, *, deeper: bool
) -> Study:
    """Put the sectors side by side, and say how far regions are apart."""
    progress.step("read")
    package = load(source, wish.encoding)
    draft = Draft(name="sectors", source=package.title, package=package)
    progress.step("measure")
    measured = measurement or measured_or_noted(package, wish.protocol, draft, "economy")
    progress.step("advance")
    result = _advance(package, measured, wish, draft)
    if deeper:
        _add_alone(package, measured, wish.span, draft)
        _add_apart(package, wish.span, draft)
        if "education" in draft.results:  # points of growth come before levels
            draft.results = {"education": draft.results["education"], **draft.results}
    more: dict[str, Any] = {"economy": "tfp" if measured is not None else "output_per_worker"}
    if result is None:
        return draft.done(**more)
    region = draft.code(wish.region, [*result.frame["region"], *result.omitted["region"]])
    if region is not None:
        more["explanation"] = result.explain(region, int(result.years["year"][-1]))
    return draft.done(region=region, **more)


def _advance(
    package: Package, measurement: Measurement | None, wish: SectorsOptions, draft: Draft
) -> verbs.Sectors | None:
    """Add the sectors side by side; where the data do not reach and no region or span was asked for, a note."""

    def verb() -> verbs.Sectors:
        return verbs.advance(package, measurement, years=wish.span)

    result = verb() if wish.region is not None or wish.span is not None else draft.run("sectors", verb)
    if result is not None:
        draft.results["sectors"] = result
    return result


def _add_alone(package: Package, measurement: Measurement | None, span: Span | None, draft: Draft) -> None:
    """Add education, culture and green by themselves."""
    some = within(package, span)
    made: dict[str, Callable[[], Any]] = {
        "education": lambda: verbs.education(some, measurement),
        "culture": lambda: verbs.culture(some),
        "green": lambda: verbs.green(some),
    }
    for name, verb in made.items():
        result = draft.run(name, verb)
        if result is not None:
            draft.results[name] = _whole(result, package, span)


def _whole(result: Made, package: Package | None, span: Span | None) -> Made:
    """Return a result with the digests of the whole tables, not of the years taken out of them, and these years."""
    kept = result.provenance
    chosen = {**kept.options, **({} if span is None else {"years": list(span)})}
    inputs = kept.inputs if package is None else {name: package.fingerprint(name) for name in kept.inputs}
    return replace(result, provenance=replace(kept, inputs=inputs, options=chosen))


def _add_apart(package: Package, span: Span | None, draft: Draft) -> None:
    """Add inequality and densities of output per head."""
    try:
        accounts = package.require(
            "accounts", ["output_real", "population"], verb="inequality", despite=["missing-year"]
        )
    except InputError as error:
        draft.note("no-inequality", why=first_line(error))
        return
    rows = accounts.select("region", "year", (pl.col("output_real") / pl.col("population")).alias(FIGURE))
    rows = rows.filter(pl.col(FIGURE).is_finite())
    rows = rows if span is None else rows.filter(pl.col("year").is_between(*span))
    groups, names = _groups(package)
    grouped = rows.join(groups, on="region", how="left") if groups is not None else rows
    relative = f"relative_{FIGURE}"
    shares = rows.with_columns((pl.col(FIGURE) / pl.col(FIGURE).mean().over("year")).alias(relative))
    called = {name: words(f"sectors.series.{name}") for name in (FIGURE, relative)}
    made: Mapping[str, Callable[[], Any]] = {
        "inequality": lambda: _named(
            verbs.inequality(grouped, FIGURE, group=None if groups is None else "group"), names | called
        ),
        "densities": lambda: _named(verbs.ridgelines(shares, relative), called),
    }
    for name, verb in made.items():
        result = draft.run(name, verb)
        if result is None:
            continue
        made_of = replace(result.provenance, package=package.name, inputs={"accounts": package.fingerprint("accounts")})
        draft.results[name] = _whole(replace(result, provenance=made_of), package, span)


def _named(result: Made, names: Mapping[str, Text]) -> Made:
    return replace(result, names=Names({"series": names}))


def _groups(package: Package) -> tuple[pl.DataFrame | None, dict[str, Text]]:
    """Return the macro-region of every region and what they are called; None where there are not two of them."""
    table = package.optional("regions", verb="sectors")
    if table is None or not {"group_zh", "group_en"} <= set(table.columns):
        return None, {}
    rows = table.select("region", group=pl.coalesce("group_en", "group_zh"), zh=pl.coalesce("group_zh", "group_en"))
    known = rows.drop_nulls("group")
    names = {group: Text(zh=zh, en=group) for group, zh in known.select("group", "zh").iter_rows()}
    return (known.select("region", "group"), names) if len(names) > 1 else (None, {})


def _index_study(source: AnyFrame, wish: SectorsOptions, progress: Progress) -> Study:
    """Build the index that was asked for and hold its ranks to other conventions."""
    system, scale = _system(wish.system), _normalisation(wish.normalisation or "min-max")
    progress.step("read")
    frame, rules, package = _read(source, system, wish)
    progress.step("index")
    result = _whole(_index(frame if package is None else package, rules, wish, scale), package, wish.span)
    line = package.title if package is not None else same(Path(source).name if isinstance(source, (str, Path)) else "")
    draft = Draft(name="sectors", source=line, package=package, results={"index": result})
    progress.step("draws")
    alone = result.frame.drop_nulls("index")["region"].n_unique() == 1
    if alone:  # first of one under every convention
        draft.note("one-region")
    elif result.convention.aggregation == "vikor":  # cannot be drawn around
        draft.note("vikor")
    else:  # rank intervals and what moves ranks
        drawn = result.uncertainty() if wish.draws is None else result.uncertainty(wish.draws)
        rows = drawn.last().select("region", "rank_p05", "rank_p95").rows()
        draft.results["index"] = replace(result, ranges={region: (low, high) for region, low, high in rows})
        draft.results["uncertainty"] = drawn
        try:
            draft.results["sensitivity"] = result.sensitivity()
        except UsageError as error:
            draft.notes.append(error.text)
    progress.step("gaming")
    if not alone:
        draft.results["gaming"] = result.gaming()
    more: dict[str, Any] = {}
    region = draft.code(wish.region, result.frame["region"])
    if region is not None:
        last = int(result.frame.drop_nulls("index")["year"].to_numpy().max())
        more = {"explanation": result.explain(region, last)}
    about = {"id": system.id, "title_zh": system.title.zh, "title_en": system.title.en}
    return draft.done(
        region=region,
        system=about,
        coverage=result.coverage,
        weights=result.weights,
        findings=list(result.findings),
        **more,
    )


def _system(asked: Asked) -> System:
    """Return the system; one with mistakes is refused with all of them."""
    try:
        made, findings = verbs.check_system(asked)
    except InputError as error:
        if not error.findings or not Path(str(asked)).is_file():
            raise InputError("studies.in-file", file=asked, why=error.text) from error
        made, findings = None, tuple(error.findings)
    if made is None:
        raise InputError("studies.bad-system", findings, system=asked)
    return made


def _normalisation(text: str) -> Normalisation:
    """Return the method and, after colons, its scale."""
    method, *ends = text.split(":")
    if not ends:
        return Normalisation(method)
    try:
        low, high = map(float, ends)
    except ValueError as error:
        raise UsageError("studies.normalisation", normalisation=text) from error
    return Normalisation(method, low, high)


def _read(source: AnyFrame, system: System, wish: SectorsOptions) -> tuple[pl.DataFrame | None, System, Package | None]:
    """Return a table with what it can fill of the system, or the package."""
    if verbs.is_table(source):
        frame = verbs.read_indicators(source, encoding=wish.encoding)
    elif isinstance(source, pl.DataFrame):
        frame = source
    else:
        return None, system, load(source, wish.encoding)
    rules = system.within(frame.columns)
    if not rules.indicators:
        raise InputError(
            "studies.no-indicators",
            source=source if isinstance(source, (str, Path)) else "table",
            system=system.id,
            n=len(system.indicators),
            wanted=[same(code) for code in system.codes],
            known=list(frame.columns),
        )
    return frame, rules, None


def _index(source: pl.DataFrame | Package | None, rules: System, wish: SectorsOptions, scale: Normalisation) -> Index:
    span = wish.span
    ways: dict[str, Any] = {"weights": wish.weights or "entropy", "aggregation": wish.aggregation or "arithmetic"}
    try:
        return verbs.index(within(source, span), rules, **ways, normalisation=scale)
    except InputError as error:
        if span is None or error.findings:
            raise
        raise InputError("studies.in-years", why=error.text, first=span[0], last=span[1]) from error


def within(source: AnyFrame, span: Span | None) -> AnyFrame:
    """Return a package or a frame with the rows of some years alone."""
    if span is None:
        return source
    inside = pl.col("year").is_between(*span)
    if not isinstance(source, pl.DataFrame):
        tables = {name: one.filter(inside) if "year" in one.columns else one for name, one in source.tables.items()}
        return replace(source, tables=tables)
    if "year" not in source.columns:
        raise InputError("studies.no-year-column")
    rows = source.filter(inside)
    if not rows.height:
        known = ", ".join(map(str, source["year"].unique().sort()))
        raise InputError("studies.no-rows-in-years", first=span[0], last=span[1], known=known)
    return rows


def covered(source: AnyFrame, encoding: str | None = None) -> list[dict[str, Any]]:
    """Return the systems that ship, and how much of each a package or a table of indicators has."""
    read = verbs.read_indicators(source, encoding=encoding) if verbs.is_table(source) else load(source, encoding)
    return [_coverage(read, system) for system in verbs.systems()]


def _coverage(source: AnyFrame, system: System) -> dict[str, Any]:
    frame: pl.DataFrame | None = source if isinstance(source, pl.DataFrame) else None
    if frame is None:
        try:
            frame = verbs.from_package(source, system)
        except InputError:  # nothing of this system is within reach
            frame = None
    names = [] if frame is None else [code for code in system.codes if code in frame.columns]
    dated = frame is not None and names and "year" in frame.columns
    years = frame.drop_nulls(names)["year"].to_list() if dated and frame is not None else []
    return {
        "id": system.id,
        "title_zh": system.title.zh,
        "title_en": system.title.en,
        "status": system.status,
        "indicators": len(system.codes),
        "covered": len(names),
        "missing": [code for code in system.codes if code not in names],
        "first_year": min(years, default=None),
        "last_year": max(years, default=None),
    }
