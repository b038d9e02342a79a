"""How bands of as many years held in the past: the backtest's record of one protocol, level and package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text, words

FILE = "record.yaml"


@dataclass(frozen=True, slots=True)
class Record:
    """How often bands held so many years ahead: of `spans` that overlap in `held`; of single regions in a part."""

    years: int
    spans: int
    held: int
    regions: float

    def clause(self, *, single: bool) -> Text:
        """Return what is said of it beside a band, of all regions together or of a single one."""
        values = {"years": self.years, "spans": self.spans, "held": self.held, "part": self.regions}
        return words(f"bands.record.{'single' if single else 'together'}", **values)


def record_of(fingerprint: str, level: float, read: Mapping[str, str], years: int) -> Record | None:
    """Return the record of bands that many years ahead.

    None of another protocol or level, of errors learned from other tables (`read` holds the fingerprints of those that
    the bands were made from), or where nobody has tested as many years.
    """
    known = _written()
    if known["fingerprint"] != fingerprint or not math.isclose(known["level"], level) or not _same_tables(known, read):
        return None
    row = known["spans"].get(years)
    return None if row is None else Record(years=years, **row)


def _same_tables(known: Mapping[str, Any], read: Mapping[str, str]) -> bool:
    """Return whether errors were learned from the tables that were tested, as far as the bands have read them.

    Of a part of the declared set they are learned from the package that the protocol names, whose tables bear its name.
    """
    pairs = [(read.get(f"{known['package']}/{name}", read.get(name)), own) for name, own in known["tables"].items()]
    found = [(digest, own) for digest, own in pairs if digest is not None]
    return bool(found) and all(digest == own for digest, own in found)


@cache
def _written() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(Path(__file__).with_name(FILE))
    return found
