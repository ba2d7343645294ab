"""`cass export`: a session as Markdown, JSON and one HTML page."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.archive import Home, answers, calls, make_home, says
from tests.schemas.checking import faults


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude(
        "s1",
        "the pool timed out",
        says("assistant", "I look:\n```", calls("Bash", "c1", command="ls /w")),
        says("user", answers("c1", "a.py\n```\n<b>b.py</b>", is_error=True)),
        says("assistant", "raise the **pool** size \x1b[31m"),
        "thanks",
    )
    home.index()
    return home


def sid(home: Home) -> str:
    return home.search("pool").hits[0].sid


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def all(self, wanted: str) -> list[str | None]:
        return [value for _, name, value in self.attributes if name == wanted]


def test_markdown_is_what_is_printed(home: Home):
    """A fence that a message leaves open is closed, and one in a tool's answer does not end its own."""
    name = sid(home)
    done = home.cass("export", name)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "# the pool timed out",
        "",
        f"claude_code · {name[:8]} · large-1 · 5 messages  ",
        "/w/app (main)  ",
        "2026-01-02 03:04 to 2026-01-02 03:08",
        "",
        "",
        f"## user · 2026-01-02 03:04 · {name[:8]}:0",
        "",
        "the pool timed out",
        "",
        f"## assistant · 2026-01-02 03:05 · {name[:8]}:1",
        "",
        "I look:",
        "```",
        "```",
        "",
        "**Bash**",
        "",
        "```text",
        "ls /w",
        "```",
        "",
        f"## tool · 2026-01-02 03:06 · {name[:8]}:2",
        "",
        "**Bash failed**",
        "",
        "````text",
        "a.py",
        "```",
        "<b>b.py</b>",
        "````",
        "",
        f"## assistant · 2026-01-02 03:07 · {name[:8]}:3",
        "",
        "raise the **pool** size ␛[31m",
        "",
        f"## user · 2026-01-02 03:08 · {name[:8]}:4",
        "",
        "thanks",
    ]


def test_json_is_what_show_says(home: Home):
    """With --json, with --format json, and in a file."""
    name, file = sid(home), home.folder / "s.json"
    shown = home.cass("show", name, "--json").stdout
    home.cass("export", name, "-o", str(file))

    assert home.cass("export", name, "--json").stdout == shown
    assert home.cass("export", name, "--format", "json").stdout == shown
    assert file.read_text() == shown


def test_the_page_needs_nothing_else(home: Home):
    """No script, nothing that is fetched, and a policy that forbids both."""
    page = Page(home.cass("export", sid(home), "--format", "html").stdout)

    assert not {"script", "img", "link", "iframe", "object", "b.py"} & set(page.tags)
    assert not page.all("src") and not page.all("onload")
    assert "default-src 'none'; style-src 'unsafe-inline'" in page.all("content")
    assert [one for one in page.all("id") if one] == ["m0", "m1", "m2", "m3", "m4"]
    assert [one for one in page.all("href") if one] == ["#m0", "#m1", "#m2", "#m3", "#m4"]


def test_the_page_says_what_was_said(home: Home):
    """Tools are folded, their failures named; the text's Markdown is rendered, its characters are only text."""
    text = home.cass("export", sid(home), "--format", "html").stdout

    assert '<details><summary><b>Bash</b> <span class="first">ls /w</span></summary><pre>ls /w</pre></details>' in text
    assert '<details class="failed"><summary><b>Bash failed</b> <span class="first">a.py</span></summary>' in text
    assert "&lt;b&gt;b.py&lt;/b&gt;" in text
    assert "<p>raise the <strong>pool</strong> size ␛[31m</p>" in text
    assert "\x1b" not in text


def test_prompts_lead_to_their_places(tmp_path: Path):
    home = make_home(tmp_path)
    home.claude("s1", "the pool <1>", "yes", "and two\nmore", "yes", "three", "yes", "four", "yes")
    home.index()
    text = home.cass("export", sid(home), "--format", "html").stdout

    assert "<summary>4 prompts</summary>" in text
    assert '<li><a href="#m0">the pool &lt;1&gt;</a></li>\n<li><a href="#m2">and two</a></li>' in text


