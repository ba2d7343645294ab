"""tantivy, loaded without the Python half of datetime, and without types.

tantivy asks datetime for its C interface, which before Python 3.12 runs 2,500 lines of Python first, and types for one
name: 3 ms of a cold search.  Stand-ins take their places for the length of one import: the C module that datetime
re-exports anyway, and a module with that name.
"""

from __future__ import annotations

import sys


def _stand_in() -> list[str]:
    """Put the stand-ins in place, unless the real ones are loaded already; the names that are occupied."""
    placed = []
    if "types" not in sys.modules:
        types = type(sys)("types")
        types.SimpleNamespace = type(sys.implementation)  # type: ignore[attr-defined]
        sys.modules["types"] = types
        placed.append("types")
    if "datetime" not in sys.modules:
        try:
            import _datetime  # type: ignore[import-not-found]
        except ImportError:
            return placed
        sys.modules["datetime"] = _datetime
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
