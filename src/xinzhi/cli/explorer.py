"""The verbs of the explorer: `serve` answers in a browser, `site` writes the same pages into a folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from secrets import token_urlsafe
from socket import gethostname
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import quote

from xinzhi.cli.call import DEFAULT, PROTOCOL
from xinzhi.cli.speech import console, lines, progress, say
from xinzhi.core.errors import UsageError

if TYPE_CHECKING:
    from xinzhi.cli.call import Call
    from xinzhi.web import Store

LEAST = 16  # signs of a token


def serve(call: Call) -> None:
    """Serve the explorer at once, until it is stopped; what most pages are made from is computed meanwhile."""
    host, port, token = call.get("host", "127.0.0.1"), call.get("port", 8000), call.get("token")
    if not token and not _is_loopback(host):
        raise UsageError("cli.needs-token", host=host)
    if token is not None and len(token) < LEAST:
        raise UsageError("cli.weak-token", least=LEAST, made=token_urlsafe(LEAST))
    with _extra():
        from xinzhi.web.internal import listening_socket, warm
        from xinzhi.web.internal import serve as run
    listening = listening_socket(host, port)
    store = _store(call, guarded=bool(token))
    visible_token = token if sys.stdout.isatty() else None  # a file or a service's log keeps no secret
    address = _address(host, listening.getsockname()[1], visible_token)
    console().print(say("served", call.language, address=address), markup=False, soft_wrap=True)
    Thread(target=warm, args=(store,), name="xinzhi-warm", daemon=True).start()
    run(store, listening, token)


def _address(host: str, port: int, token: str | None) -> str:
    """Return the address to open: of the machine by its name where all its addresses answer."""
    try:
        place = ip_address(host)
    except ValueError:
        name = host
    else:
        bare = f"[{host}]" if ":" in host else host
        name = gethostname() if place.is_unspecified else bare
    query = f"?token={quote(token, safe='')}" if token else ""
    return f"http://{name}:{port}/{query}"


def mcp(call: Call) -> None:
    """Answer an assistant on standard input and output until it leaves."""
    with _extra(tools=True):
        from xinzhi.web.internal import server_class, speak

        server_class()
    speak(_store(call))


def site(call: Call) -> None:
    """Write the pages into a folder."""
    with _extra():
        from xinzhi.web.internal import site as write_site
    store = _store(call)
    with progress(call.language) as bar:
        bar.step("explorer")
        files = write_site(store, call.out or Path("site"), bar.count)
    lines([files[0]], call.language)


def _store(call: Call, *, guarded: bool = False) -> Store:
    from xinzhi.web import Store

    return Store(call.get("data", DEFAULT), protocol=call.get("protocol", PROTOCOL), guarded=guarded)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _extra(*, tools: bool = False) -> Iterator[None]:
    """Name the extra that brings the server, or the tools, where it is not there."""
    try:
        yield
    except ImportError as error:
        raise UsageError("cli.no-mcp" if tools else "cli.no-server") from error
