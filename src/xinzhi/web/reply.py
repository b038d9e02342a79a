"""What goes out: an answer made once and kept, compressed once; a refusal that says what is wrong and what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable, Mapping
from functools import partial
from hashlib import blake2b

from anyio.to_thread import run_sync
from fastapi import Request, Response

from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES, Language
from xinzhi.report import as_json
from xinzhi.web.queue import BusyError
from xinzhi.web.store import Store

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA: Mapping[str, str] = {
    "csv": f"{CSV}; charset=utf-8", "sdmx": "application/vnd.sdmx.data+csv; charset=utf-8; version=2.0", "xlsx": XLSX,
    "parquet": "application/vnd.apache.parquet", "svg": "image/svg+xml", "png": "image/png", "json": JSON,
}  # fmt: skip
MISUSE, MISSING, UNUSABLE, BUSY = 400, 404, 422, 503
_PACKED = 6  # of 9: where more time buys hardly any bytes


async def sent(
    store: Store,
    request: Request,
    key: tuple[Hashable, ...],
    make: Callable[[], bytes],
    kind: str,
    *,
    failed: Callable[[XinzhiError], Response],
    aside: bool = False,
) -> Response:
    """Return an answer, compressed where the visitor takes it; one who has it already is told so."""
    # What is kept is answered at once, what is not by a thread: nobody who asks for the former waits behind the latter.
    # `store`, `request`: where answers are kept; who asks; `key`, `make`, `kind`: what tells the answer from others;
    # what makes it; its media type; `failed`: tells an error; `aside`: whether it is of a kind that can be asked
    # without end.
    packed = accepted(request.headers.get("accept-encoding", "")).get("gzip", 0.0) > 0
    name = ("gzip", *key) if packed else key
    made = (lambda: gzip.compress(store.answer(key, make), _PACKED, mtime=0)) if packed else make
    body = store.known(name)
    try:
        if body is None:
            body = await run_sync(partial(store.answer, name, made, aside=aside))
    except XinzhiError as error:
        return await run_sync(failed, error)
    tag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers | ({"content-encoding": "gzip"} if packed else {}))


def accepted(header: str) -> dict[str, float]:
    """Return what a browser accepts, each with the weight that it gives."""
    found: dict[str, float] = {}
    for one in header.lower().split(","):
        name, *more = (part.strip() for part in one.split(";"))
        weight = next((part.removeprefix("q=") for part in more if part.startswith("q=")), "1")
        found.setdefault(name, float(weight) if weight.replace(".", "", 1).isdecimal() else 0.0)
    return found


def spoken(header: str) -> Language:
    """Return the language of a browser: of ours the one that it likes best, of equals the first."""
    weights = {name: weight for name, weight in accepted(header).items() if weight and name[:2] in LANGUAGES}
    return "zh" if weights and max(weights, key=lambda name: weights[name])[:2] == "zh" else "en"


def refusal(error: XinzhiError, language: Language, code: int | None = None) -> Response:
    """Return an error as the same JSON that ``--json`` prints, with its status."""
    findings = error.findings if isinstance(error, InputError) else ()
    said = {
        "error": type(error).__name__,
        "code": error.code,
        "message": error.lang(language),
        "findings": [one.to_dict() for one in findings],
    }
    made = Response(as_json(said), code or status(error), media_type=JSON)
    if isinstance(error, BusyError):
        made.headers["retry-after"] = str(error.retry)
    return made


def told(work: Callable[[], Response], language: Language) -> Response:
    """Return what work gives, or why it gives nothing."""
    try:
        return work()
    except XinzhiError as error:
        return refusal(error, language)


def status(error: XinzhiError) -> int:
    """Return the status of an error: what was asked is off, the data cannot be used, or there is no room."""
    known = {BusyError: BUSY, UsageError: MISUSE, InputError: UNUSABLE}
    return next((code for kind, code in known.items() if isinstance(error, kind)), MISUSE)
