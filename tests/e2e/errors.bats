#!/usr/bin/env bats
# Bad input: one clear message that says where and what to do, the right exit code, nothing half-started.
bats_require_minimum_version 1.5.0

load lib.bash

# fails CODE PHRASE COMMAND...: the command ends with CODE and its stderr contains PHRASE; nothing runs
fails() {
    local code=$1 phrase=$2
    shift 2
    run --separate-stderr "$@"
    [ "$status" -eq "$code" ] || { echo "exit $status, want $code; stderr: $stderr"; return 1; }
    contains "$stderr" "$phrase"
    expect "" "$(c ps -q 2>/dev/null)"
}

@test "a missing image: nothing is started" {
    echo 'services: {a: {image: busybox, network_mode: none, command: sleep 100}, b: {image: nosuch, pull_policy: never}}' > compose.yaml
    fails 1 "nosuch" c up -d
}

@test "an unknown key: place and suggestion" {
    printf 'services:\n  a:\n    imge: busybox\n' > compose.yaml
    fails 1 "compose.yaml:3:5" c up -d
    contains "$stderr" "image"
}

@test "a cycle of depends_on" {
    echo 'services: {a: {image: busybox, depends_on: [b]}, b: {image: busybox, depends_on: [a]}}' > compose.yaml
    fails 1 "dependency cycle detected" c up -d
}

@test "an undefined variable with :?" {
    echo 'services: {a: {image: "busybox:${TAG:?set the tag}"}}' > compose.yaml
    fails 1 "required variable TAG is missing a value: set the tag" c up -d
}

@test "an unreadable file" {
    mkdir sub
    fails 1 "sub" c -f sub up -d
    fails 1 "no configuration file provided" c up -d
    fails 1 "missing.yaml" c -f missing.yaml up -d
}

@test "a port in use names its owner before anything is started" {
    echo 'services: {first: {image: busybox, init: true, network_mode: none, command: sleep 100}, web: {image: busybox, init: true, command: sleep 100, ports: ["127.0.0.1:18123:80"]}}' > compose.yaml
    python3 -c 'import socket, time; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", 18123)); s.listen(); print("ready", flush=True); time.sleep(60)' > ready &
    local owner=$!
    await 5 grep -q ready ready
    fails 1 "18123" c up -d
    kill $owner
    contains "$stderr" "python3"
    contains "$stderr" "$owner"
}

# points LINE:COLUMN PHRASE ATTRIBUTE...: `up` of a service with these lines fails and says the phrase and that place
points() {
    local place=$1 phrase=$2
    shift 2
    { printf 'services:\n  web:\n    image: busybox\n' && printf '    %s\n' "$@"; } > compose.yaml
    fails 1 "compose.yaml:$place: " c up -d
    contains "$stderr" "$phrase"
    c down -t 0
}

@test "what only a start finds out has a place: the container's first process" {
    points 4:11 "unable to find user nosuch" 'user: nosuch'
    points 4:17 "unable to find group nosuch" 'group_add: [nosuch]'
    points 4:15 "device /dev/nosuch" 'devices: [/dev/nosuch]'
    points 4:35 "sysctl net.core.somaxconn=x" 'sysctls: {net.core.somaxconn: x}'
    points 4:18 "working directory" 'working_dir: /bin/sh'
    points 4:24 "/x/y" 'volumes: [/tmp:/x, /bin:/dev/null/x/y]'
    points 4:5 "executable file not found" 'command: [nosuch]'
    points 5:5 "No such file" 'command: [sh]' 'entrypoint: /nosuch'
}

@test "what only a start finds out has a place: before the first process" {
    points 4:5 "seccomp profile" 'security_opt: ["seccomp=/nosuch.json"]'
    points 4:14 "unknown runtime" 'runtime: nosuch'
    points 4:56 "memory limit" 'deploy: {resources: {limits: {cpus: "0.5", memory: 1m}}}'
    points 4:20 "no such container" 'volumes_from: ["container:nosuch"]'
    points 4:19 "No such container" 'network_mode: container:nosuch'
    points 4:15 "bind source path does not exist" 'volumes: [{type: bind, source: /nosuch, target: /x, bind: {create_host_path: false}}]'
    printf 'services:\n  web: {image: busybox, networks: [out]}\nnetworks:\n  out: {external: true}\n' > compose.yaml
    fails 1 "compose.yaml:4:3: network out declared as external" c up -d
    printf 'services:\n  web: {image: nosuch, pull_policy: never}\n' > compose.yaml
    fails 1 'compose.yaml:2:16: service "web": no such image' c up -d
}

@test "not root: one message, nothing written" {
    # bats' own folders are closed to others
    cd "$(mktemp -d /tmp/whale-nobody.XXXXXX)"
    chmod 755 .
    echo 'services: {a: {image: busybox}}' > compose.yaml
    run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$WHALE" up -d
    expect 1 "$status"
    rm -r "$PWD"
    contains "$stderr" "root"
}

@test "several errors are reported in one run" {
    printf 'services:\n  a:\n    image: busybox\n    prots: ["80"]\n  b:\n    image: busybox\n    volums: [x:/x]\n' > compose.yaml
    fails 1 "prots" c config -q
    contains "$stderr" "volums"
}
