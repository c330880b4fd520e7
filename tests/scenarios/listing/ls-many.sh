# ls: several projects, filters that match parts, json fields, config files of -f, states with counts, quiet and all.
also ls-many-one ls-many-two
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, scale: 2}
  b: {image: busybox, network_mode: none, command: "true"}
Y
cp compose.yaml other.yaml
q -p ls-many-one up -d a; q -p ls-many-two -f compose.yaml -f other.yaml create a; q up -d
await 10 sh -c "$COMPOSE ps -a --format '{{.State}}' | grep -q exited"
mine() { grep ls-many | sed -E 's/  +/;/g; s/ *$//'; }
c ls | mine
c ls -a | mine
c ls -a -q | mine
c ls --filter name=ls-many-one | mine
c ls --filter name=many- -q | mine
c ls --filter name='^ls-many$' -q | mine
c ls --filter name=ls-many --filter name=two -a -q | mine
q -p ls-many-one pause; c ls | mine; q -p ls-many-one unpause
c ls -a --format json | python3 -c 'import json, sys
for o in json.load(sys.stdin):
    if o["Name"].startswith("ls-many"): print(sorted(o.items()))'
try c ls --filter nosuch=1; says "invalid filter 'nosuch'"
try c ls --filter name | tail -n 1
try c ls -q --format json | grep ls-many
