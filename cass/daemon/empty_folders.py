"""Folders that were made for files of cass's, and hold nothing any more."""

from __future__ import annotations

import os

from cass.disk import PRIVATE_FOLDER


def remove_empty_folders(path: str, home: str) -> None:
    """Undo `disk.make_private_folder`: the folder goes if it is empty, and so do its parents inside `home`.

    Only those that this user alone may read, as `make_private_folder` makes them: an empty one that was there before
    has mostly other permissions, and stays.
    """
    while _is_private_folder(path):
        try:
            os.rmdir(path)
        except OSError:  # something is in it
            return
        path = os.path.dirname(path)
        if not (home and path.startswith(os.path.join(home, ""))):
            return


def _is_private_folder(path: str) -> bool:
    """Is it a folder, no link to one, that nobody else may read?  Windows knows no such permissions."""
    if os.path.islink(path) or not os.path.isdir(path):
        return False
    return os.name == "nt" or os.stat(path).st_mode & 0o777 == PRIVATE_FOLDER
