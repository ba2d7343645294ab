"""`cass man [COMMAND]`: a manual page, through `man` where a person is reading."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile

from cass.cli.man import command_page, page
from cass.cli.suggest import command_named
from cass.render.terminal import pager_of, setting, style
from cass.render.text_json import as_object


def run(options: dict[str, object]) -> int:
    topic = options["topic"]
    text = page() if topic is None else command_page(command_named(str(topic)))
    if options["json"]:
        sys.stdout.write(as_object(text))
        return 0
    if sys.stdout.isatty() and shutil.which("man"):
        return _through_man(text, options)
    sys.stdout.write(text)
    return 0


def _through_man(text: str, options: dict[str, object]) -> int:
    """With its own pager, unless another one is named, or none is wanted: then also without bold, as in a file."""
    pager = pager_of(options, os.environ)
    env = {"MANWIDTH": str(style(sys.stdout, options, os.environ).width), **os.environ}
    if pager and setting(options, "pager", "auto") != "auto":
        env["MANPAGER"] = shlex.join(pager)
    with tempfile.NamedTemporaryFile("w", suffix=".1", encoding="utf-8", delete=False) as file:
        file.write(text)
    try:
        shown = None if pager else subprocess.PIPE
        done = subprocess.run(["man", "-l", file.name], env=env, stdout=shown, encoding="utf-8", check=False)
    finally:
        os.unlink(file.name)
    sys.stdout.write(done.stdout or "")
    return done.returncode
