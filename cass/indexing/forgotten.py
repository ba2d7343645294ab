"""What a file says and must not be stored again, because somebody has had it forgotten."""

from __future__ import annotations

from cass.document import is_own
from cass.records import replace
from cass.store.documents import text_hash
from cass.store.schema import OWN_BLOCK
from cass.store.sessions import untitle_session
from cass.store.tombstones import any_tombstone, buried, place_key, session_key, text_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cass.indexing.opened import OpenSession
    from cass.indexing.prepared import Prepared
    from cass.store.writer import Writer

# An id is one word of letters and digits; anything else in a resume value may be what somebody said.
_LONGEST_ID = 100
# Members whose value somebody wrote, even where it is one word: a first prompt may be a password by itself.
_WRITTEN = frozenset(("title", "summaries", "queue", "unqueued", "taken_back"))


class Forgotten:
    """The tombstones, as one file is read.  `met`: something of this file was forgotten."""

    def __init__(self, store: Writer) -> None:
        self._store = store
        self._any = any_tombstone(store)
        self.met = False

    def holds(self, sid: str) -> bool:
        """Was this session forgotten, or so much of it that its title has to go?"""
        return self._any and bool(buried(self._store.connection, [session_key(sid)]))

    def without(self, messages: list[Prepared], sessions: Mapping[str, OpenSession]) -> list[Prepared]:
        """The messages that may be stored, each without the texts that may not."""
        if not self._any:
            return messages
        keys = [_keys(message, sessions[message.session]) for message in messages]
        asked = [key for places, texts in keys for each in (places, *texts) for key in each]
        found = buried(self._store.connection, asked)
        if not found:
            return messages
        self.met = True
        for message, (places, texts) in zip(messages, keys, strict=True):
            is_met = any([not found.isdisjoint(each) for each in (places, *texts)])
            sessions[message.session].refused |= is_met
        left = [
            _without(message, texts, found)
            for message, (places, texts) in zip(messages, keys, strict=True)
            if found.isdisjoint(places)
        ]
        return [message for message in left if message is not None]

    def untitle(self, sessions: Iterable[OpenSession]) -> list[str]:
        """Take away the titles of those that repeat something forgotten; their ids."""
        refused = [opened for opened in sessions if opened.refused and not opened.untitled]
        for opened in refused:
            opened.untitled = True
            untitle_session(self._store, opened.id)
        return [opened.row.sid for opened in refused]


def _keys(message: Prepared, opened: OpenSession) -> tuple[list[int], list[list[int]]]:
    """(keys of the place, of each text its keys): those with its time, and those from before that was known."""
    sid, role = opened.row.sid, message.role
    times = [message.created_ms] if message.created_ms is None else [message.created_ms, None]
    places = [place_key(sid, message.ordinal, role, at_ms) for at_ms in times]
    return places, [[text_key(opened.agent, sid, role, at_ms, digest) for at_ms in times] for digest in message.hashes]


def _without(message: Prepared, keys: list[list[int]], found: set[int]) -> Prepared | None:
    """The message with the texts that are left; None without any."""
    parts = tuple([part for part, each in zip(message.parts, keys, strict=True) if found.isdisjoint(each)])
    if len(parts) == len(message.parts):
        return message
    if not parts:
        return None
    own = is_own([(part[5], bool(part[3] & OWN_BLOCK)) for part in parts])
    return replace(message, parts=parts, own=own, text=text_hash([part[4] for part in parts]), extra=None)


def speaks(value: object) -> bool:
    """May a connector's resume value (JSON values) hold words of a session?  Ids and names do not count."""
    if isinstance(value, str):
        return len(value) > _LONGEST_ID or not value.isascii() or " " in value or "\n" in value
    if isinstance(value, dict):
        return any([(key in _WRITTEN and bool(each)) or speaks(key) or speaks(each) for key, each in value.items()])
    return isinstance(value, list | tuple) and any([speaks(each) for each in value])
