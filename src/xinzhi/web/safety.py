"""What stands around the application: who may ask, how much may come in, what browsers are told, and the log."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xinzhi.core.text import Language, Text, message, same
from xinzhi.web.responses import accept_weights, preferred_language
from xinzhi.web.workers import Limits

COOKIE = "xinzhi"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # none at all would take the origin from our own forms, too
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
METHODS = ("GET", "HEAD", "POST")
PORTS = {"http": ":80", "https": ":443"}
HEAD = 16384  # bytes of the head of a request
API, HTML, JSON = "/api/", b"text/html; charset=utf-8", b"application/json"
SEE_OTHER, FAULT = 303, 500
HOST = re.compile(r"(\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^:@/\[\]]*))(:[0-9]{0,5})?")
STATUS = {  # of the refusals of ``words/messages/web.yaml``
    "too-large": 413, "too-slow": 408, "token": 401, "wrong-token": 401, "foreign": 403, "method": 405, "host": 421,
    "cross-site": 403, "large-head": 431, "two-lengths": 400, "busy": 503, "fault": FAULT,
}  # fmt: skip
OUTSIDE = frozenset({"token", "wrong-token", "host"})  # those told to one who may see nothing else

Refusal = tuple[int, bytes, list[tuple[bytes, bytes]]]  # status, body, headers


class Out:
    """The way out of one answer: every header is added; an answer to what was refused, or to a fault, is ours."""

    def __init__(self, send: Send, *, bodiless: bool) -> None:
        self._send, self._bodiless = send, bodiless
        self.status, self.bytes = 0, 0
        self.refused = self.fault = ""

    async def __call__(self, part: Message) -> None:
        """Let a part of an answer out."""
        if part["type"] == "http.response.start" and part["status"] in {FAULT, STATUS["method"]}:
            self.refused = self.refused or ("fault" if part["status"] == FAULT else "method")
        if not self.refused:
            await self._out(part)

    async def _out(self, part: Message) -> None:
        if part["type"] == "http.response.start":
            self.status = part["status"]
            names = {name for name, _ in part.get("headers", ())}
            added = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in names]
            part = {**part, "headers": [*part.get("headers", ()), *added]}
        elif self._bodiless:
            part = {**part, "body": b""}
        self.bytes += len(part.get("body", b""))
        await self._send(part)

    async def say(self, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Answer and end the connection, whatever may still be on its way in."""
        ending = [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        await self._out({"type": "http.response.start", "status": status, "headers": headers + ending})
        await self._out({"type": "http.response.body", "body": body})


class Safety:
    """An application behind a token, with limits, headers and a log."""

    # `token`: what a visitor must bring: as ``Authorization: Bearer``, or once as ``?token=``, which a cookie remembers
    # for some hours; the token itself is not in it. None: everybody on this machine may ask; `hosts`: the names by
    # which it may be called; without a token only those of this machine, so that no page of another server can ask it
    # by a name of its own; `limits`: what the service allows itself; `page`: makes the page that tells a browser why it
    # was refused, from the request, the name of the refusal and its words; programs get JSON; `log`: takes one line of
    # JSON a request: time, method, route, status, milliseconds, bytes, and why it was refused. Neither address nor
    # query nor name of a visitor is in it. By default standard error.

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str | None = None,
        hosts: tuple[str, ...] = LOOPBACK,
        limits: Limits | None = None,
        page: Callable[[Scope, str, Text], bytes] | None = None,
        log: Callable[[str], object] | None = None,
    ) -> None:
        self._app, self._token, self._hosts = app, token, hosts
        self._limits = limits or Limits.load()
        self._page, self._log = page, log or (lambda line: sys.stderr.write(line + "\n"))
        self._uploads = 0  # that are on their way now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":  # start and end of the server
            await self._app(scope, receive, send)
        if scope["type"] != "http":  # there are no sockets
            return
        begun, method = time.perf_counter(), scope["method"]
        out = Out(send, bodiless=method == "HEAD")
        question = {**scope, "method": "GET"} if method == "HEAD" else scope  # the same, without the body
        most = self._limits.seconds + 2 * self._limits.sending  # a body in, work, an answer out
        try:
            async with asyncio.timeout(most):
                if await self._admits(scope, out):
                    with self._upload(method):
                        await self._app(question, self._measured(scope, receive, out), out)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the server, nor show what is inside
            out.fault = type(error).__name__ if out.refused in {"", "fault"} else ""
        finally:
            if out.refused == "too-large" and self._declared(scope) <= self._limits.body + self._limits.discarded:
                await self._discard(receive)
            if not out.status:
                await out.say(*self._refusal(scope, out))
            self._write(question, method, out, time.perf_counter() - begun)

    async def _admits(self, scope: Scope, out: Out) -> bool:
        """Say whether the application may answer; a request to refuse is marked, a visitor with a token sent on."""
        # a page of another site may have brought a visitor here
        local = self._token is not None or _host(_headers(scope).get("host", "")) in self._hosts
        out.refused = "" if local else "host"
        if not out.refused and not self._has_token(scope):
            if (place := self._let_in(scope)) is not None:
                await out.say(SEE_OTHER, b"", place)
                return False
            # a token, right or wrong; a cookie that is too old is none
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            out.refused = "wrong-token" if _bearer(_headers(scope)) or "token" in query else "token"
        out.refused = out.refused or _malformed(scope) or self._amiss(scope) or ""
        if out.refused == "wrong-token":  # guessing is slow
            await asyncio.sleep(self._limits.guessing)
        return not out.refused

    @contextmanager
    def _upload(self, method: str) -> Iterator[None]:
        """Count an upload while it is on its way."""
        uploading = method == "POST"
        self._uploads += uploading
        try:
            yield
        finally:
            self._uploads -= uploading

    @staticmethod
    def _declared(scope: Scope) -> int:
        """Return the bytes that a visitor says to send; none where nothing is said."""
        return _size(_headers(scope).get("content-length", "0"))

    async def _discard(self, receive: Receive) -> None:
        """Throw away the rest of a body that is too large: a visitor who still sends does not read the refusal."""
        size, more = 0, True
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.sending):
                while more and size <= self._limits.discarded:
                    part = await receive()
                    size += len(part.get("body", b""))
                    more = part["type"] == "http.request" and part.get("more_body", False)

    def _amiss(self, scope: Scope) -> str | None:
        """Return what is wrong with a request of one who may ask."""
        headers = _headers(scope)
        if scope["method"] not in METHODS:
            return "method"
        if headers.get("sec-fetch-site") == "cross-site" and _is_work(scope) and scope["method"] != "POST":
            return "cross-site"
        if scope["method"] != "POST":
            return None
        if not _is_same_origin(headers):
            return "foreign"
        if self._declared(scope) > self._limits.body:
            return "too-large"
        return "busy" if self._uploads >= self._limits.uploads else None

    def _has_token(self, scope: Scope) -> bool:
        """Say whether a visitor has the token, or the cookie of one who had it."""
        if self._token is None:
            return True
        headers = _headers(scope)
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        until, _, mark = ("" if cookie is None else cookie.value).partition(".")
        if _size(until) > time.time() and _equal(mark, _mark(self._token, until)):
            return True
        return _equal(_bearer(headers), self._token)

    def _let_in(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Return where one who brings the token in the address goes on, with a cookie; None for others."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if self._token is None or scope["method"] != "GET" or not _equal(dict(query).get("token", ""), self._token):
            return None
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        place = f"/{quote(scope['path']).lstrip('/')}" + (f"?{rest}" if rest else "")
        until = str(int(time.time()) + self._limits.remembered)
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = (
            f"{COOKIE}={until}.{_mark(self._token, until)}; Max-Age={self._limits.remembered}; "
            f"HttpOnly; SameSite=Strict; Path=/{secure}"
        )
        return [(b"location", place.encode()), (b"set-cookie", cookie.encode())]

    def _refusal(self, scope: Scope, out: Out) -> Refusal:
        """Return status, body and headers of a refusal: a page for a browser, else JSON in the language of the path."""
        what = out.refused or "fault"
        more = {
            "method": [(b"allow", ", ".join(METHODS).encode())],
            "token": [(b"www-authenticate", b"Bearer")],
            "wrong-token": [(b"www-authenticate", b"Bearer")],
            "busy": [(b"retry-after", str(self._limits.retry).encode())],
        }.get(what, [])
        size, seconds = self._limits.body // 1_000_000, self._limits.retry
        text = message(f"web.{what}", size=size, seconds=seconds) or same(what)
        kinds = accept_weights(_headers(scope).get("accept", ""))
        if self._page is not None and "text/html" in kinds and not scope["path"].startswith(API):
            try:
                return STATUS[what], self._page(scope, what, text), [(b"content-type", HTML), *more]
            except Exception as error:  # noqa: BLE001 - without its page a refusal is told as to a program
                out.fault = type(error).__name__
        body = {"error": what, "code": f"web.{what}", "message": text.lang(language_of(scope)), "findings": []}
        return STATUS[what], json.dumps(body, ensure_ascii=False).encode(), [(b"content-type", JSON), *more]

    def _measured(self, scope: Scope, receive: Receive, out: Out) -> Receive:
        """Return the way in of a body: no larger and no slower than allowed."""
        if scope["method"] != "POST":
            return receive
        size, until, complete = 0, time.monotonic() + self._limits.sending, False

        async def measured() -> Message:
            nonlocal size, complete
            if complete:  # what comes now is that the visitor has left
                return await receive()
            try:
                part = await asyncio.wait_for(receive(), max(until - time.monotonic(), 0))
            except TimeoutError:
                out.refused = "too-slow"
                raise
            size += len(part.get("body", b""))
            complete = not part.get("more_body", False)
            if size > self._limits.body:
                out.refused = "too-large"
                raise ValueError(out.refused)
            return part

        return measured

    def _write(self, scope: Scope, method: str, out: Out, seconds: float) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": method if method in METHODS else "-",
            "route": getattr(scope.get("route"), "path", None) or "-",
            "status": out.status,
            "ms": round(1000 * seconds, 1),
            "bytes": out.bytes,
            **({"refused": out.refused} if out.refused not in {"", "fault"} else {}),
            **({"fault": out.fault} if out.fault else {}),
        }
        self._log(json.dumps(line))


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _malformed(scope: Scope) -> str:
    """Return what is wrong with the head of a request: its size, or two lengths, of which another server reads one."""
    parts = [
        scope.get("raw_path", b""),
        scope["query_string"],
        *(part for header in scope["headers"] for part in header),
    ]
    if sum(map(len, parts)) > HEAD:
        return "large-head"
    return "two-lengths" if {"content-length", "transfer-encoding"} <= _headers(scope).keys() else ""


