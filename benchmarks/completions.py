"""What a TAB costs in the shells that are here: inside one that runs already, as a person meets it.

    python -m benchmarks.completions --messages 1000000 [--rounds 21]

Each shell completes a command, an option, a value and a session; only the last one starts a process of ours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.cold_search import index_once
from benchmarks.places import CACHE, REPO, ensure_home, installed

LINES = {
    "a command": "cass sea",
    "an option": "cass search --li",
    "a value": "cass search --agent cl",
    "an id": "cass show ",
}
# `$1` is the line; each prints milliseconds, one a line.
BASH = """
source {completions}/cass.bash
IFS=' ' read -ra COMP_WORDS <<< "$1"; [[ $1 == *' ' ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
for ((n = 0; n < {rounds}; n++)); do
    from=${{EPOCHREALTIME/./}}; _cass; to=${{EPOCHREALTIME/./}}
    echo "$(((to - from) / 1000)).$(printf %03d $(((to - from) % 1000)))"
done
[[ -n ${{COMPREPLY[*]}} ]]
"""
FISH = """
source {completions}/cass.fish
for n in (seq {rounds})
    set -l from (date +%s%N); complete -C "$argv[1]" >/dev/null; set -l to (date +%s%N)
    math "($to - $from) / 1000000"
end
"""
# In a real interactive zsh: what the key takes, to the line as it is drawn anew.  It is told by Ctrl-T: behind Ctrl-X,
# which may begin a longer key, zsh waits for 0.4 s.
ZSH = r"""
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "zmodload zsh/datetime; setopt nobeep; bindkey '^I' timed; bindkey '^T' tell; zle -N timed; zle -N tell"
zpty -w inner "timed() {{ from=\$EPOCHREALTIME; zle expand-or-complete; zle -R; took=\$((EPOCHREALTIME - from)) }}"
zpty -w inner "tell() {{ print -r -- \"<\$((took * 1000))>\"; BUFFER= }}"
zpty -w inner "autoload -U compinit; compinit -u -D; source {completions}/_cass; print LOA''DED"
zpty -r -m inner shown '*LOADED*'
for n in {{1..{rounds}}}; do
    zpty -w -n inner "$1"$'\t\x14'
    zpty -r -m inner shown '*<[0-9.]*>*'
    print -r -- "${{${{shown##*<}}%%>*}}"
done
zpty -d inner
"""
SHELLS = {
    "bash": (["bash", "--norc", "-c"], BASH),
    "fish": (["fish", "-N", "-c"], FISH),
    "zsh": (["zsh", "-f", "-c"], ZSH),
}


def took_ms(shell: str, line: str, rounds: int, env: dict[str, str]) -> list[float]:
    """Of each TAB, the first one left out: it loads what the shell keeps."""
    command, program = SHELLS[shell]
    text = program.format(completions=REPO / "completions", rounds=rounds + 1)
    words = [line] if shell == "fish" else [shell, line]
    done = subprocess.run([*command, text, *words], env=env, check=True, stdout=subprocess.PIPE, text=True)
    return [float(one) for one in done.stdout.split()[1:]]


def main() -> int:
    parser = argparse.ArgumentParser(description="What a TAB costs.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_args()
    bin_folder: Path = installed()
    home, data = CACHE / f"home-{given.messages}", CACHE / f"data-{given.messages}"
    ensure_home(home, given.messages)
    env = index_once(home, data, bin_folder)
    env |= {"PATH": f"{bin_folder}:{os.environ['PATH']}", "TERM": "xterm"}
    sys.stdout.write("| median and slowest ms | " + " | ".join(LINES) + " |\n| --- |" + " ---: |" * len(LINES) + "\n")
    for shell in filter(shutil.which, SHELLS):
        each = [took_ms(shell, line, given.rounds, env) for line in LINES.values()]
        cells = [f"{statistics.median(some):.1f}, {max(some):.1f}" for some in each]
        sys.stdout.write(f"| {shell} | {' | '.join(cells)} |\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
