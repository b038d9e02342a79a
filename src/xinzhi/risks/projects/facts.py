"""What is said of a screening: words of its values, probabilities in percent, and the facts behind summary and page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from xinzhi.core.names import Names
from xinzhi.core.schema import describe
from xinzhi.core.text import Text, number, page, same, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xinzhi.core.result import Facts
    from xinzhi.risks.projects.screen import Comparison, Screening

PERCENT = "\N{NO-BREAK SPACE}%"
_RARE, _HALF = 0.01, 0.5
_SUREST = 3
_TITLE = 40  # signs of a title that a name holds


def value_words(column: str, frame: str = "frame") -> Mapping[str, Text]:
    """Return the words for the values of a column of `Screening`.

    Examples
    --------
    >>> value_words("verdict")["follow-on"].zh
    '后续工程'
    """
    return describe("screen", column, frame).values


def change_text(key: str, **values: object) -> Text:
    """Return what changed in both languages; filled plainly, since there are many and they quote texts as they are."""
    pattern = page("pages", "screen")[f"change.{key}"]
    return Text(zh=pattern.zh.format(**values), en=pattern.en.format(**values))


def chance_text(value: float) -> Text:
    """Return a probability in percent, never as certain.

    Examples
    --------
    >>> [chance_text(value).zh for value in (0.423, 0.9938, 0.99997, 0.0002)]
    ['42%', '99.4%', '>99.9%', '<0.1%']
    """
    return _spaced(_chance(value))


def interval_text(low: float, high: float) -> Text:
    """Return the interval of a probability.

    Examples
    --------
    >>> [interval_text(*ends).zh for ends in ((0.31, 0.55), (0.9996, 0.9999), (0.95, 0.9999), (0.0002, 0.004))]
    ['31–55%', '>99.9%', '≥95%', '≤0.4%']
    """
    ends = (_chance(low), _chance(high))
    if ends[0] == ends[1]:
        return _spaced(ends[0])
    if ends[1].startswith(">"):
        return _spaced(f"≥{ends[0]}")
    return _spaced(f"≤{ends[1]}" if ends[0].startswith("<") else f"{ends[0].removesuffix('%')}–{ends[1]}")


def _chance(value: float) -> str:
    if not _RARE / 10 <= value <= 1 - _RARE / 10:
        return ">99.9%" if value > _HALF else "<0.1%"
    return f"{value:.1%}" if value < _RARE or value > 1 - _RARE else f"{value:.0%}"


def _spaced(shown: str) -> Text:
    return Text(zh=shown, en=shown.replace("%", PERCENT))


def project_names(projects: pl.DataFrame, archive: pl.DataFrame) -> Names:
    """Return what projects and archived records are called: identifier and title."""
    kinds = {"project": projects, "archive": archive}
    return Names({kind: {id_: _name(id_, title) for id_, title in frame.select("id", "title").rows()}
                  for kind, frame in kinds.items()})  # fmt: skip


def _name(code: str, title: str) -> Text:
    title = title.strip()
    return same(f"{code} {title if len(title) <= _TITLE else f'{title[:_TITLE]}…'}".strip())


def screening_facts(result: Screening) -> Facts:
    """Return how many projects are what, the surest of them, and what the probabilities rest on."""
    frame = by_probability(result.frame)
    if not frame.height:
        return {"answer.nothing": {}}
    verdicts = value_words("verdict")
    counts = [words("screen.answer.count", name=text, k=f"{frame.filter(verdict=name).height:,}")
              for name, text in verdicts.items()]  # fmt: skip
    facts: Facts = {"answer.counts": {"n": frame.height, "m": result.archive_size, "parts": counts}}
    surest = frame.filter(verdict="repackaged").head(_SUREST)
    near = frame.filter(pl.col("archive_id").is_not_null()).head(1)
    if surest.height:
        facts["answer.surest"] = {"pairs": [words("screen.answer.pair", **_pair(result, row))
                                            for row in surest.iter_rows(named=True)]}  # fmt: skip
        zh, en = surest.select("evidence_zh", "evidence").row(0)
        facts["answer.evidence"] = {"evidence": Text(zh=zh, en=en)}
    elif near.height:
        facts["answer.closest"] = _pair(result, near.row(0, named=True))
    else:
        facts["answer.nothing_alike"] = {}
    if result.truth is not None:
        seen = result.truth.join(result.frame, on="id", suffix="_found")
        called = seen.filter(verdict="repackaged")
        facts["answer.truth"] = {
            "n": seen.height, "called": called.height, "hits": called.filter(label="repackaged").height,
            "known": seen.filter(label="repackaged").height,
        }  # fmt: skip
    facts["answer.synthetic" if result.weights_synthetic else "answer.learned"] = {}
    if result.findings:
        facts["answer.findings"] = {"k": len(result.findings)}
    return facts


def by_probability(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the verdicts, the most probable first.

    Examples
    --------
    >>> chances = {"probability": [0.1, 0.9], "probability_follow_on": [0.2, 0.1]}
    >>> by_probability(pl.DataFrame({"id": ["a", "b"], **chances}))["id"].to_list()
    ['b', 'a']
    """
    return frame.sort("probability", "probability_follow_on", "id", descending=[True, True, False])


