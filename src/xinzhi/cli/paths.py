"""`xinzhi paths`: what a region can enter, who catches up and overtakes, how alike structures and plans are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xinzhi.cli.settings import OutOption, ProtocolOption  # noqa: TC001 - typer reads them at run time
from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, say

if TYPE_CHECKING:
    from xinzhi.cli.found import Found
    from xinzhi.core.text import Language

HELP = say(
    "各地区能进入哪些产业，谁在追赶和超越，结构与规划有多相似；也可读取地区×产业的普通表。",
    "What a region can enter, who catches up and overtakes, how alike structures and plans are; also of a plain table.",
)
SHOWN = 8
Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help=say(
            "数据包的名称或路径，或普通表（CSV、.xlsx、parquet）", "a data package, or a table (CSV, .xlsx, parquet)"
        ),
    ),
]
Place = Annotated[str | None, typer.Option("--place", help=say("普通表：地区的列", "plain table: column of the place"))]
Activity = Annotated[
    str | None, typer.Option("--activity", help=say("普通表：产业的列", "plain table: column of the activity"))
]
Value = Annotated[
    str | None, typer.Option("--value", help=say("普通表：数值的列", "plain table: column of the amount"))
]


def paths(
    data: Data,
    *,
    year: Annotated[
        int | None, typer.Option("--year", help=say("产业的年份，默认最后一年", "year; the last one"))
    ] = None,
    anchor: Annotated[
        str | None,
        typer.Option(
            "--anchor",
            metavar="COLUMN",
            help=say("确定复杂度方向的列；数据包默认为人均产出", "column that rises with complexity; output per head"),
        ),
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", help=say("另行说明的地区", "a region to explain: its code or name"))
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", help=say("视为具有优势的区位商", "quotient from which one is present"))
    ] = 1.0,
    clubs: Annotated[
        bool, typer.Option("--clubs", help=say("只看收敛与超越", "only who converges and who overtakes"))
    ] = False,
    backtest: Annotated[
        str | None,
        typer.Option(
            "--backtest",
            metavar="A:B,C:D",
            help=say("训练期与检验期，如 2005:2010,2011:2016", "training and test span: 2005:2010,2011:2016"),
        ),
    ] = None,
    place: Place = None,
    activity: Activity = None,
    value: Value = None,
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=20, metavar="N", help=say("区间与随机比较的抽样次数", "draws of intervals")),
    ] = None,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what regions can enter, who catches up and overtakes, and how alike structures and plans are."""
    from xinzhi.cli.path_runs import Asked, of_package, of_table, spans
    from xinzhi.cli.plain import is_plain
    from xinzhi.cli.room import conclude
    from xinzhi.core.errors import InputError

    language = chosen(lang)
    asked = Asked(
        data=data, year=year, anchor=anchor, region=region, threshold=threshold, clubs=clubs, spans=spans(backtest),
        columns=(place, activity, value), draws=draws, protocol=protocol, encoding=encoding, quiet=as_json,
    )  # fmt: skip
    found = of_table(asked) if is_plain(data) else of_package(asked)
    if not found.results:
        message = "nothing can be computed:\n" + "\n".join(note.lang(language) for note in found.notes)
        raise InputError(message)
    code = None if asked.region is None else found.code(asked.region)
    conclude(
        found.results, name="paths", source=found.source, out=out, language=language, as_json=as_json,
        more={"notes": [note.lang(language) for note in found.notes]}, region=code,
    )  # fmt: skip
    if not as_json:
        _print(found, code, language)


def _print(found: Found, code: str | None, language: Language) -> None:
    """Print the best chances of the region that was asked for, and the notes."""
    from xinzhi.cli.tables import table
    from xinzhi.pathways import Opportunities

    for one in found.results:
        if code is None or not isinstance(one, Opportunities) or code not in one.measured.matrix.places:
            continue
        shown = table(say("产业", "industry"), say("密度", "density"), say("复杂度", "complexity"), say("收益", "gain"))
        for row in one.best(code, SHOWN).iter_rows(named=True):
            shown.add_row(
                one.names.text("industry", row["activity"]).lang(language),
                f"{row['density']:.2f}", f"{row['complexity']:.2f}", f"{row['gain']:.2f}",
            )  # fmt: skip
        console().print(
            say("近而复杂的产业：", "Near and complex: ") + one.names.region(code).lang(language), markup=False
        )
        console().print(shown)
    for note in found.notes:
        console(stderr=True).print(note.lang(language), style="dim", markup=False)
