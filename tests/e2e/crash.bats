#!/usr/bin/env bats
# kill -9 of our own processes at bad moments.

load lib.bash

@test "an exit while the loop is dead keeps its code" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, command: 'sh -c "echo before; until [ -e /w/go ]; do sleep 0.02; done; echo after; exit 7"', volumes: ["./w:/w"]}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
    mkdir w
    c up -d
    touch w/go
    kill -9 "$(loop_pid)"
    await 10 sh -c "\"$WHALE\" ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | grep -qx 'a exited 7'"
    expect "before after" "$(c logs --no-log-prefix a | tr '\n' ' ' | sed 's/ $//')"
}

@test "a writer at full speed loses and repeats no line over ten kills of the loop" {
    cat > compose.yaml <<'Y'
services:
  w: {image: busybox, network_mode: none, command: 'sh -c "i=0; while [ $$i -lt 20000 ]; do echo line $$i; i=$$((i+1)); done; sleep 1000"', init: true, logging: {driver: json-file, options: {max-size: 100m}}}
Y
    c up -d
    local i
    for i in $(seq 10); do
        kill -9 "$(loop_pid)" || true
        await 5 loop_pid
    done
    await 20 sh -c "\"$WHALE\" logs --no-log-prefix w | grep -qx 'line 19999'"
    seq 0 19999 | sed 's/^/line /' > want
    c logs --no-log-prefix w > got
    cmp want got
}

@test "kill -9 of the keeper: the containers live and the next command finds them" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, ports: ["127.0.0.1:18124:80"]}
Y
    c up -d
    local id pid
    id=$(c ps -q)
    pid=$(main_pid "$PROJECT-a-1")
    kill -9 "$(supervisor_pids "$PROJECT" | head -n 1)"
    kill -0 "$pid"
    c up -d
    expect "$id" "$(c ps -q)"
    expect "$pid" "$(main_pid "$PROJECT-a-1")"
    expect hi "$(c exec -T a echo hi)"
}

@test "kill -9 of both supervisor processes: down still cleans up" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000}
  b: {image: busybox, init: true, command: sleep 1000}
Y
    c up -d
    # shellcheck disable=SC2046 # a list of pids
    kill -9 $(supervisor_pids "$PROJECT")
    c down
    expect "" "$(c ps -a -q)"
}

@test "kill -9 of the command during up: the next up reaches the same end" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, deploy: {replicas: 10}}
Y
    local i
    for i in 0 1 2 3 5 8; do
        "$WHALE" up -d >/dev/null 2>&1 &
        sleep "0.0$i"
        kill -9 $! 2>/dev/null || true
        wait $! 2>/dev/null || true
    done
    c up -d
    expect 10 "$(c ps -q | wc -l)"
}

@test "up while the last supervisor ends: always one supervisor, and in the end nothing but past events in RUN" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
    c up -d
    local i
    for i in $(seq 12); do
        c down -t 0 >/dev/null 2>&1 &
        c up -d >/dev/null 2>&1 || true
        wait $!
    done
    c up -d
    expect a "$(c ps --services)"
    expect 2 "$(supervisor_pids "$PROJECT" | wc -l)"
    c down -t 0
    await 5 sh -c "[ -z \"\$(find '$WHALE_COMPOSE_RUN/projects/$PROJECT' -mindepth 1 ! -name 'events*' 2>/dev/null)\" ]"
}
