"""The server: pages and what they load, each made once and kept, compressed once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRINUSE
from functools import partial
from socket import AI_PASSIVE, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from xinzhi import __version__
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES, Language, words
from xinzhi.report.page import LANG
from xinzhi.web import pages, render
from xinzhi.web.address import CHARTS, PROTOCOL, Address
from xinzhi.web.api import PREFIX, add_api
from xinzhi.web.asked import both
from xinzhi.web.assets import NAMES, asset, media
from xinzhi.web.page import Page
from xinzhi.web.pages import claim, projects
from xinzhi.web.queue import BusyError
from xinzhi.web.reply import kept, spoken
from xinzhi.web.safety import OUTSIDE, Safety, language_of
from xinzhi.web.upload import body_of, screened

if TYPE_CHECKING:
    from starlette.types import Scope

    from xinzhi.core.text import Text
    from xinzhi.web.store import Store

HTML, SCRIPT = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
MISSING, UNUSABLE, BUSY = 404, 422, 503
READ = ["GET", "HEAD"]
HEAD = 16384  # bytes of the head of a request
BACKLOG = 2048  # connections that wait, as many as those of uvicorn


def application(store: Store) -> FastAPI:
    """Return the application that serves the pages of a store.

    Parameters
    ----------
    store
        The package and what was asked of it.

    Examples
    --------
    >>> from fastapi.testclient import TestClient
    >>> from xinzhi.web import Store
    >>> client = TestClient(application(Store("china-provinces")))
    >>> client.get("/", headers={"accept-language": "zh-CN"}, follow_redirects=False).headers["location"]
    '/zh/index.html'
    >>> client.get("/en/region/999999.html").status_code
    404
    """
    said = both(words("api.title"))
    app = FastAPI(title=said, version=__version__, docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/openapi.json")
    add_api(app, store)

    @app.api_route("/", methods=READ, include_in_schema=False)
    def root(request: Request) -> Response:
        return RedirectResponse(f"/{spoken(request.headers.get('accept-language', ''))}/index.html", 307)

    @app.api_route("/assets/{name}", methods=READ, include_in_schema=False)
    def loaded(request: Request, name: str) -> Response:
        if name not in NAMES:
            return _refused(store, _asked_at(request, "en"), words("web.error.missing_about"), MISSING)
        make = partial(asset, store, name, served=True)
        return kept(store, request, ("asset", name), make, f"{media(name)}; charset=utf-8")

    _add_projects(app, store)

    @app.api_route("/{path:path}", methods=READ, include_in_schema=False)
    def shown(request: Request, path: str) -> Response:
        language: Language = "zh" if path.startswith("zh") else "en"
        if path.strip("/") in LANGUAGES:
            return RedirectResponse(f"/{language}/index.html", 307)
        moving = path.endswith(CHARTS)
        there = Address.of(path.removesuffix(CHARTS) + ".html" if moving else path, dict(request.query_params))

        def made() -> Response:
            if there is None or not pages.exists(store, there):
                return _refused(store, _asked_at(request, language), words("web.error.missing_about"), MISSING)
            if PROTOCOL in there.query and PROTOCOL not in pages.asks(there) and not moving:  # says what it is not
                rest = {name: value for name, value in there.query.items() if name != PROTOCOL}
                return RedirectResponse(f"/{path}" + (f"?{urlencode(rest)}" if rest else ""), 307)
            return _page(store, request, pages.asked(there), path)

        return _given(store, _asked_at(request, language), made)

    return app


def _add_projects(app: FastAPI, store: Store) -> None:
    """Add the page of the projects that a visitor brings."""

    @app.post("/{language}/projects.html", include_in_schema=False)
    async def brought(request: Request, language: str) -> Response:
        if language not in LANGUAGES:
            return _refused(store, _asked_at(request, "en"), words("web.error.missing_about"), MISSING)
        data = await body_of(request, store.limits)
        return await run_sync(screened_page, store, data, language)


def _page(store: Store, request: Request, address: Address, path: str) -> Response:
    """Return a page that there is, or what makes its charts move; a form keeps what was typed where it is refused."""
    moving = path.endswith(CHARTS)
    make, kind = (render.charts, SCRIPT) if moving else (render.html, HTML)
    key = (path, tuple(sorted(address.query.items())))
    try:
        return kept(store, request, key, partial(make, store, address), kind)
    except UsageError as error:
        form = claim.refused(store, address, error) if address.page == "claim" and not moving else None
        if form is None:
            raise
        return Response(render.rendered(store, address, form), status_code=UNUSABLE, media_type=HTML)


def screened_page(store: Store, data: bytes, language: Language) -> Response:
    """Return the page of the projects that a visitor brings; nothing of it is kept."""
    there = Address(language, "projects")

    def made() -> Response:
        body = store.once(lambda: render.rendered(store, there, projects.answered(store, screened(store, data))))
        return Response(body, media_type=HTML, headers={"cache-control": "no-store"})

    return _given(store, there, made)


def safe(store: Store, token: str | None = None) -> Safety:
    """Return the application with what stands around it: token, limits, headers, log."""
    return Safety(application(store), token=token, limits=store.limits, page=partial(_turned_away, store))


def _turned_away(store: Store, scope: Scope, what: str, why: Text) -> bytes:
    """Return the page of a refusal; one who may see nothing else gets the words alone."""
    language = language_of(scope)
    if what in OUTSIDE:
        title = words("web.error.outside")
        return render.environment().get_template("outside.html.j2").render(
            lang=LANG[language], title=title.lang(language), why=why.lang(language)
        ).encode()  # fmt: skip
    there = Address(language, at=scope["raw_path"].decode("latin-1").removeprefix("/"))
    title = words("web.error.fault" if what == "fault" else "web.error.turned")
    return render.rendered(store, there, Page(title=title, lead=(why,))).encode()


def warm(store: Store) -> None:
    """Compute what the first visitor of either language would wait for."""
    for language in LANGUAGES:
        there = Address(language)
        store.answer((there.path, ()), partial(render.html, store, there))


def bound(host: str, port: int) -> socket:
    """Return a socket that listens at an address; visitors wait there until the server runs.

    Raises
    ------
    UsageError
        When the port is taken, or this machine has no such address.

    Examples
    --------
    >>> with bound("127.0.0.1", 0) as one:
    ...     one.getsockname()[0]
    '127.0.0.1'
    """
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
    import uvicorn

    from xinzhi.web.patience import Patient

    config = uvicorn.Config(
        safe(store, token), log_level="warning", server_header=False, access_log=False, ws="none",
        http=Patient.of(store.limits), timeout_keep_alive=int(store.limits.sending),
        limit_concurrency=store.limits.connections, h11_max_incomplete_event_size=HEAD,
    )  # fmt: skip
    with listening, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run([listening])


def _asked_at(request: Request, language: Language) -> Address:
    """Return where a page would stand that there is not: as deep as its path is in the browser."""
    return Address(language, at=request.scope["raw_path"].decode("latin-1").removeprefix("/"))


def _given(store: Store, there: Address, make: Callable[[], Response]) -> Response:
    """Return a page, or one that says why there is none."""
    try:
        return make()
    except BusyError as error:
        answer = _refused(store, there, error.text, BUSY)
        answer.headers["retry-after"] = str(error.retry)
        return answer
    except XinzhiError as error:
        return _refused(store, there, error.text, UNUSABLE)


def _refused(store: Store, there: Address, why: object, status: int) -> Response:
    """Return a page that says why there is none."""
    title = words("web.error.missing" if status == MISSING else "web.error.refused")
    made = Page(title=title, lead=(why,))  # type: ignore[arg-type] # a text
    return Response(render.rendered(store, there, made), status_code=status, media_type=HTML)
