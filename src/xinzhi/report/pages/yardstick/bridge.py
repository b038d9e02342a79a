"""The page of a bridge: what makes our growth of the nation another one than that of another source."""

from __future__ import annotations

from xinzhi.core.schema import describe
from xinzhi.core.text import sentences, words
from xinzhi.report.charts import kit
from xinzhi.report.picture import picture
from xinzhi.report.section import Section
from xinzhi.report.table import table
from xinzhi.yardstick import Bridge


def bridge(result: Bridge, *, region: str | None = None) -> Section:
    """Return both figures, every step with its range over the orders, and where the other figure comes from."""
    del region
    steps, kinds = (describe(result.verb, name).values for name in ("step", "kind"))
    drawn = [
        {
            "name": steps[row["step"]],
            "value": 100 * row["mean"],
            "bands": [(100 * row["low"], 100 * row["high"])],
            "group": kinds[row["kind"]],
        }
        for row in result.frame.iter_rows(named=True)
    ]
    twin = table("yardstick_bridge", result.frame, None, result)
    facts = result.facts()
    shown = picture(
        "yardstick.bridge", kit.spreads, drawn, twin, _headline(facts), reference=0.0,
        unit=words("unit_of.percent"), x=words("yardstick.chart.bridge"), groups=tuple(kinds.values()),
    )  # fmt: skip
    return Section.of(
        "yardstick.bridge",
        [shown],
        anchor="bridge",
        answer=sentences(facts, result.topic),
        notes=(words("yardstick.bridge.source", source=result.source),),
    )


def _headline(facts: dict[str, object]) -> dict[str, object]:
    """Return what the headline names: both figures and the other source."""
    head = facts["bridge.head"]
    return dict(head) if isinstance(head, dict) else {}
