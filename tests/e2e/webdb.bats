#!/usr/bin/env bats
# Real programs (nginx, python, redis from Debian packages): start by health, data that survives, kill -9 of everything.

load lib.bash

EXAMPLES=$(cd "$BATS_TEST_DIRNAME/../../examples" && pwd)

# The root file system is in the cache (tests/e2e/images).
setup_file() {
    "$EXAMPLES/web-db/images" "$WHALE" "${WHALE_TEST_CACHE:-/var/cache/whale-compose-tests}" >/dev/null
}

start() {
    PROJECT=web-db
    cp -r "$EXAMPLES/web-db/." "$DIR/"
    c up -d --wait
}

visit() { curl -sS -m 5 http://127.0.0.1:8081/; }

@test "web-db: visits are counted, and the counter survives down and up" {
    start
    expect "hello, visitor 1" "$(visit)"
    expect "hello, visitor 2" "$(visit)"
    c down
    c up -d --wait
    expect "hello, visitor 3" "$(visit)"
}

@test "web-db: kill -9 of the loop fails no request, restarts no container and loses no log line" {
    start
    local before loop i
    before=$(c ps -q | sort)
    pids_before=$(for s in web app db; do main_pid "web-db-$s-1"; done)
    # Requests run while the loop is killed five times.
    (for i in $(seq 200); do visit || echo failed; done) > requests &
    local client=$!
    for i in 1 2 3 4 5; do
        loop=$(loop_pid web-db)
        kill -9 "$loop"
        await 10 is_replaced "$loop" web-db
    done
    wait $client
    expect 0 "$(grep -c failed requests)"
    expect 200 "$(grep -c '^hello, visitor ' requests)"
    expect "$before" "$(c ps -q | sort)"
    expect "$pids_before" "$(for s in web app db; do main_pid "web-db-$s-1"; done)"
    await 5 sh -c "[ \$(\"$WHALE\" logs --no-log-prefix web | grep -c 'GET / HTTP/1.1\" 200') -ge 200 ]"
    expect 200 "$(c logs --no-log-prefix web | grep -c 'GET / HTTP/1.1" 200')"
}

@test "web-db: kill -9 of each container's process restarts it and the service answers again" {
    start
    local s pid
    for s in db app web; do
        pid=$(main_pid "web-db-$s-1")
        kill -9 "$pid"
        await 10 sh -c "curl -sf -m 2 http://127.0.0.1:8081/ | grep -q visitor"
    done
    expect 3 "$(c ps --services | wc -l)"
}

@test "web-db: a changed variable recreates only the service that uses it" {
    start
    local web db app
    web=$(c ps -q web) db=$(c ps -q db) app=$(c ps -q app)
    GREETING=hi c up -d --wait
    expect "$web" "$(c ps -q web)"
    expect "$db" "$(c ps -q db)"
    [ "$app" != "$(c ps -q app)" ]
    contains "$(visit)" "hi, visitor"
}

@test "web-db: the database cannot reach out of its internal network, the application reaches it by name" {
    start
    expect "PONG" "$(c exec -T db redis-cli -h db ping)"
    run c exec -T db sh -c 'ip route 2>/dev/null | grep default || grep -c "^[a-z0-9]*[[:space:]]00000000" /proc/net/route'
    expect 0 "$output"
}
