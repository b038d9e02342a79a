"""How long a connection may stand open without asking anything, and how many of them there are."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from xinzhi.web.queue import Limits

ROOM = 2  # times the connections that are answered; of those between some are told to come back


class Patient(H11Protocol):
    """The protocol of uvicorn with an end to waiting: for a question that does not come, or comes in drops.

    Silence counts, and what comes from the first byte of a question to the end of its head.

    Examples
    --------
    >>> Patient.of(Limits.shipped()).limits.sending
    30
    """

    limits: ClassVar[Limits]
    _end: TimerHandle | None = None

    @classmethod
    def of(cls, limits: Limits) -> type[Patient]:
        """Return the protocol with its limits: `sending` and `connections`."""
        return type(cls.__name__, (cls,), {"limits": limits})

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as in the class above
        """Take a connection where there is room for one."""
        super().connection_made(transport)
        if len(self.connections) > ROOM * self.limits.connections:
            transport.abort()
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what a visitor sends."""
        super().data_received(data)
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
        """Let the time run while nothing is asked in full; an answer on its way stops it."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._rest()
        elif self._end is None and not self.transport.is_closing():
            self._end = self.loop.call_later(self.limits.sending, self.transport.close)

    def _rest(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
