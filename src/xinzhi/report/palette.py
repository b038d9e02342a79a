"""The colours of charts and page, told apart by colour-blind readers and in grey print, and ink to read on them."""

from __future__ import annotations

from collections.abc import Sequence

Triple = tuple[float, float, float]


INK, SOFT, FAINT, SHADE = "#22303c", "#5c6b78", "#d8dee4", "#eef1f4"
FACTORS = {"tfp": "#d9731a", "capital": "#b3c0cd", "labour": "#76899e", "human_capital": "#33506e"}
GROUPS = ("#1b6ca8", "#8fa8a6", "#e8bf63", "#8c2f1f", "#5b4a8a", "#4f8a5b", "#c77d9e", "#6b5b4b")
DIVERGING = ("#8c510a", "#d8b365", "#f3efe6", "#5ab4ac", "#01665e")
SEVERITY = {"error": "#f4c7c3", "warning": "#fce8b2", "note": "#d2e3f3"}
ACCENT, BAND, DEEP = "#d9731a", "#b3c0cd", "#1b6ca8"
PARTS = (DEEP, ACCENT, "#7f9a99", "#5b4a8a")  # of a stack, in their order

READABLE = 4.5  # least contrast of small text, WCAG 2.2 criterion 1.4.3
DARKER = 0.96
INKS = (INK, "#ffffff", "#000000")  # black stands in where neither of the others can be read
_TO_XYZ = ((0.4360747, 0.3850649, 0.1430804), (0.2225045, 0.7168786, 0.0606169), (0.0139322, 0.0971045, 0.7141733))
_TO_RGB = ((3.1338561, -1.6168667, -0.4906146), (-0.9787684, 1.9161415, 0.0334540), (0.0719453, -0.2289914, 1.4052427))
_WHITE = (0.96422, 1.0, 0.82521)
_BEND = 6 / 29  # where the curve of CIELAB becomes a line


def ink_of(name: str) -> str:
    """Return a colour by its name in rows of data: ``DEEP``, ``GROUPS.2``."""
    single = {"INK": INK, "SOFT": SOFT, "FAINT": FAINT, "ACCENT": ACCENT, "BAND": BAND, "DEEP": DEEP}
    return single[name] if name in single else GROUPS[int(name.removeprefix("GROUPS."))]


def ink_on(share: float, shades: Sequence[str]) -> str:
    """Return the ink for text on a scale of colours that is interpolated in CIELAB, as the charts do."""
    ground = luminance(interpolate_colour(min(max(share, 0.0), 1.0), shades))
    return next(ink for ink in INKS if contrast(luminance(linear_of(ink)), ground) >= READABLE)


def readable_shade(colour: str) -> str:
    """Return a colour as dark as words in it need to be on white."""
    parts = [float(int(colour[i : i + 2], 16)) for i in (1, 3, 5)]
    while contrast(luminance(linear_of(colour)), 1.0) < READABLE:
        parts = [part * DARKER for part in parts]
        colour = "#" + "".join(f"{round(part):02x}" for part in parts)
    return colour


def contrast(first: float, second: float) -> float:
    """Return the contrast of two luminances, 1 to 21."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def luminance(linear: Triple) -> float:
    """Return the relative luminance of linear red, green and blue."""
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def interpolate_colour(share: float, shades: Sequence[str]) -> Triple:
    """Return the linear red, green and blue of a place on a scale."""
    at = min(int(share * (len(shades) - 1)), len(shades) - 2)
    rest = share * (len(shades) - 1) - at
    start, end = (_lab(linear_of(shades[index])) for index in (at, at + 1))
    return _unlab(
        (
            start[0] + rest * (end[0] - start[0]),
            start[1] + rest * (end[1] - start[1]),
            start[2] + rest * (end[2] - start[2]),
        )
    )


def linear_of(colour: str) -> Triple:
    """Return the linear red, green and blue of a colour, #rrggbb."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return _to_linear(red), _to_linear(green), _to_linear(blue)


def _to_linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the sRGB standard


def _times(rows: tuple[Triple, Triple, Triple], vector: Triple) -> Triple:
    first, second, third = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in rows)
    return first, second, third


def _lab(linear: Triple) -> Triple:
    x, y, z = (
        ratio ** (1 / 3) if ratio > _BEND**3 else ratio / (3 * _BEND**2) + 4 / 29
        for ratio in (a / white for a, white in zip(_times(_TO_XYZ, linear), _WHITE, strict=True))
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _unlab(lab: Triple) -> Triple:
    y = (lab[0] + 16) / 116
    x, y, z = (
        white * (ratio**3 if ratio > _BEND else 3 * _BEND**2 * (ratio - 4 / 29))
        for ratio, white in zip((y + lab[1] / 500, y, y - lab[2] / 200), _WHITE, strict=True)
    )
    red, green, blue = (min(max(channel, 0.0), 1.0) for channel in _times(_TO_RGB, (x, y, z)))
    return red, green, blue
