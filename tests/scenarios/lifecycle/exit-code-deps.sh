# --exit-code-from with a job that ends first, with --abort-on-container-failure, with a service not in the selection.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  job: {<<: *s, command: sh -c 'sleep 1; exit 0'}
  test: {<<: *s, command: sh -c 'sleep 2; exit 7'}
  srv: {<<: *s, command: sleep 1000}
Y
into out c up --exit-code-from test; state
into out c up --abort-on-container-failure --exit-code-from test; state
into out c up --exit-code-from srv job srv; state
into out c up --exit-code-from test job; says test
