# bash completion for heraldctl(8)

# _heraldctl_ask SOCKET COMMAND PATTERN: what the daemon says, an object a line; of the lines that
# match the sed expression PATTERN its group.
_heraldctl_ask() {
    heraldctl ${1:+--socket "$1"} --json "$2" 2>/dev/null | tr '{' '\n' | sed -n "s|$3|\1|p"
}

# _heraldctl_names SOCKET neighbors|services
_heraldctl_names() {
    _heraldctl_ask "$1" "$2" '^"name":"\([^"]*\)".*'
}

# _heraldctl_prefixes SOCKET
_heraldctl_prefixes() {
    _heraldctl_ask "$1" services '.*"prefixes":\[\([^]]*\)\].*' | tr -d '"' | tr , '\n'
}

# _heraldctl_checks SOCKET SERVICE: those whose verdict is reported
_heraldctl_checks() {
    _heraldctl_ask "$1" checks "^\"service\":\"$2\",\"name\":\"\([^\"]*\)\",\"type\":\"push\".*"
}

# Names and prefixes have colons, at which bash splits words: joins them again, into words[], the
# last of which is completed.
_heraldctl_join() {
    local word
    words=()
    for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
        if ((${#words[@]})) && [[ $word == :* || (-n $word && ${words[-1]} == *:) ]]; then
            words[-1]+=$word
        else
            words+=("$word")
        fi
    done
}

# _heraldctl_words SOCKET COMMAND ARGUMENT…: what may follow a command and its arguments so far
_heraldctl_words() {
    local socket=$1 command=$2
    shift 2
    case $command in
    neighbors | services) (($#)) || _heraldctl_names "$socket" "$command" ;;
    routes) echo --neighbor ;;
    explain) (($#)) || _heraldctl_prefixes "$socket" ;;
    drain)
        _heraldctl_names "$socket" services
        echo --all --reason --for --now --wait --timeout
        ;;
    undrain)
        _heraldctl_names "$socket" services
        echo --all
        ;;
    report)
        case $# in
        0) _heraldctl_names "$socket" services ;;
        1) _heraldctl_checks "$socket" "$1" ;;
        2) echo pass degraded fail ;;
        esac
        echo --ttl --output
        ;;
    neighbor)
        case $# in
        0) _heraldctl_names "$socket" neighbors ;;
        1) echo shutdown enable reset refresh ;;
        esac
        echo --reason
        ;;
    reload) echo --dry-run ;;
    wait) echo --service --announced --withdrawn --neighbor --established --timeout ;;
    log) (($#)) || echo trace debug info warning error ;;
    '')
        echo status neighbors services checks routes explain drain undrain report neighbor
        echo reload restart wait events log
        echo --socket --json --wide --help --version
        ;;
    esac
}

_heraldctl() {
    local words current previous socket='' command='' candidates i
    local -a arguments=()
    _heraldctl_join
    current=${words[-1]} previous=${words[-2]}
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --socket) socket=${words[++i]} ;;
        --neighbor | --service | --reason | --for | --timeout | --ttl | --output) ((++i)) ;;
        -*) ;;
        *) if [[ $command ]]; then arguments+=("${words[i]}"); else command=${words[i]}; fi ;;
        esac
    done
    COMPREPLY=()
    case $previous in
    --socket)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --neighbor) candidates=$(_heraldctl_names "$socket" neighbors) ;;
    --service) candidates=$(_heraldctl_names "$socket" services) ;;
    --reason | --for | --timeout | --ttl | --output) return ;;
    *) candidates=$(_heraldctl_words "$socket" "$command" "${arguments[@]}") ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$candidates" -- "$current")
    # What is before the last colon stays on the line.
    [[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
}

complete -F _heraldctl heraldctl
