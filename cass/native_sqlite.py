"""`_sqlite3`, loaded without functools.

SQLite's binding imports functools for one decorator, and with it collections, operator and more: 3 ms of a cold
search that needs none of them.  A stand-in with that decorator takes functools' place for the length of one import;
where anything is unusual the ordinary import happens.
"""

from __future__ import annotations

import sys


def _stand_in() -> bool:
    """Put the stand-in in place, unless functools is loaded already."""
    if "functools" in sys.modules or "_sqlite3" in sys.modules:
        return False
    try:
        from _functools import _lru_cache_wrapper  # type: ignore[import-not-found]
    except ImportError:
        return False

    def lru_cache(maxsize: int = 128, typed: bool = False) -> object:
        return lambda function: _lru_cache_wrapper(function, maxsize, typed, tuple)

    functools = type(sys)("functools")
    functools.lru_cache = lru_cache  # type: ignore[attr-defined]
    sys.modules["functools"] = functools
    return True


_stands = _stand_in()
try:
    import _sqlite3 as _sqlite3
finally:
    if _stands:
        del sys.modules["functools"]
