"""Zstandard's frames become what they were made of, whatever made them; damaged ones are told."""

from __future__ import annotations

import base64
import random
import shutil
import subprocess

import pytest

from cass.connectors.zstd import NotZstd, decompress

# Made by the reference program from `story`: with levels 3 and 19.
FEW_WORDS = (
    "KLUv/QBYzQQAEgYSFKClOgC8ka39n8TozUQo/f/v/qsadoVY0K7IdstE9Tw4EX30H9BEeagP/4FdIRYcVxXCuhrzFVAVwgVEH0zm"
    "PywB9kllsisjICAwQoQg9QEPCfDwANLIQFFoPBko9o46IIkAC4GdAZOEJ9pN7qjFFbOQP5Ahg3GGcAbpxOTdYwF3gLT2RQawEmAA"
    "MYO4UURSQxlMmXIC"
)
MANY_WORDS = (
    "KLUv/QBo/RcAwoYSEbDrAEmShETVEJx6KEkSkgEV9/10/07/f35YP2zSsEzF+h/malOVbkwVS1tqwf+FHUIB+myTkDO0Epg7TDcq"
    "8hdMPKpFJaqwwwGBgKiRawpZ9jchCAJhoJRS8wERIChEPIElRpgkKUxj1igReDcZYkhkCzF2BtzRgajRCBcfHfJRGrdzqBGOpVyI"
    "BuMuoGb+rJry7WEerZUum3+e6eVp/ULdQfykgoQComlSIzzGJVDyWl8mrsJlM7YAr9GU79wuOwlIOTSy4DldCt13cGjapHSw97a4"
    "EvCRAktIwJ6cVtemKMMsGlwGOcCQa33QFEtMVWD2HInFfwtCVmf4v41B9IrN24kqlSkV/EtWfEicnJ1pJNxRfKMf4ILu3sUN3djo"
    "sBugV7CXZ8k2r9mNvhQUFTxDA4HLwkBbY1cr5IN95mwe1TxBWhQhPzXZccsj2WiZMWYT6CgKsQIHicq6r3aFQjsVBGFDXC8/h4ar"
    "IqeUlVLYhqtnP//Jh2euAyf9ZDkl/mUB8wJnTKu4vN1cuLNlL5+8IL/16D66q/fpnrjg1mydnFelIvQ9bsXOJ8m1h0rjGUDZoMOs"
    "WYFjfEA6G6lLP4sljFTasg4gNfLTtN7pSX3K8YnBjbgo9upTiY5oYpSxaNJI6v697JFRovMyCQ8HswiBs+OzsFUbQCbbGV4VWaSI"
    "uefPLjqyoZ7XzDoATYRtev4Id0uRMEEwqCSdihW0FvK0zNjiV9UnpYgDsJQs0bI0slpiNvEGKvG23uKVo0lZnIKWQS/BxNL/pRLl"
    "0FJ6FdGgRjdPh94IM2sNdd6nErDLLVRQYjsTWS5C7jsfc+E/xOkXW74FAGvPXpvLnqa6nVLHgzkUsHYev9fhkLX/cZzOaEF26wBu"
    "KhtJaur5URIFh73YuL+9ZN+0Zi91UeWGLhm6YPmk0Xkm0P7m26Sfyn5Y9NDBQwh2pg/EyUfJKcfKprtsTTqoXKf2RSyzjLVBwzYt"
    "mK5pLo7hJpH6ix4PA6SNHUQpfP1D8ZgyoQo="
)

_WORDS = (
    "the", "quokka", "looks", "for", "a", "wombat", "behind", "zoo", "seven", "of", "leaves", "and", "finds", "numbats",
    "asleep", "under",
)  # fmt: skip


def story(words: int) -> bytes:
    """The same words each time, in an order without pattern."""
    seed, said = 7, []
    for _ in range(words):
        seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
        said.append(_WORDS[seed >> 16 & 15])
    return " ".join(said).encode()


@pytest.mark.parametrize(("packed", "words"), [(FEW_WORDS, 60), (MANY_WORDS, 700)])
def test_texts_come_back(packed: str, words: int) -> None:
    """Literals in one stream and in four, repetitions near and far."""
    assert decompress(base64.b64decode(packed)) == story(words)


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        ("28b52ffd 2000 010000", b""),
        ("28b52ffd 2003 190000 616263", b"abc"),  # a block as it is
        ("28b52ffd 2005 2b0000 61", b"aaaaa"),  # a block of one byte
        ("502a4d18 02000000 ffff 28b52ffd 2001 090000 61", b"a"),  # behind a frame that is stepped over
        ("28b52ffd 2001 090000 61 28b52ffd 2001 090000 62", b"ab"),
    ],
)
def test_frames_of_all_kinds(packed: str, content: bytes) -> None:
    """Whether their blocks are compressed or not."""
    assert decompress(bytes.fromhex(packed)) == content


@pytest.mark.parametrize(
    "packed", ["616263", "28b52ffd", "28b52ffd 2100", "28b52ffd 2003 190000 6162", "28b52ffd 2003 1f"]
)
def test_what_is_no_frame_is_told(packed: str) -> None:
    """Other bytes, half a frame, a frame that needs a dictionary."""
    with pytest.raises(NotZstd):
        decompress(bytes.fromhex(packed))


def test_no_damage_escapes() -> None:
    """Any byte may be another, the end may be missing: something comes out, or it is told."""
    whole, dice = base64.b64decode(MANY_WORDS), random.Random(1)
    for _ in range(200):
        damaged = bytearray(whole[: dice.randrange(4, len(whole) + 1)])
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        try:
            decompress(bytes(damaged))
        except NotZstd:
            continue


@pytest.mark.skipif(shutil.which("zstd") is None, reason="the reference program is not here")
@pytest.mark.parametrize("level", ["-1", "-5", "-19"])
def test_it_agrees_with_the_reference_program(level: str) -> None:
    """On words, on bytes without order, on long repetitions, over several blocks."""
    content = story(9000) + random.Random(1).randbytes(3000) + b"wombat" * 40_000 + story(300)
    made = subprocess.run(["zstd", "-q", "-c", level], input=content, capture_output=True, check=True).stdout

    assert decompress(made) == content
