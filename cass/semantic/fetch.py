"""Get a file from the network for `cass models install`: proxies, certificates, resuming, and errors that help.

What fails is told with the address it failed at, never with the name and password that may stand in it.
"""

from __future__ import annotations

import http
import http.client
import os
import ssl
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

from cass.disk import write_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Progress = Callable[[int, int], None]  # bytes done, bytes in all

PARTIAL, IDENTITY = ".part", ".tag"
BLOCK_BYTES = 1 << 18
PAGE_BYTES = 64 << 20
# As often as a connection may be cut with something new read each time.
FRUITLESS_TRIES = 3
AGENT = "cass"
CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
OTHER = "look at the network and the proxy (https_proxy), or use --mirror or --from"
NO_ADDRESS = "this is no address of the web"
ADDRESS = "look how it is written: in a name or password, / is %2F, @ is %40 and ? is %3F"
HIDDEN = "***"
PLAIN = "/%:=&?~+!$,;'@()*[]"  # what quoting leaves as it is: much of it is quoted already
TODO = {
    401: "put the name and password for it into the address, or use --from",
    404: "look at the address, or use --mirror or --from",
    403: "ask who runs it, or use --mirror or --from",
    407: "give the proxy's name and password in https_proxy=http://NAME:PASSWORD@HOST:PORT, or use --from",
}


class FetchFailed(Exception):
    """A file could not be had: `what` happened, `where` (without credentials), what `todo`."""

    def __init__(self, what: str, where: str, todo: str = "", status: int | None = None) -> None:
        super().__init__(f"{what} ({where})")
        self.what = what
        self.where = where
        self.todo = todo
        self.status = status


class Web:
    """How this machine reaches the network.  `proxy` and `certificate` are what pip's files say, "" for nothing."""

    def __init__(self, env: Mapping[str, str], timeout_s: float = 30.0, proxy: str = "", certificate: str = "") -> None:
        self._timeout_s = timeout_s
        proxies = {"http": proxy, "https": proxy} if proxy else None  # None: as the environment says
        self._proxy = proxy
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies),
            urllib.request.HTTPSHandler(context=_context(env, certificate)),
        )

    def page(self, url: str, accept: str = "*/*") -> tuple[str, str, str]:
        """A text: its address after redirects, its kind and itself.  Raises FetchFailed."""
        with _told(url, self._proxy), self._open(url, {"Accept": accept}) as answer:
            data = answer.read(PAGE_BYTES)
            return answer.geturl(), answer.headers.get_content_type(), data.decode("utf-8", "replace")

    def download(self, url: str, path: str, most_bytes: int, progress: Progress) -> None:
        """Put the file at `path`.  What was read is kept when it is cut off, and the next try goes on there.

        Raises FetchFailed, also for a file larger than `most_bytes`; OSError where it cannot be written.
        """
        fruitless = 0
        while fruitless < FRUITLESS_TRIES:
            before = _size(path + PARTIAL)
            if self._read_on(url, path, most_bytes, progress):
                os.replace(path + PARTIAL, path)
                _forget(path + IDENTITY)
                return
            fruitless = fruitless + 1 if _size(path + PARTIAL) <= before else 0
        raise FetchFailed("the connection was cut", shown(url), "run this again: it goes on where it stopped")

    def _read_on(self, url: str, path: str, most_bytes: int, progress: Progress) -> bool:
        """Read from where the partial file ends; is it whole now?  False when the connection was cut."""
        have, tag = _size(path + PARTIAL), _read(path + IDENTITY)
        resume = {"Range": f"bytes={have}-", "If-Range": tag} if have and tag else {}
        try:
            with _told(url, self._proxy):
                answer = self._open(url, resume)
        except FetchFailed as lost:
            if lost.status == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and resume:
                return _start_again(path)
            raise
        with answer:
            start = have if answer.status == http.HTTPStatus.PARTIAL_CONTENT else 0
            if start and not (answer.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
                return _start_again(path)
            total = start + _length(answer)
            if total > most_bytes:
                raise FetchFailed(f"the file has {total:,} bytes, not {most_bytes:,} at most", shown(url), OTHER)
            write_whole(path + IDENTITY, _tag(answer).encode())
            return _copy(answer, path, start, total, most_bytes, progress, shown(url))

    def _open(self, url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise FetchFailed(NO_ADDRESS, shown(url), "write http:// or https:// in front")
        if not parts.hostname or not _is_host(parts.netloc.rpartition("@")[2]):
            raise FetchFailed(NO_ADDRESS, shown(url), ADDRESS)
        request = urllib.request.Request(without_login(url), headers={"User-Agent": AGENT, **headers})
        if parts.username is not None:
            # Unredirected: it must not reach whatever host a redirect leads to.
            request.add_unredirected_header("Authorization", _basic(parts.username, parts.password or ""))
        answer: http.client.HTTPResponse = self._opener.open(request, timeout=self._timeout_s)
        return answer


def without_login(url: str) -> str:
    """The address as it is asked for: name and password travel in a header."""
    parts = urlsplit(url)
    path, query = (quote(part, safe=PLAIN) for part in (parts.path, parts.query))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query=query, fragment=""))


