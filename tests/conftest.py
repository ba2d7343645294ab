"""For all tests: Ctrl-C works in the processes that they start, also where this one began in the background."""

from __future__ import annotations

import signal

# Whoever starts a command with `&` has it ignore SIGINT, and so do all its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
