# --dry-run tells the same lines as the command itself; attached up only creates; exec and run refuse to attach and do nothing.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, depends_on: {b: {condition: service_healthy}}}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000, healthcheck: {test: "true", interval: 300ms}, volumes: ["vol:/v"]}
volumes: {vol: }
Y
for v in "up -d" up "up --wait" create "run b true"; do echo "# $v"; try c --dry-run $v </dev/null | { grep -v -- -run- || :; }; steps < err | { grep -v -- -run || :; }; says 'not supported in dry-run mode'; done
q up -d
for v in "up -d" stop "restart -t 0" kill pause "rm -fs" "scale b=2"; do echo "# $v"; try c --dry-run $v </dev/null | { grep -v Going || :; }; steps < err | { grep -vE '[0-9a-f]{12}_' || :; }; done
try c --dry-run exec -T b touch /made; says 'interactive exec is not supported in dry-run mode'
inside b 'ls /made 2>/dev/null || echo not made'
c --dry-run --progress json stop b 2>&1 | shape
state
