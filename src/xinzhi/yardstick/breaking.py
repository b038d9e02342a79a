"""Judge the series of a panel by the rules of ``breaks.yaml``: where they break, why, and what it does to TFP."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import polars as pl

from xinzhi.core.arrays import BoolArray, FloatArray, IntArray, log_growth
from xinzhi.core.breaks import Breaks, Scores, classify, is_panel, next_year, scores
from xinzhi.core.errors import InputError, UsageError
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text
from xinzhi.data import Package
from xinzhi.protocol import Protocol
from xinzhi.yardstick.estimating import of_declared_set
from xinzhi.yardstick.panel import Marks, Panel


@dataclass(frozen=True, slots=True)
class SeriesRule:
    """A series that is judged: its column, the input of the accounts that it feeds, and its first year judged."""

    name: str
    table: str
    column: str
    text: Text
    mark: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A known cause of breaks in Chinese regional statistics; of `regions` alone where it names them.

    A break with an `unlinked` cause is not linked, for the reason that stands there.
    """

    years: tuple[int, ...]
    series: tuple[str, ...]
    text: Text
    regions: tuple[str, ...] = ()
    unlinked: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a move is a break."""

    rate: float
    fewest_others: int
    shortest: int
    floor: float
    moves: FloatArray
    single_region: FloatArray
    panel: FloatArray
    series: tuple[SeriesRule, ...]
    events: tuple[Event, ...]

    def critical(self, moves: IntArray, *, panel: bool) -> FloatArray:
        """Return the score that a series of so many moves must exceed."""
        inverse = 1.0 / np.maximum(moves, 1)
        values = self.panel if panel else self.single_region
        return np.asarray(np.interp(inverse, 1.0 / self.moves[::-1], values[::-1]))


@cache
def rules(rate: float | None = None) -> Rules:
    """Return the rules of ``breaks.yaml``, at another false-alarm rate of its table where one is given."""
    document = facts()
    false_alarms = float(document["false_alarm_rate"]["value"]) if rate is None else rate
    table = document["critical"]
    if false_alarms not in table["panel"]:
        raise UsageError("yardstick.no-critical-values", chosen=f"{false_alarms:g}", known=sorted(table["panel"]))
    return Rules(
        rate=false_alarms,
        fewest_others=int(document["fewest_others"]["value"]),
        shortest=int(document["shortest"]["value"]),
        floor=float(document["scale_floor"]["value"]),
        moves=np.array(table["moves"], dtype=np.float64),
        single_region=np.array(table["alone"][false_alarms], dtype=np.float64),
        panel=np.array(table["panel"][false_alarms], dtype=np.float64),
        series=tuple(
            SeriesRule(
                name,
                entry["table"],
                entry["column"],
                Text(zh=entry["zh"], en=entry["en"]),
                entry.get("mark"),
                entry.get("since"),
            )
            for name, entry in document["series"].items()
        ),
        events=tuple(
            Event(
                tuple(entry["years"]),
                tuple(entry["series"]),
                Text(zh=entry["zh"], en=entry["en"]),
                tuple(entry.get("regions", ())),
                Text(zh=entry["unlinked"]["zh"], en=entry["unlinked"]["en"]) if "unlinked" in entry else None,
            )
            for entry in document["events"].values()
        ),
    )


facts = partial(read_yaml, Path(__file__).with_name("breaks.yaml"))


def seam(name: str) -> Text:
    """Return what a seam of the data is called."""
    entry = facts()["seams"][name]
    return Text(zh=entry["zh"], en=entry["en"])


@dataclass(frozen=True, slots=True)
class Judgement:
    """Moves, scores and breaks of one series, each `(R, T)`."""

    rule: SeriesRule
    growth: FloatArray
    scores: Scores
    breaks: Breaks


def judge(panel: Panel, terms: Rules, names: frozenset[str] | None = None) -> list[Judgement]:
    """Judge the series that a panel has, or those of them that are named."""
    series_rules = [rule for rule in terms.series if names is None or rule.name in names]
    moves = [(rule, _growth(panel, rule)) for rule in series_rules]
    fewest, judged = terms.fewest_others, []
    for rule, growth in moves:
        if not np.isfinite(growth).any():
            continue
        score = scores(growth, fewest=fewest, shortest=terms.shortest, floor=terms.floor)
        count = np.isfinite(score.shift).sum(axis=1)
        alarmed = classify(score, terms.critical(count, panel=is_panel(growth, fewest=fewest)))
        documented = _documented_breaks(panel, rule, terms) & np.isfinite(growth) & ~alarmed.any
        judged.append(Judgement(rule, growth, score, Breaks(alarmed.shift | documented, alarmed.outlier)))
    return judged


def _documented_breaks(panel: Panel, rule: SeriesRule, terms: Rules) -> BoolArray:
    """Return the region-years `(R, T)` that the package marks and an event names: these are breaks without an alarm."""
    out = np.zeros(panel.shape, dtype=np.bool_)
    for event in terms.events if rule.name == "employment" else ():
        if event.regions and rule.name in event.series:
            out |= np.isin(panel.regions, event.regions)[:, None] & np.isin(panel.years, event.years)
    return out & panel.breaks


def _growth(panel: Panel, rule: SeriesRule) -> FloatArray:
    """Return the moves of a series in log points; NaN where this year or the year before is missing or not positive."""
    level = panel.account(rule.column)
    if rule.table == "investment":
        assets = panel.investment.get(rule.column)
        level = np.full(panel.shape, np.nan) if assets is None else assets.sum(axis=0)
    growth = log_growth(level)
    return growth if rule.since is None else np.where(panel.calendar >= rule.since, growth, np.nan)


def break_marks(panel: Panel, protocol: Protocol) -> Marks:
    """Return where the series that a protocol reads break, as marks ``break:input``.

    ``break:employment``, ``break:output`` and so on are masks `(R, T)` of the years whose growth is not to be read as
    growth. A one-off outlier marks two years, the one into it and the one out of it; a series that the protocol does
    not read bears no mark.

    >>> from xinzhi import data, protocol
    >>> from xinzhi.yardstick.panel import read_panel
    >>> panel = read_panel(data.load("china-provinces"))
    >>> marks = break_marks(panel, protocol.load("xinzhi-cn-2026"))
    >>> bool(marks["break:employment"][panel.region_index("340000"), 2020 - panel.years[0]])
    True
    """
    return {
        f"break:{judgement.rule.mark}": judgement.breaks.any for judgement in judge(panel, rules(), _read_by(protocol))
    }


def _read_by(protocol: Protocol) -> frozenset[str]:
    """Return the series that a protocol takes from the regions as they are given."""
    sources = {
        "output_real": ("output.vintage", "latest"),
        "employment": ("labour.unit", "persons", "hours"),
        "investment": ("capital.measure", "stock", "services"),
        "capital": ("capital.measure", "given_stock"),
        "schooling": ("labour.quality", "schooling"),
        # Under a national share no region's own share enters its figure.
        "labour_share": ("shares.rule", "observed_regional"),
    }
    return frozenset(name for name, (path, *values) in sources.items() if protocol.choice(path) in values)


def causes(package: Package, panel: Panel, judgement: Judgement, terms: Rules) -> list[tuple[Text, BoolArray]]:
    """Return every known cause of breaks in one series with the region-years `(R, T)` that it covers."""
    # A cause of an outlier also covers the next year, in which the level comes back.
    candidates = [*_events(panel, judgement, terms), (seam("vintage"), _vintages(package, panel, judgement))]
    candidates.append((seam("status"), _status(panel, judgement)))
    outlier = judgement.breaks.outlier
    return [(text, mask | next_year(mask & outlier)) for text, mask in candidates]


def _events(panel: Panel, judgement: Judgement, terms: Rules) -> list[tuple[Text, BoolArray]]:
    """Return the years of known events, for regions with Chinese codes."""
    from xinzhi.data.rules.keys import PROVINCES, standard

    provinces = list(standard(PROVINCES))
    return [
        (event.text, np.isin(panel.regions, event.regions or provinces)[:, None] & np.isin(panel.years, event.years))
        for event in terms.events
        if judgement.rule.name in event.series
    ]


def changed_statistics(panel: Panel, judgement: Judgement, terms: Rules) -> BoolArray:
    """Return the breaks `(R, T)` behind which the statistics are known to have changed: an event, a status, or a mark.

    Both years of an outlier belong together.
    """
    documented = _status(panel, judgement)
    for _, mask in _events(panel, judgement, terms):
        documented = documented | mask
    if judgement.rule.name == "employment":
        documented = documented | panel.breaks
    outlier, back = judgement.breaks.outlier, judgement.breaks.returns
    # the mask of the year after each
    year_before_mask = np.zeros_like(documented)
    year_before_mask[:, :-1] = documented[:, 1:]
    pair = outlier & (documented | year_before_mask)
    return np.asarray((judgement.breaks.shift & documented) | pair | (next_year(pair) & back))


def _vintages(package: Package, panel: Panel, judgement: Judgement) -> BoolArray:
    """Return the years in which nominal output changes its vintage; real output is chained across them."""
    out = np.zeros(panel.shape, dtype=np.bool_)
    table = package.tables["accounts"]
    if judgement.rule.name != "output_nominal" or "output_vintage" not in table.columns:
        return out
    rows = table.sort("region", "year").with_columns(before=pl.col("output_vintage").shift(1).over("region"))
    changed = rows.filter(pl.col("before") != pl.col("output_vintage"))
    row = np.searchsorted(panel.regions, changed["region"].to_numpy())
    out[row, changed["year"].to_numpy() - panel.years[0]] = True
    return out


def _status(panel: Panel, judgement: Judgement) -> BoolArray:
    """Return the years in which the figures begin or cease to be official."""
    marks = panel.marked(judgement.rule.column)
    mask = marks.any(axis=0) if marks.ndim > judgement.growth.ndim else marks
    changed: BoolArray = mask != np.roll(mask, 1, axis=1)
    changed[:, 0] = False
    return changed


FLAG, LINK = "flag", "link"
EMPLOYMENT = "employment"


def links(protocol: Protocol) -> bool:
    """Return whether the protocol links the breaks of employment."""
    return protocol.choice("labour.breaks", FLAG) == LINK and protocol.value("labour.unit") == "persons"


def flag_only_protocol(protocol: Protocol) -> Protocol:
    """Return the protocol with breaks flagged only."""
    return protocol.replace({"labour.breaks": FLAG}) if protocol.declares("labour.breaks") else protocol


def link(panel: Panel, protocol: Protocol, persons: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return employment `(R, T)` with its breaks linked, and the years whose growth was replaced.

    The newest level stands, and the years before a break move: a census corrects what came before it.
    """
    if not links(protocol):
        return persons, np.zeros(panel.shape, dtype=np.bool_)
    growth = linked_growth(panel, protocol)
    raw = log_growth(persons)
    replaced = np.isfinite(growth) & np.isfinite(raw)
    steps = np.where(replaced, growth - raw, 0.0)
    path = np.cumsum(steps, axis=1)
    return np.asarray(persons * np.exp(path - path[:, -1:])), replaced


