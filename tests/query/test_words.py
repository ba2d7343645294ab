"""Words as the index has them, and their other spellings."""

from __future__ import annotations

import sys
import unicodedata

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st
from tantivy import Filter, Tokenizer

from cass.query.letters import FOLDS, MARKS
from cass.query.variants import MAX_VARIANTS, english_variants, one_edit
from cass.query.words import (
    MAX_TOKEN_BYTES,
    camel_parts,
    cjk_grams,
    cjk_runs,
    fold,
    is_hyphenated,
    is_word,
    pieces,
    spelled,
    stem_forms,
    tokens,
    version_forms,
)

INDEX = (
    tantivy.TextAnalyzerBuilder(Tokenizer.simple())
    .filter(Filter.remove_long(MAX_TOKEN_BYTES + 1))
    .filter(Filter.lowercase())
    .filter(Filter.ascii_fold())
    .build()
)
SIMPLE = tantivy.TextAnalyzerBuilder(Tokenizer.simple()).build()


def in_python(char: str) -> bool:
    """Letters that this Python's Unicode tables know, without the documented exceptions."""
    category = unicodedata.category(char)
    return category != "Cn" and (char < "\U00010000" or category not in ("Mn", "Mc", "So"))


LETTERS = st.characters(exclude_categories=("Cs", "Cn")).filter(in_python)


@settings(max_examples=1500, deadline=None)
@given(st.text(LETTERS) | st.text(alphabet="aZ9 _-.éßİΣæş日本カ한़ीé\0\t①ﬀ") | st.text(alphabet="ab", min_size=60))
def test_tokens_are_those_of_the_index(text: str):
    """What we look up is what tantivy stored."""
    assert tokens(text) == INDEX.analyze(text)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(exclude_categories=())) | st.text(alphabet="aZ9 _-é→日🙂\ud800\u0300"))
def test_pieces_are_runs_of_letters_and_digits(text: str):
    """As they are written, whatever stands between them; lone surrogates stand between."""
    assert pieces(text) == "".join([char if is_word(char) else " " for char in text]).split()


def test_every_letter_is_a_token_here_as_in_the_index():
    """The tables were read off tantivy; here the Basic Multilingual Plane is compared with it again."""
    chars = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000 and in_python(chr(code))]
    words = [char for char in chars if SIMPLE.analyze(char)]

    assert [char for char in chars if is_word(char)] == words
    # Letters that got their small letter after this Python was made are no fault.
    different = [char for char in words if tokens(char) != INDEX.analyze(char)]
    assert [char for char in different if INDEX.analyze(char) != [INDEX.analyze(char)[0].lower()]] == []
    assert all(unicodedata.name(char).startswith(("LATIN", "CYRILLIC")) and char == char.lower() for char in different)


def test_a_text_of_many_different_signs_is_gone_through_once():
    """Not once for each of them: a list of all of Unicode has a hundred thousand."""
    signs = [chr(code) for code in (*range(0xE000, 0xF900), *range(0xF0000, 0x10FFFE)) if not is_word(chr(code))]

    assert len(signs) > 100_000
    assert pieces("a".join(signs) + "b") == ["a"] * (len(signs) - 1) + ["b"]


@given(st.text())
def test_folding_keeps_every_offset(text: str):
    """A match in the folded text stands at the same place in the text."""
    assert len(fold(text)) == len(text)


def test_folding_keeps_the_length_of_every_letter():
    """No letter of any script becomes two."""
    assert [char for char in map(chr, range(sys.maxunicode + 1)) if len(fold(char)) != 1] == []


def test_accents_and_capitals_do_not_count():
    """`cafe` is found in Café; letters that the index writes as two keep their place."""
    assert fold("Café ÅNGSTRÖM Straße İ Σας") == "cafe angstrom straße i σας"
    assert tokens("Café ÅNGSTRÖM Straße") == ["cafe", "angstrom", "strasse"]


def test_the_tables_are_of_letters_beyond_ascii():
    """ASCII text never needs them."""
    assert not any(char.isascii() for char in [*FOLDS, *MARKS])


TOKENS = [
    ("snake_case", ["snake", "case"]),
    ("src/foo.rs:42", ["src", "foo", "rs", "42"]),
    ("parseQuery", ["parsequery"]),
    ("v1.0.21", ["v1", "0", "21"]),
    ("error[E0432]", ["error", "e0432"]),
    ("it's", ["it", "s"]),
    ("日本語のテスト", ["日本語のテスト"]),
    ("a" * 64, ["a" * 64]),
    ("a" * 65 + " b", ["b"]),
    ("--- =>", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), TOKENS)
def test_text_is_cut_into_tokens(text: str, expected: list[str]):
    """Everything that is not a letter or digit parts words; over 64 bytes nothing is a word."""
    assert tokens(text) == expected


CAMEL = [
    ("parseQueryString", ["parse", "query", "string"]),
    ("HTTPServer", ["http", "server"]),
    ("GitHub", ["git", "hub"]),
    ("utf8Decoder", ["utf8", "decoder"]),
    ("getÉtat", ["get", "etat"]),
    ("README", []),
    ("Parse", []),
    ("sha256sum", []),
    ("snake_Case", []),
    ("", []),
]


