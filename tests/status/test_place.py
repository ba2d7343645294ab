"""Where a database is safe, and where it is not."""

from __future__ import annotations

import pytest

from cass.status.place import file_system, risk_of

MOUNTS = [
    "/dev/vda1 / ext4 rw 0 0",
    "server:/export /home nfs4 rw 0 0",
    "/dev/vdb1 /home/me/local ext4 rw 0 0",
    "//server/share /mnt/two\\040words cifs rw 0 0",
    "me@host: /mnt/ssh fuse.sshfs rw 0 0",
    "broken line",
]


@pytest.mark.parametrize(
    "path, kind",
    [
        ("/var/data", "ext4"),
        ("/home/me/data", "nfs4"),
        ("/home/me/local/data", "ext4"),
        ("/homework", "ext4"),
        ("/mnt/two words/x", "cifs"),
    ],
)
def test_the_deepest_mount_counts(path: str, kind: str):
    assert file_system(path, MOUNTS) == kind


@pytest.mark.parametrize("path", ["/home/me/data", "/mnt/two words/x", "/mnt/ssh/data"])
def test_a_network_file_system_is_a_risk(path: str):
    assert "network file system" in str(risk_of(path, MOUNTS))


@pytest.mark.parametrize(
    "path",
    [
        "/x/Dropbox/cass",
        "/Users/x/Library/CloudStorage/GoogleDrive-somebody@example.org/My Drive/cass",
        "/x/OneDrive - Work/cass",
        "/x/Library/Mobile Documents/com~apple~CloudDocs/cass",
        "/x/Google Drive/cass",
    ],
)
def test_a_folder_that_a_cloud_copies_is_a_risk(path: str):
    assert "cloud" in str(risk_of(path, MOUNTS))


@pytest.mark.parametrize("path", ["/var/data", "/x/dropboxes", "/x/my-onedrive-notes"])
def test_any_other_place_is_none(path: str):
    assert risk_of(path, MOUNTS) is None
    assert risk_of(path, []) is None
