#!/usr/bin/env bats
# The examples do what their READMEs say.

load lib.bash

EXAMPLES=$(cd "$BATS_TEST_DIRNAME/../../examples" && pwd)

# use NAME: a copy of the example's folder; the project is called as the example calls it
use() {
    PROJECT=$1
    cp -r "$EXAMPLES/$1/." "$DIR/"
    "$EXAMPLES/busybox-image" "$WHALE" whale/busybox:demo
}

answers() { for _ in $(seq 24); do curl -sS -m 5 "$1"; done | sort -u | wc -l; }

@test "hello: repeated requests to one port reach three replicas; a killed one comes back" {
    use hello
    c up -d --wait
    expect 3 "$(answers http://127.0.0.1:8080/)"
    local pid
    pid=$(main_pid hello-web-2)
    kill -9 "$pid"
    await 10 sh -c "\"$WHALE\" ps --format '{{.Name}} {{.Status}}' | grep -c '^hello-web-2 Up' | grep -q 1"
    [ "$(main_pid hello-web-2)" != "$pid" ]
    await 10 sh -c "[ \"\$(for i in \$(seq 24); do curl -sS -m 5 http://127.0.0.1:8080/; done | sort -u | wc -l)\" = 3 ]"
    contains "$(c logs --no-color)" "web-2  | replica "
}

@test "jobs: the service starts after the job has completed; a profile's service runs on demand" {
    use jobs
    c up -d
    contains "$(curl -sS -m 5 --retry 20 --retry-connrefused --retry-delay 0 http://127.0.0.1:8082/state)" "prepared "
    contains "$(c ps -a --format '{{.Service}} {{.State}} {{.ExitCode}}')" "prepare exited 0"
    contains "$(c run --rm report)" "prepared "
}

@test "demo: the story of make demo plays to its end" {
    run env -u COMPOSE_PROGRESS "$EXAMPLES/demo" "$WHALE"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    contains "$output" "no process, mount, bridge, veth, nft table, cgroup or record"
}
