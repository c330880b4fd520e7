# rm -s stops before it asks, also what has ended is called stopped; the question to a pipe is its text alone.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  a: {<<: *s, command: sleep 1000}
  j: {<<: *s, command: "true"}
Y
q up -d; await 10 sh -c "$COMPOSE ps -a --format '{{.State}}' | grep -q exited"
echo n > no; echo y > ok
c rm -s a < no 2>err; echo; steps < err; state
c rm -s j < ok 2>err; echo; steps < err; state
try c rm -fs; steps < err; state
