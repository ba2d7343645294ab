"""Does the data folder stand where a database is safe?  Network shares and folders that a cloud copies are not."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# Locks of SQLite and of the index do not hold, or not always, on these.
NETWORK = (
    *("9p", "afs", "afpfs", "ceph", "cifs", "davfs", "davfs2", "glusterfs", "ncpfs", "nfs", "nfs4", "rclone", "smb"),
    *("smb3", "smbfs", "sshfs", "vboxsf", "webdav"),
)
# A copier that takes the database while it is written makes a torn copy, and may put an older one back.
CLOUD = (
    "dropbox",
    "google drive",
    "googledrive",
    "icloud drive",
    "cloudstorage",  # where macOS keeps those of all of them
    "com~apple~clouddocs",
    "mobile documents",
    "nextcloud",
)
CLOUD_BEGINS = ("onedrive", "dropbox ", "google drive")
MOUNTS = "/proc/self/mounts"


def risk_of(path: str, mounts: Iterable[str] | None = None) -> str | None:
    """What is risky about this place, in words; None where nothing is known to be.

    `mounts` are the lines of /proc/self/mounts; where a system has none only the folder's name tells.
    """
    real = os.path.realpath(path)
    cloud = next((part for part in real.replace("\\", "/").split("/") if _is_cloud(part.lower())), None)
    if cloud is not None:
        return f"it lies in {cloud}, which a cloud service copies"
    kind = file_system(real, _mounts() if mounts is None else mounts)
    if kind is not None and kind.removeprefix("fuse.") in NETWORK:
        return f"it lies on a network file system ({kind})"
    return None


def file_system(path: str, mounts: Iterable[str]) -> str | None:
    """The kind of the file system that holds `path`; None if unknown."""
    best, kind = "", None
    for line in mounts:
        fields = line.split()
        if len(fields) < 3:
            continue
        place = fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        inside = path == place or path.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, fields[2]
    return kind


def _is_cloud(name: str) -> bool:
    return name in CLOUD or name.startswith(CLOUD_BEGINS)


def _mounts() -> list[str]:
    try:
        with open(MOUNTS, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []
