"""What a live chart says of the mark under the pointer: its name, then each figure with its title and unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xinzhi import words
from xinzhi.core.schema import Column
from xinzhi.core.text import Language, Text, is_finite_number, number
from xinzhi.report.charts.narrow import mark_of
from xinzhi.report.charts.style import HIDDEN
from xinzhi.report.section import Picture
from xinzhi.report.svg import vega_lite
from xinzhi.report.table import DECIMALS

Spec = dict[str, Any]
Told = Mapping[str, Column | Text]

SAID = "said"  # the field of a row that holds its lines
SHAPES = frozenset({"circle", "point", "square", "rect", "bar"})
PARTS = ("layer", "hconcat", "vconcat", "concat")
NAMES = ("name", "row", "column", "region", "group", "factor", "part", "end", "period", "year")  # what a row is of
FIGURES = ("x", "x2", "y", "y2", "color", "size")
# fields with a word of their own
OWN = {f"{kind}{end}": end for kind in ("", "protocol_", "band_") for end in ("low", "high")} | {
    "bound": "limit",
    "limit": "limit",
}
PLACES = frozenset({"far", "near", "top", "bottom", "middle", "place"})  # where a label stands
NEAR = 150  # square pixels around a point of a line in which the pointer meets it


def live(picture: Picture, language: Language) -> Spec:
    """Return a picture as Vega-Lite whose marks say what they are when the pointer is on them."""
    spec = vega_lite(picture.draw, language)
    tell(spec, picture.told, picture.decimals, language)
    return spec


def tell(spec: Spec, told: Told, decimals: int, language: Language) -> None:
    """Give every mark of a chart the lines that the pointer shows."""
    # `spec`: the chart as Vega-Lite with its rows; it is changed; `told`: what the fields of the rows are; those that
    # are not told have the title of their axis; `decimals`: of figures of which `told` does not say how many they have;
    # `language`: of the lines.
    rows = spec.get("datasets", {})
    general: dict[str, str] = {}
    for _, unit in _units(spec):
        general = _titles(unit) | general
    made: dict[str, bool] = {}
    for view, unit in list(_units(spec)):
        name = str((unit.get("data") or view.get("data") or spec.get("data") or {}).get("name"))
        if name not in rows or mark_of(unit) == "area":
            continue
        if name not in made:
            titles = general | _titles(*view.get("layer", ())) | _titles(unit)
            titles = {field: title for field, title in titles.items() if field not in _placed(unit)}
            rows[name] = [dict(row) for row in rows[name]]  # a picture may be drawn again in the other language
            made[name] = _write(
                rows[name], titles, _head(view), told, decimals, language, named=mark_of(unit) in SHAPES
            )
        if made[name]:
            hover = {"tooltip": {"field": SAID, "type": "nominal"}}
            unit["encoding"] |= hover
            if mark_of(unit) == "line" and "layer" in view:
                at = {channel: unit["encoding"][channel] for channel in ("x", "y") if channel in unit["encoding"]}
                point = {"type": "point", "filled": True, "opacity": 0, "size": NEAR}
                view["layer"].append({"data": {"name": name}, "mark": point, "encoding": at | hover})


def _units(spec: Spec, view: Spec | None = None) -> Iterator[tuple[Spec, Spec]]:
    """Return every mark with the view that it is drawn in."""
    if "mark" in spec:
        yield view or spec, spec
    for name in PARTS:
        for one in spec.get(name, ()):
            yield from _units(one, spec if name == "layer" else None)


def _titles(*units: Spec) -> dict[str, str]:
    """Return the titles of fields by what they are drawn along; a place in pixels has none."""
    found: dict[str, str] = {}
    for unit in units:
        for channel in FIGURES:
            held = unit.get("encoding", {}).get(channel, {})
            own = (held, held.get("axis") or {}, held.get("legend") or {})
            title = next((found_ for one in own if (found_ := one.get("title"))), None)
            if "field" in held and held.get("type") == "quantitative" and isinstance(title, str) and title.strip():
                found.setdefault(held["field"], title)
    return found


def _placed(unit: Spec) -> set[str]:
    """Return the fields of a mark that are places in pixels."""
    channels = [one for one in unit.get("encoding", {}).values() if isinstance(one, dict) and "field" in one]
    return {*PLACES} | {one["field"] for one in channels if one.get("axis", 0) is None}


def _head(view: Spec) -> str:
    """Return the title of a view, which its marks are of."""
    title = view.get("title")
    text = title.get("text") if isinstance(title, dict) else title
    return text if isinstance(text, str) else ""


def _write(
    rows: Sequence[Spec],
    titles: Mapping[str, str],
    head: str,
    told: Told,
    places: int,
    language: Language,
    *,
    named: bool,
) -> bool:
    """Write the lines of every row; whether there are any. Those of names alone where `named`."""
    some = False
    for row in rows:
        held = [name for name in NAMES if isinstance(row.get(name), str) or (name == "year" and name in row)]
        first = " · ".join(dict.fromkeys(one for one in (head, *(_plain(row[name]) for name in held)) if one))
        figures = [
            words.shared.chart_told_line(name=title, value=value).lang(language)
            for field, cell in row.items()
            if (title := _title(field, told, titles, language)) and (value := _value(cell, told.get(field), places))
        ]
        lines = list(dict.fromkeys([first, *figures] if first else figures))
        idle = not first and all(cell in {0, None} for cell in row.values())  # the line at zero
        row[SAID] = "" if idle or not (figures or named) else "\n".join(lines)
        some = some or bool(row[SAID])
    return some


def _plain(name: object) -> str:
    """Return a name as it is read: without the signs that tell equal names apart; a quarter or month of a year."""
    if not isinstance(name, int | float):
        return str(name or "").replace(HIDDEN, "").strip()
    year, part = divmod(name, 1)
    if not part:
        return f"{year:.0f}"
    quarter = 4 * part + 1
    return f"{year:.0f}Q{quarter:.0f}" if float(quarter).is_integer() else f"{year:.0f}-{round(12 * part) + 1:02d}"


def _title(field: str, told: Told, titles: Mapping[str, str], language: Language) -> str:
    one = told.get(field)
    if field == "year" or (field in NAMES and one is None):
        return ""
    if isinstance(one, Text):
        return one.lang(language)
    if one is not None:
        unit = one.unit.lang(language)
        return one.title.lang(language) + (words.shared.chart_told_unit(unit=unit).lang(language) if unit else "")
    if field in OWN and "value" in titles:
        return words.shared.chart_told_of(OWN[field]).lang(language)
    return titles.get(field, "")


def _value(cell: object, one: Column | Text | None, places: int) -> str:
    if isinstance(cell, str):
        return cell if one is not None else ""
    if not isinstance(cell, int | float) or isinstance(cell, bool) or not is_finite_number(cell):
        return ""
    if isinstance(one, Column) and one.kind in {"integer", "year"}:
        return f"{cell:.0f}"
    if isinstance(one, Column) and (one.decimals is not None or one.kind in DECIMALS):
        places = one.decimals if one.decimals is not None else DECIMALS[one.kind]
    return f"{cell:d}" if isinstance(cell, int) and not isinstance(one, Column) else number(cell, places)
