"""Drawings in fewer bytes: the same marks to a hundredth of a pixel, those that look alike in one path."""

from __future__ import annotations

import re
from itertools import groupby

Mark = tuple[str, ...]
Cell = tuple[int, int, int, int]  # left, top, width, height

UNIT, DECIMALS = 100, 2  # places are counted in hundredths of a pixel
MANY = 4  # marks in a row from which on they are put together

_NUMBER = r"(-?[\d.]+)"
_PLACES = re.compile(r'(?<=\s)(?:d|points|transform|[xy][12]?|width|height)="[^"]*"')
_FINE = re.compile(r"\d+\.\d{3,}")
_COLOUR = re.compile(r'"rgb\((\d+), (\d+), (\d+)\)"')
_IDLE = re.compile(r' (?:class="mark-[^"]*"|pointer-events="none"|aria-hidden="true"|opacity="1")')
_UNSEEN = re.compile(r'<path class="(?:back|fore)ground"(?![^>]* (?:fill|stroke)=)[^>]*/>')
_EMPTY = re.compile(r"<g[^>]*></g>")
_POLY = re.compile(r'<poly(line|gon) points="([^"]*)"')
_CURVE = re.compile(rf' d="M((?:{_NUMBER},{_NUMBER}L?){{{MANY},}})(Z?)"'.replace("(-", "(?:-"))
_CELL = rf'<path d="M{_NUMBER},{_NUMBER}h{_NUMBER}v{_NUMBER}h-[\d.]+Z"([^>]*)/>'
_LINE = rf'<line transform="translate\({_NUMBER},{_NUMBER}\)" x2="{_NUMBER}" y2="{_NUMBER}"([^>]*)/>'
_TEXT = r'<text( text-anchor="\w+")( transform="[^"]*")([^>]*)>([^<]*)</text>'
_GROUP = re.compile(r"(?<!\\)\((?!\?)")


def lighter(drawn: str) -> str:
    """Return an SVG that shows the same in fewer bytes.

    >>> lighter('<path d="M1,2L3,4.0004L5,6L7,8" opacity="1" stroke="rgb(0, 16, 255)"/>')
    '<path d="M1 2l2 2 2 2 2 2" stroke="#0010ff"/>'
    """
    made = _COLOUR.sub(lambda found: f'"#{"".join(f"{int(one):02x}" for one in found.groups())}"', drawn)
    made = _PLACES.sub(lambda found: found[0] if "scale" in found[0] else _FINE.sub(_short, found[0]), made)
    made = _IDLE.sub("", _UNSEEN.sub("", made))
    count = 1
    while count:  # groups of empty groups
        made, count = _EMPTY.subn("", made)
    made = _POLY.sub(lambda found: f'<path d="{_curve(found[2], closed=found[1] == "gon")}"', made)
    made = _CURVE.sub(lambda found: f' d="{_curve(found[1].replace("L", " "), closed=bool(found[2]))}"', made)
    for pattern, put in ((_CELL, _cells), (_LINE, _lines), (_TEXT, _texts)):
        mark, several = re.compile(pattern), re.compile(f"(?:{_GROUP.sub('(?:', pattern)}){{{MANY},}}")
        made = several.sub(lambda found, mark=mark, put=put: put(mark.findall(found[0])) or found[0], made)  # type: ignore[misc] # bound at once
    return made


def _short(found: re.Match[str]) -> str:
    return f"{float(found[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")


def _lines(marks: list[Mark]) -> str:
    """Return straight lines, those that follow one another and look alike as one path."""
    made = []
    for look, alike in groupby(marks, key=lambda mark: mark[-1]):
        parts = [f"M{_put(x, y)}l{_put(across, down)}" for x, y, across, down in map(_places, alike)]
        made.append(f'<path d="{"".join(parts)}"{look}/>')
    return "".join(made)


def _cells(marks: list[Mark]) -> str:
    """Return cells as one path for all that look alike; nothing where one lies over another."""
    if not _apart([_places(mark) for mark in marks]):
        return ""
    alike: dict[str, list[Cell]] = {}
    for mark in marks:
        x, y, width, height = _places(mark)
        cells = alike.setdefault(mark[-1], [])
        if cells and cells[-1][1::2] == (y, height) and abs(sum(cells[-1][::2]) - x) <= 1 and "stroke" not in mark[-1]:
            x, width = cells[-1][0], x + width - cells[-1][0]  # one that begins where the last ends
            cells.pop()
        cells.append((x, y, width, height))
    shared = {look.partition('" ')[2] for look in alike}  # behind the colour
    rest = shared.pop() if len(shared) == 1 else ""
    made = []
    for look, cells in alike.items():
        path, left, top = "", 0, 0
        for x, y, width, height in cells:
            path += f"m{_put(x - left, y - top)}h{_put(width)}v{_put(height)}h{_put(-width)}z"
            left, top = x, y
        made.append(f'<path d="{path}"{look.removesuffix(f" {rest}") if rest else look}/>')
    return f"<g {rest}>{''.join(made)}</g>" if rest else "".join(made)


def _texts(marks: list[Mark]) -> str:
    """Return words, what those that follow one another share said once."""
    made = []
    for (anchor, look), alike in groupby(marks, key=lambda mark: (mark[0], mark[2])):
        words = [f"<text{place}>{word}</text>" for _, place, _, word in alike]
        made.append(f"<g{anchor}{look}>{''.join(words)}</g>")
    return "".join(made)


def _apart(cells: list[Cell]) -> bool:
    """Say whether cells stand in rows and none lies over another by more than rounding."""
    row, right, bottom = None, 0, 0
    for x, y, width, height in sorted(cells, key=lambda cell: (cell[1], cell[0])):
        if row is not None and (x < right - 1 if y == row else y < bottom - 1):
            return False
        bottom = max(bottom, y + height) if row is not None else y + height
        row, right = y, x + width
    return True


def _curve(points: str, *, closed: bool) -> str:
    """Return points as a path, each as its distance from the one before."""
    places = [[_hundredths(one) for one in pair.split(",")] for pair in points.split()]
    steps = [
        now - then for one, other in zip(places[1:], places, strict=False) for now, then in zip(one, other, strict=True)
    ]
    return f"M{_put(*places[0])}l{_put(*steps)}{'z' if closed else ''}"


def _places(mark: Mark) -> Cell:
    """Return the four places of a mark, before its look."""
    one, two, three, four = map(_hundredths, mark[:4])
    return one, two, three, four


def _hundredths(number: str) -> int:
    return round(UNIT * float(number))


def _put(*places: int) -> str:
    """Write places as numbers, with a space only where one does not begin with its sign."""
    made = ""
    for one in places:
        shown = f"{one / UNIT:.{DECIMALS}f}".rstrip("0").rstrip(".")
        shown = shown.replace("0.", ".", 1) if abs(one) < UNIT else shown
        made += f" {shown}" if made and one >= 0 else shown
    return made
