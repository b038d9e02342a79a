"""`xinzhi frontier`: efficiency, productivity change and stochastic frontiers of a data package or a plain table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xinzhi.cli.room import conclude
from xinzhi.cli.settings import OutOption, ProtocolOption, SetOption, with_settings
from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.cli.frontier_runs import Source
    from xinzhi.core.result import Result
    from xinzhi.core.text import Language
    from xinzhi.report.tables import Column

WIDE = 8  # columns that a terminal holds; the page and the workbook hold all


def frontier(
    data: DataArgument,
    *,
    inputs: Annotated[
        str,
        typer.Option("--inputs", "-x", metavar="A,B", help=say("投入的列，以逗号分隔", "columns of inputs, by commas")),
    ],
    outputs: Annotated[str, typer.Option("--outputs", "-y", metavar="A,B", help=say("产出的列", "columns of outputs"))],
    bad: Annotated[
        str | None, typer.Option("--bad", "-b", metavar="A,B", help=say("非期望产出的列", "columns of bad outputs"))
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(
            "--index",
            "-i",
            help=say(
                "生产率变化的指数：malmquist、malmquist-luenberger、luenberger、hicks-moorsteen、fare-primont、lowe；"
                "或参照的名称，如 global",
                "productivity change by malmquist, malmquist-luenberger, luenberger, hicks-moorsteen, fare-primont, "
                "lowe, ...; or the name of a reference, such as global",
            ),
        ),
    ] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            help=say(
                "指数的参照：contemporaneous、sequential、global、biennial、window、metafrontier",
                "whose frontier: contemporaneous, sequential, global, biennial, window or metafrontier",
            ),
        ),
    ] = None,
    rts: Annotated[
        str | None,
        typer.Option(
            "--rts", help=say("规模报酬：crs、vrs、nirs、ndrs、fdh", "returns to scale: crs, vrs, nirs, ndrs, fdh")
        ),
    ] = None,
    orientation: Annotated[
        str | None, typer.Option("--orientation", help=say("导向：output、input、none", "output, input or none"))
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help=say(
                "效率模型：radial、sbm、super、environmental 等",
                "model: radial, sbm, super, environmental, ...",
            ),
        ),
    ] = None,
    decomposition: Annotated[
        str | None,
        typer.Option(
            "--decomposition",
            help=say(
                "分解：fgnz、ray-desli、grifell-lovell、balk、bias、none",
                "parts: fgnz, ray-desli, grifell-lovell, balk, bias or none",
            ),
        ),
    ] = None,
    year: Annotated[
        str | None,
        typer.Option(
            "--year",
            help=say(
                "效率的年份；默认为数据官方且齐全的最后一年",
                "year of the efficiencies; by default the latest official one",
            ),
        ),
    ] = None,
    years: Annotated[
        str | None,
        typer.Option("--years", metavar="A:B", help=say("年份范围，如 2005:2017", "span of years, such as 2005:2017")),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            "--window",
            help=say("窗口宽度：无 --index 时作窗口分析", "width of the window; without --index, a window analysis"),
        ),
    ] = None,
    boot: Annotated[
        int,
        typer.Option("--boot", min=0, metavar="N", help=say("自助法抽样次数", "bootstrap replications, for intervals")),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help=say("随机种子", "seed of the bootstrap"))] = 0,
    sfa: Annotated[
        str | None,
        typer.Option(
            "--sfa",
            metavar="MODEL",
            help=say(
                "随机前沿：half-normal、bc92、true-random 等，或 stoned",
                "stochastic frontier: half-normal, bc92, true-random, ..., or stoned",
            ),
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            help=say("函数形式：cobb-douglas、translog", "form of the --sfa frontier: cobb-douglas or translog"),
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(
            "--group",
            metavar="COLUMN",
            help=say("分组的列：共同前沿与技术差距", "column of groups: metafrontier and technology gaps"),
        ),
    ] = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="A,B",
            help=say(
                "解释效率的变量（两阶段，或 --sfa bc95）",
                "what may explain efficiency: two-stage regression, or --sfa bc95",
            ),
        ),
    ] = None,
    polluting: Annotated[
        str | None,
        typer.Option(
            "--polluting",
            metavar="A,B",
            help=say("产生污染的投入（by-production）", "polluting inputs of --model by-production"),
        ),
    ] = None,
    input_prices: Annotated[
        str | None,
        typer.Option("--input-prices", metavar="A,B", help=say("投入价格的列", "columns of input prices")),
    ] = None,
    output_prices: Annotated[
        str | None,
        typer.Option("--output-prices", metavar="A,B", help=say("产出价格的列", "columns of output prices")),
    ] = None,
    returns: Annotated[
        bool,
        typer.Option(
            "--returns", help=say("并检验规模报酬（--boot 次）", "also test returns to scale, with --boot replications")
        ),
    ] = False,
    order_m: Annotated[
        int | None,
        typer.Option(
            "--order-m",
            min=1,
            metavar="M",
            help=say("并给出 order-m 部分前沿得分", "also score against M random peers"),
        ),
    ] = None,
    order_alpha: Annotated[
        float | None,
        typer.Option(
            "--order-alpha",
            min=0.0,
            max=1.0,
            metavar="A",
            help=say("并给出 order-alpha 部分前沿得分", "also score against the quantile A, such as 0.95"),
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help=say("进程数", "processes"))] = 1,
    unit: Annotated[
        str | None, typer.Option("--unit", help=say("普通表格中单元的列", "column of the unit in a plain table"))
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", help=say("普通表格中时期的列", "column of the period in a plain table"))
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            "--region", help=say("单独画出的地区（代码或名称）", "region that is drawn by itself, by code or name")
        ),
    ] = None,
    top: Annotated[int, typer.Option("--top", min=0, help=say("列出几个单元", "how many units to list"))] = 10,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    setting: SetOption = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold units to the best of them: efficiency of a year, productivity change over years, stochastic frontiers."""
    from xinzhi.cli.frontier_runs import Asked, Source, run
    from xinzhi.protocol import load as load_protocol

    language = chosen(lang)
    asked = Asked(
        inputs=_names("--inputs", inputs),
        outputs=_names("--outputs", outputs),
        bad=_names("--bad", bad),
        index=index,
        reference=reference,
        rts=rts,
        orientation=orientation,
        model=model,
        decomposition=decomposition,
        year=year,
        years=years,
        window=window,
        boot=boot,
        seed=seed,
        sfa=sfa,
        form=form,
        group=group,
        explain=_names("--explain", explain),
        polluting=_names("--polluting", polluting),
        input_prices=_names("--input-prices", input_prices),
        output_prices=_names("--output-prices", output_prices),
        returns=returns,
        order_m=order_m,
        order_alpha=order_alpha,
        jobs=jobs,
    ).settled()
    source = Source.of(
        data,
        asked,
        unit=unit,
        period=period,
        encoding=encoding,
        rules=lambda: with_settings(load_protocol(protocol), setting or []),
    )
    results = run(asked, source, quiet=as_json)
    code = source.code(results[0], region)
    conclude(
        results,
        name="frontier",
        source=source.line,
        out=out,
        language=language,
        as_json=as_json,
        more={"notes": [note.en for note in source.notes(results)], "names": source.names()},
        region=code,
    )
    if not as_json:
        _tell(results, source, top, language)
    if source.has_errors:
        raise typer.Exit(1)


