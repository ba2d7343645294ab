# Search as you type; what was chosen is printed as a command line.  Plain POSIX: sh, bash and zsh read it alike.

__cass_choose() {
    if command -v fzf >/dev/null 2>&1; then
        __cass_with_fzf "$1"
    else
        __cass_with_list
    fi
}

# One hit a line: its id, its file, and what is shown.
__cass_found() {
    cass search --live -n "$1" --format '{id}\t{path}\t{agent}\t{title}\t{snippet}' -- "$2" 2>/dev/null
}

# The message among its neighbours; where few lines are left for it, alone: their heads would push it off the screen.
__cass_preview='if [ "${FZF_PREVIEW_LINES:-99}" -ge 16 ]
then cass show {1} -C 2 --color always --no-pager
else cass show {1} -C 0 --color always --no-pager | sed "1,/^\$/d"
fi'

__cass_with_fzf() {
    __cass_tab=$(printf '\t')
    __cass_picked=$(__cass_found 50 "$1" | SHELL=/bin/sh fzf --disabled --query "$1" --prompt 'cass> ' \
        --delimiter "$__cass_tab" --with-nth 3.. --expect ctrl-o --layout reverse \
        --header 'Enter: go on with the session   Ctrl-O: its file' \
        --preview "$__cass_preview" --preview-window 'down,50%,wrap' \
        --bind "change:reload:cass search --live -n 50 --format '{id}\t{path}\t{agent}\t{title}\t{snippet}' -- {q} 2>/dev/null || true") || return
    __cass_row=$(printf '%s\n' "$__cass_picked" | sed -n 2p)
    __cass_line "$(printf '%s\n' "$__cass_picked" | sed -n 1p)" "$__cass_row"
}

__cass_with_list() {
    stty sane </dev/tty
    printf '\ncass search: ' >/dev/tty
    IFS= read -r __cass_words </dev/tty || return
    __cass_rows=$(__cass_found 9 "$__cass_words") || return
    printf '%s\n' "$__cass_rows" | awk -F '\t' '{ printf "%d  %s  %s\n   %s\n", NR, $3, substr($4, 1, 60), substr($5, 1, 76) }' >/dev/tty
    printf 'which one (1-9): ' >/dev/tty
    IFS= read -r __cass_at </dev/tty || return
    case $__cass_at in [1-9]) ;; *) return 1 ;; esac
    __cass_line "" "$(printf '%s\n' "$__cass_rows" | sed -n "${__cass_at}p")"
}

# The command line for a row: what goes on with its session, or for another key its file.
__cass_line() {
    __cass_id=$(printf '%s' "$2" | cut -f 1)
    test -n "$__cass_id" || return
    if [ -n "$1" ]; then
        printf '%s' "$2" | cut -f 2 | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"
    else
        cass resume --quiet "$__cass_id" 2>/dev/null || printf 'cass show %s\n' "$__cass_id"
    fi
}
