"""Sectors: do education, culture and green keep up with the economy; or an index, and how far to trust it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from xinzhi import sectors as verbs
from xinzhi import words
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.lazy import pl
from xinzhi.core.names import Names
from xinzhi.core.result import Result
from xinzhi.core.text import Text, same
from xinzhi.sectors import internal
from xinzhi.studies.draft import PROTOCOL, SILENT, Draft
from xinzhi.studies.paths import measured_or_noted
from xinzhi.studies.registry import on_server, topic
from xinzhi.studies.tables import load

if TYPE_CHECKING:
    from xinzhi.core.arrays import AnyFrame
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.sectors import Index
    from xinzhi.sectors.internal import System
    from xinzhi.studies.draft import Progress, Study
    from xinzhi.yardstick import Measurement

FIGURE = "output_per_head"
Span = tuple[int, int]
Made = TypeVar("Made", bound=Result)


@on_server("region")
@topic
def sectors(
    source: AnyFrame,
    *,
    system: str | Path | Mapping[str, Any] | None = None,
    weights: str | Mapping[str, float] | None = None,
    aggregation: str | None = None,
    normalisation: str | None = None,
    draws: int | None = None,
    years: str | Span | None = None,
    region: str | None = None,
    protocol: Protocol | str = PROTOCOL,
    encoding: str | None = None,
    measurement: Measurement | None = None,
    deeper: bool = True,
    progress: Progress = SILENT,
) -> Study:
    """Study whether the sectors keep up with the economy; with `system` build an index and try other conventions.

    Parameters
    ----------
    source
        A data package, its name or path; with `system` also a table of indicators.
    system, weights, aggregation, normalisation, draws
        The indicators of an index and how it is built; the four others go with `system`.
    years
        The first and the last year, ``2010:2020``.
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
    ways = {"weights": weights, "aggregation": aggregation, "normalisation": normalisation, "draws": draws}
    span = None if years is None else _span(years)
    if system is not None:
        scale = _normalisation(normalisation or "min-max")
        rules = {"weights": weights or "entropy", "aggregation": aggregation or "arithmetic", "normalisation": scale}
        return _index_study(
            source, _system(system), rules, span, progress, region=region, draws=draws, encoding=encoding
        )
    if stray := [name for name, value in ways.items() if value is not None]:
        raise UsageError("studies.of-index", options=[f"--{name}" for name in stray])
    progress.step("read")
    package = load(source, encoding)
    draft = Draft(name="sectors", source=package.title, package=package)
    progress.step("measure")
    measured = measurement or measured_or_noted(package, protocol, draft, "economy")
    progress.step("advance")
    result = _advance(package, measured, span, draft, needed=region is not None or span is not None)
    if deeper:
        _add_alone(package, measured, span, draft)
        _add_apart(package, span, draft)
        if "education" in draft.results:  # points of growth come before levels
            draft.results = {"education": draft.results["education"], **draft.results}
    more: dict[str, object] = {"economy": "tfp" if measured is not None else "output_per_worker"}
    if result is None:
        return draft.done(**more)
    region = draft.code(region, [*result.frame["region"], *result.omitted["region"]])
    if region is not None:
        more["explanation"] = result.explain(region, int(result.years["year"][-1]))
    return draft.done(region, **more)


def _advance(
    package: Package, measurement: Measurement | None, span: Span | None, draft: Draft, *, needed: bool
) -> verbs.Sectors | None:
    """Add the sectors side by side; where the data do not reach, an error if they are needed, else a note."""

    def verb() -> verbs.Sectors:
        return verbs.advance(package, measurement, years=span)

    result = verb() if needed else draft.run("sectors", verb)
    if result is not None:
        draft.results["sectors"] = result
    return result


