"""What goes out: an answer made once and kept, compressed once; a refusal that says what is wrong and what to do."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Hashable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from xinzhi.core.errors import InputError, UsageError, XinzhiError
from xinzhi.web.queue import BusyError

if TYPE_CHECKING:
    from xinzhi.core.text import Language
    from xinzhi.web.store import Store

JSON = "application/json"
MISUSE, MISSING, UNUSABLE, BUSY = 400, 404, 422, 503
_PACKED = 6  # of 9: where more time buys hardly any bytes


def kept(store: Store, request: Request, key: tuple[Hashable, ...], make: Callable[[], bytes], kind: str) -> Response:
    """Return an answer that is kept, compressed where the visitor takes it; one who has it already is told so."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        body = store.answer(("gzip", *key), lambda: gzip.compress(store.answer(key, make), _PACKED, mtime=0))
    else:
        body = store.answer(key, make)
    tag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=kind, headers=headers | ({"content-encoding": "gzip"} if packed else {}))


def as_json(document: Any) -> bytes:  # noqa: ANN401 - whatever can be told
    """Return a document as JSON in UTF-8; what is not a number is null."""
    return json.dumps(_finite(document), ensure_ascii=False, allow_nan=False, default=str).encode()


def _finite(value: Any) -> Any:  # noqa: ANN401 - of any kind
    match value:
        case float():
            return value if value - value == 0 else None
        case Mapping():
            return {str(key): _finite(one) for key, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
    return value


def refusal(error: XinzhiError, language: Language, code: int | None = None) -> Response:
    """Return an error as the same JSON that ``--json`` prints, with its status."""
    findings = error.findings if isinstance(error, InputError) else ()
    said = {
        "error": type(error).__name__, "code": error.code, "message": error.lang(language),
        "findings": [one.to_dict() for one in findings],
    }  # fmt: skip
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
