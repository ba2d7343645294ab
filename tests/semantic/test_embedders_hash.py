"""The fast tier's vectors: the same everywhere, of unit length, near where texts are near."""

from __future__ import annotations

import hashlib
import math
import random
import sys
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.semantic.embedders.base import Checked, EmbedderNotLoaded
from cass.semantic.embedders.hash import BATCH_TEXTS, MOST_CHARS, HashEmbedder
from cass.semantic.embedders.hash_features import features, name_parts
from cass.semantic.embedders.hash_version import FEATURES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.embedders.base import Vector

# Invented sentences of every kind that takes another way through the code.
SENTENCES = (
    "The retry loop in the session store gives up after three attempts.",
    "def read_header(self, sessionID: str) -> HTTPHeader: return self._headers[sessionID]",
    "again and again and again and again the same word again",
    "Das Größenverhältnis der Überschriften stimmt nicht — naïve façade ﬁle",
    "会话存储在重试三次后放弃 pytest 运行",
    "세션 저장소 재시도, セッションのリトライ",
    "ошибка соединения с базой данных №7",
    "commit 3f2a9c1e77 touched src/pebble/cache_index.py:214 😀 twice",
)
DIGESTS = (
    "03014619be3a9f05",
    "99493845bfb4a82a",
    "4e793c079ae89a4c",
    "e42670fda1981ec2",
    "f0bc400f07b8ab42",
    "7e9e7de3b440d48d",
    "8f5dbe3143c3c29c",
    "bf5954ced2dc3133",
)


def digest(vector: Vector) -> str:
    """Of the bytes as little-endian machines hold them."""
    same = vector[:]
    if sys.byteorder == "big":
        same.byteswap()
    return hashlib.sha256(same.tobytes()).hexdigest()[:16]


def one(text: str) -> Vector:
    return HashEmbedder().embed([text])[0]


def near(text: str, other: str) -> float:
    """The cosine of two texts."""
    return sum(a * b for a, b in zip(one(text), one(other), strict=True))


def test_the_same_bytes_everywhere() -> None:
    """On every machine and Python version; whoever changes a digest changes FEATURES, and with it the embedder's id."""
    assert FEATURES == "v2"
    assert tuple(digest(one(text)) for text in SENTENCES) == DIGESTS


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60) | st.sampled_from(SENTENCES), min_size=1, max_size=12))
def test_many_texts_at_once_are_the_same_to_the_bit(texts: list[str]) -> None:
    """A batch goes through numpy, a query does not: the same vectors, or a query would meet strangers."""
    pytest.importorskip("numpy")
    padded = texts + ["padding"] * BATCH_TEXTS

    together = HashEmbedder().embed(padded)

    assert [each.tobytes() for each in together[: len(texts)]] == [one(text).tobytes() for text in texts]


def test_long_texts_at_once_are_the_same_to_the_bit() -> None:
    """Also where one word comes a thousand times, and where a text is all signs."""
    pytest.importorskip("numpy")
    chance = random.Random(4)
    numbers = " ".join(str(chance.random()) for _ in range(300))
    long = ["word " * 2_000, "会" * 3_000, numbers, "ﷺ" * 1_000, "x" * 9_000]

    together = HashEmbedder().embed(long * 5)

    assert [each.tobytes() for each in together] == [one(text).tobytes() for text in long] * 5


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_a_unit_vector_or_an_empty_one(text: str) -> None:
    """Whatever people paste."""
    (vector,) = Checked(HashEmbedder()).embed([text])

    assert not vector or math.isclose(math.hypot(*vector), 1, abs_tol=1e-6)


@pytest.mark.parametrize("text", ["", " \n\t", "?! … →", "a b c 1 2", "\ud800", "😀", "x" * 65])
def test_a_text_without_words_has_no_vector(text: str) -> None:
    """It is done, not failed: signs, single letters and what no person reads."""
    assert len(one(text)) == 0


@pytest.mark.parametrize("text", ["", "?! … →"])
def test_many_texts_without_words_have_none_either(text: str) -> None:
    """Also where there is no word in a whole batch of them, such as rules and blanks that tools print."""
    assert {len(vector) for vector in HashEmbedder().embed([text] * 3 * BATCH_TEXTS)} == {0}


def test_a_vector_forgets_what_was_embedded_before() -> None:
    """What is remembered of earlier texts makes it faster, not different."""
    embedder = HashEmbedder()
    embedder.embed(SENTENCES)

    assert embedder.embed([SENTENCES[1]]) == [one(SENTENCES[1])]


def test_only_the_beginning_of_a_long_text_counts() -> None:
    """Longer texts are cut into pieces before they come here."""
    text = "session store " * 600

    assert one(text) == one(text[:MOST_CHARS])


def test_any_dimension_will_do() -> None:
    """It belongs to the embedder's id."""
    small = HashEmbedder(64)

    assert (small.embedder_id, len(small.embed(["some words"])[0])) == ("hash-64-v2", 64)


def test_a_closed_embedder_gives_nothing() -> None:
    """Until it is loaded again."""
    embedder = HashEmbedder()
    embedder.close()

    with pytest.raises(EmbedderNotLoaded):
        embedder.embed(["text"])
    assert embedder.embed([]) == []


@pytest.mark.parametrize(
    ("text", "nearer", "farther"),
    [
        ("connection timeout", "the connection timed out", "the collection is sorted"),
        ("the retry loop", "retries in a loop", "the session store"),
        ("sesion stroe", "session store", "lesson plan"),
        ("session store", "class SessionStore", "class LessonPlan"),
        ("read the http header", "def readHTTPHeader", "def writeLogFile"),
        ("größe der dateien", "GRÖSSE DER DATEIEN", "länge der zeilen"),
        ("facade naive", "façade naïve", "arcade native"),
        ("存储会话", "会话的存储", "运行测试"),
    ],
)
def test_near_texts_are_near(text: str, nearer: str, farther: str) -> None:
    """Other forms of a word, typos, the spellings of a name, accents, scripts without spaces."""
    assert near(text, nearer) > near(text, farther) + 0.1


def test_common_words_count_less() -> None:
    """What a text is about is said by its rare words."""
    assert near("the pebble is in the cache", "pebble cache") > near("the pebble is in the cache", "it is in the list")


def test_case_does_not_matter() -> None:
    """People shout in commit messages and whisper in queries."""
    assert one("Retry LOOP") == one("retry loop")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("SessionStore", ["session", "store"]),
        ("readHTTPHeader", ["read", "http", "header"]),
        ("utf8Decoder", ["utf8", "decoder"]),
        ("getX", ["get"]),
        ("plain", []),
        ("Plain", []),
        ("PLAIN", []),
        ("3f2a9c1", []),
    ],
)
def test_names_are_taken_apart(name: str, parts: list[str]) -> None:
    """At capital letters; what is joined by signs is apart already."""
    assert name_parts(name.encode()) == [part.encode() for part in parts]


def test_what_a_word_says() -> None:
    """Itself, and its groups of letters, each as heavy as it is rare."""
    rare = [b"<en", b"end", b"ndi", b"<end", b"endi", b"ndin"]
    common = [(b"din", 56), (b"ding", 56), (b"ing", 16), (b"ng>", 16), (b"ing>", 16)]

    codes, weights = features(b"Ending")

    letters = {(crc32(group), 64) for group in rare} | {(crc32(group), weight) for group, weight in common}
    assert set(zip(codes, weights, strict=True)) == {(crc32(b"ending", 1), 128)} | letters
