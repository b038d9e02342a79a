"""What every verb returns: a frozen dataclass around a tidy polars frame that knows where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from xinzhi.core.text import Language

FrameKind = Literal["polars", "pandas", "pyarrow", "duckdb"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a result came from: enough to compute it again.

    Parameters
    ----------
    verb, version
        What was called, and the version of xinzhi.
    protocol, protocol_fingerprint
        Identifier and sha256 of the resolved protocol, when the verb uses one.
    package, inputs
        Name of the data package and the sha256 of each table that was read.
    options
        The options of the call.
    """

    verb: str
    version: str
    protocol: str | None = None
    protocol_fingerprint: str | None = None
    package: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {name: getattr(self, name) for name in self.__slots__}

    def foot(self) -> str:
        """Return the line that stands under every table and chart."""
        mark = f" · {self.protocol}@{self.protocol_fingerprint[:12]}" if self.protocol_fingerprint else ""
        return f"xinzhi {self.version}{mark}"


@dataclass(frozen=True, repr=False, kw_only=True)
class Result:
    """Base of the results of all verbs.

    Parameters
    ----------
    frame
        The tidy result; the class documents its columns and names its `key`.
    provenance
        Protocol and input fingerprints, options, version.
    kind
        The kind of frame that the caller handed in, which `to_native` gives back.
    """

    key: ClassVar[tuple[str, ...]] = ()

    frame: pl.DataFrame
    provenance: Provenance
    kind: FrameKind = "polars"

    def tidy(self) -> pl.DataFrame:
        """Return the tidy frame, one observation a row."""
        return self.frame

    def glance(self) -> pl.DataFrame:
        """Return one row: the verb, the protocol and the size of the result."""
        import polars as pl

        row = {
            "verb": self.provenance.verb,
            "protocol": self.provenance.protocol,
            "fingerprint": self.provenance.protocol_fingerprint,
            "rows": self.frame.height,
        }
        return pl.DataFrame([row])

    def summary(self, language: Language = "en") -> str:
        """Return a few lines for a person."""
        del language
        return f"{type(self).__name__}: {self.frame.height} rows\n{self.provenance.foot()}"

    def to_pandas(self) -> pd.DataFrame:
        """Return the tidy frame as a pandas DataFrame."""
        return self.frame.to_pandas()

    def to_arrow(self) -> pa.Table:
        """Return the tidy frame as a pyarrow Table."""
        return self.frame.to_arrow()

    def to_native(self) -> Any:  # noqa: ANN401 - the caller's own kind of frame
        """Return the tidy frame as the kind of frame that the caller handed in."""
        match self.kind:
            case "pandas":
                return self.to_pandas()
            case "pyarrow":
                return self.to_arrow()
            case "duckdb":
                import duckdb

                return duckdb.from_arrow(self.to_arrow())
            case _:
                return self.frame

    def compare(self, other: Result) -> pl.DataFrame:
        """Return the rows of both results side by side, with the difference of every number.

        Raises
        ------
        UsageError
            When `other` comes from another verb.
        """
        import polars as pl
        import polars.selectors as cs

        if type(other) is not type(self):
            message = f"cannot compare {type(self).__name__} with {type(other).__name__}: call the same verb twice."
            raise UsageError(message)
        both = self.frame.join(other.frame, on=list(self.key), how="full", coalesce=True, suffix="_other")
        numbers = [name for name in self.frame.select(cs.numeric()).columns if name not in self.key]
        return both.with_columns(
            (pl.col(name) - pl.col(f"{name}_other")).alias(f"{name}_difference") for name in numbers
        ).sort(self.key)

    def __repr__(self) -> str:
        """Return the summary."""
        return self.summary()

    def _repr_html_(self) -> str:
        """Return the summary and the frame for a notebook."""
        return f"<pre>{self.summary()}</pre>{self.frame._repr_html_()}"
