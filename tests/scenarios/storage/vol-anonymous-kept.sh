# storage: anonymous volumes: kept by recreate, by --no-recreate and stop; -V, rm -v, down and down -v; volumes_from and ro.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, volumes: [/anon, "named:/named"], environment: {V: "1"}}
  f: {<<: *s, volumes_from: [a]}
  r: {<<: *s, volumes_from: ["container:vol-anonymous-kept-f-1"], depends_on: [f]}
volumes: {named: }
Y
q up -d; inside a 'echo 1 > /anon/f; echo 2 > /named/f'
inside f 'cat /anon/f /named/f; echo 3 >> /anon/f'; inside r 'cat /anon/f'
sed -i 's/"1"/"2"/' compose.yaml
try c up -d; steps < err
inside a 'cat /anon/f'; inside f 'cat /anon/f'
q up -d --force-recreate; inside a 'cat /anon/f'
q up -d -V a; inside a 'ls /anon'
q up -d --force-recreate -V; inside a 'ls /anon; cat /named/f'; inside f 'ls /anon'
inside a 'echo 4 > /anon/f'; q stop -t 0; q up -d; inside a 'cat /anon/f'
q rm -fs a; q up -d; inside a 'ls /anon'
q down; q up -d; inside a 'ls /anon; cat /named/f'
q down -v; q up -d; inside a 'ls /anon /named'
