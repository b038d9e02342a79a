"""Drawings as trees: put beside each other, titled, freed of what shows nothing, with ids of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from xml.etree import ElementTree as ET

from xinzhi.report.palette import INK, SOFT

SVG = "http://www.w3.org/2000/svg"
TALL, STRIP = 1.2, 0.5  # height over width from which on a picture has most of a printed page, or only a strip of it
IDLE = frozenset({"class", "pointer-events", "aria-hidden", "role", "aria-roledescription", "font-family"})
IDLE_VALUES = {"opacity": "1", "transform": "translate(0,0)", "stroke-miterlimit": "10", "d": ""}
PLACES = frozenset({"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"})
INHERITED = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-opacity",
    "fill-opacity",
    "font-size",
    "font-weight",
    "font-style",
    "text-anchor",
)
Level: TypeAlias = Literal["top", "foot"]
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
HEAD, FOOT, MARGIN = 14, 10, 6  # size of a title and of the line below it, and pixels between
ET.register_namespace("", SVG)


@dataclass(frozen=True, slots=True)
class Cell:
    """A drawing and its size."""

    root: ET.Element

    @property
    def width(self) -> float:
        """Return its width in pixels."""
        return float(self.root.attrib["width"])

    @property
    def height(self) -> float:
        """Return its height in pixels."""
        return float(self.root.attrib["height"])


def sheet(width: float, height: float) -> ET.Element:
    """Return an empty drawing on white."""
    root = ET.Element(f"{{{SVG}}}svg", {"width": f"{width:g}", "height": f"{height:g}"})
    ET.SubElement(root, f"{{{SVG}}}rect", {"width": f"{width:g}", "height": f"{height:g}", "fill": "white"})
    return root


def arrange(lines: Sequence[Sequence[Cell]], gap: float, level: Level) -> ET.Element:
    """Return drawings in lines and columns as one."""
    count = max(map(len, lines))
    columns = [max(line[at].width for line in lines if len(line) > max(at, count > 1)) for at in range(count)]
    width = max(sum(columns) + gap * (count - 1), *(line[0].width for line in lines))
    height = sum(max(cell.height for cell in line) for line in lines) + gap * (len(lines) - 1)
    root = sheet(width, height)
    top, number = 0.0, 0
    for line in lines:
        x, height = 0.0, max(cell.height for cell in line)
        for cell, across in zip(line, columns, strict=False):
            below = height - cell.height if level == "foot" else 0.0
            root.append(_moved(cell.root, x, top + below, f"p{number}"))
            x, number = x + across + gap, number + 1
        top += height + gap
    return root


def _moved(root: ET.Element, x: float, y: float, key: str) -> ET.Element:
    """Return what a drawing holds at a place, without its ground."""
    group = ET.Element(f"{{{SVG}}}g", {"transform": f"translate({x:g},{y:g})"})
    group.extend(child for child in root if not child.tag.endswith("rect"))
    _rename(group, key)
    return group


def with_title(root: ET.Element, lines: Sequence[str], foot: str) -> ET.Element:
    """Return a drawing under its title and the line that says what it rests on."""
    cell = Cell(root)
    top = MARGIN + len(lines) * (HEAD + 4) + FOOT + 2 * MARGIN
    page = sheet(cell.width, cell.height + top)
    for at, line in enumerate(lines):
        place = {"x": "6", "y": f"{MARGIN + HEAD + at * (HEAD + 4):g}", "font-size": f"{HEAD}px", "font-weight": "600"}
        ET.SubElement(page, f"{{{SVG}}}text", place | {"fill": INK}).text = line
    place = {"x": "6", "y": f"{top - MARGIN - 2:g}", "font-size": f"{FOOT}px", "fill": SOFT}
    ET.SubElement(page, f"{{{SVG}}}text", place).text = foot
    page.append(_moved(root, 0, top, "t"))
    return page


def finish(root: ET.Element, key: str, heading: str) -> ET.Element:
    """Make a drawing part of a page: its name is that of `heading`, its ids begin with `key`."""
    cell = Cell(root)
    ratio = cell.height / cell.width
    shapes = {" tall": ratio > TALL, " strip": ratio < STRIP}
    shape = next((name for name, fits in shapes.items() if fits), "")
    size = {"width": f"{cell.width:g}", "viewBox": f"0 0 {cell.width:g} {cell.height:g}"}
    root.attrib.clear()
    root.attrib |= {"class": f"chart{shape}", "role": "group", "aria-labelledby": heading, **size}
    _rename(root, key)
    tidy(root)
    return root


def _rename(root: ET.Element, key: str) -> None:
    """Give the ids of a drawing its key and a number: the renderer counts on from one drawing to the next."""
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    new = {name: f"{key}-{place}" for place, name in enumerate(dict.fromkeys(names))}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, new[value])
            elif value.startswith("url(#") and value[5:-1] in new:
                element.set(name, f"url(#{new[value[5:-1]]})")


def tidy(parent: ET.Element) -> None:
    """Drop what shows nothing, say once what marks share, round places to a hundredth of a pixel."""
    children: list[ET.Element] = []
    for element in list(parent):
        if _is_unseen(element):
            continue
        tidy(element)
        _strip(element)
        group = element.tag.endswith("}g")
        if group and not element.attrib:
            children.extend(element)
        elif not group or len(element):
            children.append(element)
    for element in list(parent):
        parent.remove(element)
    parent.extend(children)
    if len(children) > 1 and parent.tag.endswith("}g"):
        _share(parent)


def _is_unseen(element: ET.Element) -> bool:
    if element.get("display") == "none":
        return True
    ground = element.get("class") in {"background", "foreground"}
    return ground and not {"fill", "stroke", "aria-label"} & element.attrib.keys()


def _strip(element: ET.Element) -> None:
    """Drop idle attributes, round places, write circles as circles, and make a labelled mark an image."""
    for name, value in list(element.attrib.items()):
        if name in IDLE or IDLE_VALUES.get(name) == value:
            del element.attrib[name]
        elif name in PLACES:
            element.set(name, LONG_NUMBER.sub(_rounded, value))
        elif value.startswith("rgb("):
            element.set(name, "#" + "".join(f"{int(part):02x}" for part in value[4:-1].split(",")))
    if "aria-label" in element.attrib:
        element.set("role", "img")
    place, path = element.get("transform", ""), element.get("d", "")
    if path.count("A") == 2 and path.count("L") == 0 and place.startswith("translate(") and place.count("(") == 1:  # noqa: PLR2004 - two arcs
        x, y = place[10:-1].split(",")
        del element.attrib["transform"], element.attrib["d"]
        element.tag = f"{{{SVG}}}circle"
        element.attrib |= {"cx": x, "cy": y, "r": path[1:].partition(",")[0]}


def _rounded(number: re.Match[str]) -> str:
    return f"{round(float(number[0]), 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def _share(parent: ET.Element) -> None:
    """Write an attribute that all children share at their parent."""
    for name in INHERITED:
        values = {child.get(name) for child in parent}
        if len(values) == 1 and (value := values.pop()) is not None:
            parent.set(name, value)
            for child in parent:
                del child.attrib[name]
