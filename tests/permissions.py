"""For tests of files that may not be read or written: a program that may not, also where the tests are root's."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import pytest


@functools.cache
def _bound() -> list[str] | None:
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    words = [setpriv or "", "--bounding-set=-dac_override,-dac_read_search"]
    return (
        words
        if setpriv and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        else None
    )


def bound() -> list[str]:
    """The words to put before a command line, so that the permissions of files bind it; skips where they cannot."""
    words = _bound()
    if words is None:
        pytest.skip("nothing here makes the permissions of files bind")
    return words
