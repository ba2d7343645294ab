"""The query language, read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.query.canonical import to_text
from cass.query.parse import parse
from cass.query.plain import Bare, Query, Word, plain
from cass.query.syntax import And, Field, Must, Not, Or, Phrase, Prefix, Without

A, B, C = Word("a"), Word("b"), Word("c")

TREES = [
    ("", None),
    ("   ", None),
    ("panic", Word("panic")),
    ("a b", Bare((A, B))),
    ('"exit code" a', Bare((Phrase("exit code"), A))),
    ("“exit code”", Phrase("exit code")),
    ("a AND b OR c", Or((And((A, B)), C))),
    ("a OR b AND c", Or((A, And((B, C))))),
    ("a b OR c", Bare((A, Or((B, C))))),
    ("NOT a AND b", And((Not(A), B))),
    ("NOT (a AND b)", Without(And((A, B)))),
    ("a AND (b OR c)", And((A, Or((B, C))))),
    ("a and b", Bare((A, Word("and"), B))),
    ("+a b", Bare((Must(A), B))),
    ("a -b", Bare((A, Without(B)))),
    ("a NOT b", Bare((A, Without(B)))),
    ("-a", Without(A)),
    ("-(a b)", Without(Bare((A, B)))),
    ("a AND -b", And((A, Not(B)))),
    ("a OR +b", Or((A, B))),
    ("NOT NOT a", A),
    ("+a", A),
    ('-"a b" c', Bare((Without(Phrase("a b")), C))),
    ("a - b", Bare((A, B))),
    ("a + b", Bare((A, B))),
    ("--no-verify", Word("--no-verify")),
    ("+--no-verify a", Bare((Must(Word("--no-verify")), A))),
    ("parse*", Prefix("parse")),
    ("*token*", Prefix("token", inside=True)),
    ("+*token* a", Bare((Must(Prefix("token", inside=True)), A))),
    ('"exit code"~3', Phrase("exit code", within=3)),
    ('-"exit code"~0 a', Bare((Without(Phrase("exit code", within=0)), A))),
    ('"exit code"~9999999999999', Phrase("exit code", within=100)),
    ("foo_ba*", Prefix("foo_ba")),
    ("src/*", Word("src/*")),
    ("a*b", Word("a*b")),
    ("std::vector", Word("std::vector")),
    ("title::new", Word("title::new")),
    ("session://pool/7", Word("session://pool/7")),
    ('path:"//server/x" OR a', Or((Field("path", "//server/x"), A))),
    ("foo:bar", Word("foo:bar")),
    ("src/foo.rs:42", Word("src/foo.rs:42")),
    ("http://localhost:8080", Word("http://localhost:8080")),
    ("main()", Word("main()")),
    ("a (b c)", Bare((A, B, C))),
    ("a (b -c)", Bare((A, Bare((B, Without(C)))))),
    ("a +(b c)", Bare((A, Must(Bare((B, C)))))),
    ("a agent:codex AND b", Bare((A, And((Field("agent", "codex"), B))))),
    ("what is this (SLE) ?", Bare((Word("what"), Word("is"), Word("this"), Word("SLE")))),
    ("a | b & c / d - ...", Bare((A, B, C, Word("d")))),
    ("f(x) (a OR b)", Bare((Word("f(x)"), Or((A, B))))),
    ("C++", Word("C++")),
    ("認証 a", Bare((Word("認証"), A))),
    ("(agent:codex a) OR b", Or((Bare((Field("agent", "codex"), A)), B))),
    ("a OR NOT agent:codex", Or((A, Field("agent", "codex", exclude=True)))),
]


@pytest.mark.parametrize(("text", "root"), TREES)
def test_a_query_is_read_as_this_tree_without_a_note(text: str, root: object):
    """What the language means, line by line."""
    assert parse(text) == Query(text, root)


FILTERS = [
    ("agent:codex", None, (Field("agent", "codex"),)),
    ("a agent:!codex b", Bare((A, B)), (Field("agent", "codex", exclude=True),)),
    ("-agent:codex a", A, (Field("agent", "codex", exclude=True),)),
    ("-agent:!codex", None, (Field("agent", "codex"),)),
    ("a AND agent:codex AND b", And((A, B)), (Field("agent", "codex"),)),
    ("a AND NOT role:tool", A, (Field("role", "tool", exclude=True),)),
    ("(a since:7d)", A, (Field("since", "7d"),)),
    ('workspace:"/home/me/my code" a', A, (Field("workspace", "/home/me/my code"),)),
    ('workspace:!"my code"', None, (Field("workspace", "my code", exclude=True),)),
    ("path:src/foo.rs:42", None, (Field("path", "src/foo.rs:42"),)),
    ("path:C:\\code", None, (Field("path", "C:\\code"),)),
    ("title:fix tool:Bash session:1f", None, (Field("title", "fix"), Field("tool", "Bash"), Field("session", "1f"))),
    ("agent:(codex OR gemini) a", A, (Field("agent", "codex", others=("gemini",)),)),
    ("agent:!(codex gemini) a", A, (Field("agent", "codex", exclude=True, others=("gemini",)),)),
    ("-agent:(codex OR gemini)", None, (Field("agent", "codex", exclude=True, others=("gemini",)),)),
    ('workspace:("my code" OR app)', None, (Field("workspace", "my code", others=("app",)),)),
    ("entity:E0432 a", A, (Field("entity", "E0432"),)),
    ("since:2026-01-01T10:00 until:now", None, (Field("since", "2026-01-01T10:00"), Field("until", "now"))),
]


@pytest.mark.parametrize(("text", "root", "filters"), FILTERS)
def test_a_field_that_holds_for_the_whole_query_is_a_filter(text: str, root: object, filters: tuple[Field, ...]):
    """Fields side by side with everything else, or joined to it by AND, leave the tree."""
    assert parse(text) == Query(text, root, filters)


ODD = [
    ('"exit code', Phrase("exit code"), "a quote was not closed: closed at the end"),
    ("(a OR b", Or((A, B)), "a parenthesis was not closed: closed at the end"),
    ("a OR b)", Or((A, B)), "a closing parenthesis that closes nothing is ignored"),
    ("a AND", Bare((A, Word("and"))), "AND has nothing to work on: searched as a word"),
    ("OR a", Bare((Word("or"), A)), "OR has nothing to work on: searched as a word"),
    ("a NOT", Bare((A, Word("not"))), "NOT has nothing to work on: searched as a word"),
    ("(AND) a", Bare((Word("and"), A)), "AND has nothing to work on: searched as a word"),
    ("x*", Word("x"), "x* has fewer than 2 letters before the star: searched as a word"),
    ("*ab*", Word("ab"), "*ab* has fewer than 3 letters between the stars: searched as a word"),
    ("agent: a", Bare((Word("agent:"), A)), "agent: has no value: searched as a word"),
    ("a => b", Bare((A, B)), "left out, for want of letters or digits: =>"),
    ('a "->" b', Bare((A, B)), 'left out, for want of letters or digits: "->"'),
    ("=>", Word("=>"), "there are no letters or digits in it: searched as written"),
    ("-", Word("-"), "there are no letters or digits in it: searched as written"),
    ('"', Word('"'), "there are no letters or digits in it: searched as written"),
    ("( )", Word("( )"), "there are no letters or digits in it: searched as written"),
]


@pytest.mark.parametrize(("text", "root", "note"), ODD)
def test_what_does_not_parse_is_searched_all_the_same_and_said(text: str, root: object, note: str):
    """No query is an error."""
    assert parse(text) == Query(text, root, notes=(note,))


def test_the_examples_of_the_manual_are_read_without_a_note():
    """What docs/query.md shows as the language is the language."""
    manual = (Path(__file__).parents[2] / "docs" / "query.md").read_text(encoding="utf-8")
    language = manual.partition("## What is put right")[0]
    rows = [line.split("|")[1] for line in language.splitlines() if line.startswith("| `")]
    examples = [text for row in rows for text in row.split("`")[1::2]]

    assert len(examples) > 20
    assert [text for text in examples if parse(text).notes] == []


def test_nothing_is_searched_beside_a_filter_that_stands_with_a_lone_sign():
    """A lone `-` is dropped with nothing."""
    assert parse("agent:codex -") == Query("agent:codex -", None, (Field("agent", "codex"),))


def test_ten_thousand_parentheses_are_read():
    """Depth is bounded, so no query exhausts the stack."""
    text = "(" * 10_000 + "a b" + ")" * 10_000

    assert parse(text) == Query(text, Bare((A, B)), notes=("parentheses inside 50 others are ignored",))


def test_ten_thousand_signs_and_nots_are_read():
    """Neither signs nor NOT are read by recursion."""
    assert parse("NOT " * 10_000 + "a").root == A
    assert parse("+-" * 10_000 + "a").root == Without(A)


def test_the_canonical_form_says_filters_first_and_has_few_parentheses():
    """What a person would have typed."""
    text = '(a AND (b OR "x y")) -(c de*) agent:"my agent" NOT (e AND f)'

    assert to_text(parse(text)) == 'agent:"my agent" a AND (b OR "x y") -(c de*) -(e AND f)'


PIECES = 'AND OR NOT ( ) (( " “ + - -- * ~2 ~ : ! agent: agent:! agent:( path:!( title:: x: foo C++ a 日本 é -> => f('
PIECE = st.sampled_from([*PIECES.split(), "1.2", "*foo*", '"a b"~3', "entity:", "\\", "\0", "\n", "\ud800"])
TEXTS = st.lists(st.tuples(PIECE, st.sampled_from(["", " "])), max_size=14).map(
    lambda found: "".join(map("".join, found))
)


@settings(max_examples=3000, deadline=None)
@given(TEXTS | st.text(alphabet='aANDORT"()+-*:!~ é日\0\n') | st.text())
def test_the_canonical_form_is_read_back_as_the_same_query(text: str):
    """`parse` raises for no text, and `to_text` loses nothing that is searched."""
    query = parse(text)
    again = parse(to_text(query))

    assert (again.root, again.filters) == (query.root, query.filters)


def _nodes(node: object, above: type | None = None):
    yield above, node
    for part in getattr(node, "parts", ()) or ([node.part] if hasattr(node, "part") else []):
        yield from _nodes(part, type(node))


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_signs_stand_only_among_bare_words_and_not_only_under_operators(text: str):
    """Whoever walks the tree meets each kind of node only where the syntax says."""
    for above, node in _nodes(parse(text).root):
        if isinstance(node, Must):
            assert above is Bare
        if isinstance(node, Without):
            assert above in (None, Bare)
        if isinstance(node, Not):
            assert above in (And, Or)


@given(TEXTS | st.text(alphabet="aANDORT(+-*:!~. é日\0\t\x1f\u3000") | st.text(), st.booleans())
def test_words_alone_are_read_without_the_language_as_they_are_with_it(text: str, typing: bool):
    if (query := plain(text, typing)) is not None:
        assert query == parse(text, typing)


@pytest.mark.parametrize("text", ["panic", "how do I fix foo_bar.py?", "  two\twords ", "a-b c+d", "title"])
def test_a_question_is_words_alone(text: str):
    assert plain(text) == parse(text)
