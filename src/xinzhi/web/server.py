"""The server: a socket that listens, connections that end when nothing comes, and first pages computed at start."""

from __future__ import annotations

import sys
from asyncio import TimerHandle, Transport
from contextlib import suppress
from errno import EADDRINUSE
from functools import partial
from socket import AI_PASSIVE, SO_REUSEADDR, SO_SNDBUF, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket
from typing import ClassVar

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from xinzhi.core.errors import UsageError, XinzhiError
from xinzhi.core.text import LANGUAGES
from xinzhi.web import render
from xinzhi.web.app import page_key, safe
from xinzhi.web.page import Address
from xinzhi.web.safety import HEAD
from xinzhi.web.store import Store
from xinzhi.web.workers import Limits

UNREAD = 262144  # bytes of answers that the system keeps for a visitor who does not read yet
BACKLOG = 2048  # connections that wait, as many as those of uvicorn
ROOM = 2  # times the connections that are answered; of those between some are told to come back


def warm(store: Store) -> None:
    """Compute what the first visitor of either language would wait for."""
    # what cannot be computed is said by the page that is asked for; the server stays
    for language in LANGUAGES:
        address = Address(language)
        with suppress(XinzhiError):
            store.workers.begin(page_key(address), partial(render.html, store, address), store.answers).result()


def listening_socket(host: str, port: int) -> socket:
    """Return a socket that listens at an address; visitors wait there until the server runs."""
    listening = None
    try:
        family, kind, number, _, place = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        listening = socket(family, kind, number)
        if sys.platform != "win32":  # there it would share a port that is in use
            listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        listening.setsockopt(SOL_SOCKET, SO_SNDBUF, UNREAD)
        listening.bind(place)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        if listening is not None:
            listening.close()
        in_use = isinstance(error, OSError) and error.errno == EADDRINUSE
        raise UsageError("web.port-taken" if in_use else "web.no-place", host=host, port=port) from error
    return listening


def serve(store: Store, listening: socket, token: str | None = None) -> None:
    """Serve a store until the process is stopped; the log goes to standard error, without a name or address."""
    config = uvicorn.Config(
        safe(store, token),
        log_level="warning",
        server_header=False,
        access_log=False,
        ws="none",
        http=Patient.with_limits(store.limits),
        timeout_keep_alive=int(store.limits.sending),
        limit_concurrency=store.limits.connections,
        timeout_graceful_shutdown=store.limits.ending,
        h11_max_incomplete_event_size=HEAD,
    )
    try:
        with listening, suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([listening])
    finally:
        store.close()


class Patient(H11Protocol):
    """The protocol of uvicorn with an end to waiting: for a question that does not come, an answer that is not read."""

    # Silence counts, what comes from the first byte of a question to the end of its head, and an answer that nobody
    # takes. Where every place is taken, whoever has been waited for longest goes: a new visitor asks at once.

    limits: ClassVar[Limits]
    waiting: ClassVar[dict[Patient, None]]  # the connections that are waited for, in the order of their silence
    _end: TimerHandle | None = None

    @classmethod
    def with_limits(cls, limits: Limits) -> type[Patient]:
        """Return the protocol with its limits: `sending` and `connections`."""
        return type(cls.__name__, (cls,), {"limits": limits, "waiting": {}})

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in the class above
        """Take a connection, in the place of a silent one where there is no room."""
        super().connection_made(transport)
        if len(self.connections) > ROOM * self.limits.connections:
            transport.abort()
        elif len(self.connections) >= self.limits.connections and self.waiting:
            next(iter(self.waiting)).drop()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what a visitor sends."""
        super().data_received(data)
        self._watch()

    def pause_writing(self) -> None:
        """Let the time run while an answer is not read."""
        super().pause_writing()
        self._wait()

    def resume_writing(self) -> None:
        """Go on with an answer that is read."""
        super().resume_writing()
        self._rest()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next question."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a visitor who has left."""
        super().connection_lost(exc)
        self._rest()

    def _watch(self) -> None:
        """Let the time run while nothing is asked in full; an answer on its way that is read stops it."""
        if self.flow.write_paused:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._rest()
        else:
            self._wait()

    def _wait(self) -> None:
        if self._end is None and not self.transport.is_closing():
            self._end = self.loop.call_later(self.limits.sending, self.drop)
            self.waiting[self] = None

    def drop(self) -> None:
        """End a connection now: to close it would wait until all is read."""
        self._rest()
        self.transport.abort()

    def _rest(self) -> None:
        self.waiting.pop(self, None)
        if self._end is not None:
            self._end.cancel()
            self._end = None
