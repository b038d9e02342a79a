"""What every verb returns: a frozen dataclass around a tidy polars frame that knows where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from textwrap import shorten
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from xinzhi.core.citations import bibtex, data_entry, protocol_entry
from xinzhi.core.comparison import side_by_side
from xinzhi.core.errors import UsageError
from xinzhi.core.facts import Fact
from xinzhi.core.lazy import pl
from xinzhi.core.names import NO_NAMES, Names
from xinzhi.core.schema import Column, describe
from xinzhi.core.text import Language, Text, Values, sentences

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


Facts = dict[str, Any]  # the values of a sentence by its key, or a list of such values
FrameKind = Literal["polars", "pandas", "pyarrow", "duckdb"]
WIDTH = 160  # of the second line of a result


def values_by_key(facts: Iterable[Fact]) -> Facts:
    """Return the values of facts by key; a list of them where several have one key."""
    groups: dict[str, list[Values]] = {}
    for fact in facts:
        groups.setdefault(fact.key, []).append(dict(fact.values))
    return {key: rows[0] if len(rows) == 1 else rows for key, rows in groups.items()}


@contextmanager
def _needing(*packages: str) -> Iterator[None]:
    """Name the extra that brings the packages of a kind of frame, where one is not there."""
    try:
        yield
    except ImportError as error:
        raise UsageError("core.no-frames", packages=list(packages)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a result came from, enough to compute it again: verb, version, protocol, package, options.

    `protocol_fingerprint` is the sha256 of the resolved protocol, `inputs` holds that of each table that was read,
    `regions` who declares the set of regions, how many it has, and which of them are missing, `standing` who has
    adopted the protocol, `release` the name and the head of the fingerprint of the release whose series were used,
    `issuers` the offices whose figures were read, for the line under charts.
    """

    verb: str
    version: str
    protocol: str | None = None
    protocol_fingerprint: str | None = None
    package: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    regions: Mapping[str, Any] = field(default_factory=dict)
    standing: Text | None = None
    issuers: Text | None = None
    release: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        standing = {"standing": asdict(self.standing)} if self.standing else {}
        release = {"release": self.release} if self.release else {}
        fields = (name for name in self.__slots__ if name not in {"standing", "issuers", "release"})
        return {name: getattr(self, name) for name in fields} | standing | release

    def mark(self) -> str:
        """Return the protocol and the head of its fingerprint; nothing without a protocol."""
        return f"{self.protocol}@{self.protocol_fingerprint[:12]}" if self.protocol_fingerprint else ""

    def foot(self, language: Language = "en") -> str:
        """Return the line that stands under every table and chart."""
        mark = f" · {self.mark()}" if self.protocol_fingerprint else ""
        mark += f" · {self.release}" if self.release else ""
        standing = f" · {self.standing.lang(language)}" if self.standing else ""
        return f"xinzhi {self.version}{mark}{standing}"


class Displayed:
    """What notebooks ask of a result or a study; `xinzhi.report.show` answers, also in a language that is asked for."""

    __slots__ = ()

    def _notebook_view(self) -> Any:  # noqa: ANN401 - of a package above this one
        import xinzhi

        return xinzhi.report.show(self)  # type: ignore[arg-type] # a result or a study

    def _repr_html_(self) -> str:
        """Return what it says, the leading chart and the first rows, for a notebook."""
        html: str = self._notebook_view()._repr_html_()
        return html

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Return the same as plain text and as HTML."""
        bundle: dict[str, str] = self._notebook_view()._repr_mimebundle_(include, exclude)
        return bundle

    def _ipython_display_(self) -> None:
        """Show it in Jupyter, the chart by the notebook's own Vega-Lite."""
        self._notebook_view()._ipython_display_()

    def _display_(self) -> Any:  # noqa: ANN401 - whatever marimo shows
        """Return what marimo shows."""
        return self._notebook_view()._display_()


