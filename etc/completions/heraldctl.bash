# bash completion for heraldctl(8)

# Prints the names in the first column of a command's table; one that was cut is no name.
_heraldctl_names() {
    heraldctl ${1:+--socket "$1"} "$2" 2>/dev/null | sed -n '2,$ {s/ .*//;/…/d;p}'
}

_heraldctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' socket='' words='' i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --socket) socket=${COMP_WORDS[++i]} ;;
        -*) ;;
        *) command=${command:-${COMP_WORDS[i]}} ;;
        esac
    done
    COMPREPLY=()
    case $previous in
    --socket)
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --neighbor) words=$(_heraldctl_names "$socket" neighbors) ;;
    --service) words=$(_heraldctl_names "$socket" services) ;;
    --reason | --for | --timeout | --ttl | --output) return ;;
    *)
        case $command in
        '') words='status neighbors services checks routes explain drain undrain report neighbor reload log
                   restart wait
                   --socket --json --help --version' ;;
        neighbors) words=$(_heraldctl_names "$socket" neighbors) ;;
        services) words=$(_heraldctl_names "$socket" services) ;;
        routes) words='--neighbor' ;;
        drain) words="$(_heraldctl_names "$socket" services)
                      --all --reason --for --now --wait --timeout" ;;
        undrain) words="$(_heraldctl_names "$socket" services) --all" ;;
        report) words="$(_heraldctl_names "$socket" services)
                       pass degraded fail --ttl --output" ;;
        wait) words='--service --announced --withdrawn --neighbor --established --timeout' ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _heraldctl heraldctl
