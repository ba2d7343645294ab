"""`cass serve` as a program meets it: a process that listens, over TCP or a unix socket."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.archive import Home, make_home
from tests.daemon.embedders import short_folder
from tests.journeys.processes import start

pytestmark = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import waitress"], capture_output=True, check=False).returncode != 0,
    reason="the package waitress is not installed: it is the extra cass-search[serve]",
)
TOKEN = "a-token-of-some-length"
GONE_S = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("serve"))
    home.claude("pool", "the pool timed out", *[f"raise the pool size, step {at}" for at in range(40)], title="Pool")
    home.index()
    return home


class Served:
    """A server, and how it is asked."""

    def __init__(self, running: subprocess.Popen[str], url: str, said: list[str]) -> None:
        self.running = running
        self.url = url
        self.said = said

    def connection(self) -> http.client.HTTPConnection:
        made = http.client.HTTPConnection("127.0.0.1", timeout=GONE_S)
        if self.url.startswith("http+unix://"):
            made.sock = socket.socket(socket.AF_UNIX)
            made.sock.settimeout(GONE_S)
            made.sock.connect(self.url.removeprefix("http+unix://"))
        else:
            made = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=GONE_S)
        return made

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        return self.ask("GET", path, None, headers or {})

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        asked = self.connection()
        asked.request(method, path, body, headers)
        answer = asked.getresponse()
        read = answer.read()
        asked.close()
        return answer.status, json.loads(read) if answer.headers.get_content_type() == "application/json" else read

    def until(self, is_so: Callable[[], bool]) -> None:
        """Ask again and again; a server that ended is never so."""
        while not is_so():
            assert self.running.poll() is None

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.running.send_signal(how)
        self.running.wait(GONE_S)
        return self.running.returncode


@contextmanager
def served(home: Home, *argv: str) -> Iterator[Served]:
    running = start(home, "serve", *(argv if "--unix" in argv else ("--port", "0", *argv)))
    assert running.stderr is not None
    said: list[str] = []
    try:
        for line in running.stderr:
            said.append(line)
            if found := re.search(r"answers at (\S+)", line):
                yield Served(running, found[1], said)
                return
        raise AssertionError("".join(said))
    finally:
        running.kill()
        running.communicate()


def test_a_search_over_http(home: Home) -> None:
    with served(home) as server:
        status, found = server.get("/v1/search?query=pool&limit=2")

        assert (status, found["total_matches"]) == (200, 41)
        assert server.get("/v1/health")[0] == 200
        assert server.end() == 0


def test_head_leaves_the_connection_to_the_next_request(home: Home) -> None:
    """No byte of a body stands before the next answer."""
    with served(home) as server:
        asked = server.connection()
        asked.request("HEAD", "/v1/search?query=pool")
        head = asked.getresponse()
        assert (head.status, head.read(), head.will_close) == (200, b"", False)
        asked.request("GET", "/v1/health")
        assert json.loads(asked.getresponse().read())["status"] == "ok"
        asked.close()
        assert server.end() == 0


def test_how_much_is_said_is_a_setting(home: Home, tmp_path: Path) -> None:
    """`log.level`: each request, but never what was asked; the option is stronger."""
    (tmp_path / "cass.toml").write_text('log.level = "debug"\n')
    chatty = make_home(tmp_path / "there")
    chatty.env |= {**home.env, "CASS_CONFIG_DIR": str(tmp_path)}

    def said(*argv: str) -> list[str]:
        with served(chatty, *argv) as server:
            assert server.get("/v1/search?query=pool")[0] == 200
            assert server.end() == 0
            return [line for line in server.running.stderr or () if "GET" in line]

    (line,) = said()
    assert line.startswith("cass serve: GET /v1/search 200 ") and "pool" not in line
    assert said("--log-level", "info") == []
    assert said("--log-level", "error") == []  # and yet where it answers, which the system chose


@pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
def test_a_socket_that_only_its_owner_can_open(home: Home) -> None:
    """It is gone when the server is."""
    with short_folder() as folder:
        path = Path(folder) / "deep" / "cass.http"
        with served(home, "--unix", str(path)) as server:
            assert server.get("/v1/search?query=pool")[0] == 200
            assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
            second = home.cass("serve", "--unix", str(path))
            assert server.end(signal.SIGINT) == 130
            assert not path.exists()

    assert second.returncode == 7
    assert f"process {server.running.pid} listens there already" in second.stderr


def test_a_port_that_is_taken(home: Home) -> None:
    with served(home) as server:
        done = home.cass("serve", "--port", server.url.rpartition(":")[2])

    assert done.returncode == 10
    assert "nothing can listen there" in done.stderr


def test_a_token_from_a_file(home: Home, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "short").write_text("short\n")
    with served(home, "--token-file", str(tmp_path / "token")) as server:
        found = server.get("/v1/health"), server.get("/v1/health", {"Authorization": f"Bearer {TOKEN}"})
    done = home.cass("serve", "--token-file", str(tmp_path / "short"))

    assert [status for status, _ in found] == [401, 200]
    assert (done.returncode, "less than 16 characters" in done.stderr) == (2, True)


def test_off_this_machine_only_with_a_token(home: Home) -> None:
    done = home.cass("serve", "--host", "0.0.0.0", "--port", "0")

    assert (done.returncode, "Add --token-file FILE" in done.stderr) == (2, True)


@pytest.mark.parametrize("beside", [("--host", "127.0.0.1"), ("--port", "8765")])
def test_it_listens_at_one_place(home: Home, tmp_path: Path, beside: tuple[str, str]) -> None:
    """Who asks for a socket and an address, be it the usual one, would find nobody at one of them."""
    done = home.cass("serve", "--unix", str(tmp_path / "cass.http"), *beside)

    said = f"cass: --unix and {beside[0]} contradict each other (cass serve). Keep one of them.\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_what_no_machine_is_called_is_refused(home: Home) -> None:
    """With a token, too: before anything is opened."""
    done = home.cass("serve", "--host", "no name", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.startswith(
        "cass: 'no name' is no value for serve.host (--host). Use an address such as 127.0.0.1"
    )


def test_an_embedder_at_no_address_is_refused(home: Home) -> None:
    """At once: every request would be told so."""
    done = home.cass("serve", "--embedder", "http://127.0.0.1:80", "--port", "0")

    assert done.returncode == 2
    assert done.stderr.startswith("cass: 'http://127.0.0.1:80' is no value for embedder.url (--embedder). Use unix://")


def test_one_process_is_enough(home: Home) -> None:
    done = home.cass("serve", "--workers", "4")

    assert (done.returncode, "there is one process" in done.stderr) == (2, True)


def test_what_is_too_large_is_not_read(home: Home) -> None:
    with served(home) as server:
        headers = {"Content-Type": "application/json", "Content-Length": str(1 << 33)}
        large, why = server.ask("POST", "/v1/embeddings", b"{", headers)
        heads, _ = server.get("/v1/health", {"X-Long": "x" * 100_000})

        assert (large, heads) == (413, 431)
        assert (why["error"]["kind"], why["error"]["hint"]) == ("usage", "send less")
        assert server.get("/v1/health")[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /v1/search HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /v1/search?query=%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_costs_its_sender_the_connection(home: Home, data: bytes) -> None:
    with served(home) as server:
        asked = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), GONE_S)
        asked.sendall(data)
        asked.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: asked.recv(65536), b""))
        asked.close()

        assert not answer.startswith((b"HTTP/1.1 500", b"HTTP/1.0 500"))
        assert answer.count(b"Cache-Control: no-store") == 1
        assert server.get("/v1/health")[0] == 200


def test_what_was_asked_before_the_end_is_answered(home: Home) -> None:
    """Or told that it is over; those who are connected and ask nothing do not hold it up."""
    with served(home) as server:
        idle = server.connection()
        idle.connect()
        with ThreadPoolExecutor(32) as callers:
            found = [callers.submit(status_of, server, f"/v1/search?query=pool&offset={at}") for at in range(200)]
            server.until(lambda: any(one.done() for one in found))
            code = server.end()
            ended = {one.result() for one in found}
        idle.close()

    assert code == 0
    assert ended <= {200, 503, "not connected"} and 200 in ended


def status_of(server: Served, path: str) -> int | str:
    """`not connected` where nobody listened any more; `lost` where the answer did not come."""
    try:
        asked = server.connection()
        asked.connect()
    except OSError:
        return "not connected"
    try:
        asked.request("GET", path)
        return asked.getresponse().status
    except (OSError, http.client.HTTPException):
        return "lost"
    finally:
        asked.close()


def test_the_worker_is_woken(home: Home) -> None:
    """The one that is there, or one that is started."""
    with served(home) as server:
        first = server.ask("POST", "/v1/index", b"", {})
        second = server.ask("POST", "/v1/index", b"", {})
        stopped = home.cass("worker", "stop")

    assert (first[0], first[1]["changed"], second[1]["changed"]) == (200, True, False)
    assert first[1]["worker"]["pid"] == second[1]["worker"]["pid"]
    assert stopped.returncode == 0


def test_nothing_is_uninstalled_under_a_server(home: Home) -> None:
    """It is named before anything goes or anybody is asked, and answers as before."""
    with served(home) as server:
        refused, looked = home.cass("uninstall", "--data", "--yes"), home.cass("uninstall", "--dry-run")
        found = server.get("/v1/search?query=pool&limit=0")
        server.end()

    who = f"cass serve answers programs from here (process {server.running.pid})"
    assert (refused.returncode, who in refused.stderr, "nothing was removed" in refused.stderr) == (7, True, True)
    assert (looked.returncode, who in looked.stderr) == (0, True)
    assert (found[1]["total_matches"], found[1]["meta"]["notes"]) == (41, [])
    assert not (home.data / f"serve-{server.running.pid}.lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
def test_an_embedder_beside_is_started_again(home: Home) -> None:
    """Killed, it is said to be lost at once, searches go on, and another one comes."""
    with short_folder() as folder, hash_home(home, folder) as env, served(env, "--embedder-mode", "sidecar") as server:
        server.until(lambda: embedder_of(server)["state"] == "ok")
        vectors = server.ask("POST", "/v1/embeddings", b'{"input": "quokka"}', {"Content-Type": "application/json"})
        (pid,) = children(server.running.pid)
        os.kill(pid, signal.SIGKILL)
        server.until(lambda: embedder_of(server)["state"] != "ok")
        lost = server.get("/v1/ready")
        found = server.get("/v1/search?query=pool")
        server.until(lambda: embedder_of(server)["state"] == "ok")
        (second,) = children(server.running.pid)
        code = server.end()

    assert (vectors[0], len(vectors[1]["data"][0]["embedding"])) == (200, 256)
    assert (lost[0], lost[1]["ready"], found[0]) == (200, True, 200)
    assert second != pid
    assert code == 0
    assert not psutil.pid_exists(second)


@pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
def test_an_embedder_beside_ends_with_a_server_that_is_killed(home: Home) -> None:
    """Nothing is left: neither its process nor its socket."""
    with short_folder() as folder, hash_home(home, folder) as env, served(env, "--embedder-mode", "sidecar") as server:
        server.until(lambda: embedder_of(server)["state"] == "ok")
        (embedder,) = psutil.Process(server.running.pid).children()
        server.end(signal.SIGKILL)
        embedder.wait(GONE_S)

        assert list(Path(folder).glob("*.sock")) == []


@contextmanager
def hash_home(home: Home, folder: str) -> Iterator[Home]:
    """The same archive, with sockets in a short folder and the model that is always there."""
    other = Home(home.folder)
    other.env.update(CASS_RUNTIME_DIR=folder, CASS_SEMANTIC_EMBEDDER="hash")
    yield other


def embedder_of(server: Served) -> dict[str, Any]:
    found: dict[str, Any] = server.get("/v1/ready")[1]["parts"]["embedder"]
    return found


def children(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]
