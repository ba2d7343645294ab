"""A pasted secret is masked wherever a message is shown, and `cass secrets` lists it without its value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.connectors.base import Block, Checkpoint, Message, Session
from cass.indexing.masking import masked_items
from cass.indexing.prepared import prepare
from cass.render.secrets_view import HEADS
from tests.archive import DAY_MS, FIRST_MS, Home, make_home
from tests.schemas.checking import faults

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
SHOWN = "ghp_" + "•" * 36


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", f"deploy with {TOKEN} please", "and then the tests")
    home.claude("s2", "x " * 400 + f"deploy once more: {TOKEN}", start_ms=FIRST_MS + DAY_MS, title=f"Deploy {TOKEN}")
    home.index()
    return home


@pytest.mark.parametrize(
    "argv",
    [
        ("search", "deploy"),
        ("search", "deploy", "--plain"),
        ("search", "deploy", "--json", "--fields", "title,snippet,content,context", "-C", "2"),
        ("search", "deploy", "--jsonl"),
        ("search", "deploy", "--format", "{title} {snippet}"),
        ("search", TOKEN, "-F", "--fields", "title,snippet", "--json"),
        ("search", "deploy", "--explain"),
        ("sessions", "--json"),
    ],
)
def test_what_a_command_prints_is_masked(home: Home, argv: tuple[str, ...]):
    masked, shown = home.cass(*argv), home.cass(*argv, "--show-secrets")

    assert TOKEN not in masked.stdout.replace(f'"query": "{TOKEN}"', "") and "•" in masked.stdout
    assert TOKEN in shown.stdout
    assert masked.returncode == shown.returncode == 0


@pytest.mark.parametrize("flags", [(), ("--json",), ("--raw",)])
def test_a_session_is_shown_masked(home: Home, flags: tuple[str, ...]):
    name = home.search("tests").hits[0].sid

    assert SHOWN in home.cass("show", name, *flags).stdout
    assert TOKEN in home.cass("show", name, *flags, "--show-secrets").stdout


def test_no_secret_is_among_the_words_that_sessions_are_compared_by(home: Home):
    """The answer names them, without their capitals; a key would be the rarest of all."""
    name = home.search("tests").hits[0].sid

    alike, told = home.cass("like", name), home.cass("like", name, "--show-secrets")
    piped = home.cass("like", "-", "--json", stdin=f"rotate {TOKEN}")

    assert TOKEN[4:].lower() in told.stderr
    assert TOKEN[4:].lower() not in (alike.stdout + alike.stderr + piped.stdout).lower()


def test_a_match_inside_a_secret_is_still_marked(home: Home):
    said = json.loads(home.cass("search", TOKEN, "--json").stdout)
    hit = said["hits"][0]

    assert [hit["snippet"][start:end] for start, end in hit["matches"]] == [SHOWN]


def test_masking_can_be_switched_off_in_the_settings(home: Home):
    home.cass("config", "set", "redact", "off")

    assert TOKEN in home.cass("search", "deploy").stdout


def test_secrets_are_listed_by_fingerprint(home: Home):
    done = home.cass("secrets", "--json")
    said = json.loads(done.stdout)

    assert faults("secrets", said) == []
    (secret,) = said["secrets"]
    assert (secret["kind"], secret["messages"], len(secret["sessions"])) == ("github-token", 2, 2)
    assert secret["last_seen"] - secret["first_seen"] >= DAY_MS
    assert TOKEN not in done.stdout + home.cass("secrets").stdout + home.cass("secrets", "--plain").stdout


def test_secrets_are_listed_plainly_one_fact_a_line(home: Home):
    """A paragraph a secret."""
    home.claude("s3", f"and {TOKEN[:4]}{TOKEN[:3:-1]}")
    home.index()

    facts = [part.splitlines() for part in home.cass("secrets", "--plain").stdout.split("\n\n")]

    assert len(facts) == 2
    assert [line.partition(": ")[0] for line in facts[0]] == list(HEADS)
    assert {"kind: github-token", "messages: 2"} <= {*facts[0], *facts[1]}


def test_an_archive_without_secrets_says_so(tmp_path: Path):
    home = make_home(tmp_path)
    home.claude("s1", "nothing to hide")
    home.index()

    done = home.cass("secrets")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "no secrets were recognised in the archive\n"


def test_with_redact_index_a_secret_is_never_stored(tmp_path: Path):
    home = make_home(tmp_path)
    home.cass("config", "set", "redact", "index")
    home.claude("s1", f"deploy with {TOKEN} please", f"export it: {TOKEN}", title=f"Deploy {TOKEN}")
    home.cass("index")
    home.append("s1", f"and once more {TOKEN}")
    home.cass("index")

    kept = b"".join(path.read_bytes() for path in home.data.rglob("*") if path.is_file())
    said = json.loads(home.cass("search", "deploy", "--json", "--show-secrets").stdout)

    assert TOKEN.encode() not in kept and TOKEN[8:].lower().encode() not in kept.lower()
    assert SHOWN in said["hits"][0]["snippet"]
    assert json.loads(home.cass("secrets", "--json").stdout)["count"] == 0


def test_what_the_reading_process_prepared_is_masked_as_well():
    message = Message("s", 0, "user", FIRST_MS, (Block("text", "no secret"), Block("text", f"use {TOKEN}")))
    session = Session("s", title=f"use {TOKEN}")
    checkpoint = Checkpoint(10, 1, {"last": [f"use {TOKEN}", 3]})

    plain, ahead, titled, at = masked_items([message, prepare(message), session, checkpoint])

    assert plain == ahead and [part[5] for part in plain.parts] == ["no secret", f"use {SHOWN}"]
    assert plain.text != prepare(message).text
    assert (titled.title, at.state) == (f"use {SHOWN}", {"last": [f"use {SHOWN}", 3]})
