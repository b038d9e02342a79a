"""The verbs that compare what is there with what should be: `check` and `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xinzhi.cli.progress import progress
from xinzhi.cli.speech import console, counted, lines, print_findings, print_json
from xinzhi.core.errors import UsageError
from xinzhi.data import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.cli.verbs import Call


def check(call: Call) -> int:
    """List everything that is wrong with a package."""
    from xinzhi import studies

    findings = studies.check(call.get("data"), encoding=call.get("encoding"))
    marked = call.get("xlsx")
    if marked is not None:
        from xinzhi.report import write_marked

        write_marked(findings, call.get("data"), Path(marked), encoding=call.get("encoding"), language=call.language)
    listed(findings, call)
    if marked is not None and not call.json:
        lines([marked], call.language)
    return int(any(finding.severity == "error" for finding in findings))


def listed(findings: Sequence[Any], call: Call) -> None:
    """Print findings and how many there are, or all as JSON."""
    if call.json:
        print_json([finding.to_dict() for finding in findings])
        return
    print_findings(findings, call.language)
    lines([counted(findings, call.language)], call.language, style="bold")


def verify(call: Call) -> int:
    """Recompute what a certificate states and name what differs."""
    from xinzhi.protocol import load as read
    from xinzhi.report.certificate import public_key
    from xinzhi.report.certificate import verify as run

    if call.get("data") is None:
        raise UsageError("cli.missing", given="--data")
    signer = None if call.get("key") is None else public_key(Path(call.get("key")))
    rules = None if call.get("protocol") is None else read(call.get("protocol"))
    with progress(call.language, quiet=call.json) as told:
        package = load(call.get("data"), encoding=call.get("encoding"))
        told.step("verify")
        path, files = Path(call.get("certificate")), call.get("files")
        folder = None if files is None else Path(files) if files else path.parent
        result = run(path, package, key=signer, protocol=rules, files=folder)
    if call.json:
        print_json(result.to_dict())
        return int(not result.equal)
    head, outcome = result.summary(call.language).splitlines()
    lines([head], call.language)
    print_findings([*result.differences, *result.notes], call.language)
    console().print(outcome, style="bold green" if result.equal else "bold red", markup=False)
    return int(not result.equal)
