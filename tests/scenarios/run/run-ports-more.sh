# run -p forms: random host port, udp, ranges, long protocol, taken port, with --service-ports.
cat > compose.yaml <<'Y'
services:
  web: {image: busybox, init: true, command: sleep 1000, ports: ["127.0.0.1:21501:80", "127.0.0.1:21502:53/udp"]}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
port() { c ps -a --format '{{.Name}} {{.Ports}}' | sed -E 's/(127.0.0.1|0.0.0.0|\[::\]):(2[2-9]|[3-6][0-9])[0-9]{3}->/\1:RANDOM->/g'; }
q run -d --rm --name run-ports-more-a -p 80 web | wc -l
q run -d --rm --name run-ports-more-b -p 127.0.0.1::80 web | wc -l
q run -d --rm --name run-ports-more-c --publish 127.0.0.1:21503-21504:90-91/udp web | wc -l
q run -d --rm --name run-ports-more-d --service-ports web | wc -l
port
try c run --rm --service-ports web true; says 'port is already allocated'
try c run --rm -p 127.0.0.1:21501:99 web true; says 'port is already allocated'
try c run --rm -p 99999:80 web true; says 'invalid hostPort: 99999'
try c run --rm -p 80:x web true; says 'invalid containerPort: x'
try c run --rm -p 80:80/xyz web true; says 'invalid proto'
for x in a b c d; do q exec -T web true || :; done
c down -t 0 --remove-orphans >o 2>&1; state
