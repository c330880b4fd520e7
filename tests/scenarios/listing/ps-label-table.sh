# ps: labels in a table template, the raw format, an empty filter; volumes: the raw format.
cat > compose.yaml <<'Y'
services: {a: {image: busybox, network_mode: none, init: true, command: sleep 1000, labels: {one.two-three: x}, volumes: ["vol:/v"]}}
volumes: {vol: {labels: {k: v}}}
Y
q up -d
c ps --format 'table {{.Service}}\t{{.Label "one.two-three"}}\t{{.Label "nosuch"}}' | sed 's/ *$//; s/  */ /g'
c ps --format raw | grep -v -E '^(container_id|created_at|labels):' | sed -E 's/Less than a second|[0-9]+ seconds?/TIME/; s/ *$//'
try c ps --filter '' -q | wc -l
try c ps --filter status
c volumes --format 'table {{.Name}}\t{{.Label "k"}}' | sed 's/ *$//; s/  */ /g'
c volumes --format raw
