"""The interface for programs: the same topics, names and answers as `xinzhi.study` and ``--json``, at /api/v1."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from xinzhi import __version__, words
from xinzhi.core.errors import UsageError
from xinzhi.core.result import Result
from xinzhi.core.text import Language, Text, read_words, same
from xinzhi.protocol import diff, plain, registry
from xinzhi.report import PictureKind, Section, TableKind, as_json, drawing, file_of, study_document
from xinzhi.studies.internal import ON_SERVERS, Study
from xinzhi.web.parameters import WORD, ExplainQuery, TopicQuery, amiss, bilingual, query_model
from xinzhi.web.responses import (
    BUSY,
    JSON,
    MEDIA,
    MISSING,
    MISUSE,
    OK,
    UNUSABLE,
    answer_or_refusal,
    cached_response,
    refusal,
)
from xinzhi.web.store import Store
from xinzhi.web.upload import add_uploads

PREFIX = "/api/v1"
SUFFIX: Mapping[str, str] = {"sdmx": "sdmx.csv", "json": "vl.json"}
FAULTS: Mapping[int | str, dict[str, object]] = {
    code: {"description": bilingual(words.api.refusal_of(name)), "content": {JSON: {"schema": {"type": "object"}}}}
    for code, name in {MISUSE: "misuse", UNUSABLE: "unusable", BUSY: "busy"}.items()
}
Lang = Annotated[Language, Query(description=bilingual(words.api.option_lang()))]
Query64 = Annotated[str, Query(max_length=64, pattern=WORD)]
Name = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


def add_api(app: FastAPI, store: Store) -> None:
    """Add the interface for programs to an application."""
    router = APIRouter(prefix=PREFIX, responses=dict(FAULTS))
    for topic in ON_SERVERS:
        _add(router, store, topic)
    _add_registries(router, store)
    add_uploads(router, store)
    router.add_api_route("/{rest:path}", _nothing, methods=["GET"], include_in_schema=False)
    app.include_router(router)
    app.add_exception_handler(RequestValidationError, _misread)


def _nothing(request: Request) -> Response:
    """Answer an address that there is not."""
    return refusal(UsageError("web.no-address", given=request.url.path, index=PREFIX), _language(request), MISSING)


def _misread(request: Request, error: Exception) -> Response:
    """Return values that cannot be read as every other error."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else []
    return refusal(UsageError("web.values", what=[amiss(error) for error in wrong]), _language(request), UNUSABLE)


def _language(request: Request) -> Language:
    return "zh" if request.query_params.get("lang") == "zh" else "en"


class StudyQuery:
    """One question to the store: the study, and the files of it."""

    def __init__(self, store: Store, topic: str, options: TopicQuery) -> None:
        self.store, self.topic, self.options = store, topic, options
        self.language: Language = options.lang

    @property
    def key(self) -> tuple[str, ...]:
        """What tells this question from others."""
        return (self.topic, self.options.model_dump_json(exclude_defaults=True))

    def result(self, name: str) -> tuple[Study, Result]:
        """Return a result of the study by its name."""
        study = self.options.study(self.store, self.topic)
        if name not in study.results:
            raise UsageError("web.no-part", given=name, known=[same(name) for name in study.results])
        return study, study.results[name]

    def section(self, name: str) -> Section:
        """Return what a result says."""
        study, _ = self.result(name)
        return self.store.section(study, name, region=study.region)

    def document(self) -> bytes:
        """Return the study as ``--json`` prints it."""
        return as_json(study_document(self.options.study(self.store, self.topic), self.language))

    def contents(self) -> bytes:
        """Return the names of everything that can be downloaded."""
        study = self.options.study(self.store, self.topic)
        results: dict[str, dict[str, dict[str, str]]] = {}
        for name in study.results:
            try:
                section = self.section(name)
            except UsageError:  # a result that is read in others alone, such as the gaps of a brief
                results[name] = {"tables": {}, "pictures": {}}
                continue
            results[name] = {
                "tables": {table.key: table.title.lang(self.language) for table in section.contents()},
                "pictures": {picture.kind: picture.title.lang(self.language) for picture in section.pictures},
            }
        return as_json({"topic": self.topic, "results": results})

    def frame(self, name: str, kind: TableKind) -> bytes:
        """Return the tidy frame of a result as a file."""
        return file_of(self.result(name)[1], kind)

    def table(self, name: str, key: str, kind: TableKind) -> bytes:
        """Return a table as it is shown as a file."""
        tables = {table.key: table for table in self.section(name).contents()}
        if key not in tables:
            raise UsageError("web.no-part", given=key, known=[same(key) for key in tables])
        return file_of(tables[key], kind, self.language, self.result(name)[1].provenance.foot(self.language))

    def picture(self, name: str, key: str, kind: PictureKind) -> bytes:
        """Return a picture as a file."""
        study, result = self.result(name)
        return drawing(result, key, kind, self.language, region=study.region)


