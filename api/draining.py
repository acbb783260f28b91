"""How connections end when a server stops: none is closed under a request on its way.

uvicorn closes at once whatever is not answering just then. A request that a client was sending at
that moment would be lost, and the client could not know whether it was acted on. Here a connection
answers what still comes, says with it that it will close (RFC 9112, section 9.6), and closes when
nothing has come for a while. Streams and sockets are told to end themselves.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

SECONDS_LEFT_OPEN = 3.0  # Longer than a request is on its way to here, from a busy machine too.

# The name, in the state of the application's lifespan, of the event that says the server stops.
STOPPING = "stopping"


class DrainingHttp(HttpToolsProtocol):
    is_leaving = False

    def shutdown(self) -> None:
        _tell(self.app_state)
        self.is_leaving = True
        if self.cycle is None or self.cycle.response_complete:
            self._close_soon()
        elif not self.cycle.response_started:
            self.cycle.keep_alive = False

    def on_headers_complete(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        if self.is_leaving and self.cycle is not before:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.is_leaving and self.timeout_keep_alive_task is not None:
            self._close_soon()

    def _close_soon(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            SECONDS_LEFT_OPEN, self.timeout_keep_alive_handler
        )


class DrainingWebSocket(WebSocketsSansIOProtocol):
    def shutdown(self) -> None:
        # Whoever has gone silent is not waited for until it says farewell, too.
        self.close_timeout = SECONDS_LEFT_OPEN
        _tell(self.app_state)


def _tell(state: dict[str, object]) -> None:
    stopping = state.get(STOPPING)
    if isinstance(stopping, asyncio.Event):
        stopping.set()
