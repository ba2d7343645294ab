function __cass_key
    set -l line (sh -c 'CHOOSE
__cass_choose "$1"' cass (commandline | string collect) </dev/tty)
    if test -n "$line"
        commandline -r -- $line
    end
    commandline -f repaint
end

bind KEY __cass_key
bind -M insert KEY __cass_key