def _add_alone(package: Package, measurement: Measurement | None, span: Span | None, draft: Draft) -> None:
    """Add education, culture and green by themselves."""
    rows = within(package, span)
    recipes: dict[str, Callable[[], Result]] = {
        "education": lambda: verbs.education(rows, measurement),
        "culture": lambda: verbs.culture(rows),
        "green": lambda: verbs.green(rows),
    }
    for name, verb in recipes.items():
        result = draft.run(name, verb)
        if result is not None:
            draft.results[name] = _whole(result, package, span)


def _whole(result: Made, package: Package | None, span: Span | None) -> Made:
    """Return a result with the digests of the whole tables, not of the years taken out of them, and these years."""
    provenance = result.provenance
    options = {**provenance.options, **({} if span is None else {"years": list(span)})}
    inputs = provenance.inputs if package is None else {name: package.fingerprint(name) for name in provenance.inputs}
    return replace(result, provenance=replace(provenance, inputs=inputs, options=options))


def _add_apart(package: Package, span: Span | None, draft: Draft) -> None:
    """Add inequality and densities of output per head."""
    try:
        accounts = package.require(
            "accounts", ["output_real", "population"], verb="inequality", despite=["missing-year"]
        )
    except InputError as error:
        draft.note("no-inequality", why=error.reason)
        return
    rows = accounts.select("region", "year", (pl.col("output_real") / pl.col("population")).alias(FIGURE))
    rows = rows.filter(pl.col(FIGURE).is_finite())
    rows = rows if span is None else rows.filter(pl.col("year").is_between(*span))
    groups, names = _groups(package)
    grouped = rows.join(groups, on="region", how="left") if groups is not None else rows
    relative = f"relative_{FIGURE}"
    shares = rows.with_columns((pl.col(FIGURE) / pl.col(FIGURE).mean().over("year")).alias(relative))
    figures = {name: words.sectors.series_of(name) for name in (FIGURE, relative)}
    recipes: Mapping[str, Callable[[], Result]] = {
        "inequality": lambda: _with_names(
            verbs.inequality(grouped, FIGURE, group=None if groups is None else "group"), names | figures
        ),
        "densities": lambda: _with_names(verbs.ridgelines(shares, relative), figures),
    }
    for name, verb in recipes.items():
        result = draft.run(name, verb)
        if result is None:
            continue
        made_of = replace(result.provenance, package=package.name, inputs={"accounts": package.fingerprint("accounts")})
        draft.results[name] = _whole(replace(result, provenance=made_of), package, span)


def _with_names(result: Made, names: Mapping[str, Text]) -> Made:
    return replace(result, names=Names({"series": names}))


def _groups(package: Package) -> tuple[pl.DataFrame | None, dict[str, Text]]:
    """Return the macro-region of every region and what they are called; None where there are not two of them."""
    table = package.optional("regions", verb="sectors")
    if table is None or not {"group_zh", "group_en"} <= set(table.columns):
        return None, {}
    rows = table.select("region", group=pl.coalesce("group_en", "group_zh"), zh=pl.coalesce("group_zh", "group_en"))
    grouped = rows.drop_nulls("group")
    names = {group: Text(zh=zh, en=group) for group, zh in grouped.select("group", "zh").iter_rows()}
    return (grouped.select("region", "group"), names) if len(names) > 1 else (None, {})


