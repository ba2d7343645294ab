"""`cass help [COMMAND]`, and what -h and --help stand for."""

from __future__ import annotations

import os
import sys

from cass.cli.help import command_help, main_help
from cass.cli.suggest import command_named
from cass.render.terminal import page, style


def run(options: dict[str, object]) -> int:
    look = style(sys.stdout, options, os.environ)
    full = bool(options.get("full", True))
    topic = options["topic"]
    text = main_help(look, full) if topic is None else command_help(command_named(str(topic)), look, full)
    if options["json"]:
        from cass.render.text_json import as_object

        sys.stdout.write(as_object(text))
    else:
        page(text, options)
    return 0
