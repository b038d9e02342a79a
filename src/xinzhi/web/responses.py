"""Responses: an answer computed once, compressed once and sent with its tag; a refusal with what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable, Mapping
from hashlib import blake2b

from anyio.to_thread import run_sync
from fastapi import Request, Response

from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES, Language
from xinzhi.report import as_json
from xinzhi.web.store import Store
from xinzhi.web.workers import BusyError

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA: Mapping[str, str] = {
    "csv": f"{CSV}; charset=utf-8",
    "sdmx": "application/vnd.sdmx.data+csv; charset=utf-8; version=2.0",
    "xlsx": XLSX,
    "parquet": "application/vnd.apache.parquet",
    "svg": "image/svg+xml",
    "png": "image/png",
    "json": JSON,
}
OK, MISUSE, MISSING, UNUSABLE, BUSY = 200, 400, 404, 422, 503


async def cached_response(
    store: Store,
    request: Request,
    key: Hashable,
    make: Callable[[], bytes],
    media_type: str,
    *,
    failed: Callable[[XinzhiError], Response],
    aside: bool = False,
) -> Response:
    """Return an answer, compressed where the visitor takes it; one who has it is told that it is the same."""
    # What is in the cache is answered at once, what is not by a worker, so that nobody waits for the former.
    # `key`, `make`, `media_type`: what tells the answer from others, what computes it, its type; `failed`: makes the
    # response of an error; `aside`: whether it is of a kind that can be asked without end.
    packed: bytes | None = store.answers.get(key)
    if packed is None:
        try:
            packed = await store.workers.run(key, make, store.answers, aside=aside)
        except XinzhiError as error:
            return await run_sync(failed, error)
    takes_gzip = accept_weights(request.headers.get("accept-encoding", "")).get("gzip", 0.0) > 0
    body = packed if takes_gzip else gzip.decompress(packed)
    tag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers | ({"content-encoding": "gzip"} if takes_gzip else {}))


async def uncached_response(
    store: Store, work: Callable[[], Response], *, failed: Callable[[XinzhiError], Response]
) -> Response:
    """Return what a worker makes of what a visitor brings; nothing of it is kept."""
    try:
        response = await store.workers.run(object(), work)
    except XinzhiError as error:
        return await run_sync(failed, error)
    response.headers["cache-control"] = "no-store"
    return response


def accept_weights(header: str) -> dict[str, float]:
    """Return what a browser accepts, each with the weight that it gives."""
    weights: dict[str, float] = {}
    for entry in header.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weight = next((part.removeprefix("q=") for part in parameters if part.startswith("q=")), "1")
        weights.setdefault(name, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0)
    return weights


def preferred_language(header: str) -> Language:
    """Return the language of a browser: of ours the one with the largest weight, of equals the first."""
    weights = {name: weight for name, weight in accept_weights(header).items() if weight and name[:2] in LANGUAGES}
    return "zh" if weights and max(weights, key=lambda name: weights[name])[:2] == "zh" else "en"


def refusal(error: XinzhiError, language: Language, code: int | None = None) -> Response:
    """Return an error as the same JSON that ``--json`` prints, with its status."""
    findings = error.findings if isinstance(error, InputError) else ()
    body = {
        "error": type(error).__name__,
        "code": error.code,
        "message": error.lang(language),
        "findings": [finding.to_dict() for finding in findings],
    }
    headers = {"retry-after": str(error.retry)} if isinstance(error, BusyError) else {}
    return Response(as_json(body), code or status(error), media_type=JSON, headers=headers)


def answer_or_refusal(work: Callable[[], Response], language: Language) -> Response:
    """Return what work gives, or why it gives nothing."""
    try:
        return work()
    except XinzhiError as error:
        return refusal(error, language)


def status(error: XinzhiError) -> int:
    """Return the status of an error: a wrong question, data that cannot be used, or no room."""
    codes = {BusyError: BUSY, UsageError: MISUSE, InputError: UNUSABLE}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), MISUSE)
