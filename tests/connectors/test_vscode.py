"""The folders of VS Code and its relatives are found on every system."""

from __future__ import annotations

import pytest

from cass.connectors.base import Surroundings
from cass.connectors.vscode import uri_path, user_folders, workspace_folder


def test_user_folders_of_every_system():
    """Also where another system's home folder was copied to, and where the environment says."""
    folders = user_folders(Surroundings("/h", {"VSCODE_PORTABLE": "/p", "APPDATA": "/r"}))

    assert folders[0] == "/p/user-data/User"
    assert {
        "/h/.config/Code/User",
        "/h/Library/Application Support/Code - Insiders/User",
        "/r/Cursor/User",
        "/h/.vscode-server/data/User",
    } <= set(folders)
    assert len(folders) == len(set(folders))


@pytest.mark.parametrize(("uri", "path"), [
    ("file:///w/my%20app", "/w/my app"), ("vscode-remote://ssh-remote%2Bbox/w/app", "/w/app"), ("/w/app/", "/w/app"),
    ("file:///c%3A/w", "c:/w"), ({"fsPath": "/w/app", "path": "/x"}, "/w/app"), ({"path": "/c:/w"}, "c:/w"),
    ("", None), (7, None), ({"path": 7}, None), ("file://[", None), ("untitled:Untitled-1", "untitled:Untitled-1"),
])  # fmt: skip
def test_a_uri_names_a_path(uri, path):
    """Whatever form it has."""
    assert uri_path(uri) == path


def test_a_storage_folder_knows_its_workspace(tmp_path):
    """A workspace of several folders is called by the folder of its file."""
    assert workspace_folder(str(tmp_path)) is None
    for text, folder in (
        ('{"folder": "file:///w/app"}', "/w/app"),
        ('{"workspace": "file:///w/all.code-workspace"}', "/w"),
        ('{"configuration": {"fsPath": "/w/b/all.code-workspace"}}', "/w/b"),
        ("[7]", None),
        ("{", None),
    ):
        (tmp_path / "workspace.json").write_text(text)
        assert workspace_folder(str(tmp_path)) == folder
