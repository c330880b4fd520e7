# --all-resources makes networks and volumes that no service uses, too.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, init: true, command: sleep 1000}}
networks: {extra: }
volumes: {spare: }
Y
try c up -d; steps < err
try c --all-resources up -d; steps < err
c volumes -q
try c --all-resources down -v -t 0; steps < err
