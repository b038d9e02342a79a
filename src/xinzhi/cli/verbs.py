"""The verbs: what each runs, its arguments, and its options beside those of its study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from xinzhi import studies
from xinzhi.cli import explorer, keys, registries, topics
from xinzhi.cli.call import PROTOCOL, Call
from xinzhi.studies.internal import Option, options_of

if TYPE_CHECKING:
    from xinzhi.studies.internal import Study

Run: TypeAlias = Callable[[Call], int | None]
LANG, JSON, OUT = Option("lang", "text"), Option("json", "flag", default=False), Option("out", "text")
SPOKEN = (LANG, JSON)  # how the answer of a verb without files is given
SHOWN = (OUT, LANG, JSON)  # how the answer of a study is given
ENCODING = Option("encoding", "text")  # of files
SETTINGS = Option("settings", "pairs")  # changes of a protocol for one run
RULES = Option("protocol", "text", PROTOCOL)
LIST = Option("list", "flag", default=False)  # whether what ships is listed
TOP = Option("top", "whole", 10)  # how many rows are listed


def texts(*names: str) -> tuple[Option, ...]:
    """Return options whose values are text."""
    return tuple(Option(name, "text") for name in names)


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: the function that runs it, its arguments, its study, and its own options."""

    run: Run
    arguments: tuple[str, ...] = ("data",)
    study: Callable[..., Study] | None = None
    extra: tuple[Option, ...] = SHOWN

    @property
    def options(self) -> tuple[Option, ...]:
        """The options: those in the signature of the study, then its own."""
        of_study = () if self.study is None else tuple(options_of(self.study.__name__).values())
        return (*of_study, *self.extra)


VERBS: Mapping[str, Verb] = {
    "assess": Verb(
        topics.assess,
        study=studies.assess,
        extra=(SETTINGS, *texts("sign", "password_file"), Option("out", "text", "out"), LANG, JSON),
    ),
    "measure": Verb(topics.topic, study=studies.measure, extra=(SETTINGS, TOP, *SHOWN)),
    "brief": Verb(topics.brief, ("region", "data?"), studies.brief, (SETTINGS, *SHOWN)),
    "goals": Verb(topics.goals, ("region?", "data?"), studies.goals, (SETTINGS, *SHOWN)),
    "audit": Verb(
        topics.audit,
        study=studies.audit,
        extra=(SETTINGS, Option("group", "text", "all"), Option("vintages", "flag", default=False), *SHOWN),
    ),
    "claim": Verb(topics.topic, study=studies.claim, extra=(SETTINGS, *SHOWN)),
    "bridge": Verb(topics.topic, study=studies.bridge, extra=(SETTINGS, *SHOWN)),
    "digital": Verb(topics.topic, study=studies.digital, extra=(SETTINGS, *SHOWN)),
    "bands": Verb(topics.topic, study=studies.bands, extra=(SETTINGS, TOP, *SHOWN)),
    "backtest": Verb(topics.topic, study=studies.backtest, extra=(SETTINGS, *SHOWN)),
    "scope": Verb(topics.scope, ("file?",), studies.scope, (*texts("explain", "template"), LIST, *SHOWN)),
    "verify": Verb(
        registries.verify,
        ("certificate",),
        extra=(
            *texts("data", "key", "trust", "protocol", "files", "cells"),
            Option("require_signature", "flag", default=False),
            Option("no_files", "flag", default=False),
            Option("allow_unproved", "flag", default=False),
            Option("independent", "flag", default=False),
            ENCODING,
            *SPOKEN,
        ),
    ),
    "new": Verb(registries.new, ("folder",), extra=(Option("tables", "columns"), *SPOKEN)),
    "check": Verb(
        registries.check,
        extra=(Option("xlsx", "text"), Option("all", "flag", default=False), ENCODING, *SPOKEN),
    ),
    "sources": Verb(topics.topic, study=studies.sources, extra=(SETTINGS, TOP, *SHOWN)),
    "frontier": Verb(topics.topic, study=studies.frontier, extra=(SETTINGS, TOP, *SHOWN)),
    "sectors": Verb(topics.sectors, ("data?",), studies.sectors, (LIST, *SHOWN)),
    "paths": Verb(topics.topic, study=studies.paths),
    "able": Verb(topics.topic, study=studies.able),
    "plan": Verb(topics.topic, study=studies.plan),
    "screen": Verb(topics.screen, ("projects?",), studies.screen, (Option("example", "text"), *SHOWN)),
    "risks": Verb(topics.topic, study=studies.risks),
    "bubbles": Verb(topics.topic, ("data?",), studies.bubbles),
    "firms": Verb(
        topics.firms,
        study=studies.firms,
        extra=(Option("number", "whole"), Option("seed", "whole", 0), *SHOWN),
    ),
    "serve": Verb(
        explorer.serve,
        ("data?",),
        extra=(
            RULES,
            Option("port", "whole", 8000),
            Option("host", "text", "127.0.0.1"),
            Option("token", "text"),
            LANG,
        ),
    ),
    "mcp": Verb(explorer.mcp, ("data?",), extra=(RULES, LANG)),
    "site": Verb(explorer.site, ("data?",), extra=(RULES, OUT, LANG)),
    "protocol list": Verb(registries.protocol_list, (), extra=SPOKEN),
    "protocol show": Verb(registries.protocol_show, ("identifier",), extra=(*texts("trust"), *SPOKEN)),
    "protocol diff": Verb(registries.protocol_diff, ("first", "second"), extra=SPOKEN),
    "protocol new": Verb(registries.protocol_new, ("file",), extra=SPOKEN),
    "protocol check": Verb(registries.protocol_check, ("file",), extra=SPOKEN),
    "protocol sign": Verb(
        keys.protocol_sign,
        ("file",),
        extra=(*texts("key", "in_force", "act", "act_en", "password_file"), *SPOKEN),
    ),
    "key new": Verb(
        keys.key_new,
        ("name",),
        extra=(
            *texts("owner_zh", "owner_en", "start", "until", "algorithm", "password_file"),
            Option("purpose", "columns"),
            *SPOKEN,
        ),
    ),
    "key show": Verb(keys.key_show, ("file",), extra=SPOKEN),
    "key trust": Verb(keys.key_trust, ("list", "file"), extra=SPOKEN),
    "key revoke": Verb(keys.key_revoke, ("list", "id"), extra=(*texts("date", "reason"), *SPOKEN)),
    "key sign": Verb(keys.key_sign, ("certificate",), extra=(*texts("key", "password_file"), *SPOKEN)),
    "data list": Verb(registries.data_list, (), extra=SPOKEN),
    "data new": Verb(registries.new, ("folder",), extra=(Option("tables", "columns"), *SPOKEN)),
    "data import": Verb(registries.data_import, ("kind?", "file?"), extra=(LIST, ENCODING, *SHOWN)),
    "data export": Verb(registries.data_export, ("data", "target"), extra=(ENCODING, *SPOKEN)),
}
