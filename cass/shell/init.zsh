__cass_key() {
    local line
    zle -I
    line=$(__cass_choose "$BUFFER" </dev/tty)
    if [[ -n $line ]]; then
        BUFFER=$line
        CURSOR=${#line}
    fi
    zle reset-prompt
}

zle -N __cass_key
bindkey -M emacs 'KEY' __cass_key
bindkey -M viins 'KEY' __cass_key
