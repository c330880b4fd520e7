# Jobs of a few milliseconds are seen as ended right after up -d, start, restart and run -d.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none}
services:
  a: {<<: *s, command: echo one}
  b: {<<: *s, init: true, command: sh -c 'echo two; exit 2'}
  d: {<<: *s, command: sh -c 'for i in 1 2 3; do date; done > /dev/null; exit 3'}
Y
try c up -d; state; c ps -q | wc -l; c ps --services | grep . || echo none
try c start; state
try c restart b; state b
