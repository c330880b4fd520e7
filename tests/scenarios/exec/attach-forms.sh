# attach: flags, detach keys, extra arguments, index, stopped service.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, tty: true, stdin_open: true, command: sh -c "while read x; do echo got $$x; done", deploy: {replicas: 2}}}
Y
q up -d
try timeout 5 sh -c "$COMPOSE attach --index 3 app" </dev/null; cat err
try timeout 5 sh -c "$COMPOSE attach --index 1 nosuch" </dev/null; cat err
try timeout 5 sh -c "$COMPOSE attach --detach-keys nosuch,, app" </dev/null; grep -ci 'detach' err
{ sleep 1; printf 'hello\n'; sleep 1; printf '\020\021'; sleep 1; } | timeout 20 python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", "-c", os.environ["COMPOSE"] + " attach app"])))' > o || echo "exit $?"; tr -d '\r' < o | grep -a got; tail -n 1 o | tr -d '\r'
state
