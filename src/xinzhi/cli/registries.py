"""The verbs on files: `new`, `check`, `verify`, and those of the groups `protocol` and `data`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xinzhi import data, protocol, report, studies
from xinzhi.cli.speech import (
    answer,
    console,
    counts_text,
    grid,
    lines,
    print_findings,
    print_json,
    print_kinds,
    progress,
    say,
)
from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES, same
from xinzhi.protocol.internal import adoption_faults

if TYPE_CHECKING:
    from xinzhi.cli.call import Call
    from xinzhi.core.finding import Finding
    from xinzhi.core.text import Language
    from xinzhi.data import Connector
    from xinzhi.protocol import Protocol


def new(call: Call) -> None:
    """Lay out a data package to fill in."""
    folder = report.new_package(call.get("folder"), call.get("tables", ()), language=call.language)
    files = sorted(folder.iterdir())
    message = say("laid-out", call.language, book=folder / "data.xlsx", folder=folder)
    answer(call, {"files": [str(path) for path in files]}, [*files, message])


def check(call: Call) -> int:
    """List everything that is wrong with a package."""
    findings = studies.check(call.get("data"), encoding=call.get("encoding"))
    marked = call.get("xlsx")
    if marked is not None:
        report.write_marked(
            findings, call.get("data"), Path(marked), encoding=call.get("encoding"), language=call.language
        )
    print_listing(findings, call, fold=not call.get("all"))
    if marked is not None and not call.json:
        lines([marked], call.language)
    return int(any(finding.severity == "error" for finding in findings))


def print_listing(findings: Sequence[Finding], call: Call, *, fold: bool = False) -> None:
    """Print findings and how many there are, or all as JSON; where they fold, what is no error once a kind."""
    if call.json:
        print_json([finding.to_dict() for finding in findings])
        return
    if fold:
        print_kinds(findings, call.language)
    else:
        print_findings(findings, call.language)
    lines([counts_text(findings, call.language)], call.language, style="bold")


def verify(call: Call) -> int:
    """Recompute what a certificate states and name what differs."""
    from xinzhi.core.keys import public_key, read_trust
    from xinzhi.report.internal import verify as run

    if call.get("data") is None:
        raise UsageError("cli.missing", given="--data")
    signer = None if call.get("key") is None else public_key(call.get("key"))
    listed = None if call.get("trust") is None else read_trust(call.get("trust"))
    rules = None if call.get("protocol") is None else protocol.load(call.get("protocol"))
    with progress(call.language, quiet=call.json) as bar:
        bar.step("verify")
        result = run(
            Path(call.get("certificate")),
            call.get("data"),
            key=signer,
            trust=listed,
            require_signature=bool(call.get("require_signature")),
            protocol=rules,
            files=False if call.get("no_files") else call.get("files") or None,
            cells=call.get("cells"),
            encoding=call.get("encoding"),
            allow_unproved=bool(call.get("allow_unproved")),
            independent=bool(call.get("independent")),
        )
    if call.json:
        print_json(result.to_dict())
        return int(not result.equal)
    lines(result.head(), call.language)
    print_findings([*result.differences, *result.notes], call.language)
    style = "bold green" if result.equal else "bold red"
    console().print(result.outcome().lang(call.language), style=style, markup=False)
    return int(not result.equal)


def _head(item: Protocol, language: Language) -> dict[str, object]:
    """Return what identifies a protocol."""
    return {**item.identity, "title": item.title.lang(language)}


def _plain(value: object) -> object:
    """Return a value as JSON can hold it."""
    entries = getattr(value, "entries", None)
    return value if entries is None else {start.isoformat(): item for start, item in entries}


def _word(value: object, language: Language) -> str:
    """Return a value for a table; a blank one says so, and of stocks stands what they are, not whence."""
    if isinstance(value, tuple) and value and isinstance(value[0], dict):
        return ", ".join(f"{row['region']}/{row['year']}: {row['value']:.10g}" for row in value)
    return say("blank", language) if value is None else protocol.spell(value)


def protocol_list(call: Call) -> None:
    """List the protocols of the registry."""
    if call.json:
        print_json([_head(item, call.language) for item in protocol.registry()])
        return
    rows = [
        [item.id, say(f"state.{item.state}", call.language), item.title, item.fingerprint[:12]]
        for item in protocol.registry()
    ]
    grid(["id", "status", "title", "fingerprint"], rows, call.language)


def protocol_show(call: Call) -> None:
    """Show every parameter of a protocol."""
    rules, language = protocol.load(call.get("identifier")), call.language
    verdict = protocol.judge(rules, call.get("trust"))
    shown = rules.state if verdict is None else verdict.judgement
    if call.json:
        rows = [
            {
                "parameter": path,
                "value": _plain(item.value),
                "unit": item.unit,
                "description": item.description.lang(language),
                "reference": [f"{source.title}, {source.where}" for source in item.reference],
                "alternatives": [_plain(alternative.value) for alternative in item.alternatives],
            }
            for path, item in rules.parameters.items()
        ]
        print_json({**_head(rules, language), "state": shown, **_adoption(rules), "parameters": rows})
        return
    state = say(f"state.{shown}", language)
    console().print(f"{rules.id} {rules.version} ({state})  {rules.title.lang(language)}", style="bold", markup=False)
    lines([*([] if verdict is None else [verdict.text]), rules.description], language)
    faults = adoption_faults(rules, call.get("identifier"))
    print_findings([*(() if verdict is None else verdict.findings), *faults], language)
    cells = [
        [
            path,
            _word(item.value, language),
            item.description,
            ", ".join(protocol.spell(alternative.value) for alternative in item.alternatives),
        ]
        for path, item in rules.parameters.items()
    ]
    grid(["parameter", "value", "description", "alternatives"], cells, language)
    lines([f"sha256 {rules.fingerprint}"], language, style="dim")


def _adoption(rules: Protocol) -> dict[str, object]:
    """Return the signature that a protocol bears, as JSON."""
    return {} if rules.adoption is None else {"adoption": rules.adoption.model_dump(mode="json")}


def protocol_diff(call: Call) -> None:
    """Show the parameters in which two protocols differ."""
    before, right = (protocol.load(call.get(name)) for name in ("first", "second"))
    rows = protocol.diff(before, right)
    if call.json:
        print_json([{"parameter": row.path, before.id: _plain(row.left), right.id: _plain(row.right)} for row in rows])
        return
    cells = []
    for row in rows:
        left_side, right_side = _word(row.left, call.language), _word(row.right, call.language)
        if left_side == right_side:
            right_side = say("other_source", call.language, value=right_side)
        cells.append([row.path, left_side, right_side])
    grid(["parameter", same(before.id), same(right.id)], cells, call.language)


def protocol_new(call: Call) -> None:
    """Start a protocol of one's own."""
    protocol.new(Path(call.get("file")))
    answer(call, {"file": call.get("file")}, [say("started", call.language, file=call.get("file"))])


