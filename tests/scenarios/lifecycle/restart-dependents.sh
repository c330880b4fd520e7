# restart: --no-deps, dependents with restart: true, stopped and created containers, timeouts, order.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: {b: {condition: service_started, restart: true}}}
  b: {image: busybox, network_mode: none, init: true, command: sleep 1000}
  d: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: [b]}
Y
try c restart; cat err
q create
try c restart; steps < err; state
try c restart b; steps < err
try c restart --no-deps b; steps < err
try c restart a; steps < err
q stop d; try c restart d; steps < err
try c restart -t 0 a b; steps < err
try c restart -t x; head -n 1 err
try c restart nosuch; cat err
q pause d; try c restart -t 0 d; steps < err; state d
q down
try c restart; cat err