@pytest.mark.parametrize(("word", "parts"), CAMEL)
def test_camel_case_has_parts(word: str, parts: list[str]):
    """A capital behind a small letter or digit begins a part, so does the last of several capitals."""
    assert camel_parts(word) == parts


SPELLED = [
    ("C++", "cplusplus"),
    ("(c++),", "cplusplus"),
    ("g++", "gplusplus"),
    ("C#", "csharp"),
    ("F#.", "fsharp"),
    (".NET", "dotnet"),
    (".env", "dotenv"),
    ("C", None),
    ("++", None),
    ("i++;x", None),
    ("issue#", None),
    ("...", None),
    ("./run", None),
    (".env.local", None),
    ("net", None),
]


@pytest.mark.parametrize(("word", "token"), SPELLED)
def test_names_made_of_punctuation_are_spelled_out(word: str, token: str | None):
    """C++ is not C."""
    assert spelled(word) == token


def test_a_version_stands_with_and_without_its_v():
    """1.0.21 is found where v1.0.21 is written, and the other way round."""
    both = [["1", "0", "21"], ["v1", "0", "21"]]

    assert version_forms("1.0.21") == both
    assert version_forms("v1.0.21") == both
    assert [version_forms(word) for word in ("1", "v1", "1.x", "1..2", "foo.rs", "1.", "")] == [[]] * 7


def test_text_without_spaces_is_cut_into_pairs():
    """The index finds what stands inside a run by its pairs of letters."""
    assert cjk_runs("請用React組件と test 한국어、カ") == ["請用", "組件と", "한국어", "カ"]
    assert cjk_grams("視頻下載") == ["視頻", "頻下", "下載"]
    assert [cjk_grams(run) for run in ("認証", "認", "")] == [["認証"], ["認"], []]


VARIANTS = [
    ("connections", {"connect", "connects", "connected", "connecting", "connection"}),
    ("running", {"run", "runs", "runner", "runners"}),
    ("studies", {"study", "studied", "studying"}),
    ("study", {"studies", "studied", "studying"}),
    ("indexing", {"index", "indexes", "indexed", "indexer", "indices"}),
    ("indices", {"index", "indexes", "indexing"}),
    ("caching", {"cache", "caches", "cached"}),
    ("committed", {"commit", "commits", "committing", "committer"}),
    ("used", {"use", "uses", "using", "user"}),
    ("location", {"locate", "located", "locating", "locations"}),
    ("errors", {"error"}),
    ("embed", {"embeds", "embedded", "embedding"}),
    ("string", {"strings"}),
    ("deploy", {"deploys", "deployed", "deploying", "deployment"}),
    ("quickly", {"quick"}),
]


@pytest.mark.parametrize(("word", "forms"), VARIANTS)
def test_an_english_word_has_other_forms(word: str, forms: set[str]):
    """Both directions: what the word was made from, and what is made from it."""
    assert forms <= set(english_variants(word))


@given(st.text(alphabet="abcdegilmnorstuxy", max_size=14))
def test_the_forms_of_a_word_are_few_and_other(word: str):
    """A bounded number of look-ups a word, none of them twice."""
    forms = english_variants(word)

    assert len(forms) == len(set(forms)) <= MAX_VARIANTS
    assert word not in forms


def test_only_plain_english_words_have_forms():
    """Names, numbers and other scripts stay what they are."""
    assert [english_variants(word) for word in ("go", "E0432", "café", "v1", "")] == [[]] * 5


STEMS = [
    ("commit", {"commits", "committed", "committing", "commitment"}),
    ("queri", {"query", "queries", "queried"}),
    ("connect", {"connect", "connection", "connections", "connecting"}),
    ("requir", {"require", "required", "requirement", "requirements"}),
]


@pytest.mark.parametrize(("stem", "forms"), STEMS)
def test_a_stem_has_forms(stem: str, forms: set[str]):
    """Few enough to look each of them up."""
    found = stem_forms(stem)

    assert forms <= set(found)
    assert len(found) == len(set(found)) <= 40


def test_what_is_no_english_stem_has_no_forms():
    assert [stem_forms(stem) for stem in ("", "x", "e0432", "café")] == [[]] * 4


@pytest.mark.parametrize(
    ("word", "is_so"),
    [
        ("high-speed", True),
        ("(re-entry).", True),
        ("--no-verify", False),
        ("a/b-c", False),
        ("gpt-4", False),
        ("x", False),
    ],
)
def test_words_joined_by_a_hyphen(word: str, is_so: bool):
    """Neither options nor names with digits."""
    assert is_hyphenated(word) == is_so


def test_one_edit_away():
    """Swapped neighbours first; then a letter put in, changed, left out."""
    edits = one_edit("ab")

    assert edits[0] == "ba"
    assert {"xab", "axb", "abx", "xb", "ax", "a", "b"} <= set(edits)
    assert len(edits) == len(set(edits))
    assert not {"ab", "", "abcd", "xy"} & set(edits)
    assert "né" in one_edit("én")
