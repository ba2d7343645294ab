"""Completion scripts for bash, zsh, fish and PowerShell, written from the command table.

They are static: no process is started when a person presses TAB, save where an ID is to be completed.  Then
`cass completion SHELL --sessions` is asked, which reads a few rows of the database and loads little else.
"""

from __future__ import annotations

from cass.cli.offers import (
    ACTED_ON,
    ID,
    TAKES_FILES,
    TAKES_FOLDERS,
    shared,
    shown,
    spellings,
    takes_file,
    takes_session,
    values_of,
    words_for,
)
from cass.cli.table import ALIASES, NAMES, PATH, Argument, Command, Option, commands

NOTE = "Completion for cass, written from its command table; change the table and generate it again."


def _sessions(shell: str, beginning: str) -> str:
    """The command that lists the sessions whose id begins so; `beginning` as the shell expands it."""
    return f'cass completion {shell} --sessions="{beginning}" 2>/dev/null'


def script(shell: str) -> str:
    """The completion script for bash, zsh, fish or powershell.  KeyError for another shell."""
    return {"bash": bash, "zsh": zsh, "fish": fish, "powershell": powershell}[shell]()


def _names(row: Command) -> str:
    return "|".join((row.name, *row.aliases))


# bash ---------------------------------------------------------------------------------------------------------------


def bash() -> str:
    rows = "\n".join(_bash_row(row) for row in commands())
    valued = "|".join(spellings(option for option in shared() if option.takes_value))
    return f"""# {NOTE}
# shellcheck shell=bash disable=SC2207 # mapfile is missing in the bash of macOS

_cass_paths() {{
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen "$1" -- "$cur"))
}}

_cass() {{
    local cur prev cmd="" words="" values="" files="" sessions="" i
    cur="${{COMP_WORDS[COMP_CWORD]}}"
    prev="${{COMP_WORDS[COMP_CWORD - 1]}}"
    # `--option=value` reaches us as three words.
    if [[ $cur == "=" ]]; then
        cur=""
    elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then
        prev="${{COMP_WORDS[COMP_CWORD - 2]}}"
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "${{COMP_WORDS[i]}}" in
            {valued}) ((i++)) ;;
            -*) ;;
            *) cmd="${{COMP_WORDS[i]}}"; break ;;
        esac
    done
    COMPREPLY=()
    case "$cmd" in
        "")
            words="{" ".join(spellings(shared()))}"
            values="{" ".join(NAMES)}"
{_bash_prev(shared())}
            ;;
{rows}
        *) return ;;
    esac
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    elif [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    elif [[ -n $sessions ]]; then
        COMPREPLY=($(compgen -W "$({_sessions("bash", "$cur")})" -- "$cur"))
    fi
    if [[ -n $files && $cur != -* && -z ${{COMPREPLY[*]}} ]]; then
        _cass_paths -f
    fi
}}

complete -F _cass cass
"""


def _bash_row(row: Command) -> str:
    lines = [f"        {_names(row)})", f'            words="{" ".join(spellings(shown(row)))}"']
    if words_for(row):
        lines.append(f'            values="{" ".join(words_for(row))}"')
    if row.name in ACTED_ON:
        lines += _bash_behind(row)
    if takes_session(row):
        lines.append("            sessions=1")
    if row.name in TAKES_FILES:
        lines.append("            files=1")
    return "\n".join((*lines, _bash_prev(shown(row)), "            ;;"))


def _bash_behind(row: Command) -> list[str]:
    """An action is named once; right behind it stands what it is done to."""
    seen = "|".join(f'*" {word} "*' for word in words_for(row))
    lines = [f'            case " ${{COMP_WORDS[*]:0:COMP_CWORD}} " in {seen}) values="" ;; esac']
    right_behind = f'            case "$prev" in {"|".join(words_for(row))}) '
    if ACTED_ON[row.name]:
        lines.append(f'{right_behind}values="{" ".join(ACTED_ON[row.name])}" ;; esac')
    if row.name in TAKES_FOLDERS:
        lines.append(f"{right_behind}[[ $cur == -* ]] || {{ _cass_paths -d; return; }} ;; esac")
    return lines


def _bash_prev(options: list[Option]) -> str:
    """What comes after an option with a value."""
    lines = ['            case "$prev" in']
    for option in options:
        names = "|".join(option.names)
        if values_of(option):
            lines.append(f'                {names}) words="" values="{" ".join(values_of(option))}" ;;')
        elif option.metavar == ID:
            lines.append(f'                {names}) words="" values="" files="" sessions=1 ;;')
        elif option.kind == PATH:
            lines.append(f"                {names}) _cass_paths {'-f' if takes_file(option) else '-d'}; return ;;")
    free = [name for option in options if option.takes_value and not _is_known(option) for name in option.names]
    lines += [f"                {'|'.join(free)}) return ;;"] if free else []
    return "\n".join((*lines, "            esac"))


