"""`xinzhi sources`: breakthrough, allocation and upgrading behind the productivity growth of every region."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from xinzhi.cli.room import conclude
from xinzhi.cli.settings import OutOption, ProtocolOption, SetOption, with_settings
from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, say
from xinzhi.cli.tables import table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import polars as pl

    from xinzhi.core.result import Result
    from xinzhi.core.text import Language, Text
    from xinzhi.data import Package
    from xinzhi.sources import Sources

SHOWN = 10


def sources(
    data: DataArgument,
    *,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    setting: SetOption = None,
    emerging: Annotated[
        str | None,
        typer.Option(
            "--emerging",
            metavar="CODES|FILE",
            help=say(
                "新兴行业的代码，以逗号分隔，或每行一个的文件", "codes of emerging industries, by commas, or a file"
            ),
        ),
    ] = None,
    detail: Annotated[
        str | None,
        typer.Option("--detail", help=say("细分：industry、sector 或 total", "detail: industry, sector or total")),
    ] = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            metavar="NAME=VALUE",
            help=say("改动一个假设，如 shares=by_sector", "change an assumption, such as shares=by_sector"),
        ),
    ] = None,
    frontier: Annotated[
        str | None,
        typer.Option(
            "--frontier",
            metavar="REFERENCE",
            help=say(
                "并列前沿分析（Malmquist 指数）的技术变化：sequential、global 或 contemporaneous",
                "put a Malmquist index beside it: sequential, global or contemporaneous",
            ),
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=0, help=say("列出几个地区", "how many regions to list"))] = SHOWN,
    region: Annotated[
        str | None,
        typer.Option("--region", help=say("瀑布图与说明的地区", "region of the waterfall and of the account")),
    ] = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Split TFP growth into breakthrough, allocation and upgrading, and look deeper into each."""
    from xinzhi.cli.progress import steps
    from xinzhi.data import load
    from xinzhi.protocol import load as load_protocol
    from xinzhi.report.page import package_line
    from xinzhi.sources import decompose

    language = chosen(lang)
    named, changed = _codes(emerging), _assumed(assume or [])
    rules = with_settings(load_protocol(protocol), setting or [])
    words = {
        "read": say("读取并检查数据", "reading and checking the data"),
        "split": say("分解", "splitting growth into its sources"),
        "depth": say("深入各来源", "looking deeper into each source"),
        "write": say("写出图表", "writing pictures and tables"),
    }
    with steps(words, quiet=as_json) as step:
        step("read")
        package = load(data, encoding=encoding)
        step("split")
        chosen_detail = cast("Any", detail)
        result = decompose(package, rules, named, detail=chosen_detail, assume=changed)
        if frontier is not None:
            beside = _frontier(result, frontier)
            result = decompose(package, rules, named, detail=chosen_detail, assume=changed, frontier=beside)
        code = None if region is None else result.names.resolve(region, result.measurement.panel.regions)
        step("depth")
        results, left = _deeper(result, package)
        step("write")
        conclude(
            results,
            name="sources",
            source=package_line(package),
            out=out,
            language=language,
            as_json=as_json,
            more=_more(result, left),
            region=code,
        )
    if not as_json:
        if top or code:
            console().print(_table(result, code, top, language))
        for measure, reason in left:
            console().print(f"{measure.lang(language)}: {reason}", style="dim", markup=False)
    if any(finding.severity == "error" for finding in (*package.findings, *result.findings)):
        raise typer.Exit(1)


def _codes(text: str | None) -> list[str]:
    """Return the codes of ``--emerging``: given by commas, or in a file by lines; a header `industry` is skipped."""
    from xinzhi.core.errors import UsageError

    if text is None:
        return []
    path = Path(text)
    if path.is_file():
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        cells = [cell for line in lines for cell in line.partition("#")[0].split(",")]
    elif path.suffix in {".txt", ".csv"}:
        message = f"--emerging {text}: there is no such file; name one, or give codes by commas, such as 26,35,39."
        raise UsageError(message)
    else:
        cells = text.split(",")
    return [cell.strip().strip('"') for cell in cells if cell.strip() and cell.strip().lower() != "industry"]


