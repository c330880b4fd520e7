# stop_signal by name, number and without SIG; of the image; a bad one; a grace period of 0.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, command: sh -c 'trap "exit 11" USR1; trap "exit 12" USR2; trap "exit 13" INT; trap "exit 14" QUIT; echo r; sleep 1000 & while :; do wait; done', stop_grace_period: 20s}
services:
  name: {<<: *s, stop_signal: SIGUSR1}
  short: {<<: *s, stop_signal: USR2}
  num: {<<: *s, stop_signal: "2"}
  quit: {<<: *s, stop_signal: sigquit}
  kill: {<<: *s, stop_signal: KILL}
  zero: {<<: *s, stop_grace_period: 0s, stop_signal: WINCH}
Y
q up -d; await 10 sh -c 'test $(eval $COMPOSE logs | grep -c r$) = 6'
try c stop; state
printf 'services: {bad: {image: busybox, network_mode: none, command: sleep 1000, stop_signal: SIGNOSUCH}}\n' > compose.yaml
try c up -d; says "SIGNOSUCH"
