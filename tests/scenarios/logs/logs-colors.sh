# Colours: up and logs with --ansi always; each service another; NO_COLOR, --no-color.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none}
services:
  a: {<<: *s, command: sh -c 'sleep 1; echo text'}
  b: {<<: *s, command: sh -c 'sleep 1; echo text'}
  c: {<<: *s, command: sh -c 'sleep 1; echo text'}
Y
unset COMPOSE_PROGRESS
q up -d; await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 3 ]"
c --ansi always logs | cat -v | sed -E 's/\^\[\[[0-9;]*m/COL/g' | sort
c --ansi always logs | cat -v | grep -oE '\^\[\[[0-9;]*m' | sort -u | wc -l
NO_COLOR=1 c --ansi always logs | cat -v | sort | head -n 1
NO_COLOR=1 tty logs </dev/null | cat -v | sort | head -n 1
tty logs -n 1 a </dev/null | cat -v | sed -E 's/\^\[\[[0-9;]*m/COL/g'
tty logs --no-log-prefix -n 1 a </dev/null | cat -v
c --ansi always up --no-color a 2>/dev/null | cat -v | grep '| '
