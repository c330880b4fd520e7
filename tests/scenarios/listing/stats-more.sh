# stats: --no-stream formats, -a, --no-trunc, services, nothing running, json keys, templates.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, deploy: {replicas: 2}}
  b: {image: busybox, network_mode: none, command: "true"}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
strip() { sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g; s/ *$//'; }
try c stats --no-stream | strip
try c stats --no-stream --format json
q up -d
await 10 sh -c "$COMPOSE ps -a --format '{{.State}}' | grep -q exited"
c stats --no-stream --format 'table {{.Name}}\t{{.PIDs}}' | strip
c stats --no-stream --format '{{.Name}} {{.PIDs}}' | sort
c stats --no-stream -a --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}' b
c stats --no-stream --no-trunc --format '{{len .ID}} {{len .Container}}' a | sort -u
c stats --no-stream --format '{{len .ID}}' a | sort -u
c stats --no-stream --format json | wc -l
try c stats --no-stream b | strip
try c stats --no-stream nosuch | strip
try c stats --no-stream --format '{{.Nope}}' a | tail -n 1
timeout -s INT 5 sh -c "exec $COMPOSE stats --format '{{.Name}}'" > o 2>&1 || echo "exit $?"; strip < o | grep -c stats-more-a-1 | sed 's/^[1-9].*/some/'
