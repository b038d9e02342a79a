"""`xinzhi check`: every finding of a data package in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xinzhi.cli.speech import (
    DataArgument,
    EncodingOption,
    JsonOption,
    LangOption,
    chosen,
    console,
    count_findings,
    print_findings,
    print_json,
    say,
)

if TYPE_CHECKING:
    from xinzhi.core.finding import Finding
    from xinzhi.data import Package


def check(
    data: DataArgument,
    *,
    xlsx: Annotated[
        Path | None,
        typer.Option(
            "--xlsx", help=say("另存一份标出问题单元格的工作簿", "also write a workbook with the bad cells marked")
        ),
    ] = None,
    encoding: EncodingOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List everything that is wrong with a data package; exit with 1 when there are errors."""
    from xinzhi.data import load

    language = chosen(lang)
    package = load(data, encoding=encoding)
    findings = [*package.findings, *_breaks(package)]
    if xlsx is not None:
        from xinzhi.report import write_marked

        write_marked(findings, data, xlsx, encoding=encoding, language=language)
    if as_json:
        print_json([finding.to_dict() for finding in findings])
    else:
        print_findings(findings, language)
        console().print(count_findings(findings, language), style="bold")
        if xlsx is not None:
            console().print(str(xlsx), markup=False)
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _breaks(package: Package) -> list[Finding]:
    """Return the breaks in the series of a package; none where its tables cannot be judged, for they have errors."""
    from xinzhi.core.errors import InputError
    from xinzhi.yardstick import break_findings

    try:
        return break_findings(package)
    except InputError:
        return []
