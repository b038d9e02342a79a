"""How bands of as many years held in the past: the backtest's record, which stands under a protocol's fingerprint."""

from __future__ import annotations

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


def record_of(fingerprint: str, years: int) -> Record | None:
    """Return the record of bands that many years ahead; None of another protocol, or where nobody has tested them."""
    known = _written()
    row = known["spans"].get(years) if known["fingerprint"] == fingerprint else None
    return None if row is None else Record(years=years, **row)


@cache
def _written() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(Path(__file__).with_name(FILE))
    return found
