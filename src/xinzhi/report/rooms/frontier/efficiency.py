"""The section of an efficiency: who is on the frontier, how far the others are, and whom they could learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xinzhi.core.errors import UsageError
from xinzhi.report.catalogue import has, listing, same, words
from xinzhi.report.charts import kit
from xinzhi.report.numbers import number
from xinzhi.report.rooms.frontier.names import Names, column, good, measure, rts_text, status_text, stop, yes
from xinzhi.report.rooms.frontier.plane import plane
from xinzhi.report.section import Picture, Section
from xinzhi.report.tables import Column, Table

if TYPE_CHECKING:
    from xinzhi.core.text import Text
    from xinzhi.frontier.result import Efficiency
    from xinzhi.report.tables import Kind

_INEFFICIENCY = frozenset({"directional", "environmental", "non-radial"})
_INVERSE = frozenset({"radial", "super", "russell", "seiford-zhu"})  # whose output score is at least one
_SHOWN = 4
_ROUNDING = 1e-9
_EPSILON = re.compile(
    r"^Epsilon of inputs (?P<x>\S+), of outputs (?P<y>\S+); weights (?P<wx>\[.*\]) and (?P<wy>\[.*\])\.$"
)


@dataclass(frozen=True)
class Facts:
    """An efficiency as a reader takes it: higher is better and 1 is the frontier, or a distance from 0."""

    result: Efficiency

    @cached_property
    def names(self) -> Names:
        """Return the names of the units."""
        return Names.of(self.result.labels, self.result.data.units)

    @property
    def kind(self) -> str:
        """Return ``share`` of the frontier, ``distance`` to it, or ``slacks``: the sum of what could be gained."""
        options = self.result.options
        if options.model == "additive":
            return "slacks"
        away = options.model in _INEFFICIENCY or options.orientation == "directional"
        return "distance" if away and options.model != "hyperbolic" else "share"

    @property
    def inverse(self) -> bool:
        """Say whether the score is one over the share that is shown."""
        options = self.result.options
        return options.orientation == "output" and options.model in _INVERSE

    @property
    def reading(self) -> str:
        """Return which words tell what a share is."""
        options = self.result.options
        radial = options.model in {"radial", "super"}
        return options.orientation if radial and options.orientation in {"input", "output"} else "index"

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Return ``unit, value, status, efficient``, best first, those without a score last."""
        scores = self.result.scores
        with np.errstate(divide="ignore"):
            values = 1 / scores if self.inverse else scores
        efficient = self.result.solved.efficient
        found = [
            {
                "unit": unit,
                "value": float(value) if np.isfinite(value) else None,
                "status": str(status),
                "efficient": bool(efficient[place]) if efficient is not None else None,
            }
            for place, (unit, value, status) in enumerate(
                zip(self.result.data.units, values, self.result.status, strict=True)
            )
        ]
        sign = -1 if self.kind == "share" else 1
        return sorted(found, key=lambda row: (row["value"] is None, sign * (row["value"] or 0.0), row["unit"]))

    @cached_property
    def known(self) -> list[dict[str, Any]]:
        """Return the rows with a score."""
        return [row for row in self.rows if row["value"] is not None]

    @property
    def decimals(self) -> int:
        """Return how many decimals the figures need."""
        return 3 if self.kind != "slacks" else 1


def efficiency(result: Efficiency, *, region: str | None = None) -> Section:
    """Return what an efficiency says.

    Parameters
    ----------
    result
        What `xinzhi.frontier.efficiency` returns.
    region
        The unit, by code or name, whose way to the frontier is drawn; None: the one farthest from it.

    Raises
    ------
    UsageError
        When no unit is called so.
    """
    facts = Facts(result)
    asked = facts.names.chosen(region)
    drawn = [_dots(facts), plane(facts, asked), _peers(facts), _way(facts, asked)] if facts.known else []
    listed = [_peer_table(facts), _target_table(facts)] if facts.known else [_scores(facts)]
    return Section(
        key="efficiency",
        title=words("frontier.title.efficiency"),
        answer=_answer(facts),
        pictures=tuple(one for one in drawn if one is not None),
        tables=tuple(one for one in listed if one is not None),
        notes=(*_notes(facts), *result.labels.notes),
    )


