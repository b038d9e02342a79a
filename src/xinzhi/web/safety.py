"""What stands around the application: who may ask, how much may come in, what browsers are told, and the log."""

from __future__ import annotations

import asyncio
import hmac
import json
import sys
import time
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode

from xinzhi.core.text import message
from xinzhi.web.queue import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "xinzhi"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
METHODS = ("GET", "HEAD", "POST")
SEE_OTHER, FAULT = 303, 500
STATUS = {  # of the refusals of ``words/messages/web.yaml``
    "too-large": 413, "too-slow": 408, "token": 401, "foreign": 403, "method": 405, "host": 421, "fault": FAULT,
}  # fmt: skip

Refusal = tuple[int, bytes, list[tuple[bytes, bytes]]]  # status, body, headers


class Out:
    """The way out of one answer: every header is added; an answer to what was refused, or to a fault, is ours."""

    def __init__(self, send: Send, *, bodiless: bool) -> None:
        self._send, self._bodiless = send, bodiless
        self.status, self.bytes = 0, 0
        self.refused = self.fault = ""

    async def __call__(self, one: Message) -> None:
        """Let a part of an answer out."""
        if one["type"] == "http.response.start" and one["status"] == FAULT:
            self.refused = self.refused or "fault"
        if not self.refused:
            await self._out(one)

    async def _out(self, one: Message) -> None:
        if one["type"] == "http.response.start":
            self.status = one["status"]
            names = {name for name, _ in one.get("headers", ())}
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in names]
            one = {**one, "headers": [*one.get("headers", ()), *own]}
        elif self._bodiless:
            one = {**one, "body": b""}
        self.bytes += len(one.get("body", b""))
        await self._send(one)

    async def say(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Answer and end the connection, whatever may still be on its way in."""
        ending = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        await self._out({"type": "http.response.start", "status": status, "headers": headers + ending})
        await self._out({"type": "http.response.body", "body": body})


class Safety:
    """An application behind a token, with limits, headers and a log.

    Parameters
    ----------
    app
        The application.
    token
        What a visitor must bring: as ``Authorization: Bearer``, or once as ``?token=``, which a cookie remembers. None:
        everybody on this machine may ask.
    hosts
        The names by which it may be called; without a token only those of this machine, so that no page of another
        server can ask it by a name of its own.
    limits
        What the service allows itself.
    log
        Takes one line of JSON a request: time, method, route, status, milliseconds, bytes. Neither address nor query
        nor name of a visitor is in it. By default standard error.

    Examples
    --------
    >>> from fastapi import FastAPI
    >>> from fastapi.testclient import TestClient
    >>> safe = Safety(FastAPI(), token="secret", log=lambda line: None)
    >>> TestClient(safe).get("/docs").status_code
    401
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str | None = None,
        hosts: tuple[str, ...] = LOOPBACK,
        limits: Limits | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        self._app, self._token, self._hosts = app, token, hosts
        self._limits = limits or Limits.shipped()
        self._log = log or _to_stderr

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":  # start and end of the server
            await self._app(scope, receive, send)
        if scope["type"] != "http":  # there are no sockets
            return
        begun, method = time.perf_counter(), scope["method"]
        out = Out(send, bodiless=method == "HEAD")
        refused = self._unsafe(scope) or self._unknown(scope)
        if method == "HEAD":  # what GET would answer, without the body
            scope = {**scope, "method": "GET"}
        try:
            if refused is not None:
                await out.say(*refused)
            else:
                await self._app(scope, self._measured(scope, receive, out), out)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the server, nor show what is inside
            out.fault = type(error).__name__ if out.refused in {"", "fault"} else ""
        finally:
            if not out.status:
                await out.say(*_words(scope, out.refused or "fault"))
            self._write(scope, method, out, time.perf_counter() - begun)

    def _unsafe(self, scope: Scope) -> Refusal | None:
        """Return the answer to a request that nobody may make; None to all others."""
        headers = _headers(scope)
        here = self._token is not None or _host(headers.get("host", "")) in self._hosts
        own = scope["method"] != "POST" or headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
        if scope["method"] not in METHODS:
            return _words(scope, "method", (b"allow", ", ".join(METHODS).encode()))
        if here and own and _size(headers.get("content-length", "0")) <= self._limits.body:
            return None
        return _words(scope, "host" if not here else "foreign" if not own else "too-large")

    def _unknown(self, scope: Scope) -> Refusal | None:
        """Return the answer to one who has not brought the token; one who brings it in the address gets a cookie."""
        if self._token is None or _equal(_brought(_headers(scope)), self._token):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if scope["method"] != "GET" or not _equal(dict(query).get("token", ""), self._token):
            return _words(scope, "token", (b"www-authenticate", b"Bearer"))
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        place = f"/{quote(scope['path']).lstrip('/')}" + (f"?{rest}" if rest else "")
        cookie = f"{COOKIE}={quote(self._token, safe='')}; HttpOnly; SameSite=Strict; Path=/"
        return SEE_OTHER, b"", [(b"location", place.encode()), (b"set-cookie", cookie.encode())]

    def _measured(self, scope: Scope, receive: Receive, out: Out) -> Receive:
        """Return the way in of a body: no larger and no slower than allowed."""
        if scope["method"] != "POST":
            return receive
        seen, until, complete = 0, time.monotonic() + self._limits.sending, False

        async def measured() -> Message:
            nonlocal seen, complete
            if complete:  # what comes now is that the visitor has left
                return await receive()
            try:
                one = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0))
            except TimeoutError:
                out.refused = "too-slow"
                raise
            seen += len(one.get("body", b""))
            complete = not one.get("more_body", False)
            if seen > self._limits.body:
                out.refused = "too-large"
                raise ValueError(out.refused)
            return one

        return measured

    def _write(self, scope: Scope, method: str, out: Out, seconds: float) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": method if method in METHODS else "-",
            "route": getattr(scope.get("route"), "path", None) or "-",
            "status": out.status,
            "ms": round(1000 * seconds, 1),
            "bytes": out.bytes,
            **({"fault": out.fault} if out.fault else {}),
        }
        self._log(json.dumps(line))


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _host(header: str) -> str:
    """Return the name of a host without its port."""
    name, bracket, _ = header.lower().partition("]")
    return name.removeprefix("[") if bracket else header.lower().rpartition(":")[0] or header.lower()


def _size(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() else 0


def _equal(given: str, token: str) -> bool:
    """Say whether two words are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _brought(headers: Mapping[str, str]) -> str:
    """Return the token of a request."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else unquote(found.value)


def _words(scope: Scope, what: str, *more: tuple[bytes, bytes]) -> Refusal:
    """Return status, body and headers of a refusal, in the language of the path or the browser."""
    accepted = _headers(scope).get("accept-language", "").lower()
    chinese = scope["path"].startswith("/zh/") or (not scope["path"].startswith("/en/") and accepted.startswith("zh"))
    text = message(f"web.{what}")
    said = {"error": what, "code": f"web.{what}", "message": text.lang("zh" if chinese else "en") if text else what}
    body = json.dumps(said | {"findings": []}, ensure_ascii=False).encode()
    return STATUS[what], body, [(b"content-type", b"application/json"), *more]