def _names(option: str, text: str | None) -> tuple[str, ...]:
    """Return the columns of an option."""
    from xinzhi.core.errors import UsageError

    if text is None:
        return ()
    names = tuple(name.strip() for name in text.replace("，", ",").split(",") if name.strip())
    if not names:
        message = f"{option} '{text}': name at least one column."
        raise UsageError(message)
    return names


def _tell(results: Sequence[Result], source: Source, top: int, language: Language) -> None:
    """Print the leading table of the first result, cut to its ends, and what the data rest on."""
    from xinzhi.cli.tables import table
    from xinzhi.report.pages import section
    from xinzhi.report.table import cell

    out = console()
    shown = section(results[0])
    if shown.pictures and top:
        twin = shown.pictures[0].twin
        columns = twin.columns[:WIDE]
        found = table(*(_head(column, language) for column in columns))
        rows = list(twin.rows)
        cut = len(rows) > 2 * top
        for row in [*rows[:top], None, *rows[-top:]] if cut else rows:
            cells = ["…"] * len(columns) if row is None else []
            for value, column in zip(row or (), columns, strict=False):
                text = cell(value, column, 2)
                cells.append(text if isinstance(text, str) else text.lang(language))
            found.add_row(*cells)
        out.print(found)
    for note in source.notes(results):
        out.print(note.lang(language), style="dim", markup=False)


def _head(column: Column, language: Language) -> str:
    """Return the title of a column with its unit."""
    unit = column.unit.lang(language)
    return f"{column.title.lang(language)}\n{unit}" if unit else column.title.lang(language)