def _answer(facts: Facts) -> tuple[Text, ...]:
    if not facts.known:
        return (words("frontier.answer.nothing"),)
    return (stop(_headline(facts)), *_best(facts))


def _headline(facts: Facts) -> Text:
    """Return the leading sentence: how many are on the frontier, and how far the others are."""
    known = facts.known
    on = [row for row in known if row["efficient"]]
    rest = [row["value"] for row in known if not row["efficient"]]
    n, what = len(known), facts.names.what
    if facts.result.options.model == "cross":
        mean = float(np.mean([row["value"] for row in known]))
        return words(
            "frontier.headline.cross", n=n, what=what, mean=number(mean, 3),
            best=facts.names.name(known[0]["unit"]), most=number(known[0]["value"], 3),
        )  # fmt: skip
    if not rest:
        return words("frontier.headline.all_on", n=n, what=what)
    worst, away = known[-1], float(np.mean(rest))
    values: dict[str, Any] = {"k": len(on), "n": n, "what": what, "worst": facts.names.name(worst["unit"])}
    if facts.kind == "slacks":
        return words("frontier.headline.slacks", least=number(worst["value"], 1), **values)
    figures = {"mean": number(100 * away, 1), "least": number(100 * worst["value"], 1)}
    if facts.kind == "distance":
        return words("frontier.headline.distance", **figures, **values)
    told = {
        "input": words("frontier.headline.input", **figures, **values),
        "output": words("frontier.headline.output", **figures, **values),
    }
    return told.get(facts.reading) or words("frontier.headline.index", **figures, **values)


def _best(facts: Facts) -> list[Text]:
    """Name those on the frontier, and those without a score with the reason."""
    on = [facts.names.name(row["unit"]) for row in facts.known if row["efficient"]]
    said = [words("frontier.answer.leaders", names=listing(on, _SHOWN))] if 0 < len(on) < len(facts.known) else []
    reasons: dict[str, list[Text]] = {}
    for row in facts.rows:
        if row["value"] is None:
            reasons.setdefault(row["status"], []).append(facts.names.name(row["unit"]))
    for status, units in reasons.items():
        said.append(words("frontier.answer.unscored", names=listing(units, _SHOWN), why=status_text(status)))
    return said


def _dots(facts: Facts) -> Picture:
    """Return the efficiency of every unit, best first."""
    rows = [
        {"name": facts.names.name(row["unit"]), "value": row["value"], "group": facts.names.group(row["unit"])}
        for row in facts.rows
    ]
    axis = words(f"frontier.unit_of.{facts.kind if facts.kind != 'share' else facts.reading}")
    reference = 1.0 if facts.kind == "share" else 0.0
    domain = None
    if facts.kind == "share":
        top = max(row["value"] for row in facts.known)
        domain = (min(row["value"] for row in facts.known) * 0.92, max(top, 1.0) * 1.03)
    return Picture(
        kind="efficiency",
        title=words("frontier.title.dots"),
        headline=_headline(facts),
        draw=lambda w: kit.dots(w, rows, x=axis, reference=reference, decimals=facts.decimals, domain=domain),
        how=words("frontier.how.distance" if facts.kind != "share" else "frontier.how.share"),
        unit=axis,
        twin=_scores(facts),
    )


def _scores(facts: Facts) -> Table:
    """Return the scores with the further columns of the model."""
    frame = facts.result.frame
    told = {"unit", "score", "status", "efficient", "shephard"}
    if facts.result.options.model == "environmental":  # one step for every good: the score itself
        told |= {name for name in frame.columns if name.startswith("beta_")}
    more = [name for name in frame.columns if name not in told]
    by_unit = {row["unit"]: row for row in frame.iter_rows(named=True)}
    columns = [column("unit", "name")]
    if facts.names.labels.groups:
        columns.append(column("group", "name"))
    columns += [column("share", "score")] if facts.inverse else []
    columns += [column("score", "score" if facts.kind != "slacks" else "figure"), column("efficient", "name")]
    columns += [column("status", "name"), *(_further(name) for name in more)]
    rows = []
    for one in facts.rows:
        row = by_unit[one["unit"]]
        cells: list[Any] = [facts.names.name(one["unit"])]
        cells += [facts.names.group(one["unit"])] if facts.names.labels.groups else []
        cells += [one["value"]] if facts.inverse else []
        cells += [row["score"], yes(one["efficient"]), status_text(row["status"])]
        rows.append((*cells, *(_said(name, row[name]) for name in more)))
    return Table(key="frontier_scores", title=words("frontier.table.scores"), columns=tuple(columns), rows=rows)


