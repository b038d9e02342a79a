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
from xinzhi.studies.internal import ON_SERVERS
from xinzhi.web.page import PROTOCOL, SETTINGS, Address, query_of
from xinzhi.web.parameters import assessment_of, page_protocol
from xinzhi.web.responses import MEDIA, OK, cached_response, refusal
from xinzhi.web.store import Store

Suffix = Literal["csv", "xlsx", "parquet", "sdmx.csv"]
SUFFIXES: tuple[Suffix, ...] = get_args(Suffix)
FOLDER = "files"
ASSESS = "assess"
OPTIONS = ("region", "start", "end", "growth", "as_of")  # of a topic, as pages link them
_LINK = re.compile(rf'{FOLDER}/([a-z]+)/([a-z_.]+?)\.(csv|xlsx|parquet|sdmx\.csv)(?=["?])'.encode())


def linked_files(html: bytes) -> set[tuple[str, str, Suffix]]:
    """Return topic, name of the result and kind of every file that a page links."""
    links = ((topic.decode(), name.decode(), kind.decode()) for topic, name, kind in _LINK.findall(html))
    return {(topic, name, kind) for topic, name, kind in links}


def path_of(topic: str, name: str, kind: str) -> str:
    """Return the path of a file from the root of the site."""
    return f"{FOLDER}/{topic}/{name}.{kind}"


def content(store: Store, topic: str, name: str, kind: Suffix, query: Mapping[str, str] | None = None) -> bytes:
    """Return a result of a topic as a file, numbers at full precision."""
    # `topic`, `name`: the topic, or ``assess``, and its result; `kind`: one of `SUFFIXES`; `asked`: the protocol and
    # the options of the page.
    result = _result(store, topic, name, dict(query or {}))
    return file_of(result, _kind(kind))


def _kind(suffix: Suffix) -> TableKind:
    return "sdmx" if suffix == "sdmx.csv" else suffix


def _result(store: Store, topic: str, name: str, query: dict[str, str]) -> Result:
    rules = {name: query[name] for name in (PROTOCOL, SETTINGS) if name in query}
    address = Address("en", query=rules)
    if topic == ASSESS:
        study = assessment_of(store, address)
        bands = study.ranking.bands
        results = {**study.results, **({} if bands is None else {"bands": bands})}
    elif topic in ON_SERVERS:
        options = {option: query[option] for option in OPTIONS if option in query and option in ON_SERVERS[topic]}
        years = {option: int(options[option]) for option in ("start", "end") if options.get(option, "").isdecimal()}
        results = dict(store.study(topic, page_protocol(store, address), **options | years).results)
    else:
        results = {}
    if name not in results:
        raise UsageError("web.no-part", given=name, known=[same(key) for key in results] or [same(topic)])
    return results[name]


def add_files(app: FastAPI, store: Store) -> None:
    """Add the files of results to an application."""
    failed = partial(refusal, language="en")

    @app.api_route(f"/{FOLDER}/{{topic}}/{{file}}", methods=["GET", "HEAD"], include_in_schema=False)
    async def result_file(request: Request, topic: str, file: str) -> Response:
        name, suffix = _parts(file)
        if suffix is None:
            return failed(UsageError("web.no-part", given=file, known=[same(ending) for ending in SUFFIXES]))
        query = query_of(request.query_params.multi_items())
        options = {name: query[name] for name in (PROTOCOL, SETTINGS, *OPTIONS) if name in query}
        key = (FOLDER, topic, file, tuple(sorted(options.items())))
        make = partial(content, store, topic, name, suffix, options)
        media_type, aside = MEDIA[_kind(suffix)], SETTINGS in options
        response = await cached_response(store, request, key, make, media_type, failed=failed, aside=aside)
        if response.status_code == OK:
            response.headers["content-disposition"] = f'attachment; filename="{topic}-{file}"'
        return response


def _parts(file: str) -> tuple[str, Suffix | None]:
    """Return the name of a result and the kind of its file; no kind where it has none of ours."""
    for suffix in reversed(SUFFIXES):
        if file.endswith(f".{suffix}"):
            return file.removesuffix(f".{suffix}"), suffix
    return file, None
