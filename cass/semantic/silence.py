"""onnxruntime as it may run here: it reports to nobody.

From 1.31 on its builds tell their maker about each process that loads them, and keep a number of this machine and a
database of what is not sent yet in the user's cache.  It is asked before it is loaded, and only then.
"""

from __future__ import annotations

import os

SWITCH = "ORT_DISABLE_TELEMETRY"


def silence() -> None:
    """To be called before anything loads onnxruntime, and in a process of several threads before there are any."""
    if os.environ.get(SWITCH) != "1":  # reading disturbs no other thread
        os.environ[SWITCH] = "1"