def _further(name: str) -> Column:
    kind: Kind = "name" if name == "returns" else "figure" if name.startswith("shadow_price") else "score"
    if has(f"frontier.column.{name}"):
        return column(name, kind)
    for prefix in ("theta", "phi", "beta", "gamma", "shadow_price"):
        if name.startswith(f"{prefix}_"):
            return column(f"of_{prefix}", kind, good=good(name.removeprefix(f"{prefix}_")))
    return Column(title=same(name), kind=kind)


def _said(name: str, value: Any) -> Any:  # noqa: ANN401 - a cell
    return words(f"frontier.status.returns_{value}") if name == "returns" and value is not None else value


def _peers(facts: Facts) -> Picture | None:
    """Return how many units could learn from each efficient one; None where the model has no peers."""
    frame = _others(facts)
    if frame is None or not frame.height:
        return None
    counts = frame.group_by("peer").agg(pl.len().alias("n"), pl.col("weight").mean()).sort("n", "peer", descending=True)
    rows = [{"name": facts.names.name(peer), "value": float(n)} for peer, n, _ in counts.rows()]
    table = Table(
        key="frontier_peer_counts",
        title=words("frontier.table.peer_counts"),
        columns=(column("peer", "name"), column("units", "integer"), column("weight", "score")),
        rows=[(facts.names.name(peer), n, weight) for peer, n, weight in counts.rows()],
    )
    first, n, _ = counts.row(0)
    return Picture(
        kind="peers",
        title=words("frontier.title.peers"),
        headline=words(
            "frontier.headline.peers", name=facts.names.name(first), n=n, all=frame["unit"].n_unique(),
            what=facts.names.what,
        ),
        draw=lambda w: kit.bars(w, rows, x=words("frontier.unit_of.units"), decimals=0),
        how=words("frontier.how.peers"),
        unit=words("frontier.unit_of.units"),
        twin=table,
    )  # fmt: skip


def _others(facts: Facts) -> pl.DataFrame | None:
    """Return the peers of every unit but itself."""
    try:
        return facts.result.peers.filter(pl.col("unit") != pl.col("peer"))
    except UsageError:
        return None


def _peer_table(facts: Facts) -> Table | None:
    """Return the peers of every unit off the frontier with their weights, the heaviest first."""
    frame = _others(facts)
    if frame is None or not frame.height:
        return None
    found: dict[str, list[Text]] = {}
    for unit, peer, weight in frame.rows():
        said = words("frontier.chart.part", part=facts.names.name(peer), value=number(weight, 3))
        found.setdefault(unit, []).append(said)
    return Table(
        key="frontier_peers",
        title=words("frontier.table.peers"),
        columns=(column("unit", "name"), column("peers", "name")),
        rows=[(facts.names.name(unit), listing(peers)) for unit, peers in found.items()],
    )


def _targets(facts: Facts) -> pl.DataFrame | None:
    """Return ``unit, good, actual, target, slack``; None where the model has no targets."""
    data = facts.result.data
    try:
        targets = facts.result.targets
    except UsageError:
        return None
    goods = [name for name in (*data.inputs, *data.outputs, *data.bads) if name in targets.columns]
    values = [data.x, data.y] if data.b is None else [data.x, data.y, data.b]
    actual = pl.DataFrame(np.hstack(values), schema=[*data.inputs, *data.outputs, *data.bads], orient="row")
    long = {
        name: frame.with_columns(unit=pl.Series(data.units)).unpivot(
            goods, index="unit", variable_name="good", value_name=name
        )
        for name, frame in (("actual", actual), ("target", targets))
    }
    found = long["actual"].join(long["target"], on=["unit", "good"], maintain_order="left")
    try:
        slack = facts.result.slacks.unpivot(goods, index="unit", variable_name="good", value_name="slack")
    except (UsageError, pl.exceptions.ColumnNotFoundError):
        return found.with_columns(slack=pl.lit(None, dtype=pl.Float64))
    return found.join(slack, on=["unit", "good"], how="left", maintain_order="left")


