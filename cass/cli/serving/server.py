"""The server of `cass serve`: waitress around the application, from the first request to the last."""

from __future__ import annotations

import logging
import select
from threading import Thread

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from cass import clock
from cass.cli.serving.app import MOST_BODY_BYTES, unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.cli.serving.app import App
    from cass.daemon.listening import Listener

# More ask at once than are answered at once: a request waits in its thread.
THREADS = 40
MOST_CONNECTIONS = 256
MOST_HEADER_BYTES = 64 << 10
# A connection on which nothing moves; a request that takes longer to arrive.
IDLE_S, ARRIVE_S = 60, 30.0
# What was taken is answered within this.
DRAIN_S = 5.0
# Whoever has connected and has not asked yet has so long to do so; those who come later are told for a while that it
# is over, until nobody has come for a moment.
TO_ASK_S, TELL_S, NOBODY_S, LOOK_S = 3.0, 1.5, 0.1, 0.01


class Unread(ErrorTask):  # type: ignore[misc]
    """The answer to what the server did not take: in the words and with the headers of all others."""

    def execute(self) -> None:
        reply = unread(self.request.error.code, str(self.request.error.body))
        self.status = reply.line
        self.response_headers.extend(reply.all_headers())
        self.set_close_on_finish()
        self.content_length = len(reply.body)
        self.write(reply.body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection.  One that sends a byte now and then does not stay for ever."""

    error_task_class = Unread
    began_s: float | None = None
    has_asked = False

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        self.made_s = clock.monotonic_s()

    def received(self, data: bytes) -> bool:
        self.has_asked = True
        taken: bool = super().received(data)
        now_s = clock.monotonic_s()
        if self.request is None:
            self.began_s = None
        elif self.began_s is None:
            self.began_s = now_s
        elif now_s - self.began_s > ARRIVE_S:
            self.will_close = True
        return taken

    @property
    def is_busy(self) -> bool:
        """Is something on its way to the caller?"""
        return bool(self.requests or self.total_outbufs_len)

    def may_ask(self, now_s: float) -> bool:
        """Is something on its way from the caller?"""
        return self.request is not None or (not self.has_asked and now_s - self.made_s < TO_ASK_S)


class Server:
    """Answers at a listening socket from `start` to `drain`."""

    def __init__(self, app: App, listener: Listener) -> None:
        logging.getLogger("waitress").setLevel(logging.ERROR)
        self._app = app
        self._listener = listener
        self._server: Any = create_server(
            app,
            sockets=[listener.socket],
            threads=THREADS,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=IDLE_S,
            cleanup_interval=5,
            max_request_body_size=MOST_BODY_BYTES,
            max_request_header_size=MOST_HEADER_BYTES,
            # Texts do not go to temporary files, and no thread waits for a caller who does not read.
            inbuf_overflow=2 * MOST_BODY_BYTES,
            outbuf_overflow=1 << 40,
            outbuf_high_watermark=1 << 40,
            asyncore_use_poll=hasattr(select, "poll"),
            log_socket_errors=False,
            ident=None,
        )
        self._server.channel_class = Channel
        self._thread = Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def drain(self) -> bool:
        """Finish what was taken, say to the rest that it is over, and hang up; False where that took too long."""
        self._app.is_ending = True
        until_s = clock.monotonic_s() + DRAIN_S
        self._wait(clock.monotonic_s() + TELL_S, NOBODY_S)
        self._stop_listening()
        return self._wait(until_s, 0.0)

    def close(self) -> None:
        """Nobody is connected any more."""
        self._server.task_dispatcher.shutdown(timeout=0)
        wasyncore.close_all(self._server._map, ignore_all=True)

    def _stop_listening(self) -> None:
        """Those who have connected are still heard."""
        self._server.del_channel()
        while select.select([self._listener.socket], [], [], 0)[0]:
            self._server.handle_accept()
        self._listener.close()

    def _wait(self, until_s: float, quiet_s: float) -> bool:
        """Until nothing has been on its way for so long; False where that is not so at that time."""
        since_s = clock.monotonic_s()
        while (now_s := clock.monotonic_s()) < until_s:
            if self._is_at_work(now_s):
                since_s = now_s
            elif now_s - since_s >= quiet_s:
                return True
            self._server.pull_trigger()
            clock.sleep(LOOK_S)
        return False

    def _is_at_work(self, now_s: float) -> bool:
        channels = list(self._server.active_channels.values())
        return bool(self._app.in_flight) or any([each.is_busy or each.may_ask(now_s) for each in channels])
