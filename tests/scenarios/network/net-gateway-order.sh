# The default route is by the network whose name comes first, whatever the order and priority.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, command: sleep 1000, init: true}
services:
  plain: {<<: *s, networks: [c, a, b]}
  prio: {<<: *s, networks: {a: {priority: 1}, b: {priority: 1000}, c: {priority: 100}}}
  port: {<<: *s, networks: {b: {priority: 9}, c: }}
networks:
  a: {ipam: {config: [{subnet: 10.215.50.0/24}]}}
  b: {ipam: {config: [{subnet: 10.215.51.0/24}]}}
  c: {ipam: {config: [{subnet: 10.215.52.0/24}]}}
Y
q up -d
for s in plain prio port; do echo "$s: $(inside $s 'ip route' | awk '/^default/ {print $3}')"; done
