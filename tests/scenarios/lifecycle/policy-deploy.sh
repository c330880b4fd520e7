# deploy.restart_policy: condition none, on-failure with max_attempts, any; it wins over restart.
mkdir w
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, volumes: ["./w:/w"]}
services:
  none: {<<: *s, restart: always, command: sh -c 'echo x >> /w/none; exit 1', deploy: {restart_policy: {condition: none}}}
  fail: {<<: *s, command: sh -c 'echo x >> /w/fail; exit 1', deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}}
  any: {<<: *s, command: 'sh -c "echo x >> /w/any; test $$(wc -l < /w/any) -lt 3 || exec sleep 1000"', init: true, deploy: {restart_policy: {condition: any}}}
  ok: {<<: *s, command: sh -c 'echo x >> /w/ok; exit 0', deploy: {restart_policy: {condition: on-failure}}}
Y
try c up -d
await 20 sh -c 'test $(wc -l < w/any) = 3 && test $(wc -l < w/fail) = 3'
sleep 2
state
wc -l w/* | sed 's/^ *//'
