#!/usr/bin/env bats
# Limits: memory, processes, cpu time and rlimits hold, and what exceeds them is reported as docker does it.
# shellcheck shell=bash
# shellcheck disable=SC2016 # scripts for the container's shell hold $names

load lib.bash

state_of() { c ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | grep "^$1 "; }

@test "more memory than mem_limit: killed, exit code 137; below it: not" {
    cat > compose.yaml <<'Y'
services:
  over: {image: busybox, network_mode: none, mem_limit: 16m, memswap_limit: 16m, command: ["sh", "-c", "x=$$(head -c 60000000 /dev/zero | tr '\\0' x); echo $${#x}"]}
  under: {image: busybox, network_mode: none, mem_limit: 128m, command: ["sh", "-c", "x=$$(head -c 2000000 /dev/zero | tr '\\0' x); echo $${#x}"]}
Y
    c up -d
    await 20 sh -c "\"$WHALE\" ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | grep -qx 'over exited 137'"
    await 20 sh -c "\"$WHALE\" ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | grep -qx 'under exited 0'"
    expect 2000000 "$(c logs --no-log-prefix under)"
}

@test "the limit of one container does not touch the others, also after a restart by the policy" {
    cat > compose.yaml <<'Y'
services:
  over: {image: busybox, network_mode: none, mem_limit: 16m, memswap_limit: 16m, restart: "on-failure:2", command: ["sh", "-c", "x=$$(head -c 60000000 /dev/zero | tr '\\0' x); echo $${#x}"]}
  calm: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
    c up -d
    local calm
    calm=$(main_pid "$PROJECT-calm-1")
    await 30 sh -c "\"$WHALE\" ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}' | grep -qx 'over exited 137'"
    expect "$calm" "$(main_pid "$PROJECT-calm-1")"
    kill -0 "$calm"
}

@test "pids_limit: forks beyond it fail and the container stays usable" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, pids_limit: 12, command: sleep 1000}
Y
    c up -d
    run inside a 'i=0; while [ $i -lt 40 ]; do sleep 3 & i=$((i+1)); done; wait'
    contains "$output" "an't fork"
    await 10 inside a 'echo usable'
}

@test "cpus: a busy loop gets its share and no more" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, cpus: 0.2, command: 'sh -c "while :; do :; done"'}
Y
    c up -d
    ticks() { inside a 'awk "{t += \$14} END {print t}" /proc/[0-9]*/stat'; }
    local before after
    before=$(ticks)
    sleep 3
    after=$(ticks)
    # 0.2 of 3 s are 60 ticks; the exec's own start is in it as well.
    [ $((after - before)) -le 110 ]
}

@test "ulimits: single numbers and soft:hard, for the service, exec and a user that is not root" {
    cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    network_mode: none
    init: true
    user: app
    command: sleep 1000
    ulimits: {nofile: {soft: 100, hard: 200}, nproc: 300, core: 0}
Y
    c up -d
    expect "100 200" "$(inside a 'ulimit -Sn; ulimit -Hn' | tr '\n' ' ' | sed 's/ $//')"
    expect "0" "$(inside a 'ulimit -c')"
    expect "Max processes 300 300" "$(inside a 'awk "/Max processes/ {print \$1, \$2, \$3, \$4}" /proc/1/limits')"
    expect "100 200" "$(inside a 'awk "/Max open files/ {print \$4, \$5}" /proc/1/limits')"
}

@test "oom_score_adj and shm_size reach the container" {
    cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, oom_score_adj: 321, shm_size: 3m, command: sleep 1000}
Y
    c up -d
    expect 321 "$(inside a 'cat /proc/1/oom_score_adj')"
    expect 3072 "$(inside a 'df -k /dev/shm | awk "NR > 1 {print \$2}"')"
}
