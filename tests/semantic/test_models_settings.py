"""What pip and uv are told about indexes, proxies and certificates is read as they read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.semantic.package_index import PUBLIC, PipSettings, pip_settings

HOME = "/nobody"
NO_FILES = {"PIP_CONFIG_FILE": "/dev/null"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def indexes(env: dict[str, str], home: Path | str = HOME) -> list[str]:
    """Without what this machine's own files say."""
    return list(pip_settings(NO_FILES | env, str(home), "linux").indexes)


def test_the_public_index_is_the_default() -> None:
    assert pip_settings(NO_FILES, HOME, "linux") == PipSettings((PUBLIC,))


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"PIP_INDEX_URL": "https://a/simple"}, ["https://a/simple"]),
        ({"UV_DEFAULT_INDEX": "https://a/simple"}, ["https://a/simple"]),
        ({"UV_DEFAULT_INDEX": "name=https://a/simple?x=1"}, ["https://a/simple?x=1"]),
        ({"UV_INDEX_URL": "https://a"}, ["https://a"]),
        ({"PIP_EXTRA_INDEX_URL": "https://a https://b"}, [PUBLIC, "https://a", "https://b"]),
        ({"PIP_INDEX_URL": "https://a", "UV_INDEX": "b=https://b"}, ["https://a", "https://b"]),
        ({"PIP_EXTRA_INDEX_URL": "file:///opt/index"}, [PUBLIC]),
        ({"PIP_INDEX_URL": "https://a", "PIP_NO_INDEX": "true"}, []),
    ],
)
def test_the_environment_names_indexes(env: dict[str, str], expected: list[str]) -> None:
    assert indexes(env) == expected


def test_pip_s_files_are_read(home: Path) -> None:
    """The user's own, and the one that PIP_CONFIG_FILE names, which is stronger."""
    write(home / ".config" / "pip" / "pip.conf", "[global]\nindex-url = https://a\nproxy = http://p:1\ncert = /c.pem\n")
    chosen = write(
        home / "chosen.conf", "[global]\nindex-url = https://b\n[install]\nextra-index-url =\n https://c\n https://d\n"
    )

    found = pip_settings({"PIP_CONFIG_FILE": str(chosen)}, str(home), "linux")

    assert found.indexes == ("https://b", "https://c", "https://d")
    assert (found.proxy, found.certificate) == ("http://p:1", "/c.pem")


def test_the_environment_is_stronger_than_the_files(home: Path) -> None:
    chosen = write(home / "chosen.conf", "[global]\nindex-url = https://a\nproxy = http://p:1\n")
    env = {"PIP_CONFIG_FILE": str(chosen), "PIP_INDEX_URL": "https://b", "PIP_PROXY": "http://q:2"}

    found = pip_settings(env, str(home), "linux")

    assert (found.indexes, found.proxy) == (("https://b",), "http://q:2")


def test_uv_s_file_is_read(home: Path) -> None:
    write(
        home / ".config" / "uv" / "uv.toml",
        '[[index]]\nurl = "https://a"\n[[index]]\nurl = "https://b"\ndefault = true\n',
    )

    assert indexes({}, home) == ["https://b", "https://a"]


@pytest.mark.parametrize("text", ["not a file of settings", "[global\nindex-url", "[global]\nindex-url", "\x00"])
def test_a_file_that_cannot_be_read_is_left_out(home: Path, text: str) -> None:
    chosen = write(home / "chosen.conf", text)
    write(home / ".config" / "uv" / "uv.toml", text)

    assert pip_settings({"PIP_CONFIG_FILE": str(chosen)}, str(home), "win32").indexes == (PUBLIC,)
