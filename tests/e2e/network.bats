#!/usr/bin/env bats
# Networks beyond what the recorded scenarios say: balancing, who may reach what, drift, IPv6, what is left behind.

load lib.bash

teardown() {
    c down -v -t 0 --remove-orphans >/dev/null 2>&1 || true
    ip link del out0 2>/dev/null || true
    residue_check
}

get() { curl -sS -m 5 "$@" 2>&1; }

# A machine outside: a network namespace behind a veth, kept by a sleeping process; $OUT is its pid.
outside() {
    unshare --net sleep 300 &
    OUT=$!
    await 5 sh -c "[ \"\$(readlink /proc/$OUT/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    ip link add out0 type veth peer name eth0 netns $OUT
    ip addr add 203.0.113.1/24 dev out0
    ip link set out0 up
    nsenter -t $OUT -n sh -c 'ip link set lo up; ip addr add 203.0.113.2/24 dev eth0; ip link set eth0 up; ip route add default via 203.0.113.1'
}

from_outside() { nsenter -t "$OUT" -n "$@"; }

@test "one published port is balanced over the healthy replicas" {
    cat > compose.yaml <<'Y'
services:
  web:
    image: busybox
    init: true
    command: sh -c 'mkdir /www; hostname > /www/name; touch /www/ok; httpd -f -p 80 -h /www'
    ports: ["18201:80"]
    deploy: {replicas: 3}
    healthcheck: {test: test -e /www/ok, interval: 0.3s, retries: 1, start_period: 0s}
Y
    c up -d --wait
    expect 3 "$(for _ in $(seq 12); do get http://127.0.0.1:18201/name; done | sort | uniq -c | awk '$1 == 4' | wc -l)"
    c exec -T --index 2 web rm /www/ok </dev/null
    await 10 sh -c "\"$WHALE\" ps --format '{{.Health}}' | grep -q unhealthy"
    expect 2 "$(for _ in $(seq 12); do get http://127.0.0.1:18201/name; done | sort -u | wc -l)"
    c exec -T --index 2 web touch /www/ok </dev/null
    await 10 sh -c "! \"$WHALE\" ps --format '{{.Health}}' | grep -q unhealthy"
    expect 3 "$(for _ in $(seq 12); do get http://127.0.0.1:18201/name; done | sort -u | wc -l)"
}

@test "localhost, 127.0.0.1, ::1 and the host's address lead to a published port" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["18202:80", "127.0.0.1:18203:80"]}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18202/
    local url
    for url in 127.0.0.1:18202 localhost:18202 198.18.0.2:18202 '[::1]:18202' 127.0.0.1:18203 localhost:18203; do
        expect hi "$(get "http://$url/")"
    done
    run get http://198.18.0.2:18203/
    [ "$status" -ne 0 ]
}

@test "the LAN reaches what is published, not container addresses and not loopback publishes" {
    cat > compose.yaml <<'Y'
services:
  web:
    image: busybox
    init: true
    command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -p 80 -h /www; httpd -f -p 81 -h /www'
    ports: ["18204:80", "127.0.0.1:18205:80"]
    networks: {n: {ipv4_address: 10.213.77.10}}
networks: {n: {ipam: {config: [{subnet: 10.213.77.0/24}]}}}
Y
    c up -d
    await 5 get -f http://10.213.77.10:81/
    outside
    expect hi "$(from_outside curl -sS -m 2 http://203.0.113.1:18204/)"
    local url
    for url in 203.0.113.1:18205 10.213.77.10:80 10.213.77.10:81; do
        run from_outside curl -sS -m 1 "http://$url/"
        [ "$status" -ne 0 ] || { echo "$url is reachable"; return 1; }
    done
    # The way out works and is masqueraded.
    from_outside sh -c 'busybox nc -l -p 9000 > /dev/null' &
    await 5 inside web "nc -w 1 203.0.113.2 9000 </dev/null"
    kill $OUT
}

@test "an image that serves DNS binds port 53 of every address" {
    cat > compose.yaml <<'Y'
services:
  ns: {image: busybox, init: true, command: 'sh -c "nc -l -u -p 53 >/dev/null & sleep 0.2; netstat -lun | grep -q 0.0.0.0:53 && echo bound; sleep 1000"'}
  cli: {image: busybox, init: true, command: sleep 1000}
Y
    c up -d
    await 5 sh -c "\"$WHALE\" logs ns | grep -q bound"
    expect 1 "$(inside ns 'nslookup -type=a cli | tail -n +3 | grep -c ^Address')"
}

