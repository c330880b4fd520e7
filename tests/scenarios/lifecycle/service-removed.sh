# A service that the file no longer has: ps, logs, stop, exec by name.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sh -c 'echo text; sleep 1000'}
services:
  a: *s
  old: *s
Y
q up -d
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sh -c 'echo text; sleep 1000'}
Y
await 10 sh -c 'eval $COMPOSE logs | grep -q text'
c logs; try c logs old; says "no such service"
c ps --format '{{.Service}}' | sort
try c stop old; says "no such service"
try c exec -T old true; try c ps old; says "no such service"
try c stop -t 1; state
try c up -d --remove-orphans; steps < err; state
