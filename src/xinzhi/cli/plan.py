"""`xinzhi plan`: a coordinated plan for all regions, against the herd and against everybody alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import OutOption  # noqa: TC001 - typer reads it at run time
from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, say

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.pathways import Plan

HELP = say(
    "为每个地区选择产业组合，在全国上限之下使预期收益最大；与随大流、各自为政比较。",
    "Choose industries for every region under national limits, and compare with the herd and with everybody alone.",
)


def plan(
    data: DataArgument,
    *,
    industries: Annotated[
        int | None,
        typer.Option("--industries", "-n", help=say("每个地区几个产业，默认3", "industries of a region, 3 by default")),
    ] = None,
    cap: Annotated[
        int | None,
        typer.Option(
            "--cap",
            help=say(
                "每个产业最多几个地区；默认为平均份额的两倍", "regions an industry takes; else twice the even share"
            ),
        ),
    ] = None,
    floor: Annotated[
        float | None,
        typer.Option(
            "--floor", help=say("每个地区至少得到独自最优的几成，0至1", "least share of its best alone, 0 to 1")
        ),
    ] = None,
    sensitivity: Annotated[
        bool, typer.Option("--sensitivity", help=say("改变上限会怎样", "what looser or tighter caps would do"))
    ] = False,
    region: Annotated[
        str | None, typer.Option("--region", help=say("另行说明的一个地区", "a region to explain: its code or name"))
    ] = None,
    out: OutOption = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Choose industries for every region under national limits, and compare with the herd and everybody alone."""
    from xinzhi.cli.progress import steps
    from xinzhi.cli.room import conclude
    from xinzhi.data import load
    from xinzhi.pathways import Limits
    from xinzhi.pathways import plan as coordinate
    from xinzhi.report.document import rows
    from xinzhi.report.page import package_line

    language = chosen(lang)
    said = {"read": say("读取数据", "reading the data"), "solve": say("求解", "solving")}
    with steps(said, quiet=as_json) as step:
        step("read")
        package = load(data, encoding=encoding)
        step("solve")
        found = coordinate(package, portfolio=industries, limits=Limits(caps=cap, floor=floor))
    code = None if region is None else found.names.resolve(region, found.regions["region"])
    scales = found.sensitivity() if sensitivity else None
    more: dict[str, Any] = {name: rows(getattr(found, name)) for name in ("comparison", "industries", "regions")}
    more["findings"] = [finding.to_dict() for finding in found.findings]
    more |= {} if scales is None else {"sensitivity": rows(scales)}
    more |= {} if code is None else {"explanation": found.explain(code).text(language)}
    conclude(
        [found], name="plan", source=package_line(package), out=out, language=language, as_json=as_json, more=more,
        region=code,
    )  # fmt: skip
    if not as_json:
        _print(found, code, scales, language)


def _print(found: Plan, code: str | None, scales: pl.DataFrame | None, language: Language) -> None:
    """Print the explanation of a region and the sensitivity to the caps."""
    from xinzhi.cli.tables import table

    if code is not None:
        console().print(found.explain(code).text(language), markup=False)
    if scales is None:
        return
    shown = table(say("上限倍数", "caps times"), say("名额", "places"), say("收益", "gain"),
                  say("与规划之差", "beside the plan"), say("说明", "status"))  # fmt: skip
    for row in scales.iter_rows(named=True):
        gain, beside = row["gain"], row["beside_plan"]
        shown.add_row(
            f"{row['scale']:g}", str(row["places"]), "–" if gain is None else f"{gain:.2f}",
            "–" if beside is None else f"{beside:+.1%}", row[f"status_{language}"],
        )  # fmt: skip
    console().print(shown)
