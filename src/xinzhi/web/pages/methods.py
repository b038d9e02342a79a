"""How the figures are made: the account, what each topic asks, the parameters by group, and the references."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from xinzhi.core.schema import Column, Kind
from xinzhi.core.text import has, same, words
from xinzhi.protocol import Protocol
from xinzhi.report import Section, Table
from xinzhi.report.page import both
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.pages import exists, topic
from xinzhi.web.settings import decimals, overall
from xinzhi.web.store import Store

PAGES = ("audit", "claim", "categories", "projects")  # that have a method of their own
LINK = Markup('<a href="{}">{}</a>')


def page(store: Store, address: Address) -> Page:
    """Return the page; its parameters are those of the protocol of the site."""
    study, rules = overall(store), store.rules
    return Page(
        title=words("web.methods.title"),
        kicker=words("web.protocol.kicker", id=rules.id, version=rules.version, mark=rules.fingerprint),
        lead=[words("web.methods.lead"), rules.description, words("web.methods.exact")],
        study=study,
        asked=Asked(topic="measure"),
        decimals=decimals(study),
        parts=[
            Part(section=_section("topics", _topics(store, address))),
            Part(section=_section("groups", _groups(rules, address)), link=("protocol", rules.id)),
            Part(section=_section("references", _references(rules, address))),
        ],
    )


def _section(name: str, shown: Table) -> Section:
    return Section(key=name, title=words(f"web.methods.{name}"), answer=(), tables=(shown,))


def _table(name: str, rows: list[tuple[Any, ...]], **kinds: Kind) -> Table:
    columns = tuple(Column(name=one, title=words(f"web.methods.{one}"), kind=kind) for one, kind in kinds.items())
    return Table(key=name, title=words(f"web.methods.{name}"), columns=columns, rows=rows)


def _topics(store: Store, address: Address) -> Table:
    """Return how each topic is studied; its page has the answer."""
    rows = [
        (LINK.format(address.to("topic", key), both(title)), words(f"web.methods.of.{key}"))
        for key, title, _ in topic.said(store)
    ]
    rows += [
        (LINK.format(address.to(key), both(words(f"web.nav.{key}"))), words(f"web.methods.of.{key}"))
        for key in PAGES
        if exists(store, Address(address.language, key))
    ]
    return _table("topics", rows, topic="name", asks="text")


def _groups(rules: Protocol, address: Address) -> Table:
    """Return the parameters by group, each leading to its value and argument."""
    groups: dict[str, list[str]] = {}
    for path in rules.parameters:
        groups.setdefault(path.partition(".")[0], []).append(path)
    there = address.to("protocol", rules.id)
    rows = [
        (
            words(f"web.methods.group.{name}") if has(f"web.methods.group.{name}") else same(name),
            len(paths),
            Markup(", ").join(LINK.format(f"{there}#{path}", both(rules.parameters[path].title)) for path in paths),
        )
        for name, paths in groups.items()
    ]
    return _table("groups", rows, part="name", count="integer", parameters="text")


def _references(rules: Protocol, address: Address) -> Table:
    """Return the works that the protocol rests on, and the parameters for which each is cited."""
    cited: dict[str, list[str]] = {}
    for path, one in rules.parameters.items():
        for work in one.reference:
            cited.setdefault(work.title, []).append(path)
    there = address.to("protocol", rules.id)
    rows = [
        (work, Markup(", ").join(LINK.format(f"{there}#{path}", both(rules.parameters[path].title)) for path in paths))
        for work, paths in sorted(cited.items())
    ]
    return _table("references", rows, work="name", cited="text")
