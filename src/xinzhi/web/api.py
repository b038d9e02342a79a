"""The interface for programs: the same topics, names and answers as `xinzhi.study` and ``--json``, at /api/v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from xinzhi import __version__, words
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Language, Text, read_words, same
from xinzhi.protocol import diff, plain, registry
from xinzhi.report import PictureKind, Section, TableKind, as_json, drawing, file_of, study_document
from xinzhi.studies import Study
from xinzhi.web.asked import TOPICS, WORD, Explaining, Wish, amiss, both, wish_of
from xinzhi.web.reply import BUSY, JSON, MEDIA, MISSING, MISUSE, UNUSABLE, refusal, sent, told
from xinzhi.web.store import Store
from xinzhi.web.upload import add_uploads

PREFIX = "/api/v1"
SUFFIX: Mapping[str, str] = {"sdmx": "sdmx.csv", "json": "vl.json"}
FAULTS: Mapping[int | str, dict[str, Any]] = {
    code: {"description": both(words.api.refusal_of(name)), "content": {JSON: {"schema": {"type": "object"}}}}
    for code, name in {MISUSE: "misuse", UNUSABLE: "unusable", BUSY: "busy"}.items()
}
Lang = Annotated[Language, Query(description=both(words.api.option_lang()))]
Query64 = Annotated[str, Query(max_length=64, pattern=WORD)]
Name = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


def add_api(app: FastAPI, store: Store) -> None:
    """Add the interface for programs to an application."""
    made = APIRouter(prefix=PREFIX, responses=dict(FAULTS))
    for topic in TOPICS:
        _add(made, store, topic)
    _add_registries(made, store)
    add_uploads(made, store)
    made.add_api_route("/{rest:path}", _nothing, methods=["GET"], include_in_schema=False)
    app.include_router(made)
    app.add_exception_handler(RequestValidationError, _misread)


def _nothing(request: Request) -> Response:
    """Answer an address that there is not."""
    return refusal(UsageError("web.no-address", given=request.url.path, index=PREFIX), _language(request), MISSING)


def _misread(request: Request, error: Exception) -> Response:
    """Tell values that cannot be read as every other error."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    return refusal(UsageError("web.values", what=[amiss(one) for one in wrong]), _language(request), UNUSABLE)


def _language(request: Request) -> Language:
    return "zh" if request.query_params.get("lang") == "zh" else "en"


class Asked:
    """One question to the store: the study, and the files of it."""

    def __init__(self, store: Store, topic: str, wish: Wish) -> None:
        self.store, self.topic, self.wish = store, topic, wish
        self.language: Language = wish.lang

    @property
    def key(self) -> tuple[str, ...]:
        """What tells this question from others."""
        return (self.topic, self.wish.model_dump_json(exclude_defaults=True))

    def study(self) -> Study:
        """Return the study."""
        return self.wish.study(self.store, self.topic)

    def result(self, name: str) -> tuple[Study, Result]:
        """Return a result of the study by its name."""
        made = self.study()
        if name not in made.results:
            raise UsageError("web.no-part", given=name, known=[same(one) for one in made.results])
        return made, made.results[name]

    def section(self, name: str) -> Section:
        """Return what a result says."""
        made, _ = self.result(name)
        return self.store.section(made, name, region=made.region)

    def document(self) -> bytes:
        """Return the study as ``--json`` prints it."""
        return as_json(study_document(self.study(), self.language))

    def contents(self) -> bytes:
        """Return the names of everything that can be downloaded."""
        made = self.study()
        found: dict[str, dict[str, dict[str, str]]] = {}
        for name in made.results:
            try:
                section = self.section(name)
            except UsageError:  # a result that is read in others alone, such as the gaps of a brief
                found[name] = {"tables": {}, "pictures": {}}
                continue
            found[name] = {
                "tables": {one.key: one.title.lang(self.language) for one in section.contents()},
                "pictures": {one.kind: one.title.lang(self.language) for one in section.pictures},
            }
        return as_json({"topic": self.topic, "results": found})

    def frame(self, name: str, kind: TableKind) -> bytes:
        """Return the tidy frame of a result as a file."""
        return file_of(self.result(name)[1], kind)

    def table(self, name: str, key: str, kind: TableKind) -> bytes:
        """Return a table as it is shown as a file."""
        known = {one.key: one for one in self.section(name).contents()}
        if key not in known:
            raise UsageError("web.no-part", given=key, known=[same(one) for one in known])
        return file_of(known[key], kind, self.language, self.result(name)[1].provenance.foot(self.language))

    def picture(self, name: str, key: str, kind: PictureKind) -> bytes:
        """Return a picture as a file."""
        made, result = self.result(name)
        return drawing(result, key, kind, self.language, region=made.region)


