"""The server: pages and what they load, each made once and kept, compressed once."""

from __future__ import annotations

import sys
from contextlib import suppress
from errno import EADDRINUSE
from functools import partial
from socket import AI_PASSIVE, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket
from urllib.parse import urlencode

import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import Scope

from xinzhi import __version__, words
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES, Language, Text
from xinzhi.report.page import LANG
from xinzhi.web import pages, render
from xinzhi.web.api import PREFIX, add_api
from xinzhi.web.asked import both
from xinzhi.web.downloads import add_files
from xinzhi.web.page import PROTOCOL, SETTINGS, Address, Page, again, query_of
from xinzhi.web.pages import forms
from xinzhi.web.queue import BusyError
from xinzhi.web.reply import BUSY, MISSING, UNUSABLE, sent, spoken
from xinzhi.web.safety import OUTSIDE, Patient, Safety, language_of
from xinzhi.web.static import NAMES, TYPES, asset
from xinzhi.web.store import Store
from xinzhi.web.upload import body_of, screened

HTML = "text/html; charset=utf-8"
READ = ["GET", "HEAD"]
HEAD = 16384  # bytes of the head of a request
BACKLOG = 2048  # connections that wait, as many as those of uvicorn


def application(store: Store) -> FastAPI:
    """Return the application that serves the pages of a store."""
    said = both(words.api.title())
    app = FastAPI(title=said, version=__version__, docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/openapi.json")
    add_api(app, store)

    @app.api_route("/", methods=READ, include_in_schema=False)
    async def root(request: Request) -> Response:
        return RedirectResponse(f"/{spoken(request.headers.get('accept-language', ''))}/index.html", 307)

    @app.api_route("/assets/{name}", methods=READ, include_in_schema=False)
    async def loaded(request: Request, name: str) -> Response:
        there, make = _asked_at(request, "en"), partial(asset, store, name, served=True)
        if name not in NAMES:
            return await run_sync(_told, store, there, UsageError("web.no-page"))
        return await sent(
            store,
            request,
            ("asset", name),
            make,
            f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8",
            failed=partial(_told, store, there),
        )

    _add_projects(app, store)
    add_files(app, store)

    @app.api_route("/{path:path}", methods=READ, include_in_schema=False)
    async def shown(request: Request, path: str) -> Response:
        language: Language = "zh" if path.startswith("zh") else "en"
        if path.strip("/") in LANGUAGES:
            return RedirectResponse(f"/{language}/index.html", 307)
        query = request.query_params.multi_items()
        there = Address.of(path, query_of(query))
        if there is not None and (SETTINGS, "") in query:  # a form sends what it does not change, too
            return RedirectResponse(f"/{path}" + again(there.query), 307)
        if there is None:
            return await run_sync(_told, store, _asked_at(request, language), UsageError("web.no-page"))
        if PROTOCOL in there.query and PROTOCOL not in pages.asks(there):  # says what it is not
            rest = {name: value for name, value in there.query.items() if name != PROTOCOL}
            return RedirectResponse(f"/{path}" + (f"?{urlencode(rest)}" if rest else ""), 307)
        asked = pages.asked(there)
        failed = partial(_without, store, _asked_at(request, language), asked)
        return await sent(
            store,
            request,
            (path, tuple(sorted(asked.query.items()))),
            partial(_made, store, asked),
            HTML,
            failed=failed,
            aside=SETTINGS in asked.query,
        )

    return app


def _add_projects(app: FastAPI, store: Store) -> None:
    """Add the page of the projects that a visitor brings."""

    @app.post("/{language}/projects.html", include_in_schema=False)
    async def brought(request: Request, language: str) -> Response:
        if language not in LANGUAGES:
            return await run_sync(_told, store, _asked_at(request, "en"), UsageError("web.no-page"))
        data = await body_of(request, store.limits)
        return await run_sync(screened_page, store, data, language_of(request.scope))


def _made(store: Store, address: Address) -> bytes:
    """Return a page."""
    if not pages.exists(store, address):
        raise UsageError("web.no-page")
    return render.html(store, address)


def _without(store: Store, there: Address, address: Address, error: XinzhiError) -> Response:
    """Return what says why there is no page; a form keeps what was typed."""
    if isinstance(error, UsageError) and address.page == "claim":
        try:
            form = forms.refused(store, address, error)
        except XinzhiError as other:
            return _told(store, there, other)
        if form is not None:
            return Response(render.rendered(store, address, form), status_code=UNUSABLE, media_type=HTML)
    return _told(store, there, error)


def screened_page(store: Store, data: bytes, language: Language) -> Response:
    """Return the page of the projects that a visitor brings; nothing of it is kept."""
    there = Address(language, "projects")
    try:
        body = store.once(lambda: render.rendered(store, there, forms.answered(store, there, screened(store, data))))
    except XinzhiError as error:
        return _told(store, there, error)
    return Response(body, media_type=HTML, headers={"cache-control": "no-store"})


def safe(store: Store, token: str | None = None) -> Safety:
    """Return the application with what stands around it: token, limits, headers, log."""
    return Safety(application(store), token=token, limits=store.limits, page=partial(_turned_away, store))


def _turned_away(store: Store, scope: Scope, what: str, why: Text) -> bytes:
    """Return the page of a refusal; one who may see nothing else gets the words alone."""
    language = language_of(scope)
    if what in OUTSIDE:
        title = words.web.error_outside()
        return (
            render.environment()
            .get_template("outside.html.j2")
            .render(lang=LANG[language], title=title.lang(language), why=why.lang(language))
            .encode()
        )
    there = Address(language, at=scope["raw_path"].decode("latin-1").removeprefix("/"))
    title = words.web.error_fault() if what == "fault" else words.web.error_turned()
    return render.rendered(store, there, Page(title=title, lead=(why,))).encode()


def warm(store: Store) -> None:
    """Compute what the first visitor of either language would wait for."""
    for language in LANGUAGES:
        there = Address(language)
        store.answer((there.path, ()), partial(render.html, store, there))


def bound(host: str, port: int) -> socket:
    """Return a socket that listens at an address; visitors wait there until the server runs."""
    made = None
    try:
        family, kind, number, _, place = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        made = socket(family, kind, number)
        if sys.platform != "win32":  # there it would share a port that is in use
            made.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        made.bind(place)
        made.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        if made is not None:
            made.close()
        taken = isinstance(error, OSError) and error.errno == EADDRINUSE
        raise UsageError("web.port-taken" if taken else "web.no-place", host=host, port=port) from error
    return made


def run(store: Store, listening: socket, token: str | None = None) -> None:
    """Serve a store until the process is stopped; the log goes to standard error, without a name or address."""
    config = uvicorn.Config(
        safe(store, token),
        log_level="warning",
        server_header=False,
        access_log=False,
        ws="none",
        http=Patient.of(store.limits),
        timeout_keep_alive=int(store.limits.sending),
        limit_concurrency=store.limits.connections,
        h11_max_incomplete_event_size=HEAD,
    )
    with listening, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listening])


def _asked_at(request: Request, language: Language) -> Address:
    """Return where a page would stand that there is not: as deep as its path is in the browser."""
    return Address(language, at=request.scope["raw_path"].decode("latin-1").removeprefix("/"))


def _told(store: Store, there: Address, error: XinzhiError) -> Response:
    """Return the page that says why there is none."""
    missing = error.code == "web.no-page"
    title = words.web.error_missing() if missing else words.web.error_refused()
    code = MISSING if missing else BUSY if isinstance(error, BusyError) else UNUSABLE
    made = render.rendered(store, there, Page(title=title, lead=(error.text,)))
    more = {"retry-after": str(error.retry)} if isinstance(error, BusyError) else {}
    return Response(made, status_code=code, media_type=HTML, headers=more)
