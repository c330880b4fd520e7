# Subnets, gateways and addresses that cannot be: refused before anything runs.
n=0
f() { n=$((n + 2)); printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, networks: {n: {%s}}}\nnetworks: {n: {ipam: {config: [%s]}}}\n' "$2" "$1" | sed "s/@/10.215.$n/g; s/&/10.215.$((n + 1))/g" > compose.yaml; if q up -d; then echo "started: $1 $2"; inside a "ip -4 -o addr show eth0 | awk '{print \$4}' | sed 's/.*\././'"; else echo "refused: $1 $2"; fi; [ -z "${3-}" ] || says "$3"; q down -t 0; }
f '{subnet: @.0/24, gateway: &.1}' ''
f '{subnet: @.0/24, aux_addresses: {x: &.9}}' '' 'must belong to the master pool'
f '{subnet: @.0/33}' '' 'invalid subnet'
f '{subnet: @.5}' '' 'invalid subnet'
f '{subnet: @.0/24, gateway: nosuch}' '' 'invalid gateway address'
f '{subnet: @.0/24, gateway: @.0}' '' 'already in use'
f '{subnet: @.0/30}' ''
f '{subnet: @.0/24}' 'ipv4_address: @.1' 'already in use'
f '{subnet: @.0/24}' 'ipv4_address: @.255' 'already in use'
f '{subnet: @.0/24}' 'ipv4_address: @.0' 'already in use'
f '{subnet: @.0/24}' 'ipv4_address: &.9' "does not belong to any of this network's subnets"
f '{subnet: @.0/24, aux_addresses: {x: @.9}}' 'ipv4_address: @.9' 'already in use'
f '{gateway: @.1}' '' 'invalid subnet'
f '{subnet: @.0/24}, {subnet: &.0/24}' '' "bridge driver doesn't support multiple subnets"
f '{subnet: @.0/24}' 'mac_address: nosuch' 'invalid MAC address'