def _index_study(
    source: AnyFrame,
    system: System,
    rules: Mapping[str, Any],
    span: Span | None,
    progress: Progress,
    *,
    region: str | None,
    draws: int | None,
    encoding: str | None,
) -> Study:
    """Build an index and try its ranks under other conventions."""
    progress.step("read")
    frame, indicators, package = _read(source, system, encoding)
    progress.step("index")
    result = _whole(_index(frame if package is None else package, indicators, span, rules), package, span)
    file = Path(source).name if isinstance(source, (str, Path)) else ""
    line = same(file) if package is None else package.title
    draft = Draft(name="sectors", source=line, package=package, results={"index": result})
    progress.step("draws")
    single = result.frame.drop_nulls("index")["region"].n_unique() == 1
    if single:  # first of one under every convention
        draft.note("one-region")
    elif result.convention.aggregation == "vikor":  # cannot be drawn around
        draft.note("vikor")
    else:  # rank intervals and what moves ranks
        uncertainty = result.uncertainty() if draws is None else result.uncertainty(draws)
        rows = uncertainty.last.select("region", "rank_p05", "rank_p95").rows()
        draft.results["index"] = replace(result, ranges={region: (low, high) for region, low, high in rows})
        draft.results["uncertainty"] = uncertainty
        try:
            draft.results["sensitivity"] = result.sensitivity()
        except UsageError as error:
            draft.notes.append(error.text)
    progress.step("gaming")
    if not single:
        draft.results["gaming"] = result.gaming()
    more: dict[str, object] = {}
    region = draft.code(region, result.frame["region"])
    if region is not None:
        last = int(result.frame.drop_nulls("index")["year"].to_numpy().max())
        more = {"explanation": result.explain(region, last)}
    about = {"id": system.id, "title_zh": system.title.zh, "title_en": system.title.en}
    return draft.done(
        region,
        system=about,
        coverage=result.coverage,
        weights=result.weights,
        findings=list(result.findings),
        **more,
    )


def _system(choice: str | Path | Mapping[str, Any]) -> System:
    """Return the system; one with mistakes is refused with all of them."""
    try:
        indicators, findings = verbs.check_system(choice)
    except InputError as error:
        if not error.findings or not Path(str(choice)).is_file():
            raise InputError("studies.in-file", file=choice, why=error.text) from error
        indicators, findings = None, tuple(error.findings)
    if indicators is None:
        raise InputError("studies.bad-system", findings, system=choice)
    return indicators


def _normalisation(text: str) -> verbs.Normalisation:
    """Return the method and, after colons, its scale."""
    method, *ends = text.split(":")
    if not ends:
        return verbs.Normalisation(method)
    try:
        low, high = map(float, ends)
    except ValueError as error:
        raise UsageError("studies.normalisation", normalisation=text) from error
    return verbs.Normalisation(method, low, high)


def _read(source: AnyFrame, system: System, encoding: str | None) -> tuple[pl.DataFrame | None, System, Package | None]:
    """Return a table with what it can fill of the system, or the package."""
    if internal.is_table(source):
        frame = internal.read_indicators(source, encoding=encoding)
    elif isinstance(source, pl.DataFrame):
        frame = source
    else:
        return None, system, load(source, encoding)
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


def _span(years: str | Span) -> Span:
    """Return the first and the last of the years."""
    if isinstance(years, tuple):
        return years
    first, colon, last = str(years).partition(":")
    try:
        span = int(first), int(last if colon else first)
    except ValueError:
        span = (1, 0)
    if span[0] > span[1]:
        raise UsageError("studies.years", years=years)
    return span


def _index(source: pl.DataFrame | Package | None, system: System, span: Span | None, rules: Mapping[str, Any]) -> Index:
    """Return an index over a span."""
    try:
        return verbs.index(within(source, span), system, **rules)
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
        tables = {
            name: table.filter(inside) if "year" in table.columns else table for name, table in source.tables.items()
        }
        return replace(source, tables=tables)
    if "year" not in source.columns:
        raise InputError("studies.no-year-column")
    rows = source.filter(inside)
    if not rows.height:
        years = ", ".join(map(str, source["year"].unique().sort()))
        raise InputError("studies.no-rows-in-years", first=span[0], last=span[1], known=years)
    return rows


def covered(source: AnyFrame, encoding: str | None = None) -> list[dict[str, object]]:
    """Return the systems that ship, and how much of each a package or a table of indicators has."""
    contents = (
        internal.read_indicators(source, encoding=encoding) if internal.is_table(source) else load(source, encoding)
    )
    return [_coverage(contents, system) for system in verbs.systems()]


def _coverage(source: AnyFrame, system: System) -> dict[str, object]:
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
