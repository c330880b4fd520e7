# --compatibility: names of containers with underscores; COMPOSE_COMPATIBILITY; deploy limits.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, deploy: {replicas: 2}}
  b: {image: busybox, network_mode: none, container_name: global-compat-own, init: true, command: sleep 1000}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
try c --compatibility up -d; n err | sort -u
c --compatibility ps --format '{{.Name}}'
c ps --format '{{.Name}}'
c --compatibility exec -T a hostname | wc -l
c logs a
try c --compatibility down -t 0; n err | sort -u
export COMPOSE_COMPATIBILITY=1
q up -d; c ps --format '{{.Name}}'
c run --rm a true 2>&1 | sed -E 's/[0-9a-f]{12}/HEX/' | n
q up -d --scale a=3; c ps --format '{{.Name}}'
