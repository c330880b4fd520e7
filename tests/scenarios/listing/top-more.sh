# top: several services and replicas, order, one-off, unknown service, users, stopped; heading widths.
cat > compose.yaml <<'Y'
services:
  a: {image: busybox, network_mode: none, init: true, command: sleep 1001, deploy: {replicas: 2}}
  b: {image: busybox, network_mode: none, user: app, command: sleep 1003, stop_grace_period: 0s}
  c: {image: busybox, network_mode: none, command: "true"}
Y
n() { sed -E "s/^time=\"[^\"]*\" level=[a-z]+ msg=\"(.*)\"$/\1/; s/-run-[0-9a-f]{12}/-run-HEX/g; s/[0-9a-f]{64}/ID/g; s/^ +//; s/ +$//" "$@"; }
q up -d
q run -d --name top-more-x a sleep 1004 >o
c top | awk 'NF {print $1, $2, $NF}' | sort -k3
c top b a | awk 'NF {print $1, $2, $NF}' | sort -k3
try c top nosuch; n err
try c top c
q pause b; c top b | awk 'NF {print $1, $NF}'; q unpause b
q stop -t 0 b; try c top b
c down --remove-orphans -t 0 >o 2>&1
