# down SERVICE tries the networks, with -v also the volumes, that the service and its dependencies use; what others use stays.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, init: true, command: sleep 1000}
services:
  a: {<<: *s, networks: [x, y]}
  b: {<<: *s, networks: [x, own], volumes: [v1:/v], depends_on: [d]}
  d: {<<: *s, networks: [x], volumes: [v2:/v]}
networks: {x: , y: , own: }
volumes: {v1: , v2: , v3: }
Y
q up -d
try c down -t 0 b; steps < err; plain err | grep -c 'Network .*_x Resource is still in use'
q up -d
try c down -t 0 -v b; steps < err
c volumes -q
sed -i '/^  d:/d; s/, depends_on: .d.//' compose.yaml
q up -d
try c down -t 0 --remove-orphans b; steps < err
c ps -a --format '{{.Name}}'
