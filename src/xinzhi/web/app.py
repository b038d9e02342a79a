"""The server: pages and what they load, each made once and kept, compressed once."""

from __future__ import annotations

import gzip
from hashlib import blake2b
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from xinzhi.core.errors import XinzhiError
from xinzhi.core.text import LANGUAGES, Language, words
from xinzhi.web import pages, render
from xinzhi.web.address import Address
from xinzhi.web.assets import NAMES, asset, media
from xinzhi.web.page import Page
from xinzhi.web.queue import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from xinzhi.web.store import Store

HTML = "text/html; charset=utf-8"
MISSING, UNUSABLE, BUSY = 404, 422, 503
READ = ["GET", "HEAD"]


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
    app = FastAPI(title="xinzhi", docs_url=None, redoc_url=None, openapi_url=None)

    @app.api_route("/", methods=READ, include_in_schema=False)
    def root(request: Request) -> Response:
        return RedirectResponse(f"/{spoken(request.headers.get('accept-language', ''))}/index.html", 307)

    @app.api_route("/assets/{name}", methods=READ, include_in_schema=False)
    def loaded(request: Request, name: str) -> Response:
        if name not in NAMES:
            return _refused(store, "en", words("web.error.missing_about"), MISSING)
        kept = _kept(store, request, ("asset", name), lambda: asset(store, name, served=True))
        return _answer(request, kept, f"{media(name)}; charset=utf-8")

    @app.api_route("/{path:path}", methods=READ, include_in_schema=False)
    def shown(request: Request, path: str) -> Response:
        language: Language = "zh" if path.startswith("zh") else "en"
        if path.strip("/") in LANGUAGES:
            return RedirectResponse(f"/{language}/index.html", 307)
        there = Address.of(path, dict(request.query_params))
        try:
            if there is None or not pages.exists(store, there):
                return _refused(store, language, words("web.error.missing_about"), MISSING)
            there = pages.asked(there)
            key = ("page", there.path, tuple(sorted(there.query.items())))
            return _answer(request, _kept(store, request, key, lambda: render.html(store, there)), HTML)
        except BusyError as error:
            answer = _refused(store, language, error.text, BUSY)
            answer.headers["retry-after"] = str(error.retry)
            return answer
        except XinzhiError as error:
            return _refused(store, language, error.text, UNUSABLE)

    return app


def run(store: Store, host: str, port: int) -> None:
    """Serve the pages of a store until the process is stopped."""
    import uvicorn

    uvicorn.run(application(store), host=host, port=port, log_level="warning", server_header=False)


def spoken(accepted: str) -> Language:
    """Return the language of a browser: the first of ours that it accepts.

    Examples
    --------
    >>> spoken("fr, zh-CN;q=0.8, en;q=0.5"), spoken("")
    ('zh', 'en')
    """
    known = [one.strip()[:2].lower() for one in accepted.split(",")]
    found = min(("en", "zh"), key=lambda one: known.index(one) if one in known else len(known))
    return "zh" if found == "zh" else "en"


def _kept(store: Store, request: Request, key: tuple[Hashable, ...], make: Callable[[], bytes]) -> tuple[bytes, bool]:
    """Return an answer, compressed where the browser takes it."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return store.answer(key, make), False
    return store.answer(("gzip", *key), lambda: gzip.compress(store.answer(key, make), 6, mtime=0)), True


def _answer(request: Request, kept: tuple[bytes, bool], kind: str) -> Response:
    """Return a response; a browser that has it already is told so."""
    body, packed = kept
    tag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers | ({"content-encoding": "gzip"} if packed else {}))


def _refused(store: Store, language: Language, why: object, status: int) -> Response:
    """Return a page that says why there is none."""
    title = words("web.error.missing" if status == MISSING else "web.error.refused")
    made = Page(title=title, lead=(why,))  # type: ignore[arg-type] # a text
    return Response(render.rendered(store, Address(language), made), status_code=status, media_type=HTML)
