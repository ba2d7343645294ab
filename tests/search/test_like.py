"""What is like a text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cass.lexical.reader import LexicalReader, open_reader
from cass.search.like import telling_words
from tests.archive import Home, make_home
from tests.schemas.checking import faults

TRACE = """Traceback (most recent call last):
  File "/home/me/w/pool/lease.py", line 42, in renew
    raise LeaseExpired(f"lease {key} of the pool has expired")
LeaseExpired: lease 7 of the pool has expired
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("like"))
    home.claude("met", "the worker dies with LeaseExpired in pool/lease.py", "renew the lease before it has expired")
    home.claude("near", "how do I renew a library card before it has expired?", "go to the library")
    home.claude("other", "the tokenizer of the parser panics", "the grammar was wrong")
    for at in range(12):
        home.claude(f"noise{at}", f"of the most recent call number {at}", "the file and the line")
    home.index()
    return home


def liked(home: Home, *words: str, stdin: str = "") -> list[str]:
    done = home.cass("like", *words, "--json", stdin=stdin)
    said = json.loads(done.stdout)
    assert faults("search", said) == []
    return [hit["external_id"] for hit in said["hits"]]


def test_a_stack_trace_finds_the_session_that_met_it(home: Home) -> None:
    """By the names in it and its rare words."""
    assert liked(home, "-", stdin=TRACE)[0] == "met"


def test_a_session_finds_others_and_not_itself(home: Home) -> None:
    session = home.search("LeaseExpired").hits[0]

    found = liked(home, session.sid)

    assert found[0] == "near"
    assert "met" not in found


def test_one_message_is_a_text_too(home: Home) -> None:
    session = home.search("tokenizer").hits[0]

    assert liked(home, f"{session.sid}:0", "-n", "1") != ["other"]


def test_what_is_told_are_the_words_that_it_was_compared_by(home: Home) -> None:
    """For a person, beside the hits."""
    done = home.cass("like", "-", "-n", "1", stdin=TRACE)

    assert done.returncode == 0
    assert "compared by: " in done.stderr
    assert "--offset" not in done.stderr
    assert "lease" in done.stderr.partition("compared by: ")[2]


def test_a_text_that_tells_nothing_finds_nothing(home: Home) -> None:
    """And nothing is listed in its place."""
    done = home.cass("like", "-", stdin="of the the")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"nothing found in {home.search('').messages} messages",
        "there is no word in it that tells anything",
    ]
    said = json.loads(home.cass("like", "-", "--json", stdin="of the the").stdout)
    assert (said["query"], said["meta"]["notes"]) == ("", ["there is no word in it that tells anything"])


def test_a_message_that_is_not_there_is_like_nothing(home: Home) -> None:
    """As `cass show` says it."""
    session = home.search("LeaseExpired").hits[0].sid

    done = home.cass("like", f"{session}:999")

    assert (done.returncode, done.stdout) == (1, "")
    assert "the session has no message 999" in done.stderr


def test_a_text_that_tells_nothing_is_not_like_what_could_not_be_read(tmp_path: Path) -> None:
    """The sign for bytes that are no text stands in real sessions."""
    home = make_home(tmp_path)
    home.claude("torn", "half of the word: \ufffd\ufffd")
    for at in range(12):
        home.claude(f"noise{at}", f"of the most recent call number {at}", "the file and the line")
    home.index()

    assert liked(home, "-", stdin="the of the of") == []


@pytest.mark.parametrize("name", ["session", "agent", "tool"])
def test_an_address_is_no_field(tmp_path: Path, name: str) -> None:
    """A text that is compared is none of the query language."""
    home = make_home(tmp_path)
    home.claude("said", f"open {name}://pool/lease again")
    home.index()

    assert liked(home, "-", stdin=f"what was {name}://pool/lease about?") == ["said"]


def test_without_hits_to_print_its_count_tells_what_was_found(home: Home) -> None:
    assert home.cass("like", "-", "-n", "0", stdin=TRACE).returncode == 0


def test_no_text_is_a_mistake(home: Home) -> None:
    assert home.cass("like", "-", stdin=" \n").returncode == 2
    assert home.cass("like").returncode == 2
    assert home.cass("like", "ffffff").returncode == 1


def test_a_text_is_read_by_names_then_words(home: Home) -> None:
    """Paths and identifiers that the archive knows; common words are left out."""
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)

    words = telling_words(TRACE, reader)

    assert "lease" in words and "expired" in words
    assert not {"the", "most", "recent", "of"} & set(words)
    assert telling_words("", reader) == []


def test_a_name_longer_than_any_is_none(home: Home) -> None:
    """Its words are: a phrase of thousands of them takes minutes to look for."""
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)

    words = telling_words("expired/" * 4_000 + "lease.expired", reader)

    assert "expired" in words
    assert max(map(len, words)) < 20


def test_without_an_index_long_words_tell_most(home: Home, tmp_path: Path) -> None:
    """The database answers, newest first, as it does for any search."""
    copy = make_home(tmp_path)
    shutil.copytree(home.data, copy.data)
    shutil.rmtree(copy.places.lexical)

    assert "met" in liked(copy, "-", stdin="LeaseExpired tokenizer")
