"""Which messages name a thing: the index finds those with its words, their texts decide.

Loaded only for `entity:`.  Without an index each text is asked as it comes along.
"""

from __future__ import annotations

from cass.lexical.filter import Filter
from cass.lexical.opening import Damage
from cass.query.entities import SHELLS, TOOL, mentions, only_program
from cass.query.plain import Word
from cass.query.syntax import Phrase, Prefix
from cass.query.words import version_forms
from cass.store.documents import documents_newest_first

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from cass.document import Document
    from cass.lexical.reader import LexicalReader
    from cass.query.syntax import Field

# Texts that are read for one name.
MOST_READ = 1_000
AT_ONCE = 500


def names(wanted: str, document: Document) -> bool:
    """Does this message name it?"""
    return mentions(wanted, document.body, document.tools, document.role)


def documents_naming(
    connection: Connection,
    reader: LexicalReader | Damage,
    wanted: str,
    limits: Sequence[Filter],
    notes: list[str],
) -> tuple[list[int], bool]:
    """The documents in the index that name it, of many candidates the newest; and whether all of them were read.

    What does not pass `limits` is not looked for: the newest of all may all be of another agent.
    """
    if isinstance(reader, Damage):
        return [], True
    candidates = _candidates(reader, wanted, limits)
    all_read = len(candidates) <= MOST_READ
    if not all_read:
        notes.append(f"entity:{wanted}: of the many messages with these words only the newest {MOST_READ} were read")
        candidates = candidates[:MOST_READ]
    found: list[int] = []
    for start in range(0, len(candidates), AT_ONCE):
        some = documents_newest_first(connection, None, candidates[start : start + AT_ONCE], True, lambda: False)
        found += [document.doc for document in some if document is not None and names(wanted, document)]
    return found, all_read


def _candidates(reader: LexicalReader, wanted: str, limits: Sequence[Filter]) -> Sequence[int]:
    """Documents with its words next to each other, newest first; the last word may go on, as a commit's id does."""
    found: dict[int, int] = {}
    version = (Word(wanted),) if version_forms(wanted) else (Phrase(f"v{wanted}"),) if wanted[0].isdigit() else ()
    # `git` stands in many messages, and few of them run it.
    shells = (Filter("tool", tuple(sorted(SHELLS))), Filter("role", (TOOL,), exclude=True))
    limits = (*limits, *shells) if only_program(wanted) else tuple(limits)
    for node in (Phrase(wanted), Prefix(wanted), *version):
        compiled = reader.compile(node, limits, _nothing, False)
        # One more than are read, and one that a run of equal times may cost.
        answer = reader.search(compiled, MOST_READ + 2, "all", "newest")
        found |= {hit.doc: hit.time_ms or 0 for hit in answer.candidates}
    return sorted(found, key=lambda doc: -found[doc])


def _nothing(field: Field) -> None:
    """There are no fields in it."""
