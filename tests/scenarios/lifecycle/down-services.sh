# down: one service, several, a dependency, -t, --rmi words, -v with services, unknown ones, twice.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, init: true, command: sleep 1000, depends_on: [b], volumes: [one:/one], networks: [n]}
  b: {image: busybox, init: true, command: sleep 1000, volumes: [two:/two, /anon], networks: [n, m]}
  d: {image: busybox, init: true, command: sleep 1000, networks: [m]}
networks: {n: , m: }
volumes: {one: , two: }
Y
q up -d
try c down b; steps < err; state
try c up -d; steps < err
try c down -v a; steps < err; c volumes -q | sort
try c up -d; steps < err
try c down a d; steps < err; state
try c down --rmi x; head -n 1 err
try c down --rmi; head -n 1 err
try c down -t x; head -n 1 err
try c down nosuch; cat err
try c down -v; steps < err; c volumes -q
try c down; cat err
try c down -v --remove-orphans -t 1 --rmi local; cat err
