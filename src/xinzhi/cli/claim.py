"""`xinzhi claim`: check published figures against the official protocol, and say what else would give them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xinzhi.cli.settings import ProtocolOption, SetOption, with_settings
from xinzhi.cli.speech import (
    DataArgument,
    EncodingOption,
    JsonOption,
    LangOption,
    chosen,
    console,
    print_json,
    say,
)

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick import Claims


def claim(
    data: DataArgument,
    *,
    region: Annotated[str | None, typer.Option("--region", help=say("地区代码", "code of the region"))] = None,
    start: Annotated[
        int | None, typer.Option("--from", metavar="YEAR", help=say("起始年份", "growth is counted from this year"))
    ] = None,
    end: Annotated[int | None, typer.Option("--to", metavar="YEAR", help=say("终止年份", "and to this one"))] = None,
    growth: Annotated[
        str | None,
        typer.Option("--growth", metavar="RATE", help=say("声称的年均增速，如 3.4%", "the claimed growth, 3.4%")),
    ] = None,
    rounding: Annotated[
        str | None,
        typer.Option(
            "--rounding",
            metavar="POINTS",
            help=say("舍入误差，默认为末位的一半，如 0.05pp", "rounding, by default half of the last digit: 0.05pp"),
        ),
    ] = None,
    claims: Annotated[
        Path | None,
        typer.Option(
            "--claims", help=say("CSV 声称表，代替数据包中的 claims 表", "CSV of claims instead of the table claims")
        ),
    ] = None,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    setting: SetOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help=say("写出核对报告的文件夹", "folder for claims.csv, claims.json and claims.md")
        ),
    ] = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check published growth rates of TFP; exit with 1 unless the official protocol gives all of them."""
    from xinzhi.cli.progress import steps
    from xinzhi.data import load
    from xinzhi.protocol import load as load_protocol

    language = chosen(lang)
    one = _one(region, start, end, growth, rounding, claims)
    rules = with_settings(load_protocol(protocol), setting or [])
    words = {
        "read": say("读取并检查数据", "reading and checking the data"),
        "claim": say("核对", "trying every protocol"),
    }
    with steps(words, quiet=as_json) as step:
        step("read")
        package = load(data, encoding=encoding)
        step("claim")
        result = _check(package, rules, one, claims, encoding)
    files = _write(result, out, language) if out is not None else []
    if as_json:
        print_json(_document(result, files))
    else:
        console().print(result.summary(language), markup=False)
        for path in files:
            console().print(str(path), markup=False)
    if not result.supported:
        raise typer.Exit(1)


def _one(
    region: str | None,
    start: int | None,
    end: int | None,
    growth: str | None,
    rounding: str | None,
    claims: Path | None,
) -> dict[str, Any] | None:
    """Return the claim that the options make; None when a table is meant."""
    from xinzhi.core.errors import UsageError

    options = {"--region": region, "--from": start, "--to": end, "--growth": growth}
    given = [name for name, value in options.items() if value is not None]
    if claims is not None and (given or rounding is not None):
        message = "--claims names a table of claims; leave out --region, --from, --to, --growth and --rounding."
        raise UsageError(message)
    if not given and rounding is None:
        return None
    if missing := [name for name in options if name not in given]:
        message = f"one claim needs {', '.join(options)}; missing: {', '.join(missing)}."
        raise UsageError(message)
    return {"region": region, "start": start, "end": end, "growth": growth, "rounding": rounding}


def _check(
    package: Package, rules: Protocol, one: dict[str, Any] | None, claims: Path | None, encoding: str | None
) -> Claims:
    """Check the one claim, or those of the table."""
    from xinzhi.yardstick import check_claim, check_claims

    if one is not None:
        return check_claim(package, protocol=rules, **one)
    return check_claims(package, claims, rules, encoding=encoding)


def _document(result: Claims, files: list[Path]) -> dict[str, Any]:
    """Return what ``--json`` prints and ``claims.json`` holds; the protocols beyond the first ones are only counted."""
    return {
        "provenance": result.provenance.to_dict(),
        "supported": result.supported,
        "claims": result.frame.to_dicts(),
        "departures": result.departures.to_dicts(),
        "files": [str(path) for path in files],
    }


def _write(result: Claims, out: Path, language: Language) -> list[Path]:
    """Write the report that one can hand over."""
    import json

    from xinzhi.report.files import whole
    from xinzhi.yardstick import note

    names = ["claims.csv", "protocols.csv", "claims.json", "claims.md"]
    files = [out / name for name in names]
    with whole(out, names) as (table, protocols, document, text):
        result.frame.write_csv(table, include_bom=True)
        result.protocols.write_csv(protocols, include_bom=True)
        document.write_text(json.dumps(_document(result, []), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        text.write_text(note(result, language), encoding="utf-8")
    return files
