# run: orphan warning, COMPOSE_IGNORE_ORPHANS, --remove-orphans.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none}, old: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
q up -d old
echo 'services: {app: {image: busybox, network_mode: none}}' > compose.yaml
try c run --rm app echo hi; n err
COMPOSE_IGNORE_ORPHANS=1 try c run --rm app echo hi; n err
state
try c run --rm --remove-orphans app echo hi; n err
state
q up -d
q run -d --name run-orphans-x app sleep 100 >/dev/null
try c run --rm app echo hi; n err
try c up -d; n err
c down --remove-orphans -t 0 >o 2>&1
