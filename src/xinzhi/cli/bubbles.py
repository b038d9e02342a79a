"""`xinzhi bubbles`: which price series explode, since when, and whether it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import OutOption  # noqa: TC001 - typer reads it at run time
from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, say

if TYPE_CHECKING:
    from xinzhi.cli.bubble_runs import Found
    from xinzhi.core.text import Language

HELP = say(
    "哪些价格序列出现投机泡沫（GSADF 检验），从何时起，是否仍在持续；可读取数据包或自己的普通表（长表或宽表）。",
    "Which price series are explosive (GSADF), since when, and is it over: of a data package or a table of your own.",
)
SHOWN = 60
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help=say(
            "数据包的名称或路径，或普通表（CSV、.xlsx、parquet）：长表，或首列为日期、每列一个序列的宽表",
            "a data package, or a table (CSV, .xlsx, parquet): long, or wide with dates first and a column a series",
        ),
    ),
]


def bubbles(
    data: Data = "china-provinces",
    *,
    of: Annotated[
        str | None,
        typer.Option(
            "--of", metavar="cities|provinces", help=say("数据包：城市（月度）或省份（年度）", "of a package")
        ),
    ] = None,
    homes: Annotated[
        str | None,
        typer.Option(
            "--homes",
            metavar="second-hand|new",
            help=say("数据包：二手住宅或新建住宅", "homes of the cities of a package"),
        ),
    ] = None,
    series: Annotated[
        str | None, typer.Option("--series", help=say("长表：序列名的列", "long table: column of the series"))
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help=say("日期的列；row 表示按行编号", "column of the dates; `row` numbers the rows")),
    ] = None,
    value: Annotated[
        str | None,
        typer.Option(
            "--value",
            help=say(
                "长表：数值的列；宽表：所取的列，以逗号分隔；数据包：log_price、price 或 price_to_output",
                "long table: column of figures; wide: the columns to take, by commas; package: log_price, price, "
                "price_to_output",
            ),
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help=say("先取对数", "take logarithms first"))] = False,
    region: Annotated[
        str | None,
        typer.Option("--region", "--series-name", help=say("另行说明并画出的序列", "a series to explain and to draw")),
    ] = None,
    lag: Annotated[
        str | None, typer.Option("--lag", metavar="N|aic|bic", help=say("滞后阶数，默认 bic", "lags; bic"))
    ] = None,
    critical: Annotated[
        str,
        typer.Option(
            "--critical",
            metavar="METHOD",
            help=say(
                "临界值：sieve、stored、simulated、wild、wild-resampled",
                "critical values: sieve, stored, simulated, wild, wild-resampled",
            ),
        ),
    ] = "sieve",
    convention: Annotated[
        str | None,
        typer.Option(
            "--convention",
            help=say(
                "起止日期的临界线：running-maximum（默认）、pointwise、family-wise",
                "line for the dates: running-maximum (default), pointwise, family-wise",
            ),
        ),
    ] = None,
    level: Annotated[int, typer.Option("--level", help=say("90、95 或 99", "90, 95 or 99"))] = 95,
    minimum_window: Annotated[
        int | None, typer.Option("--minimum-window", help=say("最小窗口的行数", "rows of the smallest regression"))
    ] = None,
    minimum_duration: Annotated[
        str, typer.Option("--minimum-duration", metavar="N|log", help=say("时段的最短期数", "shortest episode"))
    ] = "0",
    replications: Annotated[
        int | None, typer.Option("--replications", help=say("模拟或自助法的次数", "draws of the critical values"))
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help=say("随机数种子", "seed of the draws"))] = None,
    gaps: Annotated[
        str | None,
        typer.Option(
            "--gaps",
            metavar="refuse|longest",
            help=say(
                "有中断的序列：不检验，或只检验最长连续段（数据包默认）",
                "a series with holes: refuse, or the longest unbroken stretch (default of a package)",
            ),
        ),
    ] = None,
    zeros: Annotated[
        str,
        typer.Option(
            "--zeros", metavar="refuse|keep", help=say("正数中的零：不检验，或保留", "zeros among positive values")
        ),
    ] = "refuse",
    panel: Annotated[bool, typer.Option("--panel", help=say("另检验整个面板", "test the whole panel too"))] = False,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which price series explode, since when, and whether it is over."""
    from xinzhi.cli.bubble_runs import Asked, run, whole
    from xinzhi.cli.room import conclude

    language = chosen(lang)
    rules: dict[str, Any] = {
        "level": level, "minimum_window": minimum_window, "replications": replications, "seed": seed, "zeros": zeros,
        "minimum_duration": whole(minimum_duration, "--minimum-duration", "log"),
    }  # fmt: skip
    asked = Asked(
        data=data, of=of, homes=homes, series=series, date=date, value=value, log=log, region=region, lag=lag,
        critical=critical, convention=convention, gaps=gaps, rules=rules, panel=panel, encoding=encoding,
        language=language, quiet=as_json,
    )  # fmt: skip
    found = run(asked)
    results = [found.series, *([found.panel] if found.panel is not None else [])]
    conclude(
        results, name="bubbles", source=found.prices.source, out=out, language=language, as_json=as_json,
        more=_document(found, language) if as_json else {}, region=found.region,
    )  # fmt: skip
    if not as_json:
        _print(found, language)


def _document(found: Found, language: Language) -> dict[str, Any]:
    """Return what the JSON document holds beside the frames."""
    from xinzhi.cli.bubble_runs import untested
    from xinzhi.report.document import rows, text

    more: dict[str, Any] = {
        "statistics": rows(found.series.statistics),
        "episodes": rows(found.series.episodes),
        "untested": [one.to_dict() for one in untested(found.series)],
        "names": {series: text(name) for series, name in found.prices.names.items()},
        "notes": [note.lang(language) for note in found.notes],
    }
    if found.region is not None:
        more["explanation"] = found.series.explain(found.region).text(language)
    if found.panel is not None:
        more["panel"] = {"statistics": rows(found.panel.statistics), "episodes": rows(found.panel.episodes),
                         "members": list(found.panel.members)}  # fmt: skip
    return more


def _print(found: Found, language: Language) -> None:
    """Print the episodes, the explanation of the series that was asked for, what was not tested, and the notes."""
    from xinzhi.cli.bubble_runs import remarks, untested
    from xinzhi.cli.speech import print_findings
    from xinzhi.cli.tables import table

    episodes = found.series.episodes
    if episodes.height:
        shown = table(say("序列", "series"), say("方向", "direction"), say("开始", "start"), say("峰值", "peak"),
                      say("结束（含）", "last"), say("期数", "periods"), say("仍在持续", "ongoing"))  # fmt: skip
        for row in episodes.head(SHOWN).iter_rows(named=True):
            shown.add_row(
                row["series"], say("加速上涨", "rise") if row["signal"] == "positive" else say("加速下跌", "fall"),
                str(row["start"]), str(row["peak"]), str(row["last"]), str(row["duration"]),
                say("是", "yes") if row["ongoing"] else "",
            )  # fmt: skip
        console().print(shown)
        if episodes.height > SHOWN:
            more = episodes.height - SHOWN
            console().print(say(f"另有 {more} 段", f"and {more} more"), markup=False)
    if found.region is not None:
        console().print(found.series.explain(found.region).text(language), markup=False)
    if left := untested(found.series):
        console(stderr=True).print(say(f"未检验：{len(left)} 项", f"not tested: {len(left)}"), markup=False)
        print_findings(left, language, stderr=True)
    for line in [*remarks(found.series, language), *(note.lang(language) for note in found.notes)]:
        console(stderr=True).print(line, style="dim", markup=False)
