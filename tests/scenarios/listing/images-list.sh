# images: table, JSON, -q, several containers of one image, stopped, one-off, services, tags.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1000, deploy: {replicas: 2}}
  b: {image: "alpine:latest", network_mode: none, command: "true"}
  m: {image: meta, network_mode: none, init: true, command: sleep 1000}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
try c images
try c images -q | wc -l
try c images --format json
q up -d
await 10 sh -c "$COMPOSE ps -a --format '{{.State}}' | grep -q exited"
c images | head -n 1 | tr -s ' ' | sed 's/ *$//'
c images | tail -n +2 | awk '{print $1, $2, $3, $4, length($5)}'
c images a | tail -n +2 | awk '{print $1, $2, $3}'
c images nosuch | wc -l
c images -q | sort -u | wc -l; c images -q | awk '{print length($0)}' | sort -u
c images --format json | shape
c images --format json | field Repository; c images --format json | field Tag; c images --format json | field ContainerName; c images --format json | field Platform
c images --format json a | field ContainerName
q run --name images-list-x b true; c images | tail -n +2 | awk '{print $1, $2}'
c down --remove-orphans -t 0 >o 2>&1
