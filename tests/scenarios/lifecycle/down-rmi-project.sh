# down --rmi all with and without a file; an image that another project uses stays.
cat > compose.yaml <<'Y'
services:
  a: {image: checked, network_mode: none, init: true, command: sleep 1000}
Y
also down-rmi-project-2
q up -d; q -p down-rmi-project-2 up -d
try c down -t 0 --rmi all; steps < err
c -p down-rmi-project-2 ps --format '{{.Name}} {{.State}}'
q up -d; d=$(mktemp -d); cd "$d"
try c -p down-rmi-project down -t 0 --rmi all; steps < err
c -p down-rmi-project-2 ps --format '{{.Name}} {{.State}}'
cd "$WORK"; rm -r "$d"
