"""Where a result came from: the digest of a table, and the provenance of a result that rests on tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from xinzhi.core.lazy import pl
from xinzhi.core.result import Provenance

_AT_ONCE = 50_000  # rows


def fingerprint(frame: pl.DataFrame, units: Mapping[str, str]) -> str:
    """Return the sha256 of a table whose rows and columns may stand in any order."""
    # Columns are taken in the order of their names, rows in the order of their values. Of each column the name, the
    # unit, which cells are empty, and the bytes of the values are digested: numbers as IEEE 754 doubles, little endian.
    names = sorted(frame.columns)
    digest = hashlib.sha256(json.dumps([frame.height, *((name, units.get(name)) for name in names)]).encode())
    if not names:
        return digest.hexdigest()
    numbers = [name for name, kind in frame.schema.items() if kind != pl.String]
    keys = [name for name in names if name not in numbers] + [name for name in names if name in numbers]
    if keys[0] not in numbers and frame[keys[0]].is_unique().all():
        keys = keys[:1]  # what comes behind decides no order
    frame = frame.sort(keys)
    for name in names:
        column = frame[name]
        digest.update(column.is_null().to_numpy().tobytes())
        # Adding zero makes one of the two zeros of IEEE 754; the lengths of texts come first, so that no two lists of
        # them run together to the same bytes.
        if name in numbers:
            values = column.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0
            digest.update(values.astype("<f8").tobytes())
            continue
        digest.update(column.str.len_bytes().fill_null(0).cast(pl.UInt32).to_numpy().astype("<u4").tobytes())
        for part in column.fill_null("").to_frame().iter_slices(_AT_ONCE):
            digest.update(str(part.to_series().str.join("").item()).encode())
    return digest.hexdigest()


@runtime_checkable
class Packaged(Protocol):
    """A data package: its name, and the sha256 of each of its tables."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    def fingerprint(self, table: str) -> str:
        """Return the sha256 of a table."""
        ...


class Digested(Protocol):
    """What was read, with the sha256 of each table."""

    @property
    def inputs(self) -> Mapping[str, str]:
        """The digests by name of the table."""
        ...


def provenance(
    verb: str,
    source: Packaged | Digested | Mapping[str, str] | None = None,
    tables: Sequence[str] = (),
    **options: Any,  # noqa: ANN401 - options of any kind
) -> Provenance:
    """Return where a result came from: who computed it, from which tables of a package or which frame, and how.

    >>> from xinzhi.data import load
    >>> provenance("debt", load("china-provinces"), ["fiscal"], horizon=5).package
    'china-provinces'
    """
    from xinzhi import __version__

    inputs: Mapping[str, str] = {}
    package = None
    if isinstance(source, Mapping):
        inputs = source
    elif isinstance(source, Packaged):
        inputs = {name: source.fingerprint(name) for name in dict.fromkeys(tables)}
        package = source.name
    elif source is not None:
        inputs = source.inputs
    return Provenance(verb=verb, version=__version__, package=package, inputs=inputs, options=options)
