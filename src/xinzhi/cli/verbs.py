"""The verbs: what each runs, its arguments, and the classes whose fields are its options."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from xinzhi.core.text import Language

PROTOCOL = "xinzhi-cn-2026"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How the answer is given."""

    out: str | None = None
    lang: str | None = None
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """How the answer of a verb without files is given."""

    lang: str | None = None
    json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """How files are read."""

    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Changes of a protocol for one run."""

    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Whether what ships is listed."""

    list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """How many rows are listed."""

    top: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """With which key a certificate is signed."""

    sign: str | None = None
    out: str = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What of the definitions of scope is printed."""

    explain: str | None = None
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Where an example is written."""

    example: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What of an audit is printed."""

    group: str = "all"
    vintages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefed:
    """How a brief is made; its region is an argument."""

    protocol: str = PROTOCOL
    encoding: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """What can be asked of `verify`."""

    data: str | None = None
    key: str | None = None
    protocol: str | None = None
    files: str | None = None
    cells: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOptions:
    """What can be asked of `new`."""

    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What can be asked of `check`."""

    xlsx: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mocked:
    """How many made-up firms are written, in place of a study."""

    number: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where the explorer listens."""

    protocol: str = PROTOCOL
    port: int = 8000
    host: str = "127.0.0.1"
    token: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """By which protocol an assistant is answered."""

    protocol: str = PROTOCOL
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the pages of the explorer are written."""

    protocol: str = PROTOCOL
    out: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the function that runs it, its arguments, its classes of options."""

    run: str
    arguments: tuple[str, ...] = ("data",)
    options: tuple[str | type[Any], ...] = ()

    def classes(self) -> list[type[Any]]:
        """Return the classes of options; those of studies are named, so that they load with their verb alone."""
        return [getattr(import_module("xinzhi.studies"), one) if isinstance(one, str) else one for one in self.options]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: its verb, what was given, and how to answer."""

    verb: str
    given: Mapping[str, Any]
    language: Language
    json: bool = False
    out: Path | None = None

    def options(self, kind: type[Any]) -> dict[str, Any]:
        """Return what was given of the fields of a class."""
        from dataclasses import fields

        return {one.name: self.given[one.name] for one in fields(kind) if one.name in self.given}

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - of any kind
        """Return an option."""
        return self.given.get(name, default)


VERBS: Mapping[str, Verb] = {
    "assess": Verb("topics.assess", options=("AssessOptions", Settings, Signed, Shown)),
    "brief": Verb("topics.brief", ("region", "data?"), (Briefed, Settings, Shown)),
    "audit": Verb("topics.audit", options=("AuditOptions", Settings, Audited, Shown)),
    "claim": Verb("topics.topic", options=("ClaimOptions", Settings, Shown)),
    "bridge": Verb("topics.topic", options=("BridgeOptions", Settings, Shown)),
    "digital": Verb("topics.topic", options=("DigitalOptions", Settings, Shown)),
    "bands": Verb("topics.topic", options=("BandsOptions", Settings, Top, Shown)),
    "backtest": Verb("topics.topic", options=("BacktestOptions", Settings, Shown)),
    "scope": Verb("topics.scope", ("file?",), ("ScopeOptions", Explained, Listing, Shown)),
    "verify": Verb("registries.verify", ("certificate",), (VerifyOptions, Read, Spoken)),
    "new": Verb("registries.new", ("folder",), (NewOptions, Spoken)),
    "check": Verb("registries.check", options=(CheckOptions, Read, Spoken)),
    "sources": Verb("topics.topic", options=("SourcesOptions", Settings, Top, Shown)),
    "frontier": Verb("topics.topic", options=("FrontierOptions", Settings, Top, Shown)),
    "sectors": Verb("topics.sectors", ("data?",), ("SectorsOptions", Listing, Shown)),
    "paths": Verb("topics.topic", options=("PathsOptions", Shown)),
    "able": Verb("topics.topic", options=("AbleOptions", Shown)),
    "plan": Verb("topics.topic", options=("PlanOptions", Shown)),
    "screen": Verb("topics.screen", ("projects?",), ("ScreenOptions", Example, Shown)),
    "risks": Verb("topics.topic", options=("RisksOptions", Shown)),
    "bubbles": Verb("topics.topic", ("data?",), ("BubblesOptions", Shown)),
    "firms": Verb("topics.firms", options=("FirmsOptions", Mocked, Shown)),
    "serve": Verb("explorer.serve", ("data?",), (Served,)),
    "mcp": Verb("explorer.mcp", ("data?",), (Told,)),
    "site": Verb("explorer.site", ("data?",), (Site,)),
    "protocol list": Verb("registries.protocol_list", (), (Spoken,)),
    "protocol show": Verb("registries.protocol_show", ("identifier",), (Spoken,)),
    "protocol diff": Verb("registries.protocol_diff", ("first", "second"), (Spoken,)),
    "protocol new": Verb("registries.protocol_new", ("file",), (Spoken,)),
    "protocol check": Verb("registries.protocol_check", ("file",), (Spoken,)),
    "data list": Verb("registries.data_list", (), (Spoken,)),
    "data import": Verb("registries.data_import", ("kind?", "file?"), (Listing, Read, Shown)),
    "data export": Verb("registries.data_export", ("data", "target"), (Read, Spoken)),
}
