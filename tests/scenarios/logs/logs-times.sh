# logs --since and --until: what is no time, far away times, dates.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none, command: echo text}}
Y
q up -d; await 10 sh -c "$COMPOSE logs | grep -q text"
for o in since until; do for t in 2999-01-01 1970-01-01 2999-01-01T00:00:00Z 0001-01-01T00:00:00Z 1h; do echo "# --$o $t"; c logs --no-log-prefix --$o $t a; done; done
try c logs --since bogus a; says 'invalid value for "since": failed to parse value as time or duration: "bogus"'
try c logs --until 12:00 a; says 'invalid value for "until"'
