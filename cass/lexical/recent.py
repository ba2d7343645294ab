"""The index's last answers, where searches follow each other: whoever types on asks with most keys for the same."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.lexical.reader import Fetched
    from cass.native_tantivy import Query

# A word that is typed is the same question for some keys, and again when one of them is taken back.
MOST = 8


class Recent:
    """Answers of one searcher, by how their queries print, which tells all of them: words, weights and filters."""

    def __init__(self) -> None:
        self._kept: dict[str, Fetched] = {}

    def answer(self, query: Query, limit: int, counted: bool, ask: Callable[[], Fetched]) -> Fetched:
        """What was answered, where that is enough; else what `ask` gives."""
        text = repr(query)
        known = self._kept.pop(text, None)
        if known is None or not known.serves(limit, counted):
            known = ask()
        self._kept[text] = known
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]  # the oldest
        return known
