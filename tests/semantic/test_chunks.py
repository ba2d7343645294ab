"""What of a text gets a vector."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.semantic.chunks import KINDS, MOST_PIECES, PIECE_CHARS, pieces, split

WORDS = st.lists(st.sampled_from(["walrus", "sleeps", "on", "ice.", "Why?", "naïve", "🦭", "\n", "\n\n"]), max_size=900)
PROSE = WORDS.map(" ".join)


@given(st.sampled_from([*KINDS, "image", "notice"]), st.text() | PROSE)
def test_no_piece_is_longer_than_the_model_reads(kind: str, text: str) -> None:
    """Every piece fits, says something, and is the same each time."""
    found = pieces(kind, text)

    assert all(len(piece) <= PIECE_CHARS and any(map(str.isalnum, piece)) for piece in found)
    assert found == pieces(kind, text)


@given(PROSE)
def test_nothing_that_was_said_is_left_out(text: str) -> None:
    """Every word of a prose text lies in some piece, in the order of the text."""
    at = 0
    for piece in split(text):
        found = text.find(piece, max(0, at - PIECE_CHARS))
        assert found >= 0
        assert not text[at:found].strip()
        at = max(at, found + len(piece))
    assert not text[at:].strip()


@given(st.text(alphabet="ab \n.", min_size=PIECE_CHARS, max_size=5 * PIECE_CHARS))
def test_pieces_are_not_many_more_than_needed(text: str) -> None:
    """A piece is at least a third full, but for the last: cuts look for a good place, not for a first one."""
    assert len(split(text)) <= 1 + len(text) // (PIECE_CHARS // 3)


def test_a_short_text_is_one_piece() -> None:
    """Code stays as it is written."""
    text = "use this:\n\n```python\ndef walrus():\n    return 1\n```"

    assert pieces("text", text) == [text]


def test_a_long_text_is_cut_between_sentences() -> None:
    """Parts end with a sentence and begin again with the one before it."""
    sentences = [f"Walrus number {number} sleeps on the ice today." for number in range(40)]

    found = pieces("text", " ".join(sentences))

    assert len(found) == 2
    assert all(piece.startswith("Walrus") and piece.endswith("today.") for piece in found)
    assert found[0].split(". ")[-1].rstrip(".") in found[1]


def test_a_text_without_any_break_is_cut_anywhere() -> None:
    """A minified file has no lines."""
    text = "a,b" * 1000

    found = pieces("text", text)

    assert all(len(piece) <= PIECE_CHARS for piece in found)
    assert sum(map(len, found)) >= len(text)


@pytest.mark.parametrize("kind", ["image", "notice", "something new"])
def test_what_has_no_words_of_its_own_has_no_piece(kind: str) -> None:
    """Such a block is done without a vector."""
    assert pieces(kind, "[image]") == []


@pytest.mark.parametrize("text", ["", " \n", "---", "🦭", "━━━━━━━━", "\x1b[2J\x1b[H"])
def test_a_text_that_says_nothing_has_no_piece(text: str) -> None:
    """Neither a letter nor a digit: done."""
    assert pieces("text", text) == []


def test_of_a_call_its_beginning_tells() -> None:
    """A path and the first lines of what is written there, not all of it."""
    text = "/w/walrus.py\n" + "\n".join(f"line_{number} = {number}" for number in range(500))

    (found,) = pieces("tool_call", text)

    assert found.startswith("/w/walrus.py\nline_0 = 0\n")
    assert PIECE_CHARS // 2 < len(found) <= PIECE_CHARS


def test_of_output_the_ends_and_the_trouble_tell() -> None:
    """First lines, last lines, and lines with an error, each once."""
    lines = [f"compiling part {number} of the walrus" for number in range(300)]
    lines[150] = lines[160] = "walrus.c:7: error: tusk undeclared"

    (found,) = pieces("tool_result", "\n".join(lines))

    assert found.startswith(lines[0])
    assert found.endswith(lines[-1])
    assert found.count(lines[150]) == 1
    assert len(found) <= PIECE_CHARS


@given(st.text() | st.text(alphabet="error\nx", min_size=PIECE_CHARS, max_size=4 * PIECE_CHARS))
def test_output_is_one_piece(text: str) -> None:
    """However long it is."""
    assert len(pieces("tool_result", text)) <= 1


def test_colours_and_bars_are_noise() -> None:
    """What a terminal shows for a moment says nothing."""
    text = "\x1b[32mok\x1b[0m\n 10% [####################]\r100% [####################]\n====================\ndone"

    assert pieces("tool_result", text) == ["ok\n100% [ ]\n \ndone"]


def test_encoded_data_is_noise() -> None:
    """An image, a hash and a key in the middle of a sentence are dropped, the sentence stays."""
    data = base64.b64encode(random.Random(1).randbytes(3000)).decode()
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    (found,) = pieces("text", f"the walrus data:image/png;base64,{data} has the hash {digest} today")

    assert found.split() == ["the", "walrus", "data:image/png;base64,", "has", "the", "hash", "today"]


@pytest.mark.parametrize(
    "name",
    [
        "/srv/projects/walrus/src/main/java/org/example/walrus/tusks/internal/AbstractTuskFactory",
        "a_very_long_function_name_that_somebody_wrote_without_thinking_about_the_people_who_read_it",
        "THE_LONGEST_CONSTANT_THAT_ANYBODY_HAS_EVER_SEEN_IN_A_PROGRAM_THAT_IS_ABOUT_A_WALRUS",
        "https://example.org/walrus/ice/sleeping/places/in/the/far/north/of/the/world/2024/index",
    ],
)
def test_long_names_are_no_noise(name: str) -> None:
    """Paths, names and addresses are what people look for."""
    assert pieces("text", f"look at {name}") == [f"look at {name}"]


def test_pieces_can_be_numbered() -> None:
    """The longest text that a connector gives has far fewer pieces than there are numbers."""
    assert len(pieces("text", "x. " * (1 << 19))) < MOST_PIECES // 10


@pytest.mark.parametrize("sign", ["\r", "\x1b]", "a", "aB1", "f", "-", " ", "error "])
def test_monotonous_output_is_no_trap(sign: str) -> None:
    """The longest output that a connector gives is read in one go, whatever it is made of."""
    text = "\r" + sign * (65_536 // len(sign)) + "x"

    assert len(pieces("tool_result", text)) <= 1
    assert len(pieces("text", text)) <= 200
