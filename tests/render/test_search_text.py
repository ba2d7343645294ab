"""What a search prints for people."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from cass.errors import UsageError
from cass.records import replace
from cass.render.fitting import fewer
from cass.render.search_text import file_address, write
from cass.search.request import Hit, Request, Results

OPTIONS = {"quiet": False, "count": False, "sessions_only": False, "null": False, "format": None, "color": "auto"}
HIT = Hit(
    sid="3fa9c2e1b0d47a55",
    ordinal=42,
    parent=None,
    external_id="x",
    agent="claude_code",
    role="assistant",
    title="Pool times out",
    workspace="/w/app",
    branch="main",
    path="/h/a b.jsonl",
    state="present",
    line=118,
    created_ms=946_684_800_000 + 43_200_000,
    rank=1,
    score=17.2,
    match_type="exact",
    snippet="raise the pool size before the pool is empty",
    matches=((10, 14), (31, 35)),
    also=2,
    short_id="3fa9c2e1",
)
RESULTS = Results(
    request=Request("pool"),
    hits=(HIT,),
    total=3,
    exact_total=True,
    rung="all",
    answered_by=("lexical",),
    notes=(),
    corrected=(),
    dropped=(),
    generation="1",
    has_more=False,
    messages=100,
    behind_files=0,
    indexed_ms=0,
    took_ms=1.0,
)


def printed(results: Results = RESULTS, **options: Any) -> tuple[str, str]:
    """(stdout, stderr)."""
    out, err = io.StringIO(), io.StringIO()
    write(results, OPTIONS | options, out, err, {"COLUMNS": "40"})
    return out.getvalue(), err.getvalue()


def test_a_hit_has_a_head_a_title_and_its_words():
    """The id comes first, so that it can be copied into `cass show`."""
    assert printed() == (
        "3fa9c2e1:42  2000-01-01  claude_code  a…\n"
        "  Pool times out\n"
        "  raise the pool size before the pool is\n"
        "  empty\n",
        "3 messages with all the words, 1 session shown\n",
    )


def test_matches_are_set_off_across_line_ends():
    out, _ = printed(color="always")

    assert "  raise the \x1b[1;33mpool\x1b[0m size before the \x1b[1;33mpool\x1b[0m is\n" in out


def test_plain_is_one_fact_a_line():
    out, _ = printed(plain=True)

    assert [line.split(": ")[0] for line in out.splitlines()] == [
        "id",
        "when",
        "agent",
        "role",
        "workspace",
        "title",
        "more in this session",
        "text",
    ]


def test_what_others_wrote_cannot_steer_the_terminal():
    """Escape sequences in a title, a folder, a text or a neighbour are only shown."""
    evil = "\x1b]0;owned\x07\x9b31m"
    hit = replace(HIT, title=evil, workspace=f"/{evil}", snippet=evil, matches=((0, 3),), context=((41, "user", evil),))

    for options in ({}, {"plain": True}, {"format": "{title} {snippet} {workspace}"}):
        out, _ = printed(replace(RESULTS, hits=(hit,)), **options)
        assert "\x1b" not in out and "\x07" not in out and "\x9b" not in out


def test_neighbours_stand_around():
    hit = replace(HIT, context=((41, "user", "why is\nit slow"), (43, "user", "thanks")))

    out, _ = printed(replace(RESULTS, hits=(hit,)))

    lines = [line.strip() for line in out.splitlines()]
    assert lines.index("41 user: why is it slow") < lines.index("empty") < lines.index("43 user: thanks")


def test_what_was_done_to_the_query_is_said():
    results = replace(
        RESULTS,
        corrected=(("unresolvd", "unresolved"),),
        dropped=("zzq",),
        notes=("a note",),
        rung="any",
        has_more=True,
    )

    assert printed(results)[1].splitlines() == [
        "3 messages with some of the words, 1 session shown; more with --offset 1",
        "searched for unresolved instead of unresolvd",
        "nowhere found: zzq",
        "a note",
    ]
    assert printed(results, quiet=True)[1] == ""


def test_nothing_found_says_what_was_tried_and_what_to_try():
    results = replace(RESULTS, hits=(), total=0, rung=None, request=Request("pool", agents=("codex",)))

    out, err = printed(results)

    assert out == ""
    assert err.splitlines() == [
        "nothing found for pool with these filters in 100 messages",
        "tried: all the words, most of them, any of them, and words that differ by a letter or two",
        "try without filters",
    ]


def test_only_what_was_tried_is_said_to_have_been():
    """Signs alone are looked for as they are written."""
    assert printed(replace(RESULTS, hits=(), total=0, rung=None, request=Request("&& ||")))[1].splitlines() == [
        "nothing found for && || in 100 messages"
    ]


@pytest.mark.parametrize("text", ['"conection refused"', "entity:E0432", "-panic tool:bash", "conec*"])
def test_what_is_never_corrected_is_not_said_to_have_been(text: str):
    """Phrases, beginnings and fields hold as they were typed."""
    results = replace(RESULTS, hits=(), total=0, rung=None, request=Request(text))

    assert printed(results)[1].splitlines() == [
        f"nothing found for {text} in 100 messages",
        "looked for as it stands: only bare words may be missing or differ by a letter or two",
    ]


@pytest.mark.parametrize(
    ("indexed_ms", "said"),
    [(None, "read your agents' files first: cass index"), (0, "no agent has said anything here yet")],
)
def test_an_empty_archive_says_whether_indexing_would_help(indexed_ms: int | None, said: str):
    results = replace(RESULTS, hits=(), total=0, rung=None, messages=0, indexed_ms=indexed_ms)

    assert printed(results)[1].splitlines()[-1] == said


def test_a_page_of_few_tokens_has_fewer_hits():
    """Too few for one hit: that is said, and nothing is printed."""
    two = replace(RESULTS, hits=(HIT, replace(HIT, rank=2)))
    one = printed()[0]

    assert printed(two, max_tokens=-(-len(one.encode()) // 4))[0] == one
    assert printed(two, max_tokens=1) == ("", "3 messages with all the words\nhit 1 does not fit into 1 token\n")


def test_a_hit_that_fits_into_no_page_is_passed_over():
    """The next page begins behind it; there is none where it was the last."""
    two = replace(RESULTS, hits=(replace(HIT, rank=5), replace(HIT, rank=6)))

    kept = fewer(two, 1, lambda results: "longer than that")
    last = fewer(replace(two, hits=two.hits[:1], has_more=False), 1, lambda results: "longer than that")

    assert (kept.hits, kept.next_cursor) == ((), f"{RESULTS.generation}-5")
    assert "hit 5 does not fit into 1 token" in kept.notes
    assert last.next_cursor is None


def test_a_log_pasted_into_the_question_is_not_printed_whole_again():
    log = "x" * 100_000
    results = replace(RESULTS, hits=(), total=0, rung=None, request=Request(log), dropped=(log,))

    said = printed(results)[1].splitlines()

    assert said[:2] == [f"nothing found for {'x' * 200}… in 100 messages", f"nowhere found: {'x' * 200}…"]


def test_ids_and_counts_for_scripts():
    twice = replace(RESULTS, hits=(HIT, replace(HIT, ordinal=43)))

    assert printed(twice, sessions_only=True, quiet=True) == ("3fa9c2e1b0d47a55\n", "")
    assert printed(twice, sessions_only=True, null=True, quiet=True) == ("3fa9c2e1b0d47a55\0", "")
    assert printed(twice, count=True, quiet=True) == ("3\n", "")


def test_a_template_fills_in_fields():
    out, _ = printed(format="{id}\\t{agent} {line} {{{score}}} {path}")

    assert out == "3fa9c2e1b0d47a55:42\tclaude_code 118 {17.2} /h/a b.jsonl\n"


@pytest.mark.parametrize("template", ["{who}", "{id", "{}"])
def test_a_template_with_an_unknown_field_names_the_known(template: str):
    with pytest.raises(UsageError) as refused:
        printed(format=template)

    assert "{session_id}" in str(refused.value)


def test_a_link_leads_to_the_file():
    assert file_address("/h/a b%é.jsonl") == "file:///h/a%20b%25%C3%A9.jsonl"
    assert file_address("C:\\h\\a.jsonl") == "file:///C:/h/a.jsonl"


def test_narrow_screens_get_whole_lines(tmp_path: Path):
    out, err = io.StringIO(), io.StringIO()
    write(RESULTS, OPTIONS, out, err, {"COLUMNS": "24"})

    assert max(len(line) for line in out.getvalue().splitlines()[1:]) <= 24
