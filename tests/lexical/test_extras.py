"""The fast search for extra words, against a slow and obvious one."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from cass.lexical.extras import LONGEST_IDENTIFIER, extra_words
from cass.query.escapes import coloured_words
from cass.query.words import index_fold, is_cjk, pieces

CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+|[A-Z]")
RUN = re.compile(r"[A-Za-z0-9]+")
# A letter run with ++, or one letter with #; neither goes on behind.
PLUS = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]+)\+\+(?![A-Za-z0-9+#])")
SHARP = re.compile(r"(?<![A-Za-z0-9])([A-Za-z])#(?![A-Za-z0-9+#])")
DOT = re.compile(r"(?:(?<=[ \t\r\n\"'`(/\[{=,:\u0080-\U0010ffff])|(?<![\s\S]))\.([A-Za-z][A-Za-z0-9]*)")


def slow(text: str) -> set[str]:
    """What must be found, read from the description alone."""
    found: set[str] = set()
    hidden = [word for word in pieces(coloured_words(text)) if len(word) <= LONGEST_IDENTIFIER]
    for word in hidden:
        found |= set(index_fold(word).lower().split())
    for word in (*RUN.findall(text), *filter(str.isascii, hidden)):
        if len(word) <= LONGEST_IDENTIFIER and not word.islower() and not word.isupper():
            parts = humps(word)
            found |= {part.lower() for part in parts if len(part) > 1} if len(parts) > 1 else set()
    found |= {f"{name.lower()}plusplus" for name in PLUS.findall(text) if len(name) <= LONGEST_IDENTIFIER - 2}
    found |= {f"{name.lower()}sharp" for name in SHARP.findall(text)}
    found |= {f"dot{name.lower()}" for name in DOT.findall(text) if len(name) < LONGEST_IDENTIFIER}
    for run in "".join(char if is_cjk(char) else " " for char in text).split():
        found |= set(run)
        found |= {run[at : at + 2] for at in range(len(run) - 1)}
    for piece in pieces(text):
        if any(map(is_cjk, piece)):
            found |= set(index_fold("".join(" " if is_cjk(char) else char for char in piece)).lower().split())
    return found


def humps(word: str) -> list[str]:
    """The parts of parseHTTPQuery2: a capital begins one, unless it stands among capitals."""
    starts = [
        at
        for at in range(1, len(word))
        if word[at].isupper() and (not word[at - 1].isupper() or word[at + 1 : at + 2].islower())
    ]
    return [word[start:end] for start, end in zip([0, *starts], [*starts, len(word)], strict=True)]


def fast(text: str) -> set[str]:
    return set(extra_words(text, text.encode()).split())


NAMES = ("parse", "Query", "HTTP", "Server", "C", "c", "x2", "9", "C++", "c#", "F#", ".env", ".NET", "a.b")
MARKS = (
    "++",
    "#",
    ".",
    " ",
    "\n",
    "(",
    ")",
    "=",
    ",",
    "/",
    '"',
    "_",
    "-",
    "→",
    "\0",
    "\x1b[1m",
    "\x1b[K",
    "␛7",
    "^[[0m",
    "\x1b",
)
FOREIGN = ("é", "ß", "\u3042", "漢字", "한글", "ｱ", "\U00020000")
PIECES = st.sampled_from(NAMES + MARKS + FOREIGN)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_fast_way_finds_what_the_slow_way_finds(text: str) -> None:
    """Parts of camelCase, names such as C++ and .env, letters and pairs of Chinese, Japanese and Korean."""
    assert fast(text) == slow(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text(text: str) -> None:
    """The same for whatever text there is."""
    text = text.encode("utf-8", "replace").decode()

    assert fast(text) == slow(text)


def test_words_of_a_sentence() -> None:
    """By example."""
    text = "Use parseQueryString from HTTPServer in C++ (or c#, see .env): 漢字"

    assert fast(text) == {
        *("parse", "query", "string", "http", "server"),
        *("cplusplus", "csharp", "dotenv"),
        *("漢", "字", "漢字"),
    }


def test_a_long_word_of_two_scripts_is_taken_apart_once() -> None:
    """What stands between its Chinese letters was looked for from the start for each of them."""
    assert fast("字a" * 300_000) == {"字", "a"}


def test_plain_text_has_none() -> None:
    """Most messages pay nothing."""
    assert fast("nothing to see, Really NOTHING at all: 1.0 e.g. foo().bar a++b") == set()


def test_encoded_data_is_left_alone() -> None:
    """A run too long for a name is not taken apart."""
    assert fast("aB" * 33) == set()
    assert fast("aB" * 32) == {"ba"}


def test_a_word_is_taken_apart_the_same_the_second_time() -> None:
    """Words are remembered; what is remembered is right."""
    assert fast("seenBefore") == fast("seenBefore") == {"seen", "before"}


def test_words_that_touch_colours_are_words():
    """A colour's code ends in a letter, which would be the word's first; a match may be lit inside a word."""
    text = "\x1b[1m\x1b[38;5;9merror[E0425]\x1b[0m: \x1b[33mparseQuery \x1b[01;31m\x1b[Kzoo\x1b[m\x1b[Kkeeper\x1b[2Kb"

    assert {"error", "parsequery", "parse", "query", "zookeeper"} <= fast(text)
    assert "zookeeperb" not in fast(text)


def test_a_long_run_beside_a_colour_is_gone_through_once():
    """Encoded data that a coloured output holds: once per letter it would take minutes."""
    data = "x7" * 100_000

    assert coloured_words(f"\x1b[31merror\x1b[0m blob {data}") == "error"
