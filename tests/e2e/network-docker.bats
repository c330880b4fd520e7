#!/usr/bin/env bats
# netns: host
# Beside a Docker engine in the machine's own namespace: its FORWARD policy is DROP and br_netfilter is on. Nothing of
# Docker's is changed but for our accept rules in DOCKER-USER, which leave again.

load lib.bash
OWN_DIGITS=$(own_digits)

ruleset() { nft list table ip filter 2>/dev/null | sed -E 's/packets [0-9]+ bytes [0-9]+//'; }

@test "containers reach each other, the way out and published ports beside Docker" {
    nft list chain ip filter DOCKER-USER >/dev/null 2>&1 || skip "no Docker engine with nftables here"
    local before
    before=$(ruleset)
    cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sh -c 'mkdir /www; echo hi > /www/index.html; httpd -f -p 80 -h /www', ports: ["127.0.0.1:18301:80"]}
  cli: {image: busybox, init: true, command: sleep 1000}
Y
    c up -d
    contains "$(ip -o link)" "whb$OWN_DIGITS"
    await 5 curl -sf -m 2 http://127.0.0.1:18301/
    expect hi "$(inside cli 'timeout 3 wget -q -O - http://web/')"
    local address
    address=$(ip -4 -o addr show scope global | awk '$2 !~ /^(docker|br-|veth|wh)/ {sub("/.*", "", $4); print $4; exit}')
    inside cli "ping -c 1 -W 2 $address"
    c down -t 0
    expect "$before" "$(ruleset)"
}