def test_messages_that_the_file_lost_come_last(home: Home):
    home.claude("s1", "the pool timed out")
    home.index()
    name = sid(home)

    assert "\n## assistant · 2026-01-02 03:05 · " in home.cass("export", name).stdout
    assert "no longer in the agent's file\n" in home.cass("export", name).stdout
    assert "No longer in the agent's file:" in home.cass("export", name, "--format", "html").stdout


def test_roles_are_chosen(home: Home):
    text = home.cass("export", sid(home), "--role", "user").stdout

    assert text.count("\n## ") == text.count("\n## user") == 2


@pytest.mark.parametrize("form", ["markdown", "json", "html"])
def test_secrets_are_masked(tmp_path: Path, form: str):
    """In every form, in the title too; --show-secrets gives them as they are."""
    token = "ghp_" + "a1B2c3D4e5" * 4
    home = make_home(tmp_path)
    home.claude("s1", f"the pool wants {token}", says("assistant", "no", calls("Bash", "c1", command=f"curl {token}")))
    home.index()
    masked = home.cass("export", sid(home), "--format", form).stdout
    plain = home.cass("export", sid(home), "--format", form, "--show-secrets").stdout

    assert token not in masked and "a1B2c3" not in masked and "ghp_••••" in masked
    assert plain.count(token) >= 2


@pytest.mark.parametrize(
    "name, begins", [("s.md", "# the pool"), ("s.HTML", "<!doctype html>"), ("s.json", "{"), ("notes", "# the pool")]
)
def test_the_ending_says_the_form(home: Home, name: str, begins: str):
    path = home.folder / name
    done = home.cass("export", sid(home), "-o", str(path))

    assert path.read_text().startswith(begins)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"wrote 5 messages to {path} (")


def test_an_ending_of_another_form_is_refused(home: Home):
    """No Markdown is written where a reader of PDF will look, nor for a slip in .html; who says the form may."""
    done = [home.cass("export", sid(home), "-o", str(home.folder / f"s.{end}")) for end in ("pdf", "htlm", "txt")]
    said = home.cass("export", sid(home), "-o", str(home.folder / "s.pdf"), "--format", "markdown")

    assert [each.returncode for each in (*done, said)] == [2, 2, 0, 0]
    hint = "End it in .md, .json or .html, or add --format."
    assert done[0].stderr == f"cass: '.pdf' is no form of a session (-o). {hint}\n"


def test_in_a_folder_the_file_is_named_after_the_session(home: Home):
    said = json.loads(home.cass("export", sid(home), "--format", "html", "-o", str(home.folder), "--json").stdout)
    path = home.folder / f"{sid(home)}.html"

    assert faults("export", said) == []
    assert (said["path"], said["bytes"], said["messages"]) == (str(path), path.stat().st_size, 5)


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX")
def test_a_file_is_readable_by_its_user_alone(home: Home):
    path = home.folder / "s.md"
    home.cass("export", sid(home), "-o", str(path))

    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name == "nt", reason="devices are POSIX")
def test_a_device_is_written_to_and_not_replaced(home: Home):
    """`-o /dev/null` must leave /dev/null what it is."""
    done = home.cass("export", sid(home), "-o", "/dev/null")

    assert done.returncode == 0
    assert not Path("/dev/null").is_file()


def test_what_cannot_be_done_is_said(home: Home):
    missing = home.cass("export", sid(home), "-o", str(home.folder / "no" / "s.md"))
    contrary = home.cass("export", sid(home), "--json", "--format", "html")

    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == f"cass: there is no such folder ({home.folder / 'no'}). Make it first, or name another.\n"
    assert contrary.returncode == 2
    assert home.cass("export", "0123456789abcdef").returncode == 1
    assert home.cass("export", f"{sid(home)}:99").returncode == 1
