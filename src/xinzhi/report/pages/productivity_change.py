"""The brief of productivity change beside the residual of the growth accounts."""

from __future__ import annotations

from xinzhi import words
from xinzhi.frontier import ProductivityChange
from xinzhi.report.section import Section
from xinzhi.report.section_rows import picture_of

ANSWERS = ("answer.verdict", "headline.change", "answer.why", "answer.why_plain")


def brief(result: ProductivityChange) -> Section | None:
    """Return an index beside the TFP growth of the accounts in the same years; None without figures."""
    facts = result.facts()
    picture = picture_of(result, "beside", facts)
    if picture is None:
        return None
    answer = [words.by_key(f"frontier.{key}", **facts[key]) for key in ANSWERS if key in facts]
    notes = (words.frontier.note_brief(), words.frontier.note_counted(), *result.labels.notes)
    return Section.of("frontier.brief", [picture], anchor="frontier", answer=answer, notes=notes)
