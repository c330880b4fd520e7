# down --rmi local and all, its bad value.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
try c down --rmi some; says "invalid value for --rmi"
q up -d
try c down --rmi local; steps < err
c -p down-rmi-other images -q | wc -l
q up -d; echo still there
