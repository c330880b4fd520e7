# scale: several at once, down to 0, names of what is removed, --no-deps, order of numbers, gaps are filled.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: [b]}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000}
  z: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
try c scale --no-deps a=1; steps < err; state
try c scale a=2 z=2; steps < err; state
try c scale a=0; steps < err; state
q kill z; q rm -f z >/dev/null; try c scale z=2; steps < err; state z
try c scale z=1; steps < err; state z
try c scale z=3; steps < err
try c up -d --scale z=3 --no-recreate; steps < err
try c up -d; steps < err; state
try c scale; says "requires at least 1 arg"
try c scale a; cat err
try c scale a=; cat err
try c scale =2; cat err
try c scale a=1=2; cat err
try c scale nosuch=1; cat err
try c scale a=2 a=1; steps < err; state a
