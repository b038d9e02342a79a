"""The verbs: what each runs, its arguments, and the classes whose fields are its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from xinzhi.core.text import Language

PROTOCOL = "xinzhi-cn-2026"


def _class(name: str, **options: tuple[str, Any]) -> type[Any]:
    """Return a class of options that the command line has beside those of studies: the type and default of each."""
    return make_dataclass(name, [(one, kind, field(default=usual)) for one, (kind, usual) in options.items()])


TEXT, FLAG = ("str | None", None), ("bool", False)
Spoken = _class("Spoken", lang=TEXT, json=FLAG)  # how the answer of a verb without files is given
Shown = _class("Shown", out=TEXT, lang=TEXT, json=FLAG)  # how the answer is given
Read = _class("Read", encoding=TEXT)  # how files are read
Settings = _class("Settings", settings=("Mapping[str, Any]", ()))  # changes of a protocol for one run
Listing = _class("Listing", list=FLAG)  # whether what ships is listed
Top = _class("Top", top=("int", 10))  # how many rows are listed
Signed = _class("Signed", sign=TEXT, out=("str", "out"))  # with which key a certificate is signed
Explained = _class("Explained", explain=TEXT, template=TEXT)  # what of the definitions of scope is printed
Example = _class("Example", example=TEXT)  # where an example is written
Audited = _class("Audited", group=("str", "all"), vintages=FLAG)  # what of an audit is printed
Briefed = _class("Briefed", protocol=("str", PROTOCOL), encoding=TEXT)  # how a brief is made; its region is an argument
Verified = _class("Verified", data=TEXT, key=TEXT, protocol=TEXT, files=TEXT, cells=TEXT)  # what it is held to
Laid = _class("Laid", tables=("tuple[str, ...]", ()))  # which tables are laid out
Checked = _class("Checked", xlsx=TEXT)  # where findings are marked
Mocked = _class("Mocked", number=("int | None", None), seed=("int", 0))  # made-up firms in place of a study
Told = _class("Told", protocol=("str", PROTOCOL), lang=TEXT)  # by which protocol an assistant is answered
Site = _class("Site", protocol=("str", PROTOCOL), out=TEXT, lang=TEXT)  # where the pages of the explorer are written
Served = _class(  # where the explorer listens
    "Served", protocol=("str", PROTOCOL), port=("int", 8000), host=("str", "127.0.0.1"), token=TEXT, lang=TEXT
)


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
    "verify": Verb("registries.verify", ("certificate",), (Verified, Read, Spoken)),
    "new": Verb("registries.new", ("folder",), (Laid, Spoken)),
    "check": Verb("registries.check", options=(Checked, Read, Spoken)),
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
