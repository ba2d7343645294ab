"""The fast lane: argv becomes an Invocation without argparse, click or even `re`.

`parse` answers None for whatever it does not fully understand; the Typer app, built from the same table, then
reads the same argv and explains.  Both hand the words and raw values that they found to `settle`, so a value means
the same on either way.
"""

from __future__ import annotations

from cass import errors
from cass.cli.table import (
    ALIAS_WORDS,
    ALIASES,
    CHOICE,
    COUNT,
    DAYS,
    DURATION,
    FLAG,
    HOME,
    INT,
    NAMES,
    OFF,
    ON,
    PATH,
    SHARE,
    SWITCH,
    Argument,
    Command,
    Option,
    command,
    options_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

ASKING = ("-h", "--help", "--version")
# Long enough for every count of messages, short enough for SQLite's integers.
MOST_DIGITS = 18
SECONDS = (("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0), ("w", 604800.0), ("", 1.0))


class Invocation:
    """What to run: the verb's name, and every option and argument of its row by key; `given` are the keys said.

    stamps, wakes: as in the row.
    """

    __slots__ = ("command", "given", "options", "stamps", "wakes")

    def __init__(self, row: Command, options: dict[str, object], given: frozenset[str] = frozenset()) -> None:
        self.command = row.name
        self.options = options
        self.given = given
        self.stamps = row.stamps
        self.wakes = row.wakes

    def __repr__(self) -> str:
        return f"Invocation({self.command!r}, {self.options!r})"


def parse(argv: list[str]) -> Invocation | None:
    """The invocation that `argv` (without the program's name) asks for, or None if it needs explaining."""
    if not argv or argv[0][:1] == "-":
        return _of_row(command(HOME), argv)  # `cass` alone, perhaps with global options
    name = ALIASES.get(argv[0], argv[0])
    if name not in NAMES:
        return None
    return _of_row(command(name), [*ALIAS_WORDS.get(argv[0], ()), *argv[1:]])


def _of_row(row: Command, argv: list[str]) -> Invocation | None:
    found = scan(options_of(row), argv, takes_signed(row))
    if found is None or (row.name == HOME and found[0]):
        return None  # a word behind global options is a command, which the app puts in front
    try:
        return settle(row, *found)
    except errors.UsageError:
        return None


def takes_signed(row: Command) -> bool:
    """May one of its words be a number below 0?"""
    return any([argument.signed for argument in row.arguments])


def is_signed(arg: str) -> bool:
    """Is it one, and no option?  `-5`, `-.5`, `-2h`."""
    return arg[:1] == "-" and arg[1:].lstrip(".")[:1].isdigit()


def is_share(arg: str) -> bool:
    """Is it the number behind an option that needs none, and no word?  `0.3`, `.5`, `1`; 404 is a word."""
    return arg in ("0", "1") or ("." in arg and arg.isascii() and arg.replace(".", "", 1).isdigit())


def scan(
    options: tuple[Option, ...], argv: list[str], signed: bool = False
) -> tuple[list[str], dict[str, list[str]]] | None:
    """The words, and the raw values by an option's long name (an empty one for each time that a flag stands there).

    signed: `-5` is a word.  None for an unknown option, a missing value, or a value where none belongs.
    """
    spelled = {name: option for option in options for name in option.names}
    words: list[str] = []
    given: dict[str, list[str]] = {}
    rest, before = iter(argv), ""
    for arg in rest:
        if is_share(arg) and before in spelled and spelled[before].kind == SHARE:
            _keep(spelled[before], arg, given)
        elif arg == "--":
            words.extend(rest)
        elif len(arg) < 2 or arg[0] != "-" or (signed and is_signed(arg)):
            words.append(arg)
        elif not (_long if arg[1] == "-" else _short)(spelled, arg, rest, given):
            return None
        before = arg
    return words, given


def _long(spelled: dict[str, Option], arg: str, rest: Iterator[str], given: dict[str, list[str]]) -> bool:
    name, equals, value = arg.partition("=")
    option = spelled.get(name)
    if option is None or (equals and not (option.takes_value or option.kind == SHARE)):
        return False
    if option.takes_value and not equals:
        return _next(option, rest, given)
    _keep(option, value, given)
    return True


def _short(spelled: dict[str, Option], arg: str, rest: Iterator[str], given: dict[str, list[str]]) -> bool:
    """`-n5`, `-n 5`, `-lc`, `-lcn5`."""
    for at in range(1, len(arg)):
        option = spelled.get("-" + arg[at])
        if option is None:
            return False
        if not option.takes_value:
            _keep(option, "", given)
        elif at + 1 < len(arg):
            _keep(option, arg[at + 1 :], given)
            return True
        else:
            return _next(option, rest, given)
    return True


def _next(option: Option, rest: Iterator[str], given: dict[str, list[str]]) -> bool:
    for value in rest:
        _keep(option, value, given)
        return True
    return False


def _keep(option: Option, value: str, given: dict[str, list[str]]) -> None:
    """Flags are counted, repeatable options gathered; of any other the last one counts."""
    if option.repeat or option.kind == COUNT:
        given.setdefault(option.name, []).append(value)
    else:
        given[option.name] = [value]


def settle(row: Command, words: list[str], given: dict[str, list[str]]) -> Invocation:
    """Raw words and values become an invocation with every key of the row.  Raises UsageError."""
    if "--help" in given or "-h" in given:
        return _asked("help", [] if row.name == HOME else [row.name], given)
    if "--version" in given:
        return _asked("version", [], given)
    options: dict[str, object] = {}
    said: dict[str, str] = {}
    for option in options_of(row):
        if option.dest:
            options.setdefault(option.dest, [] if option.repeat else option.default)
        if option.name in given:
            _store(option, given[option.name], options, said)
    _place(row, words, options)
    return Invocation(row, options, frozenset(said))


def _asked(verb: str, words: list[str], given: dict[str, list[str]]) -> Invocation:
    """The verb that -h, --help or --version stand for, with the options that it shares."""
    found = settle(command(verb), words, {name: raw for name, raw in given.items() if name not in ASKING})
    if verb == "help":
        found.options["full"] = "--help" in given
    return found


def _store(option: Option, raws: list[str], options: dict[str, object], said: dict[str, str]) -> None:
    values = [_value(option, raw) for raw in raws]
    key = str(values[-1]) if option.kind == SWITCH else option.dest
    value = _joined(option, values)
    if key in said and options[key] != value:
        raise errors.UsageError(f"{said[key]} and {option.name} contradict each other", todo="keep one of them")
    options[key] = value
    said[key] = option.name


def _joined(option: Option, values: list[object]) -> object:
    if option.kind == SWITCH:
        return True
    if option.kind == COUNT:
        return len(values)
    return values if option.repeat else values[-1]


def _value(option: Option, raw: str) -> object:
    """One raw value, converted.  Raises UsageError in the reader's words."""
    if option.kind == FLAG:
        return option.value
    if option.kind == SHARE:
        return _share(option, raw)
    if option.kind in (INT, DAYS):
        number = _whole(option, raw)
        return number if option.kind == INT else f"{number}d"
    if option.kind in (CHOICE, SWITCH):
        return _choice(option, raw)
    if option.kind == DURATION:
        return duration_s(raw, option.name)
    if option.kind == PATH and not raw:
        raise errors.UsageError("a path is missing", option.name, f"write {option.name} {option.metavar}")
    return raw


def _whole(option: Option, raw: str) -> int:
    if raw.isascii() and raw.isdigit() and len(raw) <= MOST_DIGITS and int(raw) >= option.least:
        return int(raw)
    raise errors.UsageError(
        f"{raw!r} is not such a number", option.name, f"write a whole number, {option.least} or more"
    )


def _share(option: Option, raw: str) -> object:
    if raw in ("", ON):
        return option.value
    if raw == OFF:
        return raw
    plain = raw.isascii() and raw.replace(".", "", 1).isdigit() and len(raw) <= MOST_DIGITS
    if plain and float(raw) <= 1:
        return float(raw)
    todo = f"write a number from 0 to 1, as in {option.name}=0.3, or {option.name}=off"
    raise errors.UsageError(f"{raw!r} is not such a number", option.name, todo)


def _choice(option: Option, raw: str) -> str:
    word = raw.strip().lower()
    word = word.replace("-", "_") if option.means else word
    for spelling, meaning in option.means or [(value, value) for value in option.values]:
        if word == spelling:
            return meaning
    raise errors.UsageError(f"{raw!r} is not one of its values", option.name, f"use {_or(option.values)}")


def _or(values: tuple[str, ...]) -> str:
    return " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))


def duration_s(raw: str, where: str) -> float:
    """`500ms`, `2s`, `1.5h`, `7d`, `2w`; a bare number is seconds.  Raises UsageError."""
    for unit, factor in SECONDS:
        number = raw.removesuffix(unit) if unit else raw
        if (
            raw.endswith(unit)
            and number.isascii()
            and number.replace(".", "", 1).isdigit()
            and len(number) <= MOST_DIGITS
        ):
            return float(number) * factor
    raise errors.UsageError(f"{raw!r} is not a duration", where, "write it like 500ms, 2s, 30m, 2h or 7d")


def _place(row: Command, words: list[str], options: dict[str, object]) -> None:
    """Words go to the row's arguments in order."""
    left = list(words)
    for argument in row.arguments:
        if argument.repeat and (left or not argument.required):
            options[argument.key], left = left, []
        else:
            options[argument.key] = _word(row, argument, left)
    if left:
        raise errors.UsageError(f"{left[0]!r} is one word too many", f"cass {row.name}", f"see `cass {row.name} -h`")


def _word(row: Command, argument: Argument, left: list[str]) -> str | None:
    if not left:
        if argument.required:
            raise errors.UsageError(f"{argument.metavar} is missing", f"cass {row.name}", f"give {argument.doc}")
        return None
    if argument.values and left[0] not in argument.values:
        raise errors.UsageError(
            f"{left[0]!r} is not one of its values", argument.metavar, f"use {_or(argument.values)}"
        )
    return left.pop(0)
