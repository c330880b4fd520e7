# profiles: run and up of a disabled service, its dependencies, stop and down with and without the profile, exec.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  base: *s
  tool: {<<: *s, profiles: [tools], depends_on: [base, helper]}
  helper: {<<: *s, profiles: [tools]}
  other: {<<: *s, profiles: [other], depends_on: {tool: {condition: service_started, required: false}}}
Y
try c up -d tool; steps < err; running
try c down; steps < err; state
try c down --remove-orphans; steps < err; state
try c run --rm -T tool echo ran; state
try c up -d other; steps < err
try c stop other; steps < err
try c exec -T base true
try c --profile tools restart -t 0 tool; steps < err
try c --profile tools --profile other down; steps < err
try c --profile tools up -d; running; try c up -d --remove-orphans; running
try c --profile '*' down; state
