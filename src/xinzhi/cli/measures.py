"""The verbs around the growth accounts: `audit`, `claim`, `verify`, `check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from xinzhi.cli.progress import progress
from xinzhi.cli.speech import console, counted, grid, lines, print_findings, print_json, say
from xinzhi.cli.topics import ruled
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.text import same
from xinzhi.data import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinzhi.cli.verbs import Call
    from xinzhi.core.text import Language
    from xinzhi.yardstick import Audit, Claims


def check(call: Call) -> int:
    """List everything that is wrong with a package."""
    package = load(call.get("data"), encoding=call.get("encoding"))
    findings = [*package.findings, *_breaks(package)]
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


def _breaks(package: Any) -> Sequence[Any]:  # noqa: ANN401 - a package
    """Return the breaks in the series of a package; none where its tables cannot be judged, for they have errors."""
    from xinzhi.yardstick import break_findings

    try:
        return break_findings(package)
    except InputError:
        return []


def audit(call: Call) -> int | None:
    """Measure every region under every admissible protocol."""
    from xinzhi.yardstick import audit as run
    from xinzhi.yardstick import vintage_history

    group = call.get("group", "all")
    if group not in {"all", "region"}:
        raise UsageError("cli.group", given=group)
    if call.get("vintages"):
        history = vintage_history(load(call.get("data"), encoding=call.get("encoding")))
        if call.json:
            print_json({"levels": history.levels.to_dicts(), "growth": history.growth.to_dicts()})
        else:
            lines([history.summary(call.language)], call.language)
        return None
    rules = ruled(call)
    with progress(call.language, quiet=call.json) as told:
        package = load(call.get("data"), encoding=call.get("encoding"))
        told.step("audit")
        result = run(package, rules)
    files: list[Path] = []
    if call.out is not None:
        from xinzhi.report import write_audit

        files = write_audit(result, call.out, language=call.language)
    if call.json:
        print_json(_audited(result, files))
        return None
    _show_audit(result, group, call.language)
    lines(files, call.language)
    return None


def _audited(result: Audit, files: Sequence[Path]) -> dict[str, Any]:
    """Return what ``--json`` prints of an audit."""
    return {
        "provenance": result.provenance.to_dict(),
        "protocols": result.protocols.height,
        "official_span": list(result.official_span),
        "regions": result.frame.to_dicts(),
        "variance": result.variance.to_dicts(),
        "left_out": result.left_out.to_dicts(),
        "files": [str(path) for path in files],
    }


def _show_audit(result: Audit, group: str, language: Language) -> None:
    """Print the finding, the regions of the leading period, and what each choice is worth."""
    from xinzhi.yardstick import choice_shares, choice_title

    lines([result.summary(language)], language)
    start, end = result.official_span
    frame = result.frame.filter((pl.col("start") == start) & (pl.col("end") == end)).join(result.regions, on="region")
    name = f"name_{language}"
    if group == "all":
        heads = ["region", "reference-rank", "reference-growth", "range", "rank-range"]
        rows = [
            [row[name], row["official_rank"], f"{row['official']:.2%}", f"{row['minimum']:.2%} … {row['maximum']:.2%}",
             f"{row['rank_p05']:.0f}-{row['rank_p95']:.0f}"]
            for row in frame.iter_rows(named=True)
        ]  # fmt: skip
    else:
        heads = ["region", "reference-rank", "best-rank", "growth-gain", "everyone", "departures"]
        rows = [
            [row[name], row["official_rank"], row["best_rank"], f"{row['growth_gain']:+.2%}", row["everyone_rank"],
             row["departures"]]
            for row in frame.iter_rows(named=True)
        ]  # fmt: skip
    grid(heads, rows, language)
    shares = choice_shares(result, (start, end)).items()
    grid(
        ["choice", "part"],
        [[same(f"{choice_title(one).lang(language)} ({one})"), f"{share:.1%}"] for one, share in shares],
        language,
    )
    for departures, en, zh in result.left_out.select("departures", "reason", "reason_zh").iter_rows():
        what = ": ".join(part for part in (departures, zh if language == "zh" else en) if part)
        lines([say("left-out", language, what=what)], language, style="dim")


def claim(call: Call) -> int:
    """Check published growth rates; return 1 unless the protocol gives all of them."""
    from xinzhi.yardstick import check_claim, check_claims

    rules, one = ruled(call), _one(call)
    with progress(call.language, quiet=call.json) as told:
        package = load(call.get("data"), encoding=call.get("encoding"))
        told.step("claim")
        if one is not None:
            result: Claims = check_claim(package, protocol=rules, **one)
        else:
            result = check_claims(package, call.get("claims"), rules, encoding=call.get("encoding"))
    files = [] if call.out is None else _write(result, call.out, call.language)
    if call.json:
        print_json(_claimed(result, files))
    else:
        lines([result.summary(call.language), *files], call.language)
    return int(not result.supported)


def _one(call: Call) -> dict[str, Any] | None:
    """Return the claim that the options make; None when a table is meant."""
    options = {"--region": "region", "--from": "start", "--to": "end", "--growth": "growth"}
    there = [option for option, name in options.items() if call.get(name) is not None]
    rounding = call.get("rounding")
    if call.get("claims") is not None and (there or rounding is not None):
        raise UsageError("cli.claims-alone")
    if not there and rounding is None:
        return None
    if missing := [option for option in options if option not in there]:
        raise UsageError("cli.one-claim", options=list(options), missing=missing)
    return {name: call.get(name) for name in options.values()} | {"rounding": rounding}


def _claimed(result: Claims, files: Sequence[Path]) -> dict[str, Any]:
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

    from xinzhi.core.files import whole
    from xinzhi.core.formulas import guarded
    from xinzhi.yardstick import note

    names = ["claims.csv", "protocols.csv", "claims.json", "claims.md"]
    with whole(out, names) as (table, protocols, document, text):
        guarded(result.frame).write_csv(table, include_bom=True)
        guarded(result.protocols).write_csv(protocols, include_bom=True)
        document.write_text(json.dumps(_claimed(result, []), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        text.write_text(note(result, language), encoding="utf-8")
    return [out / name for name in names]


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
