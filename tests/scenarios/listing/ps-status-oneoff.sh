# ps --status looks at all containers, those of run included; -q goes before --services.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
q up -d
q run -d --name ps-status-oneoff-x a sleep 1000 >o
q run --name ps-status-oneoff-y a sh -c 'exit 3' || :
for s in running exited created nosuch; do echo "# $s"; c ps --status $s --format '{{.Name}} {{.State}}'; done
c ps --status running --services
c ps --filter status=running --format '{{.Name}}'
c ps --format '{{.Name}}'
c ps -q --services | sed -E 's/^[0-9a-f]{64}$/ID/'
c down -t 0 --remove-orphans >o 2>&1