@dataclass(frozen=True, repr=False, kw_only=True)
class Result(Displayed):
    """Base of the results of all verbs.

    A class names in its head its `verb` (whose file ``words/results/<verb>.yaml`` describes the columns of all its
    frames), its `topic` (whose page ``words/pages/<topic>.yaml`` holds its sentences) and the `key` of its frame.
    `frame` is the tidy result, `provenance` where it came from, `kind` the kind of frame that the caller handed in,
    which `to_native` gives back, and `names` are what the codes in the frames are called.
    """

    verb: ClassVar[str] = ""
    topic: ClassVar[str] = "shared"
    key: ClassVar[tuple[str, ...]] = ()

    frame: pl.DataFrame
    provenance: Provenance
    kind: FrameKind = "polars"
    names: Names = NO_NAMES

    def __init_subclass__(
        cls, *, verb: str | None = None, topic: str | None = None, key: tuple[str, ...] | None = None
    ) -> None:
        """Take what the head of a class names; the rest is that of its base."""
        super().__init_subclass__()
        for name, value in {"verb": verb, "topic": topic, "key": key}.items():
            if value is not None:
                setattr(cls, name, value)

    def answer(self) -> Iterator[Fact]:
        """Yield the facts that answer, each a typed text of the catalogue; `facts` and `summary` are made from them."""
        yield from ()

    def facts(self) -> Facts:
        """Return what the sentences about the result are made from: key of a sentence of its page, and its values.

        The same facts make the summary, what the terminal prints, and the answer of the page. A key with a list of
        values gives one sentence for each of them.
        """
        facts = values_by_key(self.answer())
        if facts or type(self).answer is not Result.answer:
            return facts
        return {"summary.size": {"name": type(self).__name__, "n": self.frame.height}}

    def column(self, name: str, frame: str = "frame") -> Column:
        """Return the description of a column of one of its frames; `KeyError` where nobody has described it."""
        return describe(self.verb, name, frame)

    def columns(self, frame: str = "frame") -> list[Column]:
        """Return the descriptions of the columns of one of its frames: title in both languages, unit, kind."""
        return [self.column(name, frame) for name in getattr(self, frame).columns]

    @property
    def writers(self) -> Mapping[str, Callable[[str], Text | None]]:
        """What writes the cells of a column, by its name, where `names` do not."""
        return {}

    def about(self, region: str | None) -> Self:
        """Return the result with the region that pictures of a single one show, where it has such pictures."""
        del region
        return self

    def plot(self, kind: str | None = None, language: Language = "en", *, region: str | None = None) -> Any:  # noqa: ANN401 - of a package above this one
        """Return a chart of the result (`xinzhi.plot`): ``.svg``, ``.save(path)``, ``.to_dict()`` (Vega-Lite).

        Parameters
        ----------
        kind
            The name of the chart; None: the first one.
        language
            ``en`` or ``zh``.
        region
            The region, by code or name, for charts of one region.

        Examples
        --------
        >>> import xinzhi
        >>> xinzhi.measure("china-provinces").plot("map").to_dict()["title"]["text"][0][:8]
        'TFP rose'
        """
        import xinzhi

        return xinzhi.plot(self, kind, language, region=region)

    def tidy(self) -> pl.DataFrame:
        """Return the tidy frame, one observation a row."""
        return self.frame

    def glance(self) -> pl.DataFrame:
        """Return one row: the verb, the protocol and the size of the result."""
        row = {
            "verb": self.provenance.verb,
            "protocol": self.provenance.protocol,
            "fingerprint": self.provenance.protocol_fingerprint,
            "rows": self.frame.height,
        }
        return pl.DataFrame([row])

    def sentences(self) -> list[Text]:
        """Return what the facts say, a sentence each, in both languages."""
        return sentences(self.facts(), self.topic)

    def lines(self, language: Language = "en") -> list[str]:
        """Return what the facts say and the foot of the provenance, each a line."""
        return [*(text.lang(language) for text in self.sentences()), self.provenance.foot(language)]

    def summary(self, language: Language = "en") -> str:
        """Return a few lines for a person: what the facts say, and the foot of the provenance."""
        return "\n".join(self.lines(language))

    def to_pandas(self) -> pd.DataFrame:
        """Return the tidy frame as a pandas DataFrame."""
        with _needing("pandas", "pyarrow"):
            return self.frame.to_pandas()

    def to_arrow(self) -> pa.Table:
        """Return the tidy frame as a pyarrow Table."""
        with _needing("pyarrow"):
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

    def row_key(self) -> tuple[str, ...]:
        """Return the columns that identify a row; a result whose groups the caller names adds them."""
        return self.key

    def compare(self, other: Result) -> pl.DataFrame:
        """Return the rows of both results side by side, with the difference of every number.

        Raises `UsageError` when `other` comes from another verb, or rows are not identified in the same way.
        """
        if type(other) is not type(self):
            raise UsageError("core.not-comparable", mine=type(self).__name__, other=type(other).__name__)
        return side_by_side(self.frame, other.frame, self.row_key(), type(self).__name__)

    def cite(self) -> str:
        """Return what to cite, as BibTeX: the method, the protocol and the data, and this software.

        Examples
        --------
        >>> import xinzhi
        >>> xinzhi.load("china-provinces").name in xinzhi.measure("china-provinces").cite()
        True
        """
        about = self.provenance
        issuers = about.issuers.en if about.issuers else None
        return bibtex(
            self.verb,
            about.version,
            data_entry(about.package, about.inputs, issuers) if about.inputs else None,
            protocol_entry(about.protocol, about.protocol_fingerprint) if about.protocol else None,
        )

    def __repr__(self) -> str:
        """Return two lines: class, size and protocol; and the first thing that the result says."""
        mark = self.provenance.mark()
        size = f"{self.frame.height} × {self.frame.width}"
        head = f"{type(self).__name__} ({size}{f', {mark}' if mark else ''})"
        first = next((text.en for text in self.sentences()), "")
        return "\n".join((head, *(shorten(line, WIDTH, placeholder=" ...") for line in (first,) if line)))
