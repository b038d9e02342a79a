"""`xinzhi risks`: the evidence on overcapacity, debt, old wine, bubbles and misfits, and the register of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from xinzhi.cli.settings import OutOption  # noqa: TC001 - typer reads it at run time
from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, say

if TYPE_CHECKING:
    from xinzhi.core.text import Language, Text
    from xinzhi.risks import Register

HELP = say(
    "风险：产能过剩、过度举债、新瓶装旧酒、炒作泡沫、不合本地条件；逐项列出依据，汇成风险台账，不合成总分。",
    "Risks: overcapacity, debt, old wine in new bottles, bubbles, misfits; the evidence flag by flag, never a score.",
)


def risks(
    data: DataArgument,
    *,
    region: Annotated[
        str | None, typer.Option("--region", help=say("另行说明的地区", "a region to explain: its code or name"))
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help=say("规划的年份，默认最后一年", "year of the plans; the last one"))
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only",
            metavar="PART,...",
            help=say("只做其中几项：", "some of the parts: ") + "register, capacity, debt, screen, bubbles",
        ),
    ] = None,
    projects: Annotated[
        str | None,
        typer.Option("--projects", metavar="FILE", help=say("待审项目的表", "projects to screen (id, region, text)")),
    ] = None,
    archive: Annotated[
        str | None, typer.Option("--archive", metavar="FILE", help=say("旧项目库的表", "archive of old projects"))
    ] = None,
    vehicles: Annotated[
        str | None,
        typer.Option(
            "--vehicles",
            metavar="FILE",
            help=say("融资平台有息债务：region, year, vehicles", "debt of financing vehicles: region, year, vehicles"),
        ),
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option("--hidden", metavar="FILE", help=say("隐性债务：region, year, hidden", "hidden debt, likewise")),
    ] = None,
    resources: Annotated[
        str | None,
        typer.Option(
            "--resources",
            metavar="FILE",
            help=say("综合财力（含转移支付）：region, year, resources", "fiscal resources with transfers, likewise"),
        ),
    ] = None,
    bands: Annotated[
        str | None,
        typer.Option(
            "--bands",
            metavar="NAME|FILE",
            help=say("债务率分档：名称，或自己的 YAML 文件", "grades of the debt ratio: name, or your own YAML file"),
        ),
    ] = None,
    firms: Annotated[
        str | None,
        typer.Option(
            "--firms", metavar="FILE", help=say("企业的表：识别僵尸企业", "firms to be judged zombies or not")
        ),
    ] = None,
    rates: Annotated[
        str | None,
        typer.Option(
            "--rates",
            metavar="FILE",
            help=say("最优贷款利率：year, rate_short, rate_long, coupon", "best lending rates, with the same columns"),
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=100, metavar="N", help=say("抽样与自助法的次数", "draws and replications")),
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help=say("随机数种子", "seed of the draws"))] = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which regions and projects are exposed to which pitfall, on what evidence, and what was not checked."""
    from xinzhi.cli.risk_runs import Asked, of_package, parts
    from xinzhi.cli.room import conclude
    from xinzhi.core.errors import InputError
    from xinzhi.report.document import rows

    language = chosen(lang)
    asked = Asked(
        data=data, region=region, year=year, only=parts(only), projects=projects, archive=archive, vehicles=vehicles,
        hidden=hidden, resources=resources, bands=bands, firms=firms, rates=rates, draws=draws, seed=seed,
        encoding=encoding, language=language, quiet=as_json,
    )  # fmt: skip
    found, register = of_package(asked)
    if not found.results:
        message = "nothing can be computed:\n" + "\n".join(note.lang(language) for note in found.notes)
        raise InputError(message)
    code = None if region is None else found.code(region)
    conclude(
        found.results, name="risks", source=found.source, out=out, language=language, as_json=as_json,
        more={
            "notes": [note.lang(language) for note in found.notes],
            "matrix": [] if register is None else rows(register.matrix),
        },
        region=code,
    )  # fmt: skip
    if not as_json:
        _print(register, code, found.notes, language)


def _print(register: Register | None, code: str | None, notes: list[Text], language: Language) -> None:
    """Print the matrix of regions and pitfalls, or what is said of the region that was asked for, and the notes."""
    if register is not None and code is not None:
        console().print(register.explain(code, language), markup=False)
    elif register is not None:
        _matrix(register, language)
    for note in notes:
        console(stderr=True).print(note.lang(language), style="dim", markup=False)


def _matrix(register: Register, language: Language) -> None:
    """Print how many flags every region has by pitfall, and how grave the worst is."""
    from xinzhi.cli.tables import table
    from xinzhi.report.pages.risks.register import mark, pitfall_heads

    pitfalls = register.matrix["pitfall"].unique(maintain_order=True).to_list()
    shown = table(say("地区", "region"), *(pitfall_heads()[one].lang(language) for one in pitfalls))
    for code in register.codes():
        cells = {row["pitfall"]: mark(row) for row in register.matrix.filter(region=code).iter_rows(named=True)}
        shown.add_row(register.names.region(code).lang(language), *(cells[one] for one in pitfalls))
    console().print(shown)
    legend = say(
        "格中是有标记的项数：!! 有严重标记，! 有警告，– 未检查（不等于没有问题）。各列不相加。",
        "A cell has the number of flags: !! with an alert, ! with a warning; – not checked, which is not the same as "
        "clear. Columns do not add up.",
    )
    console().print(legend, markup=False)
