# external networks: by key and name, of another project's default, missing ones, name with variables, both projects see each other.
also net-external-shared-b
cat > compose.yaml <<'Y'
services: {a: {image: busybox, init: true, command: sleep 1000}}
networks: {default: {name: "net-external-shared-${X:-shared}"}}
Y
cat > b.yaml <<'Y'
name: net-external-shared-b
services: {b: {image: busybox, init: true, command: sleep 1000, networks: {default: , other: {aliases: [bee]}}}}
networks: {other: {external: true, name: net-external-shared-shared}}
Y
try c -f b.yaml up -d; says "could not be found"
q up -d; try c -f b.yaml up -d; steps < err
inside a 'ping -c1 -W2 bee >/dev/null && ping -c1 -W2 b >/dev/null && echo sees b'
try c down; steps < err
c -f b.yaml exec -T b true </dev/null && echo b runs
try c -f b.yaml down; steps < err
try c down; steps < err
X=second q up -d; X=second try c down; steps < err
