# attach: false: not shown by logs unless named.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none}
services:
  a: {<<: *s, command: echo from a}
  quiet: {<<: *s, command: echo from quiet, attach: false}
Y
q up -d; await 20 sh -c '[ $(eval $COMPOSE logs a quiet | wc -l) = 2 ]'
c logs; echo "# named"; c logs quiet; c logs a quiet | tr -s ' ' | sort
cd /; c -p logs-attach-false logs | tr -s ' ' | sort
