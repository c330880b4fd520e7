# extra_hosts and dns that are no addresses are refused; IPv6 in its spellings is taken.
f() { printf 'services:\n  a: {image: busybox, command: sleep 1000, init: true, %s}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1"; inside a 'tail -2 /etc/hosts | head -1 | tr "\t" " "'; else echo "refused: $1"; fi; [ -z "${2-}" ] || says "$2"; q down -t 0; }
f 'extra_hosts: ["x:nosuch"]' 'invalid IP address in add-host: "nosuch"'
f 'extra_hosts: ["x:1.2.3"]' 'invalid IP address in add-host: "1.2.3"'
f 'extra_hosts: ["x:::1"]'
f 'extra_hosts: ["x=::1"]'
f 'dns: nosuch' 'invalid DNS address'
