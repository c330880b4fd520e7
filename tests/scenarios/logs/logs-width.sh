# logs: width of the prefix is that of the longest name among those shown; up shows the same.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, command: sh -c 'sleep 1; echo text'}
services:
  a: *s
  quite-a-long-name: *s
  silent: {<<: *s, command: sleep 1000, init: true}
  longest-of-them-all-but-not-started: {<<: *s, profiles: [x]}
Y
q up -d; await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 2 ]"
c logs a | cat -A; c logs a silent | cat -A
