__cass_key() {
    local line
    line=$(__cass_choose "$READLINE_LINE")
    if [[ -n $line ]]; then
        READLINE_LINE=$line
        READLINE_POINT=${#line}
    fi
}

if [[ $- == *i* ]]; then
    bind -m emacs-standard -x '"KEY": __cass_key'
    bind -m vi-insert -x '"KEY": __cass_key'
fi
