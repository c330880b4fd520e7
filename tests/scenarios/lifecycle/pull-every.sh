# pull_policy every_DURATION: a new image is not pulled again, an old one is; refresh with pull_refresh_after.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, command: "true"}
services:
  young: {<<: *s, pull_policy: every_100w}
  old: {<<: *s, pull_policy: every_1s}
  daily: {<<: *s, pull_policy: weekly}
Y
try c up -d young; state young
try c up -d old; says busybox
try c up -d daily; state daily
