"""`xinzhi verify`: recompute what a certificate states, and name what differs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xinzhi.cli.speech import EncodingOption, JsonOption, LangOption, chosen, console, print_findings, print_json, say


def verify(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help=say("证书文件 certificate.json", "the file certificate.json"))
    ],
    *,
    data: Annotated[
        str,
        typer.Option("--data", "-d", metavar="DATA", help=say("数据包名称或路径", "name or path of the data package")),
    ],
    key: Annotated[
        Path | None, typer.Option("--key", help=say("签名者的公钥（PEM）", "public key of the signer, PEM"))
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            "--protocol",
            "-p",
            help=say(
                "必须严格符合的协议（编号或文件）；默认为随软件发布的同名协议",
                "the protocol that it has to follow to the letter, identifier or file; by default the registered one",
            ),
        ),
    ] = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute what a certificate states from the data and name what differs; exit with 1 when anything does."""
    from xinzhi.cli.progress import steps
    from xinzhi.data import load
    from xinzhi.protocol import load as load_protocol
    from xinzhi.report.certificate import public_key
    from xinzhi.report.certificate import verify as run

    language = chosen(lang)
    signer = public_key(key) if key is not None else None
    rules = load_protocol(protocol) if protocol is not None else None
    words = {"read": say("读取数据", "reading the data"), "verify": say("重新测算并比对", "recomputing and comparing")}
    with steps(words, quiet=as_json) as step:
        step("read")
        package = load(data, encoding=encoding)
        step("verify")
        result = run(certificate, package, key=signer, protocol=rules)
    if as_json:
        print_json(result.to_dict())
    else:
        head, outcome = result.summary(language).splitlines()
        console().print(head, markup=False)
        print_findings([*result.differences, *result.notes], language)
        console().print(outcome, style="bold green" if result.equal else "bold red", markup=False)
    if not result.equal:
        raise typer.Exit(1)
