"""The study that most pages are made from: the assessment, whole under the protocol of the site, else its measure."""

from __future__ import annotations

from typing import Any

from xinzhi.core.text import Text, words
from xinzhi.studies import Assessment
from xinzhi.web.address import Address
from xinzhi.web.settings import ruled
from xinzhi.web.store import Store
from xinzhi.yardstick import View


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
