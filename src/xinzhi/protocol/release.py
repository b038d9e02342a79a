"""A release of data: the series that were made from them for a rule, what each was made from, and its sha256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

_FORMAT = "xinzhi-release-1"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Release:
    """Series made from a data package for a rule, each with the columns that it was made from.

    `package` and `version` name the data, `regions` is the set that the series are of, `terms` holds the parameters of
    the rule that they depend on. `series` has the value of each parameter, `made_from` the columns behind it, such as
    ``accounts.employment`` or ``nation.ppi``, and `digests` for each of these columns the digest of the figures of
    every region, of the nation under the empty code: `xinzhi.data.internal.digests_of_figures`.
    """

    package: str
    version: str | None
    regions: tuple[str, ...]
    terms: Mapping[str, object]
    series: Mapping[str, object]
    made_from: Mapping[str, tuple[str, ...]]
    digests: Mapping[str, Mapping[str, str]]
    _digest: dict[str, str] = field(default_factory=dict, init=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """The sha256 of everything in it, as 64 hexadecimal digits."""
        if not self._digest:
            text = json.dumps(
                {"format": _FORMAT, **self.to_dict()}, sort_keys=True, ensure_ascii=False, allow_nan=False
            )
            self._digest["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        return self._digest["sha256"]

    @property
    def mark(self) -> str:
        """The name of the data and the head of the fingerprint, for the line under figures."""
        return f"{self.package}@{self.fingerprint[:12]}"

    def __repr__(self) -> str:
        return f"Release({self.package!r}, {len(self.series)} series, sha256 {self.fingerprint[:12]})"

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary, which is also what a file of a release holds."""
        return {
            "package": self.package,
            "version": self.version,
            "regions": list(self.regions),
            "terms": dict(self.terms),
            "series": {path: _plain(value) for path, value in self.series.items()},
            "made_from": {path: list(columns) for path, columns in self.made_from.items()},
            "digests": {column: dict(regions) for column, regions in self.digests.items()},
        }


def _plain(value: object) -> object:
    """Return a series with years as text, which is what JSON has for keys."""
    return {str(key): _plain(entry) for key, entry in value.items()} if isinstance(value, Mapping) else value
