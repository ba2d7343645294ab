"""The commands that explain: demo, schema, completion, man, help, version, and what `cass` alone does."""

from __future__ import annotations

from cass.cli.table import TEXT, Argument, Command, Option

SHELLS = ("bash", "zsh", "fish", "powershell")
KEYED_SHELLS = ("bash", "zsh", "fish")  # those that cass/shell has a file for
# The files of cass/schemas, by name, and what each describes: its title, too.
SCHEMAS = (
    ("search", "cass search --json"),
    ("search-fields", "cass search --json --fields LIST"),
    ("search-lines", "a line of cass search --jsonl"),
    ("search-lines-fields", "a line of cass search --jsonl --fields LIST"),
    ("show", "cass show ID --json, and cass export ID --format json"),
    ("sessions", "cass sessions --json"),
    ("resume", "cass resume ID --json"),
    ("open", "cass open ID --json"),
    ("export", "cass export ID -o FILE --json"),
    ("pack", "cass pack QUERY --json"),
    ("stats", "cass stats --json"),
    ("index", "cass index --json"),
    ("index-watch", "a line of cass index --watch --json, after the first"),
    ("index-dry-run", "cass index --dry-run --json"),
    ("status", "cass status --json, and cass --json"),
    ("sources", "cass sources --json"),
    ("sources-change", "cass sources include|exclude --json"),
    ("import", "cass import --json"),
    ("doctor", "cass doctor --json"),
    ("doctor-interference", "cass doctor --interference --json"),
    ("forget", "cass forget --json"),
    ("restore", "cass restore ID --json"),
    ("secrets", "cass secrets --json"),
    ("uninstall", "cass uninstall --json"),
    ("config", "cass config show --json"),
    ("config-one", "cass config get|set|unset KEY --json"),
    ("config-path", "cass config path --json"),
    ("config-edit", "cass config edit --json"),
    ("models", "cass models --json"),
    ("backfill", "cass backfill --json"),
    ("worker", "cass worker --json"),
    ("worker-log", "cass worker log --json"),
    ("mcp", "cass mcp --json"),
    ("serve", "cass serve --json"),
    ("schema", "cass schema --json"),
    ("text", "cass help|man|completion|init|… --json"),
    ("version", "cass version --json"),
    ("error", "what any command prints with --json when it fails"),
)


def demo() -> Command:
    return Command(
        "demo",
        "see it work on invented sessions, without touching yours",
        "Learn",
        examples=(("cass demo", "a short tour"),),
    )


def schema() -> Command:
    names = tuple(name for name, _ in SCHEMAS)
    return Command(
        "schema",
        "describe what --json prints, as JSON Schema",
        "Learn",
        more="Without a NAME it lists them. Each one is draft 2020-12, in one piece; keys are only ever added.",
        examples=(
            ("cass schema", "the names, and what each describes"),
            ("cass schema search > search.schema.json", "keep the one of cass search --json as a file"),
        ),
        # Repeated, so that the verb sees an unknown name and can say which one is near.
        arguments=(Argument("names", "NAME", "the schema to print", repeat=True, values=names),),
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
        options=(
            Option(
                ("--sessions",),
                "instead, what the script asks at a TAB: sessions whose id begins so",
                TEXT,
                "BEGINNING",
            ),
        ),
    )


def init() -> Command:
    return Command(
        "init",
        "print a key for your shell that searches as you type",
        "Learn",
        more=(
            "The key, Alt-S, opens fzf over your sessions. Enter puts the command that goes on with the session on the"
            " command line, Ctrl-O the path of its file; nothing runs before you press Enter once more. Without fzf it"
            " asks for words and lists what it finds."
        ),
        examples=(
            ('eval "$(cass init bash)"', "bash: in ~/.bashrc"),
            ('eval "$(cass init zsh)"', "zsh: in ~/.zshrc"),
            ("cass init fish | source", "fish: in ~/.config/fish/config.fish"),
            ("eval \"$(cass init bash --key '\\C-xs')\"", "Ctrl-X s instead"),
        ),
        arguments=(Argument("shell", "SHELL", "bash, zsh or fish", required=True, values=KEYED_SHELLS),),
        options=(
            Option(("--key",), "another key, written as the shell's own `bind` or `bindkey` has it", TEXT, "KEY"),
        ),
    )


def man() -> Command:
    return Command(
        "man",
        "show the manual page, or that of a command",
        "Learn",
        examples=(
            ("cass man", "read it"),
            ("cass man search", "the page of a command"),
            ("cass man > cass.1", "keep it as a file"),
        ),
        aliases=("docs",),
        arguments=(Argument("topic", "COMMAND", "the command whose page is wanted"),),
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


ROWS = {
    "demo": demo,
    "schema": schema,
    "completion": completion,
    "init": init,
    "man": man,
    "help": help,
    "version": version,
    "home": home,
}
