# pre_stop: runs on stop, restart and down, in order, with its user; not when the container ends by itself or is killed; one that fails.
mkdir w
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, volumes: ["./w:/w"], command: sleep 1000}
services:
  a: {<<: *s, pre_stop: [{command: sh -c 'echo one $$(id -u) >> /w/l'}, {command: sh -c 'echo two $$X >> /w/l', environment: {X: y}}]}
  bad: {<<: *s, pre_stop: [{command: sh -c 'echo bad >> /w/l; exit 3'}], profiles: [bad]}
Y
: > w/l; chmod 777 w w/l
see() { cat w/l; : > w/l; }
q up -d; try c stop; see
q start; try c restart; see
try c kill; see
q start; try c down; see
q up -d; try c rm -fs; see
q down; see
q up -d bad; try c stop bad; says "3"; see; state bad
try c down; state
q --profile bad kill; q --profile bad down