def shown(url: str) -> str:
    """The address as it may be printed: no name, no password, nothing behind a question mark.

    A password may hold signs that end the host's part for any parser; then all up to the last @ may be one.
    """
    scheme, is_there, rest = url.partition("://")
    if not is_there:
        return url.partition("?")[0].rpartition("@")[2]
    host = rest.partition("/")[0].partition("?")[0].partition("#")[0]
    place = rest.partition("?")[0].partition("#")[0]
    if "@" in place[len(host) :] or ("@" in rest and "@" not in host and (place == host or not _is_host(host))):
        plain = rest.rpartition("@")[2].partition("?")[0].partition("#")[0]
        return f"{scheme}://{HIDDEN}@{plain}"
    return f"{scheme}://{host.rpartition('@')[2]}{place[len(host) :]}"


def _is_host(host: str) -> bool:
    """Is it nothing but a host, and perhaps a port?"""
    try:
        urlsplit(f"//{host}").port  # noqa: B018  (it is looked at when it is asked for)
    except ValueError:
        return False
    return True


def joined(base: str, link: str) -> str:
    """Where a link on a page leads, "" where that is nowhere; the login goes along only to the same host."""
    try:
        there, here = urlsplit(urljoin(without_login(base), link)), urlsplit(base)
    except ValueError:
        return ""
    same = (there.scheme, there.netloc) == (here.scheme, here.netloc.rpartition("@")[2])
    netloc = here.netloc if same else there.netloc
    return urlunsplit(there._replace(netloc=netloc, fragment=""))


def _basic(name: str, password: str) -> str:
    import base64

    return "Basic " + base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()


def _context(env: Mapping[str, str], certificate: str) -> ssl.SSLContext:
    """The system's certificates, and those of a company that the environment or pip's files name."""
    context = ssl.create_default_context()
    for path in (certificate, *(env.get(name, "") for name in CERTIFICATES)):
        if os.path.isfile(path):
            try:
                context.load_verify_locations(path)
            except (OSError, ssl.SSLError):
                continue  # the failure will name the certificate that is missing
    return context


def _copy(
    answer: http.client.HTTPResponse, path: str, start: int, total: int, most: int, progress: Progress, where: str
) -> bool:
    """Append what comes; is it all?  A cut connection is no error here: what was read stays."""
    done = start
    with open(path + PARTIAL, "ab" if start else "wb") as file:
        while block := _block(answer):
            done += len(block)
            if done > (total or most):
                break
            file.write(block)
            progress(done, total)
    if done > (total or most):
        _start_again(path)
        raise FetchFailed("it sends more than it may", where, OTHER)
    return done == total or (not total and block == b"")


def _block(answer: http.client.HTTPResponse) -> bytes | None:
    """The next bytes, b"" at the end, None where the connection was cut."""
    try:
        return answer.read1(BLOCK_BYTES)
    except (http.client.HTTPException, OSError):
        return None


def _start_again(path: str) -> bool:
    """What was kept does not fit what the server has: it is read from the beginning next time."""
    _forget(path + PARTIAL)
    _forget(path + IDENTITY)
    return False


def _length(answer: http.client.HTTPResponse) -> int:
    """The bytes that are to come, 0 where the server does not say."""
    said = answer.headers.get("Content-Length") or ""
    return int(said) if said.isdecimal() and len(said) < 19 else 0


def _tag(answer: http.client.HTTPResponse) -> str:
    """What tells that the rest still belongs to the same file; "" where the server says nothing firm."""
    tag = answer.headers.get("ETag") or ""
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified") or ""


@contextmanager
def _told(url: str, proxy: str) -> Iterator[None]:
    """Whatever goes wrong becomes FetchFailed, in words.  `proxy` is the one of pip's files."""
    where = shown(url)
    try:
        yield
    except urllib.error.HTTPError as refused:
        with refused:
            raise FetchFailed(_status(refused), where, TODO.get(refused.code, OTHER), refused.code) from refused
    except urllib.error.URLError as lost:
        raise _unreachable(lost.reason, where, proxy or _proxy_for(url)) from lost
    except http.client.InvalidURL as bad:  # whose words may hold what is secret
        raise FetchFailed(NO_ADDRESS, where, ADDRESS) from bad
    except ValueError as bad:
        raise FetchFailed("the address, or that of the proxy, cannot be used", where, ADDRESS) from bad
    except (http.client.HTTPException, OSError) as lost:
        raise _unreachable(lost, where, proxy or _proxy_for(url)) from lost


def _proxy_for(url: str) -> str:
    """The proxy that the environment names for this address, "" for none."""
    parts = urlsplit(url)
    is_direct = urllib.request.proxy_bypass(parts.hostname or "")
    return "" if is_direct else urllib.request.getproxies().get(parts.scheme, "")


def _status(refused: urllib.error.HTTPError) -> str:
    try:
        return f"the answer was {refused.code} {http.HTTPStatus(refused.code).phrase}"
    except ValueError:
        return f"the answer was {refused.code}"


def _unreachable(reason: object, where: str, proxy: str) -> FetchFailed:
    text = str(reason)
    if isinstance(reason, ssl.SSLCertVerificationError):
        todo = "name the file of your company's certificates in SSL_CERT_FILE, or use --from"
        return FetchFailed(f"its certificate is not trusted: {reason.verify_message}", where, todo)
    if "407" in text:
        return FetchFailed("the proxy wants a name and a password", where, TODO[407], 407)
    if isinstance(reason, TimeoutError):
        return FetchFailed("no answer in time" + (f" through the proxy {shown(proxy)}" if proxy else ""), where, OTHER)
    said = getattr(reason, "strerror", None) or text or type(reason).__name__
    way = f" through the proxy {shown(proxy)}" if proxy else ""
    return FetchFailed(f"it cannot be reached{way}: {str(said).lower()}", where, OTHER)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
