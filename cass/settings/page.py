"""The settings as documents: docs/settings.md, and the file that `cass config edit` begins with."""

from __future__ import annotations

import os

from cass.disk import make_private_folder, write_whole
from cass.settings.hot import OTHER_FILE, SEMANTIC_FILE
from cass.settings.kinds import accepted, unit_behind
from cass.settings.table import CONSTANT, ROWS, Setting, default_of
from cass.settings.write import value_text

HEAD = """# Settings

Written from the table of settings; change the table and run `make generate`.

A setting is looked for in four layers, the strongest last: what is compiled in, a file in the config folder, an
environment variable, an option of the command. The strongest layer that holds it counts, also where it repeats what
a weaker one says. `cass config show --origin` tells for each setting which layer that is, the file and line, the
variable or the option, and what it hides.

The config folder is `$XDG_CONFIG_HOME/cass` or `~/.config/cass`, on macOS `~/Library/Application Support/cass`, on
Windows `%LOCALAPPDATA%\\cass`; `CASS_CONFIG_DIR` names another. It holds two files, neither of which need exist:
`semantic.toml` for searching by meaning and `cass.toml` for everything else. `cass config path` says where they are.

A value that cannot be read never stops a command: it is said once on stderr (`cass status` lists it), and the layer
below counts; of an address that texts go to (`remote.base_url`, `embedder.url`) none does. Only a bad option is an
error. The same goes for a key that does not exist or stands in the wrong file, for two variables that contradict each
other, for a variable that sets nothing and is named as ours are (`CASS_SEARCH_LIMT`), for an agent or an embedder that
nobody knows, and for a file that is not TOML: nothing in it counts until it is mended.

## Changing them

`cass config set KEY VALUE` and `cass config unset KEY` change one line of the right file; `cass config edit KEY` opens
its file in `$VISUAL` or `$EDITOR` and checks it afterwards (`semantic` and `cass` are the files themselves); without a
KEY the one that is there, `cass.toml` where there are both or none. `set` and `unset` keep the order, the comments, the
line ends, the file's mode, and a link where the file is one. What does not survive: comments inside a list that is
replaced, and a comment on the line of a key that is unset. A `[table]` that has become empty stays. A file that cannot
be parsed is not changed (exit 11).

Once read, the files are kept in compiled form in the cache folder (`settings.bin`), so that a search need not parse
them. It can be deleted at any time.
"""
SEMANTIC = """
## Searching by meaning: `semantic.toml`

Of these the variable `CASS_SEMANTIC_` + the key in capitals is accepted too, where another is listed; if both are set
and differ, it is the one that counts, and `cass` says so. What this version does not do yet has its setting already:
programs read them all in `status --json`.
"""
OTHER = """
## Everything else: `cass.toml`

A key with a dot may be written as `search.limit = 20` or as `limit = 20` under `[search]`.
"""
COLUMNS = "\n| key | what it is | default | accepted | variable | option |\n| --- | --- | --- | --- | --- | --- |\n"


def page() -> str:
    """docs/settings.md."""
    return f"{HEAD}{SEMANTIC}{COLUMNS}{_table(SEMANTIC_FILE)}{OTHER}{COLUMNS}{_table(OTHER_FILE)}"


def _table(name: str) -> str:
    return "".join(f"| {' | '.join(_cells(row))} |\n" for row in ROWS if row.file == name)


def _cells(row: Setting) -> tuple[str, ...]:
    unit = unit_behind(row.unit, default_of(row))
    variable = f"`{row.variable}`" if row.variable else ""
    flag = f"`{row.flag}`" if row.flag else ""
    return f"`{row.key}`", row.doc, f"`{value_text(default_of(row))}`{unit}", accepted(row), variable, flag


def template(name: str) -> str:
    """A file of settings in which everything is commented out."""
    return f"# Settings of cass; docs/settings.md explains them, `cass config show` lists them.\n{_commented(name)}"


def _commented(name: str) -> str:
    rows = (row for row in ROWS if row.file == name and row.kind != CONSTANT)
    return "".join(f"\n# {row.doc}\n# ({accepted(row)})\n# {row.key} = {value_text(default_of(row))}\n" for row in rows)


def write_template(path: str, name: str) -> None:
    """Begin a file that does not exist yet."""
    real = os.path.realpath(path)
    make_private_folder(os.path.dirname(real))
    write_whole(real, template(name).encode())


def drop_unused_template(path: str, name: str) -> None:
    """A file that was only looked at was never wanted."""
    real = os.path.realpath(path)
    try:
        with open(real, "rb") as file:
            unused = file.read() == template(name).encode()
        if unused:
            os.unlink(real)
    except FileNotFoundError:
        pass
