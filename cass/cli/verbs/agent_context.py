"""`cass agent-context`: a page that teaches a coding agent to use cass."""

from __future__ import annotations

import sys

from cass.cli.agent_context import page as text
from cass.render.terminal import page
from cass.render.text_json import as_object


def run(options: dict[str, object]) -> int:
    if options["json"]:
        sys.stdout.write(as_object(text()))
    else:
        page(text(), options)
    return 0
