# A post_start hook that fails on restart: the container has been started, the command fails; progress has no line of an error.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: {<<: *s, post_start: [{command: sh -c 'exit 3'}]}
  none: {<<: *s, post_start: [{command: /no/such}]}
  user: {<<: *s, post_start: [{command: "true", user: nosuch}]}
Y
for s in a none user; do try c up -d $s; steps < err; state $s; done
says 'user hook exited with status 126'; says 'unable to find user nosuch'
try c restart -t 0 a; steps < err; says 'a hook exited with status 3'
