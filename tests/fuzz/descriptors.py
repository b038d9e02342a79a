"""Damages of descriptors and of any YAML file: bad values, lines, bombs, units and paths."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml
from fuzz.damages import LINES, ODD, PATHS, UNITS, VALUES, Damage, cut, flip


def descriptor(folder: Path) -> Path:
    return folder / "datapackage.yaml"


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in below for place in ((*path, key), *_places(value, (*path, key)))]


def replace_node(rng: Random, document: Any, values: Sequence[Any]) -> str:
    """Replace, remove or double a part of a document, whatever it is."""
    *path, last = rng.choice(_places(document))
    node = document
    for key in path:
        node = node[key]
    where, value = "/".join(map(str, (*path, last))), rng.choice(values)
    if rng.random() < 0.2:
        del node[last]
        return f"{where} removed"
    if rng.random() < 0.1 and isinstance(node, list):
        node.append(node[last])
        return f"{where} twice"
    node[last] = value
    return f"{where} = {str(value)[:40]!r}"


def _fields(read: Any) -> list[dict[str, Any]]:
    return [field for resource in read["resources"] for field in resource["schema"]["fields"]]


def _described(change: Callable[[Random, Any], str]) -> Damage:
    def damage(rng: Random, folder: Path) -> str:
        read = yaml.safe_load(descriptor(folder).read_text("utf-8"))
        what = change(rng, read)
        if rng.random() < 0.3:
            descriptor(folder).unlink()
            (folder / "datapackage.json").write_text(json.dumps(read, ensure_ascii=False), "utf-8")
        else:
            descriptor(folder).write_text(yaml.safe_dump(read, allow_unicode=True, sort_keys=False), "utf-8")
        return f"descriptor: {what}"

    return damage


def _unit(rng: Random, read: Any) -> str:
    field, unit = rng.choice([field for field in _fields(read) if "unit" in field]), rng.choice(UNITS)
    was, field["unit"] = field["unit"], unit
    return f"unit of {field['name']}: {was!r} -> {unit!r}"


def _type(rng: Random, read: Any) -> str:
    field = rng.choice(_fields(read))
    field["type"] = rng.choice(
        (
            "string",
            "number",
            "integer",
            "boolean",
            "date",
            "year",
            "yearmonth",
            "object",
            "any",
            "x",
            "geopoint",
            "duration",
        )
    )
    return f"{field['name']} is of type {field['type']}"


def _path(rng: Random, read: Any) -> str:
    resource = rng.choice(read["resources"])
    resource["path"] = rng.choice(PATHS)
    return f"path of {resource['name']}: {str(resource['path'])[:40]!r}"


def _reading(rng: Random, read: Any) -> str:
    resource = rng.choice(read["resources"])
    name = rng.choice(list(VALUES["reading"]))
    value = rng.choice(VALUES["reading"][name])
    (resource["schema"] if name == "missingValues" else resource)[name] = value
    return f"{name} of a resource: {value!r}"


def _any(rng: Random, read: Any) -> str:
    return replace_node(rng, read, ODD)


def append(rng: Random, folder: Path) -> str:
    return append_line(rng, descriptor(folder))


def append_line(rng: Random, path: Path) -> str:
    """Append a line to a YAML file."""
    line = rng.choice(LINES)
    path.write_text(path.read_text("utf-8") + "\n" + line + "\n", "utf-8")
    return f"{path.name}: appended {line[:40]!r}"


def bomb(rng: Random, folder: Path) -> str:
    return plant_bomb(rng, descriptor(folder))


def plant_bomb(rng: Random, path: Path) -> str:
    """Let a value of a YAML file be nine levels of nine aliases, or a value that is very deep."""
    if rng.random() < 0.3:
        depth, (opening, closing) = rng.choice((100, 2000, 100_000)), rng.choice(("[]", "{}"))
        planted, what = f"{(opening + ('a: ' if opening == '{' else '')) * depth}{closing * depth}", f"depth {depth}"
        before = ""
    else:
        levels = ["b0: &b0 [x, x, x, x, x, x, x, x, x]"] + [
            f"b{one}: &b{one} [{', '.join([f'*b{one - 1}'] * 9)}]" for one in range(1, 9)
        ]
        before, planted, what = "\n".join(levels) + "\n", "*b8", "an alias bomb"
    lines = path.read_text("utf-8").splitlines()
    at = rng.choice([number for number, line in enumerate(lines) if ": " in line])
    lines[at] = lines[at].partition(": ")[0] + ": " + planted
    path.write_text(before + "\n".join(lines) + "\n", "utf-8")
    return f"{path.name}: {what} in line {at + 1}"


def descriptor_flip(rng: Random, folder: Path) -> str:
    return (flip if rng.random() < 0.7 else cut)(rng, descriptor(folder))


DESCRIPTORS: dict[str, Damage] = {
    "unit": _described(_unit),
    "type": _described(_type),
    "path": _described(_path),
    "reading": _described(_reading),
    "node": _described(_any),
    "yaml-append": append,
    "yaml-bomb": bomb,
    "yaml-flip": descriptor_flip,
}
