# stop -t 0: what ends on its stop signal at once ends with its own status, the rest is killed.
cat > compose.yaml <<'Y'
services:
  init: {image: busybox, network_mode: none, init: true, command: sleep 1000}
  trap: {image: busybox, network_mode: none, command: sh -c 'trap "exit 5" TERM; sleep 1000 & while :; do wait; done'}
  slow: {image: busybox, network_mode: none, command: sh -c 'trap "sleep 1; exit 6" TERM; sleep 1000 & while :; do wait; done'}
  deaf: {image: busybox, network_mode: none, command: sleep 1000}
Y
q up -d; sleep 0.3; q stop -t 0; state
q up -d; sleep 0.3; q pause; q stop -t 0; state init
