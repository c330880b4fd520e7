# The words about an optional dependency that fails: unhealthy, exited, failed job.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  sick: {<<: *s, healthcheck: {test: "false", interval: 300ms, retries: 1}}
  gone: {<<: *s, command: sh -c 'exit 3', healthcheck: {test: "true", interval: 1h}}
  a: {<<: *s, depends_on: {sick: {condition: service_healthy, required: false}}}
  b: {<<: *s, depends_on: {gone: {condition: service_healthy, required: false}}}
Y
try c up -d a; says 'failed to start: container depends-optional-text-sick-1 is unhealthy'; says 'dependency failed to start'
try c up -d b; says 'failed to start: container depends-optional-text-gone-1 exited (3)'; steps < err
