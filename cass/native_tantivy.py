"""tantivy, loaded without datetime and without types.

When it is loaded, tantivy makes two constants of datetime, which before Python 3.12 runs 2,500 lines of Python and
loads a C module, and asks types for one name: 4 ms of a cold search.  Stand-ins take their places for the length of
one import.  The two constants are then no dates; nobody here reads them or hands tantivy a date.
"""

from __future__ import annotations

import sys


class _Moment:
    """Stands for tzinfo, timezone and datetime."""

    utc: _Moment

    def __init__(self, *parts: object, **more: object) -> None: ...


_Moment.utc = _Moment()


def _real(name: str) -> object:
    """Whatever else is asked of datetime comes from its C half."""
    import _datetime  # type: ignore[import-not-found]

    return getattr(_datetime, name)


def _stand_in() -> list[str]:
    """Put the stand-ins in place, unless the real ones are loaded already; the names that are occupied."""
    placed = []
    if "types" not in sys.modules:
        types = type(sys)("types")
        types.SimpleNamespace = type(sys.implementation)  # type: ignore[attr-defined]
        sys.modules["types"] = types
        placed.append("types")
    if "datetime" not in sys.modules and "tantivy" not in sys.modules:
        datetime = type(sys)("datetime")
        datetime.__dict__.update(tzinfo=_Moment, timezone=_Moment, datetime=_Moment, __getattr__=_real)
        sys.modules["datetime"] = datetime
        placed.append("datetime")
    return placed


_placed = _stand_in()
try:
    from tantivy import FieldType as FieldType
    from tantivy import Filter as Filter
    from tantivy import Index as Index
    from tantivy import Occur as Occur
    from tantivy import Order as Order
    from tantivy import Query as Query
    from tantivy import SchemaBuilder as SchemaBuilder
    from tantivy import TextAnalyzerBuilder as TextAnalyzerBuilder
    from tantivy import Tokenizer as Tokenizer
finally:
    for _name in _placed:
        del sys.modules[_name]
