# ports: ranges, host_ip forms, udp, name and app_protocol, published as text range, same port twice, conflict in one project.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, command: httpd -f -p 80 -h /etc}
services:
  a: {<<: *s, ports: ["127.0.0.1:20740-20742:80-82", "127.0.0.2:20740:80", "20743:53/udp", "[::1]:20744:80"]}
  b: {<<: *s, ports: [{name: web, target: 80, published: "20745-20746", app_protocol: http, host_ip: 127.0.0.1}, {target: 81, host_ip: 127.0.0.1, protocol: udp, published: 20747}]}
  r: {<<: *s, ports: ["127.0.0.1::80"]}
  dup: {<<: *s, ports: ["127.0.0.1:20745:80"], profiles: [dup]}
Y
try c up -d
c ps --format '{{.Service}} {{.Ports}}' a
c ps --format '{{.Service}} {{.Ports}}' b
listening a 80; get http://127.0.0.1:20740/hostname | wc -c; get http://127.0.0.2:20740/hostname | wc -c
get "http://127.0.0.1:$(c port r 80 | cut -d: -f2)/hostname" | wc -c
c port b 80; c port --protocol udp b 81
try c --profile dup up -d dup; says "already"; says 20745
q stop -t 0 b; try c --profile dup up -d dup; state dup
try c up -d b; says 'already'
