"""Sectors: do education, culture and green keep up with the economy; or an index, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.names import Names
from xinzhi.core.result import Provenance, Result
from xinzhi.core.text import Text, same, words
from xinzhi.data import Package, names_of
from xinzhi.protocol import Protocol
from xinzhi.sectors import Index, Normalisation, Sectors, System
from xinzhi.studies.paths import measured_or_noted
from xinzhi.studies.plain import load
from xinzhi.studies.study import SILENT, Draft, Progress, Study, first_line, options
from xinzhi.yardstick import Measurement

FIGURE = "output_per_head"
OF_INDEX = ("weights", "aggregation", "normalisation", "draws")
Span = tuple[int, int]


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
    protocol: Protocol | str = "xinzhi-cn-2026"
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
    source: Any,  # noqa: ANN401 - a package, a path; with `system` also a table
    *,
    measurement: Measurement | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
    **asked: Any,  # noqa: ANN401 - options
) -> Study:
    """Study whether the sectors keep up with the economy; with `system` build an index and try other conventions.

    Parameters
    ----------
    source
        A data package, its name or path; with `system` also a table of indicators.
    measurement
        The measurement of the package where it is at hand.
    deeper
        Whether every sector is looked at by itself, and how far regions are apart, beside the sectors together.
    progress
        Who is told how far it is.
    asked
        Fields of `SectorsOptions`.

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
    source: Any,  # noqa: ANN401 - a package
    wish: SectorsOptions,
    measurement: Measurement | None,
    progress: Progress,
    *,
    deeper: bool,
) -> Study:
    """Put the sectors side by side, and say how far regions are apart."""
    from xinzhi.sectors import advance

    progress.step("read")
    package = load(source, wish.encoding)
    draft = Draft(name="sectors", source=package.title, package=package)
    progress.step("measure")
    measured = measurement or measured_or_noted(package, wish.protocol, draft, "economy")
    progress.step("advance")
    result = advance(package, measured, years=wish.span)
    draft.results["sectors"] = result
    if deeper:
        _add_alone(package, measured, wish.span, draft)
        _add_apart(package, wish.span, draft)
        if "education" in draft.results:  # points of growth come before levels
            draft.results = {"education": draft.results["education"], **draft.results}
    told = None if wish.region is None else _explained(result, wish.region, names_of(package))
    economy = "tfp" if measured is not None else "output_per_worker"
    more = {} if told is None else {"explanation": told[1]}
    return draft.done(region=None if told is None else told[0], economy=economy, **more)


def _explained(result: Sectors, asked: str, names: Names) -> tuple[str, Any]:
    """Return the region that was asked for, and what stands behind it in the last year."""
    last = int(result.years["year"][-1])
    code = names.resolve(asked, sorted({*result.frame["region"], *result.omitted["region"]}))
    return code, result.explain(code, last)


def _add_alone(package: Package, measurement: Measurement | None, span: Span | None, draft: Draft) -> None:
    """Add education, culture and green by themselves."""
    from xinzhi.sectors import culture, education, green

    some = within(package, span)
    made: dict[str, Callable[[], Any]] = {
        "education": lambda: education(some, measurement),
        "culture": lambda: culture(some),
        "green": lambda: green(some),
    }
    for name, verb in made.items():
        result = draft.run(name, verb)
        if result is not None:
            draft.results[name] = replace(result, provenance=_whole(result, package, span))


def _whole(result: Result, package: Package, span: Span | None) -> Provenance:
    """Return the provenance with the digests of the whole tables, and the years taken out of them."""
    kept = result.provenance
    chosen = {**kept.options, **({} if span is None else {"years": list(span)})}
    return replace(kept, inputs={name: package.fingerprint(name) for name in kept.inputs}, options=chosen)


def _add_apart(package: Package, span: Span | None, draft: Draft) -> None:
    """Add inequality and densities of output per head."""
    from xinzhi.sectors import inequality, ridgelines

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
            inequality(grouped, FIGURE, group=None if groups is None else "group"), names | called
        ),
        "densities": lambda: _named(ridgelines(shares, relative), called),
    }
    for name, verb in made.items():
        result = draft.run(name, verb)
        if result is None:
            continue
        inputs = {"accounts": package.fingerprint("accounts")}
        chosen = {**result.provenance.options, **({} if span is None else {"years": list(span)})}
        made_of = replace(result.provenance, package=package.name, inputs=inputs, options=chosen)
        draft.results[name] = replace(result, provenance=made_of)


def _named(result: Any, names: Mapping[str, Text]) -> Any:  # noqa: ANN401 - a result
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


