#!/usr/bin/env bats
# A machine without IPv6: what asks for it gets the IPv4 half, and nothing else changes.

load lib.bash

setup_file() { sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; }

@test "a network with IPv6 enabled comes up with IPv4: names, published ports, the way out, down" {
    cat > compose.yaml <<'Y'
services:
  web:
    image: busybox
    init: true
    command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www'
    ports: ["18331:80", "127.0.0.1:18332:80"]
    networks: [six]
  cli: {image: busybox, init: true, command: sleep 1000, networks: [six]}
networks: {six: {enable_ipv6: true}}
Y
    c up -d
    await 5 curl -sf -m 2 http://127.0.0.1:18331/
    expect hi "$(curl -sS -m 2 http://127.0.0.1:18332/)"
    expect hi "$(curl -sS -m 2 http://198.18.0.2:18331/)"
    expect hi "$(inside cli 'timeout 3 wget -q -O - http://web/')"
    expect hi "$(inside cli 'timeout 3 wget -q -O - http://198.18.0.2:18331/')"
    expect "" "$(inside cli 'ip -6 addr show dev eth0 2>/dev/null')"
    expect 1 "$(inside cli 'nslookup -type=a web | tail -n +3 | grep -c ^Address')"
    contains "$(c ps)" "0.0.0.0:18331->80/tcp"
}
