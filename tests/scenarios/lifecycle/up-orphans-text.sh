# Orphans: the warning of up, create, run, with one and with several; quiet with COMPOSE_IGNORE_ORPHANS; --remove-orphans removes.
cat > compose.yaml <<'Y'
x-s: &s {image: busybox, network_mode: none, init: true, command: sleep 1000}
services:
  a: *s
  old: *s
  older: *s
Y
q up -d
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000}
Y
warn() { plain err | grep -o 'Found orphan.*' | sed 's/(\[\?\(.*\)\]\?) for/(LIST) for/; s/"$//' || :; }
list() { plain err | grep -oE 'up-orphans-text-[a-z]+-1' | sort -u | tr '\n' ' '; echo; }
for v in "up -d" create "up -d a" "run --rm a true" "start" "stop" "restart" "down --dry-run" ; do echo "# $v"; q $v || :; warn; done
q up -d; plain err | grep orphan | grep -c 'you can run this command with the --remove-orphans flag to clean it up'
COMPOSE_IGNORE_ORPHANS=1; export COMPOSE_IGNORE_ORPHANS; q up -d; warn; unset COMPOSE_IGNORE_ORPHANS
COMPOSE_IGNORE_ORPHANS=true COMPOSE_REMOVE_ORPHANS=true c up -d >err 2>&1 || echo "exit $?"; says "orphans"
try c up -d --remove-orphans; steps < err
state
