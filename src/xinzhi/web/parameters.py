"""What a visitor may ask: options of topics that name no file and keep no server busy for long, and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from xinzhi import words
from xinzhi.core import yamlfile
from xinzhi.core.errors import UsageError
from xinzhi.core.text import LANGUAGES, Language, Text, listing, option_words
from xinzhi.protocol import Protocol, specification
from xinzhi.studies import explain
from xinzhi.studies.internal import ON_SERVERS, Assessment, Explained, Study, options_of
from xinzhi.web.page import PROTOCOL, SETTINGS, Address
from xinzhi.web.store import Store
from xinzhi.yardstick.internal import View, value_text

CHANGEABLE = (
    "capital.depreciation", "shares.rule", "labour.quality", "output.vintage", "capital.benchmark", "labour.breaks",
)  # fmt: skip
MAX_CHANGES = 8  # that one address may change
WORD = r"^[^\x00-\x1f\x7f]*$"
String = Annotated[str, Field(max_length=64, pattern=WORD)]
Integer = Annotated[int, Field(ge=0, le=9999)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Strings = Annotated[list[String], Field(max_length=8)]
KINDS: Mapping[str, Any] = {"whole": Integer, "number": Number, "flag": bool, "columns": Strings}
Setting = Annotated[str, Field(max_length=128, pattern=r"^[a-z_]+(\.[a-z_0-9]+)+=[^\x00-\x1f\x7f&*!]+$")]

MISREAD: Mapping[str, tuple[str, ...]] = {  # what pydantic calls it, by its first letters
    "missing": ("missing",),
    "extra": ("extra_forbidden",),
    "choice": ("literal_error",),
    "whole": ("int_",),
    "number": ("float_", "finite_number"),
    "truth": ("bool_",),
    "least": ("greater_than_equal",),
    "most": ("less_than_equal",),
    "long": ("string_too_long", "too_long"),
}


def bilingual(text: Text) -> str:
    """Return a text in both languages, for a description that has one."""
    return f"{text.en} | {text.zh}"


def amiss(wrong: Mapping[str, Any]) -> Text:
    """Return what is wrong with one value, from what pydantic says of it."""
    limits = wrong.get("ctx", {})
    kind = next((name for name, starts in MISREAD.items() if str(wrong["type"]).startswith(starts)), "other")
    return words.api.value_of(
        kind,
        name=".".join(str(part) for part in wrong["loc"][1:]) or str(wrong["loc"][-1]),
        known=re.findall(r"'([^']*)'", str(limits.get("expected", ""))),
        **{name: limits.get(name) for name in ("ge", "le", "max_length")},
    )


class TopicQuery(BaseModel):
    """What can be asked of every topic."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    lang: Language = Field("en", description=bilingual(words.api.option_lang()))

    def options(self) -> dict[str, object]:
        """Return the options of the study that were given."""
        values = self.model_dump(exclude={"lang", "set"})
        return {name: value for name, value in values.items() if value is not None and value is not False}

    @property
    def settings(self) -> dict[str, object]:
        """Changes of the protocol, by path; values are written as in YAML."""
        return read(getattr(self, "set", None) or ())

    def study(self, store: Store, topic: str) -> Study:
        """Return the study of what is asked."""
        options = self.options()
        name = options.pop("protocol", None)
        rules = store.protocol(None if name is None else str(name))
        return store.study(topic, rules.replace(self.settings) if self.settings else rules, **options)


Of = Literal["measure", "bands", "sources", "risks"]
Component = Literal["tfp", "output", "capital", "labour", "human_capital"]