def linked_growth(panel: Panel, protocol: Protocol) -> FloatArray:
    """Return the growth that stands in for the breaks `(R, T)`, NaN elsewhere: of the protocol, else of the package."""
    if not of_declared_set(panel, protocol):
        return live_linked_growth(panel)
    if protocol.declares("labour.linked_growth"):
        stated, years = protocol.value("labour.linked_growth"), panel.years.tolist()
        return np.array([list(map(stated.get(region, {}).get, years)) for region in panel.regions], dtype=np.float64)
    absent = sorted(set(protocol.regions) - set(panel.regions))
    if absent:
        raise InputError("yardstick.links-of-a-part", n=len(panel.regions), absent=absent)
    return live_linked_growth(panel)


def live_linked_growth(panel: Panel) -> FloatArray:
    """Return the expected moves of the breaks that are linked, by the rules of ``breaks.yaml`` `(R, T)`."""
    terms = rules()
    judgements = judge(panel, terms, frozenset({EMPLOYMENT}))
    if not judgements:
        return np.full(panel.shape, np.nan)
    expected = judgements[0].scores.expected
    if len(panel.regions) == 1:
        expected = neighbour_mean(log_growth(panel.account(EMPLOYMENT)))
    return np.where(linkable(panel, judgements[0], terms), expected, np.nan)


def neighbour_mean(growth: FloatArray) -> FloatArray:
    """Return the mean of the moves of the years before and after every year `(R, T)`.

    A region alone has no others that say what was to be expected of it, and its whole history would put the growth of
    decades ago into a labour force that now shrinks.
    """
    out = np.full_like(growth, np.nan)
    out[:, 1:-1] = (growth[:, :-2] + growth[:, 2:]) / 2
    return out


def linkable(panel: Panel, judgement: Judgement, terms: Rules) -> BoolArray:
    """Return the breaks of employment that can be linked `(R, T)`."""
    if judgement.rule.name != EMPLOYMENT:
        return np.zeros(panel.shape, dtype=np.bool_)
    out = changed_statistics(panel, judgement, terms) & ~(judgement.breaks.shift & newest(judgement.growth))
    for event in terms.events:
        if event.unlinked is not None and judgement.rule.name in event.series:
            out &= ~(np.isin(panel.regions, event.regions)[:, None] & np.isin(panel.years, event.years))
    return out


def newest(growth: FloatArray) -> BoolArray:
    """Return the last year of every region that has growth `(R, T)`."""
    finite = np.isfinite(growth)
    later = np.cumsum(finite[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(finite & (later == 1))
