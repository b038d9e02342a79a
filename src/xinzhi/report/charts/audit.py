"""Charts of an audit of the ruler: five kinds, each of the latest period on official figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from altair.typing import ChartType

    from xinzhi.core.text import Text
    from xinzhi.report.audit.view import AuditView
    from xinzhi.report.charts.style import Words

KINDS = ("room", "ranks", "curve", "variance", "reversals")


def draw(view: AuditView, kind: str, w: Words, *, region: str | None = None) -> ChartType:
    """Return the chart of a kind without its title.

    Parameters
    ----------
    view, kind, w
        The audit, one of `KINDS`, the words.
    region
        The region of the specification curve; None is the one that could move furthest.

    Raises
    ------
    UsageError
        When the audit has no picture of that kind.
    """
    from xinzhi.report.charts import audit_curve, audit_pairs, audit_ranks

    if kind not in available(view):
        message = f"this audit has no picture of the kind '{kind}': choose one of {', '.join(available(view))}."
        raise UsageError(message)
    if kind == "curve":
        return audit_curve.curve(view, w, region)
    makers: Mapping[str, Callable[[AuditView, Words], ChartType]] = {
        "room": audit_ranks.room,
        "ranks": audit_ranks.ranks,
        "variance": audit_pairs.variance,
        "reversals": audit_pairs.reversals,
    }
    return makers[kind](view, w)


def available(view: AuditView) -> tuple[str, ...]:
    """Return the kinds of chart that the audit has figures for: a single region has no ranks."""
    several = view.rows.height > 1
    has = {
        "room": several,
        "ranks": several,
        "curve": view.rows.height > 0,
        "variance": bool(view.shares),
        "reversals": several,
    }
    return tuple(kind for kind in KINDS if has[kind])


def headline(view: AuditView, kind: str, region: str | None = None) -> Text:
    """Return the sentence that a chart shows."""
    from xinzhi.report.audit import answer

    if kind == "curve":
        return answer.curve_headline(view, region)
    makers: Mapping[str, Callable[[AuditView], Text]] = {
        "room": answer.room_headline,
        "ranks": answer.ranks_headline,
        "variance": answer.variance_headline,
        "reversals": answer.reversals_headline,
    }
    return makers[kind](view)
