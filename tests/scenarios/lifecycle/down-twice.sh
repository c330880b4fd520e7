# down of nothing: exit code and text; with a network in use by another project; -v with a volume in use.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, volumes: ["vol:/v"]}
volumes: {vol: {name: down-twice-vol}}
networks: {default: {name: down-twice-net}}
Y
cat > other.yaml <<'Y'
name: down-twice-other
services:
  o: {image: busybox, init: true, command: sleep 1000, networks: [x], volumes: ["vol:/v"]}
networks: {x: {name: down-twice-net, external: true}}
volumes: {vol: {name: down-twice-vol, external: true}}
Y
try c down; says "No resource found"
q up -d; q -f other.yaml up -d
try c down -v -t 0; steps < err; says "still in use"; says "volume is in use"
c -f other.yaml ps --format '{{.Name}} {{.State}}'
q -f other.yaml down -t 0
try c down -v; steps < err
