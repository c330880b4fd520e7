# logs with -p and no file; of stopped projects; services by name there; unknown project.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, command: echo a}
  b: {image: busybox, network_mode: none, command: echo b}
Y
q up -d; await 20 sh -c "[ \$($COMPOSE logs | wc -l) = 2 ]"
mkdir empty; cd empty
c -p logs-no-file logs | sort
c -p logs-no-file logs b
try c -p logs-no-file logs nosuch; says "nosuch"
try c -p logs-no-file-unknown logs