class ExplainQuery(BaseModel):
    """Which figure is to be explained."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    region: String
    of: Of = "measure"
    start: Integer | None = None
    end: Integer | None = None
    component: Component = "tfp"
    protocol: String | None = Field(None, description=bilingual(words.api.option_protocol()))
    lang: Language = Field("en", description=bilingual(words.api.option_lang()))

    def explained(self, store: Store) -> tuple[Study, Explained]:
        """Return the study, and what stands behind its figure."""
        study = store.study(self.of, self.protocol)
        return study, explain(study, self.region, start=self.start, end=self.end, component=self.component)


def query_model(topic: str) -> type[TopicQuery]:
    """Return the model of what can be asked of a topic: names and types are those in the signature of its study."""
    fields_of_topic = options_of(topic)
    fields: dict[str, Any] = {}
    for name in ON_SERVERS[topic]:
        kind = KINDS.get(fields_of_topic[name].kind, String)
        fields[name] = (kind | None, Field(None, description=bilingual(Text(**_pair(topic, name)))))
    if "protocol" in fields_of_topic:
        fields["protocol"] = (String | None, Field(None, description=bilingual(words.api.option_protocol())))
        change = bilingual(Text(**_pair(topic, "settings")))
        fields["set"] = (Annotated[list[Setting], Field(max_length=8)] | None, Field(None, description=change))
    model: type[TopicQuery] = create_model(
        f"{topic.title()}TopicQuery", __base__=TopicQuery, __doc__=TopicQuery.__doc__, **fields
    )
    return model


def _pair(topic: str, name: str) -> dict[str, str]:
    entry = option_words(topic, name)
    return {language: entry[language] for language in LANGUAGES}


def assessment_of(store: Store, address: Address | None = None) -> Assessment:
    """Return the assessment; under another protocol without topics and briefs, which take too long to wait for."""
    rules = store.rules if address is None else page_protocol(store, address)
    if rules.fingerprint == store.rules.fingerprint:
        return cast("Assessment", store.study("assess", briefs=True))
    return cast("Assessment", store.study("assess", rules, only=("none",)))


def decimals(study: Assessment) -> int:
    """Return the decimals of growth in percent."""
    return int(study.protocol.value("reporting.decimals"))


def kicker(study: Assessment) -> Text:
    """Return the line above a title of a page whose figures are of the newest period: the data and that period."""
    return words.web.kicker(source=study.source, span=View(study.measurement).spans[-1].label)


def capital(text: Text) -> Text:
    """Return a text that begins with a capital letter, for the head of a page."""
    return Text(zh=text.zh, en=text.en[:1].upper() + text.en[1:])


def read(pairs: Iterable[str]) -> dict[str, object]:
    """Return changes of a protocol by path, from ``path=value``; values are written as in YAML."""
    parts = (pair.partition("=") for pair in pairs)
    try:
        return {path: yamlfile.parse(value, path).content for path, _, value in parts}
    except yamlfile.YamlError as error:
        raise UsageError("cli.bad-setting", why=error.finding.text) from error


def changed_parameters(address: Address) -> dict[str, object]:
    """Return what an address changes."""
    return read(address.query.get(SETTINGS, "").split("\n")[:MAX_CHANGES]) if SETTINGS in address.query else {}


def page_protocol(store: Store, address: Address) -> Protocol:
    """Return the protocol of a page, with what its address changes."""
    rules = store.protocol(address.query.get(PROTOCOL))
    settings = changed_parameters(address)
    return rules.replace(settings) if settings else rules


def changes(rules: Protocol) -> Text:
    """Return what a protocol changes, each parameter by its title with its value."""
    values = {path: value_text(path, rules.parameters[path].value) for path in rules.departs}
    return listing(
        [words.web.settings_change(title=specification(path).title, value=value) for path, value in values.items()]
    )


def offers(rules: Protocol, settings: Mapping[str, object]) -> list[tuple[Text, list[tuple[str, Text, bool]]]]:
    """Return what can be changed: the title of each parameter, and its values; that of the protocol asks nothing."""
    choices = []
    for path in CHANGEABLE:
        item = rules.parameters.get(path)
        if item is None or item.value is None or not item.alternatives:
            continue
        default = item.value
        values = dict.fromkeys(option.value for option in item.alternatives if option.value is not None)
        current = settings.get(path, default)
        rows = [("", value_text(path, default), current == default)]
        rows += [(f"{path}={value}", value_text(path, value), current == value) for value in values if value != default]
        choices.append((specification(path).title, rows))
    return choices
