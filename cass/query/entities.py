"""Things with a name that a text mentions: files, error codes, exceptions, commits, tickets, versions, addresses, and
the programs that a shell was given.  `entity:NAME` finds exactly these.

They are read when they are asked for: the index finds the messages with a name's words, and their texts decide.  To
extract them when messages are indexed cost a fifth of the whole indexing, however it was done.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ERRNO = (
    "ECONN(?:REFUSED|RESET|ABORTED)|ENO(?:ENT|SPC|TDIR|TEMPTY|MEM|TFOUND)|EACCES|EPERM|EPIPE|EADDRINUSE|EEXIST|ETIMEDOUT"
    "|EHOSTUNREACH|ENETUNREACH|EMFILE|EAGAIN|EINVAL|EBUSY|EISDIR|EXDEV|EROFS|EAI_AGAIN|ERESOLVE|EINTEGRITY"
)
# What may not stand beside a name, lest a part of one be taken for it.
_ALONE, _END = r"(?<![\w.#/-])", r"(?![\w#])"
_ADDRESS = re.compile(r"\b[a-zA-Z][a-zA-Z0-9+-]{0,30}://[^\s\"'`<>)\]}|\\]+")
# Files that have no ending, by their names as they are written.
_BARE = (
    "(?:GNUm|M)akefile|Dockerfile|Containerfile|[Jj]ustfile|Rakefile|Gemfile|Procfile|Jenkinsfile|Vagrantfile|Brewfile"
    "|Pipfile|LICEN[SC]E|README|CHANGELOG|CONTRIBUTING|CODEOWNERS"
)
_A_BARE = re.compile(_BARE, re.IGNORECASE)
# No pattern may begin inside what it could go over as a whole, lest it go over the rest from every place there: 64 KB
# of letters that JSON escapes took 20 s, as many of base64 one.
_FILE = re.compile(
    r"(?<![\w.%+@~/-])(?:(?=/)|(?<![\w.%+@~-]\\))"
    r"((?:~?/|[A-Za-z]:[\\/]|\.{1,2}/)?(?:[\w.%+@~-]+[\\/])*"
    rf"(?:[\w.%+@~-]*\.[A-Za-z][A-Za-z0-9]{{0,9}}|{_BARE}))\b"
)
_NAMED = re.compile(
    rf"{_ALONE}(?:"
    r"(?P<version>(?:(?:(?<![@+])[\w@+/-]*|(?<=\+)(?=/)[\w/-]*)[-@/])?v?\d+\.\d+\.\d+(?:[.+-]?\w+)*|v\d+\.\d+)"
    r"|(?P<ticket>(?:[\w.-]+/[\w.-]+)?#\d{1,7}|[A-Z][A-Z0-9]{1,9}-\d{1,7}(?:-\d{1,7})?)"
    rf"|(?P<code>[A-Z]{{1,6}}\d{{2,6}}|{_ERRNO}|SIG(?:SEGV|KILL|TERM|ABRT|INT|BUS|FPE|ILL|HUP|PIPE))"
    r"|(?P<commit>(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,40})"
    rf"){_END}"
)
_EXCEPTION = re.compile(r"\b[A-Z]\w*(?:Error|Exception|Warning|Panic)\b")
_VERSION = re.compile(r"(?:.*[-@/])?v?(\d+\.\d+.*)")
_COMMIT = re.compile(r"(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}")
_LINE = re.compile(r"(?::\d+)+$")
_BREAK = re.compile(r"&&|\|\||[;|\n]|\$\(")
_WORD = re.compile(r"[a-z][a-z-]*")
_PROGRAM = re.compile(r"[a-z][\w.+-]*")
_BEFORE = frozenset(("$", "(", "env", "exec", "nohup", "sudo", "time", "npx", "uvx"))
SHELLS = frozenset(
    ("bash", "shell", "exec_command", "run_shell_command", "local_shell", "run_command", "execute_command")
)
COMMAND_CHARS = 4_000
# No name is longer than what is read on either side of a place; a word that stands in more places is none there either.
AROUND, MOST_PLACES = 300, 100
# The numbers of Document.role for what a tool printed: it gives no commands.
TOOL = 2


def names_in(text: str, tools: Iterable[str] = (), role: int | None = None) -> set[str]:
    """The names that a message mentions, in small letters; `tools` and `role` as in its Document."""
    found = {_plain_address(address) for address in _ADDRESS.findall(text)}
    found |= {_plain_path(path) for path in _FILE.findall(text)}
    for match in _NAMED.finditer(text):
        found.add(_plain_version(match[0]) if match["version"] else match[0])
    found.update(_EXCEPTION.findall(text))
    if role != TOOL and not SHELLS.isdisjoint(tools):
        found.update(_commands(text))
    return {name.lower() for name in found}


def _plain_address(address: str) -> str:
    return address.rstrip(".,;:/!?*")


def _plain_path(path: str) -> str:
    return path.removeprefix("./").replace("\\", "/")


def _plain_version(version: str) -> str:
    """`tokio-v1.38.0` → 1.38.0."""
    found = _VERSION.fullmatch(version)
    return found[1] if found else version


def _commands(text: str) -> Iterator[str]:
    """The programs that a shell is given, alone and with what they are told first: `cargo`, `cargo build`."""
    for command in _BREAK.split(text[:COMMAND_CHARS]):
        words = command.split(None, 8)
        while words and ("=" in words[0] or words[0] in _BEFORE):
            del words[0]
        if words and _PROGRAM.fullmatch(words[0]):
            yield words[0]
            if len(words) > 1 and _WORD.fullmatch(words[1]):
                yield f"{words[0]} {words[1]}"


def mentions(wanted: str, text: str, tools: Iterable[str] = (), role: int | None = None) -> bool:
    """Does a message name it?  As `is_named(wanted, names_in(…))` says, but only the places that matter are read."""
    if role != TOOL and not SHELLS.isdisjoint(tools) and wanted in {name.lower() for name in _commands(text)}:
        return True
    if only_program(wanted):
        return False
    # What is looked for stands in the text as it is, if only the end of it: a path may have other slashes.
    core, lower = wanted.rpartition("/")[2] or wanted, text.lower()
    at, left = lower.find(core), MOST_PLACES
    while at >= 0 and left:
        left -= 1
        around = text[max(0, at - AROUND) : at + len(core) + AROUND]
        if is_named(wanted, names_in(around)):
            return True
        at = lower.find(core, at + AROUND)
    return False


def only_program(wanted: str) -> bool:
    """Could it be nothing but a program: several words, or letters that are no error's name in any capitals?"""
    return " " in wanted or (
        wanted.isalpha()
        and not wanted.endswith(("error", "exception", "warning", "panic"))
        and not _A_BARE.fullmatch(wanted)
        and not names_in(wanted.upper())
    )


def wanted_name(value: str) -> str:
    """What `entity:VALUE` means: small letters, no line number, a version without its v."""
    word = " ".join(value.split())
    if "://" in word:
        return _plain_address(word).lower()
    word = _plain_path(_LINE.sub("", word))
    named = _NAMED.fullmatch(word.removeprefix("V"))
    return (_plain_version(word.removeprefix("V")) if named and named["version"] else word).lower()


def is_named(wanted: str, names: Iterable[str]) -> bool:
    """Is it one of the names: itself, the end of a path, or the beginning of a commit?"""
    names = set(names)
    if wanted in names:
        return True
    if is_commit(wanted):
        return any(name.startswith(wanted) and is_commit(name) for name in names)
    return "://" not in wanted and any(name.endswith(f"/{wanted}") and "://" not in name for name in names)


def is_commit(word: str) -> bool:
    """Does it look like a commit's id, or the beginning of one?"""
    return _COMMIT.fullmatch(word) is not None
