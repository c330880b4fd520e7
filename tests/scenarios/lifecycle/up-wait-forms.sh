# up --wait and --wait-timeout, with ended services, replicas, no check, wait of a job that another awaits.
cat > compose.yaml <<'Y'
services:
  job: {image: busybox, network_mode: none, command: "true"}
  app: {image: busybox, network_mode: none, init: true, command: sleep 1000, depends_on: {job: {condition: service_completed_successfully}}}
  two: {image: busybox, network_mode: none, init: true, command: sleep 1000, healthcheck: {test: "true", interval: 300ms}, deploy: {replicas: 2}}
  slow: {image: busybox, network_mode: none, init: true, command: sleep 1000, healthcheck: {test: "test -e /x", interval: 200ms, retries: 1000}, profiles: [p]}
Y
try c up --wait app; steps < err
try c up --wait two; steps < err
try c up --wait app two; steps < err
try c up --wait --wait-timeout 1 slow; tail -n 1 err
try c up --wait --wait-timeout -1 two; tail -n 1 err
try c up --wait --wait-timeout x two; head -n 1 err
try c up --wait --no-start two; tail -n 1 err
try c up --wait-timeout 5 -d two; tail -n 1 err
try c up --wait --timestamps app
try c up --wait job; tail -n 1 err
state
