# init: true runs although the program is missing: the container starts, ends with 127 or 126, and its output says why.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  none: {<<: *s, command: /no/such}
  plain: {<<: *s, command: nosuchprogram}
  denied: {<<: *s, command: /etc/passwd}
Y
try c up -d
await 10 sh -c "[ \$($COMPOSE ps -a --format '{{.State}}' | grep -c exited) = 3 ]"
state
for s in none plain denied; do c logs --no-log-prefix --no-color $s 2>&1 | grep -oE 'exec .* failed: .*'; done
try c start none
try c run --rm none
grep -oE 'exec .* failed: .*' err
