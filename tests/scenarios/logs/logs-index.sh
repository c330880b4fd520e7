# logs --index: one replica; unknown replica; without a service.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, scale: 3, command: sh -c 'echo text'}
  b: {image: busybox, network_mode: none, command: sh -c 'echo b'}
Y
q up -d; await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 4 ]"
c logs a | sort
c logs | sort
c logs --index 2 a
try c logs --index 7 a; says "7"
try c logs --index 1; says "service"
try c logs --index 2 a b
try c logs --index x a; says invalid
