#!/usr/bin/env bats
# What the machine may do to us: a full disk, damaged records, missing layers, too few descriptors.
bats_require_minimum_version 1.5.0

load lib.bash

# small_root MEGABYTES: a state folder of that size with the test images in it, until the test ends. full, not_full: fill
# it to the last byte, and empty it again.
small_root() {
    SMALL="$BATS_TEST_TMPDIR/small"
    mkdir "$SMALL"
    mount -t tmpfs -o "size=$1m" tmpfs "$SMALL"
    cp -a "$WHALE_COMPOSE_ROOT" "$SMALL/root"
    export WHALE_COMPOSE_ROOT="$SMALL/root"
}
full() { ! head -c 1G /dev/zero > "$SMALL/fill" 2>/dev/null; }
not_full() { rm "$SMALL/fill"; }

teardown() {
    c down -v -t 0 --remove-orphans >/dev/null 2>&1 || true
    local result=0
    residue_check || result=1
    [ -z "${SMALL:-}" ] || umount -l "$SMALL"
    return $result
}

state_of() { c ps -a --format '{{.State}} {{.ExitCode}}' "$1"; }

@test "a full disk: up says so, and works once there is room" {
    echo 'services: {a: {image: busybox, init: true, command: sleep 1000}}' > compose.yaml
    small_root 40
    full
    run -1 --separate-stderr c up -d
    contains "$stderr" "No space left on device"
    expect "" "$(c ps -a -q)"
    not_full
    c up -d
    expect "running 0" "$(state_of a)"
}

@test "a full disk under running containers: no line and no exit code is lost" {
    cat > compose.yaml <<'Y'
services:
  writer: {image: busybox, init: true, command: "sh -c 'i=0; while :; do echo $$i; i=$$((i+1)); sleep 0.01; done'"}
  ends: {image: busybox, command: "sh -c 'trap \"exit 7\" TERM; while :; do sleep 0.05; done'"}
Y
    small_root 40
    c up -d
    await 5 eval 'c logs writer | grep -q " 20$"'
    full
    sleep 1
    c exec -T writer true
    not_full
    sleep 0.5
    c logs --no-log-prefix writer > lines
    seq 0 "$(tail -n 1 lines)" | cmp - lines
    full
    c kill -s TERM ends
    c kill writer
    await 5 eval '[ -z "$(supervisor_pids "$PROJECT")" ]' # from now on only the records tell
    expect "exited 7" "$(state_of ends)"
    expect "exited 137" "$(state_of writer)"
    not_full
}

@test "a damaged state does not take its container away; a damaged record is named and goes with down" {
    echo 'services: {a: {image: busybox, init: true, command: sleep 1000}}' > compose.yaml
    c up -d
    local id dir
    id=$(c ps -q a)
    dir=$(echo "$WHALE_COMPOSE_ROOT/projects/$PROJECT/containers/$id"*)
    c stop -t 0
    await 5 eval '[ -z "$(supervisor_pids "$PROJECT")" ]'
    : > "$dir/state.json"
    run -0 --separate-stderr c ps -a --format '{{.Name}} {{.State}}'
    expect "$PROJECT-a-1 created" "$output"
    contains "$stderr" "$dir/state.json"
    c up -d
    expect "$id" "$(c ps -q a)"
    c stop -t 0
    await 5 eval '[ -z "$(supervisor_pids "$PROJECT")" ]'
    echo '{"format":1,"na' > "$dir/container.json"
    run -0 --separate-stderr c ps -a -q
    expect "" "$output"
    contains "$stderr" "$dir/container.json"
    c up -d
    [ "$(c ps -q a)" != "$id" ]
    run -0 --separate-stderr c down -t 0
    contains "$stderr" "${id:0:12} is removed"
}

@test "a low limit of open files: the error says so, and down leaves nothing" {
    echo 'services: {a: {image: busybox, init: true, scale: 30, command: sleep 1000}}' > compose.yaml
    run -1 --separate-stderr sh -c 'ulimit -n 64 && exec "$0" up -d' "$WHALE"
    contains "$stderr" "Too many open files"
    contains "$stderr" "ulimit -Hn"
    c down -t 0
    c up -d
    expect 30 "$(c ps -q | wc -l)"
}

@test "layers that are gone: the start says so, what runs goes on" {
    echo 'services: {a: {image: busybox, init: true, command: sleep 1000}}' > compose.yaml
    small_root 40
    c up -d
    mv "$WHALE_COMPOSE_ROOT/images/layers" "$SMALL/layers"
    expect hi "$(inside a echo hi)"
    run -1 --separate-stderr c up -d --force-recreate -t 0
    contains "$stderr" "image busybox was removed"
    rm -rf "$WHALE_COMPOSE_ROOT/images/layers"
    mv "$SMALL/layers" "$WHALE_COMPOSE_ROOT/images/layers"
    c up -d
    expect "running 0" "$(state_of a)"
}

@test "commands at the same time, two ups, up and down: each succeeds" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000}
  b: {image: busybox, init: true, command: sleep 1000, depends_on: [a], scale: 3}
Y
    local other delay
    c up -d & other=$!
    c up -d
    wait $other
    expect 4 "$(c ps -q | wc -l)"
    for delay in 0.005 0.02 0.1; do
        c down -t 0 & other=$!
        sleep $delay
        c up -d
        wait $other
        c up -d & other=$!
        sleep $delay
        c down -t 0
        wait $other
    done
}

@test "run that is ended while its container is made: the container does not go on" {
    echo 'services: {a: {image: busybox, init: true, command: sleep 1000}}' > compose.yaml
    local delay run
    for delay in 0.002 0.005 0.01 0.02 0.05; do
        "$WHALE" run --rm a & run=$!
        sleep $delay
        kill -TERM $run
        ! wait $run || return 1
        await 5 eval '[ -z "$(c ps -a -q)" ]'
    done
}

# an_hour_ahead FILE...: the times in these records, as they are after the clock was set back by an hour
an_hour_ahead() { perl -pi -e 's/("(?:started|finished)_ns":)(\d+)(\d{9})\b/$1 . ($2 + 3600) . $3/ge' "$@"; }

@test "the clock was set back: a pending restart and a start period keep their lengths over a crash of the loop" {
    cat > compose.yaml <<'Y'
services:
  again: {image: busybox, restart: always, command: "sh -c 'echo life; sleep 0.3; exit 3'"}
  checked: {image: busybox, init: true, command: sleep 1000, healthcheck: {test: "false", interval: 200ms, retries: 1, start_period: 1s}}
Y
    c up -d
    await 5 eval '[ "$(c logs again | grep -c life)" -ge 3 ]'
    local keeper loop lives
    { read -r keeper && read -r loop; } < <(supervisor_pids "$PROJECT")
    kill -STOP "$keeper" "$loop"
    an_hour_ahead "$WHALE_COMPOSE_ROOT/projects/$PROJECT"/containers/*/state.json
    kill -9 "$loop"
    kill -CONT "$keeper"
    lives=$(c logs again | grep -c life)
    await 10 eval '[ "$(c logs again | grep -c life)" -gt $((lives + 1)) ]'
    await 5 eval 'c ps checked | grep -q unhealthy'
}
