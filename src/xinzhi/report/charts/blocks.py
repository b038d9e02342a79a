"""Blocks of a plane: the tile-grid map, and a treemap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from xinzhi.core.text import Text, number
from xinzhi.report import palette
from xinzhi.report.charts.axes import Row, colours, grouped
from xinzhi.report.charts.chart import PADDING, PHONE, Canvas, Chart
from xinzhi.report.charts.matrix import texts_by_ink
from xinzhi.report.lettering import width as letters
from xinzhi.report.lettering import wrapped

TILE, GAP = 62, 3  # pixels of a tile, and between two
SIZE, LINE = 10.5, 13  # size of the words in a block, and pixels that a line of them needs
TREEMAP = (640, 380)


def tiles(
    rows: Sequence[Row],
    arrangement: Mapping[str, Sequence[object]],
    *,
    title: Text,
    diverging: bool = True,
    decimals: int = 1,
    inks: Sequence[str] = palette.GROUPS,
) -> Chart:
    """Return the tile-grid map of a value, or of a group."""
    # rows: region and value, or group (Text) for a map of groups (with the value that stands on the tile where there is
    # one); regions without a row are grey. arrangement: column, row and short names of every region (`View.tiles`).
    by_region = {row["region"]: row for row in rows}
    shades = colours(rows, inks)
    reach = [row["value"] for row in rows if row.get("value") is not None and row["region"] in arrangement]
    most = max(map(abs, reach), default=1.0) or 1.0
    domain = [-most, most] if diverging else [min(reach, default=0.0), max(reach, default=1.0)]
    scale = palette.DIVERGING if diverging else (palette.SHADE, palette.BAND, palette.DEEP)
    cells = []
    for code, (column, line, zh, en) in arrangement.items():
        row = by_region.get(code, {})
        value, group = row.get("value"), row.get("group")
        cell = {"at": (int(str(column)), int(str(line))), "word": Text(zh=str(zh), en=str(en)), "value": value}
        cell |= {"group": group, "figure": "" if value is None else number(value, decimals)}
        cell["ink"] = _ink(value, group, shades, domain, scale)
        cells.append(cell)
    values = {
        "title": title,
        "scale": {"domain": domain, "range": list(scale), "interpolate": "lab"},
        "by_value": not shades or None,
        **grouped(shades),
    }
    layout = partial(_tiles, cells, bool(shades))
    return Chart(template="blocks", values=values, titles={"value": title}, decimals=decimals, layout=layout)


def _ink(
    value: float | None, group: Text | None, shades: Mapping[Text, str], domain: Sequence[float], scale: Sequence[str]
) -> str:
    """Return the ink to read on the colour of a group, or of a value."""
    if group is not None:
        return palette.ink_on(0.0, [shades[group]] * 2)
    if shades or value is None:
        return palette.INK
    return palette.ink_on((value - domain[0]) / ((domain[1] - domain[0]) or 1.0), scale)


def _tiles(cells: Sequence[Row], by_group: bool, canvas: Canvas) -> dict[str, object]:  # noqa: FBT001 - by position
    """Return the tiles at their places, with name and figure."""
    across = 1 + max(cell["at"][0] for cell in cells)
    tile = min(TILE, (canvas.width - 2 * PADDING) / across)
    valued_blocks: list[Row] = []
    unknown: list[Row] = []
    texts: list[Row] = []
    small = tile < TILE
    large = 9 if canvas.language == "en" else 10  # so that Heilongjiang fits
    name_size = 7 if small else large
    for cell in cells:
        x, y = (tile * place for place in cell["at"])
        block = {"name": cell["word"], "x": x, "y": y, "x2": x + tile - GAP, "y2": y + tile - GAP}
        block |= {"value": cell["value"], "group": cell["group"]}
        shade = cell["group"] if by_group else cell["value"]
        (unknown if shade is None else valued_blocks).append(block)
        middle = (tile - GAP) / 2
        texts.append({"x": x + middle, "y": y + middle - 9, "text": cell["word"], "ink": cell["ink"], "kind": "name"})
        texts.append(
            {"x": x + middle, "y": y + middle + 9, "text": cell["figure"], "ink": cell["ink"], "kind": "value"}
        )
    names = texts_by_ink([text for text in texts if text["kind"] == "name"])
    figures = texts_by_ink([text for text in texts if text["kind"] == "value" and text["text"]])
    for group in names:
        group |= {"letter": name_size, "align": "center", "baseline": "middle"}
    for group in figures:
        group |= {"letter": 11 if small else 13, "weight": 600, "align": "center", "baseline": "middle"}
    return {
        "width": tile * across,
        "height": tile * (1 + max(cell["at"][1] for cell in cells)),
        "blocks": valued_blocks,
        "blanks": unknown,
        "texts": names + figures,
        "gradient": 120 if small else 190,
        "gradient_ticks": 3 if small else 5,
        "corner": 2,
    }


def treemap(rows: Sequence[Row], *, width: int = TREEMAP[0], height: int = TREEMAP[1]) -> Chart:
    """Return a squarified treemap (Bruls, Huizing and van Wijk 2000)."""
    # rows: name (Text), value (> 0) and where wanted group (Text)
    shades = colours(rows)
    rows = sorted((row for row in rows if row["value"] and row["value"] > 0), key=lambda row: -row["value"])
    return Chart(
        template="blocks",
        values={**grouped(shades), "edge_ink": "white"},
        width=width,
        layout=partial(_treemap, rows, shades, width, height),
    )


def _treemap(
    rows: Sequence[Row], shades: Mapping[Text, str], width: int, height: int, canvas: Canvas
) -> dict[str, object]:
    """Return the blocks, and their names where they have room."""
    across = float(min(width, PHONE - 3 * PADDING) if canvas.phone else width)
    total = sum(row["value"] for row in rows) or 1.0
    areas = [row["value"] / total * across * height for row in rows]
    blocks, texts = [], []
    for row, (x, y, dx, dy) in zip(rows, squarify(areas, across, float(height)), strict=True):
        group, share = row.get("group"), number(100 * row["value"] / total, 1)
        blocks.append(
            {
                "x": x,
                "y": y,
                "x2": x + dx,
                "y2": y + dy,
                "group": group,
                "name": row["name"],
                "label": _share(row["name"], share),
            }
        )
        ink = palette.ink_on(0.0, [shades[row["group"]]] * 2) if group in shades else "#ffffff"
        lines = _lines(canvas.word(row["name"]), share, dx, dy)
        texts += [{"x": x + 4, "y": y + 4 + LINE * at, "text": line, "ink": ink} for at, line in enumerate(lines)]
    groups: list[dict[str, object]] = texts_by_ink(texts)
    for part in groups:
        part |= {"letter": SIZE, "align": "left", "baseline": "top"}
    return {"width": across, "height": height, "blocks": blocks, "texts": groups}


def _share(name: Text, share: str) -> Text:
    return Text(zh=f"{name.zh}\n{share}%", en=f"{name.en}\n{share} %")


def _lines(name: str, share: str, across: float, high: float) -> list[str]:
    """Return the lines in a block: its name, and its share below; none where the name has no room."""
    room = (across - 8) / SIZE
    lines = wrapped(name, room) if room > 1 else []
    most = int((high - 4) / LINE)
    if not lines or len(lines) > most or max(map(letters, lines)) > room:
        return []
    return [*lines, share][:most]


def squarify(areas: Sequence[float], width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Return the rectangle ``x, y, width, height`` of every area, largest first, as square as can be."""
    boxes: list[tuple[float, float, float, float]] = []
    x = y = 0.0
    rest = list(areas)
    while rest:
        side = min(width, height)
        count = 1
        while count < len(rest) and _worst(rest[: count + 1], side) <= _worst(rest[:count], side):
            count += 1
        row, rest = rest[:count], rest[count:]
        thick = sum(row) / side if side else 0.0
        at = 0.0
        for area in row:
            long = area / thick if thick else 0.0
            boxes.append((x, y + at, thick, long) if width >= height else (x + at, y, long, thick))
            at += long
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick
    return boxes


def _worst(row: Sequence[float], side: float) -> float:
    total = sum(row)
    if not total or not side:
        return 0.0
    return max(max(side**2 * area / total**2, total**2 / (side**2 * area)) for area in row if area)
