# pull and up: pull policies of services, --policy and --pull that need no registry.
cat > compose.yaml <<'Y'
services:
  here: {image: busybox, network_mode: none, command: "true"}
  never: {image: busybox, network_mode: none, command: "true", pull_policy: never}
  none: {image: behave/none, network_mode: none, command: "true", pull_policy: never}
  miss: {image: "busybox:latest", network_mode: none, command: "true", pull_policy: if_not_present}
Y
try c pull never; cat err
try c pull none; cat err
try c up -d never miss; steps < err
try c up -d --pull never here; steps < err
try c up -d --pull sometimes here
try c up -d none
try c run --rm --pull never here true
try c run --rm --pull x here true
