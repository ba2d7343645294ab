"""What a message names, found exactly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cass.query.entities import SHELLS, TOOL, is_named, mentions, names_in, wanted_name
from cass.search import entities
from cass.store.schema import ROLES
from tests.archive import DAY_MS, MINUTE_MS, Home, answers, calls, make_home, says
from tests.search.asking import found, freshen, names, say

SAID = {
    "error": "error[E0432]: unresolved import in src/net/pool.rs:42:7",
    "words": "the numbers 123 and src net pool rs; run cargo build with 1 38 0",
    "ticket": "closes #123 and ABC-77, see https://example.org/a/b?q=1.",
    "version": "tokio-1.38.0 and v2.1",
    "commit": "fixed by 3fa9c2e1b0d47a55 today",
    "raised": "ValueError: bad; ECONNREFUSED",
    "path": "/home/me/w/src/net/pool.rs is it. Also main.rs.",
    "bare": "see /home/me/w/Makefile, LICENSE and docs/README; on v0.1.4.post5",
    "verb": "license the software, and read me the makefiles",
}
NAMED = [
    ("entity:E0432", {"error"}),
    ("entity:e0432", {"error"}),
    ("entity:src/net/pool.rs", {"error", "path"}),
    ("entity:src/net/pool.rs:9", {"error", "path"}),
    ("entity:pool.rs", {"error", "path"}),
    ("entity:ool.rs", set()),
    ("entity:main.rs", {"path"}),
    ("entity:#123", {"ticket"}),
    ("entity:123", set()),
    ("entity:ABC-77", {"ticket"}),
    ("entity:https://example.org/a/b?q=1", {"ticket"}),
    ("entity:1.38.0", {"version"}),
    ("entity:v1.38.0", {"version"}),
    ("entity:2.1", {"version"}),
    ("entity:3fa9c2e", {"commit"}),
    ("entity:3fa9c2f", set()),
    ("entity:ValueError", {"raised"}),
    ("entity:ECONNREFUSED", {"raised"}),
    ('entity:"cargo build"', {"call"}),
    ("entity:cargo", {"call"}),
    ("entity:Makefile", {"bare"}),
    ("entity:w/Makefile", {"bare"}),
    ("entity:license", {"bare"}),
    ("entity:README", {"bare"}),
    ("entity:docs/README", {"bare"}),
    ("entity:0.1.4.post5", {"bare"}),
    ("entity:v0.1.4.post5", {"bare"}),
    ("entity:!pool.rs role:user", {"words", "ticket", "version", "commit", "raised", "bare", "verb"}),
    ("entity:(E0432 OR #123)", {"error", "ticket"}),
    ("numbers OR entity:E0432", {"words", "error"}),
    ("import entity:pool.rs", {"error"}),
    ("entity:=>", set()),
]


@pytest.fixture(scope="module", params=["indexed", "no index"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("entities"))
    build = calls("Bash", "c1", command="cd /w && RUST_LOG=1 cargo build --release")
    home.claude("call", says("assistant", "I build", build), says("user", answers("c1", "cargo build: done")))
    say(home, **SAID)
    if request.param == "no index":
        shutil.rmtree(home.places.lexical)
    return home


@pytest.mark.parametrize(("query", "expected"), NAMED)
def test_a_name_finds_the_messages_that_name_it(home: Home, query: str, expected: set[str]) -> None:
    """Not those that merely have its words."""
    assert found(home, query, match="all") == expected


def test_a_message_that_is_not_indexed_yet_is_asked_itself(tmp_path: Path) -> None:
    """What the agent has just written counts."""
    home = say(make_home(tmp_path), old="nothing to see")
    home.append("old", "now E0599 is there")
    freshen(home)

    assert names(home.search("entity:E0599")) == ["old"]


def test_of_very_many_messages_the_newest_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the answer says so."""
    monkeypatch.setattr(entities, "MOST_READ", 2)
    home = say(make_home(tmp_path), one="E0432 once", two="E0432 twice", three="E0432 thrice")

    results = home.search("entity:E0432")

    assert names(results) == ["three", "two"]
    assert "only the newest 2 were read" in results.notes[0]
    assert (results.total, results.exact_total) == (2, False)
    assert not home.search("(entity:E0432 thrice) OR twice").exact_total


