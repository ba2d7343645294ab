"""What a command needs that is not installed with cass: how to say so, and the command that mends it."""

from __future__ import annotations

import os
import shlex
import sys

from cass.errors import MissingExtra

# By the name of the extra, as in pyproject.toml; a test compares.
REQUIREMENTS = {"mcp": "mcp>=2,<3", "serve": "waitress>=3,<4"}


def missing(extra: str, command: str) -> MissingExtra:
    """The error for a command that needs this extra."""
    package = REQUIREMENTS[extra].partition(">")[0]
    what = f"{command} needs the package {package}, which is not installed, or too old"
    return MissingExtra(
        what, f"cass-search[{extra}]", f"install it: {install_command(extra, sys.prefix, sys.executable)}"
    )


def install_command(extra: str, prefix: str, python: str) -> str:
    """What to type: environments of pipx and uv have no pip of their own."""
    wanted = shlex.quote(REQUIREMENTS[extra])
    if os.path.exists(os.path.join(prefix, "pipx_metadata.json")):
        return f"pipx inject cass-search {wanted}"
    if os.path.exists(os.path.join(prefix, "uv-receipt.toml")):
        return f"uv pip install --python {shlex.quote(python)} {wanted}"
    return f"{shlex.quote(python)} -m pip install {wanted}"
