# Policies and verbs: kill -s TERM of an always service, exit by itself, up of a stopped unless-stopped one, on-failure count after up.
mkdir w
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, volumes: ["./w:/w"]}
services:
  al: {<<: *s, restart: always, command: sh -c 'echo x >> /w/al; sleep 1000'}
  us: {<<: *s, restart: unless-stopped, command: sh -c 'echo x >> /w/us; sleep 1000'}
  of: {<<: *s, restart: "on-failure:1", command: sh -c 'echo x >> /w/of; exit 2'}
Y
q up -d; await 10 sh -c 'test $(cat w/of | wc -l) = 2'
sleep 1; state
try c kill -s TERM al us; sleep 2; state al us
try c up -d; await 10 sh -c 'test $(cat w/of | wc -l) = 4'; sleep 1; state
inside al 'kill -9 -1' || :; sleep 1
await 10 sh -c 'test $(cat w/al | wc -l) -ge 3'; state al
wc -l w/of | sed 's/^ *//'