def _target_table(facts: Facts) -> Table | None:
    frame = _targets(facts)
    if frame is None:
        return None
    moved = {
        row["unit"]
        for row in frame.iter_rows(named=True)
        if row["target"] is not None and _zero(_change(row["actual"], row["target"]))
    }
    order = {row["unit"]: place for place, row in enumerate(facts.rows)}
    rows = [
        (
            facts.names.name(unit),
            good(name),
            measure(name, facts.names.labels),
            actual,
            target,
            _change(actual, target),
            _clean(slack, actual),
        )
        for unit, name, actual, target, slack in sorted(frame.rows(), key=lambda row: order[row[0]])
        if unit in moved
    ]
    columns = (
        column("unit", "name"),
        column("good", "name"),
        column("measure", "name"),
        column("actual", "figure"),
        column("target", "figure"),
        column("change", "percent", same("%")),
        column("slack", "figure"),
    )
    return Table(key="frontier_targets", title=words("frontier.table.targets"), columns=columns, rows=rows)


def _change(actual: float, target: float | None) -> float | None:
    return None if target is None or actual == 0 else 100 * (target / actual - 1)


def _clean(slack: float | None, actual: float) -> float | None:
    """Return a slack, nought where it is rounding."""
    return 0.0 if slack is not None and abs(slack) <= _ROUNDING * max(abs(actual), 1.0) else slack


def _way(facts: Facts, asked: str | None) -> Picture | None:
    """Return by how much every good of one unit would change on the way to the frontier."""
    frame = _targets(facts)
    unit = asked or (facts.known[-1]["unit"] if not facts.known[-1]["efficient"] else None)
    if frame is None or unit is None:
        return None
    own = [row for row in frame.filter(pl.col("unit") == unit).iter_rows(named=True) if row["target"] is not None]
    changes = [(good(row["good"]), _zero(_change(row["actual"], row["target"]))) for row in own]
    rows = [{"name": name, "value": value} for name, value in changes]
    moved = [(name, value) for name, value in changes if value]
    if not moved:
        return None
    parts = [words("frontier.chart.part", part=name, value=number(value, 1, sign=True)) for name, value in moved]
    return Picture(
        kind="targets",
        title=words("frontier.title.targets", name=facts.names.name(unit)),
        headline=words("frontier.headline.targets", name=facts.names.name(unit), parts=listing(parts)),
        draw=lambda w: kit.bars(w, rows, x=words("frontier.unit_of.change")),
        how=words("frontier.how.targets"),
        unit=words("frontier.unit_of.change"),
        twin=_target_table(facts) or _scores(facts),
    )


def _zero(value: float | None) -> float | None:
    return 0.0 if value is not None and abs(value) < 1e-7 else value  # noqa: PLR2004 - rounding, in percent


def _note(note: str) -> Text:
    """Return what a model has to say in both languages."""
    found = _EPSILON.match(note)
    return words("frontier.note.epsilon", **found.groupdict()) if found else same(note)


def _notes(facts: Facts) -> list[Text]:
    """Return the technology, what the model has to say, and what it cannot tell."""
    options, data = facts.result.options, facts.result.data
    programs = facts.result.programs
    notes = [
        words(
            "frontier.note.technology",
            rts=rts_text(options.rts),
            model=words(f"frontier.chart.{options.model}"),
            inputs=listing([good(name) for name in data.inputs]),
            outputs=listing([good(name) for name in data.outputs]),
            bads=words("frontier.chart.and_bads", names=listing([good(name) for name in data.bads]))
            if data.bads
            else same(""),
            count=f"{programs.count:,}",
        )
    ]
    notes += [_note(note) for note in facts.result.notes if not note.startswith("No counterpart")]
    goods = len(data.inputs) + len(data.outputs) + len(data.bads)
    if len(data.units) < 3 * goods:
        notes.append(words("frontier.note.few", n=len(data.units), goods=goods))
    return [*notes, words("frontier.note.noise")]
