"""The claims report as Markdown: the verb `note`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from xinzhi.core.text import Language, span_text, words
from xinzhi.yardstick.claims.check_claims import VERDICTS, Claims, claim_facts, unjudged_facts
from xinzhi.yardstick.claims.rows import UNJUDGED


def note(result: Claims, language: Language = "en") -> str:
    """Return the claims report as Markdown: the verdicts in a table, then the evidence on every claim.

    Examples
    --------
    >>> from xinzhi.yardstick import check_claim
    >>> print(note(check_claim("china-provinces", region="220000", start=2012, end=2017, growth="2.6%"))[:24])
    # Claims about total fac
    """

    def said(key: str, **values: object) -> str:
        return words(f"yardstick.claims.{key}", **values).lang(language).replace("\u00a0%", " %")

    standing = result.grid.protocol.standing.lang(language)
    lines = [f"# {said('title')}", "", said("standing", standing=standing), "", *_head(said("columns"))]
    called = {region: result.names.region(region).lang(language) for region in result.frame["region"].unique()}
    for row in result.frame.iter_rows(named=True):
        held = [row[name] for name in ("reference", "lowest", "highest")]
        numbers = ["" if value is None else f"{100 * value:.2f} %" for value in held]
        span, verdict = _span(row, language), said(f"verdict.{row['verdict']}")
        lines.append(_row((called[row["region"]], span, row["written"], *numbers, verdict, row["source"])))
    lines += ["", *(f"- **{said(f'verdict.{name}')}**: {said(f'means.{name}')}" for name in VERDICTS)]
    for row in result.frame.iter_rows(named=True):
        title = f"## {called[row['region']]} {_span(row, language)}"
        if row["verdict"] == UNJUDGED:
            lines += ["", title, "", said("unjudged", **unjudged_facts(result, row))]
            continue
        lines += [
            "",
            title,
            "",
            said("head", **claim_facts(result, row)),
            *_evidence(result, row, said("parts"), language),
        ]
        if row["flags"]:
            lines += ["", said("marks", marks=", ".join(f"`{mark}`" for mark in row["flags"].split(";")))]
    lines += [
        "",
        said("set", **_declared(result)),
        "",
        said("unit"),
        "",
        f"{result.provenance.package} · {result.provenance.foot(language)}",
    ]
    lines += ["", *(f"- sha256 {table}: `{digest}`" for table, digest in result.provenance.inputs.items())]
    return "\n".join(lines) + "\n"


def _span(row: Mapping[str, Any], language: Language) -> str:
    return span_text(row["start"], row["end"]).lang(language)


def _declared(result: Claims) -> dict[str, object]:
    """Return what the report says of the set of regions that the ruler was held to."""
    found = result.regions_declared
    return {"n": len(found.declared), "k": len(found.declared) - len(found.missing), "by": found.by}


def _evidence(result: Claims, row: Mapping[str, Any], head: str, language: Language) -> list[str]:
    """Return the table of departures of one claim; nothing where the reference protocol is all there is."""
    here = result.departures.filter(**{name: row[name] for name in result.key})
    rows = []
    for one in here.iter_rows(named=True):
        title, own, value = (text.lang(language) for text in result.part_of(one))
        gain = f"{100 * one['contribution']:+.3f}"
        rows.append(_row((one["number"], f"{title} `{one['parameter']}`", own, value, gain)))
    return ["", *_head(head), *rows] if rows else []


def _head(titles: str) -> list[str]:
    cells = titles.split("|")
    return [_row(cells), _row(["---"] * len(cells))]


def _row(cells: Sequence[object]) -> str:
    """Return a row of a Markdown table; a bar in a cell would end it."""
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
