# Output of hooks: shown by an attached up with the name of the container; error text has the end of it.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true}
services:
  a: {<<: *s, command: "sh -c 'sleep 1; echo main; sleep 1'", post_start: [{command: "sh -c 'echo hook one; echo hook two'"}]}
  b: {<<: *s, command: sleep 1000, profiles: [b], post_start: [{command: "sh -c 'echo why it failed >&2; exit 4'"}]}
Y
into out c up a; grep '|' out | tr -s ' ' | sort
try c up -d b; says "b hook exited with status 4: why it failed"
