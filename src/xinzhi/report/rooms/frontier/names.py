"""What units and goods are called in the pictures and tables of the room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xinzhi.core.errors import UsageError
from xinzhi.data.rules.keys import PROVINCES, standard
from xinzhi.report.catalogue import has, read_yaml, same, words
from xinzhi.report.numbers import unit_text
from xinzhi.report.tables import Column
from xinzhi.report.view import Arrangement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xinzhi.core.text import Text
    from xinzhi.frontier.labels import Labels
    from xinzhi.report.tables import Kind

_LISTED = 8
_SERIES = ("frontier.series", "sectors.series", "series")
YEARS = (1000, 2999)  # whole numbers between them are years


@dataclass(frozen=True)
class Names:
    """The names of the units of one result: its own, else those of the provinces of China, else their codes.

    Parameters
    ----------
    labels
        What the result says.
    codes
        Its units, each once.
    """

    labels: Labels
    codes: tuple[str, ...]

    @classmethod
    def of(cls, labels: Labels, units: Iterable[object]) -> Names:
        """Return the names of the units of a frame."""
        return cls(labels, tuple(dict.fromkeys(str(unit) for unit in units)))

    @cached_property
    def _known(self) -> Mapping[str, Text]:
        if self.labels.units:
            return self.labels.units
        from xinzhi.core.text import Text

        provinces = standard(PROVINCES)
        if not all(code in provinces for code in self.codes):
            return {}
        return {code: Text(zh=provinces[code][0], en=provinces[code][2]) for code in self.codes}

    def name(self, unit: object) -> Text:
        """Return the name of a unit."""
        return self._known.get(str(unit), same(unit))

    def group(self, unit: object) -> Text | None:
        """Return the group of a unit, None where it has none."""
        return self.labels.groups.get(str(unit))

    @property
    def what(self) -> Text:
        """Return what the units are: regions, or units."""
        return words("frontier.chart.regions") if self._known else words("frontier.chart.units")

    @cached_property
    def tiles(self) -> Mapping[str, Sequence[object]]:
        """Return the tiles of a known set of regions that holds all units, or nothing."""
        known = [Arrangement(**one) for one in read_yaml("tiles.yaml").values()]
        held = set(self.codes)
        return next((one.tiles for one in known if held and held <= set(one.tiles)), {})

    def chosen(self, region: str | None) -> str | None:
        """Return the code of the unit that was asked for by code or name, None where none was.

        Raises
        ------
        UsageError
            When no unit is called so.
        """
        if region is None:
            return None
        for code in self.codes:
            name = self.name(code)
            if region in {code, name.zh, name.en}:
                return code
        shown = ", ".join(self.name(code).en for code in self.codes[:_LISTED])
        more = f" and {len(self.codes) - _LISTED} more" if len(self.codes) > _LISTED else ""
        message = f"no unit '{region}' in the result; there are {shown}{more}."
        raise UsageError(message)


def good(name: str) -> Text:
    """Return what a good is called: as the catalogue says, else the name of its column.

    Examples
    --------
    >>> good("capital").en, good("x1").zh
    ('capital stock', 'x1')
    """
    return next((words(f"{room}.{name}") for room in _SERIES if has(f"{room}.{name}")), same(name))


def measure(name: str, labels: Labels) -> Text | None:
    """Return the unit of measurement of a good, None where it is not known."""
    unit = labels.measures.get(name)
    return unit_text(unit) if unit else None


def measured(name: str, labels: Labels) -> Text:
    """Return what a good is called with its unit of measurement."""
    unit = measure(name, labels)
    return words("frontier.chart.measured", good=good(name), unit=unit) if unit else good(name)


def column(name: str, kind: Kind, unit: Text | None = None, **values: object) -> Column:
    """Return a column of a table of the room."""
    title = words(f"frontier.column.{name}", **values)
    return Column(title=title, kind=kind, unit=unit) if unit else Column(title=title, kind=kind)


def rts_text(rts: str) -> Text:
    """Return returns to scale in words."""
    key = f"frontier.status.rts_{rts}"
    return words(key) if has(key) else same(rts)


def status_text(status: str) -> Text:
    """Return the verdict of a programme in words."""
    key = f"frontier.status.{status}"
    return words(key) if has(key) else same(status)


def stop(sentence: Text) -> Text:
    """Return a headline as a sentence."""
    from xinzhi.core.text import Text

    return Text(zh=f"{sentence.zh}。", en=f"{sentence.en}.")


def domain(rows: Iterable[Mapping[str, Any]], *, at: float = 0.0) -> tuple[float, float]:
    """Return the ends of an axis that holds every value, interval and the reference."""
    reach = [at, *(row[key] for row in rows for key in ("value", "low", "high") if row.get(key) is not None)]
    room = 0.05 * ((max(reach) - min(reach)) or 1.0)
    return min(reach) - room, max(reach) + room


def yes(value: bool | None) -> Text | None:  # noqa: FBT001 - a cell
    """Return a cell that says yes or no."""
    return None if value is None else words("frontier.status.yes") if value else words("frontier.status.no")


def are_years(periods: Iterable[object]) -> bool:
    """Say whether periods are years."""
    return all(isinstance(one, int) and YEARS[0] <= one <= YEARS[1] for one in periods)
