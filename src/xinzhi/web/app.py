"""The application: pages, files of results, the interface for programs, and what answers an error."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.types import Scope

from xinzhi import __version__, words
from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES, Language, Text
from xinzhi.report.internal import LANG
from xinzhi.web import pages, render
from xinzhi.web.api import PREFIX, add_api
from xinzhi.web.downloads import add_files
from xinzhi.web.page import PROTOCOL, SETTINGS, Address, Page, query_of, query_string
from xinzhi.web.pages import forms
from xinzhi.web.parameters import bilingual
from xinzhi.web.responses import BUSY, MISSING, UNUSABLE, cached_response, preferred_language, uncached_response
from xinzhi.web.safety import OUTSIDE, Safety, language_of
from xinzhi.web.static import NAMES, TYPES, asset
from xinzhi.web.store import Store
from xinzhi.web.upload import body_of, screen_upload
from xinzhi.web.workers import BusyError

HTML = "text/html; charset=utf-8"
GET_AND_HEAD = ["GET", "HEAD"]


def application(store: Store) -> FastAPI:
    """Return the application that serves the pages of a store."""
    title = bilingual(words.api.title())
    app = FastAPI(title=title, version=__version__, docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/openapi.json")
    add_api(app, store)

    @app.api_route("/", methods=GET_AND_HEAD, include_in_schema=False)
    async def root(request: Request) -> Response:
        return RedirectResponse(f"/{preferred_language(request.headers.get('accept-language', ''))}/index.html", 307)

    @app.api_route("/assets/{name}", methods=GET_AND_HEAD, include_in_schema=False)
    async def asset_file(request: Request, name: str) -> Response:
        failed = partial(error_page, store, _missing_address(request, "en"))
        if name not in NAMES:
            return await run_sync(failed, UsageError("web.no-page"))
        media_type = f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8"
        make = partial(asset, store, name, served=True)
        return await cached_response(store, request, ("asset", name), make, media_type, failed=failed)

    @app.post("/{language}/projects.html", include_in_schema=False)
    async def screened_projects(request: Request, language: str) -> Response:
        if language not in LANGUAGES:
            return await run_sync(error_page, store, _missing_address(request, "en"), UsageError("web.no-page"))
        data = await body_of(request, store.limits)
        address = Address(language_of(request.scope), "projects")
        work = partial(screened_page, store, address, data)
        return await uncached_response(store, work, failed=partial(error_page, store, address))

    add_files(app, store)

    @app.api_route("/{path:path}", methods=GET_AND_HEAD, include_in_schema=False)
    async def page(request: Request, path: str) -> Response:
        target = redirection(path, request.query_params.multi_items())
        if target is not None:
            return RedirectResponse(target, 307)
        missing = _missing_address(request, "zh" if path.startswith("zh") else "en")
        address = Address.parse(path, query_of(request.query_params.multi_items()))
        if address is None:
            return await run_sync(error_page, store, missing, UsageError("web.no-page"))
        address = pages.known_query(address)
        return await cached_response(
            store,
            request,
            page_key(address),
            partial(render.html, store, address),
            HTML,
            failed=partial(page_without_answer, store, missing, address),
            aside=SETTINGS in address.query,
        )

    return app


def page_key(address: Address) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what tells a page from all others."""
    return address.path, tuple(sorted(address.query.items()))


def redirection(path: str, pairs: list[tuple[str, str]]) -> str | None:
    """Return where a path leads instead: the first page of a language, or a query without what a page does not read."""
    if path.strip("/") in LANGUAGES:
        return f"/{path.strip('/')}/index.html"
    address = Address.parse(path, query_of(pairs))
    if address is None:
        return None
    if (SETTINGS, "") in pairs:  # a form sends what it does not change, too
        return f"/{path}" + query_string(address.query)
    if PROTOCOL in address.query and PROTOCOL not in pages.query_names(address):  # a page must not seem to be under it
        rest = {name: value for name, value in address.query.items() if name != PROTOCOL}
        return f"/{path}" + (f"?{urlencode(rest)}" if rest else "")
    return None


def page_without_answer(store: Store, missing: Address, address: Address, error: XinzhiError) -> Response:
    """Return the page of an error; a form keeps what was typed."""
    if isinstance(error, UsageError) and address.page == "claim":
        try:
            form = forms.form_with_error(store, address, error)
        except XinzhiError as form_error:
            return error_page(store, missing, form_error)
        if form is not None:
            return Response(render.page_html(store, address, form), status_code=UNUSABLE, media_type=HTML)
    return error_page(store, missing, error)


def error_page(store: Store, address: Address, error: XinzhiError) -> Response:
    """Return the page of an error: there is no such page, the question is refused, or there is no room."""
    missing = error.code == "web.no-page"
    title = words.web.error_missing() if missing else words.web.error_refused()
    body = render.page_html(store, address, Page(title=title, lead=(error.text,)))
    if isinstance(error, BusyError):
        return Response(
            body,
            status_code=BUSY,
            media_type=HTML,
            headers={"retry-after": str(error.retry), "refresh": str(error.retry)},
        )
    return Response(body, status_code=MISSING if missing else UNUSABLE, media_type=HTML)


def screened_page(store: Store, address: Address, data: bytes) -> Response:
    """Return the page of the projects that a visitor brings."""
    page = forms.screening_page(store, address, screen_upload(store, data))
    return Response(render.page_html(store, address, page), media_type=HTML)


def safe(store: Store, token: str | None = None) -> Safety:
    """Return the application with what stands around it: token, limits, headers, log."""
    return Safety(application(store), token=token, limits=store.limits, page=partial(_refusal_page, store))


def _refusal_page(store: Store, scope: Scope, what: str, why: Text) -> bytes:
    """Return the page of a refusal; one who may see nothing else gets the words alone."""
    language = language_of(scope)
    if what in OUTSIDE:
        title = words.web.error_outside()
        template = render.environment().get_template("outside.html.j2")
        return template.render(lang=LANG[language], title=title.lang(language), why=why.lang(language)).encode()
    address = Address(language, at=scope["raw_path"].decode("latin-1").removeprefix("/"))
    title = words.web.error_fault() if what == "fault" else words.web.error_turned()
    return render.page_html(store, address, Page(title=title, lead=(why,))).encode()


def _missing_address(request: Request, language: Language) -> Address:
    """Return where a page would stand that there is not: as deep as its path is in the browser."""
    return Address(language, at=request.scope["raw_path"].decode("latin-1").removeprefix("/"))