def _is_work(scope: Scope) -> bool:
    """Say whether a question is computed anew: one of a program, or under parameters of the visitor's own."""
    names = {name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
    return str(scope["path"]).startswith(API) or "set" in names


def _host(header: str) -> str:
    """Return the name of a host without its port; nothing of what is no name with a port."""
    match = HOST.fullmatch(header.lower())
    return "" if match is None else match["six"] or match["name"]


def _size(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() else 0


def _equal(candidate: str, token: str) -> bool:
    """Say whether two words are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(candidate.encode("utf-8", "replace"), token.encode())


def _mark(token: str, until: str) -> str:
    """Return what shows that the server has set a cookie: nobody without the token can make it, nor read it from it."""
    return hmac.new(token.encode(), f"{COOKIE} {until}".encode(), "sha256").hexdigest()


def _bearer(headers: Mapping[str, str]) -> str:
    kind, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def _is_same_origin(headers: Mapping[str, str]) -> bool:
    """Say whether what is sent comes from a page of this site, or from a program, which names no page."""
    # Over plain HTTP a browser names the origin alone; where it says more, that counts: a server in front may call us
    # by another name.
    if site := headers.get("sec-fetch-site"):
        return site in {"same-origin", "none"}
    if (origin := headers.get("origin")) is None:
        return True
    try:
        place = urlsplit(origin.lower())
    except ValueError:
        return False
    port = PORTS.get(place.scheme, "")
    host = headers.get("host", "").lower()
    return bool(place.netloc) and place.netloc.removesuffix(port) == host.removesuffix(port)


def language_of(scope: Scope) -> Language:
    """Return the language of a path, else that of the browser."""
    start = scope["path"][:4]
    if start in {"/zh/", "/en/"}:
        return "zh" if start == "/zh/" else "en"
    return preferred_language(_headers(scope).get("accept-language", ""))
