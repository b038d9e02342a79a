"""Results as files: at the same address in a folder and on a server, where the question of the page is asked again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal, get_args

from fastapi import FastAPI, Request, Response

from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import same
from xinzhi.report import TableKind, file_of
from xinzhi.web.asked import TOPICS, overall, ruled
from xinzhi.web.page import PROTOCOL, SETTINGS, Address, query_of
from xinzhi.web.reply import MEDIA, refusal, sent
from xinzhi.web.store import Store

Suffix = Literal["csv", "xlsx", "parquet", "sdmx.csv"]
SUFFIXES: tuple[Suffix, ...] = get_args(Suffix)
FOLDER = "files"
OK = 200
ASSESS = "assess"
OPTIONS = ("region", "start", "end", "growth", "as_of")  # of a topic, as pages link them
_LINK = re.compile(rf'{FOLDER}/([a-z]+)/([a-z_.]+?)\.(csv|xlsx|parquet|sdmx\.csv)(?=["?])'.encode())


def linked(html: bytes) -> set[tuple[str, str, Suffix]]:
    """Return topic, name of the result and kind of every file that a page links."""
    found = ((topic.decode(), name.decode(), kind.decode()) for topic, name, kind in _LINK.findall(html))
    return {(topic, name, kind) for topic, name, kind in found}


def path_of(topic: str, name: str, kind: str) -> str:
    """Return the path of a file from the root of the site."""
    return f"{FOLDER}/{topic}/{name}.{kind}"


def content(store: Store, topic: str, name: str, kind: Suffix, asked: Mapping[str, str] | None = None) -> bytes:
    """Return a result of a topic as a file, numbers at full precision."""
    # `topic`, `name`: the topic, or ``assess``, and its result; `kind`: one of `SUFFIXES`; `asked`: the protocol and
    # the options of the page.
    result = _result(store, topic, name, dict(asked or {}))
    return file_of(result, _kind(kind))


def _kind(suffix: Suffix) -> TableKind:
    return "sdmx" if suffix == "sdmx.csv" else suffix


def _result(store: Store, topic: str, name: str, asked: dict[str, str]) -> Result:
    wish = {name: asked[name] for name in (PROTOCOL, SETTINGS) if name in asked}
    there = Address("en", query=wish)
    if topic == ASSESS:
        study = overall(store, there)
        bands = study.ranking.bands
        found = {**study.results, **({} if bands is None else {"bands": bands})}
    elif topic in TOPICS:
        given = {option: asked[option] for option in OPTIONS if option in asked and option in TOPICS[topic]}
        years = {option: int(given[option]) for option in ("start", "end") if given.get(option, "").isdecimal()}
        found = dict(store.study(topic, ruled(store, there), **given | years).results)
    else:
        found = {}
    if name not in found:
        raise UsageError("web.no-part", given=name, known=[same(one) for one in found] or [same(topic)])
    return found[name]


def add_files(app: FastAPI, store: Store) -> None:
    """Add the files of results to an application."""

    @app.api_route(f"/{FOLDER}/{{topic}}/{{file}}", methods=["GET", "HEAD"], include_in_schema=False)
    async def held(request: Request, topic: str, file: str) -> Response:
        name = next((file.removesuffix(f".{one}") for one in reversed(SUFFIXES) if file.endswith(f".{one}")), file)
        kind = next((one for one in SUFFIXES if file == f"{name}.{one}"), None)
        failed = partial(refusal, language="en")
        if kind is None:
            return failed(UsageError("web.no-part", given=file, known=[same(one) for one in SUFFIXES]))
        query = query_of(request.query_params.multi_items())
        asked = {one: query[one] for one in (PROTOCOL, SETTINGS, *OPTIONS) if one in query}
        key = (FOLDER, topic, file, tuple(sorted(asked.items())))
        made = partial(content, store, topic, name, kind, asked)
        reply = await sent(store, request, key, made, MEDIA[_kind(kind)], failed=failed, aside=SETTINGS in asked)
        if reply.status_code == OK:
            reply.headers["content-disposition"] = f'attachment; filename="{topic}-{file}"'
        return reply
