"""The parameters that a visitor changes: what is offered, what the address asks for, the protocol that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xinzhi.core import yamlfile
from xinzhi.core.errors import UsageError
from xinzhi.core.text import Text, listing, words
from xinzhi.protocol import Protocol, specification
from xinzhi.studies import Assessment
from xinzhi.web.page import PROTOCOL, SETTINGS, Address
from xinzhi.web.store import Store
from xinzhi.yardstick import View, value_text

OFFERED = (
    "capital.depreciation", "shares.rule", "labour.quality", "output.vintage", "capital.benchmark", "labour.breaks",
)  # fmt: skip
MOST = 8  # that one address may change


def overall(store: Store, address: Address | None = None) -> Assessment:
    """Return the assessment; under another protocol without topics and briefs, which take too long to wait for."""
    rules = store.rules if address is None else ruled(store, address)
    found: Any
    if rules.fingerprint == store.rules.fingerprint:
        found = store.study("assess", briefs=True)
    else:
        found = store.study("assess", rules, only=("none",))
    return found  # type: ignore[no-any-return] # an assessment, by its topic


def decimals(study: Assessment) -> int:
    """Return the decimals of growth in percent."""
    return int(study.protocol.value("reporting.decimals"))


def kicker(study: Assessment) -> Text:
    """Return the line above a title of a page whose figures are of the newest period: the data and that period."""
    return words("web.kicker", source=study.source, span=View(study.measurement).spans[-1].label)


def capital(text: Text) -> Text:
    """Return a text that begins with a capital letter, for the head of a page."""
    return Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:])


def read(pairs: Iterable[str]) -> dict[str, Any]:
    """Return changes of a protocol by path, from ``path=value``; values are written as in YAML."""
    parts = (one.partition("=") for one in pairs)
    try:
        return {path: yamlfile.parse(value, path).content for path, _, value in parts}
    except yamlfile.YamlError as error:
        raise UsageError("cli.bad-setting", why=error.finding.text) from error


def asked(address: Address) -> dict[str, Any]:
    """Return what an address changes."""
    return read(address.query.get(SETTINGS, "").split("\n")[:MOST]) if SETTINGS in address.query else {}


def ruled(store: Store, address: Address) -> Protocol:
    """Return the protocol of a page, with what its address changes."""
    rules = store.protocol(address.query.get(PROTOCOL))
    wish = asked(address)
    return rules.replace(wish) if wish else rules


def changes(rules: Protocol) -> Text:
    """Return what a protocol changes, each parameter by its title with its value."""
    held = {path: value_text(path, rules.parameters[path].value) for path in rules.departs}
    return listing([
        words("web.settings.change", title=specification(path).title, value=value) for path, value in held.items()
    ])  # fmt: skip


def offers(rules: Protocol, wish: Mapping[str, Any]) -> list[tuple[Text, list[tuple[str, Text, bool]]]]:
    """Return what can be changed: the title of each parameter, and its values; that of the protocol asks nothing."""
    found = []
    for path in OFFERED:
        item = rules.parameters.get(path)
        if item is None or item.value is None or not item.alternatives:
            continue
        own, others = item.value, dict.fromkeys(other.value for other in item.alternatives if other.value is not None)
        chosen = wish.get(path, own)
        rows = [("", value_text(path, own), chosen == own)]
        rows += [(f"{path}={one}", value_text(path, one), chosen == one) for one in others if one != own]
        found.append((specification(path).title, rows))
    return found
