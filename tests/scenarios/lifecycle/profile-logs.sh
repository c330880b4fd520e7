# Services of a profile that is not enabled: logs, ps, stop, up of the others, down.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sh -c 'echo text; sleep 1000'}
services:
  a: *s
  dbg: {<<: *s, profiles: [debug]}
Y
q --profile debug up -d; await 10 sh -c '[ $(eval $COMPOSE --profile debug logs | grep -c text) = 2 ]'
c logs; echo "# dbg"; c logs dbg
c ps --format '{{.Service}}' | sort
try c restart -t 1; steps < err
try c kill; steps < err; state
try c down; steps < err; state
try c --profile debug down -t 0; steps < err