def _pair(result: Screening, row: Mapping[str, object]) -> dict[str, object]:
    return {
        "name": result.names.text("project", row["id"]),
        "source": result.names.text("archive", row["archive_id"]),
        "chance": chance_text(float(row["probability"])),  # type: ignore[arg-type] # a share
    }


def verdict_text(row: Mapping[str, object]) -> Text:
    """Return the verdict on a project with its probability and interval, and why nothing can be told.

    Examples
    --------
    >>> verdict_text({"verdict": "new", "probability": 0.02, "lower": 0.01, "upper": 0.04, "reason": None}).zh
    '新项目：为旧项目新包装的概率2%（95%区间1–4%）'
    """
    said = words(
        "screen.chart.finding",
        verdict=value_words("verdict")[str(row["verdict"])],
        chance=chance_text(float(row["probability"])),  # type: ignore[arg-type] # a share
        span=interval_text(float(row["lower"]), float(row["upper"])),  # type: ignore[arg-type] # shares
    )
    if row["verdict"] == "follow-on":
        later = chance_text(float(row["probability_follow_on"]))  # type: ignore[arg-type] # a share
        said = words("screen.chart.as_later", finding=said, chance=later)
    if not row["reason"]:
        return said
    return words("screen.chart.because", finding=said, reason=value_words("reason")[str(row["reason"])])


def comparison_lines(pair: Comparison) -> list[Text]:
    """Return the ledger of one pair as lines: weight, field, agreement, what both say; then what changed."""
    if pair.archive_id is None:
        verdict = value_words("verdict")[pair.verdict["verdict"]]
        return [words("screen.explain.alone", id=pair.id, verdict=verdict)]
    rank = int(pair.ledger["rank"][0])
    both = {"id": pair.id, "archive": pair.archive_id}
    if rank == 1:
        lines = [words("screen.explain.closest", **both, verdict=verdict_text(pair.verdict))]
    else:
        total = float(pair.ledger["weight"].sum())
        lines = [words("screen.explain.candidate", **both, rank=rank, total=number(total, 1, sign=True))]
    fields, levels = value_words("field", "ledger"), value_words("agreement", "ledger")
    for row in pair.ledger.filter(pl.col("level") >= 0).iter_rows(named=True):
        key = "entry" if row["project"] or row["archive"] else "bare"
        lines.append(
            words(
                f"screen.explain.{key}", weight=row["weight"], field=fields[row["field"]],
                level=levels[row["agreement"]], project=row["project"], archive=row["archive"],
            )
        )  # fmt: skip
    changed = [Text(zh=zh, en=en) for zh, en in pair.changes.select("zh", "en").rows()]
    return [*lines, *(words("screen.explain.changed", what=text) for text in changed)]
