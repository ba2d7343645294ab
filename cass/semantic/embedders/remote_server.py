"""One request to an embedding server over HTTP, made so that neither key nor texts end up where they should not.

The key is read from the variable that the settings name, sent in one header to one host, and printed nowhere.
Redirects are refused, this machine is never asked through a proxy, and an answer has a size and a time.
"""

from __future__ import annotations

import ipaddress
import json
from http.client import HTTPException, IncompleteRead
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from cass.semantic.embedders.base import EmbedderNotLoaded, EmbedderSchemaError, EmbedderTransportError
from cass.semantic.embedders.timed_http import Deadline, timed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse
    from typing import Any

# What a server refuses because of what was sent; anything else says that it cannot, or not now.
ABOUT_THE_TEXTS = (400, 413, 422, 500)
SAID_CHARS = 200
SAID_BYTES = 4_096
LONGEST_KEY = 4_096
# A key may be cut where what was read ends; so much of it may be chance.
TELLING_CHARS = 4
MASK = "***"
NAME_IT = "cass config set remote.base_url http://localhost:8080/v1"


class Address:
    """The URL that the settings name, taken apart.  Raises EmbedderNotLoaded for one that cannot be used."""

    def __init__(self, base_url: str) -> None:
        try:
            parts = urlsplit(base_url.strip())
            self.host, port = parts.hostname or "", parts.port
        except ValueError:
            raise EmbedderNotLoaded("remote.base_url is not a URL", todo=NAME_IT) from None
        if not base_url.strip():
            raise EmbedderNotLoaded("no server is named: remote.base_url", todo=NAME_IT)
        if parts.username is not None or parts.password is not None:
            raise EmbedderNotLoaded("remote.base_url holds a user or a password; a key belongs in a variable")
        if parts.scheme not in ("http", "https") or not self.host or parts.query or parts.fragment:
            raise EmbedderNotLoaded("remote.base_url is not like http://localhost:8080/v1", todo=NAME_IT)
        self.is_encrypted = parts.scheme == "https"
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"{parts.scheme}://{shown}{f':{port}' if port else ''}{_path(parts.path)}"

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _path(path: str) -> str:
    """`/v1/embeddings`, whichever part of it the URL ends with already."""
    path = path.rstrip("/")
    if path.endswith("/embeddings"):
        return path
    return f"{path}/embeddings" if path.endswith("/v1") else f"{path}/v1/embeddings"


