# Progress of what cannot start: the steps before it, and none called an error.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, command: /no/such}
Y
for v in "up -d" start restart "up -d --force-recreate"; do try c $v; steps < err; done
try c pause; try c rm -f; steps < err
