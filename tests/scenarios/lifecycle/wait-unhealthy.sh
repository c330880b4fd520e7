# up --wait with a check that fails: exit 1, its text; the container keeps running. With --wait-timeout the text of the timeout.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  sick: {<<: *s, healthcheck: {test: exit 1, interval: 500ms, retries: 2}}
  slow: {<<: *s, healthcheck: {test: exit 1, interval: 500ms, retries: 200}, profiles: [slow]}
  good: {<<: *s, healthcheck: {test: exit 0, interval: 500ms}}
Y
msg() { plain err | sed -E 's/^ +//; s/ +$//' | grep -vE '^(Container|Network|Volume|Image) ' || :; }
try c up --wait sick; msg; steps < err; state
try c up --wait --wait-timeout 2 slow; msg; state slow
try c up --wait --wait-timeout 20 good; msg; steps < err; state good
try c up --wait good; msg; steps < err
