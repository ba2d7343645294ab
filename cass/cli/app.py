"""The Typer app, built from the command table: it reads what the fast lane did not, or says what is wrong.

Every value reaches `lane.settle` as it was typed, so both ways mean the same.  A hundred milliseconds slower than
the lane, hence only for command lines that need explaining.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import typer

from cass.cli.lane import Invocation, is_share, is_signed, settle, takes_signed
from cass.cli.suggest import unknown_command, unknown_option
from cass.cli.table import (
    ALIAS_WORDS,
    ALIASES,
    COUNT,
    HOME,
    NAMES,
    SHARE,
    Command,
    Option,
    command,
    commands,
    options_of,
)
from cass.errors import UsageError

SHIELD = "\0"
Found = tuple[list[str], dict[str, list[str]]]

# Typer brings a click of its own, older ones use the package: the class is reached through what both export.
WrongUse: type[Exception] = typer.BadParameter.__mro__[1]


def parse(argv: list[str]) -> Invocation:
    """The invocation that `argv` (without the program's name) asks for.  Raises UsageError with what to do."""
    name, rest = _hoisted(argv)
    row = command(name)
    rest, shares = _shares(row, rest)
    try:
        words, given = app()([name, *_shielded(row, rest)], prog_name="cass", standalone_mode=False)
    except WrongUse as wrong:
        raise _explained(row, rest, wrong) from wrong
    bare = {option: [_bare(raw) for raw in raws] for option, raws in given.items()}
    return settle(row, [_bare(word) for word in words], bare | shares)


def _shielded(row: Command, rest: list[str]) -> list[str]:
    """Where a value may stand, `-5` is one: behind a sign that no argument of a process can hold."""
    return [SHIELD + arg if is_signed(arg) else arg for arg in rest] if takes_signed(row) else rest


def _bare(word: str) -> str:
    return word.removeprefix(SHIELD)


@functools.cache
def app() -> typer.Typer:
    """One Typer command a row.  Each gives back (words, raw values by an option's long name)."""
    built = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    built.callback()(lambda: None)
    for row in (*commands(), command(HOME)):
        built.command(row.name, help=row.doc, add_help_option=False)(_reader(row))
    return built


def _reader(row: Command) -> Callable[..., Found]:
    """A function whose signature has a parameter for every option of the row."""
    options = {f"option_{at}": option for at, option in enumerate(options_of(row))}

    def read(words: list[str] | None, **values: object) -> Found:
        raws = {options[key].name: _raw(options[key], value) for key, value in values.items()}
        return list(words or ()), {name: raw for name, raw in raws.items() if raw}

    words = inspect.Parameter(
        "words", inspect.Parameter.KEYWORD_ONLY, default=typer.Argument(None), annotation=list[str] | None
    )
    parameters = [words, *(_parameter(key, option) for key, option in options.items())]
    read.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    read.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return read


def _parameter(key: str, option: Option) -> inspect.Parameter:
    annotation: object = str | None
    default: object = typer.Option(None, *option.names, help=option.doc)
    if option.kind == COUNT:
        annotation, default = int, typer.Option(0, *option.names, help=option.doc, count=True)
    elif not option.takes_value:
        annotation, default = bool, typer.Option(False, *option.names, help=option.doc)
    elif option.repeat:
        annotation = list[str] | None
    return inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _shares(row: Command, rest: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The other arguments, and the values of options that need none: Typer has no such thing."""
    names = {option.name for option in options_of(row) if option.kind == SHARE}
    end = rest.index("--") if "--" in rest else len(rest)
    others, found = [], {}
    for at, (before, arg) in enumerate(zip(["", *rest], rest, strict=False)):
        name, _, value = arg.partition("=")
        if at < end and name in names:
            found[name] = [value]
        elif at < end and before in names and is_share(arg):
            found[before] = [arg]
        else:
            others.append(arg)
    return others, found


def _raw(option: Option, value: object) -> list[str]:
    """What the lane's scan would have kept."""
    if value is None or value is False:
        return []
    if isinstance(value, int):
        return [""] * value
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [str(value)]


def _hoisted(argv: list[str]) -> tuple[str, list[str]]:
    """The command's name and its arguments; global options in front of the command go behind it."""
    valued = {name for option in options_of(command(HOME)) if option.takes_value for name in option.names}
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        at += 2 if argv[at] in valued else 1
    if at >= len(argv):
        return HOME, argv
    name = ALIASES.get(argv[at], argv[at])
    if name not in NAMES:
        raise unknown_command(argv[at], argv[at + 1 :])
    return name, [*ALIAS_WORDS.get(argv[at], ()), *argv[:at], *argv[at + 1 :]]


def _explained(row: Command, rest: list[str], wrong: Exception) -> UsageError:
    spelled = getattr(wrong, "option_name", None)
    if type(wrong).__name__ == "NoSuchOption" and spelled:
        return unknown_option(row, _as_typed(rest, spelled), rest)
    message = getattr(wrong, "message", None) or str(wrong)
    where = "cass" if row.name == HOME else f"cass {row.name}"
    return UsageError(message.rstrip(".").replace("Option ", "option "), where, f"see `{where} -h`")


def _as_typed(rest: list[str], spelled: str) -> str:
    """`-limit` is read as the short options -l -i -m…; the person meant one long one."""
    for arg in rest[: rest.index("--")] if "--" in rest else rest:
        if len(spelled) == 2 and len(arg) > 2 and arg[0] == "-" and arg[1] != "-" and spelled[1] in arg:
            return arg
    return spelled
