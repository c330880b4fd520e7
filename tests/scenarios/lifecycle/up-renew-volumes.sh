# -V makes anonymous volumes new; without it a recreated container keeps their content, named ones stay in both cases.
svc() { cat > compose.yaml <<Y
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, volumes: [/anon, "named:/named"], environment: {V: "$1"}}
  m: {image: meta, network_mode: none, command: [sleep, "1000"], init: true, stop_grace_period: 1s, environment: {V: "$1"}}
volumes: {named: }
Y
}
look() { inside a 'cat /anon/f /named/f; ls -a /anon | wc -l' || :; inside m 'ls /srv/vol' || :; }
svc 1; q up -d; inside a 'echo anon > /anon/f; echo named > /named/f'; inside m 'echo x > /srv/vol/mine'
svc 2; try c up -d; look
try c up -d --force-recreate; look
try c up -d -V; look; steps < err
try c up -d -V --force-recreate; look
try c up -d --renew-anon-volumes --no-recreate; says incompatible