@test "a flushed ruleset is made again" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["18206:80"]}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18206/
    nft flush ruleset
    await 15 get -f http://127.0.0.1:18206/
}

@test "priority, interface names, MAC and IPv6 of several networks" {
    cat > compose.yaml <<'Y'
services:
  a:
    image: busybox
    init: true
    command: sleep 1000
    networks:
      one: {interface_name: first0, mac_address: "02:00:00:00:00:77"}
      two: {gw_priority: 1, ipv4_address: 10.213.78.9}
      six: {}
  b: {image: busybox, init: true, command: sleep 1000, networks: [six]}
networks:
  one:
  two: {ipam: {config: [{subnet: 10.213.78.0/24}]}}
  six: {enable_ipv6: true, ipam: {config: [{subnet: "fd13:213::/64"}]}}
Y
    c up -d
    expect 02:00:00:00:00:77 "$(inside a 'cat /sys/class/net/first0/address')"
    expect "default via 10.213.78.1" "$(inside a 'ip route' | grep -o '^default via [0-9.]*')"
    inside b 'ping -6 -c 1 -W 2 a'
    expect 1 "$(inside b 'nslookup -type=aaaa a | tail -n +3 | grep -c "^Address.*fd13:213:"')"
}

@test "without IPv6 on the host" {
    sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["18207:80"]}
  cli: {image: busybox, init: true, command: sleep 1000}
networks: {default: {enable_ipv6: true}}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18207/
    expect hi "$(inside cli 'wget -q -O - http://web/')"
    sysctl -qw net.ipv6.conf.all.disable_ipv6=0
}

@test "kill -9 of the supervisor's loop: connections to a published port go on" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["18208:80"]}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18208/
    local loop=0
    for _ in 1 2 3; do
        await 5 is_replaced "$loop"
        loop=$(loop_pid)
        kill -9 "$loop"
        expect hi "$(get http://127.0.0.1:18208/)"
    done
    await 5 inside web 'nslookup -type=a web'
}

@test "network_mode host: ports are the container's own business" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, network_mode: host, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 18209 -h /www', ports: ["18209:18209"]}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18209/
}

@test "a port of another project names its container, and nothing is made" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sleep 1000, ports: ["127.0.0.1:18210:80"]}
Y
    c -p "$PROJECT-other" up -d
    run c up -d
    c -p "$PROJECT-other" down -t 0
    expect 1 "$status"
    contains "$output" "$PROJECT-other-web-1"
    expect "" "$(c ps -a -q)"
    c up -d
}

@test "kill -9 of keeper and loop: the next command finds names, ports and their reservation again" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["18211:80"]}
  cli: {image: busybox, init: true, command: sleep 1000}
Y
    c up -d
    await 5 get -f http://127.0.0.1:18211/
    local pids
    pids=$(supervisor_pids "$PROJECT")
    # shellcheck disable=SC2086 # several pids
    kill -9 $pids
    expect hi "$(get http://127.0.0.1:18211/)"
    c up -d
    expect hi "$(get http://127.0.0.1:18211/)"
    expect hi "$(inside cli 'wget -q -O - http://web/')"
    run python3 -c 'import socket; s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 18211)); s.listen()'
    [ "$status" -ne 0 ]
}

@test "a recreated container keeps its address, which its predecessor's lingering namespace does not answer for" {
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo new > /www/index.html; httpd -f -p 80 -h /www'}
  cli: {image: busybox, init: true, command: sleep 1000}
Y
    c up -d
    local old ip
    ip=$(inside web "ip -o -4 addr show eth0 | tr -s ' ' | cut -d ' ' -f 4")
    # Something of the old namespace lives on, as all of it does until the kernel has taken it down.
    nsenter --net="/proc/$(main_pid "$PROJECT-web-1")/ns/net" python3 -m http.server 81 >/dev/null 2>&1 3>&- &
    old=$!
    await 5 c exec -T cli wget -q -O /dev/null http://web:81/
    c up -d --force-recreate web
    expect "$ip" "$(inside web "ip -o -4 addr show eth0 | tr -s ' ' | cut -d ' ' -f 4")"
    local cli
    cli=$(main_pid "$PROJECT-cli-1")
    for _ in $(seq 20); do
        nsenter --net="/proc/$cli/ns/net" ip neigh flush all # it asks who has the address
        await 5 inside cli timeout 5 wget -q -O /dev/null http://web/
        run inside cli timeout 5 wget -q -O /dev/null http://web:81/
        contains "$output" refused
    done
    kill $old
    wait $old || true
}
