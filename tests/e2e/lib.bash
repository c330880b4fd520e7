# Sourced by every bats file: a project folder of the test's own, helpers, and the residue check at the end.
# Environment from tests/lib/with-state: WHALE (the program), WHALE_BUILD, WHALE_COMPOSE_ROOT, WHALE_COMPOSE_RUN, E2E_TARS.
# shellcheck shell=bash

# Each test runs in an empty folder whose name, and so the project's, is unique to it.
setup() {
    PROJECT="t${BATS_TEST_NUMBER}-$(basename "$BATS_TEST_FILENAME" .bats)"
    DIR="$BATS_TEST_TMPDIR/$PROJECT"
    mkdir -p "$DIR"
    cd "$DIR" || return 1
    export COMPOSE_PROGRESS=plain
}

teardown() {
    c down -v -t 0 --remove-orphans >/dev/null 2>&1 || true
    residue_check
}

# c ARG...: the program under test
c() { "$WHALE" "$@"; }

# await SECONDS COMMAND...: until the command succeeds; fails when it never does. SECONDS is plenty on an idle machine; the
# bound is ten times as long, so that work beside the tests fails none of them.
await() {
    local until=$((SECONDS + $1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $until ]; then
            echo "gave up waiting for: $*"
            return 1
        fi
        sleep 0.05
    done
}

# inside SERVICE SCRIPT: a shell script in the service's first container
inside() {
    local service=$1
    shift
    c exec -T "$service" sh -c "$*" </dev/null
}

# expect WANT GOT: fails with both when they differ
expect() {
    if [ "$1" != "$2" ]; then
        printf 'want: %s\ngot:  %s\n' "$1" "$2"
        return 1
    fi
}

# contains TEXT PART
contains() {
    case $1 in
    *"$2"*) ;;
    *)
        printf 'missing: %s\nin:      %s\n' "$2" "$1"
        return 1
        ;;
    esac
}

# main_pid CONTAINER: the host's pid of a container's first process, from its record
main_pid() {
    local record
    for record in "$WHALE_COMPOSE_ROOT"/projects/*/containers/*/; do
        if [ "$(json "$record/container.json" name)" = "$1" ]; then
            json "$record/state.json" pid
            return
        fi
    done
    return 1
}

# json FILE KEY: one top-level value
json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], ""))' "$1" "$2"; }

# supervisor_pids PROJECT: pids of the keeper and the loop
supervisor_pids() { pgrep -f "whale-supervisor $1\$" || true; }

# loop_pid [PROJECT]: of the keeper's children the one outside of the containers' cgroups; a process on its way to its
# program in a container has the same name
loop_pid() {
    local pid keeper
    keeper=$(supervisor_pids "${1:-$PROJECT}" | head -n 1)
    for pid in $(pgrep -P "${keeper:-0}" -f "whale-supervisor ${1:-$PROJECT}\$"); do
        grep -qs '^0::.*/whale/' "/proc/$pid/cgroup" || echo "$pid"
    done | head -n 1
}

# is_replaced LOOP [PROJECT]: another loop than this one is there
is_replaced() {
    local now
    now=$(loop_pid "${@:2}")
    [ -n "$now" ] && [ "$now" != "$1" ]
}

# own_digits: what the kernel-side names of this state begin with (net/names.c); a file that shares its network namespace
# with other projects sets OWN_DIGITS to them, so that the residue check looks only for its own
own_digits() { printf %s "$WHALE_COMPOSE_RUN" | sha256sum | cut -c 1-4; }

# What a run may leave behind on the host. Supervisors of finished projects end by themselves a moment later.
# run_files: what the project has in RUN besides its past events, which `events --since` shows also after its end
run_files() { find "$WHALE_COMPOSE_RUN/projects/$PROJECT" -mindepth 1 ! -name 'events*' 2>/dev/null; }

residue() {
    pgrep -f "whale-supervisor $PROJECT\$" | sed 's/^/process /'
    ip -o link | grep -oE " (whb|whv)${OWN_DIGITS:-}[^:@ ]+" | sed 's/^/link /'
    nft list tables 2>/dev/null | grep -i "whale.*${OWN_DIGITS:-}"
    find /sys/fs/cgroup -maxdepth 5 -type d -path '*/whale/*' -name "*$PROJECT*" 2>/dev/null
    run_files
    ls -d "$WHALE_COMPOSE_ROOT/projects/$PROJECT" 2>/dev/null
    grep -F "$WHALE_COMPOSE_ROOT" /proc/self/mountinfo
    find "$WHALE_COMPOSE_ROOT" -name '*.tmp.*' -o -path "$WHALE_COMPOSE_ROOT/images/tmp*" 2>/dev/null
    true
}

residue_check() {
    local until=$((SECONDS + 30)) left
    while left=$(residue) && [ -n "$left" ]; do
        if [ $SECONDS -ge $until ]; then
            printf 'left behind:\n%s\n' "$left"
            return 1
        fi
        sleep 0.05
    done
}
