# fish completion for heraldctl(8)

# __heraldctl_names KIND…: what the daemon has, as `heraldctl names KIND…` lists it
function __heraldctl_names
    set -l place
    set -l words (commandline -opc)
    if set -l at (contains -i -- --socket $words)
        set place --socket $words[(math $at + 1)]
    end
    heraldctl $place names $argv 2>/dev/null
end

# The checks that report is for, of the service that is on the line.
function __heraldctl_push_checks
    __heraldctl_names checks (__heraldctl_words)[2] --type push
end

# The command and its arguments so far, without options and their values.
function __heraldctl_words
    set -l words (commandline -opc)[2..]
    while set -q words[1]
        switch $words[1]
            case --socket --neighbor --service --reason --for --timeout --ttl --output --type
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
        end
        set -e words[1]
    end
end

# __heraldctl_at COUNT COMMAND…: whether one of the commands and so many arguments are there
function __heraldctl_at
    set -l words (__heraldctl_words)
    test (count $words) -eq (math $argv[1] + 1); and contains -- $words[1] $argv[2..]
end

# __heraldctl_in COMMAND…: whether one of the commands is there
function __heraldctl_in
    set -l words (__heraldctl_words)
    set -q words[1]; and contains -- $words[1] $argv
end

# __heraldctl_in_checks: whether it is the names of checks that are asked for
function __heraldctl_in_checks
    test (__heraldctl_words)[2] = checks
end

# __heraldctl_without_command: whether there is none yet
function __heraldctl_without_command
    test (count (__heraldctl_words)) -eq 0
end

set -l c complete -c heraldctl
$c -f
set -l first $c -n __heraldctl_without_command
$first -l socket -r -F -d 'The control socket'
$first -l json -d 'Print what the daemon answers'
$first -l wide -d 'Do not cut tables to 80 columns'
$first -l help -d 'Print a summary'
$first -l version -d 'Print the version'
$first -a status -d 'One screen'
$first -a neighbors -d 'The sessions, or all that is known of one'
$first -a services -d 'The services, or all that is known of one'
$first -a checks -d 'The checks and their last results'
$first -a routes -d 'What is announced, as it was encoded'
$first -a explain -d 'Why each neighbor hears a prefix or not'
$first -a drain -d 'Take services out'
$first -a undrain -d 'Put services back'
$first -a fleet -d 'What all nodes announce'
$first -a report -d 'The verdict of a push check'
$first -a neighbor -d 'One session: shutdown, enable, reset or refresh'
$first -a reload -d 'Apply the configuration'
$first -a restart -d 'The program on disk takes over'
$first -a wait -d 'Return once it is so'
$first -a events -d 'Follow what happens'
$first -a log -d 'Change the log level'
$first -a names -d 'Names alone, one a line'

$c -n '__heraldctl_at 0 neighbors neighbor' -a '(__heraldctl_names neighbors)'
$c -n '__heraldctl_at 0 services fleet report' -a '(__heraldctl_names services)'
$c -n '__heraldctl_in drain undrain' -a '(__heraldctl_names services)'
$c -n '__heraldctl_at 0 fleet' -a 'release forget'
$c -n '__heraldctl_at 0 explain' -a '(__heraldctl_names prefixes)'
$c -n '__heraldctl_at 0 log' -a 'trace debug info warning error'
$c -n '__heraldctl_at 0 names' -a 'neighbors services prefixes checks'
$c -n '__heraldctl_at 1 names; and __heraldctl_in_checks' -a '(__heraldctl_names services)'
$c -n '__heraldctl_at 1 report' -a '(__heraldctl_push_checks)'
$c -n '__heraldctl_at 2 report' -a 'pass degraded fail'
$c -n '__heraldctl_at 1 neighbor' -a 'shutdown enable reset refresh'
$c -n '__heraldctl_in routes wait' -l neighbor -x -a '(__heraldctl_names neighbors)' -d 'Of this one'
$c -n '__heraldctl_in wait' -l service -x -a '(__heraldctl_names services)' -d 'Of this one'
$c -n '__heraldctl_in wait' -l announced -d 'Some neighbor has it'
$c -n '__heraldctl_in wait' -l withdrawn -d 'No neighbor has it'
$c -n '__heraldctl_in wait' -l established -d 'The session is up'
$c -n '__heraldctl_in drain wait' -l timeout -x -d 'How long to wait at most'
$c -n '__heraldctl_in drain undrain' -l all -d 'Every service'
$c -n '__heraldctl_in drain neighbor' -l reason -x -d Why
$c -n '__heraldctl_in drain' -l for -x -d 'Undrain by itself after this duration'
$c -n '__heraldctl_in drain' -l now -d 'Withdraw at once'
$c -n '__heraldctl_in drain' -l force -d 'Without a permit of the fleet'
$c -n '__heraldctl_in drain' -l queue -d 'Wait for its turn'
$c -n '__heraldctl_in drain' -l wait -d 'Until the withdrawal is acknowledged'
$c -n '__heraldctl_in report' -l ttl -x -d 'How long it counts'
$c -n '__heraldctl_in report' -l output -x -d 'What was seen'
$c -n '__heraldctl_in names' -l type -x -d 'Of checks of this type'
$c -n '__heraldctl_in reload' -l dry-run -d 'Only print what would change'
$c -n '__heraldctl_in restart' -l reset -d 'End all sessions'
