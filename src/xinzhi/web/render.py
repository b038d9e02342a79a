"""A page as HTML: one language, no script and no style inside, every chart drawn by the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup, escape

from xinzhi import __version__, words
from xinzhi.core.result import Provenance
from xinzhi.core.text import LANGUAGES, Language, Text, Values, paragraph
from xinzhi.report.document import foot as report_foot
from xinzhi.report.page import LANG, single, table_markup
from xinzhi.report.section import Picture
from xinzhi.report.table import Table
from xinzhi.studies import options_of
from xinzhi.web import asked as parameters
from xinzhi.web import pages
from xinzhi.web.downloads import SUFFIXES
from xinzhi.web.drawing import pair
from xinzhi.web.page import SETTINGS, Address, Asked, Page
from xinzhi.web.pages.explain import why
from xinzhi.web.store import Store

SHOWN = 12  # letters of a fingerprint
_SCROLL = '<div class="scroll">'


def html(store: Store, address: Address) -> bytes:
    """Return the page of an address, which there is, as UTF-8."""
    return rendered(store, address, pages.page(store, address)).encode()


def rendered(store: Store, address: Address, made: Page) -> str:
    """Return a page as HTML."""
    language = address.language

    def query(asked: Asked) -> str:  # what a call asks of the interface for programs
        ruled = {"protocol": address.query["protocol"]} if "protocol" in address.query else {}
        changes = [(SETTINGS, one) for one in address.query.get(SETTINGS, "").split("\n") if one]
        return urlencode([*{**asked.options, **ruled, "lang": language}.items(), *changes])

    other = next(one for one in LANGUAGES if one != language)
    switched = made.study is not None and "protocol" in pages.asks(address)
    refused = store.refusals() if switched else {}
    return (
        environment()
        .get_template(made.template)
        .render(
            address=address,
            language=language,
            lang=LANG[language],
            other=other,
            other_lang=LANG[other],
            made=made,
            menu=pages.menu(store),
            marked=pages.marked(address.page),
            protocols=[(one.id, one.title) for one in store.protocols() if one.id not in refused],
            refused=[(one.id, one.title, refused[one.id]) for one in store.protocols() if one.id in refused],
            ruled=address.query.get("protocol", store.rules.id),
            switched=switched,
            changes=parameters.changes,
            departing=parameters.ruled(store, address) if SETTINGS in address.query else None,
            foot=foot(store, made),
            cite=cite(store, made),
            version=__version__,
            spoken=words.web.spoken().lang(other),
            space=" " if language == "en" else "",
            hours=store.limits.remembered // 3600 if store.guarded else 0,
            t=partial(said, language=language),
            w=lambda key, /, **values: words.by_key(f"web.{key}", **values).lang(language),
            shared=lambda key, /, **values: words.by_key(key, **values).lang(language),
            paragraph=lambda lines: paragraph(list(lines)).lang(language),
            table=partial(table, language=language, decimals=made.decimals),
            drawn=partial(drawn, language=language),
            own=lambda markup: single(markup, language),
            call=partial(lines, store, address),
            why=why(store, address),
            query=query,
            suffixes=SUFFIXES,
        )
    )


@cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("xinzhi.web", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def foot(store: Store, made: Page) -> Text | None:
    """Return the line under the page and its figures: who issued what was read, the protocol, its fingerprint."""
    mark = _provenance(store, made)
    return None if made.study is None or mark is None else report_foot(made.study.source, mark)


def cite(store: Store, made: Page) -> Text | None:
    """Return how to cite the page."""
    mark = _provenance(store, made)
    if made.study is None or mark is None:
        return None
    said: Values = {
        "title": made.title,
        "source": made.study.source,
        "version": mark.version,
        "data": data_mark(mark.inputs),
    }
    if mark.protocol_fingerprint is None:
        return words.web.cite_free(**said)
    return words.web.cite_text(mark=f"{mark.protocol}@{mark.protocol_fingerprint[:SHOWN]}", **said)


def data_mark(inputs: Mapping[str, str]) -> str:
    """Return the fingerprint of the tables that were read, short enough to be read out."""
    return sha256("".join(f"{name} {mark}\n" for name, mark in sorted(inputs.items())).encode()).hexdigest()[:SHOWN]


def _provenance(store: Store, made: Page) -> Provenance | None:
    if made.study is None or not made.study.results:
        return None
    mark = next(iter(made.study.results.values())).provenance
    if mark.package != store.package.name:  # what a visitor brought was issued by no office of the package
        return mark
    return replace(mark, issuers=store.package.issued_by([*mark.inputs, *made.reads]))


def said(text: object, language: Language) -> Markup:
    """Return a text in the language of the page."""
    if isinstance(text, Markup):
        return single(text, language)
    return escape(text.lang(language) if isinstance(text, Text) else "" if text is None else str(text))


def table(source: Table, language: Language, decimals: int, above: Text | None = None) -> Markup:
    """Return a table of the report in one language; it scrolls in a box of its own, which the keyboard reaches."""
    # Its title is heard and not seen where the line above says the same.
    name = escape(source.title.lang(language))
    box = f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">'
    made = str(single(table_markup(source, decimals), language)).replace(_SCROLL, box)
    if source.title == above:
        made = made.replace("<caption>", '<caption class="unseen">', 1)
    return Markup(made)  # noqa: S704 - made there


def drawn(picture: Picture, key: str, language: Language) -> Markup:
    """Return a picture as SVG in one language for a wide screen and for a phone, named by the headline above it."""
    shapes = (picture.svg(key, language, phone=phone) for phone in (False, True))
    return Markup(pair(*shapes))  # noqa: S704 - drawn here, its words escaped


def lines(store: Store, address: Address, asked: Asked) -> dict[str, str]:
    """Return the lines of a call on what the site was given, under the protocol of the page."""
    wish = address.query.get("protocol", store.rules.id)
    wish = store.ruled if wish == store.rules.id else wish
    rules = options_of(asked.topic).get("protocol")
    ruled = {} if rules is None or wish == rules.default else {"protocol": wish}
    data = asked.data if asked.data not in {"", store.package.name} else store.given
    changes = {} if rules is None else parameters.asked(address)
    return Asked(topic=asked.topic, data=data, options={**asked.options, **ruled}, settings=changes).lines()