def _is_known(option: Option) -> bool:
    return bool(values_of(option)) or option.kind == PATH or option.metavar == ID


# zsh ----------------------------------------------------------------------------------------------------------------


def zsh() -> str:
    names = "\n".join(f"        {_zsh_quoted(f'{row.name}:{row.doc}')}" for row in commands())
    rows = "\n".join(_zsh_row(row) for row in commands())
    everywhere = " \\\n        ".join(_zsh_option(option) for option in shared())
    return f"""#compdef cass
# {NOTE}

_cass_sessions() {{
    local -a found
    found=(${{(f)"$({_sessions("zsh", "${(Q)PREFIX}")})"}})
    _describe -V session found
}}

_cass_sessions_or_files() {{
    _cass_sessions || _files
}}

_cass() {{
    local context state state_descr line curcontext="$curcontext"
    typeset -A opt_args
    local -a names
    names=(
{names}
    )
    _arguments -C -S \\
        {everywhere} \\
        '1: :->command' \\
        '*:: :->rest' && return
    case $state in
        command) _describe -t commands command names ;;
        rest)
            curcontext="${{curcontext%:*:*}}:cass-$words[1]:"
            case $words[1] in
{rows}
            esac
            ;;
    esac
}}

if [ "$funcstack[1]" = "_cass" ]; then
    _cass "$@"
else
    compdef _cass cass
fi
"""


def _zsh_row(row: Command) -> str:
    specs = [_zsh_option(option) for option in shown(row)]
    specs += [_zsh_argument(row, argument) for argument in row.arguments]
    specs = [f"                        {spec}" for spec in specs]
    head = [f"                {_names(row)})", "                    _arguments -S \\"]
    return "\n".join((*head, " \\\n".join(specs), "                    ;;"))


def _zsh_option(option: Option) -> str:
    """One spec of _arguments for all spellings: '(-n --limit)'{-n,--limit}'[doc]:N: '."""
    about = f"[{_zsh_escaped(option.doc)}]" + _zsh_value(option)
    many = option.repeat or option.kind == "count"
    if len(option.names) == 1:
        return _zsh_quoted(("*" if many else "") + option.name + ("=" if option.takes_value else "") + about)
    names = ",".join(
        name + (("=" if name.startswith("--") else "+") if option.takes_value else "") for name in option.names
    )
    exclude = "'*'" if many else _zsh_quoted(f"({' '.join(option.names)})")
    return f"{exclude}{{{names}}}{_zsh_quoted(about)}"


def _zsh_value(option: Option) -> str:
    if not option.takes_value:
        return ""
    values = values_of(option)
    what = f"({' '.join(values)})" if values else "_files -/" if option.kind == PATH else " "
    what = "_cass_sessions" if option.metavar == ID else "_files" if takes_file(option) else what
    return f":{option.metavar}:{what}"


def _zsh_argument(row: Command, argument: Argument) -> str:
    """What a word may be.  Not the action ' ' for anything: its message keeps options from being completed."""
    what = f"({' '.join(words_for(row))})" if words_for(row) else "()"
    if takes_session(row):
        what = "_cass_sessions_or_files" if row.name in TAKES_FILES else "_cass_sessions"
    elif row.name in TAKES_FILES:
        what = "_files"
    if row.name not in ACTED_ON:
        return _zsh_quoted(f"{'*' if argument.repeat else '1'}:{argument.metavar}:{what}")
    behind = "_files -/" if row.name in TAKES_FOLDERS else f"({' '.join(ACTED_ON[row.name])})"
    return f"{_zsh_quoted(f'1:{argument.metavar}:{what}')} {_zsh_quoted(f'2:WHAT:{behind}')}"


def _zsh_escaped(text: str) -> str:
    for sign in "\\[]:":
        text = text.replace(sign, "\\" + sign)
    return text


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# fish ---------------------------------------------------------------------------------------------------------------


