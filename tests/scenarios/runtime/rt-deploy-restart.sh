# deploy.restart_policy wins over restart:.
cat > compose.yaml <<'Y'
services:
  none: {image: busybox, command: [sh, -c, "echo run; exit 3"], restart: always, deploy: {restart_policy: {condition: none}}}
Y
q up -d
await 5 sh -c "$COMPOSE ps -a --format '{{.State}}' | grep -q exited"
state; c logs --no-log-prefix none 2>/dev/null
