"""What the tests of the search share: sessions of one message each, and short forms of an answer."""

from __future__ import annotations

from cass.indexing.refresh import refresh
from cass.search.request import Results
from cass.store import connect
from cass.store.look import look
from tests.archive import MINUTE_MS, Home


def say(home: Home, **texts: str) -> Home:
    """One session for each text, a minute apart in the order given; indexed."""
    for at, (name, text) in enumerate(texts.items()):
        home.claude(name, text, start_ms=home.now_ms - 3_600_000 + at * MINUTE_MS)
    home.index()
    return home


def names(results: Results) -> list[str]:
    """The sessions that were found, in order."""
    return [hit.external_id for hit in results.hits]


def found(home: Home, text: str, **wishes: object) -> set[str]:
    """The sessions that a query finds."""
    return set(names(home.search(text, **({"limit": 100} | wishes))))


def marked(results: Results) -> list[str]:
    """What is set off in the snippets."""
    return [hit.snippet[start:end] for hit in results.hits for start, end in hit.matches]


def freshen(home: Home) -> None:
    """Read what is new into SQLite only, as a search does that finds changed files."""
    connection = connect.open_reader(home.places.database)
    assert connection is not None
    changed = look(connection, lambda: 0.0)
    connection.close()
    done = refresh(home.places, str(home.home), home.env, changed, lambda: home.now_ms, lambda: 0.0)
    assert done.behind_files == 0
