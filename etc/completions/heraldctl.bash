# bash completion for heraldctl(8)

# _heraldctl_names SOCKET KIND…: what the daemon has, as `heraldctl names KIND…` lists it
_heraldctl_names() {
    heraldctl ${1:+--socket "$1"} names "${@:2}" 2>/dev/null
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
    explain) (($#)) || _heraldctl_names "$socket" prefixes ;;
    drain)
        _heraldctl_names "$socket" services
        echo --all --reason --for --now --force --queue --wait --timeout
        ;;
    undrain)
        _heraldctl_names "$socket" services
        echo --all
        ;;
    fleet)
        (($#)) || _heraldctl_names "$socket" services
        (($#)) || echo release forget
        ;;
    report)
        case $# in
        0) _heraldctl_names "$socket" services ;;
        1) _heraldctl_names "$socket" checks "$1" --type push ;;
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
    restart) echo --reset ;;
    wait) echo --service --announced --withdrawn --neighbor --established --timeout ;;
    log) (($#)) || echo trace debug info warning error ;;
    names)
        case $#-$1 in
        0-) echo neighbors services prefixes checks ;;
        1-checks) _heraldctl_names "$socket" services ;;
        esac
        echo --type
        ;;
    '')
        echo status neighbors services checks routes explain drain undrain fleet report neighbor
        echo reload restart wait events log names
        echo --socket --json --wide --help --version
        ;;
    esac
}

_heraldctl() {
    local words current previous socket='' command='' candidates word i
    local -a arguments=()
    local -; set -f # names are no patterns
    _heraldctl_join
    current=${words[-1]} previous=${words[-2]}
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        case ${words[i]} in
        --socket) socket=${words[++i]} ;;
        --neighbor | --service | --reason | --for | --timeout | --ttl | --output | --type) ((++i)) ;;
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
    --reason | --for | --timeout | --ttl | --output | --type) return ;;
    *) candidates=$(_heraldctl_words "$socket" "$command" "${arguments[@]}") ;;
    esac
    # Not by compgen -W, which would run what is in them.
    for word in $candidates; do
        [[ $word != "$current"* ]] || COMPREPLY+=("$word")
    done
    # What is before the last colon stays on the line.
    [[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"${current%"${current##*:}"}"}")
}

complete -F _heraldctl heraldctl
