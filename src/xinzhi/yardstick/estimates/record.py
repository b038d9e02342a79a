"""How bands held in the past, in years whose truth was published later, as the file `record.yaml` has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xinzhi import words
from xinzhi.core.parameters import read_yaml
from xinzhi.core.text import Text

FILE = "record.yaml"


@dataclass(frozen=True, slots=True)
class Record:
    """How often bands held so many years ahead: of `spans` that overlap in `hits`; of single regions in a part."""

    years: int
    spans: int
    hits: int
    regions: float

    def clause(self, *, single: bool) -> Text:
        """Return what is said of it beside a band, of all regions together or of a single one."""
        values = {"years": self.years, "spans": self.spans, "held": self.hits, "part": self.regions}
        return words.bands.record_single(**values) if single else words.bands.record_together(**values)


def track_record(fingerprint: str, level: float, digests: Mapping[str, str], years: int) -> Record | None:
    """Return the record of bands that many years ahead.

    None of another protocol or level, of errors learned from other tables (`digests` holds the fingerprints of those
    that the bands were made from), or where nobody has tested as many years.
    """
    record = read_yaml(Path(__file__).with_name(FILE))
    # The tables that were tested, as far as the bands have read them. Of a part of the declared set errors are learned
    # from the package that the protocol names, whose tables bear its name.
    pairs = [
        (digests.get(f"{record['package']}/{name}", digests.get(name)), tested)
        for name, tested in record["tables"].items()
    ]
    matches = [digest == tested for digest, tested in pairs if digest is not None]
    if (
        record["fingerprint"] != fingerprint
        or not math.isclose(record["level"], level)
        or not (matches and all(matches))
    ):
        return None
    row = record["spans"].get(years)
    return None if row is None else Record(years=years, **row)
