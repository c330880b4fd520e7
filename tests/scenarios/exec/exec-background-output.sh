# exec -T with a child in the background: its output is waited for a little, then the command ends with its own status.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, command: sleep 1000, init: true}
Y
q up -d
echo "- soon after"; try c exec -T a sh -c '(sleep 0.3; echo late) & echo x; exit 3' </dev/null
echo "- a daemon"; try timeout 10 sh -c "$COMPOSE"' exec -T a sh -c "sleep 1000 & echo x"' </dev/null