def _index_study(source: Any, wish: SectorsOptions, progress: Progress) -> Study:  # noqa: ANN401 - a package or a table
    """Build the index that was asked for and hold its ranks to other conventions."""
    system, scale = _system(wish.system), _normalisation(wish.normalisation or "min-max")
    progress.step("read")
    frame, rules, package = _read(source, system, wish)
    progress.step("index")
    result = _index(frame, rules, package, wish, scale)
    line = package.title if package is not None else same(Path(source).name if isinstance(source, (str, Path)) else "")
    draft = Draft(name="sectors", source=line, package=package, results={"index": result})
    progress.step("draws")
    _add_trust(result, wish.draws, draft)
    progress.step("gaming")
    draft.results["gaming"] = result.gaming()
    region: str | None = None
    more: dict[str, Any] = {}
    if wish.region is not None:
        region = names_of(package).resolve(wish.region, result.frame["region"].unique().sort().to_list())
        last = int(result.frame.drop_nulls("index")["year"].to_numpy().max())
        more = {"explanation": result.explain(region, last)}
    about = {"id": system.id, "title_zh": system.title.zh, "title_en": system.title.en}
    return draft.done(
        region=region, system=about, coverage=result.coverage, weights=result.weights, findings=list(result.findings),
        **more,
    )  # fmt: skip


def _system(asked: Any) -> System:  # noqa: ANN401 - a name, a path, a mapping
    """Return the system; one with mistakes is refused with all of them."""
    from xinzhi.sectors import check_system

    try:
        made, findings = check_system(asked)
    except InputError as error:
        if not error.findings or not Path(str(asked)).is_file():
            raise InputError("studies.in-file", file=asked, why=error.text) from error
        made, findings = None, tuple(error.findings)
    if made is None:
        raise InputError("studies.bad-system", findings, system=asked)
    return made


def _normalisation(text: str) -> Normalisation:
    """Return the method and, after colons, its scale."""
    from xinzhi.sectors import Normalisation

    method, *ends = text.split(":")
    if not ends:
        return Normalisation(method)
    try:
        low, high = map(float, ends)
    except ValueError as error:
        raise UsageError("studies.normalisation", normalisation=text) from error
    return Normalisation(method, low, high)


def _read(source: Any, system: System, wish: SectorsOptions) -> tuple[pl.DataFrame | None, System, Package | None]:  # noqa: ANN401 - a package or a table
    """Return a table with what it can fill of the system, or the package."""
    from xinzhi.sectors import is_table, read_indicators

    if is_table(source):
        frame = read_indicators(source, encoding=wish.encoding)
    elif isinstance(source, pl.DataFrame):
        frame = source
    else:
        return None, system, load(source, wish.encoding)
    rules = system.within(frame.columns)
    if not rules.indicators:
        raise InputError(
            "studies.no-indicators", source=source if isinstance(source, (str, Path)) else "table", system=system.id,
            n=len(system.indicators), wanted=[same(code) for code in system.codes], known=list(frame.columns),
        )  # fmt: skip
    return frame, rules, None


def _index(
    frame: pl.DataFrame | None, rules: System, package: Package | None, wish: SectorsOptions, scale: Normalisation
) -> Index:
    """Return the index over the years asked for."""
    from xinzhi.sectors import index

    span = wish.span
    source = within(frame if package is None else package, span)
    try:
        result = index(
            source, rules, weights=wish.weights or "entropy", aggregation=wish.aggregation or "arithmetic",
            normalisation=scale,
        )  # fmt: skip
    except InputError as error:
        if span is None or error.findings:
            raise
        raise InputError("studies.in-years", why=error.text, first=span[0], last=span[1]) from error
    kept = result.provenance
    chosen = {**kept.options, **({} if span is None else {"years": list(span)})}
    # the digests are those of the whole tables, not of the years taken out of them
    inputs = {name: package.fingerprint(name) for name in kept.inputs} if package is not None else kept.inputs
    return replace(result, provenance=replace(kept, options=chosen, inputs=inputs))


def within(source: Any, span: Span | None) -> Any:  # noqa: ANN401 - a package or a frame, as `index` takes them
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


def _add_trust(result: Index, draws: int | None, draft: Draft) -> None:
    """Add rank intervals and what moves ranks; what cannot be drawn around is said."""
    if result.convention.aggregation == "vikor":
        draft.note("vikor")
        return
    draft.results["uncertainty"] = result.uncertainty() if draws is None else result.uncertainty(draws)
    try:
        draft.results["sensitivity"] = result.sensitivity()
    except UsageError as error:
        draft.notes.append(error.text)


def covered(source: Any, encoding: str | None = None) -> list[dict[str, Any]]:  # noqa: ANN401 - a package or a table
    """Return the systems that ship, and how much of each a package or a table of indicators has."""
    from xinzhi.sectors import is_table, read_indicators, systems

    read = read_indicators(source, encoding=encoding) if is_table(source) else load(source, encoding)
    return [_coverage(read, system) for system in systems()]


def _coverage(source: Any, system: System) -> dict[str, Any]:  # noqa: ANN401 - a package or a frame
    from xinzhi.sectors import from_package

    frame: pl.DataFrame | None = source if isinstance(source, pl.DataFrame) else None
    if frame is None:
        try:
            frame = from_package(source, system)
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
