# network_mode with other keys: what is refused, and what is ignored.
f() { printf 'services:\n  main: {image: busybox, command: sleep 1000, init: true}\n  a: {image: busybox, command: sleep 1000, init: true, %s}\n' "$1" > compose.yaml; if q up -d; then echo "started: $1 [$(c ps --format '{{.Ports}} {{.Networks}}' a)]"; else echo "refused: $1"; says "conflicting options"; fi; q down -t 0; }
for k in 'ports: ["21400:80"]' 'hostname: x' 'extra_hosts: ["x:1.2.3.4"]' 'dns: 1.2.3.4' 'dns_search: [x.test]' 'links: [main]' 'expose: ["99"]' 'domainname: x.test'; do f "network_mode: \"service:main\", $k"; done
for k in 'links: [main]' 'hostname: x' 'ports: ["21400:80"]'; do f "network_mode: host, $k"; done
f 'network_mode: none, links: [main]'
f 'uts: host, hostname: x'
f 'network_mode: nosuchnetwork'; says nosuchnetwork
