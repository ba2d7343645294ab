"""What several agents' formats share."""

from __future__ import annotations

import pytest

from cass.connectors.common import any_ms, fields_text, is_cass_tool, runs_cass


@pytest.mark.parametrize("when", [
    1767323045678, 1767323045.678, 1767323045678000, 1767323045678000000, "1767323045678", "2026-01-02T03:04:05.678Z",
    "2026-01-02T04:04:05.678+01:00",
])  # fmt: skip
def test_a_time_of_any_unit_is_milliseconds(when):
    """Seconds, milli-, micro- and nanoseconds are told apart by their size."""
    assert any_ms(when) == 1767323045678


@pytest.mark.parametrize("when", [
    None, "", "soon", True, 0, -1, 1e300, float("nan"), float("inf"), 9 * 10**39, "9" * 40, [], {}, "²",
    "--5", "-5", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00",
])  # fmt: skip
def test_what_is_no_time_is_none(when):
    """Whatever an agent wrote there."""
    assert any_ms(when) is None


@pytest.mark.parametrize(
    "name", ["mcp__cass__search", "mcp__cass_search", "mcp_cass_search", "cass__search", "cass-search"]
)
def test_a_tool_of_cass_is_known_by_its_name(name: str) -> None:
    """However an agent joins the names of server and tool."""
    assert is_cass_tool(name)


@pytest.mark.parametrize("name", [None, "", "bash", "cassandra_query", "mcp__cassandra__query", 7])
def test_another_tool_is_not_taken_for_one(name: object) -> None:
    assert not is_cass_tool(name)


@pytest.mark.parametrize("command", [
    "cass search x", "cd /w && cass index", "make; cass", "ls | sudo cass search x", "(cass status)", "$(cass show 1)",
    "/usr/bin/cass search x", "uv run cass search x", "python -m cass search x", "python3.12 -m cass search x",
    "CASS_DATA_DIR=/w cass search x", "A='b c' NO_COLOR=1 cass search x", "env -i HOME=/h cass index",
    "if cass search x; then ls; fi", "for w in a b; do cass search $w; done", "timeout 10 cass search x",
    "nice -n 10 cass index", "echo x | xargs -n 1 cass show", "sudo -u me cass status", "bash -lc 'cass search x'",
    "cat <<EOF >x\n\n   cass search x\nEOF",
])  # fmt: skip
def test_a_call_of_cass_is_known_however_it_is_made(command: str) -> None:
    """Its echo would be found by the next search."""
    assert runs_cass(command)


@pytest.mark.parametrize("command", [
    "ls", "echo cass", "vim cass.py", "cd cass && ls", "grep cass README.md", "pip install cass-search", "cassandra -f",
    "git -C cass log", "git commit -m 'every time cass runs, if cass runs'", "docker run cass", "cat x/cass",
    "DIR=cass ls",
])  # fmt: skip
def test_another_command_is_not_taken_for_one(command: str) -> None:
    """What it printed stays in the search."""
    assert not runs_cass(command)


@pytest.mark.parametrize(
    "filling", ["\n", " ", ";", "\n ", "a=", "; xargs -n 1", "; a=b", ";a/", ";sudo -u b ", "(", "-"]
)
def test_a_long_command_is_looked_through_once(filling: str) -> None:
    """No filling makes it take longer than its length."""
    assert not runs_cass(filling * 20_000 + "xcass")


BYTES = "iVBORw0KGgo" + "QUJD" * 50


@pytest.mark.parametrize("picture", [
    {"type": "image", "data": BYTES, "mimeType": "image/png"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BYTES}},
    {"type": "base64", "media_type": "image/png", "data": BYTES},
    {"type": "input_image", "image_url": f"data:image/png;base64,{BYTES}"},
])  # fmt: skip
def test_a_picture_in_what_a_tool_was_given_or_answers_is_named(picture: dict[str, object]):
    """Its bytes would be indexed as words."""
    assert fields_text({"content": [{"type": "text", "text": "a quokka"}, picture]}) == (
        "content.type: text\ncontent.text: a quokka\ncontent: [image]"
    )


def test_what_speaks_of_a_picture_is_read():
    """A search for pictures is one of words."""
    assert fields_text({"type": "image", "query": "quokka", "source": "web"}) == (
        "type: image\nquery: quokka\nsource: web"
    )
