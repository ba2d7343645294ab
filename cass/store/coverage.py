"""Which texts count inside filters, and since when: for those who say how much of them vectors cover.

A filter is (field, values, documents, exclude), as the lexical index has it: it holds for what has one of the values in
the field, or is one of the documents.
"""

from __future__ import annotations

from cass.policy import SemanticMode
from cass.store.bounded import Bounded
from cass.store.hits import BOUND, marks, most_eligible, share
from cass.store.owed import COUNTED
from cass.store.schema import COPY, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from sqlite3 import Connection

    # Name of a tier → how many texts it has, and which.
    Tiers = Mapping[str, tuple[int, Callable[[], Iterable[int]]]]
    Wanted = tuple[str, Sequence[int | str | None], Sequence[int], bool]
    Condition = tuple[str, list[int | str]]

_COUNTED = f"m.flags & {COPY}=0 AND b.kind<{COUNTED} AND b.flags & {OWN_BLOCK}=0"
_TIME = "coalesce(m.created_ms, 0)"
_NUMBERS = {"doc": "m.doc", "agent": "s.agent", "workspace": "coalesce(s.workspace, 0)", "session": "m.session"}
_NUMBERS["role"] = "m.role"


def texts_inside(
    connection: Connection,
    filters: Sequence[Wanted],
    before_ms: int,
    is_over: Callable[[], bool] = lambda: False,
) -> list[tuple[int, int]] | None:
    """(text, document), each once, of the texts that count and were said before `before_ms` inside the filters.

    Looks at every block that the filters leave: a sixth of a second for 200,000.  None when `is_over` ended it.
    """
    said, bound = _conditions(filters)
    sql = (
        "SELECT DISTINCT b.text, m.doc FROM messages m JOIN sessions s ON s.id=m.session"
        f" CROSS JOIN blocks b ON b.message=m.id WHERE {_COUNTED} AND {_TIME}<?{said}"
    )
    with Bounded(connection, is_over):
        return connection.execute(sql, [before_ms, *bound]).fetchall()
    return None


def before_which_all_counts_ms(now_ms: int) -> int:
    """What was said before that is old enough for strict mode to ask for it: the worker has had its turn."""
    return now_ms - SemanticMode.STRICT_MIN_AGE_MS


def strict_shares(connection: Connection, now_ms: int, tiers: Tiers) -> tuple[tuple[str, float], ...]:
    """The share that each tier has of all texts that are old enough.  Exact, but where less is known to be enough."""
    before_ms = before_which_all_counts_ms(now_ms)
    least = _least_shares(connection, before_ms, {name: documents for name, (documents, _) in tiers.items()})
    if least and min([one for _, one in least]) >= SemanticMode.STRICT_MIN_COVERAGE:
        return least
    texts = {text for text, _ in texts_inside(connection, [], before_ms) or []}
    return shares_of(texts, {name: ids for name, (_, ids) in tiers.items()})


def _least_shares(
    connection: Connection, before_ms: int, documents: Mapping[str, int]
) -> tuple[tuple[str, float], ...]:
    """Without looking at the texts: as if the tiers had all of the young ones."""
    young = texts_since(connection, before_ms)
    eligible = most_eligible(connection) - young
    return tuple([(name, share(count - young, eligible)) for name, count in documents.items()])


def shares_of(texts: set[int], tiers: Mapping[str, Callable[[], Iterable[int]]]) -> tuple[tuple[str, float], ...]:
    """The share that each tier has of these texts; all of none is 1."""
    return tuple(
        [(name, share(len(texts.intersection(ids())), len(texts), nothing=1.0)) for name, ids in tiers.items()]
    )


def texts_among(connection: Connection, filters: Sequence[Wanted], texts: Sequence[int]) -> set[int]:
    """Which of these texts were said inside the filters."""
    said, bound = _conditions(filters)
    found: set[int] = set()
    for start in range(0, len(texts), BOUND):
        some = texts[start : start + BOUND]
        sql = (
            "SELECT DISTINCT b.text FROM blocks b CROSS JOIN messages m ON m.id=b.message"
            f" JOIN sessions s ON s.id=m.session WHERE b.text IN ({marks(some)}) AND {_COUNTED}{said}"
        )
        found.update([text for (text,) in connection.execute(sql, [*some, *bound])])
    return found


def texts_since(connection: Connection, since_ms: int) -> int:
    """How many texts were said since then; some may have been said before, too."""
    sql = (
        "SELECT count(DISTINCT b.text) FROM messages m CROSS JOIN blocks b ON b.message=m.id"
        f" WHERE m.created_ms>=? AND {_COUNTED}"
    )
    return _number(connection, sql, since_ms)


def newest_said_ms(connection: Connection, texts: Sequence[int]) -> int | None:
    """When one of these texts was last said; None for none."""
    times: list[int] = []
    for start in range(0, len(texts), BOUND):
        some = texts[start : start + BOUND]
        sql = (
            "SELECT max(coalesce(m.created_ms, 0)) FROM blocks b JOIN messages m ON m.id=b.message"
            f" WHERE b.text IN ({marks(some)})"
        )
        times += [ms for (ms,) in connection.execute(sql, some) if ms is not None]
    return max(times, default=None)


def _conditions(filters: Sequence[Wanted]) -> tuple[str, list[int | str]]:
    """All filters, to be put behind another condition."""
    each = [_condition(*wanted) for wanted in filters]
    return "".join([f" AND {sql}" for sql, _ in each]), [one for _, bound in each for one in bound]


def _condition(
    field: str, values: Sequence[int | str | None], docs: Sequence[int], exclude: bool
) -> tuple[str, list[int | str]]:
    """A filter in SQL, and what is bound in it.  Numbers of our own stand in it as they are: there may be many."""
    sql, bound = _of_field(field, values)
    if docs:
        sql = f"({sql} OR {_among('m.doc', docs)})"
    return (f"NOT {sql}" if exclude else sql), bound


def _of_field(field: str, values: Sequence[int | str | None]) -> tuple[str, list[int | str]]:
    if field == "time":
        bounds = [(sign, one) for sign, one in zip((">=", "<="), values, strict=True) if one is not None]
        said = "".join([f" AND m.created_ms{sign}?" for sign, _ in bounds])
        return f"(m.created_ms IS NOT NULL{said})", [one for _, one in bounds]
    if field == "tool":
        names = [str(value) for value in values]
        tools = f"SELECT id FROM strings WHERE lower(text) IN ({marks(names)})"
        return f"EXISTS (SELECT 1 FROM blocks x WHERE x.message=m.id AND x.tool IN ({tools}))", [*names]
    return _among(_NUMBERS[field], values), []


def _among(column: str, values: Sequence[int | str | None]) -> str:
    return f"{column} IN ({','.join([str(int(value or 0)) for value in values])})"


def _number(connection: Connection, sql: str, *bound: object) -> int:
    number: int = connection.execute(sql, bound).fetchone()[0]
    return number