class _Key:
    """A secret that no message, no `repr` and no traceback shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    @property
    def header(self) -> str:
        return f"Bearer {self._value}"

    def masked(self, text: str) -> str:
        return text.replace(self._value, MASK) if self._value else text

    def masked_to_the_end(self, text: str) -> str:
        """Also where the text ends in the middle of the key."""
        plain = self.masked(text)
        for count in range(len(self._value) - 1, TELLING_CHARS - 1, -1):
            if plain.endswith(self._value[:count]):
                return plain[:-count] + MASK
        return plain


def _key(name: str, env: Mapping[str, str]) -> _Key:
    """No name or no such variable: no key.  Raises EmbedderNotLoaded for one that cannot stand in a header."""
    value = env.get(name, "").strip() if name else ""
    # The standard library would print the whole header in its complaint.
    if not value.isascii() or not all(" " < char <= "~" for char in value) or len(value) > LONGEST_KEY:
        raise EmbedderNotLoaded(f"the key in {name} holds what no key can")
    return _Key(value)


class _NoRedirects(HTTPRedirectHandler):
    """Another host would get the key and the texts."""

    def redirect_request(self, *args: object) -> None:
        return None


class Server:
    """Where to ask, with the key.  `warnings`: what somebody on the way could read."""

    def __init__(self, address: Address, key_env: str, env: Mapping[str, str]) -> None:
        self._address = address
        self._key_env = key_env
        self._key = _key(key_env, env)
        proxies = ProxyHandler({}) if address.is_loopback else ProxyHandler()
        self._deadline = Deadline()
        self._opener = build_opener(proxies, _NoRedirects, *timed(self._deadline))
        self.warnings: tuple[str, ...] = ()
        if not (address.is_loopback or address.is_encrypted):
            what = f"the key in {key_env} and all texts travel" if self._key else "all texts travel"
            self.warnings = (f"{what} unencrypted to {address.host}: its URL begins with http://",)

    def __repr__(self) -> str:
        return f"Server({self._address.url})"

    def masked(self, text: str) -> str:
        """The text without the key: a server may repeat what it was sent."""
        return self._key.masked(text)

    def ask(
        self, asked: dict[str, Any], timeout_s: float, most_bytes: int, now_s: Callable[[], float]
    ) -> dict[str, Any]:
        """The server's answer, an object.

        Raises EmbedderTransportError where it cannot be had, EmbedderSchemaError where the server refuses what was
        asked or answers something else.
        """
        self._deadline.set(timeout_s, now_s)
        try:
            with self._opener.open(self._request(asked), timeout=timeout_s) as answer:
                body = _body(answer, most_bytes)
        except HTTPError as refused:
            with refused:
                raise self._refusal(refused) from None
        except (URLError, HTTPException, OSError, ValueError) as lost:  # ValueError: a host that no name can be
            raise EmbedderTransportError(self._lost(lost, timeout_s)) from None
        return _object(body)

    def _request(self, asked: dict[str, Any]) -> Request:
        body = json.dumps(asked).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "cass"}
        request = Request(self._address.url, body, headers, method="POST")
        if self._key:
            # Unlike other headers, this one would not go where a redirect leads, even if one were followed.
            request.add_unredirected_header("Authorization", self._key.header)
        return request

    def _lost(self, lost: BaseException, timeout_s: float) -> str:
        why = lost.reason if isinstance(lost, URLError) else lost
        if isinstance(why, TimeoutError):
            return f"{self._address.host} did not answer within {_span(timeout_s)}"
        if isinstance(why, IncompleteRead):
            return f"{self._address.host} hung up in the middle of its answer"
        said = getattr(why, "verify_message", None) or getattr(why, "strerror", None) or str(why) or type(why).__name__
        return f"{self._address.host} cannot be reached: {_one_line(self._key.masked_to_the_end(str(said))).lower()}"

    def _refusal(self, refused: HTTPError) -> EmbedderTransportError | EmbedderSchemaError:
        what = f"{self._address.host} {self._meaning(refused.code)} (HTTP {refused.code}{self._said(refused)})"
        if refused.code in ABOUT_THE_TEXTS:
            return EmbedderSchemaError(what)
        return EmbedderTransportError(what, _seconds(refused.headers.get("Retry-After")))

    def _meaning(self, code: int) -> str:
        if 300 <= code < 400:
            return "sends elsewhere, which is refused: name that URL itself"
        if code in (401, 403):
            return f"refuses the key in {self._key_env}" if self._key else f"wants a key, and {self._key_env} is empty"
        known = {
            404: "knows no such URL or no such model",
            407: "is behind a proxy that wants a password",
            429: "is busy",
        }
        return known.get(code, "cannot" if code > 500 else "refuses")

    def _said(self, refused: HTTPError) -> str:
        """The beginning of the server's own words, on one line and without the key."""
        said = _one_line(self._key.masked_to_the_end(_beginning(refused).decode("utf-8", "replace")))
        return f": {said}" if said else ""


def _one_line(text: str) -> str:
    plain = "".join([char if char.isprintable() else " " for char in text[:SAID_CHARS]])
    return " ".join(plain.split())


def _beginning(refused: HTTPError) -> bytes:
    """What a server says to a refusal, as much as is looked at, in however many parts it comes."""
    response: Any = refused.fp
    said = b""
    try:
        while len(said) < SAID_BYTES and (part := response.read1(SAID_BYTES - len(said))):
            said += part
    except (OSError, HTTPException):
        pass  # it ends here
    return said


def _body(answer: HTTPResponse, most_bytes: int) -> bytes:
    """All of it.  Raises IncompleteRead where the connection ends before that."""
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > most_bytes:
            raise EmbedderSchemaError(f"the server's answer is longer than {most_bytes} bytes")
    said = answer.headers.get("Content-Length") or ""
    if said.isdecimal() and len(said) < 19 and size < int(said):  # `read` would tell, `read1` does not
        raise IncompleteRead(b"", int(said) - size)
    return b"".join(parts)


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise EmbedderSchemaError("the server's answer is not a JSON object")
    return answer


def _span(timeout_s: float) -> str:
    """A time as a person reads it: what is left of a search's is any fraction of a second."""
    return f"{round(timeout_s, 1):g} s" if timeout_s >= 1 else f"{timeout_s * 1000:.0f} ms"


def _seconds(retry_after: str | None) -> float | None:
    """A date instead of seconds is left alone: the clocks of two machines differ."""
    return float(retry_after) if retry_after and retry_after.isdecimal() and len(retry_after) < 10 else None
