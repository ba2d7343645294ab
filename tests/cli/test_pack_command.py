"""`cass pack`: cited, bounded, masked excerpts, the same for the same index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.render.fitting import approx_tokens
from tests.archive import DAY_MS, FIRST_MS, Home, make_home
from tests.schemas.checking import faults

TOKEN = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6"
CODE = "def retry(walrus):\n\tfor attempt in range(3):\n\t\tyield attempt\n\n    # done"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("pack"))
    home.claude("code", "the walrus retries", CODE, title="Retries")
    giant = "\n".join(f"line {number} of the walrus log" if number % 7 else f"noise {number}" for number in range(4000))
    home.claude("giant", giant, start_ms=FIRST_MS + DAY_MS, title="Log")
    home.claude("secret", f"the walrus deploys with {TOKEN}", start_ms=FIRST_MS + 2 * DAY_MS, title="Deploy")
    home.claude("fenced", "a walrus in\n````\n```python\nx\n```\n````", start_ms=FIRST_MS + 3 * DAY_MS)
    home.index()
    return home


def text(home: Home, *argv: str) -> str:
    done = home.cass("pack", "walrus", "--refresh", "off", *argv)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def said(home: Home, *argv: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text(home, "--json", *argv))
    assert faults("pack", answer) == []
    return answer


def test_every_excerpt_is_cited(home: Home):
    """By the id that `cass show` takes, and the file with its line."""
    packed = text(home)

    for excerpt in said(home)["excerpts"]:
        where = f"{excerpt['source_path']}:{excerpt['line_number']}"
        assert f"[{excerpt['id']}] {excerpt['role']}, 2026-01-0" in packed and where in packed
    assert packed.startswith("# Earlier sessions about: walrus\n")


def test_the_newlines_and_tabs_of_code_are_kept(home: Home):
    assert f"```\n{CODE}\n```\n" in text(home)


def test_no_text_closes_its_fence(home: Home):
    assert "`````\na walrus in\n````\n```python\nx\n```\n````\n`````\n" in text(home)


def test_secrets_are_masked(home: Home):
    masked, asked = text(home), text(home, "--show-secrets")

    assert TOKEN not in masked and "ghp_••••" in masked
    assert TOKEN in asked
    assert TOKEN not in text(home, "--json")


@pytest.mark.parametrize("most", [200, 400, 1000, 8000])
def test_a_pack_is_never_longer_than_allowed(home: Home, most: int):
    assert approx_tokens(text(home, "--max-tokens", str(most))) <= most
    assert len(text(home, "--max-chars", str(most * 4))) <= most * 4
    assert approx_tokens(text(home, "--json", "--max-tokens", str(most + 600))) <= most + 600


def test_both_limits_hold_where_both_are_said(home: Home):
    packed = text(home, "--max-tokens", "5000", "--max-chars", "1000")

    assert len(packed) <= 1000
    assert len(text(home, "--max-chars", "60000")) > 8000 * 4 * 0.4  # no tokens are counted then


def test_a_giant_message_leaves_room_for_the_others(home: Home):
    """At most two fifths of the budget, cut at line ends, and it says which lines these are."""
    answer = said(home, "--max-tokens", "2000")
    (giant,) = [excerpt for excerpt in answer["excerpts"] if excerpt["title"] == "Log"]

    assert approx_tokens(giant["text"]) <= 800
    assert answer["sessions"] == 4
    assert (giant["lines"], giant["is_whole"]) == (4000, False)
    assert giant["text"].count("\n") == giant["last_line"] - giant["first_line"]
    assert all(line.startswith(("line ", "noise ")) for line in giant["text"].split("\n"))
    assert f"lines {giant['first_line']} to " in text(home, "--max-tokens", "2000")


def test_the_same_index_gives_the_same_pack(home: Home):
    assert text(home) == text(home)
    assert text(home, "--json") == text(home, "--json")


def test_few_sessions(home: Home):
    assert said(home, "--max-sessions", "2")["sessions"] == 2


def test_a_line_without_an_end_is_cut_around_the_match(tmp_path: Path):
    """Minified code has no line ends to cut at."""
    home = make_home(tmp_path)
    home.claude("minified", "a=1;" * 5000 + "walrus(7);" + "b=2;" * 5000)
    home.index()
    (excerpt,) = said(home, "--max-tokens", "900")["excerpts"]

    assert "walrus(7);" in excerpt["text"]
    assert (excerpt["text"][0], excerpt["text"][-1], excerpt["is_whole"]) == ("…", "…", False)


def test_control_characters_of_a_session_do_not_reach_the_page(tmp_path: Path):
    home = make_home(tmp_path)
    home.claude("hostile", "a walrus\x1b]0;owned\x07", title="t\x1b[2J")
    home.index()

    assert "\x1b" not in text(home) and "a walrus␛]0;owned␇" in text(home)


def test_what_was_packed_is_said_beside_it(home: Home):
    done = home.cass("pack", "walrus", "--refresh", "off")
    quiet = home.cass("pack", "walrus", "--refresh", "off", "-q")

    tokens, chars = f"{approx_tokens(done.stdout):,}", f"{len(done.stdout):,}"
    assert done.stderr == f"5 excerpts of 4 sessions, {tokens} tokens, {chars} characters; 5 messages found\n"
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")


def test_nothing_found(home: Home):
    none = home.cass("pack", "-F", "no such words")
    as_json = home.cass("pack", "-F", "no such words", "--json")

    assert (none.returncode, none.stdout) == (1, "")
    assert none.stderr == "no message was found\n"
    assert (as_json.returncode, json.loads(as_json.stdout)["excerpts"]) == (0, [])


def test_a_budget_for_nothing_is_refused(home: Home):
    done = home.cass("pack", "walrus", "--max-tokens", "9")
    as_json = home.cass("pack", "walrus", "--max-tokens", "9", "--json")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cass: no excerpt fits into so little (--max-tokens, --max-chars). Allow more.\n"
    assert (as_json.returncode, json.loads(as_json.stdout)["error"]["kind"]) == (2, "usage")


def test_nothing_indexed_yet(tmp_path: Path):
    done = make_home(tmp_path).cass("pack", "walrus", "--refresh", "off")

    assert (done.returncode, "cass index" in done.stderr) == (3, True)


def test_the_budget_is_a_setting(home: Home):
    config = {"CASS_PACK_MAX_TOKENS": "300"}
    done = home.cass("pack", "walrus", "--refresh", "off", env=config)
    larger = home.cass("pack", "walrus", "--refresh", "off", "--max-tokens", "600", env=config)

    assert approx_tokens(done.stdout) <= 300 < approx_tokens(larger.stdout) <= 600
