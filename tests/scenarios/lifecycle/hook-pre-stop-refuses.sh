# A pre_stop hook that fails keeps the container running whatever the timeout; restart and down end with its error, too.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, pre_stop: [{command: sh -c 'test -e /may'}]}
  b: {<<: *s, pre_stop: [{command: /no/such}]}
Y
q up -d
try c stop -t 0 a; says 'a hook exited with status 1'; state a
try c restart -t 0 a; says 'a hook exited with status 1'; state a
try c stop -t 0 b; says 'b hook exited with status 126'; state b
try c down -t 0; state
try c kill; try c down -t 0; state