def protocol_check(call: Call) -> int:
    """List everything that is wrong with a protocol file."""
    findings = protocol.check(call.get("file"))
    print_listing(findings, call)
    return int(any(finding.severity == "error" for finding in findings))


def data_list(call: Call) -> None:
    """List the data packages that ship, and their tables."""
    shipped = [data.load(name) for name in data.packages()]
    if call.json:
        print_json(
            [
                {
                    "name": item.name,
                    "version": item.version,
                    "title": item.title.lang(call.language),
                    "tables": {name: table.height for name, table in item.tables.items()},
                }
                for item in shipped
            ]
        )
        return
    for item in shipped:
        lines([f"{item.name} {item.version}  {item.title.lang(call.language)}"], call.language, style="bold")
        lines([f"  {name}: {table.height} × {table.width}" for name, table in item.tables.items()], call.language)


def data_import(call: Call) -> int:
    """Write what was downloaded from an official source as a data package; or list the sources."""
    kinds = data.connectors()
    if call.get("list"):
        _sources(kinds, call)
        return 0
    if missing := [name.upper() for name in ("kind", "file") if call.get(name) is None]:
        raise UsageError("cli.missing", given=missing[0])
    package = data.connect(call.get("kind"), Path(call.get("file")), encoding=call.get("encoding"))
    folder = data.export(package, call.out or Path(package.name))
    errors = int(any(finding.severity == "error" for finding in package.findings))
    if call.json:
        sizes = {name: table.height for name, table in package.tables.items()}
        findings = [finding.to_dict() for finding in package.findings]
        sources = package.descriptor["sources"]
        print_json({"folder": str(folder), "sources": sources, "tables": sizes, "findings": findings})
        return errors
    rules = next(connector.protocol for connector in kinds if connector.kind == package.name)
    lines([f"{name}: {table.height} × {table.width}" for name, table in package.tables.items()], call.language)
    issuer, page = package.issuers[""][0].lang(call.language), package.descriptor["sources"][0]["path"]
    lines([say("imported-from", call.language, issuer=issuer, page=page)], call.language, style="dim")
    worst = [
        finding for finding in package.findings if finding.severity == "error" or finding.rule.startswith("connector")
    ]
    print_findings(worst, call.language)  # what `check` of the folder cannot say any more, and what stops the verbs
    lines([counts_text(package.findings, call.language), folder], call.language)
    step = "imported-measured" if rules and "accounts" in package.tables else "imported"
    lines([say(step, call.language, folder=folder, protocol=rules)], call.language)
    return errors


def _sources(kinds: Sequence[Connector], call: Call) -> None:
    """Print the official sources whose downloads can be read."""
    if call.json:
        rows = [{"kind": connector.kind, "page": connector.page, "protocol": connector.protocol} for connector in kinds]
        for row, connector in zip(rows, kinds, strict=True):
            texts = {name: getattr(connector, name) for name in ("title", "issuer", "file")}
            row |= {f"{name}_{tongue}": text.lang(tongue) for name, text in texts.items() for tongue in LANGUAGES}
        print_json(rows)
        return
    cells = [[connector.kind, connector.title, connector.issuer, connector.file, connector.page] for connector in kinds]
    grid(["name", "title", "issuer", "file", "page"], cells, call.language)


def data_export(call: Call) -> None:
    """Write a data package as a folder of CSV tables with its descriptor."""
    data.export(data.load(call.get("data"), encoding=call.get("encoding")), Path(call.get("target")))
    answer(call, {"folder": call.get("target")}, [call.get("target")])