def fish() -> str:
    # The value of `--option=value` is all that counts.
    begun = "set -l begun (commandline -ct | string replace -r '^-[^=]*=' '')"
    asked = (begun, _sessions("fish", "$begun"))
    listed = ["function __cass_sessions", *[f"    {line}" for line in asked], "end"]
    lines = [f"# {NOTE}", "", *listed, "", "complete -c cass -f"]
    none = f"not __fish_seen_subcommand_from {' '.join((*NAMES, *ALIASES))}"
    lines += [
        f"complete -c cass -n {_fish_quoted(none)} -a {row.name} -d {_fish_quoted(row.doc)}" for row in commands()
    ]
    lines += [_fish_option(option, "") for option in shared()]
    for row in commands():
        seen = f"__fish_seen_subcommand_from {' '.join((row.name, *row.aliases))}"
        lines += ["", *(_fish_option(option, seen) for option in row.options if not option.hidden)]
        if row.name in ACTED_ON:
            lines += _fish_behind(row, seen)
        elif words_for(row):
            lines.append(f"complete -c cass -n {_fish_quoted(seen)} -a {_fish_quoted(' '.join(words_for(row)))}")
        if takes_session(row):
            lines.append(f"complete -c cass -n {_fish_quoted(seen)} -k -a '(__cass_sessions)'")
        if row.name in TAKES_FILES:
            lines.append(f"complete -c cass -n {_fish_quoted(seen)} -F")
    return "\n".join(line for line, before in zip(lines, ["x", *lines], strict=False) if line or before) + "\n"


def _fish_behind(row: Command, seen: str) -> list[str]:
    actions = " ".join(words_for(row))
    none = f"{seen}; and not __fish_seen_subcommand_from {actions}"
    lines = [f"complete -c cass -n {_fish_quoted(none)} -a {_fish_quoted(actions)}"]
    right_behind = _fish_quoted(f"{seen}; and contains -- (commandline -opc)[-1] {actions}")
    if ACTED_ON[row.name]:
        lines.append(f"complete -c cass -n {right_behind} -a {_fish_quoted(' '.join(ACTED_ON[row.name]))}")
    if row.name in TAKES_FOLDERS:
        lines.append(f"complete -c cass -n {right_behind} -a '(__fish_complete_directories)'")
    return lines


def _fish_option(option: Option, seen: str) -> str:
    parts = ["complete -c cass"]
    parts += [f"-n {_fish_quoted(seen)}"] if seen else []
    parts += [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if values_of(option):
        parts.append(f"-x -a {_fish_quoted(' '.join(values_of(option)))}")
    elif option.metavar == ID:
        parts.append("-x -k -a '(__cass_sessions)'")
    elif takes_file(option):
        parts.append("-r -F")
    elif option.kind == PATH:
        parts.append("-x -a '(__fish_complete_directories)'")
    elif option.takes_value:
        parts.append("-x")
    return " ".join((*parts, f"-d {_fish_quoted(option.doc)}"))


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


# PowerShell ---------------------------------------------------------------------------------------------------------


def powershell() -> str:
    rows = [_powershell_row("", shared(), [(row.name, row.doc) for row in commands()])]
    rows += [_powershell_row(row.name, shown(row), [(word, word) for word in words_for(row)]) for row in commands()]
    aliases = "\n".join(f"        {_ps(alias)} = {_ps(name)}" for alias, name in ALIASES.items())
    valued = ", ".join(_ps(name) for name in spellings(option for option in shared() if option.takes_value))
    return f"""# {NOTE}

Register-ArgumentCompleter -Native -CommandName cass -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)

    $aliases = @{{
{aliases}
    }}
    # For each command: what may be typed with its meaning, and what may follow an option.
    $table = @{{
{chr(10).join(rows)}
    }}

    $before = @($commandAst.CommandElements | Where-Object {{ $_.Extent.EndOffset -lt $cursorPosition }} |
        Select-Object -Skip 1 | ForEach-Object {{ $_.ToString() }})
    $command = ''
    for ($i = 0; $i -lt $before.Count; $i++) {{
        if (@({valued}) -contains $before[$i]) {{ $i++; continue }}
        if (-not $before[$i].StartsWith('-')) {{ $command = $before[$i]; break }}
    }}
    if ($aliases.ContainsKey($command)) {{ $command = $aliases[$command] }}
    if (-not $table.ContainsKey($command)) {{ return }}
    $row = $table[$command]

    $last = if ($before.Count) {{ $before[-1] }} else {{ '' }}
    if ($row.Values.ContainsKey($last)) {{
        $found = @($row.Values[$last] | ForEach-Object {{ , @($_, $_) }})
    }} else {{
        $found = $row.Words
    }}
    $found | Where-Object {{ $_[0] -clike "$wordToComplete*" }} | ForEach-Object {{
        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
    }}
}}
"""


def _powershell_row(name: str, options: list[Option], words: list[tuple[str, str]]) -> str:
    pairs = words + [(spelling, option.doc) for option in options for spelling in option.names]
    found = "\n".join(f"                , @({_ps(word)}, {_ps(doc)})" for word, doc in pairs)
    values = "\n".join(
        f"                {_ps(spelling)} = @({', '.join(_ps(value) for value in values_of(option))})"
        for option in options
        if values_of(option)
        for spelling in option.names
    )
    return f"""        {_ps(name)} = @{{
            Words = @(
{found}
            )
            Values = @{{
{values}
            }}
        }}"""


def _ps(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
