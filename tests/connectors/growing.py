"""A file that is read twice, cut anywhere, says what a reading of the whole says."""

from __future__ import annotations

from types import ModuleType

from cass.records import replace
from tests.connectors.reading import Messages, read, session, stored, two_reads


def check_growth(connector: ModuleType, data: bytes, path: str, step: int = 11) -> None:
    """Assert that messages, their numbers and all facts of the session are the same, wherever the first read ended."""
    whole = read(connector, data, path)
    for cut in range(0, len(data), step):
        first, second = two_reads(connector, data, cut, path)
        assert _said(stored(first, second)) == _said(stored(whole)), cut
        assert replace(session([*first, *second]), whole=False) == session(whole), cut


def _said(kept: Messages) -> Messages:
    """A last line that had no ending yet may have ended one byte earlier."""
    return {key: replace(message, end=None) for key, message in kept.items()}
