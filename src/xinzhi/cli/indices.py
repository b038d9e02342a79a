"""`xinzhi sectors --system`: an index from a declared system, its rank intervals, and how far ranks can move."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from xinzhi.cli.speech import console, count_findings, print_findings, print_json, say
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from xinzhi.cli.sectors import Asked
    from xinzhi.core.result import Result
    from xinzhi.data import Package
    from xinzhi.sectors import Index, Normalisation, System

MISSING = 8  # indicators that a line names


def build(data: str, asked: Asked) -> None:
    """Build the index that was asked for and hold its ranks to other conventions."""
    from xinzhi.cli.progress import steps
    from xinzhi.cli.room import conclude
    from xinzhi.report.document import rows

    system = _system(asked)
    scale = _normalisation(asked.normalisation)
    said = {
        "read": say("读取数据", "reading the data"),
        "index": say("编制指数", "building the index"),
        "draws": say(f"抽取 {asked.draws:,} 种方法", f"drawing {asked.draws:,} conventions"),
        "gaming": say("逐一换算法", "trying every convention"),
    }
    notes: list[str] = []
    with steps(said, quiet=asked.as_json) as step, briefly():
        step("read")
        frame, rules, package = _read(data, system, asked)
        step("index")
        result = _index(frame, rules, package, asked, scale)
        step("draws")
        found = [result, *_trusted(result, asked.draws, notes)]
        step("gaming")
        found.append(result.gaming())
    explained = _explained(result, asked)
    more: dict[str, Any] = {
        "system": {"id": system.id, "title_zh": system.title.zh, "title_en": system.title.en},
        "coverage": rows(result.coverage),
        "weights": rows(result.weights),
        "findings": [one.to_dict() for one in result.findings],
        "notes": notes,
    }
    more |= {"explanation": rows(explained)} if explained is not None else {}
    if not asked.as_json:
        _tell(result, found, explained, asked)
    conclude(
        found,
        name="sectors",
        source=_source(data, package),
        out=asked.out,
        language=asked.language,
        as_json=asked.as_json,
        more=more,
        region=asked.region,
    )
    if not asked.as_json:
        print_findings([one for one in result.findings if one.severity != "note"], asked.language, stderr=True)
        for line in notes:
            console(stderr=True).print(line, style="dim", markup=False)


@contextmanager
def briefly() -> Iterator[None]:
    """Leave the findings out of the message of an error that has them: they are printed below it."""
    from xinzhi.core.errors import InputError

    try:
        yield
    except InputError as error:
        if not error.findings:
            raise
        raise InputError(str(error).splitlines()[0].rstrip(":"), error.findings) from error


def _system(asked: Asked) -> System:
    """Return the system; where its file has mistakes, list them and leave with 1."""
    from xinzhi.core.errors import InputError
    from xinzhi.sectors import check_system

    name = asked.system or ""
    try:
        made, findings = check_system(name)
    except InputError as error:
        if not error.findings or not Path(name).is_file():
            raise InputError(str(error)) from error
        made, findings = None, tuple(error.findings)
    if made is not None:
        return made
    if asked.as_json:
        print_json({"system": name, "findings": [one.to_dict() for one in findings]})
    else:
        print_findings(findings, asked.language)
        console().print(count_findings(findings, asked.language), style="bold")
    raise typer.Exit(1)


def _normalisation(text: str) -> Normalisation:
    """Return the method and, after colons, its scale."""
    from xinzhi.core.errors import UsageError
    from xinzhi.sectors import Normalisation

    method, *ends = text.split(":")
    if not ends:
        return Normalisation(method)
    try:
        low, high = map(float, ends)
    except ValueError as error:
        message = f"--normalisation {text}: write a method, or a method with both ends of its scale, as min-max:1:100."
        raise UsageError(message) from error
    return Normalisation(method, low, high)


def _read(data: str, system: System, asked: Asked) -> tuple[pl.DataFrame | None, System, Package | None]:
    """Return the table of a file with what it can fill of the system, or the package."""
    from xinzhi.core.errors import InputError
    from xinzhi.data import load
    from xinzhi.sectors import is_table, read_indicators

    if not is_table(data):
        return None, system, load(data, encoding=asked.encoding)
    frame = read_indicators(data, encoding=asked.encoding)
    rules = system.within(frame.columns)
    if not rules.indicators:
        message = (
            f"{data} has none of the {len(system.indicators)} indicators of {system.id} "
            f"({', '.join(system.codes[:MISSING])}, ...); its columns are {', '.join(frame.columns)}."
        )
        raise InputError(message)
    return frame, rules, None


def _index(
    frame: pl.DataFrame | None, rules: System, package: Package | None, asked: Asked, scale: Normalisation
) -> Index:
    """Return the index over the years asked for."""
    from xinzhi.core.errors import InputError, UsageError
    from xinzhi.sectors import index

    source = within(frame if package is None else package, asked.years)
    try:
        result = index(source, rules, weights=asked.weights, aggregation=asked.aggregation, normalisation=scale)
    except UsageError as error:
        message = str(error).replace("Normalisation('min-max', 1, 100)", "--normalisation min-max:1:100")
        raise UsageError(message) from error
    except InputError as error:
        if asked.years is None or error.findings:
            raise
        first, last = asked.years
        message = f"{str(error).removesuffix('.')} in {first}-{last}."
        raise InputError(message) from error
    kept = result.provenance
    options = {**kept.options, **({} if asked.years is None else {"years": list(asked.years)})}
    # the digests are those of the whole tables, not of the years taken out of them
    inputs = {name: package.fingerprint(name) for name in kept.inputs} if package is not None else kept.inputs
    return replace(result, provenance=replace(kept, options=options, inputs=inputs))


def within(source: Any, years: tuple[int, int] | None) -> Any:  # noqa: ANN401 - a package or a frame, as `index` takes them
    """Return a package or a frame with the rows of some years alone."""
    import polars as pl

    from xinzhi.core.errors import InputError

    if years is None:
        return source
    inside = pl.col("year").is_between(*years)
    if not isinstance(source, pl.DataFrame):
        tables = {name: one.filter(inside) if "year" in one.columns else one for name, one in source.tables.items()}
        return replace(source, tables=tables)
    if "year" not in source.columns:
        message = "--years needs the column year, which the table does not have."
        raise InputError(message)
    rows = source.filter(inside)
    if not rows.height:
        known = ", ".join(map(str, source["year"].unique().sort()))
        message = f"the table has no row in {years[0]}-{years[1]}; it has {known}."
        raise InputError(message)
    return rows


def _trusted(result: Index, draws: int, notes: list[str]) -> Iterator[Result]:
    """Yield rank intervals and what moves ranks; what cannot be drawn around is said."""
    from xinzhi.core.errors import UsageError

    if result.convention.aggregation == "vikor":
        notes.append(
            say(
                "VIKOR 对权重不是线性的，不给出名次区间；算法检验包含它",
                "no rank intervals around vikor, which is not linear in its weights; the gaming test has it",
            )
        )
        return
    yield result.uncertainty(draws)
    try:
        yield result.sensitivity()
    except UsageError as error:
        notes.append(str(error))


def _explained(result: Index, asked: Asked) -> pl.DataFrame | None:
    """Return every figure behind the region that was asked for."""
    if asked.region is None:
        return None
    from xinzhi.report.pages.sectors.names import chosen

    codes = result.frame["region"].unique().sort().to_list()
    code = chosen(asked.region, codes, result.names, "")
    return result.explain(code, int(result.frame.drop_nulls("index")["year"].to_numpy().max()))


def _source(data: str, package: Package | None) -> Text:
    return package.title if package is not None else Text(zh=Path(data).name, en=Path(data).name)


def _tell(result: Index, found: list[Result], explained: pl.DataFrame | None, asked: Asked) -> None:
    """Print the ranking with its intervals, the figures behind one region, and what the data lack."""
    from xinzhi.cli.tables import table
    from xinzhi.report.numbers import significant

    out, language = console(), asked.language
    out.print(_ranking(result, found, asked))
    if explained is not None:
        shown = table(
            say("指标", "indicator"),
            say("数值", "value"),
            say("单位", "unit"),
            say("得分", "score"),
            say("权重", "weight"),
        )
        for row in explained.iter_rows(named=True):
            score, weight = f"{row['score']:.3f}", f"{row['weight']:.1%}"
            shown.add_row(row[f"name_{language}"], significant(row["value"]), row["unit"], score, weight)
        out.print(shown)
    if missing := [item.name.lang(language) for item in result.system.missing]:
        comma = "、" if language == "zh" else ", "
        more = " …" if len(missing) > MISSING else ""
        total = len(missing) + len(result.system.indicators)
        head = say(
            f"数据缺少体系 {total} 个指标中的 {len(missing)} 个：", f"missing, {len(missing)} of {total} indicators: "
        )
        out.print(head + comma.join(missing[:MISSING]) + more, markup=False)


def _ranking(result: Index, found: list[Result], asked: Asked) -> Any:  # noqa: ANN401 - a rich table
    """Return the last year: index, rank, its interval, and the best and the worst rank by convention."""
    from xinzhi.cli.tables import table
    from xinzhi.sectors import Gaming, Uncertainty

    keys = ["region", "year"]
    rows = result.frame.drop_nulls("index").select(*keys, "index", "rank")
    shown = table(
        say("名次", "rank"),
        say("地区", "region"),
        say("指数", "index"),
        say("5—95% 区间", "5-95 %"),
        say("只换算法", "by convention"),
    )
    rows = rows.filter(year=int(rows["year"].to_numpy().max())).sort("rank", "region")
    for one in found:
        if isinstance(one, Uncertainty):
            rows = rows.join(one.frame.select(*keys, "rank_p05", "rank_p95"), on=keys)
        if isinstance(one, Gaming):
            rows = rows.join(one.frame.select(*keys, "best_rank", "worst_rank"), on=keys)
    for row in rows.sort("rank", "region").iter_rows(named=True):
        shown.add_row(
            str(row["rank"]),
            result.names.region(row["region"]).lang(asked.language),
            f"{row['index']:.3f}",
            f"{row['rank_p05']}-{row['rank_p95']}" if "rank_p05" in row else "-",
            f"{row['best_rank']}-{row['worst_rank']}",
        )
    return shown


def covered(data: str, encoding: str | None) -> list[dict[str, Any]]:
    """Return the systems that ship, and how much of each the data have.

    Parameters
    ----------
    data, encoding
        A data package or a file of indicators, and the encoding of text.
    """
    from xinzhi.data import load
    from xinzhi.sectors import is_table, read_indicators, systems

    source = read_indicators(data, encoding=encoding) if is_table(data) else load(data, encoding=encoding)
    return [_coverage(source, system) for system in systems()]


def _coverage(source: Any, system: System) -> dict[str, Any]:  # noqa: ANN401 - a package or a frame
    import polars as pl

    from xinzhi.core.errors import InputError
    from xinzhi.sectors import from_package

    frame: pl.DataFrame | None = source if isinstance(source, pl.DataFrame) else None
    if frame is None:
        try:
            frame = from_package(source, system)
        except InputError:  # nothing of this system is within reach
            frame = None
    names = [] if frame is None else [code for code in system.codes if code in frame.columns]
    years = (
        [] if frame is None or not names or "year" not in frame.columns else frame.drop_nulls(names)["year"].to_list()
    )
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
