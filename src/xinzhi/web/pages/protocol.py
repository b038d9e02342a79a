"""A protocol as a document: what it is, where it departs from another one, and every parameter with its argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from xinzhi.core.schema import Column
from xinzhi.core.text import Text, words
from xinzhi.protocol import Protocol, diff
from xinzhi.report import Section, Table
from xinzhi.report.pages.yardstick import tables as parameters
from xinzhi.web.page import Address, Page, Part
from xinzhi.web.store import Store


def keys(store: Store) -> Sequence[str]:
    """Return the ids of the protocols that ship, and of the one of the site."""
    return [one.id for one in store.protocols()]


def page(store: Store, address: Address) -> Page:
    """Return the page of a protocol, beside the one of the site or the one that is asked for."""
    one, other = store.protocol(address.key or None), store.protocol(address.query.get("against"))
    state = words("web.protocol.state", state=words(f"status.{one.status}"), authority=one.authority)
    parts = [Part(section=parameters_of(one))]
    lead = [state, one.description]
    if one.fingerprint != other.fingerprint:
        table = departures(one, other)
        parts.insert(0, Part(section=Section(
            key="departures", title=words("web.protocol.departures", other=other.title), tables=(table,),
            answer=(words("web.protocol.counted", n=len(table.rows), of=len(one.parameters), other=other.title),),
        )))  # fmt: skip
    return Page(
        title=one.title, kicker=words("web.protocol.kicker", id=one.id, version=one.version, mark=one.fingerprint),
        lead=lead, parts=parts, template="protocol.html.j2",
        more={
            "others": [(key, store.protocol(key).title) for key in keys(store)], "own": one.id, "against": other.id,
            "calls": calls(one, other), "mark": f"{one.id}@{one.fingerprint}",
        },
    )  # fmt: skip


def calls(one: Protocol, other: Protocol) -> dict[str, str]:
    """Return the lines that show a protocol, or two beside each other."""
    if one.fingerprint == other.fingerprint:
        command, python = f"xinzhi protocol show {one.id}", f'protocol.load("{one.id}").to_dict()'
    else:
        command = f"xinzhi protocol diff {one.id} {other.id}"
        python = f'protocol.diff(protocol.load("{one.id}"), protocol.load("{other.id}"))'
    return {
        "python": f"from xinzhi import protocol; {python}",
        "cli": command,
        "r": f'xinzhi <- reticulate::import("xinzhi"); xinzhi$protocol$load("{one.id}")',
    }


def parameters_of(one: Protocol) -> Section:
    """Return the parameters of a protocol as the report shows them."""
    full = parameters.protocol(one)
    shown = parameters.parameters_on_page(full, one.id)
    rows = [
        (Markup('<span id="{}">{}</span>').format(path, row[0]), *row[1:])
        for (path, *_), row in zip(full.rows, shown.rows, strict=True)
    ]
    return Section(key="parameters", title=full.title, answer=(), tables=(replace(shown, rows=rows),))


def departures(one: Protocol, other: Protocol) -> Table:
    """Return a row for every parameter whose values differ."""
    rows: list[tuple[Any, ...]] = []
    for row in diff(one, other):
        here, there = (_shown(rules, row.path) for rules in (one, other))
        rows.append((row.title, here, words("terminal.other_source", value=there) if here == there else there))
    columns = (
        Column(name="title", title=words("column.title"), kind="name"),
        Column(name="here", title=one.title, kind="value"),
        Column(name="there", title=other.title, kind="value"),
    )
    title = words("web.protocol.departures", other=other.title)
    return Table(key="departures", title=title, columns=columns, rows=rows)


def _shown(rules: Protocol, path: str) -> str | float | Text:
    """Return the value of a parameter in words; one that a protocol does not fix says so."""
    known = rules.parameters.get(path)
    return words("web.protocol.silent") if known is None else parameters.in_words(known)
