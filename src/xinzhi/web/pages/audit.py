"""What the other admissible protocols say, which one a region would choose, and the bridge to published accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xinzhi.core.errors import XinzhiError
from xinzhi.core.text import Text, words
from xinzhi.report.pages.yardstick.audit import kept, levels
from xinzhi.web.page import Address, Asked, Page, Part
from xinzhi.web.settings import decimals, overall
from xinzhi.web.store import Store
from xinzhi.yardstick import View


def page(store: Store, address: Address) -> Page:
    """Return the page; on a server the curve of the region that is asked for."""
    asked = {"region": store.region(address.query["region"])} if "region" in address.query else {}
    study = store.study("audit", **asked)
    section = store.section(study, region=study.region)
    audited: Any = study.results["audit"]
    choices = levels(audited)
    wish = address.query.get("hold", "")
    if wish in {key for _, rows in choices for key, _ in rows}:
        name, _, at = wish.rpartition(":")
        section = kept(section, audited, study.region, (name, int(at)))
    parts = [Part(section=replace(section, answer=()), titled=False, result="audit", file=("audit", "audit"))]
    why: list[Text] = []
    try:
        bridge = store.study("bridge")
        parts.append(
            Part(section=store.section(bridge), asked=Asked(topic="bridge"), result="bridge", file=("bridge", "bridge"))
        )
    except XinzhiError as error:  # a package without a nation has no bridge
        why = [error.text]
    made = overall(store)
    lead = View(made.measurement).lead
    return Page(
        title=section.title, kicker=words("web.audit.kicker", source=made.source, span=lead.label),
        lead=[*section.answer, *why], study=study,
        asked=Asked(topic="audit", options=asked), parts=parts, decimals=decimals(made),
        template="audit.html.j2",
        more={"regions": [(code, store.names.region(code)) for code in store.regions], "region": asked.get("region"),
              "choices": choices, "hold": wish,
              "label": words("web.audit.region")},
    )  # fmt: skip
