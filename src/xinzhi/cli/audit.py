"""`xinzhi audit`: every admissible protocol, and what choosing one's own ruler buys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import ProtocolOption, SetOption, with_settings
from xinzhi.cli.speech import DataArgument, EncodingOption, JsonOption, LangOption, chosen, console, print_json, say
from xinzhi.cli.tables import table

if TYPE_CHECKING:
    import polars as pl

    from xinzhi.core.text import Language
    from xinzhi.yardstick import Audit


def audit(
    data: DataArgument,
    *,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    setting: SetOption = None,
    group: Annotated[
        str,
        typer.Option(
            "--group",
            help=say(
                "all：各地区同用一个协议；region：各地区自选（博弈）",
                "all: every region under the same protocol; region: each free to choose its own",
            ),
        ),
    ] = "all",
    vintages: Annotated[
        bool,
        typer.Option(
            "--vintages", help=say("各版本数据之间修订了多少", "what the revisions of the data did, by vintage")
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=say("写出图表与工作簿的文件夹", "folder for charts and workbook"))
    ] = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure every region under every admissible protocol and show what choosing one's own ruler buys."""
    from xinzhi.cli.progress import steps
    from xinzhi.core.errors import UsageError
    from xinzhi.data import load
    from xinzhi.protocol import load as load_protocol
    from xinzhi.yardstick import audit as run

    language = chosen(lang)
    if group not in {"all", "region"}:
        message = f"--group {group}: it is all or region."
        raise UsageError(message)
    if vintages:
        _vintages(data, encoding, language, as_json=as_json)
        return
    words = {"read": say("读取数据", "reading the data"), "audit": say("逐一测算全部协议", "measuring every protocol")}
    with steps(words, quiet=as_json) as step:
        step("read")
        package = load(data, encoding=encoding)
        step("audit")
        result = run(package, with_settings(load_protocol(protocol), setting or []))
    files: list[Path] = []
    if out is not None:
        from xinzhi.report import write_audit

        files = write_audit(result, out, language=language)
    if as_json:
        print_json(_document(result, files))
        return
    _tell(result, group, language)
    for path in files:
        console().print(str(path), markup=False)


def _vintages(data: str, encoding: str | None, language: Language, *, as_json: bool) -> None:
    """Print what each revision of the data did to levels and growth."""
    from xinzhi.data import load
    from xinzhi.yardstick import vintage_history

    history = vintage_history(load(data, encoding=encoding))
    if as_json:
        print_json({"levels": history.levels.to_dicts(), "growth": history.growth.to_dicts()})
    else:
        console().print(history.summary(language), markup=False)


def _document(result: Audit, files: list[Path]) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "provenance": result.provenance.to_dict(),
        "protocols": result.protocols.height,
        "official_span": list(result.official_span),
        "regions": result.frame.to_dicts(),
        "variance": result.variance.to_dicts(),
        "left_out": result.left_out.to_dicts(),
        "files": [str(path) for path in files],
    }


def _tell(result: Audit, group: str, language: Language) -> None:
    """Print the finding, the regions of the leading period, and what each choice is worth."""
    import polars as pl

    from xinzhi.yardstick import choice_shares, choice_title

    out = console()
    out.print(result.summary(language), markup=False)
    start, end = result.official_span
    rows = result.frame.filter((pl.col("start") == start) & (pl.col("end") == end)).join(result.regions, on="region")
    out.print(_together(rows, language) if group == "all" else _apart(rows, language))
    parts = table(say("选择", "choice"), say("占差异", "part of the spread"))
    for name, share in choice_shares(result, (start, end)).items():
        parts.add_row(f"{choice_title(name).lang(language)} ({name})", f"{share:.1%}")
    out.print(parts)
    for row in result.left_out.iter_rows(named=True):
        out.print(
            say("未能计算：", "left out: ") + ": ".join(part for part in (row["departures"], row["reason"]) if part),
            style="dim",
            markup=False,
        )


def _together(rows: pl.DataFrame, language: Language) -> Any:  # noqa: ANN401 - a rich table
    """Return ranks and growth when every region is measured with the same protocol."""
    found = table(
        say("地区", "region"),
        say("官方位次", "official rank"),
        say("官方 %", "official %"),
        say("最低—最高 %", "min to max %"),
        say("5—95% 位次", "rank 5-95 %"),
    )
    for row in rows.iter_rows(named=True):
        found.add_row(
            row[f"name_{language}"],
            str(row["official_rank"]),
            f"{row['official']:.2%}",
            f"{row['minimum']:.2%} … {row['maximum']:.2%}",
            f"{row['rank_p05']:.0f}-{row['rank_p95']:.0f}",
        )
    return found


def _apart(rows: pl.DataFrame, language: Language) -> Any:  # noqa: ANN401 - a rich table
    """Return the gaming room of each region, and the ranking when everyone games."""
    found = table(
        say("地区", "region"),
        say("官方位次", "official rank"),
        say("自选最佳", "best by choice"),
        say("可增 %", "gain %"),
        say("人人自选", "if everyone games"),
        say("所需改动", "departures"),
    )
    for row in rows.iter_rows(named=True):
        found.add_row(
            row[f"name_{language}"],
            str(row["official_rank"]),
            str(row["best_rank"]),
            f"{row['growth_gain']:+.2%}",
            str(row["everyone_rank"]),
            row["departures"],
        )
    return found
