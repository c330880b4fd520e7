# scale of a service whose profile is not active enables it.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: *s
  off: {<<: *s, profiles: [p]}
Y
try c scale off=2; steps < err
c ps --format '{{.Name}}'
try c scale off=1 a=1; c ps --format '{{.Name}}'
try c scale =1; says 'invalid scale specifier'
try c scale nosuch=x; says 'invalid scale specifier'
