"""The commands that explain: demo, completion, man, help, version, and what `cass` alone does."""

from __future__ import annotations

from cass.cli.table import Argument, Command

SHELLS = ("bash", "zsh", "fish", "powershell")


def demo() -> Command:
    return Command(
        "demo",
        "see it work on invented sessions, without touching yours",
        "Learn",
        examples=(("cass demo", "a short tour"),),
    )


def completion() -> Command:
    return Command(
        "completion",
        "print the completion script of a shell",
        "Learn",
        examples=(
            ("source <(cass completion bash)", "bash: in ~/.bashrc"),
            ('cass completion zsh > "${fpath[1]}/_cass"', "zsh: in a folder of your fpath"),
            ("cass completion fish > ~/.config/fish/completions/cass.fish", "fish"),
            ("cass completion powershell | Out-String | Invoke-Expression", "PowerShell: in $PROFILE"),
        ),
        arguments=(Argument("shell", "SHELL", "bash, zsh, fish or powershell", required=True, values=SHELLS),),
    )


def man() -> Command:
    return Command(
        "man",
        "show the manual page",
        "Learn",
        examples=(("cass man", "read it"), ("cass man > cass.1", "keep it as a file")),
        aliases=("docs",),
    )


def help() -> Command:
    return Command(
        "help",
        "explain a command",
        "Learn",
        examples=(("cass help search", "the same as cass search --help"),),
        arguments=(Argument("topic", "COMMAND", "the command to explain"),),
    )


def version() -> Command:
    return Command("version", "print the version", "Learn", examples=(("cass version", "the version"),))


def home() -> Command:
    """What `cass` alone does; it has no name that could be typed."""
    return Command("home", "what cass has, how fresh it is, and one next command", "Find")


ROWS = {"demo": demo, "completion": completion, "man": man, "help": help, "version": version, "home": home}
