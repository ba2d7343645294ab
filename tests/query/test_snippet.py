"""The line that is shown for a hit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.query.parse import parse
from cass.query.snippet import Terms, snippet, terms_of

FILLER = "lorem ipsum dolor sit amet " * 40


def marked(text: str, query: str, width: int = 240, **found: object) -> str:
    """The snippet with its matches in brackets."""
    line, spans = snippet(text, terms_of(parse(query), **found), width)
    assert len(line) <= width
    for start, end in reversed(spans):
        line = f"{line[:start]}[{line[start:end]}]{line[end:]}"
    return line


MARKED = [
    ("word", "A word, and Words.", "A [word], and Words."),
    ("cafe", "Un Café noir", "Un [Café] noir"),
    ("Straße strasse", "Straße", "[Straße]"),
    ("src/foo.rs:42", "at src/foo.rs:42 in foo", "at [src/foo.rs:42] in foo"),
    ('"exit code"', "code: exit   code 2", "code: [exit code] 2"),
    ("pars*", "the parser parses", "the [parser] [parses]"),
    ("C++", "C, C++ and c++.", "C, [C++] and [c++]."),
    (".NET", "the .NET runtime of foo.net", "the [.NET] runtime of foo.net"),
    ("1.0.21", "now v1.0.21", "now [v1.0.21]"),
    ("视频下载", "视频下载失败", "[视频下载]失败"),
    ("视频下载", "下载了视频", "[下载]了[视频]"),
    ("query", "in parseQuery now", "in parse[Query] now"),
    ("nect", "the connection", "the con[nect]ion"),
    ("a -b (c OR NOT d)", "a b c d", "[a] b [c] d"),
    ("+a agent:codex", "a codex", "[a] codex"),
    ("zebra", "nothing here", "nothing here"),
    ("entity:E0432", "so error[E0432]: no import", "so error[[E0432]]: no import"),
    ("entity:pool.rs -entity:main.rs", "main.rs, src/pool.rs", "main.rs, src/[pool.rs]"),
    ("entity:3fa9c2e", "fixed by 3fa9c2e1b0d4", "fixed by [3fa9c2e]1b0d4"),
    ("path:src/pool.rs x", "x in src/pool.rs", "[x] in [src/pool.rs]"),
    ("", "nothing here", "nothing here"),
    ("=>", "fn () => x", "fn () [=>] x"),
    ("word", "", ""),
]


@pytest.mark.parametrize(("query", "text", "line"), MARKED)
def test_what_the_query_wants_is_marked(query: str, text: str, line: str):
    """Whole words and names as written, parts of words only when there is nothing else."""
    assert marked(text, query) == line


def test_corrected_words_and_variants_are_marked():
    """What was searched in the end is what is shown."""
    text = "an unresolved import, imported and unresolvable"

    line = marked(text, "unresolvd import", corrected={"unresolvd": "unresolved"}, variants={"import": ["imported"]})

    assert line == "an [unresolved] [import], [imported] and unresolvable"


def test_space_is_collapsed_and_control_characters_are_shown():
    """Nothing that came from a file can move the cursor, change colours or turn the text round."""
    text = "a\n\tb  \x1b[31mred\x07 \x9b0m \u202egnp \ud800 z\u200dwj"

    assert snippet(text, terms_of(parse("red"))) == ("a b ␛[31mred␇ \ufffd0m \ufffdgnp \ufffd z\u200dwj", [(9, 12)])


def test_a_long_text_is_cut_between_words_around_the_match():
    """Both cuts are said, and there is more text behind the match than before it."""
    assert marked(FILLER + "here is needle in hay " + FILLER, "needle", 60) == (
        "…sit amet here is [needle] in hay lorem ipsum dolor sit amet…"
    )


def test_the_beginning_and_the_end_of_a_text_fill_the_line():
    """Where a text begins or ends, the line goes on to its other side."""
    assert marked("needle " + FILLER, "needle", 40) == "[needle] lorem ipsum dolor sit amet lorem…"
    assert marked(FILLER + "needle", "needle", 40) == "…amet lorem ipsum dolor sit amet [needle]"


def test_without_a_match_the_text_begins():
    """A semantic hit has no words to show."""
    assert marked(FILLER, "zebra", 30) == "lorem ipsum dolor sit amet…"


def test_the_place_with_most_terms_wins():
    """Different terms count before many matches, many matches before an early one."""
    text = f"alpha alpha alpha {FILLER} alpha beta {FILLER} beta alpha beta {FILLER} alpha"

    assert marked(text, "alpha beta", 50) == "…sit amet [beta] [alpha] [beta] lorem ipsum dolor sit…"


def test_a_common_word_does_not_hide_a_rare_one():
    """A word that is everywhere is looked for where the rarer ones are."""
    text = "the quick fox. " * 5000 + "the needle. " + "the end. " * 5000

    assert "[the] [needle]" in marked(text, "the needle", 60)


def test_a_part_of_a_path_that_comes_again_is_looked_for_once():
    """Else it takes the places of the others, and a run of thousands takes seconds."""
    text = f"one of two {'and so on ' * 100} three or four or five"

    line, _ = snippet(text, terms_of(parse("one/two/" * 6 + "three/four/five")), 60)

    assert line.endswith("three or four or five")


def test_of_a_sentence_the_telling_words_are_marked():
    """The words of grammar stand everywhere, and would draw the line to where most of them are."""
    text = f"it is what it was, and what it is is a thing of the past {FILLER} the walrus lost a tusk"

    assert marked(text, "what was it that the walrus lost").endswith("the [walrus] [lost] a tusk")


def test_grammar_is_marked_where_there_is_nothing_else():
    """A line for a hit has a match, whatever it was found by."""
    assert marked("it was there", "what was it that the walrus lost") == "[it] [was] there"
    assert marked("to be or not", "to be or not to be or not") == "[to] [be] [or] [not]"


def test_among_a_few_words_each_is_meant():
    assert marked("it is here", "is it here") == "[it] [is] [here]"


def test_indented_code_fills_the_line():
    """Blanks that are not shown take no room."""
    text = "".join(f"\n{' ' * 40}line{number}();" for number in range(100))

    assert marked(text, "line50", 60) == "…line49(); [line50](); line51(); line52(); line53();…"


def test_a_line_without_spaces_is_cut_anywhere():
    """Minified text has no better place."""
    line = marked("x" * 500 + "-needle-" + "y" * 500, "needle", 40)

    assert line == "…xxxxxxxxx-[needle]-yyyyyyyyyyyyyyyyyyyyy…"


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text(alphabet="ab \n\té日.C+#", max_size=400), st.text(max_size=20), st.integers(0, 60))
def test_any_text_gives_a_line_that_is_safe_to_print(text: str, query: str, width: int):
    """The line keeps its width, has no control characters, and its matches lie in it in order."""
    line, spans = snippet(text, terms_of(parse(query)), width)
    edges = [edge for span in spans for edge in span]

    assert len(line) <= max(width, 3)
    assert not any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in line)
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= len(line) for edge in edges)


@pytest.mark.parametrize("width", range(40, 60))
def test_every_match_in_the_line_is_marked(width: int):
    """Also those at its ends, wherever it was cut."""
    line, spans = snippet("x ab " * 300 + "needle" + " ab x" * 300, terms_of(parse("needle ab")), width)

    assert [line[start:end] for start, end in spans] == [word for word in line.strip("…").split() if word != "x"]


@pytest.mark.parametrize(
    "typed, text, line",
    [
        ("con", "connect: a conn, CON; reconnect", "[connect]: a [conn], [CON]; reconnect"),
        ("con", "con", "[con]"),
        ("con", "_connection_ newConnection", "_[connection]_ new[Connection]"),
        ("caf", "un café noir", "un [café] noir"),
        ("pool si", "the pool size", "the [pool] [size]"),
    ],
)
def test_a_word_that_is_being_typed_is_marked_to_its_end(typed: str, text: str, line: str):
    marks = snippet(text, terms_of(parse(typed, True)))

    for start, end in reversed(marks[1]):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    assert text == line


def test_no_terms_give_the_text_itself():
    """A search by filters shows how the message begins."""
    assert snippet("Fix  the build", Terms(())) == ("Fix the build", [])