def _assumed(settings: Sequence[str]) -> dict[str, Any]:
    """Return the assumptions of ``--assume``; values are written as in YAML."""
    from xinzhi.core.errors import UsageError
    from xinzhi.protocol.yamlfile import YamlError, parse

    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            message = f"--assume {setting}: write it as NAME=VALUE, such as shares=by_sector."
            raise UsageError(message)
        try:
            values[name.strip()] = parse(value, "--assume").content
        except YamlError as error:
            raise UsageError(str(error)) from error
    return values


def _frontier(result: Sources, reference: str) -> pl.DataFrame:
    """Return technical and efficiency change of the regions with the same inputs, over the years decomposed."""
    import polars as pl

    from xinzhi.frontier import productivity_change

    years = result.frame["year"].sort()
    inside = pl.col("year").is_between(years[0] - 1, years[-1])
    rows = result.measurement.inputs.filter(inside).drop_nulls(["output", "capital", "labour", "human_capital"])
    whole = rows.group_by("region").len().filter(pl.col("len") == years[-1] - years[0] + 2)["region"]
    rows = rows.filter(pl.col("region").is_in(whole.to_list())).sort("region", "year")
    skilled = rows.with_columns(labour=pl.col("labour") * pl.col("human_capital"))
    change = productivity_change(
        skilled, "region", "year", ["capital", "labour"], ["output"], reference=reference, rts="crs"
    )
    return change.frame.drop_nulls(["efficiency_change", "technical_change"])


def _deeper(result: Sources, package: Package) -> tuple[list[Result], list[tuple[Text, str]]]:
    """Return the decomposition and what looks deeper into it, and why what the package does not allow is left out."""
    from xinzhi.core.errors import InputError
    from xinzhi.core.text import Text
    from xinzhi.sources import allocation, innovation, upgrading

    verbs: dict[Text, Callable[[], Result]] = {
        Text(zh="配置", en="allocation in depth"): partial(allocation.in_depth, result),
        Text(zh="升级", en="upgrading in depth"): partial(upgrading.in_depth, result),
        Text(zh="创新", en="innovation"): partial(innovation.in_depth, result, package),
    }
    found: list[Result] = [result]
    left = []
    for name, verb in verbs.items():
        try:
            found.append(verb())
        except InputError as error:
            left.append((name, str(error)))
    return found, left


def _more(result: Sources, left: Sequence[tuple[Text, str]]) -> dict[str, Any]:
    """Return what else ``--json`` prints."""
    from xinzhi.report.document import rows

    return {
        "identity_gap": result.identity_gap,
        "periods": rows(result.periods),
        "group_periods": rows(result.group_periods),
        "coverage": rows(result.coverage),
        "omitted": rows(result.omitted),
        "findings": [finding.to_dict() for finding in result.findings],
        "left_out": [{"measure": measure.en, "reason": reason} for measure, reason in left],
    }


def _table(result: Sources, code: str | None, top: int, language: Language) -> Any:  # noqa: ANN401 - a rich table
    """Return the regions in which allocation gave most over the whole span, or the periods of one region."""
    import polars as pl

    from xinzhi.core.text import percent
    from xinzhi.sources.facts import part_name, whole_span
    from xinzhi.sources.tables import PARTS

    if code is None:
        frame = whole_span(result, result.periods)
        frame = frame.sort("allocation", "tfp_growth", descending=True, nulls_last=True).head(top)
    else:
        frame = result.periods.filter(pl.col("region") == code)
    told = PARTS if result.industries["emerging"].any() else ("breakthrough", "allocation", "upgrading")
    parts = [name for name in told if frame[name].is_not_null().any()]
    found = table(
        say("地区", "region"),
        say("时期", "period"),
        say("全要素生产率 %", "TFP %"),
        *(f"{part_name(name).lang(language)}" for name in parts),
    )
    for row in frame.iter_rows(named=True):
        figures = (percent(row[name], 2, sign=True) for name in ("tfp_growth", *parts))
        found.add_row(result.names.region(row["region"]).lang(language), f"{row['start']}–{row['end']}", *figures)
    return found
