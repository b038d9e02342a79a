"""The claims report as Markdown, to hand over: the verdicts in a table, then the evidence on every claim."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinzhi.core.text import words
from xinzhi.yardstick.claims.check_claims import claim_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xinzhi.core.text import Language
    from xinzhi.yardstick.claims.check_claims import Claims

VERDICTS = ("supported", "superseded", "reachable", "unreachable")


def note(result: Claims, language: Language = "en") -> str:
    """Return the claims report as Markdown: the verdicts in a table, then the evidence on every claim.

    Examples
    --------
    >>> from xinzhi.yardstick import check_claim
    >>> print(note(check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.1%"))[:24])
    # Claims about total fac
    """

    def said(key: str, **values: object) -> str:
        return words(f"yardstick.claims.{key}", **values).lang(language).replace("\u00a0%", " %")

    lines = [f"# {said('title')}", "", *_head(said("columns"))]
    called = {region: result.names.region(region).lang(language) for region in result.frame["region"].unique()}
    for row in result.frame.iter_rows(named=True):
        numbers = [f"{100 * row[name]:.2f} %" for name in ("official", "lowest", "highest")]
        span, verdict = f"{row['start']}–{row['end']}", said(f"verdict.{row['verdict']}")
        lines.append(_row((called[row["region"]], span, row["written"], *numbers, verdict, row["source"])))
    lines += ["", *(f"- **{said(f'verdict.{name}')}**: {said(f'meaning.{name}')}" for name in VERDICTS)]
    for row in result.frame.iter_rows(named=True):
        title = f"## {called[row['region']]} {row['start']}–{row['end']}"
        lines += ["", title, "", said("head", **claim_facts(result, row)), *_evidence(result, row, said("parts"))]
        if row["flags"]:
            lines += ["", said("marks", marks=", ".join(f"`{mark}`" for mark in row["flags"].split(";")))]
    lines += ["", said("unit"), "", f"{result.provenance.package} · {result.provenance.foot()}"]
    lines += ["", *(f"- sha256 {table}: `{digest}`" for table, digest in result.provenance.inputs.items())]
    return "\n".join(lines) + "\n"


def _evidence(result: Claims, row: Mapping[str, Any], head: str) -> list[str]:
    """Return the table of departures of one claim; nothing where the reference protocol is all there is."""
    here = result.departures.filter(**{name: row[name] for name in result.key})
    parts = here.select("number", "parameter", "official", "value", "contribution").iter_rows()
    rows = [_row((number, f"`{path}`", own, value, f"{100 * gain:+.3f}")) for number, path, own, value, gain in parts]
    return ["", *_head(head), *rows] if rows else []


def _head(titles: str) -> list[str]:
    cells = titles.split("|")
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[object]) -> str:
    """Return a row of a Markdown table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
