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
from xinzhi.report.internal import LANG, Picture, Table, in_language, table_markup
from xinzhi.report.internal import foot as report_foot
from xinzhi.studies.internal import options_of
from xinzhi.web import pages, parameters
from xinzhi.web.downloads import SUFFIXES
from xinzhi.web.html_charts import pair
from xinzhi.web.page import SETTINGS, Address, Call, Page
from xinzhi.web.pages.explain import why
from xinzhi.web.store import Store

FINGERPRINT_LETTERS = 12  # letters of a fingerprint
_SCROLL = '<div class="scroll">'


def html(store: Store, address: Address) -> bytes:
    """Return the page of an address, which there is, as UTF-8."""
    route = pages.route(store, address)
    return page_html(store, address, route.page(store, address)).encode()


def page_html(store: Store, address: Address, page: Page) -> str:
    """Return a page as HTML."""
    language = address.language

    def query(page_call: Call) -> str:  # what a call asks of the interface for programs
        protocol = {"protocol": address.query["protocol"]} if "protocol" in address.query else {}
        changes = [(SETTINGS, change) for change in address.query.get(SETTINGS, "").split("\n") if change]
        return urlencode([*{**page_call.options, **protocol, "lang": language}.items(), *changes])

    foreign = next(code for code in LANGUAGES if code != language)
    switched = page.study is not None and "protocol" in pages.query_names(address)
    refused = store.refusals() if switched else {}
    return (
        environment()
        .get_template(page.template)
        .render(
            address=address,
            language=language,
            lang=LANG[language],
            other=foreign,
            other_lang=LANG[foreign],
            page=page,
            menu=pages.menu(store),
            marked=pages.menu_page(address.page),
            protocols=[(rules.id, rules.title) for rules in store.protocols() if rules.id not in refused],
            refused=[(rules.id, rules.title, refused[rules.id]) for rules in store.protocols() if rules.id in refused],
            ruled=address.query.get("protocol", store.rules.id),
            switched=switched,
            changes=parameters.changes,
            departing=parameters.page_protocol(store, address) if SETTINGS in address.query else None,
            foot=foot(store, page),
            cite=cite(store, page),
            version=__version__,
            spoken=words.web.spoken().lang(foreign),
            space=" " if language == "en" else "",
            hours=store.limits.remembered // 3600 if store.guarded else 0,
            t=partial(text_html, language=language),
            w=lambda key, /, **values: words.by_key(f"web.{key}", **values).lang(language),
            shared=lambda key, /, **values: words.by_key(key, **values).lang(language),
            paragraph=lambda lines: paragraph(list(lines)).lang(language),
            table=partial(table, language=language, decimals=page.decimals),
            drawn=partial(picture_html, language=language),
            own=lambda markup: in_language(markup, language),
            call_lines=partial(lines, store, address),
            why=why(store, address),
            query=query,
            exists=lambda name, key="": pages.exists(store, Address(language, name, key)),
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


def foot(store: Store, page: Page) -> Text | None:
    """Return the line under the page and its figures: who issued what was read, the protocol, its fingerprint."""
    mark = _provenance(store, page)
    return None if page.study is None or mark is None else report_foot(page.study.source, mark)


def cite(store: Store, page: Page) -> Text | None:
    """Return how to cite the page."""
    mark = _provenance(store, page)
    if page.study is None or mark is None:
        return None
    facts: Values = {
        "title": page.title,
        "source": page.study.source,
        "version": mark.version,
        "data": data_mark(mark.inputs),
    }
    if mark.protocol_fingerprint is None:
        return words.web.cite_free(**facts)
    return words.web.cite_text(mark=f"{mark.protocol}@{mark.protocol_fingerprint[:FINGERPRINT_LETTERS]}", **facts)


def data_mark(inputs: Mapping[str, str]) -> str:
    """Return the fingerprint of the tables that were read, short enough to be read out."""
    return sha256("".join(f"{name} {mark}\n" for name, mark in sorted(inputs.items())).encode()).hexdigest()[
        :FINGERPRINT_LETTERS
    ]


def _provenance(store: Store, page: Page) -> Provenance | None:
    if page.study is None or not page.study.results:
        return None
    mark = next(iter(page.study.results.values())).provenance
    if mark.package != store.package.name:  # what a visitor brought was issued by no office of the package
        return mark
    return replace(mark, issuers=store.package.issued_by([*mark.inputs, *page.reads]))


def text_html(text: object, language: Language) -> Markup:
    """Return a text in the language of the page."""
    if isinstance(text, Markup):
        return in_language(text, language)
    if isinstance(text, Text):
        return escape(text.lang(language))
    return escape("" if text is None else str(text))


def table(source: Table, language: Language, decimals: int, above: Text | None = None) -> Markup:
    """Return a table of the report in one language; it scrolls in a box of its own, which the keyboard reaches."""
    # Its title is heard and not seen where the line above says the same.
    name = escape(source.title.lang(language))
    box = f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">'
    html_of_table = str(in_language(table_markup(source, decimals), language)).replace(_SCROLL, box)
    if source.title == above:
        html_of_table = html_of_table.replace("<caption>", '<caption class="unseen">', 1)
    return Markup(html_of_table)  # noqa: S704 - made there


def picture_html(picture: Picture, key: str, language: Language) -> Markup:
    """Return a picture as SVG in one language for a wide screen and for a phone, named by the headline above it."""
    shapes = (picture.svg(key, language, phone=phone) for phone in (False, True))
    return Markup(pair(*shapes))  # noqa: S704 - drawn here, its words escaped


def lines(store: Store, address: Address, page_call: Call) -> dict[str, str]:
    """Return the lines of a call on what the site was given, under the protocol of the page."""
    protocol = address.query.get("protocol", store.rules.id)
    protocol = store.protocol_argument if protocol == store.rules.id else protocol
    rules = options_of(page_call.topic).get("protocol")
    option = {} if rules is None or protocol == rules.default else {"protocol": protocol}
    data = page_call.data if page_call.data not in {"", store.package.name} else store.data_argument
    changes = {} if rules is None else parameters.changed_parameters(address)
    return Call(topic=page_call.topic, data=data, options={**page_call.options, **option}, settings=changes).lines()
