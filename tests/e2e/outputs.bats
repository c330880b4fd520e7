#!/usr/bin/env bats
# The JSON that commands print of real containers obeys the schemas.
# shellcheck shell=bash

load lib.bash

obeys() { "$BATS_TEST_DIRNAME/../lib/check-schema" "$1" -; }

@test "ps, ls, images, volumes, stats, events and config print what their schemas say" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sleep 1000, ports: ["127.0.0.1::80", "81"], volumes: ["data:/d"], labels: {a: b}}
  job: {image: busybox, command: "true"}
volumes: {data: }
Y
    c up -d
    "$WHALE" events --json > events.json 2>/dev/null 3>&- &
    local listener=$!
    await 20 sh -c "\"$WHALE\" ps -a --format '{{.Service}} {{.State}}' | grep -qx 'job exited'"
    c ps -a --format json | obeys ps
    c ls --format json | obeys ls
    c images --format json | obeys images
    c volumes --format json | obeys volumes
    c stats --no-stream --format json | obeys stats
    c config --format json | obeys config
    await 20 sh -c "\"$WHALE\" restart -t 0 job >/dev/null 2>&1; [ -s events.json ]"
    kill $listener
    wait $listener || true
    obeys events < events.json
}
