# deploy.replicas and scale together, --scale over both, replicas with container_name, replicas: 0 with depends_on.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, deploy: {replicas: 2}}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000, scale: 0, depends_on: [a]}
  d: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: [b]}
Y
try c up -d; steps < err; state
try c up -d --scale a=1; steps < err; state
try c up -d --scale b=1 --scale a=3; steps < err; state
try c up -d; steps < err; state
try c start; steps < err; state
try c restart a; steps < err
try c stop a; steps < err
try c ps -a --format '{{.Name}}' a
try c up -d --no-deps --scale a=3 a; steps < err
c exec -T --index 3 a true && echo has three
try c exec -T --index 4 a true; cat err
