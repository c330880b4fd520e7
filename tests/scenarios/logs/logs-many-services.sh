# logs: lines of several services; each service's in order; replicas; stopped and running ones together.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  run: {<<: *s, command: sh -c 'for i in 1 2 3; do echo run $$i; done; sleep 1000'}
  end: {<<: *s, command: sh -c 'for i in 1 2 3; do echo end $$i; done'}
  rep: {<<: *s, scale: 2, command: sh -c 'for i in 1 2 3; do echo rep $$i; done'}
  made: {<<: *s, command: "true", profiles: [x]}
Y
q up -d; q create made; await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 12 ]"
c logs | sort
c logs end run | grep end | tr -s ' '
c logs end run | grep run | tr -s ' '
try c logs made
q rm -f end; c logs | wc -l