def _add(made: APIRouter, store: Store, topic: str) -> None:
    wish_kind = wish_of(topic)

    async def study(request: Request, wish: Wish) -> Response:
        asked = Asked(store, topic, wish)
        return await _answer(request, asked, "json", asked.document)

    async def contents(request: Request, wish: Wish) -> Response:
        asked = Asked(store, topic, wish)
        return await _answer(request, asked, "json", asked.contents, "contents")

    async def frame(request: Request, wish: Wish, result: Name, kind: TableKind) -> Response:
        asked = Asked(store, topic, wish)
        return await _file(request, asked, kind, partial(asked.frame, result, kind), result)

    async def table(request: Request, wish: Wish, result: Name, key: Name, kind: TableKind) -> Response:
        asked = Asked(store, topic, wish)
        return await _file(request, asked, kind, partial(asked.table, result, key, kind), result, key)

    async def picture(request: Request, wish: Wish, result: Name, key: Name, kind: PictureKind) -> Response:
        asked = Asked(store, topic, wish)
        return await _file(request, asked, kind, partial(asked.picture, result, key, kind), result, key)

    routes: dict[str, Callable[..., Awaitable[Response]]] = {
        "": study,
        "/contents": contents,
        "/results/{result}.{kind}": frame,
        "/tables/{result}/{key}.{kind}": table,
        "/pictures/{result}/{key}.{kind}": picture,
    }
    for path, run in routes.items():
        run.__annotations__ = {**_types(run), "wish": Annotated[wish_kind, Query()]}
        verb = (
            read_words("verbs.yaml").get(topic) if run is study else None
        )  # as the command line says it, where it does
        about = words.api.route_of(topic if run is study else run.__name__) if verb is None else Text(**verb)
        made.add_api_route(
            f"/{topic}{path}",
            run,
            methods=["GET"],
            summary=both(about),
            tags=[topic],
            name=f"{topic}.{run.__name__}",
            response_class=Response,
        )


def _types(run: Callable[..., Awaitable[Response]]) -> dict[str, Any]:
    """Return the types of a function; those of its arguments are read by name."""
    known = {
        "request": Request,
        "result": Name,
        "key": Name,
        "kind": PictureKind if run.__name__ == "picture" else TableKind,
    }
    return {name: known.get(name, Response) for name in run.__annotations__}


async def _answer(request: Request, asked: Asked, kind: str, make: Callable[[], bytes], *part: str) -> Response:
    """Return an answer that is kept; an error is told as ``--json`` tells it."""
    return await sent(
        asked.store,
        request,
        (*asked.key, *part),
        make,
        MEDIA[kind],
        failed=partial(refusal, language=asked.language),
        aside=bool(getattr(asked.wish, "set", None)),
    )


async def _file(request: Request, asked: Asked, kind: str, make: Callable[[], bytes], *name: str) -> Response:
    """Return an answer that browsers save under the name of what it is."""
    reply = await _answer(request, asked, kind, make, *name, kind, "file")
    if reply.status_code == 200:  # noqa: PLR2004 - it is there
        reply.headers["content-disposition"] = (
            f'attachment; filename="{"-".join((asked.topic, *name))}.{SUFFIX.get(kind, kind)}"'
        )
    return reply


def _add_registries(made: APIRouter, store: Store) -> None:
    """Add what is not a study: regions, protocols, findings."""

    async def index(request: Request, lang: Lang = "en") -> Response:
        return await _told_of(store, request, ("index",), lambda: as_json(_index(store)), lang)

    def regions(q: Query64 = "", lang: Lang = "en") -> Response:
        return told(lambda: Response(as_json({"regions": store.search(q)}), media_type=JSON), lang)

    async def check(request: Request, lang: Lang = "en") -> Response:
        return await _told_of(
            store, request, ("check",), lambda: as_json([one.to_dict() for one in store.findings()]), lang
        )

    def protocols(lang: Lang = "en") -> Response:
        named = ("id", "version", "status", "extends", "fingerprint")
        rows = [{name: getattr(one, name) for name in named} | {"title": asdict(one.title)} for one in registry()]
        return told(lambda: Response(as_json(rows), media_type=JSON), lang)

    def difference(first: Query64, second: Query64, lang: Lang = "en") -> Response:
        def differ() -> Response:
            found = diff(store.protocol(first), store.protocol(second))
            rows = [{"parameter": one.path, "first": plain(one.left), "second": plain(one.right)} for one in found]
            return Response(as_json(rows), media_type=JSON)

        return told(differ, lang)

    async def explain(request: Request, wish: Annotated[Explaining, Query()]) -> Response:
        key = ("explain", wish.model_dump_json())
        return await _told_of(store, request, key, partial(_explained, store, wish), wish.lang)

    def protocol(name: Name, lang: Lang = "en") -> Response:
        return told(lambda: Response(as_json(store.protocol(name).to_dict()), media_type=JSON), lang)

    routes: dict[str, Callable[..., Response | Awaitable[Response]]] = {
        "": index,
        "/explain": explain,
        "/regions": regions,
        "/check": check,
        "/protocols": protocols,
        "/protocols/difference": difference,
        "/protocols/{name}": protocol,
    }
    for path, run in routes.items():
        made.add_api_route(
            path,
            run,
            methods=["GET"],
            summary=both(words.api.route_of(run.__name__)),
            response_class=Response,
            tags=["about"],
        )


async def _told_of(
    store: Store, request: Request, key: tuple[str, ...], make: Callable[[], bytes], language: Language
) -> Response:
    return await sent(store, request, key, make, JSON, failed=partial(refusal, language=language))


def _explained(store: Store, wish: Explaining) -> bytes:
    """Return what stands behind a figure."""
    _, made = wish.explained(store)
    texts = {"text": made.text, "foot": made.foot, "issuers": made.issuers or same("")}
    said = {name: text.lang(wish.lang) for name, text in texts.items()}
    return as_json({"topic": wish.of, "region": made.region, **said, **made.figures})


def _index(store: Store) -> dict[str, Any]:
    return {
        "xinzhi": __version__,
        "package": store.package.name,
        "title": asdict(store.package.title),
        "protocol": store.rules.id,
        "fingerprint": store.rules.fingerprint,
        "topics": [f"{PREFIX}/{topic}" for topic in TOPICS],
    }
