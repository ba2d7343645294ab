"""`cass man [COMMAND]`: a manual page, through `man` where a person is reading."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

from cass.cli.man import command_page, page
from cass.cli.suggest import command_named
from cass.render.text_json import as_object


def run(options: dict[str, object]) -> int:
    topic = options["topic"]
    text = page() if topic is None else command_page(command_named(str(topic)))
    if options["json"]:
        sys.stdout.write(as_object(text))
        return 0
    if sys.stdout.isatty() and not options["no_pager"] and shutil.which("man"):
        return _through_man(text)
    sys.stdout.write(text)
    return 0


def _through_man(text: str) -> int:
    with tempfile.NamedTemporaryFile("w", suffix=".1", encoding="utf-8", delete=False) as file:
        file.write(text)
    try:
        return subprocess.run(["man", "-l", file.name], check=False).returncode
    finally:
        os.unlink(file.name)