@pytest.mark.parametrize("limit", ["until:2d", "agent:claude workspace:/w/old", "title:first", "role:user session:old"])
@pytest.mark.parametrize("form", ["entity:E0432 {}", "{} entity:E0432", "(entity:E0432 OR E0433) AND {}"])
def test_the_newest_are_those_that_pass_the_other_filters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, form: str
) -> None:
    """Newer ones elsewhere hide nothing."""
    monkeypatch.setattr(entities, "MOST_READ", 1)
    home = make_home(tmp_path)
    home.claude("old", "E0432 once", workspace="/w/old", start_ms=home.now_ms - 3 * DAY_MS, title="the first")
    home.claude("new", "E0432 again", start_ms=home.now_ms - MINUTE_MS, title="another")
    home.index()

    results = home.search(form.format(limit))

    assert names(results) == ["old"]
    assert not results.notes


def test_of_a_program_only_what_a_shell_was_given_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many messages speak of git; those that run it are found however many these are."""
    monkeypatch.setattr(entities, "MOST_READ", 1)
    home = make_home(tmp_path)
    run = calls("Bash", "c1", command="cd /w && git push")
    home.claude("call", says("assistant", "I push", run), says("user", answers("c1", "git push: done")))
    say(home, one="git push it", two="did git push work?", three="git push again")

    results = [home.search(query) for query in ("entity:git", 'entity:"git push"')]

    assert [(names(found), found.exact_total, found.notes) for found in results] == [(["call"], True, ())] * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see a.b.c.d and 3.14 on 2026-01-02T03:04:05", {"a.b.c.d"}),
        ("C:\\temp\\x.txt ./run.sh ../up.py ~/.zshrc", {"c:/temp/x.txt", "run.sh", "../up.py", "~/.zshrc"}),
        ("GH-12, owner/repo#34, CVE-2024-1234", {"gh-12", "owner/repo#34", "cve-2024-1234"}),
        ("deadbeef 1234567 a1b2c3d4", {"a1b2c3d4"}),
        ("the process got SIGSEGV, TS2345 and ENOENT", {"sigsegv", "ts2345", "enoent"}),
        ("", set()),
    ],
)
def test_names_are_read_off_a_text(text: str, expected: set[str]) -> None:
    assert names_in(text) == expected


@pytest.mark.parametrize("sign", ["+", "foo-", "\\u00e9", "+/", "\\/a", "a\\/"])
def test_a_text_of_signs_is_read_through_once(sign: str) -> None:
    """From none of them all that is behind it: what a tool printed may have a hundred thousand."""
    assert names_in(sign * 100_000 + " src/x.rs") == {"src/x.rs"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C:\\\\temp\\\\x.txt", {"x.txt"}),
        ("src\\/fixtures\\/data.test.ts", {"/data.test.ts"}),
        ("go-git/+/refs/tags/v4.6.0/tree, +1.2.3", {"4.6.0", "1.2.3"}),
    ],
)
def test_names_are_read_off_what_json_escaped(text: str, expected: set[str]) -> None:
    """As far as they can be told from what is around them."""
    assert names_in(text) == expected


def test_programs_are_read_off_what_a_shell_was_given() -> None:
    """Each with what it is told first; what a tool printed gives none."""
    text = "cd /w && FOO=1 sudo git commit -m x | tee log; $(uv run pytest)\nls -la"
    tool = next(iter(SHELLS))

    assert names_in(text, [tool]) == {"cd", "git", "git commit", "tee", "tee log", "uv", "uv run", "ls"}
    assert names_in(text, [tool], TOOL) == set()
    assert ROLES[TOOL] == "tool"


@pytest.mark.parametrize("text", [*SAID.values(), "C:\\w\\src\\net\\pool.rs", "x" * 2_000 + " E0432", "git a"])
def test_to_look_for_one_name_is_to_look_for_all(text: str) -> None:
    """Only faster."""
    wanted = [wanted_name(query.partition(":")[2]) for query, _ in NAMED if query.count(":") == 1 and "(" not in query]
    wanted += ["net/pool.rs", "w/src/net/pool.rs", "git", "git a"]

    for tools in ([], [next(iter(SHELLS))]):
        named = {name for name in wanted if is_named(name, names_in(text, tools))}
        assert {name for name in wanted if mentions(name, text, tools)} == named


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("V1.2.3", "1.2.3"),
        ("./src/A.rs:4", "src/a.rs"),
        (" cargo   build ", "cargo build"),
        ("Http://X.y/", "http://x.y"),
    ],
)
def test_a_name_may_be_typed_as_it_stands_in_a_message(typed: str, meant: str) -> None:
    assert wanted_name(typed) == meant
