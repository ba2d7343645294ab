"""A statement that is cut off when the time there is for it is over."""

from __future__ import annotations

from cass.native_sqlite import _sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection
    from types import TracebackType

# SQLite asks every so many of its instructions whether to go on: about a millisecond.
ASK_EVERY = 20_000


class Bounded:
    """Within it, statements of a connection end as soon as `is_over`; `is_cut` says that one was."""

    def __init__(self, connection: Connection, is_over: Callable[[], bool]) -> None:
        self.is_cut = False
        self._connection = connection
        self._is_over = is_over

    def __enter__(self) -> Bounded:
        self._connection.set_progress_handler(lambda: 1 if self._is_over() else 0, ASK_EVERY)
        return self

    def __exit__(self, kind: type[BaseException] | None, bad: BaseException | None, _: TracebackType | None) -> bool:
        self._connection.set_progress_handler(None, 0)
        self.is_cut = isinstance(bad, _sqlite3.OperationalError) and "interrupted" in str(bad)
        return self.is_cut
