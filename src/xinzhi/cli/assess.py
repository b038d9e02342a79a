"""`xinzhi assess`: check, measure and write the whole assessment of a data package."""

from __future__ import annotations

import gc
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
    count_findings,
    print_json,
    say,
)

TOPICS = ("scope", "sources", "sectors", "paths", "frontier", "risks")

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.data import Package
    from xinzhi.protocol import Protocol
    from xinzhi.yardstick import Measurement


def assess(
    data: DataArgument,
    *,
    protocol: ProtocolOption = "xinzhi-cn-2026",
    out: Annotated[Path, typer.Option("--out", "-o", help=say("输出文件夹", "folder for the output"))] = Path("out"),
    setting: SetOption = None,
    sign: Annotated[
        Path | None,
        typer.Option("--sign", help=say("签名私钥（Ed25519，PEM）", "private key to sign with, Ed25519, PEM")),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            "--only", metavar="TOPIC,...", help=say("只做其中几个专题：", "some of the topics: ") + ", ".join(TOPICS)
        ),
    ] = None,
    skip: Annotated[
        str | None, typer.Option("--skip", metavar="TOPIC,...", help=say("略去的专题", "topics to leave out"))
    ] = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check, measure and write the report, the workbook, the tables and the certificate of a data package."""
    from xinzhi.cli.progress import steps
    from xinzhi.protocol import load as load_protocol
    from xinzhi.report import write_study
    from xinzhi.report.certificate import certify, signing_key, write_certificate
    from xinzhi.studies import Progress
    from xinzhi.studies import assess as study

    gc.disable()  # one short run: little is left in cycles, and looking for it costs a twentieth of the time
    language = chosen(lang)
    key = signing_key(sign) if sign is not None else None
    rules = with_settings(load_protocol(protocol), setting or [])
    words = {
        "read": say("读取并检查数据", "reading and checking the data"),
        "measure": say("测算", "measuring"),
        **dict.fromkeys(TOPICS, say("各专题", "the topics")),
        "write": say("写出报告", "writing the report"),
    }
    with steps(words, quiet=as_json) as step:
        made = study(
            data, protocol=rules, only=_topics(only), skip=_topics(skip), encoding=encoding, progress=Progress(step)
        )
        result, package = made.measurement, made.package
        step("write")
        files = write_study(made, out, language=language)
        proof = certify(result, package, options={"encoding": encoding, "set": setting or []}, key=key)
        files += write_certificate(proof, package, out, files=files)
    if as_json:
        print_json(_document(result, rules, package, files))
    else:
        _tell(result, package, files, language)
    if any(finding.severity == "error" for finding in package.findings):
        raise typer.Exit(1)


def _topics(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _document(result: Measurement, rules: Protocol, package: Package, files: list[Path]) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "provenance": result.provenance.to_dict(),
        "protocol": {
            "id": rules.id,
            "version": rules.version,
            "status": rules.status,
            "fingerprint": rules.fingerprint,
        },
        "identity_gap": result.identity_gap,
        "national": result.national_periods.to_dicts(),
        "periods": result.periods.to_dicts(),
        "coverage": result.coverage.to_dicts(),
        "omitted": result.omitted.height,
        "findings": [finding.to_dict() for finding in package.findings],
        "files": [str(path) for path in files],
    }


def _tell(result: Measurement, package: Package, files: list[Path], language: Language) -> None:
    """Print the answer in a few lines, how many findings there are, and the files."""
    out = console()
    out.print(result.summary(language), markup=False)
    if package.findings:
        where = say("详见 xinzhi check", "see xinzhi check")
        out.print(f"{count_findings(package.findings, language)} ({where})", style="dim")
    for path in files:
        out.print(str(path), markup=False)