def _add(router: APIRouter, store: Store, topic: str) -> None:
    model = query_model(topic)

    async def study(request: Request, options: TopicQuery) -> Response:
        query = StudyQuery(store, topic, options)
        return await _answer(request, query, "json", query.document)

    async def contents(request: Request, options: TopicQuery) -> Response:
        query = StudyQuery(store, topic, options)
        return await _answer(request, query, "json", query.contents, "contents")

    async def frame(request: Request, options: TopicQuery, result: Name, kind: TableKind) -> Response:
        query = StudyQuery(store, topic, options)
        return await _file(request, query, kind, partial(query.frame, result, kind), result)

    async def table(request: Request, options: TopicQuery, result: Name, key: Name, kind: TableKind) -> Response:
        query = StudyQuery(store, topic, options)
        return await _file(request, query, kind, partial(query.table, result, key, kind), result, key)

    async def picture(request: Request, options: TopicQuery, result: Name, key: Name, kind: PictureKind) -> Response:
        query = StudyQuery(store, topic, options)
        return await _file(request, query, kind, partial(query.picture, result, key, kind), result, key)

    routes: dict[str, Callable[..., Awaitable[Response]]] = {
        "": study,
        "/contents": contents,
        "/results/{result}.{kind}": frame,
        "/tables/{result}/{key}.{kind}": table,
        "/pictures/{result}/{key}.{kind}": picture,
    }
    for path, run in routes.items():
        run.__annotations__["options"] = Annotated[model, Query()]
        about = _title(topic) if run is study else words.api.route_of(run.__name__)
        router.add_api_route(
            f"/{topic}{path}",
            run,
            methods=["GET"],
            summary=bilingual(about),
            tags=[topic],
            name=f"{topic}.{run.__name__}",
            response_class=Response,
        )


def _title(topic: str) -> Text:
    """Return what a topic is, as the command line has it where it has the topic."""
    verb = read_words("verbs.yaml").get(topic)
    return words.api.route_of(topic) if verb is None else Text(**verb)


def _answer(
    request: Request, query: StudyQuery, kind: str, make: Callable[[], bytes], *part: str
) -> Awaitable[Response]:
    """Return an answer that is kept; an error is the same JSON as that of ``--json``."""
    return cached_response(
        query.store,
        request,
        (*query.key, *part),
        make,
        MEDIA[kind],
        failed=partial(refusal, language=query.language),
        aside=bool(getattr(query.options, "set", None)),
    )


async def _file(request: Request, query: StudyQuery, kind: str, make: Callable[[], bytes], *name: str) -> Response:
    """Return an answer that browsers save under the name of what it is."""
    response = await _answer(request, query, kind, make, *name, kind, "file")
    if response.status_code == OK:
        response.headers["content-disposition"] = (
            f'attachment; filename="{"-".join((query.topic, *name))}.{SUFFIX.get(kind, kind)}"'
        )
    return response


def _add_registries(router: APIRouter, store: Store) -> None:
    """Add what is not a study: regions, protocols, findings."""

    async def index(request: Request, lang: Lang = "en") -> Response:
        return await _registry_answer(store, request, ("index",), lambda: as_json(_index(store)), lang)

    def regions(q: Query64 = "", lang: Lang = "en") -> Response:
        return answer_or_refusal(lambda: Response(as_json({"regions": store.search(q)}), media_type=JSON), lang)

    async def check(request: Request, lang: Lang = "en") -> Response:
        return await _registry_answer(
            store, request, ("check",), lambda: as_json([finding.to_dict() for finding in store.findings()]), lang
        )

    def protocols(lang: Lang = "en") -> Response:
        rows = [{**protocol.identity, "title": asdict(protocol.title)} for protocol in registry()]
        return answer_or_refusal(lambda: Response(as_json(rows), media_type=JSON), lang)

    def difference(first: Query64, second: Query64, lang: Lang = "en") -> Response:
        def differ() -> Response:
            departures = diff(store.protocol(first), store.protocol(second))
            rows = [
                {"parameter": departure.path, "first": plain(departure.left), "second": plain(departure.right)}
                for departure in departures
            ]
            return Response(as_json(rows), media_type=JSON)

        return answer_or_refusal(differ, lang)

    async def explain(request: Request, options: Annotated[ExplainQuery, Query()]) -> Response:
        key = ("explain", options.model_dump_json())
        return await _registry_answer(store, request, key, partial(_explained, store, options), options.lang)

    def protocol(name: Name, lang: Lang = "en") -> Response:
        return answer_or_refusal(lambda: Response(as_json(store.protocol(name).to_dict()), media_type=JSON), lang)

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
        router.add_api_route(
            path,
            run,
            methods=["GET"],
            summary=bilingual(words.api.route_of(run.__name__)),
            response_class=Response,
            tags=["about"],
        )


async def _registry_answer(
    store: Store, request: Request, key: tuple[str, ...], make: Callable[[], bytes], language: Language
) -> Response:
    return await cached_response(store, request, key, make, JSON, failed=partial(refusal, language=language))


def _explained(store: Store, options: ExplainQuery) -> bytes:
    """Return what stands behind a figure."""
    _, explanation = options.explained(store)
    texts = {"text": explanation.text, "foot": explanation.foot, "issuers": explanation.issuers or same("")}
    sentences = {name: text.lang(options.lang) for name, text in texts.items()}
    return as_json({"topic": options.of, "region": explanation.region, **sentences, **explanation.figures})


def _index(store: Store) -> dict[str, object]:
    return {
        "xinzhi": __version__,
        "package": store.package.name,
        "title": asdict(store.package.title),
        "protocol": store.rules.id,
        "fingerprint": store.rules.fingerprint,
        "topics": [f"{PREFIX}/{topic}" for topic in ON_SERVERS],
    }
