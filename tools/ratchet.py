"""Counts that may only fall: what the guards of ``make lint`` share.

``tools/ratchet.yaml`` holds the highest count that each guard allows. A count above it fails; ``--update`` of a guard
writes a lower count into the file, and never a higher one. ``--report`` lists every place.
"""

from __future__ import annotations

import argparse
import ast
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BOUNDS = Path(__file__).with_name("ratchet.yaml")
HEAD = (
    "# The highest counts that the guards of `make lint` allow. They may only fall: `--update` of a guard\n"
    "# lowers them and raises none. What has no row here is bound by zero, the face of a package by 25 names.\n"
)
LISTED = 40  # counts that are printed without --report
EXAMPLES = 5  # places of a broken rule that are printed without --report


@dataclass(frozen=True, slots=True)
class Place:
    """Where a rule is broken: file and line, or file and key, and what stands there."""

    where: str
    text: str = ""

    def __str__(self) -> str:
        """Return place and text on one line."""
        return f"{self.where}: {self.text}" if self.text else self.where


@dataclass(frozen=True, slots=True)
class Count:
    """The count of one rule today, and the places that were counted."""

    name: str
    value: float
    places: Sequence[Place] = ()
    default: float = 0


@cache
def modules(folder: Path) -> Mapping[str, ast.Module]:
    """Return the syntax trees of a folder by path, relative to the folder's parent."""
    paths = sorted(folder.rglob("*.py"))
    return {path.relative_to(folder.parent).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def files_in_work() -> tuple[str, ...]:
    """Return the files that differ from the last commit, as git knows them; none without git."""
    git = shutil.which("git")
    if git is None:
        return ()
    status = subprocess.run(  # noqa: S603 - git, with arguments that stand here
        [git, "status", "--porcelain", "--untracked-files=all"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return tuple(f"/{line[3:]}" for line in status.stdout.splitlines())


def in_work(place: Place) -> bool:
    """Return whether a place lies in a file that was changed: what broke a bound today stands first."""
    file = f"/{place.where.partition(':')[0]}"
    return any(name.endswith((file, f"{file}.yaml")) for name in files_in_work())


def read_bounds(guard: str, path: Path = BOUNDS) -> dict[str, float]:
    """Return the bounds of a guard by name of the rule."""
    document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return dict(document.get(guard) or {})


def lower_bounds(guard: str, counts: Sequence[Count], path: Path = BOUNDS) -> list[str]:
    """Write the counts that are below their bounds as the new bounds; return the names of those."""
    document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    bounds = document.get(guard)
    defaults = {count.name: count.default for count in counts}
    old = {name: float("inf") for name in defaults} if bounds is None else defaults | bounds
    lower = {count.name: count.value for count in counts if count.value < old[count.name]}
    rows = {name: lower.get(name, old[name]) for name in defaults}
    document[guard] = {name: value for name, value in rows.items() if value > defaults[name]}
    path.write_text(HEAD + yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return sorted(lower)


def above_bounds(counts: Sequence[Count], bounds: Mapping[str, float]) -> Iterator[Count]:
    """Yield the counts above their bounds."""
    for count in counts:
        if count.value > bounds.get(count.name, count.default):
            yield count


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of the options that every guard has."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="lower the bounds to the counts; never raises one")
    parser.add_argument("--report", action="store_true", help="list every place")
    return parser


def judge(guard: str, counts: Sequence[Count], options: argparse.Namespace, path: Path = BOUNDS) -> int:
    """Print the counts beside their bounds; return 1 where one is exceeded."""
    if options.update:
        print(f"{guard}: {len(lower_bounds(guard, counts, path))} bounds lowered")
    bounds = read_bounds(guard, path)
    above = list(above_bounds(counts, bounds))
    for count in counts:
        if options.report or count in above or (len(counts) <= LISTED and count.value):
            print(f"{guard}: {count.name} {count.value:g} (at most {bounds.get(count.name, count.default):g})")
        if options.report or count in above:
            most = None if options.report else EXAMPLES
            places = sorted(count.places, key=lambda place: not in_work(place))
            print("".join(f"    {place}\n" for place in places[:most]), end="")
    total = sum(count.value for count in counts)
    print(f"{guard}: {len(counts)} counts, {total:g} together, {len(above)} above their bounds")
    return int(bool(above))
