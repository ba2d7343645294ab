"""What a search is limited to, in the index's own ids.  Apart from the compiler, which loads tantivy."""

from __future__ import annotations

from cass.records import record


@record
class Filter:
    """Documents whose `field` has one of `values`, or whose name is in `docs`.

    For `time`, `values` are (from, to) in ms, None for open; for `tool` lower-case names; for `path` paths; for
    `entity` names, and `docs` are all that the index has of them.
    """

    field: str
    values: tuple[int | str | None, ...]
    docs: tuple[int, ...] = ()
    exclude: bool = False
