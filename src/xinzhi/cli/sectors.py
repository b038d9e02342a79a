"""`xinzhi sectors`: do education, culture and green keep up with the economy; or an index, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import OutOption, ProtocolOption  # noqa: TC001 - typer reads them at run time
from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, print_json, say
from xinzhi.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import polars as pl

    from xinzhi.core.result import Provenance, Result
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.sectors import Sectors
    from xinzhi.yardstick import Measurement

HELP = say(
    "教育、文化、绿色跟得上经济吗，谁拖了后腿；给出 --system 则编制综合指数，并说明名次有多可靠。",
    "Do education, culture and green keep up with the economy, and who holds whom back; with --system build a "
    "composite index and say how far its ranks can be trusted.",
)
DEFAULT = "china-provinces"
OF_SYSTEM = ("--weights", "--aggregation", "--normalisation", "--draws")
DRAWS = 1000
FIGURE = "output_per_head"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, beside the data."""

    system: str | None
    weights: str
    aggregation: str
    normalisation: str
    draws: int
    years: tuple[int, int] | None
    region: str | None
    protocol: str
    encoding: str | None
    out: Path | None
    language: Language
    as_json: bool


def sectors(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help=say(
                "数据包的名称或路径；配合 --system 也可以是指标表（CSV、.xlsx、parquet：region、year、各指标一列）",
                "name or path of a data package; with --system also a table of indicators (CSV, .xlsx, parquet: "
                "region, year, a column each)",
            ),
        ),
    ] = None,
    *,
    system: Annotated[
        str | None,
        typer.Option(
            "--system",
            metavar="NAME|FILE",
            help=say("指标体系的名称或 YAML 文件", "name of an indicator system that ships, or a YAML file"),
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            help=say(
                "赋权：equal、expert、ahp、entropy（默认）、critic、deviation、pca、merec",
                "equal, expert, ahp, entropy (default), critic, deviation, pca or merec",
            ),
        ),
    ] = None,
    aggregation: Annotated[
        str | None,
        typer.Option(
            "--aggregation",
            help=say(
                "合成：arithmetic（默认）、geometric、harmonic、topsis、vikor、grey",
                "arithmetic (default), geometric, harmonic, topsis, vikor or grey",
            ),
        ),
    ] = None,
    normalisation: Annotated[
        str | None,
        typer.Option(
            "--normalisation",
            metavar="METHOD[:LOW:HIGH]",
            help=say(
                "标准化：min-max（默认）、z、rank、percentile、borda、distance-to-max、distance-to-target、vector；"
                "可写区间，如 min-max:1:100",
                "min-max (default), z, rank, percentile, borda, distance-to-max, distance-to-target or vector; with a "
                "scale where wanted: min-max:1:100",
            ),
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws", metavar="N", help=say("名次区间的抽取次数，默认 1000", "draws behind the rank intervals, 1000")
        ),
    ] = None,
    years: Annotated[
        str | None, typer.Option("--years", metavar="A:B", help=say("起止年份，如 2011:2017", "years, as in 2011:2017"))
    ] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", help=say("另行说明的一个地区：代码或名称", "a region to explain: its code or name")),
    ] = None,
    listing: Annotated[
        bool,
        typer.Option(
            "--list",
            help=say("列出随软件发布的指标体系及其覆盖", "list the systems that ship, and what DATA has of each"),
        ),
    ] = False,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether the sectors keep up with the economy, or build an index and hold its ranks to other conventions."""
    from xinzhi.core.errors import UsageError

    language = chosen(lang)
    if listing:
        _list(data or DEFAULT, encoding, language, as_json=as_json)
        return
    if data is None:
        message = f"name a data package, such as {DEFAULT} (see also --list)."
        raise UsageError(message)
    given = dict(zip(OF_SYSTEM, (weights, aggregation, normalisation, draws), strict=True))
    if system is None and (stray := [name for name, value in given.items() if value is not None]):
        message = f"{', '.join(stray)}: for an index only; name its indicators with --system (see --list)."
        raise UsageError(message)
    asked = Asked(
        system=system,
        weights=weights or "entropy",
        aggregation=aggregation or "arithmetic",
        normalisation=normalisation or "min-max",
        draws=DRAWS if draws is None else draws,
        years=_span(years),
        region=region,
        protocol=protocol,
        encoding=encoding,
        out=out,
        language=language,
        as_json=as_json,
    )
    if system is None:
        _together(data, asked)
    else:
        from xinzhi.cli.indices import build

        build(data, asked)


def _span(years: str | None) -> tuple[int, int] | None:
    """Return the first and the last year of ``A:B``, or one year twice."""
    from xinzhi.core.errors import UsageError

    if years is None:
        return None
    first, colon, last = years.partition(":")
    try:
        span = int(first), int(last if colon else first)
    except ValueError:
        span = (1, 0)
    if span[0] > span[1]:
        message = f"--years {years}: write the first and the last year, as in 2011:2017."
        raise UsageError(message)
    return span


def _together(data: str, asked: Asked) -> None:
    """Put the sectors side by side, and say how far regions are apart."""
    from xinzhi.cli.progress import steps
    from xinzhi.cli.room import conclude
    from xinzhi.data import load
    from xinzhi.sectors import advance

    said = {
        "read": say("读取数据", "reading the data"),
        "measure": say("测算全要素生产率", "measuring total factor productivity"),
        "advance": say("比较各领域", "putting the sectors side by side"),
    }
    notes: list[str] = []
    with steps(said, quiet=asked.as_json) as step:
        step("read")
        package = load(data, encoding=asked.encoding)
        step("measure")
        measurement = _measured(package, asked.protocol, notes)
        step("advance")
        result = advance(package, measurement, years=asked.years)
        others = [*_alone(package, measurement, asked.years, notes), *_apart(package, asked.years, notes)]
    told = _told(result, asked.region)
    more = {"economy": "tfp" if measurement is not None else "output_per_worker", "notes": notes}
    more |= {"explanation": told.lang(asked.language)} if told else {}
    if told and not asked.as_json:
        console().print(told.lang(asked.language), markup=False)
    conclude(
        [result, *others],
        name="sectors",
        source=package.title,
        out=asked.out,
        language=asked.language,
        as_json=asked.as_json,
        more=more,
        region=asked.region,
    )
    if not asked.as_json:
        for line in notes:
            console(stderr=True).print(line, style="dim", markup=False)


def _measured(package: Package, protocol: str, notes: list[str]) -> Measurement | None:
    """Return the measurement; where the package does not reach so far, None, and a note that says why."""
    from xinzhi.core.errors import InputError
    from xinzhi.protocol import load
    from xinzhi.yardstick import measure

    rules = load(protocol)
    try:
        return measure(package, rules)
    except InputError as error:
        why = str(error).splitlines()[0].rstrip(":")
        notes.append(
            say(
                f"全要素生产率无法测算，经济改用劳动生产率：{why}",
                f"productivity cannot be measured, so the economy is output per worker: {why}",
            )
        )
        return None


def _told(result: Sectors, region: str | None) -> Text | None:
    """Return what stands behind the region that was asked for in the last year."""
    if region is None:
        return None
    from xinzhi.report.pages.sectors.names import chosen

    codes = sorted({*result.frame["region"], *result.omitted["region"]})
    code = chosen(region, codes, result.names, "")
    found = result.explain(region if code not in set(result.frame["region"]) else code, int(result.years["year"][-1]))
    return Text(zh=found.text("zh"), en=found.text("en"))


def _alone(
    package: Package, measurement: Measurement | None, years: tuple[int, int] | None, notes: list[str]
) -> Iterator[Result]:
    """Yield education, culture and green by themselves; where the package does not reach, a note says so."""
    from xinzhi.cli.indices import within
    from xinzhi.core.errors import InputError
    from xinzhi.sectors import culture, education, green

    some = within(package, years)
    made: dict[Text, Callable[[], Any]] = {
        Text(zh="教育", en="education"): lambda: education(some, measurement),
        Text(zh="文化", en="culture"): lambda: culture(some),
        Text(zh="绿色", en="green"): lambda: green(some),
    }
    for name, one in made.items():
        try:
            result = one()
        except InputError as error:
            why = str(error).splitlines()[0]
            notes.append(say(f"未单独计算{name.zh}：{why}", f"nothing on {name.en} by itself: {why}"))
            continue
        yield replace(result, provenance=_whole(result, package, years))


def _whole(result: Result, package: Package, years: tuple[int, int] | None) -> Provenance:
    """Return the provenance with the digests of the whole tables, and the years taken out of them."""
    kept = result.provenance
    options = {**kept.options, **({} if years is None else {"years": list(years)})}
    return replace(kept, inputs={name: package.fingerprint(name) for name in kept.inputs}, options=options)


def _apart(package: Package, years: tuple[int, int] | None, notes: list[str]) -> Iterator[Result]:
    """Yield inequality and densities of output per head; where the package does not have them, a note says so."""
    import polars as pl

    from xinzhi.core.errors import InputError
    from xinzhi.core.names import Names
    from xinzhi.core.text import words
    from xinzhi.sectors import inequality, ridgelines

    try:
        accounts = package.require(
            "accounts", ["output_real", "population"], verb="inequality", despite=["missing-year"]
        )
    except InputError as error:
        notes.append(say(f"未计算地区差距：{error}", f"no inequality between regions: {error}"))
        return
    rows = accounts.select("region", "year", (pl.col("output_real") / pl.col("population")).alias(FIGURE))
    rows = rows.filter(pl.col(FIGURE).is_finite())
    rows = rows if years is None else rows.filter(pl.col("year").is_between(*years))
    groups, names = _groups(package)
    grouped = rows.join(groups, on="region", how="left") if groups is not None else rows
    relative = f"relative_{FIGURE}"
    shares = rows.with_columns((pl.col(FIGURE) / pl.col(FIGURE).mean().over("year")).alias(relative))
    called = {name: words(f"sectors.series.{name}") for name in (FIGURE, relative)}
    group, names_of_all = None if groups is None else "group", Names({"series": names | called})
    made: tuple[Callable[[], Any], ...] = (
        lambda: replace(inequality(grouped, FIGURE, group=group), names=names_of_all),
        lambda: replace(ridgelines(shares, relative), names=Names({"series": called})),
    )
    for one in made:
        try:
            result = one()
        except InputError as error:
            notes.append(say(f"未计算：{error}", f"left out: {error}"))
            continue
        inputs = {"accounts": package.fingerprint("accounts")}
        options = {**result.provenance.options, **({} if years is None else {"years": list(years)})}
        yield replace(
            result, provenance=replace(result.provenance, package=package.name, inputs=inputs, options=options)
        )


def _groups(package: Package) -> tuple[pl.DataFrame | None, dict[str, Text]]:
    """Return the macro-region of every region and what they are called; None where there are not two of them."""
    table = package.tables.get("regions")
    if table is None or not {"group_zh", "group_en"} <= set(table.columns):
        return None, {}
    import polars as pl

    rows = table.select("region", group=pl.coalesce("group_en", "group_zh"), zh=pl.coalesce("group_zh", "group_en"))
    known = rows.drop_nulls("group")
    names = {group: Text(zh=zh, en=group) for group, zh in known.select("group", "zh").iter_rows()}
    return (known.select("region", "group"), names) if len(names) > 1 else (None, {})


def _list(data: str, encoding: str | None, language: Language, *, as_json: bool) -> None:
    """Print the systems that ship, and how much of each the data have."""
    from xinzhi.cli.indices import covered
    from xinzhi.cli.tables import table

    found = covered(data, encoding)
    if as_json:
        print_json({"data": data, "systems": found})
        return
    shown = table(
        say("名称", "name"),
        say("标题", "title"),
        say("来源", "status"),
        say(f"{data} 的覆盖", f"in {data}"),
        say("齐全的年份", "complete in"),
    )
    states = {"own": say("自有", "own"), "published": say("已发表", "published")}
    for row in found:
        shown.add_row(
            row["id"],
            row[f"title_{language}"],
            states.get(row["status"], row["status"]),
            f"{row['covered']} / {row['indicators']}",
            "-" if row["first_year"] is None else f"{row['first_year']}-{row['last_year']}",
        )
    console().print(shown)
