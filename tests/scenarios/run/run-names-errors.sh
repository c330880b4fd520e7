# run --name: bad names, taken names, of a running service, container-number label, second run.
cat > compose.yaml <<'Y'
services: {app: {image: busybox, network_mode: none, init: true, command: sleep 1000}}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
q up -d
try c run --name 'bad name' app true; says 'Invalid container name (bad name)'; says 'only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'
try c run --name run-names-errors-app-1 app true; says 'is already in use by container'
try c run --rm --name run-names-errors-once app echo once
try c run --rm --name run-names-errors-once app echo again
try c run --name= app true
c ps -a --format '{{.Name}}' | n | sort
c ps -a --format '{{.Label "com.docker.compose.container-number"}}|{{.Label "com.docker.compose.oneoff"}}|{{.Label "com.docker.compose.slug"}}' | sed -E 's/[0-9a-f]{64}/HEX64/' | sort
