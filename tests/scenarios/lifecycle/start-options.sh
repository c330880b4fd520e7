# start SERVICE..., with dependencies; start of running ones; --wait-timeout.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, depends_on: [b]}
  b: *s
  c: *s
  sick: {<<: *s, healthcheck: {test: exit 1, interval: 500ms, retries: 1}}
  slow: {<<: *s, healthcheck: {test: exit 1, interval: 500ms, retries: 100}}
Y
msg() { plain err | sed -E 's/^ +//; s/ +$//' | grep -vE '^(Container|Network|Volume|Image) ' || :; }
st() { c ps -a --format '{{.Name}} {{.State}}' | sort; }
q create
try c start a; steps < err; st
try c start a; steps < err
try c start b c; steps < err; st
try c start --wait sick; msg; st
try c start --wait --wait-timeout 2 slow; msg; st
q stop -t 0; q rm -f a
try c start a; msg; try c start; msg
